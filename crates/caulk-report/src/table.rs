/// Figures in aligned columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// How each column is set, and its heading.
    pub columns: Vec<Column>,
    /// Each with as many cells as there are columns; missing ones are empty, further ones are not printed.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Printed above the column when any column has one.
    pub heading: String,
    /// How cells stand in it.
    pub align: Align,
}

impl Column {
    /// A column set to the left.
    pub fn left(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Left,
        }
    }

    /// A column set to the right, for whole numbers.
    pub fn right(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Right,
        }
    }

    /// A column whose decimal points stand below each other.
    pub fn decimal(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Decimal,
        }
    }
}

/// How the cells of a column stand below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Flush left.
    Left,
    /// Flush right.
    Right,
    /// By the decimal point of the cell's first number, or the end of that number.
    Decimal,
}

/// The text of one cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Printed as it is.
    pub text: String,
    /// Whether it matters more than its neighbours.
    pub strong: bool,
    /// Whether it is a name or a place in source. On a page it is set as such.
    pub code: bool,
    /// A part of a whole, 0 to 1. On a page it is drawn beside the text.
    pub share: Option<f64>,
    /// On a page, the article that it leads to: see [`crate::Part::Article`].
    pub link: Option<String>,
}

impl Cell {
    /// A cell that matters more than its neighbours.
    pub fn strong(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            strong: true,
            ..Self::default()
        }
    }

    /// A cell that is a name or a place in source.
    pub fn code(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: true,
            ..Self::default()
        }
    }

    /// The same cell with a part of a whole drawn beside it.
    pub fn with_share(mut self, share: f64) -> Self {
        self.share = Some(share);
        self
    }

    /// The same cell, leading to an article of the page.
    pub fn linked(mut self, article: impl Into<String>) -> Self {
        self.link = Some(article.into());
        self
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
