use maud::{Markup, html};

use super::data::{Data, PointData};
use crate::{Fit, Plot, PlotLine, PlotPoint, Ticks, Unit};

/// Points up to which each gets a dot; more of them are a line.
const MOST_DOTS: usize = 150;
/// Points of a line that are drawn at most.
const MOST_POINTS: usize = 2_000;
/// Units of the drawing's own square, which is stretched to the room that there is.
const SIDE: f64 = 1000.0;

/// Plots side by side, and what their lines mean.
pub(super) fn plots(plots: &[Plot], data: &mut Data) -> Markup {
    html! {
        div class={ "plots of-" (plots.len().min(4)) } {
            @for plot in plots { (self::plot(plot, data)) }
            (legend(plots))
        }
    }
}

fn plot(plot: &Plot, data: &mut Data) -> Markup {
    let lines: Vec<PlotLine> = plot.lines.iter().map(thinned).collect();
    let drawing = Drawing::new(plot, &lines);
    let number = data.plot(drawing.point_data(plot));
    html! {
        figure.plot data-plot=(number) {
            figcaption {
                span.name { (plot.name) }
                " "
                span.remark { (plot.remark) }
            }
            div.canvas {
                svg role="img" aria-label=(in_words(plot)) { (drawing.markup()) }
            }
            p.axis aria-hidden="true" { (plot.x.label) }
        }
    }
}

/// What the plot shows to someone who does not see it.
fn in_words(plot: &Plot) -> String {
    let mut words = vec![format!("{} over {}.", plot.name, plot.x.label)];
    for line in &plot.lines {
        let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else {
            continue;
        };
        let name = if line.name.is_empty() {
            String::new()
        } else {
            format!("{}: ", line.name)
        };
        words.push(format!(
            "{name}{}; {}.",
            said(plot, first),
            said(plot, last)
        ));
    }
    words.push(plot.remark.clone());
    words.join(" ")
}

/// `2.31 MB at 47 requests`
fn said(plot: &Plot, point: &PlotPoint) -> String {
    let (x, y) = (plot.x.unit.value(point.x), plot.y.unit.value(point.y));
    let aside = if point.aside.is_empty() {
        String::new()
    } else {
        format!(" ({})", point.aside)
    };
    match plot.x.unit {
        Unit::Seconds => format!("{y} at {x}{aside}"),
        _ => format!("{y} at {x} {}{aside}", plot.x.label),
    }
}

fn legend(plots: &[Plot]) -> Markup {
    let lines = || plots.iter().flat_map(|plot| &plot.lines);
    let has_fit = lines().any(|line| line.fit.is_some());
    let has_band = lines().any(|line| line.fit.is_some_and(|fit| fit.band().is_some()));
    let dotted = || lines().filter(|line| line.points.len() <= MOST_DOTS);
    let has_aside = dotted().any(|line| line.points.iter().any(|point| !point.aside.is_empty()));
    let mut names: Vec<&str> = Vec::new();
    for line in lines() {
        if !names.contains(&line.name.as_str()) {
            names.push(&line.name);
        }
    }
    html! {
        ul.legend {
            @for (at, name) in names.iter().enumerate() {
                li { span class={ "key " (line_class(at)) } {} @if name.is_empty() { "measured" } @else { (name) } }
            }
            @if has_fit { li { span.key.fit {} "fitted slope" } }
            @if has_band { li { span.key.band {} "where the slope lies, 19 times in 20" } }
            @if has_aside { li { span.key.aside {} "seen, but not part of the fit" } }
        }
    }
}

fn line_class(at: usize) -> &'static str {
    if at == 0 { "first" } else { "second" }
}

