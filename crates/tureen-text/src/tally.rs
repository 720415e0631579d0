//! Counts how often each element is there, in order of first sight, as a Python `dict` would.
//!
//! Elements are kept as bytes: text as UTF-8, numbers as eight bytes, truth values as one. The first 16 bytes stand in the
//! entry itself, so that looking for a common word reads the entry and nothing else.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Declined;
use crate::column::Column;
use crate::scalar::ScalarRef;
use crate::values::{Kind, Values};

/// Distinct elements of one kind, and the number of each.
#[derive(Clone, Debug)]
pub struct Tally {
    kind: Kind,
    /// Places in `entries`, by hash.
    table: HashTable<u32>,
    entries: Vec<Entry>,
    /// All elements, one after the other.
    bytes: Vec<u8>,
    /// Not the same in each table, so that nobody can write a text whose words all collide.
    seeds: [u64; 2],
}

#[derive(Clone, Debug)]
struct Entry {
    head: Head,
    hash: u64,
    start: usize,
    length: u32,
    count: u64,
}

/// The first 16 bytes, filled up with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head([u64; 2]);

const HEAD: usize = 16;

impl Tally {
    /// A tally of nothing yet. Lists can't be counted (nor can Python: they have no hash).
    pub fn new(kind: Kind) -> Self {
        let random = RandomState::new();
        Self {
            kind,
            table: HashTable::new(),
            entries: Vec::new(),
            bytes: Vec::new(),
            seeds: [random.hash_one(0), random.hash_one(1)],
        }
    }

    /// What the elements are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The number of distinct elements.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The distinct elements and how often each was seen, in order of first sight.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ScalarRef<'_>, u64)> {
        self.entries.iter().map(|entry| (self.element(entry), entry.count))
    }

    /// Counts an element `n` times more.
    pub fn add(&mut self, element: ScalarRef<'_>, n: u64) -> Result<(), Declined> {
        match element {
            ScalarRef::Text(text) => self.count(text.as_bytes(), Head::of(text.as_bytes()), n),
            ScalarRef::Int(number) => self.count_int(number, n),
            ScalarRef::Bool(claim) => self.count(&[claim.into()], Head::of(&[claim.into()]), n),
        }
        .map(drop)
    }

    /// As plain bytes, for other processes: the elements, the length of each, and the number of each.
    pub fn to_bytes(&self) -> [Vec<u8>; 3] {
        let lengths = self.entries.iter().flat_map(|entry| entry.length.to_le_bytes());
        let numbers = self.entries.iter().flat_map(|entry| entry.count.to_le_bytes());
        [self.bytes.clone(), lengths.collect(), numbers.collect()]
    }

    /// The tally that became these bytes. Declined if none did.
    pub fn of_bytes(
        kind: Kind,
        mut elements: &[u8],
        lengths: &[u8],
        numbers: &[u8],
    ) -> Result<Self, Declined> {
        let broken = || Declined::new("these bytes are no tally");
        let mut tally = Self::new(kind);
        let ((lengths, rest), (numbers, more_rest)) = (lengths.as_chunks(), numbers.as_chunks());
        if lengths.len() != numbers.len() || !rest.is_empty() || !more_rest.is_empty() {
            return Err(broken());
        }
        for (&length, &number) in lengths.iter().zip(numbers) {
            let length = u32::from_le_bytes(length) as usize;
            let (element, rest) = elements.split_at_checked(length).ok_or_else(broken)?;
            let is_sound = match kind {
                Kind::Int => length == 8,
                Kind::Bool => element == [0] || element == [1],
                Kind::Text => std::str::from_utf8(element).is_ok(),
                Kind::List | Kind::Tuple => false,
            };
            if !is_sound {
                return Err(broken());
            }
            tally.count(element, Head::of(element), u64::from_le_bytes(number))?;
            elements = rest;
        }
        Ok(tally)
    }

    /// Counts what another tally has counted, as if it had been seen after ours.
    pub fn merge(&mut self, later: &Tally) -> Result<Vec<u32>, Declined> {
        later.entries.iter().map(|entry| self.count(later.bytes(entry), entry.head, entry.count)).collect()
    }

    /// Counts each element, and tells `tell` its place among the distinct ones.
    pub(crate) fn count_all(&mut self, values: &Values, mut tell: impl FnMut(u32)) -> Result<(), Declined> {
        match values {
            Values::Text(column) => self.count_text(column, tell)?,
            Values::Ints(numbers) => {
                for &number in numbers {
                    tell(self.count_int(number, 1)?);
                }
            }
            Values::Bools(claims) => {
                for &claim in claims {
                    let byte = [claim.into()];
                    tell(self.count(&byte, Head::of(&byte), 1)?);
                }
            }
            Values::Lists(_) => return Err(Declined::new("lists have no hash")),
        }
        Ok(())
    }

    fn count_text(&mut self, column: &Column, mut tell: impl FnMut(u32)) -> Result<(), Declined> {
        let text = column.text().as_bytes();
        for row in column.rows() {
            let word = &text[row.range()];
            // Reading 16 bytes at once is faster than reading as many as there are, where the text goes on that far.
            let head = match text[row.range().start..].first_chunk() {
                Some(window) => Head::masked(window, word.len()),
                None => Head::of(word),
            };
            tell(self.count(word, head, 1)?);
        }
        Ok(())
    }

    fn count_int(&mut self, number: i64, n: u64) -> Result<u32, Declined> {
        let bytes = number.to_le_bytes();
        self.count(&bytes, Head::of(&bytes), n)
    }

    fn count(&mut self, element: &[u8], head: Head, n: u64) -> Result<u32, Declined> {
        let hash = self.hash(element, head);
        let (entries, bytes) = (&self.entries, &self.bytes);
        let found = self.table.find(hash, |&at| {
            let entry = &entries[at as usize];
            entry.head == head
                && entry.length as usize == element.len()
                && (element.len() <= HEAD || &bytes[entry.start..][..element.len()] == element)
        });
        if let Some(&at) = found {
            self.entries[at as usize].count += n;
            return Ok(at);
        }
        self.insert(element, head, hash, n)
    }

    #[cold]
    fn insert(&mut self, element: &[u8], head: Head, hash: u64, n: u64) -> Result<u32, Declined> {
        let at = u32::try_from(self.entries.len())
            .map_err(|_| Declined::new("there are more than 4 billion distinct elements"))?;
        // A row of a column is shorter than 4 GiB.
        let entry = Entry { head, hash, start: self.bytes.len(), length: element.len() as u32, count: n };
        self.bytes.extend_from_slice(element);
        self.entries.push(entry);
        let entries = &self.entries;
        self.table.insert_unique(hash, at, |&at| entries[at as usize].hash);
        Ok(at)
    }

    fn hash(&self, element: &[u8], head: Head) -> u64 {
        if element.len() > HEAD {
            return xxh3_64_with_seed(element, self.seeds[0]);
        }
        // A product folded onto itself: every bit of the head reaches the bits that the table looks at.
        let product = u128::from(head.0[0] ^ self.seeds[0])
            * u128::from(head.0[1].rotate_left(8) ^ self.seeds[1] ^ element.len() as u64);
        (product as u64) ^ (product >> 64) as u64
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start..][..entry.length as usize]
    }

    fn element(&self, entry: &Entry) -> ScalarRef<'_> {
        let bytes = self.bytes(entry);
        match self.kind {
            Kind::Int => {
                ScalarRef::Int(i64::from_le_bytes(bytes.try_into().expect("a number is eight bytes")))
            }
            Kind::Bool => ScalarRef::Bool(bytes == [1]),
            _ => ScalarRef::Text(std::str::from_utf8(bytes).expect("rows of text were counted")),
        }
    }
}

