//! Pictures that can be moved and enlarged in a browser (`massageSVG` of the reference, with a script
//! of our own).

use regex::bytes::Regex;

/// Moves and scales the group `viewport` of the picture that it stands in.
const SCRIPT: &str = include_str!("viewport.js");

/// Makes Graphviz's picture of a graph fill the window, and lets the reader move and scale it. What is
/// not such a picture stays as it is.
pub fn movable_svg(svg: Vec<u8>) -> Vec<u8> {
    // Graphviz leaves ampersands of some names as they are, and then no browser reads the picture.
    let svg = replace_first(svg, r"&;", |_| b"&amp;;".to_vec(), usize::MAX);
    let has_graph = Regex::new(r#"(?-u)<g id="graph\d""#).is_ok_and(|graph| graph.is_match(&svg));
    if !has_graph {
        return svg;
    }
    let size = r#"(?-u)<svg\s*width="[^"]+"\s*height="[^"]+"\s*viewBox="[^"]+""#;
    let svg = replace_first(
        svg,
        size,
        |_| br#"<svg width="100%" height="100%""#.to_vec(),
        1,
    );
    let start = format!(
        "<script type=\"text/ecmascript\"><![CDATA[\n{SCRIPT}]]></script>\n\
         <g id=\"viewport\" transform=\"scale(0.5,0.5) translate(0,0)\">"
    );
    let graph = |found: &[u8]| [start.as_bytes(), found].concat();
    let svg = replace_first(svg, r#"(?-u)<g id="graph\d""#, graph, 1);
    replace_first(svg, r"</svg>", |found| [b"</g>", found].concat(), 1)
}

fn replace_first(
    text: Vec<u8>,
    pattern: &str,
    replacement: impl Fn(&[u8]) -> Vec<u8>,
    most: usize,
) -> Vec<u8> {
    let Ok(pattern) = Regex::new(pattern) else {
        return text;
    };
    let mut replaced = Vec::with_capacity(text.len());
    let mut end = 0;
    for found in pattern.find_iter(&text).take(most) {
        replaced.extend_from_slice(text.get(end..found.start()).unwrap_or(&[]));
        replaced.extend_from_slice(&replacement(found.as_bytes()));
        end = found.end();
    }
    replaced.extend_from_slice(text.get(end..).unwrap_or(&[]));
    replaced
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_picture_fills_the_window_and_stands_in_a_group_that_moves() {
        let drawn = "<?xml version=\"1.0\"?>\n<svg width=\"8pt\" height=\"9pt\"\n \
                     viewBox=\"0.00 0.00 8.00 9.00\" xmlns=\"http://www.w3.org/2000/svg\">\n\
                     <g id=\"graph0\" class=\"graph\"><text>a&;b</text></g>\n</svg>\n";
        let shown = String::from_utf8(movable_svg(drawn.into())).unwrap();
        let (before, rest) = shown.split_once("<script").unwrap();
        assert!(
            before.contains("<svg width=\"100%\" height=\"100%\" xmlns="),
            "{before}"
        );
        let (_, after) = rest.split_once("</script>").unwrap();
        assert!(after.contains("<g id=\"viewport\""), "{after}");
        assert!(
            after.contains("<text>a&amp;;b</text></g>\n</g></svg>"),
            "{after}"
        );
        // Or the script would end early.
        assert_eq!(shown.matches("]]>").count(), 1);
    }

    #[test]
    fn what_is_no_picture_of_a_graph_stays() {
        assert_eq!(movable_svg(b"<svg></svg>\xff".to_vec()), b"<svg></svg>\xff");
    }
}
