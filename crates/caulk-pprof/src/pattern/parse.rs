//! From the text of a pattern to the tree that is compiled (`regexp/syntax` of Go).
//!
//! The text is read from left to right and the first thing that is wrong is told, with the part of
//! the text that Go would name.

use regex_syntax::hir::{Class, ClassUnicode, Dot, Hir, Look, Repetition};

use super::{PatternError, classes};

/// Most copies that repetitions within each other may make.
const MOST_REPEATS: u64 = 1000;
/// Deepest nesting.
const MOST_HEIGHT: u32 = 1000;

type Parsed<T> = Result<T, PatternError>;

fn problem<T>(problem: &'static str, expression: &str) -> Parsed<T> {
    Err(PatternError {
        problem,
        expression: expression.to_owned(),
    })
}

const INVALID_ESCAPE: &str = "invalid escape sequence";
const INVALID_RANGE: &str = "invalid character class range";
const INVALID_NAME: &str = "invalid named capture";
const INVALID_GROUP: &str = "invalid or unsupported Perl syntax";
const INVALID_COUNT: &str = "invalid repeat count";
const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
const MISSING_BRACKET: &str = "missing closing ]";

/// What letters in `(?…)` switch. Greed is not among them: it changes no answer.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    ignores_case: bool,
    has_lines: bool,
    dot_is_all: bool,
}

/// A part of the tree, with what the limits are on.
struct Node {
    hir: Hir,
    height: u32,
    /// Copies of the innermost thing that the repetitions in it make.
    repeats: u64,
}

impl Node {
    fn leaf(hir: Hir) -> Node {
        Node {
            hir,
            height: 1,
            repeats: 1,
        }
    }

    /// One node of several.
    fn joined(mut nodes: Vec<Node>, join: impl FnOnce(Vec<Hir>) -> Hir) -> Node {
        if nodes.len() == 1
            && let Some(only) = nodes.pop()
        {
            return only;
        }
        let height = nodes.iter().map(|node| node.height).max().unwrap_or(0);
        let repeats = nodes.iter().map(|node| node.repeats).max().unwrap_or(1);
        Node {
            hir: join(nodes.into_iter().map(|node| node.hir).collect()),
            height: height + 1,
            repeats,
        }
    }
}

/// A group that is open, or the whole.
#[derive(Default)]
struct Group {
    flags_before: Flags,
    is_capture: bool,
    alternatives: Vec<Node>,
    sequence: Vec<Node>,
}

impl Group {
    fn end_alternative(&mut self) {
        let sequence = std::mem::take(&mut self.sequence);
        self.alternatives.push(Node::joined(sequence, Hir::concat));
    }

    fn close(mut self) -> Node {
        self.end_alternative();
        Node::joined(self.alternatives, Hir::alternation)
    }
}

struct Parser<'t> {
    whole: &'t str,
    /// What is left of it.
    rest: &'t str,
    flags: Flags,
    outer: Vec<Group>,
    group: Group,
    /// What was left before the repetition that ended here, if one did.
    last_repeat: Option<&'t str>,
}

/// Reads a pattern.
pub(super) fn parse(text: &str) -> Parsed<Hir> {
    let mut parser = Parser {
        whole: text,
        rest: text,
        flags: Flags::default(),
        outer: Vec::new(),
        group: Group::default(),
        last_repeat: None,
    };
    while !parser.rest.is_empty() {
        let repeat = parser.next()?;
        parser.last_repeat = repeat;
    }
    if !parser.outer.is_empty() {
        return problem("missing closing )", text);
    }
    Ok(parser.group.close().hir)
}

/// The part of `start` before `end`, which is a part of it that goes on to the same end.
fn before<'t>(start: &'t str, end: &str) -> &'t str {
    let length = start.len().saturating_sub(end.len());
    start.get(..length).unwrap_or(start)
}

fn next_char(text: &str) -> (Option<char>, &str) {
    let mut chars = text.chars();
    (chars.next(), chars.as_str())
}