impl Head {
    fn of(element: &[u8]) -> Self {
        let mut window = [0; HEAD];
        let n = element.len().min(HEAD);
        window[..n].copy_from_slice(&element[..n]);
        Self::masked(&window, n)
    }

    /// The first `length` bytes of a window.
    fn masked(window: &[u8; HEAD], length: usize) -> Self {
        let mask = if length >= HEAD { u128::MAX } else { (1 << (8 * length)) - 1 };
        let head = u128::from_le_bytes(*window) & mask;
        Self([head as u64, (head >> 64) as u64])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Tally;
    use crate::scalar::ScalarRef;
    use crate::testing::column;
    use crate::values::{Kind, Values};

    fn words() -> impl Strategy<Value = Vec<String>> {
        // Around the 16 bytes that stand in the entry, and with zeros, with which it is filled up.
        prop::collection::vec("(a|é|\0){0,3}|b{15,18}|antidisestablishment(ar|at)ianism", 0..60)
    }

    fn counted(rows: &[String]) -> Tally {
        let mut tally = Tally::new(Kind::Text);
        tally.count_all(&Values::Text(column(rows)), drop).expect("it is text");
        tally
    }

    fn pairs(tally: &Tally) -> Vec<(String, u64)> {
        tally
            .iter()
            .map(|(element, n)| match element {
                ScalarRef::Text(text) => (text.to_owned(), n),
                other => panic!("{other:?} is no text"),
            })
            .collect()
    }

    fn oracle(rows: &[String]) -> Vec<(String, u64)> {
        let mut pairs: Vec<(String, u64)> = Vec::new();
        for row in rows {
            match pairs.iter_mut().find(|(known, _)| known == row) {
                Some((_, n)) => *n += 1,
                None => pairs.push((row.clone(), 1)),
            }
        }
        pairs
    }

    proptest! {
        #[test]
        fn counts_in_order_of_first_sight(first in words(), second in words()) {
            let mut tally = counted(&first);
            prop_assert_eq!(pairs(&tally), oracle(&first));
            tally.merge(&counted(&second)).expect("both are text");
            let [elements, lengths, numbers] = tally.to_bytes();
            let again = Tally::of_bytes(Kind::Text, &elements, &lengths, &numbers).expect("it was a tally");
            prop_assert_eq!(pairs(&again), oracle(&[first, second].concat()));
        }

        #[test]
        fn bytes_that_are_no_tally_are_declined(
            elements in prop::collection::vec(any::<u8>(), 0..20),
            lengths in prop::collection::vec(0..9_u32, 0..4),
            numbers in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let lengths: Vec<u8> = lengths.into_iter().flat_map(u32::to_le_bytes).collect();
            for kind in [Kind::Text, Kind::Int, Kind::Bool, Kind::List] {
                if let Ok(tally) = Tally::of_bytes(kind, &elements, &lengths, &numbers) {
                    prop_assert!(tally.iter().count() <= lengths.len() / 4);
                }
            }
        }
    }
}
