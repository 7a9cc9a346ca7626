use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::block::{block, paragraph};
use super::data::Data;
use super::{block, catalogue, flame, plot};
use crate::html::block::{severity_class, table};
use crate::render::harmless;
use crate::{Block, Page, Part, Section};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("page.js"),
    include_str!("plot.js"),
    include_str!("flame.js"),
    include_str!("catalogue.js")
);

/// The whole page. The same page gives the same bytes.
pub fn document(page: &Page) -> String {
    let mut data = Data::default();
    let body = body(page, &mut data);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                // Else a browser asks the server for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                (data.markup())
                script type="module" { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut text = document.into_string();
    text.push('\n');
    visible(&text)
}

/// Nothing but this style sheet and this script, and nothing from anywhere.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Control and direction characters show as symbols, so that a name cannot pass for another one.
fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            _ => harmless(character),
        })
        .collect()
}

fn body(page: &Page, data: &mut Data) -> Markup {
    let names = names(&page.sections);
    html! {
        a.skip href="#verdict" { "To the verdict" }
        header.top {
            p.subject {
                @for part in &page.subject { span { (part) } }
            }
            button.theme type="button" hidden { "Theme: " span { "system" } }
        }
        main {
            (verdict(page))
            @if page.sections.len() > 1 {
                nav aria-label="Contents" {
                    ul {
                        @for (section, name) in page.sections.iter().zip(&names) {
                            li { a href={ "#" (name) } { (section.heading) } }
                        }
                    }
                }
            }
            @for (section, name) in page.sections.iter().zip(&names) {
                (self::section(section, name, data))
            }
        }
        footer { p { (page.made_by) } }
    }
}

fn verdict(page: &Page) -> Markup {
    let verdict = &page.verdict;
    html! {
        section.verdict id="verdict" aria-label="Verdict" {
            h1 class=(severity_class(verdict.severity.tone)) {
                span.word { (verdict.severity.word) }
                " "
                span.sentence { (verdict.message) }
            }
            @if let Some(location) = &verdict.location {
                p.place { code { (location) } }
            }
            @for note in &verdict.notes { p.note { (note) } }
            @if !page.facts.is_empty() {
                dl.facts {
                    @for fact in &page.facts {
                        div { dt { (fact.label) } dd { (fact.value) } }
                    }
                }
            }
            div.remarks { @for remark in &page.remarks { (paragraph(remark)) } }
        }
    }
}

fn section(section: &Section, name: &str, data: &mut Data) -> Markup {
    html! {
        section id=(name) aria-labelledby={ (name) "-heading" } {
            h2 id={ (name) "-heading" } { (section.heading) }
            @if !section.lead.is_empty() { p.lead { (section.lead) } }
            @for part in &section.parts { (self::part(part, data)) }
        }
    }
}

fn part(part: &Part, data: &mut Data) -> Markup {
    match part {
        Part::Block(content) => block::block(content),
        Part::Table { caption, table } => self::table(table, Some(caption)),
        Part::Plots(plots) => plot::plots(plots, data),
        Part::Flames(graphs) => flame::flames(graphs, data),
        Part::Catalogue(all) => catalogue::catalogue(all),
        Part::Article { name, blocks } => article(name, blocks),
        Part::Folded { summary, parts } => html! {
            details {
                summary { (summary) }
                @for inner in parts { (self::part(inner, data)) }
            }
        },
    }
}

fn article(name: &str, blocks: &[Block]) -> Markup {
    html! {
        article id=(name) {
            @for content in blocks { (block(content)) }
        }
    }
}

/// The sections' names in links: the letters of their headings, and a number where another has those.
fn names(sections: &[Section]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for section in sections {
        let letters = letters(&section.heading);
        let taken = |name: &String| names.contains(name);
        let numbered = (2..).map(|number| format!("{letters}-{number}"));
        let name = std::iter::once(letters.clone())
            .chain(numbered)
            .find(|name| !taken(name));
        names.push(name.unwrap_or_default());
    }
    names
}

fn letters(heading: &str) -> String {
    let mut letters = String::new();
    for character in heading.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            letters.push(character);
        } else if !letters.ends_with('-') {
            letters.push('-');
        }
    }
    format!("section-{}", letters.trim_matches('-'))
}
