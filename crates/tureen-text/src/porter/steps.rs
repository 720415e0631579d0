//! The steps of the stemmer, in order. Each looks for one suffix and takes it away, or puts another in its place, when
//! what would be left is long enough. Knows no upper case and no irregular words.

use super::letters::{
    Letter, contains_vowel, ends_in_double_consonant, ends_with, is_consonant, is_one_of, is_short, measure,
};

/// Replaces a word of at least three letters by its stem.
pub(super) fn strip<L: Letter>(word: &mut Vec<L>) {
    plural(word);
    past_and_participle(word);
    final_y(word);
    double_suffix(word);
    single_suffix(word);
    last_suffix(word);
    final_e(word);
    double_l(word);
}

/// A suffix and what stands in its place.
type Swap = (&'static [u8], &'static [u8]);

/// Step 2, but for `logi`. `fulli`, and `bli` for Porter's `abli`, are NLTK's.
const DOUBLE_SUFFIXES: &[Swap] = &[
    (b"ational", b"ate"),
    (b"tional", b"tion"),
    (b"enci", b"ence"),
    (b"anci", b"ance"),
    (b"izer", b"ize"),
    (b"bli", b"ble"),
    (b"alli", b"al"),
    (b"entli", b"ent"),
    (b"eli", b"e"),
    (b"ousli", b"ous"),
    (b"ization", b"ize"),
    (b"ation", b"ate"),
    (b"ator", b"ate"),
    (b"alism", b"al"),
    (b"iveness", b"ive"),
    (b"fulness", b"ful"),
    (b"ousness", b"ous"),
    (b"aliti", b"al"),
    (b"iviti", b"ive"),
    (b"biliti", b"ble"),
    (b"fulli", b"ful"),
];

/// Step 3.
const SINGLE_SUFFIXES: &[Swap] = &[
    (b"icate", b"ic"),
    (b"ative", b""),
    (b"alize", b"al"),
    (b"iciti", b"ic"),
    (b"ical", b"ic"),
    (b"ful", b""),
    (b"ness", b""),
];

/// Step 4, but for `ion`. A longer suffix stands before one that it ends in.
const LAST_SUFFIXES: &[&[u8]] = &[
    b"al", b"ance", b"ence", b"er", b"ic", b"able", b"ible", b"ant", b"ement", b"ment", b"ent", b"ou",
    b"ism", b"ate", b"iti", b"ous", b"ive", b"ize",
];

/// Step 1a: *caresses* → *caress*, *ponies* → *poni*, *cats* → *cat*; NLTK's: *ties* → *tie*.
fn plural<L: Letter>(word: &mut Vec<L>) {
    if word.len() == 4 && ends_with(word, b"ies") {
        word.pop();
    } else if ends_with(word, b"sses") || ends_with(word, b"ies") {
        word.truncate(word.len() - 2);
    } else if ends_with(word, b"s") && !ends_with(word, b"ss") {
        word.pop();
    }
}

/// Step 1b: *agreed* → *agree*, *plastered* → *plaster*, *hopping* → *hop*, *filing* → *file*; NLTK's: *died* → *die*,
/// *spied* → *spi*.
fn past_and_participle<L: Letter>(word: &mut Vec<L>) {
    if ends_with(word, b"ied") {
        word.truncate(word.len() - if word.len() == 4 { 1 } else { 2 });
        return;
    }
    if ends_with(word, b"eed") {
        if measure(&word[..word.len() - 3]) > 0 {
            word.pop();
        }
        return;
    }
    let Some(suffix) = [&b"ed"[..], b"ing"].into_iter().find(|suffix| ends_with(word, suffix)) else {
        return;
    };
    let n_left = word.len() - suffix.len();
    if !contains_vowel(&word[..n_left]) {
        return;
    }
    word.truncate(n_left);

    if [&b"at"[..], b"bl", b"iz"].iter().any(|end| ends_with(word, end)) {
        word.push(L::from_ascii(b'e'));
    } else if ends_in_double_consonant(word) {
        if !is_one_of(word[word.len() - 1], b"lsz") {
            word.pop();
        }
    } else if measure(word) == 1 && is_short(word) {
        word.push(L::from_ascii(b'e'));
    }
}

/// Step 1c, as NLTK has it: *happy* → *happi*, *fly* → *fli*, but *by* and *enjoy* stay.
fn final_y<L: Letter>(word: &mut [L]) {
    let n = word.len();
    if n > 2 && ends_with(word, b"y") && is_consonant(word, n - 2) {
        word[n - 1] = L::from_ascii(b'i');
    }
}

/// Step 2: *relational* → *relate*, *digitizer* → *digitize*; NLTK's: what *alli* → *al* leaves is looked at once more
/// (*conditionalli* → *condition*), and *geologi* → *geolog*, where the `l` counts as part of what is left.
fn double_suffix<L: Letter>(word: &mut Vec<L>) {
    if ends_with(word, b"alli") && measure(&word[..word.len() - 4]) > 0 {
        word.truncate(word.len() - 2);
    }
    if let Some((suffix, instead)) = DOUBLE_SUFFIXES.iter().find(|(suffix, _)| ends_with(word, suffix)) {
        swap_above(0, word, suffix, instead);
    } else if ends_with(word, b"logi") && measure(&word[..word.len() - 3]) > 0 {
        word.pop();
    }
}

/// Step 3: *duplicate* → *duplic*, *hopeful* → *hope*.
fn single_suffix<L: Letter>(word: &mut Vec<L>) {
    if let Some((suffix, instead)) = SINGLE_SUFFIXES.iter().find(|(suffix, _)| ends_with(word, suffix)) {
        swap_above(0, word, suffix, instead);
    }
}

/// Step 4: *revival* → *reviv*, *adoption* → *adopt* (but *onion* stays, for `ion` wants an `s` or `t` before it).
fn last_suffix<L: Letter>(word: &mut Vec<L>) {
    if ends_with(word, b"ion") {
        let stem = &word[..word.len() - 3];
        if measure(stem) > 1 && (ends_with(stem, b"s") || ends_with(stem, b"t")) {
            word.truncate(word.len() - 3);
        }
    } else if let Some(suffix) = LAST_SUFFIXES.iter().find(|suffix| ends_with(word, suffix)) {
        swap_above(1, word, suffix, b"");
    }
}

/// Step 5a: *probate* → *probat*, *cease* → *ceas*, but *rate* stays.
fn final_e<L: Letter>(word: &mut Vec<L>) {
    if ends_with(word, b"e") {
        let stem = &word[..word.len() - 1];
        let m = measure(stem);
        if m > 1 || (m == 1 && !is_short(stem)) {
            word.pop();
        }
    }
}

/// Step 5b: *controll* → *control*, but *roll* stays.
fn double_l<L: Letter>(word: &mut Vec<L>) {
    if ends_with(word, b"ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}

/// Swaps a suffix that the word has, if the measure of what is left is above `least`.
fn swap_above<L: Letter>(least: usize, word: &mut Vec<L>, suffix: &[u8], instead: &[u8]) {
    let n_left = word.len() - suffix.len();
    if measure(&word[..n_left]) > least {
        word.truncate(n_left);
        word.extend(instead.iter().map(|&letter| L::from_ascii(letter)));
    }
}
