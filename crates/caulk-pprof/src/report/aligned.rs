//! Text in columns, as Go's package text/tabwriter aligns it to the right.

/// The number of characters of a text; a byte that is not UTF-8 is one.
pub(super) fn width(text: &[u8]) -> usize {
    text.utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum()
}

/// Appends spaces until a text of this many characters takes `width`.
pub(super) fn pad(length: usize, width: usize, out: &mut Vec<u8>) {
    out.extend(std::iter::repeat_n(b' ', width.saturating_sub(length)));
}

/// Appends a text with tabs to `out`, its cells to the right of their columns.
///
/// A cell ends with a tab; what is behind the last tab of a line is no cell. Cells below each other
/// in lines that follow each other make a column, which is one character wider than its widest cell.
pub(super) fn align(text: &[u8], out: &mut Vec<u8>) {
    // A form feed ends the columns, too.
    for part in text.split_inclusive(|&byte| byte == b'\x0c') {
        let is_cut = part.last() == Some(&b'\x0c');
        let part = part.strip_suffix(b"\x0c").unwrap_or(part);
        let lines: Vec<Line> = part.split(|&byte| byte == b'\n').map(Line::new).collect();
        let mut widths = Vec::new();
        write_block(&lines, &mut widths, out);
        // Each line but the last had its end.
        if !is_cut {
            out.pop();
        }
    }
}

struct Line<'t> {
    /// The last is what is behind the last tab.
    cells: Vec<(&'t [u8], usize)>,
}

impl<'t> Line<'t> {
    fn new(text: &'t [u8]) -> Line<'t> {
        let is_end = |byte: &u8| matches!(byte, b'\t' | b'\x0b');
        let cells = text.split(is_end).map(|cell| (cell, width(cell)));
        Line {
            cells: cells.collect(),
        }
    }

    /// The width of a cell, if the line has it.
    fn cell(&self, column: usize) -> Option<usize> {
        let is_cell = column + 1 < self.cells.len();
        self.cells
            .get(column)
            .filter(|_| is_cell)
            .map(|cell| cell.1)
    }

    fn write(&self, widths: &[usize], out: &mut Vec<u8>) {
        for (index, &(cell, length)) in self.cells.iter().enumerate() {
            let width = widths.get(index).copied().unwrap_or(0);
            pad(length, width, out);
            out.extend_from_slice(cell);
        }
        out.push(b'\n');
    }
}

/// Writes lines whose first columns have these widths.
fn write_block(lines: &[Line], widths: &mut Vec<usize>, out: &mut Vec<u8>) {
    let column = widths.len();
    let have = |a: &Line, b: &Line| a.cell(column).is_some() == b.cell(column).is_some();
    for block in lines.chunk_by(have) {
        let widest = block.iter().filter_map(|line| line.cell(column)).max();
        match widest {
            Some(widest) => {
                widths.push(widest + 1);
                write_block(block, widths, out);
                widths.pop();
            }
            None => block.iter().for_each(|line| line.write(widths, out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_below_each_other_are_aligned() {
        let mut out = Vec::new();
        align(
            "key:\t Total\n \t1.50kB (3%):\t a\n \t3 (10%):\t ß\tb\n\nlonger:\t T\n".as_bytes(),
            &mut out,
        );
        let expected = " key: Total\n      1.50kB (3%): a\n          3 (10%): ß b\n\n longer: T\n";
        // The cell of ß is a column of its own.
        let expected = expected.replace(": ß b", ":  ßb");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
