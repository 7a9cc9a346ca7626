//! What a diagnosis of plain files was made of, in words and for machines.

use std::time::Duration;

use caulk_case::{Contention, LoadedSeries, OrderedBy, ProfileKind, SeriesProblem, UsedKind};
use caulk_growth::{Growth, Problem};
use caulk_report::json::hunt as json;
use caulk_report::{Paragraph, units};

use super::check::counted;

/// What is told of the input of one series.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// What tells the series from others; empty where there is but one.
    pub name: String,
    kinds: Vec<UsedKind>,
    points: usize,
    contention: Vec<Contention>,
    leaked: Option<caulk_case::LeakedGoroutines>,
    left_out: Vec<(String, String)>,
    restarts: u32,
}

impl Input {
    /// Of a series, and of what belongs to none.
    pub fn of(loaded: &LoadedSeries) -> Input {
        Input {
            restarts: 0,
            name: loaded.name.clone(),
            kinds: loaded.used.clone(),
            points: loaded.series.points.len(),
            contention: loaded.contention.clone(),
            leaked: loaded.leaked_goroutines.clone(),
            left_out: left_out(&loaded.problems),
        }
    }

    /// Whether it is known only what waits, in which no leak can be seen.
    pub fn only_waits(&self) -> bool {
        self.points == 0 && !self.contention.is_empty()
    }

    /// Takes over what belongs to no series.
    pub fn add(&mut self, elsewhere: &[SeriesProblem]) {
        self.left_out.extend(left_out(elsewhere));
    }

    /// Takes over what growth has to say of the input.
    pub fn judged(&mut self, growth: &Growth) {
        self.restarts = restarts(growth).map_or(0, |(restarts, _)| restarts);
    }

    /// The paragraphs that follow a diagnosis: what it was made of, and what is no growth but worth a word.
    pub fn paragraphs(&self) -> Vec<Paragraph> {
        let mut told = Vec::new();
        if let Some(leaked) = &self.leaked {
            let count = units::count(leaked.count);
            let one = leaked.count == 1;
            let began = match leaked.function.as_str() {
                "" => String::new(),
                function if one => format!("; it began in {function}"),
                function => format!("; most began in {function}"),
            };
            let words = if one {
                "goroutine can never go on: what it waits for is out of reach"
            } else {
                "goroutines can never go on: what they wait for is out of reach"
            };
            told.push(Paragraph::with_lead(
                "Leaked for certain:",
                format!("{count} {words}{began} (goroutineleak)"),
            ));
        }
        for contention in &self.contention {
            told.push(Paragraph::with_lead("Waiting:", waiting(contention)));
        }
        if !self.kinds.is_empty() {
            told.push(Paragraph::with_lead("From:", self.made_of()));
        }
        told
    }

    /// `7 heap profiles, 7 scrapes, in the order of the times in them`.
    fn made_of(&self) -> String {
        let same = |a: &UsedKind, b: &UsedKind| a.ordered_by == b.ordered_by;
        let groups: Vec<String> = self
            .kinds
            .chunk_by(same)
            .map(|kinds| {
                let names: Vec<String> = kinds
                    .iter()
                    .map(|used| match used.kind {
                        ProfileKind::Metrics => counted(used.files as usize, "scrape"),
                        kind => counted(used.files as usize, &format!("{} profile", kind.name())),
                    })
                    .collect();
                let order = kinds
                    .first()
                    .map_or("", |used| order_words(used.ordered_by));
                let names = names.join(", ");
                if kinds.iter().all(|used| used.files < 2) {
                    return names;
                }
                format!("{names}, {order}")
            })
            .collect();
        groups.join("; ")
    }

    pub fn to_json(&self) -> json::Input {
        json::Input {
            series: self.name.clone(),
            points: self.points as u64,
            restarts: self.restarts,
            kinds: self
                .kinds
                .iter()
                .map(|used| json::InputKind {
                    kind: used.kind.name().to_owned(),
                    files: used.files,
                    ordered_by: order_name(used.ordered_by).to_owned(),
                })
                .collect(),
            waiting: self
                .contention
                .iter()
                .map(|contention| json::Waiting {
                    kind: contention.kind.name().to_owned(),
                    horizon_s: contention.seconds,
                    waited_s: contention.waited,
                    times: contention.times,
                    rate_at_first: contention.rates.map(|(first, _)| first),
                    rate_at_last: contention.rates.map(|(_, last)| last),
                    function: contention.function.clone(),
                    share: contention.share,
                })
                .collect(),
            leaked_goroutines: self.leaked.as_ref().map(|leaked| leaked.count),
            left_out: self
                .left_out
                .iter()
                .map(|(file, reason)| json::LeftOut {
                    file: file.clone(),
                    reason: reason.clone(),
                })
                .collect(),
        }
    }
}

/// How often a program was restarted while it was watched, and how many snapshots are of other processes
/// than the one that growth is of.
fn restarts(growth: &Growth) -> Option<(u32, u32)> {
    growth.problems.iter().find_map(|problem| match problem {
        Problem::Restarted {
            restarts,
            snapshots,
        } => Some((*restarts, *snapshots)),
        _ => None,
    })
}

/// That a program was restarted, where it was.
pub fn restarted(growth: &Growth) -> Option<Paragraph> {
    let (restarts, left_out) = restarts(growth)?;
    let times = match restarts {
        1 => "once".to_owned(),
        more => format!("{more} times"),
    };
    Some(Paragraph::with_lead(
        "Restarted:",
        format!(
            "{times}, or another process answered: allocations begin anew. The process that was watched longest is judged; {} of others left out",
            counted(left_out as usize, "snapshot")
        ),
    ))
}

fn left_out(problems: &[SeriesProblem]) -> Vec<(String, String)> {
    problems
        .iter()
        .flat_map(SeriesProblem::left_out)
        .map(|(file, why)| (file.display().to_string(), why))
        .collect()
}

fn order_words(order: OrderedBy) -> &'static str {
    match order {
        OrderedBy::ProfileTime => "in the order of the times in them",
        OrderedBy::NameNumber => "in the order of the numbers in their names",
        OrderedBy::ModificationTime => "in the order in which the files were written",
        OrderedBy::AsGiven => "in the order of their names, or as they were given",
    }
}

fn order_name(order: OrderedBy) -> &'static str {
    match order {
        OrderedBy::ProfileTime => "profile-time",
        OrderedBy::NameNumber => "name-number",
        OrderedBy::ModificationTime => "modification-time",
        OrderedBy::AsGiven => "as-given",
    }
}

/// How much was waited. It grows with the work done, so it is never called a leak.
fn waiting(contention: &Contention) -> String {
    let what = match contention.kind {
        ProfileKind::Mutex => "for locks",
        _ => "for locks and channels",
    };
    let waited = duration(contention.waited);
    let mut text = match contention.seconds {
        Some(seconds) => format!(
            "{waited} {what} in {} (all goroutines together, {} times)",
            duration(seconds),
            units::count(contention.times)
        ),
        None => format!("{waited} {what}, {} times", units::count(contention.times)),
    };
    if let Some((first, last)) = contention.rates {
        if last > 2.0 * first && last > 0.001 {
            text.push_str(&format!(
                "; it grows: {} a second at first, {} at last",
                duration(first),
                duration(last)
            ));
        } else {
            text.push_str("; it does not grow faster");
        }
    }
    if !contention.function.is_empty() {
        text.push_str(&format!(
            "; {} of it in {}",
            units::percent(contention.share),
            contention.function
        ));
    }
    text.push_str(&format!(" ({})", contention.kind.name()));
    text
}

fn duration(seconds: f64) -> String {
    units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}
