//! `find`, `rfind`, `index`, `rindex`, `count`, and `in`.

use memchr::memmem::{Finder, FinderRev};

use crate::Declined;
use crate::column::Column;
use crate::kernels::position::{Within, length};
use crate::step::Side;

pub(crate) fn find(column: &Column, needle: &str, within: Within, from: Side) -> Vec<i64> {
    let (finder, finder_back) = (Finder::new(needle), FinderRev::new(needle));
    let find = |row: &str| {
        let (first, text) = within.of(row, column.is_ascii())?;
        let at = match from {
            Side::Left => finder.find(text.as_bytes()),
            Side::Right => finder_back.rfind(text.as_bytes()),
        }?;
        let n_before = if column.is_ascii() { at } else { length(&text[..at]) };
        Some((first + n_before) as i64)
    };
    column.iter().map(|row| find(row).unwrap_or(-1)).collect()
}

pub(crate) fn index(column: &Column, needle: &str, within: Within, from: Side) -> Result<Vec<i64>, Declined> {
    let places = find(column, needle, within, from);
    if places.contains(&-1) {
        return Err(Declined::new("a text that `index` looks for is not there"));
    }
    Ok(places)
}

pub(crate) fn count(column: &Column, needle: &str, within: Within) -> Vec<i64> {
    let finder = Finder::new(needle);
    let count = |row: &str| {
        let Some((_, text)) = within.of(row, column.is_ascii()) else { return 0 };
        if needle.is_empty() { length(text) + 1 } else { finder.find_iter(text.as_bytes()).count() }
    };
    column.iter().map(|row| count(row) as i64).collect()
}

pub(crate) fn contains(column: &Column, needle: &str) -> Vec<bool> {
    let finder = Finder::new(needle);
    column.iter().map(|row| finder.find(row.as_bytes()).is_some()).collect()
}

pub(crate) fn lengths(column: &Column) -> Vec<i64> {
    if column.is_ascii() {
        return column.rows().iter().map(|row| row.len() as i64).collect();
    }
    column.iter().map(|row| length(row) as i64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::scalar::Scalar;
    use crate::step::{Side, Step, Within};
    use crate::testing::{scalars_of, texts};

    /// Looks at each place between two bounds, letter by letter.
    fn places(row: &str, needle: &str, within: Within) -> Vec<i64> {
        let letters: Vec<char> = row.chars().collect();
        let needle: Vec<char> = needle.chars().collect();
        let n = letters.len() as i64;
        let clip = |place: i64| if place < 0 { (place + n).max(0) } else { place };
        let (start, end) = (clip(within.start.unwrap_or(0)), clip(within.end.unwrap_or(n)).min(n));
        (start..=end - needle.len() as i64)
            .filter(|&at| letters[at as usize..].starts_with(&needle))
            .collect()
    }

    proptest! {
        #[test]
        fn letter_by_letter(
            rows in texts(),
            needle in "[aé ,]{0,2}",
            start in prop::option::of(-9..9_i64),
            end in prop::option::of(-9..9_i64),
        ) {
            let within = Within { start, end };
            let found: Vec<_> = rows.iter().map(|row| places(row, &needle, within)).collect();
            for from in [Side::Left, Side::Right] {
                let pick = |places: &Vec<i64>| match from {
                    Side::Left => places.first().copied(),
                    Side::Right => places.last().copied(),
                };
                let expected: Vec<_> =
                    found.iter().map(|places| Scalar::Int(pick(places).unwrap_or(-1))).collect();
                let step = Step::Find { needle: needle.clone(), within, from };
                prop_assert_eq!(scalars_of(&[step], &rows), expected);
            }
        }

        #[test]
        fn rust_counts_the_same(rows in texts(), needle in "[aé ,]{0,2}") {
            let expected: Vec<_> =
                rows.iter().map(|row| Scalar::Int(row.matches(&needle).count() as i64)).collect();
            prop_assert_eq!(scalars_of(&[Step::Count { needle, within: Within::default() }], &rows), expected);
        }
    }
}
