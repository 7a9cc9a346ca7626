use super::painter::{Painter, style, tone};
use crate::terminal::Terminal;
use crate::{Block, Diagnostic, Report};

/// One line per diagnostic, `file:line:col: message [rule] severity, tag`, then the summary. Other blocks
/// are left out.
pub fn concise(report: &Report, terminal: Terminal) -> String {
    let mut painter = Painter::new(terminal.color);
    for block in &report.blocks {
        match block {
            Block::Diagnostic(found) => diagnostic(&mut painter, found),
            Block::Summary(lines) => {
                for line in lines {
                    painter.plain(line);
                    painter.end_line();
                }
            }
            _ => {}
        }
    }
    painter.finish()
}

fn diagnostic(painter: &mut Painter, diagnostic: &Diagnostic) {
    if let Some(location) = &diagnostic.location {
        painter.styled(style::STRONG, &location.to_string());
        painter.plain(": ");
    }
    painter.plain(&diagnostic.message);
    if let Some(rule) = &diagnostic.rule {
        painter.styled(style::FAINT, &format!(" [{rule}]"));
    }
    painter.plain(" ");
    painter.styled(tone(diagnostic.severity.tone), &diagnostic.severity.word);
    for tag in &diagnostic.tags {
        painter.plain(", ");
        painter.plain(tag);
    }
    painter.end_line();
}
