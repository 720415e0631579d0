//! `upper`, `lower`, `casefold`, `title`, `capitalize`, `swapcase`.
//!
//! Words in titles start where CPython has them start: after anything that has no case, so also after an apostrophe.

use crate::Declined;
use crate::characters::Case::{Folded, Lower, Title, Upper};
use crate::characters::{Case, Characters, flags};
use crate::column::{Builder, Column};

const SIGMA: char = 'Σ';

pub(crate) fn upper(mut column: Column, characters: &Characters) -> Result<Column, Declined> {
    if column.is_ascii() {
        column.ascii_mut().make_ascii_uppercase();
        return Ok(column);
    }
    column.rebuild(|row, out| {
        map_runs(row, out.text(), str::make_ascii_uppercase, |_, c, out| characters.push(c, Upper, out));
        Ok(())
    })
}

pub(crate) fn lower(mut column: Column, characters: &Characters) -> Result<Column, Declined> {
    if column.is_ascii() {
        column.ascii_mut().make_ascii_lowercase();
        return Ok(column);
    }
    column.rebuild(|row, out| {
        push_lower_row(row, characters, out.text());
        Ok(())
    })
}

pub(crate) fn push_lower_row(row: &str, characters: &Characters, out: &mut String) {
    map_runs(row, out, str::make_ascii_lowercase, |at, c, out| push_lower(row, at, c, characters, out));
}

pub(crate) fn fold(mut column: Column, characters: &Characters) -> Result<Column, Declined> {
    if column.is_ascii() {
        column.ascii_mut().make_ascii_lowercase();
        return Ok(column);
    }
    column.rebuild(|row, out| {
        map_runs(row, out.text(), str::make_ascii_lowercase, |_, c, out| characters.push(c, Folded, out));
        Ok(())
    })
}

pub(crate) fn title(column: &Column, characters: &Characters) -> Result<Column, Declined> {
    column.rebuild(|row, out| {
        let mut follows_cased = false;
        for (at, c) in row.char_indices() {
            if follows_cased {
                push_lower(row, at, c, characters, out.text());
            } else {
                push(c, Title, characters, out);
            }
            follows_cased = characters.has(c, flags::CASED);
        }
        Ok(())
    })
}

pub(crate) fn capitalize(column: &Column, characters: &Characters) -> Result<Column, Declined> {
    column.rebuild(|row, out| {
        let Some(first) = row.chars().next() else { return Ok(()) };
        push(first, Title, characters, out);
        let n = first.len_utf8();
        map_runs(&row[n..], out.text(), str::make_ascii_lowercase, |at, c, out| {
            push_lower(row, n + at, c, characters, out);
        });
        Ok(())
    })
}

pub(crate) fn swap(column: &Column, characters: &Characters) -> Result<Column, Declined> {
    column.rebuild(|row, out| {
        for (at, c) in row.char_indices() {
            let has = characters.flags(c);
            if has & flags::UPPER != 0 {
                push_lower(row, at, c, characters, out.text());
            } else if has & flags::LOWER != 0 {
                push(c, Upper, characters, out);
            } else {
                out.push(c);
            }
        }
        Ok(())
    })
}

fn push(c: char, case: Case, characters: &Characters, out: &mut Builder) {
    characters.push(c, case, out.text());
}

/// Lower case, where a sigma depends on what stands round it.
fn push_lower(row: &str, at: usize, c: char, characters: &Characters, out: &mut String) {
    if c != SIGMA {
        characters.push(c, Lower, out);
    } else if ends_word(row, at, characters) {
        out.push('ς');
    } else {
        out.push('σ');
    }
}

/// Whether the sigma at a place follows a letter and none follows it, apostrophes and such looked past.
fn ends_word(row: &str, at: usize, characters: &Characters) -> bool {
    let is_seen = |c: &char| !characters.has(*c, flags::IGNORABLE);
    let is_cased = |c: char| characters.has(c, flags::CASED);
    row[..at].chars().rev().find(is_seen).is_some_and(is_cased)
        && !row[at + SIGMA.len_utf8()..].chars().find(is_seen).is_some_and(is_cased)
}

/// Appends a text: runs of ASCII with `change_ascii`, other characters one by one with their place.
fn map_runs(
    text: &str,
    out: &mut String,
    change_ascii: impl Fn(&mut str),
    mut push_other: impl FnMut(usize, char, &mut String),
) {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let n = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        if n > 0 {
            let start = out.len();
            out.push_str(&rest[..n]);
            change_ascii(&mut out[start..]);
            at += n;
        }
        if let Some(c) = text[at..].chars().next() {
            push_other(at, c, out);
            at += c.len_utf8();
        }
    }
}
