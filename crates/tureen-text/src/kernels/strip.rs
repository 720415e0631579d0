//! `strip`, `lstrip`, `rstrip`.

use crate::characters::{Characters, flags};
use crate::column::{Column, Row};

/// Which ends are stripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Both,
    Left,
    Right,
}

pub(crate) fn strip_space(column: Column, ends: Ends, characters: &Characters) -> Column {
    strip(column, ends, |c| characters.has(c, flags::SPACE))
}

pub(crate) fn strip_set(column: Column, ends: Ends, set: &[char]) -> Column {
    // A search in a row of a few characters beats a hash; long sets are rare, and sorted.
    strip(column, ends, |c| if set.len() <= 8 { set.contains(&c) } else { set.binary_search(&c).is_ok() })
}

fn strip(column: Column, ends: Ends, is_stripped: impl Fn(char) -> bool) -> Column {
    column.map_rows(|text, row| {
        let mut kept = text;
        if ends != Ends::Right {
            kept = kept.trim_start_matches(&is_stripped);
        }
        let start = row.end - kept.len() as u32;
        if ends != Ends::Left {
            kept = kept.trim_end_matches(&is_stripped);
        }
        Row { start, end: start + kept.len() as u32 }
    })
}
