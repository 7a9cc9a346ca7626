//! The lexer: bytes to tokens, with automatic semicolons and a side list of comments.

mod encoding;
mod letters;
mod line_directive;
mod number;
mod quoted;
mod skip;

pub(crate) use encoding::{check_encoding, push_text};
pub(crate) use skip::skip_body;

use std::ops::Range;

use crate::comments::Comment;
use crate::file::SyntaxError;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Errors kept per file or body; more tell nobody anything.
const MAX_ERRORS: usize = 100;

pub(crate) struct Lexer<'s> {
    /// The file up to where it is to be read.
    pub src: &'s [u8],
    /// Offset of the next byte.
    pub pos: usize,
    /// Whether a newline here ends a statement.
    pub insert_semicolon: bool,
    /// Offset of a byte of the file less that of the same byte in the text the tree will own.
    pub text_shift: u32,
    pub comments: Vec<Comment>,
    pub errors: Vec<SyntaxError>,
    /// Errors reported, including those that were not kept.
    pub error_count: u32,
    /// The line of the last error, newline included.
    pub error_line: Range<usize>,
}

impl<'s> Lexer<'s> {
    pub fn new(src: &'s [u8]) -> Lexer<'s> {
        Lexer {
            src,
            pos: 0,
            insert_semicolon: false,
            text_shift: 0,
            comments: Vec::new(),
            errors: Vec::new(),
            error_count: 0,
            error_line: 0..0,
        }
    }

    /// Reports an error, unless one on the same line was reported just before: it would be a
    /// consequence.
    pub fn error(&mut self, offset: usize, message: impl Into<String>) {
        self.error_count = self.error_count.saturating_add(1);
        if self.errors.len() >= MAX_ERRORS || self.error_line.contains(&offset) {
            return;
        }
        let (before, after) = self.src.split_at(offset.min(self.src.len()));
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let end = offset + memchr::memchr(b'\n', after).unwrap_or(after.len());
        self.error_line = start..end + 1;
        self.errors.push(SyntaxError {
            offset: offset as u32,
            message: message.into(),
        });
    }

    /// The byte at `at`; 0 past the end, where no token goes on.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.src.get(at).copied().unwrap_or(0)
    }

    /// The end of the bytes from `at` on that satisfy `holds`.
    #[inline]
    fn run(&self, at: usize, holds: impl Fn(u8) -> bool) -> usize {
        let rest = self.src.get(at..).unwrap_or_default();
        at + rest.iter().position(|&b| !holds(b)).unwrap_or(rest.len())
    }

    /// Reads the next token that is not a comment; comments go to the side list.
    #[inline]
    pub fn next(&mut self) -> Token {
        use TokenKind as T;
        let src = self.src;
        let mut at = self.pos;
        loop {
            let Some(&first) = src.get(at) else {
                return self.at_end();
            };
            let (kind, end) = match first {
                b' ' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                b'\n' => {
                    if self.insert_semicolon {
                        return self.automatic_semicolon(at, at + 1);
                    }
                    at += 1;
                    continue;
                }
                b'a'..=b'z' => {
                    let end = self.name_end(at);
                    (keyword(src.get(at..end).unwrap_or_default()), end)
                }
                b'A'..=b'Z' | b'_' => (T::Ident, self.name_end(at)),
                b'0'..=b'9' => self.number(at),
                b'"' => (T::String, self.string(at)),
                b'`' => (T::String, self.raw_string(at)),
                b'\'' => (T::Char, self.rune(at)),
                b'(' => (T::Lparen, at + 1),
                b')' => (T::Rparen, at + 1),
                b'[' => (T::Lbrack, at + 1),
                b']' => (T::Rbrack, at + 1),
                b'{' => (T::Lbrace, at + 1),
                b'}' => (T::Rbrace, at + 1),
                b',' => (T::Comma, at + 1),
                b';' => (T::Semicolon, at + 1),
                b'~' => (T::Tilde, at + 1),
                b'.' => match (self.byte(at + 1), self.byte(at + 2)) {
                    (b'0'..=b'9', _) => self.number(at),
                    (b'.', b'.') => (T::Ellipsis, at + 3),
                    _ => (T::Period, at + 1),
                },
                b'/' => match self.byte(at + 1) {
                    b'/' => {
                        at = self.line_comment(at);
                        continue;
                    }
                    b'*' => {
                        let (end, newline) = self.general_comment(at);
                        match newline {
                            Some(newline) if self.insert_semicolon => {
                                return self.automatic_semicolon(newline, end);
                            }
                            _ => at = end,
                        }
                        continue;
                    }
                    b'=' => (T::QuoAssign, at + 2),
                    _ => (T::Quo, at + 1),
                },
                b':' => self.followed_by(at, &[(b'=', T::Define)], T::Colon),
                b'=' => self.followed_by(at, &[(b'=', T::Eql)], T::Assign),
                b'!' => self.followed_by(at, &[(b'=', T::Neq)], T::Not),
                b'+' => self.followed_by(at, &[(b'=', T::AddAssign), (b'+', T::Inc)], T::Add),
                b'-' => self.followed_by(at, &[(b'=', T::SubAssign), (b'-', T::Dec)], T::Sub),
                b'*' => self.followed_by(at, &[(b'=', T::MulAssign)], T::Mul),
                b'%' => self.followed_by(at, &[(b'=', T::RemAssign)], T::Rem),
                b'^' => self.followed_by(at, &[(b'=', T::XorAssign)], T::Xor),
                b'|' => self.followed_by(at, &[(b'=', T::OrAssign), (b'|', T::LogicalOr)], T::Or),
                b'&' => match (self.byte(at + 1), self.byte(at + 2)) {
                    (b'&', _) => (T::LogicalAnd, at + 2),
                    (b'=', _) => (T::AndAssign, at + 2),
                    (b'^', b'=') => (T::AndNotAssign, at + 3),
                    (b'^', _) => (T::AndNot, at + 2),
                    _ => (T::And, at + 1),
                },
                b'<' => match (self.byte(at + 1), self.byte(at + 2)) {
                    (b'-', _) => (T::Arrow, at + 2),
                    (b'=', _) => (T::Leq, at + 2),
                    (b'<', b'=') => (T::ShlAssign, at + 3),
                    (b'<', _) => (T::Shl, at + 2),
                    _ => (T::Lss, at + 1),
                },
                b'>' => match (self.byte(at + 1), self.byte(at + 2)) {
                    (b'=', _) => (T::Geq, at + 2),
                    (b'>', b'=') => (T::ShrAssign, at + 3),
                    (b'>', _) => (T::Shr, at + 2),
                    _ => (T::Gtr, at + 1),
                },
                _ => self.unusual(at),
            };
            self.pos = end;
            if kind != T::Illegal {
                self.insert_semicolon = ends_statement(kind);
            }
            return Token {
                kind,
                span: Span::new(at as u32, end as u32),
            };
        }
    }

