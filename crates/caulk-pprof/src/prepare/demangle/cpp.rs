//! Names of C++, read by the crate `cpp_demangle` and written as the reference writes them
//! (github.com/ianlancetaylor/demangle).

use std::fmt;

use cpp_demangle::{BorrowedSymbol, DemangleNodeType, DemangleOptions, DemangleWrite};

use crate::prepare::Names;

/// Names that wrap another, by what they begin with, and the words before that other's.
const WRAPPERS: [(&str, &str, Offsets); 5] = [
    ("_ZTh", "non-virtual thunk to ", Offsets::One),
    ("_ZTv", "virtual thunk to ", Offsets::Two),
    ("_ZTc", "covariant return thunk to ", Offsets::Calls),
    ("_ZGTt", "transaction clone for ", Offsets::None),
    ("_ZGTn", "non-transaction clone for ", Offsets::None),
];

/// The numbers between a wrapper's beginning and the name in it.
#[derive(Clone, Copy)]
enum Offsets {
    None,
    One,
    Two,
    /// Twice a letter with the one or two of it.
    Calls,
}

pub(super) fn demangle(name: &str, names: Names) -> Option<String> {
    for (start, words, offsets) in WRAPPERS {
        if let Some(rest) = name.strip_prefix(start) {
            let rest = without_offsets(rest, offsets)?;
            // What is wrapped keeps its parameters.
            let wrapped = encoding(&format!("_Z{rest}"), names, true)?;
            return Some(format!("{words}{wrapped}"));
        }
    }
    if let Some(rest) = name.strip_prefix("___Z") {
        let (rest, suffix) = rest.rsplit_once("_block_invoke")?;
        let suffix = suffix.strip_prefix('_').unwrap_or(suffix);
        let suffix = suffix.trim_start_matches(|c: char| c.is_ascii_digit());
        if !(suffix.is_empty() || suffix.starts_with('.')) {
            return None;
        }
        let block = encoding(&format!("_Z{rest}"), names, names == Names::Full)?;
        return Some(format!("invocation function for block in {block}"));
    }
    if let Some(rest) = name.strip_prefix("_GLOBAL_") {
        return global(rest, names);
    }
    encoding(name, names, names == Names::Full)
}

/// What runs before and after `main`.
fn global(name: &str, names: Names) -> Option<String> {
    let (start, rest) = name.split_at_checked(3)?;
    let words = match start.as_bytes() {
        [b'.' | b'_' | b'$', b'I', b'_'] => "constructors",
        [b'.' | b'_' | b'$', b'D', b'_'] => "destructors",
        _ => return None,
    };
    let key = match rest {
        "" => return None,
        _ if rest.starts_with("_Z") => encoding(rest, names, true)?,
        _ => name.to_owned(),
    };
    Some(format!("global {words} keyed to {key}"))
}

fn without_offsets(name: &str, offsets: Offsets) -> Option<&str> {
    let number = |name: &'_ str| -> Option<usize> {
        let digits = name.strip_prefix('n').unwrap_or(name);
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = rest.strip_prefix('_')?;
        (rest.len() + 1 < digits.len()).then_some(name.len() - rest.len())
    };
    let skip = |name| number(name).and_then(|length| str::get(name, length..));
    match offsets {
        Offsets::None => Some(name),
        Offsets::One => skip(name),
        Offsets::Two => skip(skip(name)?),
        Offsets::Calls => {
            let mut rest = name;
            for _ in 0..2 {
                rest = match rest.split_at_checked(1)? {
                    ("h", rest) => skip(rest)?,
                    ("v", rest) => skip(skip(rest)?)?,
                    _ => return None,
                };
            }
            Some(rest)
        }
    }
}

