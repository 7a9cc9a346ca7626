//! From the text of a dump to its columns.

use rustc_hash::FxHashMap;

use super::dump::{
    AncestorRecord, Dump, DumpFrameId, DumpProblem, FrameRecord, GoroutineRecord, TraceRecord,
};
use crate::legacy::count::{self, Count};
use crate::legacy::lines::{Lines, is_blank_or_comment};
use crate::legacy::notes::Notes;
use crate::legacy::quoted;

/// Where the runtime cuts a dump off, whatever is left to say.
const RUNTIME_LIMIT: usize = 64 << 20;
/// Most problems that are listed one by one.
const PROBLEMS_LISTED: usize = 20;

/// Whether a text is a dump of `debug=2` (or what a crash prints) rather than a profile.
pub fn is_dump_of_debug_2(text: &[u8]) -> bool {
    text.starts_with(b"goroutine ") && {
        let first = text.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
        first.trim_ascii_end().ends_with(b"]:")
    }
}

/// Reads a goroutine dump of either form. Never fails: what cannot be read is a problem of the
/// dump, and the rest is there.
pub fn read(text: &[u8]) -> Dump {
    let within = text.get(..u32::MAX as usize).unwrap_or(text);
    let lossy = String::from_utf8_lossy(within);
    let mut reader = Reader::default();
    // What a goroutine does not have is string 0.
    reader.string("");
    match count::header(within) {
        Some((_, lines)) => reader.read_counts(lines),
        None => reader.read_blocks(&lossy, text.len()),
    }
    if reader.unlisted_problems > 0 {
        let lines = reader.unlisted_problems;
        reader
            .dump
            .problems
            .push(DumpProblem::MoreUnexpectedLines { lines });
    }
    reader.dump
}

#[derive(Default)]
struct Reader {
    dump: Dump,
    string_ids: FxHashMap<Box<str>, u32>,
    frame_ids: FxHashMap<FrameRecord, DumpFrameId>,
    unlisted_problems: u64,
}

/// A goroutine that is being read.
struct Open {
    goroutine: GoroutineRecord,
    ancestor: Option<AncestorRecord>,
    /// Function whose place is on the next line.
    awaits_place: Option<Awaited>,
    /// Lengths of the columns before this goroutine, to go back to if it is not whole.
    frames_before: usize,
    labels_before: usize,
    ancestors_before: usize,
}

enum Awaited {
    Frame(u32),
    Creator(u32),
}

impl Reader {
    fn read_blocks(&mut self, text: &str, length: usize) {
        // What follows the last line feed is a part of a line.
        let (lines, part) = text.rsplit_once('\n').unwrap_or(("", text));
        let mut open: Option<Open> = None;
        for (index, line) in lines.lines().enumerate() {
            let placed = match (&mut open, line) {
                (_, "") => {
                    self.close(open.take());
                    true
                }
                (_, line) if line.starts_with("goroutine ") && line.ends_with("]:") => {
                    self.close(open.take());
                    open = self.open(line);
                    open.is_some()
                }
                (Some(open), line) => self.line(open, line),
                (None, _) => false,
            };
            if !placed {
                self.unexpected(index + 1, line);
            }
        }
        let is_cut = !part.is_empty() || length >= RUNTIME_LIMIT;
        match open {
            Some(open) if is_cut || !self.is_whole(&open) => self.drop_open(open),
            open if is_cut => self.close(open),
            open => return self.close(open),
        }
        self.dump
            .problems
            .push(DumpProblem::CutOff { offset: length });
    }

