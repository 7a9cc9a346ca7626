//! The blocks of a text profile: a line for the sample, then comment lines with its labels and
//! symbols.

/// One sample with its comment lines.
#[derive(Debug, Clone)]
pub(crate) struct Block<'t> {
    /// 1-based line of the sample.
    pub number: usize,
    /// What is before the `@`, trimmed.
    pub values: &'t str,
    /// The return addresses after the `@`, leaf first.
    pub addresses: Vec<u64>,
    /// What follows `# labels: `.
    pub labels: Option<&'t str>,
    /// The symbol lines, leaf first.
    pub symbols: Vec<Symbol<'t>>,
}

/// A symbol line: `#`, the address of the call, `function+0xoffset`, `file:line`, with tabs
/// between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Symbol<'t> {
    pub pc: u64,
    pub function: &'t str,
    pub offset: u64,
    pub file: &'t str,
    pub line: i64,
}

/// What the lines of a text profile after its header are.
#[derive(Debug)]
pub(crate) enum Item<'t> {
    Block(Block<'t>),
    /// A comment that belongs to no sample, without its `#` and the space after it.
    Comment(&'t str),
    /// A line that is neither, with its 1-based number.
    Other(usize, &'t str),
}

/// Splits lines into blocks and hands each to `take` until it says to stop with an error.
pub(crate) fn each_item<'t, E>(
    lines: impl Iterator<Item = (usize, &'t str)>,
    mut take: impl FnMut(Item<'t>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open: Option<Block<'t>> = None;
    for (number, line) in lines {
        let line = line.trim();
        if line.is_empty() {
            if let Some(block) = open.take() {
                take(Item::Block(block))?;
            }
        } else if let Some(comment) = line.strip_prefix('#') {
            match (
                &mut open,
                Symbol::parse(comment),
                comment.strip_prefix(" labels: "),
            ) {
                (Some(_), Some(symbol), _) if symbol.function.is_empty() => {}
                (Some(block), Some(symbol), _) => block.symbols.push(symbol),
                (Some(block), None, Some(labels)) => block.labels = Some(labels),
                _ => take(Item::Comment(comment.trim()))?,
            }
        } else {
            if let Some(block) = open.take() {
                take(Item::Block(block))?;
            }
            match Block::parse(number, line) {
                Some(block) => open = Some(block),
                None => take(Item::Other(number, line))?,
            }
        }
    }
    match open {
        Some(block) => take(Item::Block(block)),
        None => Ok(()),
    }
}

impl<'t> Block<'t> {
    fn parse(number: usize, line: &'t str) -> Option<Self> {
        let (values, addresses) = line.split_once('@')?;
        let addresses = addresses
            .split_whitespace()
            .map(parse_hex)
            .collect::<Option<Vec<u64>>>()?;
        Some(Block {
            number,
            values: values.trim(),
            addresses,
            labels: None,
            symbols: Vec::new(),
        })
    }
}

impl<'t> Symbol<'t> {
    fn parse(comment: &'t str) -> Option<Self> {
        let mut columns = comment.split('\t').filter(|column| !column.is_empty());
        let pc = parse_hex(columns.next()?)?;
        let unnamed = Symbol {
            pc,
            function: "",
            offset: 0,
            file: "",
            line: 0,
        };
        let Some(function) = columns.next() else {
            return Some(unnamed);
        };
        let (function, offset) = match function.rsplit_once('+') {
            Some((function, offset)) => (function, parse_hex(offset)?),
            None => (function, 0),
        };
        let (file, line) = match columns.next().and_then(|place| place.rsplit_once(':')) {
            Some((file, line)) => (file, line.trim().parse().ok()?),
            None => ("", 0),
        };
        Some(Symbol {
            function,
            offset,
            file,
            line,
            ..unnamed
        })
    }
}

pub(crate) fn parse_hex(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}
