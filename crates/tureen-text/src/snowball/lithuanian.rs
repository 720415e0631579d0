//! Lithuanian. An apostrophe between a foreign word and its ending goes with the ending: *bingo'us* → *bingo*.

use std::borrow::Cow;

use super::ending::drop_apostrophe;
use super::older;

const OLDER: fn(&str) -> Cow<'_, str> = older!(Lithuanian);

pub(super) fn stem_into(word: &str, out: &mut String) {
    out.clear();
    out.push_str(&OLDER(word));
    drop_apostrophe(out);
}
