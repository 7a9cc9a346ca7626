//! Changed lines: as a patch that `git apply` takes, and as hunks for a reader.

use caulk_syntax::Span;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::edit::Edit;

/// Lines of context around a change in a patch.
const CONTEXT: usize = 3;

/// Neighbouring changed lines of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// 1-based line of the unchanged file that is the first one removed, or before which lines are added.
    pub line: u32,
    /// Context and changes, in order.
    pub lines: Vec<HunkLine>,
}

/// One line of a hunk. Text is without its line end; bytes that are not UTF-8 show as U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HunkLine {
    /// Stands in both.
    Context(String),
    /// Only in the old text.
    Removed(String),
    /// Only in the new text.
    Added(String),
}

/// The changed lines with `context` unchanged ones around them.
pub fn hunks(before: &[u8], after: &[u8], context: usize) -> Vec<Hunk> {
    let (old, new) = (lines(before), lines(after));
    let groups = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), context);
    groups.iter().map(|group| hunk(group, &old, &new)).collect()
}

/// A patch in the unified format with `a/` and `b/` before the path, as `git diff` prints it; empty where
/// nothing changes. `path` is relative to where the patch is applied, with `/` between its parts.
pub fn unified(path: &str, before: &[u8], after: &[u8]) -> Vec<u8> {
    let (old, new) = (lines(before), lines(after));
    let groups = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT);
    let mut patch = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        if at == 0 {
            let names = (file_name("a/", path), file_name("b/", path));
            patch.extend_from_slice(format!("--- {}\n+++ {}\n", names.0, names.1).as_bytes());
        }
        patch_hunk(&mut patch, group, &old, &new);
    }
    patch
}

/// The edits that a patch of one file, which a person may have changed, makes of `before`; or why it does not
/// fit, as a fragment. Only the start of each hunk counts in its heading.
pub fn edits_of(patch: &[u8], before: &[u8]) -> Result<Vec<Edit>, String> {
    let old = lines(before);
    let starts: Vec<usize> = old
        .iter()
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        })
        .chain([before.len()])
        .collect();
    let mut edits: Vec<Edit> = Vec::new();
    // 0-based line of the unchanged file; none before the first hunk.
    let mut at: Option<usize> = None;
    let mut added = false;
    let offset = |line: usize| starts.get(line).copied().unwrap_or(before.len()) as u32;
    for line in lines(patch) {
        let text = line.get(1..).unwrap_or_default();
        match (line.first(), at) {
            (Some(b'@'), _) => at = Some(first_line(line).ok_or("a heading of a hunk is broken")?),
            (_, None) => {}
            // `\ No newline at end of file`: of the line before.
            (Some(b'\\'), _) => {
                let added = edits.last_mut().filter(|_| added);
                added.map(|edit| edit.text.pop());
            }
            (Some(b'+'), Some(line)) => {
                let text = String::from_utf8_lossy(text).into_owned();
                let place = offset(line);
                match edits.last_mut().filter(|edit| edit.span.end == place) {
                    Some(edit) => edit.text += &text,
                    None => edits.push(Edit::insert(place, text)),
                }
            }
            (Some(sign @ (b' ' | b'-')), Some(line)) => {
                let stands = old.get(line).copied().unwrap_or_default();
                if stands.trim_ascii_end() != text.trim_ascii_end() {
                    return Err(format!("line {} of the file is another one", line + 1));
                }
                if *sign == b'-' {
                    let (start, end) = (offset(line), offset(line + 1));
                    match edits.last_mut().filter(|edit| edit.span.end == start) {
                        Some(edit) => edit.span.end = end,
                        None => edits.push(Edit::remove(Span::new(start, end))),
                    }
                }
                at = Some(line + 1);
            }
            // Editors take the space of an empty line away.
            (Some(b'\n' | b'\r'), Some(line)) => at = Some(line + 1),
            _ => return Err("a line begins with none of ' ', '+' and '-'".to_owned()),
        }
        added = line.starts_with(b"+");
    }
    edits.retain(|edit| edit.span.of(before) != edit.text.as_bytes());
    Ok(edits)
}

/// The first line of a hunk by its heading, from 0.
fn first_line(heading: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(heading).ok()?.strip_prefix("@@ -")?;
    let digits = text.split([',', ' ']).next()?;
    digits.parse::<usize>().ok()?.checked_sub(1)
}

/// Which lines of a text stand in another one too. Lines are 1-based.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMap {
    /// First line after, first line before, and how many follow them in both.
    kept: Vec<(u32, u32, u32)>,
    touched: Vec<u32>,
}