    fn followed_by(
        &self,
        at: usize,
        longer: &[(u8, TokenKind)],
        alone: TokenKind,
    ) -> (TokenKind, usize) {
        let next = self.byte(at + 1);
        longer
            .iter()
            .find(|(byte, _)| *byte == next)
            .map_or((alone, at + 1), |&(_, kind)| (kind, at + 2))
    }

    fn automatic_semicolon(&mut self, at: usize, next: usize) -> Token {
        self.insert_semicolon = false;
        self.pos = next;
        Token {
            kind: TokenKind::Semicolon,
            span: Span::empty(at as u32),
        }
    }

    #[cold]
    fn at_end(&mut self) -> Token {
        let end = self.src.len();
        if self.insert_semicolon {
            return self.automatic_semicolon(end, end);
        }
        self.pos = end;
        Token {
            kind: TokenKind::Eof,
            span: Span::empty(end as u32),
        }
    }

    /// The end of the name that starts at `at`.
    #[inline]
    fn name_end(&mut self, at: usize) -> usize {
        let end = self.run(at + 1, |b| IN_NAME[b as usize]);
        if self.byte(end) < 0x80 {
            end
        } else {
            self.long_name_end(end)
        }
    }

    /// The end of a name that goes on at `at` with a character beyond ASCII.
    #[cold]
    fn long_name_end(&self, mut at: usize) -> usize {
        while let Some(c) = self.char_at(at) {
            let in_name = match u8::try_from(c) {
                Ok(b) if b < 0x80 => IN_NAME[b as usize],
                _ => letters::is_letter(c) || letters::is_digit(c),
            };
            if !in_name {
                break;
            }
            at += c.len_utf8();
        }
        at
    }

    /// The character at `at`, unless the text ends or is not UTF-8 there.
    fn char_at(&self, at: usize) -> Option<char> {
        let rest = self.src.get(at..)?;
        let head = rest.get(..4).unwrap_or(rest);
        head.utf8_chunks().next()?.valid().chars().next()
    }

    /// What starts with a byte that begins no ordinary token: a name with a letter beyond ASCII,
    /// or nothing that is Go.
    #[cold]
    fn unusual(&mut self, at: usize) -> (TokenKind, usize) {
        match self.char_at(at) {
            Some(c) if c >= '\u{80}' && letters::is_letter(c) => {
                (TokenKind::Ident, self.long_name_end(at))
            }
            // Reported with the encoding.
            Some('\u{feff}') => (TokenKind::Illegal, at + 3),
            Some(c @ ('“' | '”')) => {
                self.error(at, format!("curly quotation mark {c} (use neutral '\"')"));
                (TokenKind::Illegal, at + c.len_utf8())
            }
            Some(c) => {
                self.error(at, format!("illegal character {:?}", c));
                (TokenKind::Illegal, at + c.len_utf8())
            }
            None => {
                self.error(at, "illegal UTF-8 encoding");
                (TokenKind::Illegal, at + 1)
            }
        }
    }

    fn line_comment(&mut self, start: usize) -> usize {
        let rest = self.src.get(start..).unwrap_or_default();
        let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if start == 0 || self.byte(start - 1) == b'\n' {
            self.check_line_directive(start, end);
        }
        self.add_comment(start, end);
        end
    }

