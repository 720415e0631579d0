//! `split`, `rsplit`, `partition`, `rpartition`. No text is copied: the items are rows of the same text.

use memchr::memmem::{Finder, FinderRev};

use crate::characters::{Characters, flags};
use crate::column::{Column, Row};
use crate::step::Side;
use crate::values::Lists;

/// Splits at white space. At most `limit` times, counted from a side.
pub(crate) fn at_space(column: &Column, limit: Option<usize>, from: Side, characters: &Characters) -> Lists {
    match limit {
        None => everywhere(column, characters),
        Some(limit) => each(column, |text, row, out| match from {
            Side::Left => at_space_from_left(text, row, limit, characters, out),
            Side::Right => at_space_from_right(text, row, limit, characters, out),
        }),
    }
}

/// Splits at a separator, which is not empty. At most `limit` times, counted from a side.
pub(crate) fn at(column: &Column, separator: &str, limit: Option<usize>, from: Side) -> Lists {
    let limit = limit.unwrap_or(usize::MAX);
    let (finder, finder_back) = (Finder::new(separator), FinderRev::new(separator));
    each(column, |text, row, out| {
        let bytes = text.as_bytes();
        match from {
            Side::Left => {
                let mut start = row.start as usize;
                for place in finder.find_iter(bytes).take(limit) {
                    let place = row.start as usize + place;
                    out.push(Row::new(start, place));
                    start = place + separator.len();
                }
                out.push(Row::new(start, row.end as usize));
            }
            Side::Right => {
                let (n_before, mut end) = (out.len(), row.end as usize);
                for place in finder_back.rfind_iter(bytes).take(limit) {
                    let place = row.start as usize + place;
                    out.push(Row::new(place + separator.len(), end));
                    end = place;
                }
                out.push(Row::new(row.start as usize, end));
                out[n_before..].reverse();
            }
        }
    })
}

/// Splits each row in what is before a separator, the separator, and what is after it.
pub(crate) fn in_three(column: &Column, separator: &str, from: Side) -> Lists {
    let (finder, finder_back) = (Finder::new(separator), FinderRev::new(separator));
    let mut lists = each(column, |text, row, out| {
        let found = match from {
            Side::Left => finder.find(text.as_bytes()),
            Side::Right => finder_back.rfind(text.as_bytes()),
        };
        // Where it isn't found, the whole is on the side we came from.
        let n = separator.len() as u32;
        let (first, second) = match (found, from) {
            (Some(at), _) => (row.start + at as u32, row.start + at as u32 + n),
            (None, Side::Left) => (row.end, row.end),
            (None, Side::Right) => (row.start, row.start),
        };
        out.push(Row { start: row.start, end: first });
        out.push(Row { start: first, end: second });
        out.push(Row { start: second, end: row.end });
    });
    lists.are_tuples = true;
    lists
}

/// The characters of all rows, each a row.
pub(crate) fn characters(column: &Column) -> Column {
    let mut rows = Vec::with_capacity(column.n_bytes());
    for &row in column.rows() {
        let mut at = row.start as usize;
        for c in column.text()[row.range()].chars() {
            rows.push(Row::new(at, at + c.len_utf8()));
            at += c.len_utf8();
        }
    }
    column.with_rows(rows)
}

/// Makes a list of each row.
pub(crate) fn each(column: &Column, mut push: impl FnMut(&str, Row, &mut Vec<Row>)) -> Lists {
    // About as many items as words; one too many times is cheaper than growing.
    let mut rows = Vec::with_capacity(column.len() + column.n_bytes() / 6);
    let mut ends = Vec::with_capacity(column.len());
    for &row in column.rows() {
        push(&column.text()[row.range()], row, &mut rows);
        ends.push(rows.len() as u32);
    }
    Lists::new(column.with_rows(rows), ends)
}

