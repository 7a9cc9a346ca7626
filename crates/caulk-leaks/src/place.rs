//! Places of files, and names, as they are published.

use caulk_program::{Program, SourceFile};
use caulk_syntax::Span;

use crate::finding::{ByteSpan, Location};

/// A place of a file, as it is published.
pub(crate) fn location(program: &Program, file: &SourceFile, span: Span) -> Location {
    let start = file.line_column(span.start);
    let end = file.line_column(span.end);
    Location {
        file: program
            .relative(&file.path)
            .to_string_lossy()
            .replace('\\', "/"),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        span: byte_span(span),
    }
}

pub(crate) fn byte_span(span: Span) -> ByteSpan {
    ByteSpan {
        start: span.start,
        end: span.end,
    }
}

/// The text of a place of a file.
pub(crate) fn text(file: &SourceFile, span: Span) -> String {
    String::from_utf8_lossy(span.of(&file.bytes())).into_owned()
}

/// The text on one line, cut where it is long.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

/// `pubsub.NewClient` for `cloud.google.com/go/pubsub.NewClient`.
pub(crate) fn short_name(canonical: &str) -> String {
    let (package, name) = crate::types::split_canonical(canonical);
    let path = crate::catalogue::glob::without_major_version(package).unwrap_or(package);
    let last = path.rsplit('/').next().unwrap_or(path);
    // `secretmanager/apiv1` goes by its service.
    let is_version = last.starts_with("apiv")
        || last.starts_with('v')
            && last
                .get(1..)
                .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    let last = if is_version {
        path.rsplit('/').nth(1).unwrap_or(last)
    } else {
        last
    };
    if last.is_empty() {
        name.to_owned()
    } else {
        format!("{last}.{name}")
    }
}
