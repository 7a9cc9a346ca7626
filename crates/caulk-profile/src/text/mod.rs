//! The text forms that the Go runtime writes with `debug=1`.

pub(crate) mod block;
pub(crate) mod count;
mod heap;
mod memstats;
pub(crate) mod quoted;

use rustc_hash::FxHashMap;

use crate::{Line, LocationIndex, Mapping, Profile, ProfileBuilder, ReadError};
use block::{Block, Symbol};

/// Most frames in a row that the runtime prints no symbol line for.
const MOST_HIDDEN: usize = 128;

/// What becomes of the symbol lines, which `go tool pprof` skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbols {
    Keep,
    Skip,
}

/// Reads any text form that is known.
pub(crate) fn read(bytes: &[u8], symbols: Symbols) -> Result<Profile, ReadError> {
    if is_binary_cpu_profile(bytes) {
        return Err(ReadError::NotYet {
            form: "the binary form of a CPU profile",
        });
    }
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().next().unwrap_or("");
    if first.contains("heap profile: ") {
        return heap::read(&text, symbols);
    }
    if let Some(form) = form_not_read(first) {
        return Err(ReadError::NotYet { form });
    }
    if crate::goroutine::is_dump_of_debug_2(bytes) {
        return Err(ReadError::GoroutineDump);
    }
    count::read(&text, symbols)
}

fn form_not_read(first_line: &str) -> Option<&'static str> {
    let forms = [
        ("--- mutex:", "the text form of a mutex profile"),
        ("--- contention:", "the text form of a block profile"),
        ("--- contentionz ", "the text form of a contention profile"),
        ("--- threadz ", "the text form of a thread profile"),
        ("--- Thread ", "the text form of a thread profile"),
        ("--- heapz ", "the text form of a Java heap profile"),
    ];
    forms
        .iter()
        .find(|(start, _)| first_line.starts_with(start))
        .map(|&(_, form)| form)
}

/// Whether it starts as the binary form does: the words 0, 3, 0 or 1, a period, 0, of 32 or 64
/// bits in either byte order.
fn is_binary_cpu_profile(bytes: &[u8]) -> bool {
    let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    let starts = |word_size: usize, is_big_endian: bool| {
        let words = bytes
            .chunks_exact(word_size)
            .take(5)
            .map(|word| match is_big_endian {
                true => word.iter().fold(0, add),
                false => word.iter().rev().fold(0, add),
            });
        matches!(words.collect::<Vec<_>>()[..], [0, 3, 0 | 1, period, 0] if period > 0)
    };
    [4, 8]
        .iter()
        .any(|&size| starts(size, false) || starts(size, true))
}

/// Makes locations of addresses, with their symbol lines if those are kept.
struct Locations {
    symbols: Symbols,
    mapping: Option<crate::MappingIndex>,
    known: FxHashMap<(u64, Vec<Line>), LocationIndex>,
}

impl Locations {
    fn new(symbols: Symbols) -> Self {
        Locations {
            symbols,
            mapping: None,
            known: FxHashMap::default(),
        }
    }

    /// The stack of a block, leaf first.
    ///
    /// The runtime prints no symbol line for its own frames at the leaf and for `runtime.goexit`;
    /// where symbols are kept these frames are left out, as they are in the protobuf form.
    fn stack(&mut self, builder: &mut ProfileBuilder, block: &Block) -> Vec<LocationIndex> {
        let lines_of = match self.symbols {
            Symbols::Keep => match_symbols(&block.addresses, &block.symbols),
            Symbols::Skip => vec![Vec::new(); block.addresses.len()],
        };
        let has_lines = |lines: &Vec<&Symbol>| !lines.is_empty();
        let (first, end) = match lines_of.iter().position(has_lines) {
            Some(first) => (
                first,
                lines_of.iter().rposition(has_lines).map_or(0, |at| at + 1),
            ),
            None => (0, lines_of.len()),
        };
        let shown = block.addresses.iter().zip(&lines_of).take(end).skip(first);
        // Threads that C code started have stacks of zeros.
        let shown = shown.filter(|&(&address, _)| address != 0 || self.symbols == Symbols::Skip);
        let shown: Vec<_> = shown.collect();
        (shown.into_iter())
            .map(|(address, symbols)| {
                let lines = symbols.iter().map(|symbol| symbol.line(builder)).collect();
                self.location(builder, address.wrapping_sub(1), lines)
            })
            .collect()
    }

    fn location(
        &mut self,
        builder: &mut ProfileBuilder,
        address: u64,
        lines: Vec<Line>,
    ) -> LocationIndex {
        let key = (address, lines);
        if let Some(&index) = self.known.get(&key) {
            return index;
        }
        // The reference gives addresses without a mapping one that covers everything.
        if self.symbols == Symbols::Skip && self.mapping.is_none() && address != 0 {
            let everything = Mapping {
                limit: u64::MAX,
                ..Mapping::default()
            };
            self.mapping = Some(builder.mapping(everything));
        }
        let mapping = self.mapping.filter(|_| address != 0);
        let index = builder.location(mapping, address, &key.1);
        self.known.insert(key, index);
        index
    }
}

impl Symbol<'_> {
    fn line(&self, builder: &mut ProfileBuilder) -> Line {
        let function = builder.function(self.function, self.file, 0);
        Line {
            function,
            line: self.line,
            column: 0,
        }
    }
}

/// The symbol lines of each address. They are in the order of the addresses; a symbol whose
/// address is not among those that are left was inlined into the one before it.
fn match_symbols<'s, 't>(addresses: &[u64], symbols: &'s [Symbol<'t>]) -> Vec<Vec<&'s Symbol<'t>>> {
    let mut lines_of: Vec<Vec<&Symbol>> = vec![Vec::new(); addresses.len()];
    let mut next = 0;
    for symbol in symbols {
        let rest = addresses.get(next..).unwrap_or(&[]);
        let mut near = rest.iter().take(MOST_HIDDEN);
        let found = near.position(|&address| address.wrapping_sub(1) == symbol.pc);
        let at = match found {
            Some(found) => next + found,
            None => next.saturating_sub(1),
        };
        if let Some(lines) = lines_of.get_mut(at) {
            lines.push(symbol);
            next = at + 1;
        }
    }
    lines_of
}
