//! `find`, `rfind`, `index`, `rindex`, `count`, and `in`.

use memchr::memmem::{Finder, FinderRev};

use crate::Declined;
use crate::column::Column;
use crate::kernels::position::{Within, length};
use crate::step::Side;

pub(crate) fn find(column: &Column, needle: &str, within: Within, from: Side) -> Vec<i64> {
    let (finder, finder_back) = (Finder::new(needle), FinderRev::new(needle));
    let find = |row: &str| {
        let (first, text) = within.of(row, column.is_ascii())?;
        let at = match from {
            Side::Left => finder.find(text.as_bytes()),
            Side::Right => finder_back.rfind(text.as_bytes()),
        }?;
        let n_before = if column.is_ascii() { at } else { length(&text[..at]) };
        Some((first + n_before) as i64)
    };
    column.iter().map(|row| find(row).unwrap_or(-1)).collect()
}

pub(crate) fn index(column: &Column, needle: &str, within: Within, from: Side) -> Result<Vec<i64>, Declined> {
    let places = find(column, needle, within, from);
    if places.contains(&-1) {
        return Err(Declined::new("a text that `index` looks for is not there"));
    }
    Ok(places)
}

pub(crate) fn count(column: &Column, needle: &str, within: Within) -> Vec<i64> {
    let finder = Finder::new(needle);
    let count = |row: &str| {
        let Some((_, text)) = within.of(row, column.is_ascii()) else { return 0 };
        if needle.is_empty() { length(text) + 1 } else { finder.find_iter(text.as_bytes()).count() }
    };
    column.iter().map(|row| count(row) as i64).collect()
}

pub(crate) fn contains(column: &Column, needle: &str) -> Vec<bool> {
    let finder = Finder::new(needle);
    column.iter().map(|row| finder.find(row.as_bytes()).is_some()).collect()
}

pub(crate) fn lengths(column: &Column) -> Vec<i64> {
    if column.is_ascii() {
        return column.rows().iter().map(|row| row.len() as i64).collect();
    }
    column.iter().map(|row| length(row) as i64).collect()
}
