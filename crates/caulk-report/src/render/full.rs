use super::painter::{Painter, style, tone};
use super::width::{width, wrap};
use super::{patch, snippet, table};
use crate::terminal::Terminal;
use crate::{Block, Diagnostic, Figure, KeyValue, Paragraph, Report};

/// How far the lines after the first of a wrapped text are set in.
const HANGING: usize = 2;

/// Columns between neighbours on a line.
const GAP: usize = 5;

/// The whole report for a reader at a terminal.
pub fn full(report: &Report, terminal: Terminal) -> String {
    let mut painter = Painter::new(terminal.color);
    for block in &report.blocks {
        let opens_section = matches!(block, Block::Diagnostic(_) | Block::Summary(_));
        if opens_section && !painter.is_empty() {
            painter.end_line();
        }
        match block {
            Block::Diagnostic(found) => diagnostic(&mut painter, found, terminal.width),
            Block::Table(figures) => table::table(&mut painter, figures),
            Block::Paragraph(text) => paragraph(&mut painter, text, terminal.width),
            Block::Figures(pairs) => figures(&mut painter, pairs, terminal.width),
            Block::KeyValues(pairs) => key_values(&mut painter, pairs, terminal.width),
            Block::Patch(change) => patch::patch(&mut painter, change),
            Block::Summary(lines) => summary(&mut painter, lines, terminal.width),
        }
    }
    painter.finish()
}

fn diagnostic(painter: &mut Painter, diagnostic: &Diagnostic, columns: usize) {
    painter.styled(tone(diagnostic.severity.tone), &diagnostic.severity.word);
    if let Some(location) = &diagnostic.location {
        painter.plain("  ");
        painter.styled(style::STRONG, &location.to_string());
    }
    painter.plain("  ");
    painter.plain(&diagnostic.message);
    if let Some(rule) = &diagnostic.rule {
        painter.styled(style::FAINT, &format!(" [{rule}]"));
    }
    if !diagnostic.tags.is_empty() {
        painter.plain(&format!(" ({})", diagnostic.tags.join(", ")));
    }
    painter.end_line();

    let own_file = diagnostic
        .location
        .as_ref()
        .map(|location| location.file.as_str());
    snippet::snippets(painter, &diagnostic.snippets, own_file, columns);
    for step in &diagnostic.steps {
        painter.plain("  ");
        painter.styled(style::FAINT, &step.location.to_string());
        painter.plain("  ");
        painter.plain(&step.note);
        painter.end_line();
    }
    for note in &diagnostic.notes {
        indented(painter, note, HANGING, columns);
    }
}

fn paragraph(painter: &mut Painter, paragraph: &Paragraph, columns: usize) {
    painter.styled(style::STRONG, &paragraph.lead);
    let mut used = width(&paragraph.lead);
    if used > 0 && !paragraph.text.is_empty() {
        painter.plain(" ");
        used += 1;
    }
    let room = columns.saturating_sub(HANGING);
    let lines = wrap(&paragraph.text, room, used.saturating_sub(HANGING));
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            painter.end_line();
            painter.spaces(HANGING);
        }
        painter.plain(line);
    }
    painter.end_line();
}

fn indented(painter: &mut Painter, text: &str, indent: usize, columns: usize) {
    for line in wrap(text, columns.saturating_sub(indent), 0) {
        painter.spaces(indent);
        painter.plain(&line);
        painter.end_line();
    }
}

fn figures(painter: &mut Painter, figures: &[Figure], columns: usize) {
    let value_width = figures
        .iter()
        .map(|figure| width(&figure.value))
        .max()
        .unwrap_or(0);
    let label_width = figures
        .iter()
        .map(|figure| width(&figure.label))
        .max()
        .unwrap_or(0);
    let cell = value_width + 2 + label_width;
    let indent = HANGING + 1;
    let per_line = (columns.saturating_sub(indent) + GAP) / (cell + GAP);
    for line in figures.chunks(per_line.max(1)) {
        painter.spaces(indent);
        for (at, figure) in line.iter().enumerate() {
            painter.spaces(value_width - width(&figure.value));
            painter.plain(&figure.value);
            painter.plain("  ");
            painter.plain(&figure.label);
            if at + 1 < line.len() {
                painter.spaces(label_width - width(&figure.label) + GAP);
            }
        }
        painter.end_line();
    }
}

fn key_values(painter: &mut Painter, pairs: &[KeyValue], columns: usize) {
    let mut used = 0;
    for pair in pairs {
        let needed = width(&pair.key) + 2 + width(&pair.value);
        if used > 0 && used + GAP + needed > columns {
            painter.end_line();
            used = 0;
        }
        if used > 0 {
            painter.spaces(GAP);
            used += GAP;
        }
        painter.styled(style::STRONG, &format!("{}:", pair.key));
        painter.plain(" ");
        painter.plain(&pair.value);
        used += needed;
    }
    painter.end_line();
}

fn summary(painter: &mut Painter, lines: &[String], columns: usize) {
    for line in lines {
        paragraph(painter, &Paragraph::from(line.as_str()), columns);
    }
}
