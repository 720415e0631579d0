//! Estonian. Words without an apostrophe are stemmed by a crate whose rules know none; those of a word with one (foreign
//! names have it before their ending: *Bordeaux'sse* → *Bordeaux*) are here, after Linda Freienthal's.
//!
//! The crate's list of irregular verbs is left out here: none has an apostrophe.

use std::borrow::Cow;

use super::ending::{drop_apostrophe, longest, replace};
use super::older;

const OLDER: fn(&str) -> Cow<'_, str> = older!(Estonian);

const VOWELS: &str = "aeiouõäöü";
/// What case endings may follow.
const STEM_ENDS: &str = "aeiou'";
const DOUBLE_VOWELS: [&str; 9] = ["aa", "ee", "ii", "oo", "uu", "ää", "öö", "üü", "õõ"];
/// What `gi` and `ki`, which stress a word, may follow.
const BEFORE_GI: &str = "cjlmnqrvwxaeiouõäöü";
const BEFORE_KI: &str = "kptgbdshfšzž";

#[derive(Clone, Copy)]
enum Verb {
    Ending(&'static str),
    BehindVowel,
}

const VERB_ENDINGS: &[(&str, Verb)] = &[
    ("nuksin", Verb::Ending("")),
    ("nuksime", Verb::Ending("")),
    ("nuksid", Verb::Ending("")),
    ("nuksite", Verb::Ending("")),
    ("ksin", Verb::Ending("")),
    ("ksid", Verb::Ending("")),
    ("ksime", Verb::Ending("")),
    ("ksite", Verb::Ending("")),
    ("mata", Verb::Ending("")),
    ("takse", Verb::Ending("")),
    ("dakse", Verb::Ending("")),
    ("taks", Verb::Ending("")),
    ("daks", Verb::Ending("")),
    ("akse", Verb::Ending("a")),
    ("sime", Verb::Ending("")),
    ("site", Verb::Ending("")),
    ("sin", Verb::Ending("")),
    ("me", Verb::BehindVowel),
    ("da", Verb::BehindVowel),
    ("n", Verb::BehindVowel),
    ("b", Verb::BehindVowel),
];

/// Endings of certain nouns and adjectives, and the form that the next rules want.
const NOUN_FORMS: &[(&str, &str)] = &[
    ("lasse", "lase"),
    ("last", "lase"),
    ("lane", "lase"),
    ("lasi", "lase"),
    ("misse", "mise"),
    ("mist", "mise"),
    ("mine", "mise"),
    ("misi", "mise"),
    ("lisse", "lise"),
    ("list", "lise"),
    ("line", "lise"),
    ("lisi", "lise"),
];

const CASES: &[(&str, ())] = &[
    ("sse", ()),
    ("st", ()),
    ("le", ()),
    ("lt", ()),
    ("ga", ()),
    ("ks", ()),
    ("ta", ()),
    (PARTITIVE, ()),
    ("s", ()),
    ("l", ()),
];

const PARTITIVE: &str = "t";

#[derive(Clone, Copy)]
enum Plural {
    Form(&'static str),
    Sid,
    Te,
    D,
}

const PLURALS: &[(&str, Plural)] = &[
    ("ikkude", Plural::Form("iku")),
    ("ikke", Plural::Form("iku")),
    ("ike", Plural::Form("iku")),
    ("sid", Plural::Sid),
    ("te", Plural::Te),
    ("de", Plural::D),
    ("d", Plural::D),
];

/// Endings of comparatives, and whether they must follow one of `STEM_ENDS`.
const DEGREES: &[(&str, bool)] = &[("mai", true), ("ma", false), ("m", true)];

const PARTICIPLES: &[(&str, ())] = &[("nu", ()), ("tu", ()), ("du", ()), ("va", ())];

pub(super) fn stem_into(word: &str, out: &mut String) {
    out.clear();
    if !word.contains('\'') {
        out.push_str(&OLDER(word));
        return;
    }
    out.push_str(word);
    let start = start_of_endings(word);
    drop_stress(out, start);
    if !drop_verb_ending(out, start) {
        regular_noun(out, start);
        drop_case(out, start);
        drop_plural(out, start);
        drop_degree(out, start);
        if out.get(start..).is_some_and(|region| region.ends_with('i'))
            && ends_in(before(out, "i"), STEM_ENDS)
        {
            out.pop();
        }
        if let Some((ending, ())) = longest(out, start, PARTICIPLES) {
            replace(out, ending, "");
        }
    }
    make_single(out, start);
    drop_apostrophe(out);
}

/// Endings start behind the first apostrophe that has two letters before it, else behind the first vowel and what follows
/// it that is none.
fn start_of_endings(word: &str) -> usize {
    let behind_apostrophe = || {
        let (third, _) = word.char_indices().nth(2)?;
        Some(third + word[third..].find('\'')? + 1)
    };
    let behind_vowels = || {
        let vowel = word.find(|letter| VOWELS.contains(letter))?;
        let (at, letter) = word[vowel..].char_indices().find(|&(_, letter)| !VOWELS.contains(letter))?;
        Some(vowel + at + letter.len_utf8())
    };
    behind_apostrophe().or_else(behind_vowels).unwrap_or(word.len())
}

/// What stands before an ending that the word has.
fn before<'w>(word: &'w str, ending: &str) -> &'w str {
    &word[..word.len() - ending.len()]
}