/// A name that begins with `_Z`.
fn encoding(name: &str, names: Names, has_parameters: bool) -> Option<String> {
    if !name.starts_with("_Z") {
        return None;
    }
    let options = match has_parameters {
        true => DemangleOptions::new(),
        false => DemangleOptions::new().no_params().no_return_type(),
    };
    // What compilers add for copies of a function (`.cold`, `.part.0`) is not shown, but dots may be
    // inside of a name, too.
    let ends = name.match_indices('.').map(|(dot, _)| dot);
    let mut starts = ends.chain([name.len()]).filter_map(|end| name.get(..end));
    let (symbol, rest) =
        starts.find_map(|start| BorrowedSymbol::with_tail(start.as_bytes()).ok())?;
    if !rest.is_empty() && has_parameters {
        return None;
    }
    let mut text = Text::new(names == Names::Short);
    symbol.structured_demangle(&mut text, &options).ok()?;
    let mut text = text.text;
    if let Some(class) = text
        .strip_prefix("{vtt(")
        .and_then(|text| text.strip_suffix(")}"))
    {
        text = format!("VTT for {class}");
    }
    // The crate names them the other way round.
    if let Some((whole, part)) = text
        .strip_prefix("construction vtable for ")
        .and_then(|classes| classes.split_once("-in-"))
    {
        text = format!("construction vtable for {part}-in-{whole}");
    }
    text = with_suffixed_numbers(&text);
    if names != Names::Full {
        text = without_enclosing_parameters(&text);
    }
    if !has_parameters && !is_special(name) {
        text.truncate(without_qualifiers(&text).len());
    }
    Some(match standard_constructor(name) {
        Some(letter) => with_standard_class(text, letter, names),
        None => text,
    })
}

/// Whether a name is that of a table, a type or another thing of the compiler, not of a function.
fn is_special(name: &str) -> bool {
    name.starts_with("_ZT") || name.starts_with("_ZG")
}

/// A function's name without what the object it is called on must be.
fn without_qualifiers(text: &str) -> &str {
    const QUALIFIERS: [&str; 4] = [" const", " volatile", " &", " &&"];
    let mut text = text;
    while let Some(shorter) = QUALIFIERS
        .iter()
        .find_map(|qualifier| text.strip_suffix(qualifier))
    {
        text = shorter;
    }
    text
}

/// Numbers of some types with the suffixes that C++ has for them.
fn with_suffixed_numbers(text: &str) -> String {
    const SUFFIXES: [(&str, &str); 5] = [
        ("(unsigned int)", "u"),
        ("(long)", "l"),
        ("(unsigned long)", "ul"),
        ("(long long)", "ll"),
        ("(unsigned long long)", "ull"),
    ];
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let (before, from_open) = rest.split_at(open);
        written.push_str(before);
        let number = SUFFIXES.iter().find_map(|(cast, suffix)| {
            let number = from_open.strip_prefix(cast)?;
            let sign = usize::from(number.starts_with('-'));
            let digits = number.bytes().skip(sign).take_while(u8::is_ascii_digit);
            let length = digits.count();
            let (number, rest) = number.split_at_checked(sign + length)?;
            (length > 0).then_some((number, *suffix, rest))
        });
        match number {
            Some((number, suffix, after)) => {
                written.push_str(number);
                written.push_str(suffix);
                rest = after;
            }
            None => {
                written.push('(');
                rest = from_open.get(1..).unwrap_or("");
            }
        }
    }
    written + rest
}

/// Empties the parameters of functions in which something else is defined, as in `f(int)::x`.
fn without_enclosing_parameters(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    // Where in what is written each open parenthesis is.
    let mut open = Vec::new();
    for (at, c) in text.char_indices() {
        if c == '(' {
            open.push(written.len());
        }
        written.push(c);
        if c != ')' {
            continue;
        }
        let Some(start) = open.pop() else {
            continue;
        };
        let after = text.get(at + 1..).unwrap_or("");
        let is_enclosing = without_leading_qualifiers(after).starts_with("::");
        let inside = written.get(start..).unwrap_or("");
        let before = written.get(..start).unwrap_or("");
        let is_other = inside == "(anonymous namespace)" || before.trim_end().ends_with("decltype");
        if is_enclosing && !is_other {
            written.truncate(start);
            written.push_str("()");
        }
    }
    written
}

fn without_leading_qualifiers(text: &str) -> &str {
    const QUALIFIERS: [&str; 4] = [" const", " volatile", " &&", " &"];
    let mut text = text;
    while let Some(shorter) = QUALIFIERS
        .iter()
        .find_map(|qualifier| text.strip_prefix(qualifier))
    {
        text = shorter;
    }
    text
}

/// The letter of a class of the standard library (`Ss`, `Si`, `So`, `Sd`), if the name is that of a
/// constructor or destructor of it.
fn standard_constructor(name: &str) -> Option<u8> {
    let nested = name.strip_prefix("_ZN")?;
    let nested = nested.trim_start_matches(['r', 'V', 'K']);
    match nested.as_bytes() {
        [
            b'S',
            letter @ (b's' | b'i' | b'o' | b'd'),
            b'C' | b'D',
            b'0'..=b'9',
            ..,
        ] => Some(*letter),
        _ => None,
    }
}

