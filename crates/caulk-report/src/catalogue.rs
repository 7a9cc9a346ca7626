use crate::Block;

/// Things of one kind, of which a reader chooses by what they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// What tells them apart: a rule, a severity.
    pub facets: Vec<Facet>,
    /// In reading order.
    pub items: Vec<CatalogueItem>,
}

/// One thing that items differ in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facet {
    /// What it is.
    pub name: String,
    /// The values that items have, in the order in which they are offered.
    pub values: Vec<String>,
}

/// One of many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogueItem {
    /// Its name in links, unique on the page: see [`crate::Cell::link`].
    pub name: String,
    /// For each facet the number of its value.
    pub values: Vec<usize>,
    /// What is said of it.
    pub blocks: Vec<Block>,
}
