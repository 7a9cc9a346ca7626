use super::painter::{Painter, style};
use super::width::width;
use crate::{Align, Cell, Table};

/// Columns that the whole table is set in.
const INDENT: usize = 2;

/// Columns between two cells.
const GAP: usize = 4;

/// Cells in aligned columns below their headings.
pub(super) fn table(painter: &mut Painter, table: &Table) {
    let empty = Cell::default();
    let cell = |row: &[Cell], at: usize| row.get(at).cloned().unwrap_or_else(|| empty.clone());
    let columns: Vec<SetColumn> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = table.rows.iter().map(|row| cell(row, at).text).collect();
            SetColumn::new(&column.heading, column.align, cells)
        })
        .collect();

    if table
        .columns
        .iter()
        .any(|column| !column.heading.is_empty())
    {
        line(
            painter,
            columns
                .iter()
                .map(|column| (column.heading.as_str(), column.width, false)),
        );
    }
    for (row_at, row) in table.rows.iter().enumerate() {
        let cells = columns.iter().enumerate().map(|(at, column)| {
            let text = column.cells.get(row_at).map_or("", String::as_str);
            (
                text,
                column.width,
                row.get(at).is_some_and(|cell| cell.strong),
            )
        });
        line(painter, cells);
    }
}

fn line<'a>(painter: &mut Painter, cells: impl Iterator<Item = (&'a str, usize, bool)>) {
    painter.spaces(INDENT);
    for (at, (text, column_width, strong)) in cells.enumerate() {
        if at > 0 {
            painter.spaces(GAP);
        }
        if strong {
            painter.styled(style::STRONG, text);
        } else {
            painter.plain(text);
        }
        painter.spaces(column_width.saturating_sub(width(text)));
    }
    painter.end_line();
}

/// A column whose cells have been padded on the left as its alignment asks.
struct SetColumn {
    heading: String,
    cells: Vec<String>,
    width: usize,
}

impl SetColumn {
    fn new(heading: &str, align: Align, cells: Vec<String>) -> Self {
        let anchor = |text: &str| match align {
            Align::Left => 0,
            Align::Right => width(text),
            Align::Decimal => whole_part(text),
        };
        let heading_anchor = if align == Align::Right {
            width(heading)
        } else {
            0
        };
        let furthest = cells
            .iter()
            .map(|cell| anchor(cell))
            .max()
            .unwrap_or(0)
            .max(heading_anchor);
        let pad = |text: &str, anchor: usize| format!("{}{text}", " ".repeat(furthest - anchor));
        let cells: Vec<String> = cells.iter().map(|cell| pad(cell, anchor(cell))).collect();
        let heading = match align {
            Align::Right => pad(heading, heading_anchor),
            Align::Left | Align::Decimal => heading.to_owned(),
        };
        let width = cells
            .iter()
            .map(|cell| width(cell))
            .chain([width(&heading)])
            .max()
            .unwrap_or(0);
        Self {
            heading,
            cells,
            width,
        }
    }
}

/// Columns before the decimal point of the first number in `text`, or up to the end of that number.
fn whole_part(text: &str) -> usize {
    let Some(start) = text.find(|character: char| character.is_ascii_digit()) else {
        return 0;
    };
    let rest = text.get(start..).unwrap_or_default();
    let digits = rest
        .find(|character: char| !character.is_ascii_digit() && character != ',')
        .unwrap_or(rest.len());
    width(text.get(..start + digits).unwrap_or_default())
}
