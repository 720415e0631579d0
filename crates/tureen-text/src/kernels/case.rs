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
        if column.is_ascii() {
            let start = out.text().len();
            out.push_str(row);
            let row = &mut out.text()[start..];
            row.make_ascii_lowercase();
            for at in 0..row.len() {
                let is_cased = row.as_bytes()[at].is_ascii_alphabetic();
                if is_cased && !follows_cased {
                    row[at..=at].make_ascii_uppercase();
                }
                follows_cased = is_cased;
            }
            return Ok(());
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::step::{Recase, Step};
    use crate::testing::{texts, texts_of};

    fn check(recase: Recase, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(texts_of(&[Step::Recase(recase)], &[(*text).to_owned()]), [*expected], "{text}");
        }
    }

    #[test]
    fn a_sigma_at_the_end_of_a_word_is_another() {
        let cases =
            [("ΑΣ", "ας"), ("Σ", "σ"), ("ΑΣΑ", "ασα"), ("Α'Σ.", "α'ς."), ("Σ'Α", "σ'α"), ("ΣΣ", "σς")];
        check(Recase::Lower, &cases);
    }

    #[test]
    fn words_of_a_title_start_after_anything_that_is_no_letter() {
        check(Recase::Title, &[("they're élan", "They'Re Élan"), ("a1b ABC", "A1B Abc"), ("ΑΣ ΑΣ", "Ας Ας")]);
        check(Recase::Capitalize, &[("éLAN Vital", "Élan vital"), ("", ""), ("1A", "1a")]);
        check(Recase::Swap, &[("aB1é", "Ab1É"), ("ΑΣ", "ας")]);
    }

    proptest! {
        #[test]
        fn rust_agrees_where_it_has_the_method(rows in texts()) {
            let lower: Vec<_> = rows.iter().map(|row| row.to_lowercase()).collect();
            prop_assert_eq!(texts_of(&[Step::Recase(Recase::Lower)], &rows), lower);
            let upper: Vec<_> = rows.iter().map(|row| row.to_uppercase()).collect();
            prop_assert_eq!(texts_of(&[Step::Recase(Recase::Upper)], &rows), upper);
        }

        #[test]
        fn ascii_goes_no_other_way_than_the_rest(row in "[a-cA-C1' ]{0,20}") {
            for recase in [Recase::Upper, Recase::Lower, Recase::Fold, Recase::Title] {
                let alone = texts_of(&[Step::Recase(recase)], std::slice::from_ref(&row));
                // Beside a row that isn't ASCII, the fast ways are not taken.
                let beside = texts_of(&[Step::Recase(recase)], &[row.clone(), "é".to_owned()]);
                prop_assert_eq!(&alone[0], &beside[0]);
            }
        }
    }
}
