//! The stem of each row.

use crate::Declined;
use crate::characters::Characters;
use crate::column::Column;
use crate::kernels::case::push_lower_row;
use crate::kernels::position::length;
use crate::porter;
use crate::snowball::{LONGEST_WORD, Language};

/// As `PorterStemmer().stem(row, to_lowercase)` gives.
pub(crate) fn porter(
    column: &Column,
    to_lowercase: bool,
    characters: &Characters,
) -> Result<Column, Declined> {
    let mut lowered = String::new();
    let mut stem = String::new();
    column.rebuild(|row, out| {
        if !to_lowercase {
            porter::stem_as_written_into(row, &mut stem);
        } else if row.is_ascii() {
            porter::stem_into(row, &mut stem);
        } else {
            lowered.clear();
            push_lower_row(row, characters, &mut lowered);
            // The length before lower-casing counts, as it does for NLTK.
            if length(row) <= 2 {
                stem.clone_from(&lowered);
            } else {
                porter::stem_as_written_into(&lowered, &mut stem);
            }
        }
        out.push_str(&stem);
        Ok(())
    })
}

/// As `SnowballStemmer(language).stem(row)` gives.
pub(crate) fn snowball(column: &Column, language: Language) -> Result<Column, Declined> {
    let mut stem = String::new();
    column.rebuild(|row, out| {
        if row.len() > LONGEST_WORD {
            return Err(Declined::new("a word is longer than what can be stemmed"));
        }
        language.stem_into(row, &mut stem);
        out.push_str(&stem);
        Ok(())
    })
}
