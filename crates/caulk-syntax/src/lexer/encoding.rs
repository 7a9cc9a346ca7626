//! Bytes that may not be in a Go file, and text from bytes.

use super::Lexer;
use crate::file::SyntaxError;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Lexer<'_> {
    /// A byte order mark is allowed at the start of a file, and there only.
    pub fn skip_byte_order_mark(&mut self) {
        if self.src.starts_with(BYTE_ORDER_MARK) {
            self.pos = BYTE_ORDER_MARK.len();
        }
    }
}

/// Reports the first NUL, the first byte order mark that is not at the start and the first bytes
/// that are not UTF-8. They are errors wherever they stand, in comments and literals too.
pub(crate) fn check_encoding(src: &[u8], errors: &mut Vec<SyntaxError>) {
    let mut report = |offset: usize, message: &str| {
        errors.push(SyntaxError {
            offset: offset as u32,
            message: message.to_owned(),
        });
    };
    if let Some(offset) = memchr::memchr(0, src) {
        report(offset, "illegal character NUL");
    }
    if let Some(len) = memchr::memmem::find(src.get(1..).unwrap_or_default(), BYTE_ORDER_MARK) {
        report(1 + len, "illegal byte order mark");
    }
    if let Err(error) = std::str::from_utf8(src) {
        let utf16 = src.starts_with(b"\xff\xfe") || src.starts_with(b"\xfe\xff");
        let detail = if utf16 { " (got UTF-16)" } else { "" };
        report(
            error.valid_up_to(),
            &format!("illegal UTF-8 encoding{detail}"),
        );
    }
}

/// Appends `bytes` to `text` so that every byte keeps its place: what is not UTF-8 becomes `?`.
pub(crate) fn push_text(text: &mut String, bytes: &[u8]) {
    if let Ok(valid) = std::str::from_utf8(bytes) {
        text.push_str(valid);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('?'));
    }
}
