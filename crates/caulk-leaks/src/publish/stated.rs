//! What a comment beside an acquisition states: that it is left open for a reason.

use caulk_program::SourceFile;
use caulk_syntax::Span;

/// What is done to a value that is given up.
const RELEASES: &[&str] = &[
    "cancel", "clos", "free", "leak", "releas", "stop", "unlock", "wait for",
];

/// That this is left out, and nobody has forgotten it.
const STATED: &[&str] = &[
    "deliberately",
    "do not need to",
    "don't need to",
    "for the lifetime of the process",
    "for the lifetime of the program",
    "intentionally",
    "needn't",
    "no need to",
    "not necessary to",
    "on purpose",
    "purposefully",
    "purposely",
    "until the process exits",
    "until the program exits",
];

/// Lines above a statement, and behind it, whose comments speak of it.
const LINES_ABOVE: usize = 4;
const LINES_BEHIND: usize = 4;

/// Whether a comment on the lines around a statement states that what it acquires is left as it is.
pub(crate) fn is_left_open(file: &SourceFile, body: Span, statement: Span) -> bool {
    let text = file.bytes();
    let text = String::from_utf8_lossy(Span::new(body.start, body.end).of(&text));
    let begin = statement.start.saturating_sub(body.start) as usize;
    let end = statement.end.saturating_sub(body.start) as usize;
    let (Some(above), Some(on), Some(behind)) =
        (text.get(..begin), text.get(begin..end), text.get(end..))
    else {
        return false;
    };
    // The first line above is the beginning of the statement's own.
    let above = above.lines().rev().skip(1);
    let mut comments: Vec<&str> = above
        .take_while(is_comment_line)
        .take(LINES_ABOVE)
        .collect();
    comments.reverse();
    let on = on.lines().chain(behind.lines().take(1));
    comments.extend(on.filter_map(|line| line.split_once("//").map(|(_, comment)| comment)));
    comments.extend(
        behind
            .lines()
            .skip(1)
            .filter(is_comment_line)
            .take(LINES_BEHIND),
    );
    let said = comments.join(" ").to_lowercase();
    let said = said.replace("//", " ");
    said.split(['.', ';']).any(|sentence| {
        STATED.iter().any(|words| sentence.contains(words))
            && RELEASES.iter().any(|words| sentence.contains(words))
    })
}

/// That a place is not reached.
const IMPOSSIBLE: &[&str] = &[
    "can not happen",
    "can't happen",
    "cannot happen",
    "impossible",
    "never happen",
    "should not happen",
    "shouldn't happen",
    "unreachable",
];

/// Whether a comment on the line of a statement, or right above it, states that the statement is not reached.
pub(crate) fn is_impossible(file: &SourceFile, statement: Span) -> bool {
    let bytes = file.bytes();
    let above = bytes.get(..statement.start as usize).unwrap_or_default();
    let behind = bytes.get(statement.end as usize..).unwrap_or_default();
    // Line by line: the file may be long, and this is asked of many statements.
    let line = |line: &[u8]| String::from_utf8_lossy(line).to_lowercase();
    let is_comment = |line: &String| is_comment_line(&line.as_str());
    let above = above.rsplit(|byte| *byte == b'\n').skip(1).map(line);
    let on = behind.split(|byte| *byte == b'\n').take(1).map(line);
    let mut said = above
        .take_while(is_comment)
        .take(LINES_ABOVE)
        .chain(on.filter(is_comment));
    said.any(|line| IMPOSSIBLE.iter().any(|words| line.contains(words)))
}

fn is_comment_line(line: &&str) -> bool {
    line.trim_start().starts_with("//")
}
