//! Sesotho, after the rules of Kamohelo Lebjane: an ending of a noun goes, then one of a verb, then a prefix of a noun
//! class: *baruti* → *rut*.

use super::ending::{longest, replace};

const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];

const NOUN_ENDINGS: &[(&str, ())] = &[("nyana", ()), ("ana", ()), ("ano", ()), ("oa", ()), ("i", ())];

const VERB_ENDINGS: &[(&str, ())] = &[
    ("ile", ()),
    ("isa", ()),
    ("etse", ()),
    ("ela", ()),
    ("ang", ()),
    ("ong", ()),
    ("eng", ()),
    ("wa", ()),
    ("a", ()),
];

const PREFIXES: [&str; 8] = ["mo", "ba", "me", "le", "ma", "se", "boi", "li"];

pub(super) fn stem_into(word: &str, out: &mut String) {
    out.clear();
    out.push_str(word);
    let Some(start) = start_of_endings(word) else { return };
    for endings in [NOUN_ENDINGS, VERB_ENDINGS] {
        if let Some((ending, ())) = longest(out, start, endings) {
            replace(out, ending, "");
        }
    }
    drop_prefix(out);
}

/// Where endings may start: behind the first vowel, and not in the first two letters. A word without either has no stem
/// of its own.
fn start_of_endings(word: &str) -> Option<usize> {
    let behind_vowel = word.find(VOWELS)? + 1;
    let (second, letter) = word.char_indices().nth(1)?;
    Some(behind_vowel.max(second + letter.len_utf8()))
}

/// A prefix goes if two letters and a vowel are left.
fn drop_prefix(word: &mut String) {
    let Some(prefix) = PREFIXES.into_iter().find(|prefix| word.starts_with(prefix)) else { return };
    let left = &word[prefix.len()..];
    if left.chars().nth(1).is_some() && left.contains(VOWELS) {
        word.drain(..prefix.len());
    }
}
