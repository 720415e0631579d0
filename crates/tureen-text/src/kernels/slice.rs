//! `text[i]`, `text[a:b:c]`, and the same of lists.

use std::ops::Range;

use crate::Declined;
use crate::column::{Builder, Column, Row};
use crate::kernels::position::{byte_of, length};
use crate::values::Lists;

/// A slice, as Python writes it. The step is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub start: Option<i64>,
    pub stop: Option<i64>,
    pub step: Option<i64>,
}

impl Slice {
    fn step(self) -> i64 {
        self.step.unwrap_or(1)
    }

    /// Where the slice starts and stops in something of this length.
    fn bounds(self, length: usize) -> (i64, i64) {
        let n = length as i64;
        let (lowest, highest) = if self.step() < 0 { (-1, n - 1) } else { (0, n) };
        let clip = |place: i64| {
            if place < 0 { place.saturating_add(n).max(lowest) } else { place.min(highest) }
        };
        let (first, last) = if self.step() < 0 { (highest, lowest) } else { (lowest, highest) };
        (self.start.map_or(first, clip), self.stop.map_or(last, clip))
    }

    /// The run of places that it takes, if it takes neighbours in their order.
    fn run(self, length: usize) -> Option<Range<usize>> {
        let (start, stop) = self.bounds(length);
        (self.step() == 1).then(|| start as usize..stop.max(start) as usize)
    }

    /// Each place that it takes.
    fn places(self, length: usize) -> impl Iterator<Item = usize> {
        let (start, stop) = self.bounds(length);
        let step = self.step();
        let is_inside = move |at: i64| if step < 0 { at > stop } else { at < stop };
        std::iter::successors(Some(start), move |at| at.checked_add(step))
            .take_while(move |&at| is_inside(at))
            .map(|at| at as usize)
    }
}

pub(crate) fn slice(column: Column, slice: Slice) -> Result<Column, Declined> {
    let is_ascii = column.is_ascii();
    if slice.step() == 1 {
        return Ok(column.map_rows(|text, row| {
            let n = if is_ascii { text.len() } else { length(text) };
            let run = slice.run(n).expect("the step is 1");
            let start = byte_of(text, run.start, is_ascii);
            let end = start + byte_of(&text[start..], run.len(), is_ascii);
            Row { start: row.start + start as u32, end: row.start + end as u32 }
        }));
    }
    let mut letters = Vec::new();
    column.rebuild(|row, out| {
        letters.clear();
        letters.extend(row.chars());
        out.text().extend(slice.places(letters.len()).map(|at| letters[at]));
        Ok(())
    })
}

pub(crate) fn slice_lists(lists: &Lists, slice: Slice) -> Lists {
    let rows = lists.items.rows();
    lists.choose(|items, out| match slice.run(items.len()) {
        Some(run) => out.extend_from_slice(&rows[items][run]),
        None => out.extend(slice.places(items.len()).map(|at| rows[items.start + at])),
    })
}

pub(crate) fn item(column: &Column, place: i64) -> Result<Column, Declined> {
    let is_ascii = column.is_ascii();
    let mut rows = Vec::with_capacity(column.len());
    for (text, row) in column.iter().zip(column.rows()) {
        let n = if is_ascii { text.len() } else { length(text) };
        let start = byte_of(text, place_in(place, n)?, is_ascii);
        let end = start + byte_of(&text[start..], 1, is_ascii);
        rows.push(Row { start: row.start + start as u32, end: row.start + end as u32 });
    }
    Ok(column.with_rows(rows))
}

pub(crate) fn item_of_lists(lists: &Lists, place: i64) -> Result<Column, Declined> {
    let rows = lists.items.rows();
    let mut chosen = Vec::with_capacity(lists.len());
    for at in 0..lists.len() {
        let items = lists.range(at);
        chosen.push(rows[items.start + place_in(place, items.len())?]);
    }
    Ok(lists.items.with_rows(chosen))
}

/// The item at a place of each list, or another text where a list has none there.
pub(crate) fn item_of_lists_or(lists: &Lists, place: i64, other: &str) -> Result<Column, Declined> {
    let mut builder = Builder::with_capacity(lists.items.n_bytes(), lists.len());
    for at in 0..lists.len() {
        let items = lists.range(at);
        match place_in(place, items.len()) {
            Ok(at) => builder.push_str(lists.items.get(items.start + at)),
            Err(_) => builder.push_str(other),
        }
        builder.end_row()?;
    }
    builder.finish()
}

fn place_in(place: i64, length: usize) -> Result<usize, Declined> {
    let from_front = if place < 0 { place.saturating_add(length as i64) } else { place };
    match usize::try_from(from_front) {
        Ok(at) if at < length => Ok(at),
        _ => Err(Declined::new("an index is out of range")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Slice;
    use crate::step::{Side, Step};
    use crate::testing::{lists_of, texts, texts_of};

    /// Counts from the start in steps, as a loop in Python would, over places that may not be there.
    fn oracle<T: Clone>(items: &[T], slice: Slice) -> Vec<T> {
        let n = items.len() as i64;
        let step = slice.step.unwrap_or(1);
        let from_front = |place: i64| if place < 0 { place + n } else { place };
        let start = slice.start.map_or(if step < 0 { n - 1 } else { 0 }, from_front);
        // A start beyond an end is moved to the end; then steps are counted from there.
        let start = if step < 0 { start.min(n - 1) } else { start.max(0) };
        let stop = slice.stop.map_or(if step < 0 { -1 } else { n }, from_front);
        let stop = if step < 0 { stop.max(-1) } else { stop.min(n) };
        let mut taken = Vec::new();
        let mut at = start;
        while if step < 0 { at > stop } else { at < stop } {
            taken.push(items[at as usize].clone());
            at += step;
        }
        taken
    }

    fn slices() -> impl Strategy<Value = Slice> {
        let place = || prop::option::of(-9..9_i64);
        let step = prop::option::of((-3..3_i64).prop_filter("not 0", |step| *step != 0));
        (place(), place(), step).prop_map(|(start, stop, step)| Slice { start, stop, step })
    }

    proptest! {
        #[test]
        fn letter_by_letter(rows in texts(), slice in slices()) {
            let expected: Vec<String> = rows
                .iter()
                .map(|row| oracle(&row.chars().collect::<Vec<_>>(), slice).into_iter().collect())
                .collect();
            prop_assert_eq!(texts_of(&[Step::Slice(slice)], &rows), expected);
        }

        #[test]
        fn item_by_item(rows in texts(), slice in slices()) {
            let split = Step::Split { separator: Some(",".to_owned()), limit: None, from: Side::Left };
            let expected: Vec<Vec<String>> =
                lists_of(std::slice::from_ref(&split), &rows).iter().map(|items| oracle(items, slice)).collect();
            prop_assert_eq!(lists_of(&[split, Step::Slice(slice)], &rows), expected);
        }
    }
}
