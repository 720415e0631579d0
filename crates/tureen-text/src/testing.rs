//! What the tests of kernels share: characters as Rust has them (near enough, where no interpreter is at hand), and short
//! ways to columns and back. That results equal CPython's is tested from Python.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::apply::apply_all;
use crate::characters::{Characters, Description, Page, flags};
use crate::column::Column;
use crate::scalar::Scalar;
use crate::step::Step;
use crate::values::Values;

pub(crate) static CHARACTERS: LazyLock<Characters> =
    LazyLock::new(|| Characters::new(|number| Page::new(number, describe)));

fn describe(c: char) -> Description {
    let has = [
        (flags::ALPHA, c.is_alphabetic()),
        (flags::SPACE, c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)),
        (flags::UPPER, c.is_uppercase()),
        (flags::LOWER, c.is_lowercase()),
        (flags::CASED, c.is_uppercase() || c.is_lowercase()),
        (flags::IGNORABLE, matches!(c, '\'' | '.' | '\u{ad}')),
        (flags::LINE_END, "\n\x0b\x0c\r\x1c\x1d\x1e\u{85}\u{2028}\u{2029}".contains(c)),
    ];
    let flags = has.iter().filter(|(_, is)| *is).fold(0, |all, (flag, _)| all | flag);
    let (upper, lower) = (c.to_uppercase().to_string(), c.to_lowercase().to_string());
    Description { flags, cases: [upper.clone(), lower.clone(), upper, lower] }
}

/// Text in which there is something for every kernel, half of it ASCII.
pub(crate) fn texts() -> impl Strategy<Value = Vec<String>> {
    let ascii = "[aAbz09 ,\t\n\r\x1c'_-]{0,24}";
    let any = "[aAbσΣßİ é\u{a0}\u{2003}🍲,'.\t\n\r\u{85}]{0,12}";
    prop_oneof![prop::collection::vec(ascii, 0..5), prop::collection::vec(prop_oneof![ascii, any], 0..5)]
}

pub(crate) fn column(rows: &[String]) -> Column {
    let ends = rows.iter().scan(0, |end, row| {
        *end += row.len();
        Some(*end)
    });
    Column::of_ends(rows.concat(), ends).expect("it is short")
}

/// What the steps make of the rows.
pub(crate) fn run(steps: &[Step], rows: &[String]) -> Values {
    apply_all(steps, Values::Text(column(rows)), &CHARACTERS).expect("it is not declined")
}

/// The rows that the steps make.
pub(crate) fn texts_of(steps: &[Step], rows: &[String]) -> Vec<String> {
    match run(steps, rows) {
        Values::Text(column) => column.iter().map(str::to_owned).collect(),
        other => panic!("{other:?} is no text"),
    }
}

/// The lists that the steps make.
pub(crate) fn lists_of(steps: &[Step], rows: &[String]) -> Vec<Vec<String>> {
    match run(steps, rows) {
        Values::Lists(lists) => {
            (0..lists.len()).map(|at| lists.get(at).map(str::to_owned).collect()).collect()
        }
        other => panic!("{other:?} are no lists"),
    }
}

/// The numbers or truth values that the steps make.
pub(crate) fn scalars_of(steps: &[Step], rows: &[String]) -> Vec<Scalar> {
    run(steps, rows).scalars().map(|scalar| scalar.to_scalar()).collect()
}