/// Constructors name their class in full.
fn with_standard_class(text: String, letter: u8, names: Names) -> String {
    let (short, leaf, class, arguments) = match letter {
        b's' => (
            "string",
            "string",
            "basic_string",
            "<char, std::char_traits<char>, std::allocator<char> >",
        ),
        b'i' => ("istream", "basic_istream", "basic_istream", CHAR_TRAITS),
        b'o' => ("ostream", "ostream", "basic_ostream", CHAR_TRAITS),
        _ => ("iostream", "basic_iostream", "basic_iostream", CHAR_TRAITS),
    };
    let rest = text
        .strip_prefix("std::")
        .and_then(|text| text.strip_prefix(short))
        .and_then(|text| text.strip_prefix("::"));
    let Some(rest) = rest else {
        return text;
    };
    let (tilde, rest) = match rest.strip_prefix('~') {
        Some(rest) => ("~", rest),
        None => ("", rest),
    };
    let Some(rest) = rest.strip_prefix(leaf) else {
        return text;
    };
    let arguments = match names {
        Names::Short => "",
        _ => arguments,
    };
    format!("std::{class}{arguments}::{tilde}{class}{rest}")
}

const CHAR_TRAITS: &str = "<char, std::char_traits<char> >";

/// A part of a name that needs care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Arguments,
    VirtualTable,
    Other,
}

/// Longer names are left as they are.
const LONGEST: usize = 1 << 20;

/// What is written, in the way of the reference.
struct Text {
    text: String,
    /// Template arguments are not wanted.
    drops_arguments: bool,
    /// The open parts.
    parts: Vec<Part>,
    /// How many of them are arguments that are not wanted.
    dropped: usize,
    /// The last part has ended, but not the bracket behind it.
    ended: Option<Part>,
    /// How much more may be written: names can be made to grow without end.
    left: usize,
    /// A comma is held back until something follows it: a pack of arguments may be empty.
    has_comma: bool,
}

impl Text {
    fn new(drops_arguments: bool) -> Text {
        Text {
            text: String::new(),
            drops_arguments,
            parts: Vec::new(),
            dropped: 0,
            ended: None,
            left: LONGEST,
            has_comma: false,
        }
    }

    fn write(&mut self, text: &str) {
        if text == ", " {
            self.has_comma = !self.text.ends_with(['<', '(']);
            return;
        }
        if std::mem::take(&mut self.has_comma) {
            match text.as_bytes().first() {
                // The one who wrote it thought that a space was there.
                Some(b'>') if self.text.ends_with('>') => self.text.push(' '),
                Some(b'>' | b')') | None => {}
                Some(b' ') if text == " " => {}
                _ => self.text.push_str(", "),
            }
        }
        self.text.push_str(text);
    }
}

impl DemangleWrite for Text {
    fn push_demangle_node(&mut self, part: DemangleNodeType) {
        let part = match part {
            DemangleNodeType::TemplateArgs => Part::Arguments,
            DemangleNodeType::VirtualTable => Part::VirtualTable,
            _ => Part::Other,
        };
        self.parts.push(part);
        match part {
            Part::Arguments if self.drops_arguments => {
                if self.dropped == 0 {
                    // The bracket before them is written already.
                    self.text.pop();
                    if self.text.ends_with("< ") {
                        self.text.pop();
                    }
                }
                self.dropped += 1;
            }
            Part::VirtualTable if self.text.ends_with("{vtable(") => {
                self.text.truncate(self.text.len() - "{vtable(".len());
                self.text.push_str("vtable for ");
            }
            _ => {}
        }
    }

    fn pop_demangle_node(&mut self) {
        match self.parts.pop() {
            Some(Part::Arguments) if self.drops_arguments => {
                self.dropped = self.dropped.saturating_sub(1);
                if self.dropped == 0 {
                    self.ended = Some(Part::Arguments);
                }
            }
            Some(Part::VirtualTable) => self.ended = Some(Part::VirtualTable),
            _ => {}
        }
    }

    fn write_string(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        if self.dropped > 0 {
            return Ok(());
        }
        let text = match self.ended.take() {
            Some(Part::Arguments) => text.strip_prefix('>').unwrap_or(text),
            Some(Part::VirtualTable) => text.strip_prefix(")}").unwrap_or(text),
            _ => text,
        };
        self.write(match text {
            "std::basic_istream<char, std::char_traits<char> >" => "std::istream",
            "std::basic_iostream<char, std::char_traits<char> >" => "std::iostream",
            "std::nullptr_t" => "decltype(nullptr)",
            text => text,
        });
        Ok(())
    }
}
