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
    let mut rows = Vec::with_capacity(column.len() * 2);
    let mut ends = Vec::with_capacity(column.len());
    for &row in column.rows() {
        push(&column.text()[row.range()], row, &mut rows);
        ends.push(rows.len() as u32);
    }
    Lists::new(column.with_rows(rows), ends)
}

/// ASCII's white space, for the loop that most text goes through.
const IS_SPACE: [bool; 256] = {
    let mut is_space = [false; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        is_space[byte] = matches!(byte as u8, 9..=13 | 28..=31 | b' ');
        byte += 1;
    }
    is_space
};

fn everywhere(column: &Column, characters: &Characters) -> Lists {
    each(column, |text, row, out| {
        let first = row.start as usize;
        if column.is_ascii() || text.is_ascii() {
            let mut start = None;
            for (at, &byte) in text.as_bytes().iter().enumerate() {
                match (IS_SPACE[byte as usize], start) {
                    (true, Some(began)) => {
                        out.push(Row::new(first + began, first + at));
                        start = None;
                    }
                    (false, None) => start = Some(at),
                    _ => {}
                }
            }
            if let Some(began) = start {
                out.push(Row::new(first + began, row.end as usize));
            }
            return;
        }
        at_space_from_left(text, row, usize::MAX, characters, out);
    })
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
