//! Number literals.

use super::Lexer;
use crate::token::TokenKind;

#[derive(Clone, Copy, PartialEq)]
enum Base {
    Binary,
    /// `0o17`
    Octal,
    /// `017`: octal as an integer, decimal as a float
    LeadingZero,
    Decimal,
    Hexadecimal,
}

impl Base {
    fn name(self) -> &'static str {
        match self {
            Base::Binary => "binary literal",
            Base::Octal | Base::LeadingZero => "octal literal",
            Base::Decimal => "decimal literal",
            Base::Hexadecimal => "hexadecimal literal",
        }
    }

    /// Length of the prefix that names the base.
    fn prefix(self) -> usize {
        match self {
            Base::Binary | Base::Octal | Base::Hexadecimal => 2,
            Base::LeadingZero | Base::Decimal => 0,
        }
    }
}

impl Lexer<'_> {
    /// Reads the number that starts at `start`, a digit or a dot before a digit. Returns its kind
    /// and end.
    pub(super) fn number(&mut self, start: usize) -> (TokenKind, usize) {
        // Nearly all numbers are short decimal integers.
        let digits = self.run(start, |b| b.is_ascii_digit());
        let first = self.byte(start);
        let plain = !matches!(self.byte(digits), b'.' | b'_' | b'a'..=b'z' | b'A'..=b'Z');
        if plain && digits > start && (first != b'0' || digits == start + 1) {
            return (TokenKind::Int, digits);
        }
        self.any_number(start)
    }

    fn any_number(&mut self, start: usize) -> (TokenKind, usize) {
        let base = match (self.byte(start), self.byte(start + 1) | 0x20) {
            (b'0', b'x') => Base::Hexadecimal,
            (b'0', b'o') => Base::Octal,
            (b'0', b'b') => Base::Binary,
            (b'0', _) => Base::LeadingZero,
            _ => Base::Decimal,
        };
        let mut kind = TokenKind::Int;
        let whole = start + base.prefix();
        let mut at = self.digits(whole, base);
        let mut has_digit = self.has_digit(whole, at);
        let whole_end = at;
        if self.byte(at) == b'.' {
            kind = TokenKind::Float;
            if matches!(base, Base::Octal | Base::Binary) {
                self.error(at, format!("invalid radix point in {}", base.name()));
            }
            let fraction = at + 1;
            at = self.digits(fraction, base);
            has_digit |= self.has_digit(fraction, at);
        }
        if !has_digit {
            self.error(at, format!("{} has no digits", base.name()));
        }
        match self.byte(at) | 0x20 {
            e @ (b'e' | b'p') => {
                if e == b'e' && base.prefix() > 0 {
                    self.error(at, "'e' exponent requires decimal mantissa");
                } else if e == b'p' && base != Base::Hexadecimal {
                    self.error(at, "'p' exponent requires hexadecimal mantissa");
                }
                kind = TokenKind::Float;
                let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
                let exponent = at + 1 + sign;
                at = self.digits(exponent, Base::Decimal);
                if !self.has_digit(exponent, at) {
                    self.error(at, "exponent has no digits");
                }
            }
            _ if base == Base::Hexadecimal && kind == TokenKind::Float => {
                self.error(at, "hexadecimal mantissa requires a 'p' exponent");
            }
            _ => {}
        }
        if self.byte(at) == b'i' {
            kind = TokenKind::Imag;
            at += 1;
        }
        if kind == TokenKind::Int {
            let limit = match base {
                Base::Binary => b'1',
                Base::Octal | Base::LeadingZero => b'7',
                Base::Decimal | Base::Hexadecimal => b'f',
            };
            let wrong = self.run(whole, |b| b <= limit || b == b'_').min(whole_end);
            if wrong < whole_end {
                let digit = char::from(self.byte(wrong));
                self.error(wrong, format!("invalid digit '{digit}' in {}", base.name()));
            }
        }
        if let Some(wrong) = self.misplaced_separator(start, at, base) {
            self.error(wrong, "'_' must separate successive digits");
        }
        (kind, at)
    }

    /// The end of the digits and separators from `at` on. Digits too large for a base below ten
    /// are taken, so that one mistake does not split the number.
    fn digits(&self, at: usize, base: Base) -> usize {
        self.run(at, |b| match base {
            Base::Hexadecimal => b.is_ascii_hexdigit() || b == b'_',
            _ => b.is_ascii_digit() || b == b'_',
        })
    }

    fn has_digit(&self, start: usize, end: usize) -> bool {
        self.src
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .any(|&b| b != b'_')
    }

    /// The first `_` that does not stand between two digits; a prefix counts as a digit.
    fn misplaced_separator(&self, start: usize, end: usize, base: Base) -> Option<usize> {
        let is_digit = |b: u8| match base {
            Base::Hexadecimal => b.is_ascii_hexdigit(),
            _ => b.is_ascii_digit(),
        };
        let body = start + base.prefix();
        (body..end).filter(|&at| self.byte(at) == b'_').find(|&at| {
            let before = if at == body {
                base.prefix() > 0
            } else {
                is_digit(self.byte(at - 1))
            };
            let after = at + 1 < end && is_digit(self.byte(at + 1));
            !before || !after
        })
    }
}
