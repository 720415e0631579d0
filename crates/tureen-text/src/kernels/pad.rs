//! `ljust`, `rjust`, `center`, `zfill`, `expandtabs`, and text put before or after.

use crate::Declined;
use crate::column::{Column, Fill};
use crate::kernels::position::length;

/// Where the text stands in the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Left,
    Right,
    Center,
}

pub(crate) fn pad(column: &Column, width: i64, fill: char, place: Place) -> Result<Column, Declined> {
    let fill = Fill::new(fill);
    column.rebuild(|row, out| {
        let missing = missing(column, row, width);
        let before = match place {
            Place::Left => 0,
            Place::Right => missing,
            // CPython puts what is over on the left, if the width is odd.
            Place::Center => missing / 2 + (missing & width & 1),
        };
        out.fill(&fill, before as usize)?;
        out.push_str(row);
        out.fill(&fill, (missing - before) as usize)
    })
}

pub(crate) fn fill_zeros(column: &Column, width: i64) -> Result<Column, Declined> {
    let zeros = Fill::new('0');
    column.rebuild(|row, out| {
        let missing = missing(column, row, width);
        let n_sign = usize::from(row.starts_with(['+', '-']));
        out.push_str(&row[..n_sign]);
        out.fill(&zeros, missing as usize)?;
        out.push_str(&row[n_sign..]);
        Ok(())
    })
}

/// How many characters a row is short of a width.
fn missing(column: &Column, row: &str, width: i64) -> i64 {
    let n = if column.is_ascii() { row.len() } else { length(row) };
    width.saturating_sub(n as i64).max(0)
}

pub(crate) fn expand_tabs(column: Column, size: i64) -> Result<Column, Declined> {
    if !column.text().contains('\t') {
        return Ok(column);
    }
    let spaces = Fill::new(' ');
    column.rebuild(|row, out| {
        let mut at = 0;
        for c in row.chars() {
            if c == '\t' {
                if size > 0 {
                    let n = size - at % size;
                    out.fill(&spaces, n as usize)?;
                    at += n;
                }
                continue;
            }
            out.push(c);
            at = if c == '\n' || c == '\r' { 0 } else { at + 1 };
        }
        Ok(())
    })
}

/// Puts text before and after each row.
pub(crate) fn surround(column: &Column, before: &str, after: &str) -> Result<Column, Declined> {
    column.rebuild(|row, out| {
        out.push_str(before);
        out.push_str(row);
        out.push_str(after);
        Ok(())
    })
}