fn everywhere(column: &Column, characters: &Characters) -> Lists {
    each(column, |text, row, out| {
        if column.is_ascii() || text.is_ascii() {
            at_ascii_space(column.text().as_bytes(), row, out);
        } else {
            at_space_from_left(text, row, usize::MAX, characters, out);
        }
    })
}

/// The loop that most text goes through: 64 bytes at a time become 64 bits, and only where these change is there anything
/// to do. `text` is the column's; only the row need be ASCII.
fn at_ascii_space(text: &[u8], row: Row, out: &mut Vec<Row>) {
    let mut word_start = None;
    for start in row.range().step_by(WINDOW) {
        let length = WINDOW.min(row.end as usize - start);
        let mut spaces = match text[start..].first_chunk() {
            Some(window) => spaces_of(window),
            None => {
                let mut window = [b' '; WINDOW];
                window[..length].copy_from_slice(&text[start..start + length]);
                spaces_of(&window)
            }
        };
        if length < WINDOW {
            // What is behind the row ends a word, whatever it is.
            spaces |= u64::MAX << length;
        }
        // A bit for each byte that isn't of the sort (word or space) of the byte before it.
        let mut edges = spaces ^ (spaces << 1 | u64::from(word_start.is_none()));
        while edges != 0 {
            let place = start as u32 + edges.trailing_zeros();
            match word_start.take() {
                Some(start) => out.push(Row { start, end: place }),
                None => word_start = Some(place),
            }
            edges &= edges - 1;
        }
    }
    if let Some(start) = word_start {
        out.push(Row { start, end: row.end });
    }
}

const WINDOW: usize = 64;

/// A bit for each byte, the first the lowest: whether it is one of the ten in ASCII that are white space to Python. Right up
/// to the first byte that isn't ASCII.
fn spaces_of(window: &[u8; WINDOW]) -> u64 {
    let (eights, _) = window.as_chunks();
    eights.iter().rev().fold(0, |spaces, eight| spaces << 8 | u64::from(spaces_of_eight(*eight)))
}

