use std::ops::Range;

/// The lines of one file that a diagnostic points at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The file as it should be printed; shown when it is not the diagnostic's own.
    pub file: String,
    /// In order of their numbers, none twice.
    pub lines: Vec<SourceLine>,
}

/// One line of source and what is said about parts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// From 1.
    pub number: u32,
    /// Without its line end.
    pub text: String,
    /// In order of their columns.
    pub labels: Vec<Label>,
}

/// A remark about a part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// 0-based byte offsets into the line's text. An empty range marks one character.
    pub columns: Range<usize>,
    /// How the part is underlined.
    pub mark: Mark,
    /// The remark; may be empty.
    pub text: String,
}

/// How a labelled part of a line is underlined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `----`: where something begins or what it is about.
    Dash,
    /// `^^^^`: where something goes wrong.
    Caret,
}

impl Snippet {
    /// A snippet of a file, without lines yet.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            lines: Vec::new(),
        }
    }

    /// Adds the line of `source` in which `span` (byte offsets) begins, labelled over the part of the span
    /// that lies on it. A span outside of the source is moved to its end; bytes that are not UTF-8 show as
    /// U+FFFD.
    pub fn label(
        mut self,
        source: &[u8],
        span: Range<usize>,
        mark: Mark,
        text: impl Into<String>,
    ) -> Self {
        let start = span.start.min(source.len());
        let before = source.get(..start).unwrap_or_default();
        let line_start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let line_count = before.iter().filter(|&&byte| byte == b'\n').count();
        let number = u32::try_from(line_count)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let rest = source.get(line_start..).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);

        let column = |at: usize| {
            let prefix = line.get(..at.saturating_sub(line_start).min(line.len()));
            String::from_utf8_lossy(prefix.unwrap_or_default()).len()
        };
        let label = Label {
            columns: column(start)..column(span.end.max(start)),
            mark,
            text: text.into(),
        };
        self.insert(number, String::from_utf8_lossy(line).into_owned(), label);
        self
    }

    /// Adds the lines of `source` that stand up to `reach` lines before or after a labelled one, and single
    /// lines between those.
    pub fn surround(mut self, source: &[u8], reach: u32) -> Self {
        let labelled: Vec<u32> = self.lines.iter().map(|line| line.number).collect();
        let near = |number: u32| labelled.iter().any(|line| line.abs_diff(number) <= reach);
        let ends_at = source.strip_suffix(b"\n").unwrap_or(source);
        for (number, line) in (1u32..).zip(ends_at.split(|&byte| byte == b'\n')) {
            let is_between = near(number.saturating_sub(1)) && near(number.saturating_add(1));
            if !(near(number) || is_between) || labelled.contains(&number) {
                continue;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let at = self.lines.partition_point(|other| other.number < number);
            let line = SourceLine {
                number,
                text: String::from_utf8_lossy(line).into_owned(),
                labels: Vec::new(),
            };
            self.lines.insert(at, line);
        }
        self
    }

    fn insert(&mut self, number: u32, text: String, label: Label) {
        let at = self.lines.partition_point(|line| line.number < number);
        match self.lines.get_mut(at) {
            Some(line) if line.number == number => {
                let at = line
                    .labels
                    .partition_point(|other| other.columns.start <= label.columns.start);
                line.labels.insert(at, label);
            }
            _ => self.lines.insert(
                at,
                SourceLine {
                    number,
                    text,
                    labels: vec![label],
                },
            ),
        }
    }
}
