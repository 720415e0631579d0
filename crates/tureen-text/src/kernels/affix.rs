//! `startswith`, `endswith`, `removeprefix`, `removesuffix`.

use crate::column::{Column, Row};
use crate::kernels::position::Within;
use crate::step::Side;

pub(crate) fn has(column: &Column, any_of: &[String], within: Within, side: Side) -> Vec<bool> {
    let has = |row: &str| {
        let Some((_, text)) = within.of(row, column.is_ascii()) else { return false };
        any_of.iter().any(|affix| match side {
            Side::Left => text.starts_with(affix.as_str()),
            Side::Right => text.ends_with(affix.as_str()),
        })
    };
    column.iter().map(has).collect()
}

pub(crate) fn remove(column: Column, affix: &str, side: Side) -> Column {
    let n = affix.len();
    column.map_rows(|text, row| match side {
        Side::Left if text.starts_with(affix) => Row { start: row.start + n as u32, ..row },
        Side::Right if text.ends_with(affix) => Row { end: row.end - n as u32, ..row },
        _ => row,
    })
}
