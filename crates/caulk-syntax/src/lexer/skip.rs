//! Skipping function bodies, and finding the next declaration after an error.

use super::quoted::{quoted_end, raw_end};
use super::{IN_NAME, Lexer};

/// Where a skipped body ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Skipped {
    /// Offset after the closing brace; where that is missing, of the declaration that follows.
    pub end: usize,
    /// Whether the closing brace was found.
    pub closed: bool,
}

/// Bytes at which skipping has to stop and look.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"{}\"'`/\n";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// Finds the brace that closes the one just before `start`.
///
/// A declaration in the first column inside of the braces means that one is missing, if it cannot
/// stand inside a function, or if the end of the file comes before the closing brace: the body then
/// ends before the first such line and its documentation. (Code that gofmt has not seen may well
/// have a `var` of a function in the first column.)
///
/// `patience` is how many bytes may be looked at beyond where a body turns out to end, over all
/// calls: when it is spent, what may be a declaration is taken for one at once. So the time is
/// linear in the size of the file, however many braces are missing.
pub(crate) fn skip_body(src: &[u8], start: usize, patience: &mut usize) -> Skipped {
    let mut depth = 1u32;
    let mut first_decl = None;
    let mut doc = Doc::default();
    let mut at = start;
    loop {
        let rest = src.get(at..).unwrap_or_default();
        let Some(len) = rest.iter().position(|&b| SPECIAL[b as usize]) else {
            break;
        };
        at += len;
        match rest[len] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Skipped {
                        end: at + 1,
                        closed: true,
                    };
                }
            }
            b'\n' => {
                if let Some(decl) = decl_at(src, at + 1) {
                    let first = *first_decl.get_or_insert_with(|| doc.start_before(src, at + 1));
                    if matches!(decl, Column1::Surely) || *patience == 0 {
                        *patience = patience.saturating_sub(at.saturating_sub(first));
                        return Skipped {
                            end: first,
                            closed: false,
                        };
                    }
                }
            }
            b'/' => {
                let Some(end) = comment_end(src, at) else {
                    break;
                };
                if end > at + 1 {
                    doc.add(src, at, end);
                }
                at = end;
                continue;
            }
            b'`' => {
                let (end, terminated) = raw_end(src, at);
                if !terminated {
                    break;
                }
                at = end;
                continue;
            }
            quote => {
                at = quoted_end(src, at, quote).0;
                continue;
            }
        }
        at += 1;
    }
    let end = first_decl.unwrap_or(src.len());
    *patience = patience.saturating_sub(src.len() - end);
    Skipped { end, closed: false }
}

/// The end of the comment that starts with the slash at `at`; of the slash if it starts none;
/// nothing if the comment is not terminated.
fn comment_end(src: &[u8], at: usize) -> Option<usize> {
    let rest = src.get(at..)?;
    match rest.get(1) {
        Some(b'/') => Some(at + memchr::memchr(b'\n', rest).unwrap_or(rest.len())),
        Some(b'*') => Some(at + 2 + memchr::memmem::find(rest.get(2..)?, b"*/")? + 2),
        _ => Some(at + 1),
    }
}

/// The last comments, each on the line after the one before, that start in the first column.
#[derive(Default)]
struct Doc {
    start: usize,
    end: usize,
}

impl Doc {
    fn add(&mut self, src: &[u8], start: usize, end: usize) {
        if start.checked_sub(1).and_then(|before| src.get(before)) != Some(&b'\n') {
            return;
        }
        if !self.ends_above(src, start) {
            self.start = start;
        }
        self.end = end;
    }

    /// Whether the last comment ends on the line above the one that starts at `line`.
    fn ends_above(&self, src: &[u8], line: usize) -> bool {
        let between = src.get(self.end..line).unwrap_or_default();
        between.trim_ascii().is_empty() && memchr::memchr_iter(b'\n', between).count() == 1
    }

    /// Where the documentation of the declaration at `decl` starts; without any, `decl` itself.
    fn start_before(&self, src: &[u8], decl: usize) -> usize {
        if self.end > 0 && self.ends_above(src, decl) {
            self.start
        } else {
            decl
        }
    }
}