fn ends_in(stem: &str, letters: &str) -> bool {
    stem.ends_with(|letter| letters.contains(letter))
}

fn ends_long(stem: &str) -> bool {
    DOUBLE_VOWELS.iter().any(|vowels| stem.ends_with(vowels))
}

fn has_four_letters(stem: &str) -> bool {
    stem.chars().nth(3).is_some()
}

fn drop_stress(word: &mut String, start: usize) {
    let Some(&(ending, allowed)) = longest(word, start, &[("gi", BEFORE_GI), ("ki", BEFORE_KI)]) else {
        return;
    };
    let stem = before(word, ending);
    if has_four_letters(stem) && ends_in(stem, allowed) && !(ending == "gi" && ends_long(stem)) {
        replace(word, ending, "");
    }
}

fn drop_verb_ending(word: &mut String, start: usize) -> bool {
    match longest(word, start, VERB_ENDINGS) {
        Some(&(ending, Verb::Ending(instead))) => {
            replace(word, ending, instead);
            true
        }
        Some(&(ending, Verb::BehindVowel)) if ends_in(before(word, ending), VOWELS) => {
            replace(word, ending, "");
            true
        }
        _ => false,
    }
}

fn regular_noun(word: &mut String, start: usize) {
    if let Some((ending, form)) = longest(word, start, NOUN_FORMS) {
        replace(word, ending, form);
    }
}

fn drop_case(word: &mut String, start: usize) {
    let Some((ending, ())) = longest(word, start, CASES) else { return };
    let stem = before(word, ending);
    let goes = if *ending == PARTITIVE {
        has_four_letters(stem)
    } else {
        ends_in(stem, STEM_ENDS) || ends_long(stem)
    };
    if goes {
        replace(word, ending, "");
    }
}

fn drop_plural(word: &mut String, start: usize) {
    let Some(&(ending, plural)) = longest(word, start, PLURALS) else { return };
    let stem = before(word, ending);
    let instead = match plural {
        Plural::Form(form) => Some(form),
        Plural::Sid => (!ends_long(stem)).then_some(""),
        Plural::D => (ends_in(stem, STEM_ENDS) || ends_long(stem)).then_some(""),
        Plural::Te if !has_four_letters(stem) => Some("t"),
        Plural::Te if ["mis", "las", "lis"].iter().any(|end| stem.ends_with(end)) => Some("e"),
        Plural::Te if stem.ends_with('t') => None,
        Plural::Te => Some(""),
    };
    if let Some(instead) = instead {
        replace(word, ending, instead);
    }
}

fn drop_degree(word: &mut String, start: usize) {
    if let Some(&(ending, wants_stem_end)) = longest(word, start, DEGREES)
        && (!wants_stem_end || ends_in(before(word, ending), STEM_ENDS))
    {
        replace(word, ending, "");
    }
}

/// Makes one letter of the two in `kk`, `pp` and `tt` before a last vowel that is part of the endings: *mõtte* → *mõte*.
fn make_single(word: &mut String, start: usize) {
    let Some(vowel) = word.chars().next_back().filter(|&letter| VOWELS.contains(letter)) else { return };
    let at = word.len() - vowel.len_utf8();
    if at >= start && ["kk", "pp", "tt"].iter().any(|double| word[..at].ends_with(double)) {
        word.remove(at - 1);
    }
}
