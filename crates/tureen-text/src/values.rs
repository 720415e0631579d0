//! What steps take and give: columns of text, of lists of text, of whole numbers and of truth values.

use crate::Declined;
use crate::column::{Column, Row};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Lists of text, as `str.split` gives.
    List,
    /// Tuples of text, as `str.partition` gives.
    Tuple,
    Int,
    Bool,
}

/// A column.
#[derive(Clone, Debug)]
pub enum Values {
    Text(Column),
    Lists(Lists),
    Ints(Vec<i64>),
    Bools(Vec<bool>),
}

/// A column of lists of text: the items of all lists, one after the other, and where each list ends.
#[derive(Clone, Debug)]
pub struct Lists {
    pub(crate) items: Column,
    pub(crate) ends: Vec<u32>,
    pub(crate) are_tuples: bool,
}

impl Lists {
    pub(crate) fn new(items: Column, ends: Vec<u32>) -> Self {
        Self { items, ends, are_tuples: false }
    }

    /// The number of lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no lists.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether Python has tuples here, rather than lists.
    pub fn are_tuples(&self) -> bool {
        self.are_tuples
    }

    /// The items of the list at a place, which must be there.
    pub fn get(&self, at: usize) -> impl ExactSizeIterator<Item = &str> {
        self.range(at).map(|item| self.items.get(item))
    }

    pub(crate) fn range(&self, at: usize) -> std::ops::Range<usize> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start as usize..self.ends[at] as usize
    }

    /// Lists of some of the items: `choose` is given the items' places in each list and pushes those it wants.
    pub(crate) fn choose(&self, mut choose: impl FnMut(std::ops::Range<usize>, &mut Vec<Row>)) -> Self {
        let mut rows = Vec::with_capacity(self.items.len());
        let mut ends = Vec::with_capacity(self.len());
        for at in 0..self.len() {
            choose(self.range(at), &mut rows);
            ends.push(rows.len() as u32);
        }
        Self { items: self.items.with_rows(rows), ends, are_tuples: self.are_tuples }
    }

    fn keep(&mut self, mask: &[bool]) {
        let rows = self.items.rows();
        let mut kept = Vec::new();
        let mut ends = Vec::new();
        for (at, _) in mask.iter().enumerate().filter(|(_, keep)| **keep) {
            kept.extend_from_slice(&rows[self.range(at)]);
            ends.push(kept.len() as u32);
        }
        self.items = self.items.with_rows(kept);
        self.ends = ends;
    }
}

impl Values {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Values::Text(column) => column.len(),
            Values::Lists(lists) => lists.len(),
            Values::Ints(numbers) => numbers.len(),
            Values::Bools(claims) => claims.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is held.
    pub fn kind(&self) -> Kind {
        match self {
            Values::Text(_) => Kind::Text,
            Values::Lists(lists) if lists.are_tuples => Kind::Tuple,
            Values::Lists(_) => Kind::List,
            Values::Ints(_) => Kind::Int,
            Values::Bools(_) => Kind::Bool,
        }
    }

    /// Whether each element is true, as Python's `bool` has it.
    pub(crate) fn truth(&self) -> Vec<bool> {
        match self {
            Values::Text(column) => column.rows().iter().map(|row| row.len() > 0).collect(),
            Values::Lists(lists) => (0..lists.len()).map(|at| !lists.range(at).is_empty()).collect(),
            Values::Ints(numbers) => numbers.iter().map(|&number| number != 0).collect(),
            Values::Bools(claims) => claims.clone(),
        }
    }

    pub(crate) fn keep(&mut self, mask: &[bool]) {
        match self {
            Values::Text(column) => column.keep(mask),
            Values::Lists(lists) => lists.keep(mask),
            Values::Ints(numbers) => retain(numbers, mask),
            Values::Bools(claims) => retain(claims, mask),
        }
    }

    /// The same elements, holding on to no more text than they need.
    pub(crate) fn compact(self) -> Result<Self, Declined> {
        Ok(match self {
            Values::Text(column) => Values::Text(column.compact()?),
            Values::Lists(lists) => {
                let Lists { items, ends, are_tuples } = lists;
                Values::Lists(Lists { items: items.compact()?, ends, are_tuples })
            }
            numbers => numbers,
        })
    }
}

fn retain<T>(values: &mut Vec<T>, mask: &[bool]) {
    let mut mask = mask.iter();
    values.retain(|_| *mask.next().expect("a mask is as long as its column"));
}
