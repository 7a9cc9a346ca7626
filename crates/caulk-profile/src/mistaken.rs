//! Files that people take for profiles, told by their first bytes.

/// What a file is that is no profile, if that is known.
pub(crate) fn what_it_is(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 17] = [
        (b"go1.7 heap dump\n", "a heap dump of debug.WriteHeapDump"),
        (b"PERFILE2", "a recording of Linux perf"),
        (b"JAVA PROFILE", "a heap dump of Java"),
        (b"FLR\0", "a recording of Java Flight Recorder"),
        (b"\x7fELF", "a program or a core dump"),
        (b"\xcf\xfa\xed\xfe", "a program"),
        (b"\xce\xfa\xed\xfe", "a program"),
        (b"\xca\xfe\xba\xbe", "a program"),
        (b"MZ", "a program"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"BZh", "packed with bzip2"),
        (b"\xfd7zXZ\0", "packed with xz"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"PAR1", "a table of Parquet"),
        (b"\x89PNG", "a picture"),
        (b"%PDF", "a document"),
    ];
    if is_trace(bytes) {
        return Some("an execution trace, which go tool trace reads");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    let known = |(beginning, _): &&(&[u8], _)| bytes.starts_with(beginning);
    if let Some(&(_, what)) = BEGINNINGS.iter().find(known) {
        return Some(what);
    }
    let text = bytes.trim_ascii_start();
    let starts = |beginning: &[u8]| {
        let start = text.get(..beginning.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    if starts(b"<!doctype html") || starts(b"<html") {
        Some("a web page")
    } else if starts(b"<?xml") || starts(b"<svg") {
        Some("XML")
    } else if starts(b"{") || starts(b"[{") {
        Some("JSON")
    } else {
        None
    }
}

/// Such as `go 1.22 trace` and three zeros.
fn is_trace(bytes: &[u8]) -> bool {
    let start = bytes.get(..16).unwrap_or(bytes);
    start.starts_with(b"go 1.") && memchr::memmem::find(start, b" trace\0").is_some()
}

/// The first line of a text, cut short; `None` where a person would not call it text.
pub(crate) fn first_line_of_text(bytes: &[u8]) -> Option<String> {
    const MOST: usize = 60;
    let start = bytes.get(..4 * MOST).unwrap_or(bytes);
    let is_text =
        |&byte: &u8| byte >= 0x80 || byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The cut may have gone through a character.
        Err(error) if start.len() - error.valid_up_to() < 4 && start.len() < bytes.len() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if !start.iter().all(is_text) {
        return None;
    }
    let line = valid.trim().lines().next().unwrap_or("").trim_end();
    Some(match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end)?),
        None => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_profile_is_named() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, what) in [
            (
                &b"go 1.22 trace\0\0\0"[..],
                "an execution trace, which go tool trace reads",
            ),
            (b"\n<!DOCTYPE html>\n<html>", "a web page"),
            (b"  {\"a\": 1}", "JSON"),
            (b"\x7fELF\x02", "a program or a core dump"),
            (&tar, "a tar archive"),
        ] {
            assert_eq!(what_it_is(bytes), Some(what));
        }
        assert_eq!(what_it_is(b"404 page not found\n"), None);
        assert_eq!(what_it_is(b"go 1.22 is out"), None);
    }

    #[test]
    fn the_first_line_of_a_text_is_short() {
        let shown = |bytes: &[u8]| first_line_of_text(bytes);
        assert_eq!(
            shown(b"\n 404 page not found\n\n").unwrap(),
            "404 page not found"
        );
        assert_eq!(shown(&[b'x'; 300]).unwrap(), format!("{}…", "x".repeat(60)));
        assert_eq!(
            shown("ö".repeat(300).as_bytes()).unwrap(),
            format!("{}…", "ö".repeat(60))
        );
        assert_eq!(shown(b"a\0"), None);
        assert_eq!(shown(b"a\xff"), None);
        assert_eq!(shown(b""), Some(String::new()));
    }
}