    /// `goroutine 22 [chan receive, 5 minutes, locked to thread labels:{"k": "v"}]:`
    fn open(&mut self, line: &str) -> Option<Open> {
        let (id, rest) = line.strip_prefix("goroutine ")?.split_once(' ')?;
        let id = id.parse().ok()?;
        let inner = rest.split_once('[')?.1.strip_suffix("]:")?;
        let (inner, labels) = match inner.split_once(" labels:") {
            Some((inner, labels)) => (inner, quoted::labels(labels.as_bytes())),
            None => (inner, Vec::new()),
        };
        let mut parts = inner.split(", ");
        let state = self.string(parts.next().unwrap_or(""));
        let mut goroutine = GoroutineRecord {
            id: Some(id),
            count: 1,
            state,
            ..Default::default()
        };
        for part in parts {
            if part == "locked to thread" {
                goroutine.locked = true;
            } else if let Some(minutes) = part.strip_suffix(" minutes") {
                goroutine.wait_minutes = minutes.parse().ok();
            }
        }
        let open = self.start(goroutine);
        self.labels(&labels);
        Some(open)
    }

    fn start(&self, mut goroutine: GoroutineRecord) -> Open {
        let frames = self.dump.stack_frames.len();
        goroutine.trace = TraceRecord {
            first: frames as u32,
            end: frames as u32,
            gap_after: None,
        };
        Open {
            goroutine,
            ancestor: None,
            awaits_place: None,
            frames_before: frames,
            labels_before: self.dump.labels.len(),
            ancestors_before: self.dump.ancestors.len(),
        }
    }

    fn labels(&mut self, labels: &[(String, String)]) {
        for (key, value) in labels {
            let label = (self.string(key), self.string(value));
            self.dump.labels.push(label);
        }
    }

    /// Takes a line of an open goroutine; false for one that has no place there.
    fn line(&mut self, open: &mut Open, line: &str) -> bool {
        if let Some(place) = line.strip_prefix('\t') {
            return self.place(open, place);
        }
        if open.awaits_place.take().is_some() {
            return false;
        }
        if line.starts_with("...") && line.ends_with("frames elided...") {
            let trace = match &mut open.ancestor {
                Some(ancestor) => &mut ancestor.trace,
                None => &mut open.goroutine.trace,
            };
            trace.gap_after = Some(self.dump.stack_frames.len() as u32 - trace.first);
            return true;
        }
        if let Some(id) = line.strip_prefix("[originating from goroutine ") {
            let Some(id) = id.strip_suffix("]:").and_then(|id| id.parse().ok()) else {
                return false;
            };
            self.close_ancestor(open);
            let first = self.dump.stack_frames.len() as u32;
            let trace = TraceRecord {
                first,
                end: first,
                gap_after: None,
            };
            open.ancestor = Some(AncestorRecord {
                id,
                trace,
                created_by: None,
            });
            return true;
        }
        if let Some(creator) = line.strip_prefix("created by ") {
            let (function, goroutine) = match creator.rsplit_once(" in goroutine ") {
                Some((function, id)) => (function, id.parse().ok()),
                None => (creator, None),
            };
            if open.ancestor.is_none() {
                open.goroutine.created_in = goroutine;
            }
            open.awaits_place = Some(Awaited::Creator(self.string(function)));
            return true;
        }
        // The arguments of a call hold no parentheses; the name of a method may.
        match line
            .strip_suffix(')')
            .and_then(|call| call.rsplit_once('('))
        {
            Some((function, _)) => {
                open.awaits_place = Some(Awaited::Frame(self.string(function)));
                true
            }
            None => false,
        }
    }

    /// `file:line +0xoffset`, the second line of a frame.
    fn place(&mut self, open: &mut Open, place: &str) -> bool {
        let Some(awaited) = open.awaits_place.take() else {
            return place == "goroutine running on other thread; stack unavailable";
        };
        // A crash adds `fp=0x… sp=0x… pc=0x…`.
        let place = place.split_once(" fp=0x").map_or(place, |(place, _)| place);
        let (place, offset) = match place.rsplit_once(" +") {
            Some((place, offset)) => (place, hexadecimal(offset)),
            None => (place, None),
        };
        let Some((file, line)) = place.rsplit_once(':') else {
            return false;
        };
        let Ok(line) = line.parse() else { return false };
        let pc_offset = offset.and_then(|offset| u32::try_from(offset).ok());
        let file = self.string(file);
        let (Awaited::Frame(function) | Awaited::Creator(function)) = awaited;
        let frame = self.frame(FrameRecord {
            function,
            file,
            line,
            pc_offset,
        });
        match awaited {
            Awaited::Frame(_) => self.dump.stack_frames.push(frame),
            Awaited::Creator(_) => match &mut open.ancestor {
                Some(ancestor) => ancestor.created_by = Some(frame),
                None => {
                    open.goroutine.created_by = Some(frame);
                }
            },
        }
        true
    }