fn spaces_of_eight(eight: [u8; 8]) -> u8 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    let bytes = u64::from_le_bytes(eight);
    // ASCII leaves the top bit of each byte free: it is set by adding 128 - n if the byte is at least n. Where a byte isn't
    // ASCII the sum flows over into the bytes behind it, never into those before.
    let at_least = |n: u64| bytes.wrapping_add((0x80 - n) * ONES);
    let spaces = (at_least(9) & !at_least(14) | at_least(28) & !at_least(33)) & TOPS;
    // The product brings the eight top bits together in the highest byte.
    ((spaces >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

fn at_space_from_left(text: &str, row: Row, limit: usize, characters: &Characters, out: &mut Vec<Row>) {
    let is_space = |c: char| characters.has(c, flags::SPACE);
    let mut rest = text.trim_start_matches(is_space);
    for _ in 0..limit {
        if rest.is_empty() {
            return;
        }
        let n = rest.find(is_space).unwrap_or(rest.len());
        let start = row.end as usize - rest.len();
        out.push(Row::new(start, start + n));
        rest = rest[n..].trim_start_matches(is_space);
    }
    if !rest.is_empty() {
        out.push(Row::new(row.end as usize - rest.len(), row.end as usize));
    }
}

fn at_space_from_right(text: &str, row: Row, limit: usize, characters: &Characters, out: &mut Vec<Row>) {
    let is_space = |c: char| characters.has(c, flags::SPACE);
    let (first, n_before) = (row.start as usize, out.len());
    let mut rest = text.trim_end_matches(is_space);
    for _ in 0..limit {
        if rest.is_empty() {
            break;
        }
        let start = rest.char_indices().rfind(|&(_, c)| is_space(c)).map_or(0, |(at, c)| at + c.len_utf8());
        out.push(Row::new(first + start, first + rest.len()));
        rest = rest[..start].trim_end_matches(is_space);
    }
    if !rest.is_empty() {
        out.push(Row::new(first, first + rest.len()));
    }
    out[n_before..].reverse();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::spaces_of;
    use crate::step::{Side, Step};
    use crate::testing::{CHARACTERS, lists_of, texts, texts_of};

    fn split(separator: Option<&str>, limit: Option<usize>, from: Side) -> [Step; 1] {
        [Step::Split { separator: separator.map(str::to_owned), limit, from }]
    }

    fn is_space(c: char) -> bool {
        CHARACTERS.has(c, crate::characters::flags::SPACE)
    }

    #[test]
    fn what_is_left_keeps_the_space_behind_it() {
        let rows = [" a  b c ".to_owned()];
        assert_eq!(lists_of(&split(None, Some(1), Side::Left), &rows), [["a", "b c "]]);
        assert_eq!(lists_of(&split(None, Some(1), Side::Right), &rows), [[" a  b", "c"]]);
        assert_eq!(lists_of(&split(None, Some(0), Side::Left), &rows), [["a  b c "]]);
    }

    #[test]
    fn each_ascii_byte_is_space_or_not_in_each_place() {
        for byte in 0..128 {
            for place in 0..super::WINDOW {
                let mut window = [b'x'; super::WINDOW];
                window[place] = byte;
                // What is behind and isn't ASCII changes nothing.
                window[place + 1..].fill(0xff);
                let expected = if is_space(char::from(byte)) { 1 << place } else { 0 };
                let here = u64::MAX >> (super::WINDOW - 1 - place);
                assert_eq!(spaces_of(&window) & here, expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn words_round_the_ends_of_windows() {
        for n in 0..140 {
            for behind in ["", "é"] {
                let rows = [format!("{}{}b", "a".repeat(n), " ".repeat(n % 5)), behind.to_owned()];
                let words =
                    |row: &str| row.split(' ').filter(|word| !word.is_empty()).map(String::from).collect();
                let expected: Vec<Vec<String>> = rows.iter().map(|row| words(row)).collect();
                assert_eq!(lists_of(&split(None, None, Side::Left), &rows), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn at_space(rows in texts()) {
            let expected: Vec<Vec<&str>> =
                rows.iter().map(|row| row.split(is_space).filter(|word| !word.is_empty()).collect()).collect();
            prop_assert_eq!(lists_of(&split(None, None, Side::Left), &rows), expected.clone());
            prop_assert_eq!(lists_of(&split(None, Some(99), Side::Left), &rows), expected.clone());
            prop_assert_eq!(lists_of(&split(None, Some(99), Side::Right), &rows), expected);
        }

        #[test]
        fn at_a_separator(rows in texts(), separator in "[a,é]|, |aa", limit in 0..4_usize) {
            let left: Vec<Vec<&str>> =
                rows.iter().map(|row| row.splitn(limit + 1, &separator).collect()).collect();
            prop_assert_eq!(lists_of(&split(Some(&separator), Some(limit), Side::Left), &rows), left);
            let right: Vec<Vec<&str>> = rows.iter().map(|row| {
                let mut items: Vec<_> = row.rsplitn(limit + 1, &separator).collect();
                items.reverse();
                items
            }).collect();
            prop_assert_eq!(lists_of(&split(Some(&separator), Some(limit), Side::Right), &rows), right);
        }

        #[test]
        fn what_is_split_can_be_joined(rows in texts(), separator in "[a,é]|, |aa") {
            let join = Step::Join(separator.clone());
            let [split] = split(Some(&separator), None, Side::Left);
            prop_assert_eq!(texts_of(&[split, join], &rows), rows.clone());
            for from in [Side::Left, Side::Right] {
                let steps = [Step::Partition { separator: separator.clone(), from }, Step::Join(String::new())];
                prop_assert_eq!(texts_of(&steps, &rows), rows.clone());
            }
        }

        #[test]
        fn flattened_text_is_its_characters(rows in texts()) {
            let expected: Vec<String> = rows.iter().flat_map(|row| row.chars()).map(String::from).collect();
            prop_assert_eq!(texts_of(&[Step::Flatten], &rows), expected);
        }
    }
}
