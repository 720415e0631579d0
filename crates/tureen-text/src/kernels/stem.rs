//! The stem of each row.

use crate::Declined;
use crate::characters::Characters;
use crate::column::Column;
use crate::kernels::case::push_lower_row;
use crate::kernels::position::length;
use crate::porter;
use crate::snowball::Language;

/// As `PorterStemmer().stem(row, to_lowercase)` gives.
pub(crate) fn porter(
    column: &Column,
    to_lowercase: bool,
    characters: &Characters,
) -> Result<Column, Declined> {
    let mut lowered = String::new();
    column.rebuild(|row, out| {
        if !to_lowercase {
            out.push_str(&porter::stem_as_written(row));
        } else if row.is_ascii() {
            out.push_str(&porter::stem(row));
        } else {
            lowered.clear();
            push_lower_row(row, characters, &mut lowered);
            // The length before lower-casing counts, as it does for NLTK.
            if length(row) <= 2 {
                out.push_str(&lowered);
            } else {
                out.push_str(&porter::stem_as_written(&lowered));
            }
        }
        Ok(())
    })
}

/// As `SnowballStemmer(language).stem(row)` gives.
pub(crate) fn snowball(column: &Column, language: Language) -> Result<Column, Declined> {
    let mut stem = String::new();
    column.rebuild(|row, out| {
        language.stem_into(row, &mut stem);
        out.push_str(&stem);
        Ok(())
    })
}