/// The same line with fewer points: of each stretch the lowest and the highest, so that a saw keeps its
/// teeth.
fn thinned(line: &PlotLine) -> PlotLine {
    if line.points.len() <= MOST_POINTS {
        return line.clone();
    }
    let stretch = line.points.len().div_ceil(MOST_POINTS / 2);
    let mut points = Vec::with_capacity(MOST_POINTS);
    for part in line.points.chunks(stretch) {
        let by_y = |a: &&PlotPoint, b: &&PlotPoint| a.y.total_cmp(&b.y);
        let ends = part.iter().min_by(by_y).zip(part.iter().max_by(by_y));
        if let Some((low, high)) = ends {
            let (first, second) = if low.x <= high.x {
                (low, high)
            } else {
                (high, low)
            };
            points.extend([first.clone(), second.clone()]);
        }
    }
    PlotLine {
        points,
        ..line.clone()
    }
}

/// A plot with its axes, everything at its place.
struct Drawing<'p> {
    lines: &'p [PlotLine],
    x: Ticks,
    y: Ticks,
}

impl<'p> Drawing<'p> {
    fn new(plot: &Plot, lines: &'p [PlotLine]) -> Self {
        let points = || lines.iter().flat_map(|line| &line.points);
        let fits = || lines.iter().filter_map(|line| line.fit);
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let finite = values.filter(|value| value.is_finite());
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        let (left, right) = range(&mut points().map(|point| point.x));
        let (low, high) = range(&mut points().map(|point| point.y));
        let ends = fits().flat_map(|fit| {
            let band = fit.band().unwrap_or((fit.end(), fit.end()));
            [fit.from.1, fit.end(), band.0, band.1]
        });
        // A band far wider than what was seen is cut off, and below zero there is nothing to be.
        let margin = 0.5 * (high - low);
        let floor = if low >= 0.0 { 0.0 } else { low - margin };
        let (low, high) = ends.fold((low, high), |(lowest, highest), end| {
            (
                lowest.min(end.max(low - margin).max(floor)),
                highest.max(end.min(high + margin)),
            )
        });
        // From zero, so that what is level looks level; but a growth that is there is not flattened.
        let is_clear = |fit: Fit| fit.slopes.is_some_and(|(lowest, _)| lowest > 0.0);
        let is_small = high - low < 0.12 * high;
        let low = if low > 0.0 && !(is_small && fits().any(is_clear)) {
            0.0
        } else {
            low
        };
        Self {
            lines,
            x: Ticks::new(left, right, plot.x.unit, 5, false),
            y: Ticks::new(low, high, plot.y.unit, 4, true),
        }
    }

