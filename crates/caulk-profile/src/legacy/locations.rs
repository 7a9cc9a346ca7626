//! From the addresses of samples to the locations of a profile.

use rustc_hash::FxHashMap;

use super::Symbols;
use super::notes::{Notes, Symbol};
use crate::{Line, LocationIndex, ProfileBuilder};

/// Most frames in a row that the runtime prints no symbol line for.
const MOST_HIDDEN: usize = 128;

/// Gives each address, with the lines of its symbols, one location, in the order of first use.
pub(super) struct Locations {
    symbols: Symbols,
    known: FxHashMap<(u64, Vec<Line>), LocationIndex>,
}

impl Locations {
    pub fn new(symbols: Symbols) -> Self {
        Locations {
            symbols,
            known: FxHashMap::default(),
        }
    }

    /// The stack of a sample of the Go runtime, leaf first. All its addresses are those of the
    /// instruction after a call; the locations are those of the call.
    ///
    /// The runtime prints no symbol line for its own frames at the leaf and for `runtime.goexit`;
    /// where symbols are kept these frames are left out, as they are in the protobuf form.
    pub fn stack(
        &mut self,
        builder: &mut ProfileBuilder,
        addresses: &[u64],
        notes: &Notes,
    ) -> Vec<LocationIndex> {
        if self.symbols == Symbols::Skip {
            let calls = addresses.iter().map(|address| address.wrapping_sub(1));
            return calls
                .map(|call| self.location(builder, call, Vec::new()))
                .collect();
        }
        let lines_of = match_symbols(addresses, &notes.symbols);
        let has_lines = |lines: &Vec<&Symbol>| !lines.is_empty();
        let (first, end) = match lines_of.iter().position(has_lines) {
            Some(first) => (
                first,
                lines_of.iter().rposition(has_lines).map_or(0, |at| at + 1),
            ),
            None => (0, lines_of.len()),
        };
        let shown = addresses.iter().zip(&lines_of).take(end).skip(first);
        // Threads that C code started have stacks of zeros.
        let shown = shown.filter(|&(&address, _)| address != 0);
        shown
            .map(|(address, symbols)| {
                let lines = symbols.iter().map(|symbol| symbol.line(builder)).collect();
                self.location(builder, address.wrapping_sub(1), lines)
            })
            .collect()
    }

    /// The location at an address.
    pub fn at(&mut self, builder: &mut ProfileBuilder, address: u64) -> LocationIndex {
        self.location(builder, address, Vec::new())
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
        let index = builder.location(None, address, &key.1);
        self.known.insert(key, index);
        index
    }
}

impl Symbol<'_> {
    fn line(&self, builder: &mut ProfileBuilder) -> Line {
        Line {
            function: builder.function_of_bytes(self.function, self.file),
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

/// Takes the leaf out where it is there twice: a profiler may have its address both from the signal
/// and, one less, from the stack.
pub(super) fn without_doubled_leaf(
    builder: &ProfileBuilder,
    mut stack: Vec<LocationIndex>,
) -> Vec<LocationIndex> {
    let address = |at: usize| {
        let location = stack.get(at)?;
        Some(builder.locations().get(location.index())?.address)
    };
    if let (Some(leaf), Some(caller)) = (address(0), address(1))
        && leaf == caller.wrapping_add(1)
    {
        stack.remove(1);
    }
    stack
}
