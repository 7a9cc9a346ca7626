use super::painter::{Painter, style};
use crate::{Patch, PatchLine};

/// Hunks with a heading `@@ file:line @@`; tabs keep their width, so that indentation shows.
pub(super) fn patch(painter: &mut Painter, patch: &Patch) {
    for hunk in &patch.hunks {
        painter.spaces(2);
        painter.styled(style::HUNK, &format!("@@ {}:{} @@", hunk.file, hunk.line));
        painter.end_line();
        for line in &hunk.lines {
            painter.spaces(2);
            match line {
                PatchLine::Context(text) => painter.plain(&format!(" {}", spread(text))),
                PatchLine::Removed(text) => {
                    painter.styled(style::REMOVED, &format!("-{}", spread(text)));
                }
                PatchLine::Added(text) => {
                    painter.styled(style::ADDED, &format!("+{}", spread(text)))
                }
            }
            painter.end_line();
        }
    }
}

/// Tabs as spaces up to the next multiple of eight, as in a terminal, less the sign's own column.
pub(crate) fn spread(text: &str) -> String {
    let mut out = String::new();
    let mut column = 1;
    for character in text.chars() {
        if character == '\t' {
            let stop = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', stop));
            column += stop;
        } else {
            out.push(character);
            column += super::width::char_width(super::width::harmless(character));
        }
    }
    out
}