impl<'t> Parser<'t> {
    /// Reads the next part. Returns what was left before it, if it is a repetition.
    fn next(&mut self) -> Parsed<Option<&'t str>> {
        let start = self.rest;
        let (first, rest) = next_char(start);
        let Some(first) = first else {
            return Ok(None);
        };
        match first {
            '(' if rest.starts_with('?') => {
                self.flags_or_group()?;
                return Ok(None);
            }
            '(' => self.open(true),
            '|' => self.group.end_alternative(),
            ')' => self.close()?,
            '^' if self.flags.has_lines => self.push(Node::leaf(Hir::look(Look::StartLF)))?,
            '^' => self.push(Node::leaf(Hir::look(Look::Start)))?,
            '$' if self.flags.has_lines => self.push(Node::leaf(Hir::look(Look::EndLF)))?,
            '$' => self.push(Node::leaf(Hir::look(Look::End)))?,
            '.' => {
                let dot = match self.flags.dot_is_all {
                    true => Dot::AnyChar,
                    false => Dot::AnyCharExceptLF,
                };
                self.push(Node::leaf(Hir::dot(dot)))?;
            }
            '[' => {
                self.class()?;
                return Ok(None);
            }
            '*' => return self.repeat(start, rest, (0, None), false),
            '+' => return self.repeat(start, rest, (1, None), false),
            '?' => return self.repeat(start, rest, (0, Some(1)), false),
            '{' => match count(start)? {
                Some((bounds, rest)) => return self.repeat(start, rest, bounds, true),
                None => self.literal('{')?,
            },
            '\\' => {
                self.escape()?;
                return Ok(None);
            }
            other => self.literal(other)?,
        }
        self.rest = rest;
        Ok(None)
    }

    fn push(&mut self, node: Node) -> Parsed<()> {
        // One more for what it will be part of.
        if node.height > MOST_HEIGHT {
            return problem("expression nests too deeply", self.whole);
        }
        self.group.sequence.push(node);
        Ok(())
    }

    fn literal(&mut self, literal: impl Into<u32>) -> Parsed<()> {
        let literal = literal.into();
        let class = classes::of_ranges(&[(literal, literal)]);
        self.push_class(class, self.flags.ignores_case)
    }

    fn push_class(&mut self, mut class: ClassUnicode, ignores_case: bool) -> Parsed<()> {
        if ignores_case {
            class.case_fold_simple();
        }
        self.push(Node::leaf(Hir::class(Class::Unicode(class))))
    }

    fn open(&mut self, is_capture: bool) {
        let group = Group {
            flags_before: self.flags,
            is_capture,
            ..Group::default()
        };
        self.outer.push(std::mem::replace(&mut self.group, group));
    }

    fn close(&mut self) -> Parsed<()> {
        let Some(outer) = self.outer.pop() else {
            return problem("unexpected )", self.whole);
        };
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags_before;
        let is_capture = group.is_capture;
        let mut node = group.close();
        node.height += u32::from(is_capture);
        self.push(node)
    }

    /// Repeats what was last read. `start` is what was left before the operator, `after` behind it.
    fn repeat(
        &mut self,
        start: &'t str,
        after: &'t str,
        (min, max): (u32, Option<u32>),
        is_counted: bool,
    ) -> Parsed<Option<&'t str>> {
        let after = after.strip_prefix('?').unwrap_or(after);
        if let Some(last) = self.last_repeat {
            return problem("invalid nested repetition operator", before(last, after));
        }
        let Some(sub) = self.group.sequence.pop() else {
            return problem(MISSING_ARGUMENT, before(start, after));
        };
        let mut repeats = sub.repeats;
        if is_counted {
            repeats = match (min, max) {
                (_, Some(0)) => 1,
                (count, None) | (_, Some(count)) => repeats.saturating_mul(count.max(1).into()),
            };
            let is_copied = min >= 2 || max.is_some_and(|max| max >= 2);
            if is_copied && repeats > MOST_REPEATS {
                return problem(INVALID_COUNT, before(start, after));
            }
        }
        let repetition = Repetition {
            min,
            max,
            greedy: true,
            sub: Box::new(sub.hir),
        };
        self.push(Node {
            hir: Hir::repetition(repetition),
            height: sub.height + 1,
            repeats,
        })?;
        self.rest = after;
        Ok(Some(start))
    }

    /// `(?…`: flags, a group without a number, or one with a name.
    fn flags_or_group(&mut self) -> Parsed<()> {
        let start = self.rest;
        let name = if start.len() > 4 && start.starts_with("(?P<") {
            start.get(4..)
        } else if start.len() > 3 && start.starts_with("(?<") {
            start.get(3..)
        } else {
            None
        };
        if let Some(name) = name {
            let Some((name, rest)) = name.split_once('>') else {
                return problem(INVALID_NAME, start);
            };
            let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
            if name.is_empty() || !name.bytes().all(is_word) {
                return problem(INVALID_NAME, before(start, rest));
            }
            self.open(true);
            self.rest = rest;
            return Ok(());
        }

        let mut rest = start.get(2..).unwrap_or("");
        let mut flags = self.flags;
        let mut switches_on = true;
        let mut has_flag = false;
        while let (Some(letter), after) = next_char(rest) {
            rest = after;
            match letter {
                'i' => flags.ignores_case = switches_on,
                'm' => flags.has_lines = switches_on,
                's' => flags.dot_is_all = switches_on,
                'U' => {}
                '-' if switches_on => {
                    switches_on = false;
                    has_flag = false;
                    continue;
                }
                ':' | ')' if switches_on || has_flag => {
                    if letter == ':' {
                        self.open(false);
                    }
                    self.flags = flags;
                    self.rest = rest;
                    return Ok(());
                }
                _ => break,
            }
            has_flag = true;
        }
        problem(INVALID_GROUP, before(start, rest))
    }

    /// `\…` outside of brackets.
    fn escape(&mut self) -> Parsed<()> {
        let start = self.rest;
        let rest = start.get(2..);
        let look = match start.as_bytes().get(1) {
            Some(b'A') => Some(Look::Start),
            Some(b'b') => Some(Look::WordAscii),
            Some(b'B') => Some(Look::WordAsciiNegate),
            Some(b'z') => Some(Look::End),
            Some(b'C') => return problem(INVALID_ESCAPE, r"\C"),
            Some(b'Q') => {
                let rest = rest.unwrap_or("");
                let (quoted, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
                for literal in quoted.chars() {
                    self.literal(literal)?;
                }
                self.rest = rest;
                return Ok(());
            }
            _ => None,
        };
        if let (Some(look), Some(rest)) = (look, rest) {
            self.push(Node::leaf(Hir::look(look)))?;
            self.rest = rest;
            return Ok(());
        }
        if let Some((class, rest)) = self.named_class(start)? {
            self.rest = rest;
            // It is folded already.
            return self.push_class(class, false);
        }
        let (literal, rest) = escaped_char(start)?;
        self.rest = rest;
        self.literal(literal)
    }

    /// `\p…`, `\d` and its kind, if there is one.
    fn named_class(&self, start: &'t str) -> Parsed<Option<(ClassUnicode, &'t str)>> {
        let Some(escape) = start.strip_prefix('\\') else {
            return Ok(None);
        };
        let (Some(letter), rest) = next_char(escape) else {
            return Ok(None);
        };
        if matches!(letter, 'p' | 'P') {
            return self.unicode_class(start, letter == 'P', rest).map(Some);
        }
        let class = classes::perl(letter.to_ascii_lowercase());
        Ok(class.map(|class| {
            let class = self.folded(class, letter.is_ascii_uppercase());
            (class, rest)
        }))
    }

    fn unicode_class(
        &self,
        start: &'t str,
        is_negated: bool,
        rest: &'t str,
    ) -> Parsed<(ClassUnicode, &'t str)> {
        let (name, rest) = match rest.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some(parts) => parts,
                None => return problem(INVALID_RANGE, start),
            },
            None => {
                let after = next_char(rest).1;
                (before(rest, after), after)
            }
        };
        let (name, is_negated) = match name.strip_prefix('^') {
            Some(name) => (name, !is_negated),
            None => (name, is_negated),
        };
        match classes::unicode(name) {
            Some(class) => Ok((self.folded(class, is_negated), rest)),
            None => problem(INVALID_RANGE, before(start, rest)),
        }
    }

    /// A class with the other cases of its characters, if case is ignored, and then negated.
    fn folded(&self, mut class: ClassUnicode, is_negated: bool) -> ClassUnicode {
        if self.flags.ignores_case {
            class.case_fold_simple();
        }
        if is_negated {
            class.negate();
        }
        class
    }

    /// `[…]`.
    fn class(&mut self) -> Parsed<()> {
        let start = self.rest;
        let mut rest = start.get(1..).unwrap_or("");
        let mut is_negated = false;
        if let Some(after) = rest.strip_prefix('^') {
            is_negated = true;
            rest = after;
        }
        let mut class = ClassUnicode::empty();
        let mut is_first = true;
        while is_first || !rest.starts_with(']') {
            is_first = false;
            if let Some((named, after)) = self.posix_class(rest)? {
                class.union(&named);
                rest = after;
                continue;
            }
            if let Some((named, after)) = self.named_class(rest)? {
                class.union(&named);
                rest = after;
                continue;
            }
            let (low, after) = class_char(rest, start)?;
            let mut high = low;
            let mut end = after;
            if let Some(upper) = after.strip_prefix('-')
                && !upper.is_empty()
                && !upper.starts_with(']')
            {
                (high, end) = class_char(upper, start)?;
                if high < low {
                    return problem(INVALID_RANGE, before(rest, end));
                }
            }
            rest = end;
            class.union(&self.folded(classes::of_ranges(&[(low, high)]), false));
        }
        if is_negated {
            class.negate();
        }
        self.rest = rest.get(1..).unwrap_or("");
        self.push_class(class, false)
    }

    /// `[:alpha:]` and its kind, if there is one.
    fn posix_class(&self, start: &'t str) -> Parsed<Option<(ClassUnicode, &'t str)>> {
        let Some((name, rest)) = start
            .strip_prefix("[:")
            .and_then(|name| name.split_once(":]"))
        else {
            return Ok(None);
        };
        let plain = name.strip_prefix('^');
        match classes::posix(plain.unwrap_or(name)) {
            Some(class) => Ok(Some((self.folded(class, plain.is_some()), rest))),
            None => problem(INVALID_RANGE, before(start, rest)),
        }
    }
}

