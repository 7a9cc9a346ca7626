//! A column that has any number of items for each sample.

/// Lists one after the other. They stay in the parts that they were made in, one for each thread:
/// moving them together would take as long as making them.
#[derive(Debug, Clone)]
pub(crate) struct Lists<T> {
    before: Vec<Part<T>>,
    last: Part<T>,
}

#[derive(Debug, Clone)]
struct Part<T> {
    /// Position among all lists of the first.
    first: usize,
    items: Vec<T>,
    /// By list, the end of its items.
    ends: Vec<u32>,
}

impl<T> Lists<T> {
    /// None yet, with room for so many, but not for their items.
    pub fn with_capacity(lists: usize) -> Self {
        let mut all = Lists::default();
        all.last.ends.reserve_exact(lists);
        all
    }

    /// Makes room for so many, and for their items, as far as there is memory.
    pub fn reserve(&mut self, lists: usize, items: usize) {
        // What is not reserved now is when it is needed.
        let _ = self.last.ends.try_reserve_exact(lists);
        let _ = self.last.items.try_reserve_exact(items);
    }

    /// Number of lists.
    #[inline]
    pub fn len(&self) -> usize {
        self.last.first + self.last.ends.len()
    }

    /// The items of a list; none for one that is not there.
    #[inline]
    pub fn get(&self, index: usize) -> &[T] {
        if index >= self.last.first {
            return self.last.get(index - self.last.first);
        }
        // Few threads, few parts.
        let part = self.before.iter().rev().find(|part| part.first <= index);
        part.map_or(&[], |part| part.get(index - part.first))
    }

    /// The items of all lists.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        let parts = self.before.iter().chain([&self.last]);
        parts.flat_map(|part| &part.items)
    }

    /// Number of items.
    pub fn item_count(&self) -> usize {
        let parts = self.before.iter().chain([&self.last]);
        parts.map(|part| part.items.len()).sum()
    }

    /// Adds a list.
    pub fn push(&mut self, items: impl IntoIterator<Item = T>) {
        self.next_items().extend(items);
        self.end_items();
    }

    /// Where the items of the next list are to be appended, which [`Self::end_items`] adds and
    /// [`Self::drop_items`] takes away again.
    #[inline]
    pub fn next_items(&mut self) -> &mut Vec<T> {
        &mut self.last.items
    }

    /// Adds the list of what was appended.
    #[inline]
    pub fn end_items(&mut self) {
        match u32::try_from(self.last.items.len()) {
            Ok(end) => self.last.ends.push(end),
            Err(_) => self.end_items_apart(),
        }
    }

    /// Adds the list as a part of its own: 32 bits cannot count the items with those before.
    #[cold]
    fn end_items_apart(&mut self) {
        let items = self.last.items.split_off(self.last.end());
        let end = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let ends = vec![end];
        self.append_part(Part {
            first: 0,
            items,
            ends,
        });
    }

    /// Takes away what was appended.
    pub fn drop_items(&mut self) {
        self.last.items.truncate(self.last.end());
    }

    /// Adds the lists of another column.
    pub fn append(&mut self, other: Lists<T>) {
        let parts = other.before.into_iter().chain([other.last]);
        parts.for_each(|part| self.append_part(part));
    }

    fn append_part(&mut self, part: Part<T>) {
        if part.ends.is_empty() {
            return;
        }
        let first = self.len();
        let before = std::mem::replace(&mut self.last, Part { first, ..part });
        if !before.ends.is_empty() {
            self.before.push(before);
        }
    }
}

impl<T> Part<T> {
    /// The end of the last list.
    fn end(&self) -> usize {
        self.ends.last().map_or(0, |&end| end as usize)
    }

    #[inline]
    fn get(&self, index: usize) -> &[T] {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        self.items.get(start as usize..end as usize).unwrap_or(&[])
    }
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        let last = Part {
            first: 0,
            items: Vec::new(),
            ends: Vec::new(),
        };
        Lists {
            before: Vec::new(),
            last,
        }
    }
}

/// Where a part ends makes no difference.
impl<T: PartialEq> PartialEq for Lists<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|at| self.get(at) == other.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(of: &[&[u8]]) -> Lists<u8> {
        let mut lists = Lists::default();
        of.iter().for_each(|list| lists.push(list.iter().copied()));
        lists
    }

    #[test]
    fn parts_make_no_difference() {
        let whole = lists(&[&[1, 2], &[], &[3], &[4, 5]]);
        for cut in 0..=4 {
            let all: [&[u8]; 4] = [&[1, 2], &[], &[3], &[4, 5]];
            let (left, right) = all.split_at(cut);
            let mut joined = lists(left);
            joined.append(Lists::default());
            joined.append(lists(right));
            assert_eq!(joined, whole, "{cut}");
            assert_eq!(joined.len(), 4);
            assert_eq!(joined.get(3), [4, 5]);
            assert_eq!(joined.get(4), []);
            assert!(joined.items().eq(whole.items()));
            joined.push([6]);
            assert_eq!(joined.get(4), [6]);
        }
    }

    #[test]
    fn a_list_that_is_dropped_leaves_nothing() {
        let mut some = lists(&[&[1]]);
        some.next_items().extend([8, 9]);
        some.drop_items();
        some.push([2]);
        assert_eq!(some, lists(&[&[1], &[2]]));
    }

    #[test]
    fn a_list_may_begin_a_part() {
        let mut some = lists(&[&[1, 2]]);
        some.next_items().extend([3, 4]);
        some.end_items_apart();
        some.push([5]);
        assert_eq!(some, lists(&[&[1, 2], &[3, 4], &[5]]));
    }
}
