//! `int(text)`, for the plain way to write a number: ASCII digits, perhaps a sign, perhaps white space round them.

use crate::Declined;
use crate::column::Column;

/// So many digits always fit.
const MOST_DIGITS: usize = 18;

pub(crate) fn parse(column: &Column) -> Result<Vec<i64>, Declined> {
    let parse = |row: &str| {
        let text = row.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_plain = digits.len() <= MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain { text.parse().ok() } else { None }
    };
    column
        .iter()
        .map(|row| parse(row).ok_or_else(|| Declined::new("not all text is a plain whole number")))
        .collect()
}
