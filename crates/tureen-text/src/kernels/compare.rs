//! Comparisons with constants. UTF-8 sorts as code points do, so text is compared byte by byte.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use crate::column::Column;

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Greater => order.is_gt(),
        }
    }
}

pub(crate) fn text(column: &Column, comparison: Comparison, with: &str) -> Vec<bool> {
    column.iter().map(|row| comparison.holds(row.cmp(with))).collect()
}

pub(crate) fn ints(numbers: &[i64], comparison: Comparison, with: i64) -> Vec<bool> {
    numbers.iter().map(|number| comparison.holds(number.cmp(&with))).collect()
}

pub(crate) fn text_among(column: &Column, among: &FxHashSet<String>) -> Vec<bool> {
    column.iter().map(|row| among.contains(row)).collect()
}

pub(crate) fn ints_among(numbers: &[i64], among: &FxHashSet<i64>) -> Vec<bool> {
    numbers.iter().map(|number| among.contains(number)).collect()
}
