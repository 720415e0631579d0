//! Places in text, counted in code points as Python does, and the bytes they are at.

/// The part of each row that is looked at, as in `text.find(word, start, end)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Within {
    pub start: Option<i64>,
    pub end: Option<i64>,
}

/// The number of code points.
pub(crate) fn length(text: &str) -> usize {
    // The standard library counts many bytes at a time.
    text.chars().count()
}

/// The byte at which the code point with this number starts; the end of the text if there are fewer.
pub(crate) fn byte_of(text: &str, number: usize, is_ascii: bool) -> usize {
    if is_ascii {
        return number.min(text.len());
    }
    text.char_indices().nth(number).map_or(text.len(), |(at, _)| at)
}

impl Within {
    /// The number of the first code point looked at, and the text looked at. None where the start lies behind the end: then
    /// not even nothing is found.
    pub(crate) fn of<'a>(&self, row: &'a str, is_ascii: bool) -> Option<(usize, &'a str)> {
        if *self == Self::default() {
            return Some((0, row));
        }
        let n = if is_ascii { row.len() } else { length(row) };
        let from_front = |place: i64| {
            if place < 0 { (n as i64 + place).max(0) as usize } else { place as usize }
        };
        let start = self.start.map_or(0, from_front);
        let end = self.end.map_or(n, from_front).min(n);
        if start > end {
            return None;
        }
        let first = byte_of(row, start, is_ascii);
        let last = first + byte_of(&row[first..], end - start, is_ascii);
        Some((start, &row[first..last]))
    }
}
