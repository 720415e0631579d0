//! `replace`.

use memchr::memmem::Finder;

use crate::Declined;
use crate::column::{Builder, Column};

pub(crate) fn replace(
    column: Column,
    old: &str,
    new: &str,
    limit: Option<usize>,
) -> Result<Column, Declined> {
    let limit = limit.unwrap_or(usize::MAX);
    if old.is_empty() {
        return column.rebuild(|row, out| put_between(row, new, limit, out));
    }
    let finder = Finder::new(old);
    if finder.find(column.text().as_bytes()).is_none() {
        return Ok(column);
    }
    column.rebuild(|row, out| {
        let mut start = 0;
        for at in finder.find_iter(row.as_bytes()).take(limit) {
            out.push_str(&row[start..at]);
            out.push_str(new);
            out.check()?;
            start = at + old.len();
        }
        out.push_str(&row[start..]);
        Ok(())
    })
}

/// Replaces the nothing before each character, and after the last.
fn put_between(row: &str, new: &str, limit: usize, out: &mut Builder) -> Result<(), Declined> {
    let mut n_left = limit;
    for c in row.chars() {
        if n_left > 0 {
            out.push_str(new);
            out.check()?;
            n_left -= 1;
        }
        out.push(c);
    }
    if n_left > 0 {
        out.push_str(new);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::step::Step;
    use crate::testing::{texts, texts_of};

    proptest! {
        #[test]
        fn rust_replaces_the_same(rows in texts(), old in "[aé ,]{0,2}", new in "[xé]{0,2}", limit in 0..5_usize) {
            let expected: Vec<_> = rows.iter().map(|row| row.replace(&old, &new)).collect();
            let step = |limit| [Step::Replace { old: old.clone(), new: new.clone(), limit }];
            prop_assert_eq!(texts_of(&step(None), &rows), expected);
            let expected: Vec<_> = rows.iter().map(|row| row.replacen(&old, &new, limit)).collect();
            prop_assert_eq!(texts_of(&step(Some(limit)), &rows), expected);
        }
    }
}