enum Column1 {
    /// It could be a statement.
    Perhaps,
    /// It can stand at the top of a file only.
    Surely,
}

/// What declaration starts at `at`, the start of a line.
fn decl_at(src: &[u8], at: usize) -> Option<Column1> {
    let rest = src.get(at..)?;
    let word = match rest.first()? {
        b'f' => "func",
        b'v' => "var",
        b't' => "type",
        b'c' => "const",
        b'i' => "import",
        _ => return None,
    };
    let after = rest.strip_prefix(word.as_bytes())?;
    if after
        .first()
        .is_some_and(|&b| IN_NAME[b as usize] || b >= 0x80)
    {
        return None;
    }
    match word {
        "import" => Some(Column1::Surely),
        "func" if is_declared_func(after) => Some(Column1::Surely),
        _ => Some(Column1::Perhaps),
    }
}

/// Whether what follows `func` makes it a declaration, not a literal: a name, or a receiver and
/// then a name before parameters.
fn is_declared_func(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    if after.first() != Some(&b'(') {
        return name_len(after) > 0;
    }
    // A receiver is short and has no parentheses inside, but for `(*T)`, which nobody writes.
    let Some(close) = memchr::memchr2(b')', b'\n', after) else {
        return false;
    };
    let Some(name) = after.get(close..).and_then(|rest| rest.strip_prefix(b")")) else {
        return false;
    };
    let name = name.trim_ascii_start();
    let len = name_len(name);
    len > 0 && matches!(name.get(len), Some(b'(' | b'['))
}

fn name_len(text: &[u8]) -> usize {
    text.iter()
        .take_while(|&&b| IN_NAME[b as usize] || b >= 0x80)
        .count()
}

impl Lexer<'_> {
    /// The offset of the first declaration after `start` that begins a line, if there is one. Raw
    /// strings and comments are no lines.
    pub fn next_column_one_decl(&self, start: usize) -> Option<usize> {
        let src = self.src;
        let mut at = start;
        loop {
            let rest = src.get(at..)?;
            at += rest.iter().position(|&b| SPECIAL[b as usize])?;
            match src.get(at)? {
                b'\n' if decl_at(src, at + 1).is_some() => return Some(at + 1),
                b'/' => at = comment_end(src, at)?,
                b'`' => at = raw_end(src, at).0,
                quote @ (b'"' | b'\'') => at = quoted_end(src, at, *quote).0,
                _ => at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(body: &str) -> (&str, bool) {
        let skipped = skip_body(body.as_bytes(), 1, &mut usize::MAX.clone());
        (&body[..skipped.end], skipped.closed)
    }

    #[test]
    fn braces_in_literals_and_comments_do_not_count() {
        for body in [
            "{}",
            "{ if x { y() } }",
            "{ x := \"}\\\"}\" }",
            "{ x := '}'; y := '\\'' }",
            "{ x := `}\nfunc f() {` }",
            "{ // }\n /* } \n */ a / b }",
        ] {
            assert_eq!(end(&format!("{body} x }}")), (body, true));
        }
    }

    #[test]
    fn a_missing_brace_is_confined() {
        assert_eq!(
            end("{ if x {\n}\nfunc g() {\n}\n"),
            ("{ if x {\n}\n", false)
        );
        assert_eq!(
            end("{ if x {\n}\nfunc (r *T) g() {\n}\n}"),
            ("{ if x {\n}\n", false)
        );
        assert_eq!(end("{ if x {\n}\nvar y = 1\n"), ("{ if x {\n}\n", false));
        let documented = "{ if x {\n}\n\n// A\n\n// B\n/* C\n*/\nvar y = 1\n";
        assert_eq!(end(documented), ("{ if x {\n}\n\n// A\n\n", false));
        assert_eq!(
            end("{ if x {\n}\ntype t int\nfunc g() {}}\n"),
            ("{ if x {\n}\n", false)
        );
    }

    #[test]
    fn code_without_indentation_is_no_missing_brace() {
        let body = "{\nvar x int\nfunc() { x++ }()\nfunc(a int) (b int) { return a }(1)\n}";
        assert_eq!(end(body), (body, true));
    }
}