impl LineMap {
    /// Compares two texts; the ends of their lines count for nothing.
    pub fn between(before: &[u8], after: &[u8]) -> LineMap {
        let bare = |text| {
            lines(text)
                .into_iter()
                .map(<[u8]>::trim_ascii_end)
                .collect()
        };
        let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (bare(before), bare(after));
        let number = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
        let mut map = LineMap::default();
        for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
            let (from, to) = (op.old_range(), op.new_range());
            match op {
                DiffOp::Equal { len, .. } => {
                    let count = u32::try_from(len).unwrap_or(u32::MAX);
                    map.kept.push((number(to.start), number(from.start), count));
                }
                // What is gone is seen at the line that stands there now.
                _ if to.is_empty() => {
                    let last = new.len().saturating_sub(1);
                    map.touched.push(number(to.start.min(last)));
                }
                _ => map.touched.extend(to.map(number)),
            }
        }
        map
    }

    /// The number that a line had before; none for one that was added or changed.
    pub fn before(&self, line: u32) -> Option<u32> {
        let run = self.kept.partition_point(|(after, _, _)| *after <= line);
        let (after, before, count) = self.kept.get(run.checked_sub(1)?)?;
        let offset = line - after;
        (offset < *count).then(|| before + offset)
    }

    /// Lines that were added or changed, and those that stand where lines were taken away, in order.
    pub fn touched(&self) -> impl Iterator<Item = u32> {
        self.touched.iter().copied()
    }
}

fn hunk(group: &[DiffOp], old: &[&[u8]], new: &[&[u8]]) -> Hunk {
    let text = |line: &[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
    };
    let first = group.iter().find(|op| !matches!(op, DiffOp::Equal { .. }));
    let mut lines = Vec::new();
    each_line(group, old, new, |sign, line| {
        lines.push(match sign {
            b'-' => HunkLine::Removed(text(line)),
            b'+' => HunkLine::Added(text(line)),
            _ => HunkLine::Context(text(line)),
        });
    });
    Hunk {
        line: first.map_or(0, |op| op.old_range().start as u32) + 1,
        lines,
    }
}

fn patch_hunk(patch: &mut Vec<u8>, group: &[DiffOp], old: &[&[u8]], new: &[&[u8]]) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let old_range = range(first.old_range().start, last.old_range().end);
    let new_range = range(first.new_range().start, last.new_range().end);
    patch.extend_from_slice(format!("@@ -{old_range} +{new_range} @@\n").as_bytes());
    each_line(group, old, new, |sign, line| {
        patch.push(sign);
        patch.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            patch.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    });
}

fn each_line(group: &[DiffOp], old: &[&[u8]], new: &[&[u8]], mut visit: impl FnMut(u8, &[u8])) {
    for op in group {
        let removed = old.get(op.old_range()).unwrap_or_default();
        let added = new.get(op.new_range()).unwrap_or_default();
        if let DiffOp::Equal { .. } = op {
            removed.iter().for_each(|line| visit(b' ', line));
        } else {
            removed.iter().for_each(|line| visit(b'-', line));
            added.iter().for_each(|line| visit(b'+', line));
        }
    }
}

/// A range of lines as a hunk's heading has it: from 1, an empty one after the line before it.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        len => format!("{},{len}", start + 1),
    }
}