    /// Whether the text could end after what there is.
    fn is_whole(&self, open: &Open) -> bool {
        let has_frames = self.dump.stack_frames.len() > open.frames_before;
        open.awaits_place.is_none() && (has_frames || open.goroutine.created_by.is_some())
    }

    /// Ends the part of the block before an ancestor or the end.
    fn close_ancestor(&mut self, open: &mut Open) {
        let end = self.dump.stack_frames.len() as u32;
        match open.ancestor.take() {
            Some(mut ancestor) => {
                ancestor.trace.end = end;
                self.dump.ancestors.push(ancestor);
            }
            None => open.goroutine.trace.end = end,
        }
    }

    fn close(&mut self, open: Option<Open>) {
        let Some(mut open) = open else { return };
        self.close_ancestor(&mut open);
        let end = |length: usize| length as u32;
        let mut goroutine = open.goroutine;
        goroutine.labels = (end(open.labels_before), end(self.dump.labels.len()));
        goroutine.ancestors = (end(open.ancestors_before), end(self.dump.ancestors.len()));
        self.dump.goroutines.push(goroutine);
    }

    fn drop_open(&mut self, open: Open) {
        self.dump.stack_frames.truncate(open.frames_before);
        self.dump.labels.truncate(open.labels_before);
        self.dump.ancestors.truncate(open.ancestors_before);
    }

    fn read_counts(&mut self, mut lines: Lines) {
        while lines.advance() {
            let line = lines.line();
            if is_blank_or_comment(line) {
                continue;
            }
            if line.starts_with(b"---") {
                // A memory map.
                break;
            }
            let number = lines.number();
            match Count::parse(line) {
                Ok(counted) => self.counted(counted.count, &Notes::below(&mut lines)),
                Err(_) => self.unexpected(number, &String::from_utf8_lossy(line)),
            }
        }
    }

    fn counted(&mut self, count: i64, notes: &Notes) {
        let open = self.start(GoroutineRecord {
            // Its pattern has no sign.
            count: count.unsigned_abs(),
            ..Default::default()
        });
        for symbol in &notes.symbols {
            let function = self.string(&String::from_utf8_lossy(symbol.function));
            let file = self.string(&String::from_utf8_lossy(symbol.file));
            // Here the offset is that of the call, in the other form of the instruction after it.
            let pc_offset = u32::try_from(symbol.offset.saturating_add(1)).ok();
            let line = u32::try_from(symbol.line).unwrap_or(0);
            let frame = self.frame(FrameRecord {
                function,
                file,
                line,
                pc_offset,
            });
            self.dump.stack_frames.push(frame);
        }
        self.labels(&notes.labels.map_or(Vec::new(), quoted::labels));
        self.close(Some(open));
    }

    fn unexpected(&mut self, line: usize, text: &str) {
        if self.dump.problems.len() >= PROBLEMS_LISTED {
            self.unlisted_problems += 1;
            return;
        }
        let text = text.chars().take(60).collect();
        self.dump
            .problems
            .push(DumpProblem::UnexpectedLine { line, text });
    }

    fn string(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.string_ids.get(text) {
            return id;
        }
        let id = self.dump.strings.len() as u32;
        self.dump.strings.push(text.into());
        self.string_ids.insert(text.into(), id);
        id
    }

    fn frame(&mut self, frame: FrameRecord) -> DumpFrameId {
        *self.frame_ids.entry(frame).or_insert_with(|| {
            self.dump.frames.push(frame);
            DumpFrameId(self.dump.frames.len() as u32 - 1)
        })
    }
}

fn hexadecimal(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}