    /// Reads a `/*…*/` comment; returns its end and the offset of its first newline.
    fn general_comment(&mut self, start: usize) -> (usize, Option<usize>) {
        let rest = self.src.get(start + 2..).unwrap_or_default();
        let end = match memchr::memmem::find(rest, b"*/") {
            Some(len) => {
                let end = start + 2 + len + 2;
                self.check_line_directive(start, end - 2);
                end
            }
            None => {
                self.error(start, "comment not terminated");
                self.src.len()
            }
        };
        self.add_comment(start, end);
        let text = self.src.get(start..end).unwrap_or_default();
        (end, memchr::memchr(b'\n', text).map(|len| start + len))
    }

    fn add_comment(&mut self, start: usize, end: usize) {
        let next = self.run(end, |b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        let lines = memchr::memchr_iter(b'\n', self.src.get(end..next).unwrap_or_default()).count();
        self.comments.push(Comment {
            text: (start as u32).wrapping_sub(self.text_shift),
            span: Span::new(start as u32, end as u32),
            trails_code: self.trails_code(start),
            gap: lines.min(2) as u8,
            next: next as u32,
        });
    }

    /// Whether there is code before `at` on its line.
    fn trails_code(&self, at: usize) -> bool {
        let before = self.src.get(..at).unwrap_or_default();
        let blank = before
            .iter()
            .rev()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
            .count();
        match before.len().checked_sub(blank + 1) {
            None => false,
            Some(last) if self.byte(last) == b'\n' => false,
            Some(last) => match self.comments.last() {
                Some(comment) if comment.span.end as usize == last + 1 => comment.trails_code,
                _ => true,
            },
        }
    }
}

/// Bytes that a name may go on with.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric() || b as u8 == b'_';
        b += 1;
    }
    table
};

/// Whether a newline after the token stands for a semicolon.
#[inline]
fn ends_statement(kind: TokenKind) -> bool {
    ENDS_STATEMENT[kind as usize]
}

const ENDS_STATEMENT: [bool; 256] = {
    use TokenKind as T;
    let mut table = [false; 256];
    let kinds = [
        T::Ident,
        T::Int,
        T::Float,
        T::Imag,
        T::Char,
        T::String,
        T::Inc,
        T::Dec,
        T::Rparen,
        T::Rbrack,
        T::Rbrace,
        T::Break,
        T::Continue,
        T::Fallthrough,
        T::Return,
    ];
    let mut i = 0;
    while i < kinds.len() {
        table[kinds[i] as usize] = true;
        i += 1;
    }
    table
};

const KEYWORDS: [TokenKind; 25] = {
    use TokenKind as T;
    [
        T::Break,
        T::Case,
        T::Chan,
        T::Const,
        T::Continue,
        T::Default,
        T::Defer,
        T::Else,
        T::Fallthrough,
        T::For,
        T::Func,
        T::Go,
        T::Goto,
        T::If,
        T::Import,
        T::Interface,
        T::Map,
        T::Package,
        T::Range,
        T::Return,
        T::Select,
        T::Struct,
        T::Switch,
        T::Type,
        T::Var,
    ]
};

/// A slot for each keyword: no two of them have the same (checked when this is compiled).
const fn keyword_slot(first: u8, second: u8, len: usize) -> usize {
    (first as usize + 4 * second as usize + 6 * len) % 64
}

const KEYWORD_TABLE: [(TokenKind, &[u8]); 64] = {
    let mut table: [(TokenKind, &[u8]); 64] = [(TokenKind::Ident, b""); 64];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let text = KEYWORDS[i].text().as_bytes();
        let slot = keyword_slot(text[0], text[1], text.len());
        assert!(table[slot].1.is_empty());
        table[slot] = (KEYWORDS[i], text);
        i += 1;
    }
    table
};

/// The keyword that `name` is, or [`TokenKind::Ident`].
#[inline]
fn keyword(name: &[u8]) -> TokenKind {
    let [first, second, ..] = name else {
        return TokenKind::Ident;
    };
    let (kind, text) = KEYWORD_TABLE[keyword_slot(*first, *second, name.len())];
    if text == name { kind } else { TokenKind::Ident }
}

/// All tokens of a file, comments included, up to and without the end. Automatic semicolons are
/// [empty](Token::is_automatic_semicolon). One that a comment with a newline stands for comes after
/// that comment, although it starts inside it.
pub fn tokens(src: &[u8]) -> Vec<Token> {
    let src = src.get(..crate::MAX_FILE_BYTES).unwrap_or(src);
    let mut lexer = Lexer::new(src);
    lexer.skip_byte_order_mark();
    let mut tokens = Vec::with_capacity(src.len() / 5);
    let mut seen = 0;
    loop {
        let token = lexer.next();
        let comments = lexer.comments.get(seen..).unwrap_or_default();
        tokens.extend(comments.iter().map(|c| Token {
            kind: TokenKind::Comment,
            span: c.span,
        }));
        seen = lexer.comments.len();
        if token.kind == TokenKind::Eof {
            return tokens;
        }
        tokens.push(token);
    }
}