/// Lines with their ends; a carriage return alone does not end one.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// A path as git writes it in a patch: quoted where it has unusual characters, and followed by a tab where
/// it has a space, so that the name's end is known.
fn file_name(prefix: &str, path: &str) -> String {
    let unusual = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\' || byte >= 0x7f;
    if !path.bytes().any(unusual) {
        let end = if path.contains(' ') { "\t" } else { "" };
        return format!("{prefix}{path}{end}");
    }
    let mut quoted = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            byte if unusual(byte) => quoted.push_str(&format!("\\{byte:03o}")),
            byte => quoted.push(char::from(byte)),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use caulk_system::process::{Command, run};
    use caulk_system::{Limits, write_atomic};

    use super::*;

    fn patch(before: &str, after: &str) -> String {
        String::from_utf8(unified("a/b.go", before.as_bytes(), after.as_bytes())).unwrap()
    }

    #[test]
    fn lines_are_followed_through_changes() {
        let before = b"one\ntwo\nthree\nfour\nfive\n";
        let after = b"zero\r\none\r\ntwo and more\nthree\nfive";
        let map = LineMap::between(before, after);
        let was: Vec<Option<u32>> = (0..=6).map(|line| map.before(line)).collect();
        assert_eq!(was, [None, None, Some(1), None, Some(3), Some(5), None]);
        assert_eq!(map.touched().collect::<Vec<_>>(), [1, 3, 5]);
        let gone = LineMap::between(b"a\nb\n", b"a\n");
        assert_eq!(gone.touched().collect::<Vec<_>>(), [1]);
        assert_eq!(LineMap::between(b"", b"a\n").before(1), None);
        assert_eq!(LineMap::between(b"a\n", b"").touched().count(), 1);
    }

    #[test]
    fn a_patch_reads_as_git_prints_it() {
        assert_eq!(patch("a\n", "a\n"), "");
        assert_eq!(
            patch("1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n"),
            "--- a/a/b.go\n+++ b/a/b.go\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+x\n 5\n"
        );
        assert_eq!(
            patch("a", "b\n"),
            "--- a/a/b.go\n+++ b/a/b.go\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
        );
        assert_eq!(
            patch("", "b\n"),
            "--- a/a/b.go\n+++ b/a/b.go\n@@ -0,0 +1 @@\n+b\n"
        );
    }

    #[test]
    fn a_patch_is_read_back() {
        let before = b"1\n2\n3\n4\n5\n6\n7\n8\n9";
        for after in [
            "1\nx\n2\n3\n4\n5\n6\n7\n8\n9",
            "1\n3\n4\n5\ny\n7\n8\n9\n",
            "0\n1\n2\n3\n4\n5\n6\n7\n8",
        ] {
            let patch = unified("a.go", before, after.as_bytes());
            let mut edits = crate::Edits::default();
            edits.add(&edits_of(&patch, before).unwrap()).unwrap();
            assert_eq!(String::from_utf8(edits.apply(before)).unwrap(), after);
        }
        let patch = b"@@ -1,3 +1,4 @@\n 1\n+x\n+y\n 2\n\n";
        let edits = edits_of(patch, b"1\n2\n\n").unwrap();
        assert_eq!(edits, [crate::Edit::insert(2, "x\ny\n")]);
        for (patch, why) in [
            ("@@ -1 +1 @@\n-2\n", "line 1 of the file is another one"),
            (
                "@@ -1 +1 @@\n?\n",
                "a line begins with none of ' ', '+' and '-'",
            ),
            ("@@ 1 @@\n", "a heading of a hunk is broken"),
        ] {
            assert_eq!(edits_of(patch.as_bytes(), before).unwrap_err(), why);
        }
    }

    #[test]
    fn hunks_name_the_line_that_changes() {
        let found = hunks(b"1\n2\n3\n", b"1\nx\n3\n", 1);
        let lines = vec![
            HunkLine::Context("1".into()),
            HunkLine::Removed("2".into()),
            HunkLine::Added("x".into()),
            HunkLine::Context("3".into()),
        ];
        assert_eq!(found, [Hunk { line: 2, lines }]);
        assert_eq!(hunks(b"1\n2\n", b"1\nx\n2\n", 0)[0].line, 2);
    }

    #[test]
    fn git_applies_it() {
        let cases: [(&str, &[u8], &[u8]); 6] = [
            ("plain.go", b"a\nb\nc\n", b"a\nx\nb\nc\n"),
            ("end.go", b"a\nb", b"a\nb\nc"),
            ("end2.go", b"a\nb", b"a\nb\n"),
            ("crlf.go", b"a\r\nb\r\n", b"a\r\nx\r\nb\r\n"),
            ("a b/\u{e9}\t\"q.go", b"\xff\nb\n", b"\xff\nc\n"),
            ("cr.go", b"a\rb\n", b"a\rc\n"),
        ];
        let folder = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for (path, before, after) in cases {
            let file = folder.path().join(path);
            caulk_system::create_folder(file.parent().unwrap()).unwrap();
            write_atomic(&file, before).unwrap();
            all.extend(unified(path, before, after));
        }
        let patch_file = folder.path().join("all.patch");
        write_atomic(&patch_file, &all).unwrap();
        let command = Command::new("git")
            .args(["apply", "--whitespace=nowarn", "all.patch"])
            .folder(folder.path());
        let output = run(&command, &Limits::default().within(Duration::from_secs(30))).unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for (path, _, after) in cases {
            let written =
                caulk_system::Files::read(&caulk_system::OsFiles, &folder.path().join(path));
            assert_eq!(written.unwrap(), after, "{path}");
        }
    }
}
