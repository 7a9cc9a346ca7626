use maud::{Markup, html};

use super::block::block;
use crate::{Catalogue, Facet};

/// Everything, and what chooses from it; without the script all of it stays to be seen.
pub(super) fn catalogue(catalogue: &Catalogue) -> Markup {
    html! {
        div.catalogue {
            div.tools role="search" {
                @for (at, facet) in catalogue.facets.iter().enumerate() {
                    (choice(catalogue, at, facet))
                }
                label.search { "Text" input type="search" autocomplete="off" spellcheck="false"; }
                span.found role="status" {}
            }
            @for item in &catalogue.items {
                article id=(item.name) data-values=(numbers(&item.values)) {
                    @for content in &item.blocks { (block(content)) }
                }
            }
            p.none hidden { "Nothing is left of what was chosen." }
        }
    }
}

fn choice(catalogue: &Catalogue, at: usize, facet: &Facet) -> Markup {
    let count = |value: usize| {
        let has = |values: &Vec<usize>| values.get(at) == Some(&value);
        let items = catalogue.items.iter();
        items.filter(|item| has(&item.values)).count()
    };
    html! {
        label.choice {
            (facet.name) " "
            select {
                option value="" { "all" }
                @for (value, text) in facet.values.iter().enumerate() {
                    option value=(value) { (text) " (" (count(value)) ")" }
                }
            }
        }
    }
}

fn numbers(values: &[usize]) -> String {
    let values: Vec<String> = values.iter().map(usize::to_string).collect();
    values.join(" ")
}