/// A character in brackets: `whole` is what was left before them.
fn class_char<'t>(text: &'t str, whole: &str) -> Parsed<(u32, &'t str)> {
    match next_char(text) {
        (None, _) => problem(MISSING_BRACKET, whole),
        (Some('\\'), _) => escaped_char(text),
        (Some(plain), rest) => Ok((plain.into(), rest)),
    }
}

/// The character that an escape stands for; it may be one that no text has, a surrogate.
fn escaped_char(start: &str) -> Parsed<(u32, &str)> {
    let (Some(letter), rest) = next_char(start.get(1..).unwrap_or("")) else {
        return problem("trailing backslash at end of expression", "");
    };
    let is_octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    let control = |byte: u8| Ok((u32::from(byte), rest));
    match letter {
        'a' => control(0x07),
        'f' => control(0x0c),
        'n' => control(b'\n'),
        'r' => control(b'\r'),
        't' => control(b'\t'),
        'v' => control(0x0b),
        'x' => hexadecimal(start, rest),
        // One digit alone would be a reference to a group.
        '1'..='7' if !rest.as_bytes().first().is_some_and(is_octal) => {
            problem(INVALID_ESCAPE, before(start, rest))
        }
        '0'..='7' => {
            let more = rest.bytes().take(2).take_while(|byte| is_octal(byte));
            let digits = more.clone().count();
            let first = u32::from(letter) - u32::from('0');
            let value = more.fold(first, |value, byte| value * 8 + u32::from(byte - b'0'));
            Ok((value, rest.get(digits..).unwrap_or("")))
        }
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok((other.into(), rest)),
        _ => problem(INVALID_ESCAPE, before(start, rest)),
    }
}

