use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns text takes in a terminal, once it is [`printable`].
pub(super) fn width(text: &str) -> usize {
    printable(text).width()
}

/// How many columns a printable character takes.
pub(crate) fn char_width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// Text that moves no cursor, sends no escape sequence and does not reorder its line: control characters
/// become their pictures, a tab a space, and direction overrides U+FFFD.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text
        .chars()
        .any(|character| harmless(character) != character)
    {
        Cow::Owned(text.chars().map(harmless).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// One character of [`printable`].
pub(crate) fn harmless(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => character,
    }
}

/// Text broken at spaces into lines of at most `room` columns; a longer word has a line of its own. The
/// first line has `first` columns less.
pub(super) fn wrap(text: &str, room: usize, first: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut left = room.saturating_sub(first);
    let mut used = 0;
    for word in text.split_whitespace() {
        let needed = width(word);
        let gap = usize::from(used > 0);
        if used + gap + needed > left && (used > 0 || (lines.len() == 1 && first > 0)) {
            lines.push(String::new());
            left = room;
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += needed;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_the_width() {
        assert_eq!(wrap("one two three", 7, 0), ["one two", "three"]);
        assert_eq!(wrap("one two three", 7, 4), ["one", "two", "three"]);
        assert_eq!(wrap("one two three", 7, 5), ["", "one two", "three"]);
        assert_eq!(wrap("extraordinary", 7, 0), ["extraordinary"]);
        assert_eq!(wrap("漢字 漢字", 8, 0), ["漢字", "漢字"]);
        assert_eq!(wrap("", 7, 0), [""]);
    }

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(
            printable("a\u{1b}[31mb\u{202e}c\rd"),
            "a\u{241b}[31mb\u{fffd}c\u{240d}d"
        );
        assert_eq!(printable("plain ± text"), "plain ± text");
    }
}
