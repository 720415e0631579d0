//! Lithuanian. An apostrophe between a foreign word and its ending goes with the ending: *bingo'us* → *bingo*.

use snowball_stemmers_rs::Algorithm;

use super::{ending, older};

pub(super) fn stem_into(word: &str, out: &mut String) {
    older(Algorithm::Lithuanian, word, out);
    ending::drop_apostrophe(out);
}
