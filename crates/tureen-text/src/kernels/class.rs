//! `isalpha` and its kin.

use crate::characters::{Characters, flags};
use crate::column::Column;

/// What is asked of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Alpha,
    Alnum,
    Ascii,
    Decimal,
    Digit,
    Identifier,
    Lower,
    Numeric,
    Printable,
    Space,
    Title,
    Upper,
}

pub(crate) fn is(column: &Column, class: Class, characters: &Characters) -> Vec<bool> {
    use Class::*;
    let first = characters.first_flags();
    let has_all = |row: &str, flag| {
        if column.is_ascii() {
            return row.bytes().all(|byte| first[byte as usize] & flag != 0);
        }
        row.chars().all(|c| characters.has(c, flag))
    };
    let all = |flag| column.iter().map(|row| !row.is_empty() && has_all(row, flag)).collect();
    let each = |test: fn(&str, &Characters) -> bool| column.iter().map(|row| test(row, characters)).collect();
    match class {
        Alpha => all(flags::ALPHA),
        Alnum => all(flags::ALNUM),
        Decimal => all(flags::DECIMAL),
        Digit => all(flags::DIGIT),
        Numeric => all(flags::NUMERIC),
        Space => all(flags::SPACE),
        Ascii => column.iter().map(str::is_ascii).collect(),
        Printable => column.iter().map(|row| has_all(row, flags::PRINTABLE)).collect(),
        Identifier => each(is_identifier),
        Lower => each(|row, characters| is_only(row, flags::LOWER, flags::UPPER | flags::TITLE, characters)),
        Upper => each(|row, characters| is_only(row, flags::UPPER, flags::LOWER | flags::TITLE, characters)),
        Title => each(is_title),
    }
}

/// Whether some character has the flag and none has the others.
fn is_only(row: &str, flag: u16, others: u16, characters: &Characters) -> bool {
    let mut is_seen = false;
    for c in row.chars() {
        let has = characters.flags(c);
        if has & others != 0 {
            return false;
        }
        is_seen |= has & flag != 0;
    }
    is_seen
}

fn is_title(row: &str, characters: &Characters) -> bool {
    let (mut is_seen, mut follows_cased) = (false, false);
    for c in row.chars() {
        let has = characters.flags(c);
        if has & (flags::UPPER | flags::TITLE) != 0 {
            if follows_cased {
                return false;
            }
            follows_cased = true;
        } else if has & flags::LOWER != 0 {
            if !follows_cased {
                return false;
            }
        } else {
            follows_cased = false;
        }
        is_seen |= follows_cased;
    }
    is_seen
}

fn is_identifier(row: &str, characters: &Characters) -> bool {
    let mut letters = row.chars();
    letters.next().is_some_and(|first| characters.has(first, flags::START))
        && letters.all(|c| characters.has(c, flags::CONTINUE))
}
