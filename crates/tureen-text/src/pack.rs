//! Columns as plain bytes, for other processes, and back.

use crate::Declined;
use crate::column::Column;
use crate::values::{Kind, Lists, Values};

/// So much text goes into one column when it is unpacked.
const ENOUGH: usize = 1 << 26;

/// Columns of one kind as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// All text, all numbers (eight bytes each) or all truth values (one byte each).
    pub content: Vec<u8>,
    /// The length in bytes of each row of text, as four bytes.
    pub lengths: Vec<u8>,
    /// The number of items of each list, as four bytes.
    pub sizes: Vec<u8>,
}

/// The columns as bytes.
pub fn pack(columns: &[Values]) -> Packed {
    let mut packed = Packed::default();
    for values in columns {
        match values {
            Values::Text(column) => packed.text(column),
            Values::Lists(lists) => {
                packed.text(&lists.items);
                for at in 0..lists.len() {
                    packed.sizes.extend((lists.range(at).len() as u32).to_le_bytes());
                }
            }
            Values::Ints(numbers) => {
                packed.content.extend(numbers.iter().flat_map(|number| number.to_le_bytes()))
            }
            Values::Bools(claims) => packed.content.extend(claims.iter().map(|&claim| u8::from(claim))),
        }
    }
    packed
}

/// The columns that were packed. Declined if these bytes were not made by `pack`.
pub fn unpack(kind: Kind, packed: &Packed) -> Result<Vec<Values>, Declined> {
    let Packed { content, lengths, sizes } = packed;
    match kind {
        Kind::Int => {
            let (numbers, rest) = content.as_chunks();
            if !rest.is_empty() {
                return Err(broken());
            }
            Ok(vec![Values::Ints(numbers.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect())])
        }
        Kind::Bool => Ok(vec![Values::Bools(content.iter().map(|&byte| byte != 0).collect())]),
        Kind::Text => {
            let mut rows = Rows::new(content, lengths)?;
            let mut columns = Vec::new();
            while !rows.left().is_empty() {
                columns.push(Values::Text(rows.take_some()?));
            }
            rows.check_end()?;
            Ok(columns)
        }
        Kind::List | Kind::Tuple => {
            let mut rows = Rows::new(content, lengths)?;
            let mut columns = Vec::new();
            let mut ends = Vec::new();
            let (mut n_items, mut n_bytes) = (0, 0);
            for size in numbers(sizes)? {
                let its_lengths = rows.left().get(n_items..n_items + size).ok_or_else(broken)?;
                n_bytes += its_lengths.iter().sum::<usize>();
                n_items += size;
                ends.push(u32::try_from(n_items).map_err(|_| broken())?);
                if n_bytes >= ENOUGH {
                    columns.push(lists(kind, rows.take(n_items)?, &mut ends));
                    (n_items, n_bytes) = (0, 0);
                }
            }
            if !ends.is_empty() {
                columns.push(lists(kind, rows.take(n_items)?, &mut ends));
            }
            rows.check_end()?;
            Ok(columns)
        }
    }
}

impl Packed {
    fn text(&mut self, column: &Column) {
        for row in column.iter() {
            self.content.extend_from_slice(row.as_bytes());
            self.lengths.extend((row.len() as u32).to_le_bytes());
        }
    }
}

/// Rows that are still packed.
struct Rows<'a> {
    content: &'a str,
    lengths: Vec<usize>,
    n_taken: usize,
}

impl<'a> Rows<'a> {
    fn new(content: &'a [u8], lengths: &[u8]) -> Result<Self, Declined> {
        let content = std::str::from_utf8(content).map_err(|_| broken())?;
        Ok(Self { content, lengths: numbers(lengths)?, n_taken: 0 })
    }

    fn left(&self) -> &[usize] {
        &self.lengths[self.n_taken..]
    }

    fn take_some(&mut self) -> Result<Column, Declined> {
        let mut n_bytes = 0;
        let is_room = |length: &&usize| {
            n_bytes += **length;
            n_bytes < ENOUGH
        };
        let n = self.left().iter().take_while(is_room).count().max(1);
        self.take(n)
    }

    fn take(&mut self, n: usize) -> Result<Column, Declined> {
        let ends: Vec<usize> = self.left()[..n]
            .iter()
            .scan(0, |end, length| {
                *end += length;
                Some(*end)
            })
            .collect();
        self.n_taken += n;
        let n_bytes = ends.last().copied().unwrap_or(0);
        if ends.iter().any(|&end| !self.content.is_char_boundary(end)) {
            return Err(broken());
        }
        let (text, rest) = self.content.split_at(n_bytes);
        self.content = rest;
        Column::of_ends(text.to_owned(), ends)
    }

    fn check_end(&self) -> Result<(), Declined> {
        if self.content.is_empty() && self.left().is_empty() { Ok(()) } else { Err(broken()) }
    }
}

fn lists(kind: Kind, items: Column, ends: &mut Vec<u32>) -> Values {
    Values::Lists(Lists { items, ends: std::mem::take(ends), are_tuples: kind == Kind::Tuple })
}

fn numbers(bytes: &[u8]) -> Result<Vec<usize>, Declined> {
    let (numbers, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(broken());
    }
    Ok(numbers.iter().map(|&bytes| u32::from_le_bytes(bytes) as usize).collect())
}

fn broken() -> Declined {
    Declined::new("these bytes are no packed column")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Packed, pack, unpack};
    use crate::step::{Side, Step, Within};
    use crate::testing::{run, texts};
    use crate::values::Kind;

    proptest! {
        #[test]
        fn what_was_packed_comes_back(first in texts(), second in texts()) {
            let separator = ",".to_owned();
            for step in [
                Step::Slice(crate::step::Slice { start: None, stop: None, step: None }),
                Step::Split { separator: None, limit: None, from: Side::Left },
                Step::Partition { separator: separator.clone(), from: Side::Left },
                Step::Find { needle: separator.clone(), within: Within::default(), from: Side::Left },
                Step::Contains(separator.clone()),
            ] {
                let steps = [step];
                let columns = [run(&steps, &first), run(&steps, &second)];
                let packed = pack(&columns);
                let again = unpack(columns[0].kind(), &packed).expect("it was packed");
                prop_assert_eq!(pack(&again), packed);
                let n: usize = again.iter().map(|values| values.len()).sum();
                prop_assert_eq!(n, first.len() + second.len());
            }
        }

        #[test]
        fn bytes_that_were_not_packed_are_declined(
            content in prop::collection::vec(any::<u8>(), 0..20),
            lengths in prop::collection::vec(0..9_u32, 0..4),
            sizes in prop::collection::vec(0..4_u32, 0..4),
        ) {
            let bytes = |numbers: Vec<u32>| numbers.into_iter().flat_map(u32::to_le_bytes).collect();
            let packed = Packed { content, lengths: bytes(lengths), sizes: bytes(sizes) };
            for kind in [Kind::Text, Kind::List, Kind::Tuple, Kind::Int, Kind::Bool] {
                let _ = unpack(kind, &packed);
            }
        }
    }
}
