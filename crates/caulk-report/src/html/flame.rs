use maud::{Markup, html};

use super::data::Data;
use crate::{FlameGraph, units};

/// Flame graphs with the buttons that choose among them, search and zoom. The script draws them.
pub(super) fn flames(graphs: &[FlameGraph], data: &mut Data) -> Markup {
    let numbered: Vec<(usize, &FlameGraph)> = graphs
        .iter()
        .map(|graph| (data.flame(graph), graph))
        .collect();
    // Those that occur.
    let kinds = graphs
        .first()
        .map_or(&[][..], |graph| graph.kinds.as_slice());
    let kinds = kinds.iter().zip(0u8..).filter(|(_, number)| {
        let mut boxes = graphs.iter().flat_map(|graph| &graph.boxes);
        boxes.any(|part| part.frame.kind == *number)
    });
    html! {
        div.flame {
            noscript { p { "The flame graph is drawn by the script of this page, and scripts are switched off." } }
            div.tools {
                div.views role="group" aria-label="Which values" {
                    @for (at, (number, graph)) in numbered.iter().enumerate() {
                        button type="button" data-flame=(number) aria-pressed=(at == 0) { (graph.name) }
                    }
                }
                label.search { span { "Search" } input type="search" spellcheck="false" autocomplete="off" placeholder="function or file"; }
                button.reset type="button" disabled { "Whole graph" }
                output.found aria-live="polite" {}
            }
            div.frames role="tree" aria-label="Flame graph" {}
            ul.legend.kinds {
                @for (kind, number) in kinds {
                    li { span class={ "key kind-" (number) } {} (kind) }
                }
            }
            @for (number, graph) in &numbered {
                p.left-out data-flame=(number) { (whole(graph)) }
            }
            p.help { "Click a frame to zoom in, Escape to zoom out. Arrow keys go from frame to frame." }
        }
    }
}

fn whole(graph: &FlameGraph) -> String {
    let mut text = format!("{}: {} in all.", graph.name, graph.total);
    if graph.left_out > 0 {
        text.push_str(&format!(
            " {} small frames are not drawn; {} ends in them.",
            units::count(graph.left_out as u64),
            units::percent(graph.left_out_share)
        ));
    }
    if !graph.remark.is_empty() {
        text.push_str(&format!(" {}", graph.remark));
    }
    text
}
