use maud::{Markup, html};

use super::source;
use crate::{Align, Block, Cell, Diagnostic, Figure, KeyValue, Paragraph, Table, Tone};

/// One block of a report.
pub(super) fn block(block: &Block) -> Markup {
    match block {
        Block::Diagnostic(found) => diagnostic(found),
        Block::Table(figures) => table(figures, None),
        Block::Paragraph(text) => paragraph(text),
        Block::Figures(pairs) => figures(pairs),
        Block::KeyValues(pairs) => key_values(pairs),
        Block::Patch(change) => source::patch(change),
        Block::Summary(lines) => html! { @for line in lines { p { (line) } } },
    }
}

/// What chooses the colour of a word.
pub(super) fn severity_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Alarm => "alarm",
        Tone::Warning => "warning",
        Tone::Notice => "notice",
        Tone::Good => "good",
    }
}

fn diagnostic(found: &Diagnostic) -> Markup {
    let own_file = found
        .location
        .as_ref()
        .map(|location| location.file.as_str());
    html! {
        header.finding {
            h3 class=(severity_class(found.severity.tone)) {
                span.word { (found.severity.word) }
                " "
                span.sentence { (found.message) }
            }
            p.place {
                @if let Some(location) = &found.location { code { (location) } }
                @if let Some(rule) = &found.rule { " " span.rule { (rule) } }
                @for tag in &found.tags { " " span.tag { (tag) } }
            }
        }
        @for snippet in &found.snippets { (source::snippet(snippet, own_file)) }
        @if !found.steps.is_empty() {
            ol.steps {
                @for step in &found.steps { li { code { (step.location) } " " (step.note) } }
            }
        }
        @for note in &found.notes { p { (note) } }
    }
}

/// A paragraph with its beginning emphasised.
pub(super) fn paragraph(paragraph: &Paragraph) -> Markup {
    html! {
        @if paragraph.lead.is_empty() { p { (paragraph.text) } }
        @else { p.led { strong { (paragraph.lead) } " " span { (paragraph.text) } } }
    }
}

fn figures(figures: &[Figure]) -> Markup {
    html! {
        ul.figures {
            @for figure in figures {
                li { span.value { (figure.value) } " " code { (figure.label) } }
            }
        }
    }
}

fn key_values(pairs: &[KeyValue]) -> Markup {
    html! {
        dl.pairs {
            @for pair in pairs { div { dt { (pair.key) } dd { code { (pair.value) } } } }
        }
    }
}

/// A table. It scrolls by itself where the page is too narrow for it.
pub(super) fn table(table: &Table, caption: Option<&str>) -> Markup {
    let has_headings = table
        .columns
        .iter()
        .any(|column| !column.heading.is_empty());
    let align = |at: usize| match table.columns.get(at).map(|column| column.align) {
        Some(Align::Right | Align::Decimal) => Some("number"),
        _ => None,
    };
    html! {
        div.scroll role="region" aria-label=(caption.unwrap_or("Table")) tabindex="0" {
            table {
                @if let Some(caption) = caption { caption { (caption) } }
                @if has_headings {
                    thead {
                        tr {
                            @for (at, column) in table.columns.iter().enumerate() {
                                @if column.heading.is_empty() { td {} }
                                @else { th scope="col" class=[align(at)] { (column.heading) } }
                            }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (at, content) in row.iter().take(table.columns.len()).enumerate() {
                                @if at == 0 { th scope="row" class=[align(at)] { (cell(content)) } }
                                @else { td class=[align(at)] { (cell(content)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    let text = html! {
        @if cell.code { code { (cell.text) } }
        @else if cell.strong { strong { (cell.text) } }
        @else { (cell.text) }
    };
    html! {
        @if let Some(share) = cell.share { (bar(share)) }
        @if let Some(article) = &cell.link { a href={ "#" (article) } { (text) } }
        @else if cell.share.is_some() { span.share { (text) } }
        @else { (text) }
    }
}

/// A share as a bar; its figure stands beside it in words.
fn bar(share: f64) -> Markup {
    let width = format!("{:.1}", share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.all width="100" height="8" {}
            rect.part width=(width) height="8" {}
        }
    }
}
