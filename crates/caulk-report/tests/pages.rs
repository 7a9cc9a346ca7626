//! A page as HTML: what is in it, what cannot get out of its place, and that it is the same each time.
#![allow(clippy::unwrap_used)]

#[path = "support/page.rs"]
mod support;

use caulk_report::{Part, Section, html};

#[test]
fn no_name_breaks_out_of_its_place() {
    let plain = html::document(&support::page("example.com/plain.Name"));
    for name in support::HOSTILE {
        let text = html::document(&support::page(name));
        // The same elements as with a harmless name, and nothing beside them.
        for tag in [
            "<script",
            "</script",
            "<style",
            "</style",
            "<img",
            "<!--",
            "onerror=\"",
        ] {
            let count = |text: &str| text.matches(tag).count();
            assert_eq!(count(&text), count(&plain), "{tag} with {name:?}");
        }
        for character in ['\u{0}', '\u{1b}', '\u{2028}', '\u{2029}', '\u{202e}'] {
            assert!(!text.contains(character), "{character:?} with {name:?}");
        }
    }
}

#[test]
fn the_figures_are_json_that_gives_the_names_back() {
    let name = "</script><!-- & \"'\\ \u{e9}\u{4e16}";
    let text = html::document(&support::page(name));
    let start = text.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let end = start + text[start..].find("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(&text[start..end]).unwrap();
    let frames = data["flames"][0]["frames"].as_array().unwrap();
    assert!(frames.iter().any(|frame| frame[1] == name), "{frames:?}");
    assert!(!text[start..end].contains(['<', '>', '&']));
}

#[test]
fn names_without_end_do_not_make_pages_without_end() {
    let name = "x/".repeat(200_000);
    let graph = support::graph("Heap bytes", support::stacks(&name));
    let mut page = support::page("example.com/a.B");
    page.sections = vec![Section::new("Flame graph", vec![Part::Flames(vec![graph])])];
    let text = html::document(&page);
    assert!(text.len() < 100_000, "{} bytes", text.len());
}

#[test]
fn the_same_page_is_the_same_bytes() {
    let page = support::page("example.com/a.B");
    assert_eq!(html::document(&page), html::document(&page));
    let mut turned = support::stacks("example.com/a.B");
    turned.reverse();
    let straight = support::stacks("example.com/a.B");
    assert_eq!(
        support::graph("heap", turned),
        support::graph("heap", straight)
    );
}

#[test]
fn nothing_comes_from_elsewhere() {
    let text = html::document(&support::page("example.com/a.B"));
    for outside in ["http://", "https://", "@import", "url(", "src="] {
        assert!(!text.contains(outside), "{outside}");
    }
    assert!(text.contains("default-src 'none'"));
    assert!(!text.contains("unsafe-inline") && !text.contains(" style=\""));
    assert!(text.contains("<html lang=\"en\">"));
    assert!(text.contains("<title>LEAK: "));
}

#[test]
fn a_page_without_scripts_has_its_plot_and_its_tables() {
    let text = html::document(&support::page("example.com/a.B"));
    assert!(text.contains("<polyline class=\"line first\""));
    assert!(text.contains("<polygon class=\"band\""));
    assert!(text.contains("aria-label=\"Live heap over requests. example.com/a.B: 1.00 MB at 10 requests; 5.00 MB at 50 requests. +100 kB per request\""));
    assert!(
        text.contains("<th scope=\"row\"><a href=\"#culprit-1\"><code>a/b.go:2:8</code></a></th>"),
    );
    assert!(text.contains("<ins class=\"line\">+    defer client.Close()"),);
}

#[test]
fn boxes_lie_within_the_boxes_around_them() {
    let graph = support::graph("heap", support::many_stacks(3_000));
    assert!(graph.boxes.len() > 500, "{}", graph.boxes.len());
    let mut around: Vec<(f64, f64)> = Vec::new();
    for part in &graph.boxes {
        around.truncate(usize::from(part.depth));
        let (start, end) = (part.start, part.start + part.share);
        if let Some((left, right)) = around.last() {
            assert!(start >= left - 1e-9 && end <= right + 1e-9, "{part:?}");
        }
        around.push((start, end));
    }
}

#[test]
fn a_large_graph_stays_small_and_says_what_it_leaves_out() {
    let graph = support::graph("heap", support::many_stacks(60_000));
    assert!(graph.boxes.len() <= 4_000, "{}", graph.boxes.len());
    assert!(graph.left_out > 1_000, "{}", graph.left_out);
    assert!(graph.left_out_share > 0.0 && graph.left_out_share < 1.0);
    let mut page = support::page("example.com/a.B");
    page.sections = vec![Section::new("Flame graph", vec![Part::Flames(vec![graph])])];
    let text = html::document(&page);
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    assert!(text.contains("small frames are not drawn"));
}

#[test]
fn values_that_are_no_growth_are_not_drawn() {
    let values = [-1.0, 0.0, f64::NAN, f64::INFINITY];
    let stacks = values.map(|value| (value, vec![support::frame("f")]));
    assert!(support::graph("heap", stacks.into()).boxes.is_empty());
}