/// `\x` and two digits, or any number of them in braces.
fn hexadecimal<'t>(start: &'t str, rest: &'t str) -> Parsed<(u32, &'t str)> {
    let invalid = |rest: &str| problem(INVALID_ESCAPE, before(start, rest));
    let Some(mut rest) = rest.strip_prefix('{') else {
        let (first, after) = next_char(rest);
        let Some(first) = first else {
            return invalid(after);
        };
        let (second, after) = next_char(after);
        let digit = |digit: char| digit.to_digit(16);
        return match (digit(first), second.and_then(digit)) {
            (Some(first), Some(second)) => Ok((first * 16 + second, after)),
            _ => invalid(after),
        };
    };
    let mut value = 0;
    let mut has_digit = false;
    loop {
        let (next, after) = next_char(rest);
        rest = after;
        match next {
            Some('}') if has_digit => return Ok((value, rest)),
            Some(next) => match next.to_digit(16) {
                Some(digit) => value = value * 16 + digit,
                None => return invalid(rest),
            },
            None => return invalid(rest),
        }
        if value > u32::from(char::MAX) {
            return invalid(rest);
        }
        has_digit = true;
    }
}

/// How often something is repeated: at least, and at most if that is limited.
type Bounds = (u32, Option<u32>);

/// `{n}`, `{n,}` or `{n,m}` and what is left behind it; `None` for what is not of this form and
/// stands for itself.
fn count(start: &str) -> Parsed<Option<(Bounds, &str)>> {
    let Some((min, rest)) = start.strip_prefix('{').and_then(integer) else {
        return Ok(None);
    };
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => match integer(rest) {
            Some((max, rest)) => (Some(max), rest),
            None => return Ok(None),
        },
    };
    let Some(rest) = rest.strip_prefix('}') else {
        return Ok(None);
    };
    let most = MOST_REPEATS as u32;
    if min > most || max.is_some_and(|max| max > most || max < min) {
        return problem(INVALID_COUNT, before(start, rest));
    }
    Ok(Some(((min, max), rest)))
}

/// A number without leading zeros, and what is left behind it.
fn integer(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