    /// Shares of the width from the left and of the height from the top.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.share(x), 1.0 - self.y.share(y))
    }

    fn point_data(&self, plot: &Plot) -> Vec<PointData> {
        let several = self.lines.len() > 1;
        let points = self
            .lines
            .iter()
            .flat_map(|line| line.points.iter().map(move |point| (line, point)));
        points
            .map(|(line, point)| {
                let (x, y) = self.place(point.x, point.y);
                let name = if several {
                    format!("{}: ", line.name)
                } else {
                    String::new()
                };
                PointData::new(x, y, format!("{name}{}", said(plot, point)))
            })
            .collect()
    }

    fn markup(&self) -> Markup {
        html! {
            g.grid {
                @for (value, text) in &self.y.marks {
                    @let y = percent(1.0 - self.y.share(*value));
                    line x1="0" x2="100%" y1=(y) y2=(y) {}
                    text x="-8" y=(y) dy="0.32em" text-anchor="end" { (text) }
                }
                @for (value, text) in &self.x.marks {
                    @let x = percent(self.x.share(*value));
                    line.tick x1=(x) x2=(x) y1="100%" y2="100%" {}
                    text x=(x) y="100%" dy="1.5em" text-anchor="middle" { (text) }
                }
            }
            svg.shapes viewBox={ "0 0 " (SIDE) " " (SIDE) } preserveAspectRatio="none" width="100%" height="100%" {
                @for line in self.lines { (self.band(line)) }
                @for (at, line) in self.lines.iter().enumerate() {
                    (self.fit(line))
                    polyline class={ "line " (line_class(at)) } points=(self.joined(line)) {}
                }
            }
            @for (at, line) in self.lines.iter().enumerate() {
                @if line.points.len() <= MOST_DOTS {
                    g class={ "dots " (line_class(at)) } {
                        @for point in &line.points { (self.dot(point)) }
                    }
                }
            }
        }
    }

    fn dot(&self, point: &PlotPoint) -> Markup {
        let (x, y) = self.place(point.x, point.y);
        let class = (!point.aside.is_empty()).then_some("aside");
        html! { circle class=[class] cx=(percent(x)) cy=(percent(y)) r="3.5" {} }
    }

    fn joined(&self, line: &PlotLine) -> String {
        let points = line
            .points
            .iter()
            .map(|point| self.corner(point.x, point.y));
        points.collect::<Vec<_>>().join(" ")
    }

    fn fit(&self, line: &PlotLine) -> Markup {
        let ends = line.fit.map(|fit| {
            [
                self.corner(fit.from.0, fit.from.1),
                self.corner(fit.to_x, fit.end()),
            ]
        });
        html! {
            @if let Some(ends) = ends { polyline.fit points=(ends.join(" ")) {} }
        }
    }

    fn band(&self, line: &PlotLine) -> Markup {
        let corners = line.fit.and_then(|fit| {
            let (low, high) = fit.band()?;
            Some([
                self.corner(fit.from.0, fit.from.1),
                self.corner(fit.to_x, high),
                self.corner(fit.to_x, low),
            ])
        });
        html! {
            @if let Some(corners) = corners { polygon.band points=(corners.join(" ")) {} }
        }
    }

    fn corner(&self, x: f64, y: f64) -> String {
        let (x, y) = self.place(x, y);
        format!("{:.1},{:.1}", x * SIDE, y * SIDE)
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;

    fn plot(values: &[f64], slope: f64, error: f64) -> Plot {
        let points = values.iter().zip(0u32..).map(|(y, x)| PlotPoint {
            x: f64::from(x),
            y: *y,
            aside: String::new(),
        });
        Plot {
            name: "Goroutines".to_owned(),
            remark: String::new(),
            x: Axis::new("requests", Unit::Count),
            y: Axis::new("goroutines", Unit::Count),
            lines: vec![PlotLine {
                name: String::new(),
                points: points.collect(),
                fit: Some(Fit {
                    from: (0.0, values.first().copied().unwrap_or(0.0)),
                    to_x: values.len() as f64 - 1.0,
                    slope,
                    slopes: Some((slope - error, slope + error)),
                }),
            }],
        }
    }

    fn ends(plot: &Plot) -> (f64, f64) {
        let drawing = Drawing::new(plot, &plot.lines);
        (drawing.y.low, drawing.y.high)
    }

    #[test]
    fn a_band_makes_no_room_where_nothing_can_be() {
        let saw = [0.0, 50.0, 100.0, 0.0, 50.0, 100.0];
        assert_eq!(ends(&plot(&saw, 1.0, 500.0)), (0.0, 150.0));
    }

    #[test]
    fn what_is_level_is_drawn_from_zero_and_a_small_growth_is_not() {
        let level = [1000.0, 1001.0, 1000.0, 1001.0];
        assert_eq!(ends(&plot(&level, 0.0, 0.5)).0, 0.0);
        let growing = [1000.0, 1010.0, 1020.0, 1030.0];
        assert!(ends(&plot(&growing, 10.0, 0.1)).0 >= 990.0);
    }

    #[test]
    fn a_long_line_keeps_its_teeth() {
        let saw: Vec<f64> = (0..100_000).map(|at| f64::from(at % 1000)).collect();
        let line = thinned(&plot(&saw, 0.0, 1.0).lines[0]);
        assert!(line.points.len() <= MOST_POINTS, "{}", line.points.len());
        let highest = line.points.iter().filter(|point| point.y > 940.0).count();
        assert!(highest >= 100, "{highest} of 100 teeth");
        assert!(line.points.windows(2).all(|two| two[0].x <= two[1].x));
    }
}
