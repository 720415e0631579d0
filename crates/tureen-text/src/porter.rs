//! The Porter stemmer, word for word as `nltk.stem.PorterStemmer` 3.10 in its default mode.
//!
//! The algorithm is M. F. Porter's ("An algorithm for suffix stripping", *Program* 14(3), 1980) with the departures that
//! NLTK calls its extensions; where the two differ, NLTK stands, because that is what our users have. The paper's words
//! are kept: a word is a row of consonants and vowels, and the *measure* of a stem is how often a vowel is followed by
//! a consonant in it.
//!
//! Only `a e i o u y` have a meaning here; every other letter, accented or not, is a consonant. So a word is stemmed
//! letter by letter without a dictionary, and in a time that grows with its length alone.

mod letters;
mod steps;

/// Words that the rules would get wrong, and their stems. The same list that NLTK has in `PorterStemmer.pool`.
const IRREGULAR: [(&str, &str); 16] = [
    ("canning", "canning"),
    ("cannings", "canning"),
    ("dying", "die"),
    ("exceed", "exceed"),
    ("howe", "howe"),
    ("inning", "inning"),
    ("innings", "inning"),
    ("lying", "lie"),
    ("news", "news"),
    ("outing", "outing"),
    ("outings", "outing"),
    ("proceed", "proceed"),
    ("skies", "sky"),
    ("sky", "sky"),
    ("succeed", "succeed"),
    ("tying", "tie"),
];

/// Replaces what is in `out` by the stem of `word`, lower-cased first as Unicode has it. Small ASCII letters need no memory
/// beyond that of `out`.
///
/// ```
/// let mut stem = String::new();
/// for (word, expected) in [("Running", "run"), ("skies", "sky"), ("naïvely", "naïv")] {
///     tureen_text::porter::stem_into(word, &mut stem);
///     assert_eq!(stem, expected);
/// }
/// ```
pub fn stem_into(word: &str, out: &mut String) {
    if !word.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        return stem_as_written_into(word, out);
    }
    let lowered = word.to_lowercase();
    // NLTK looks at the length before lower-casing: `İs` has two letters, though `i̇s` has three.
    if is_short(word) {
        *out = lowered;
    } else {
        stem_as_written_into(&lowered, out);
    }
}

/// Replaces what is in `out` by the stem of `word` as it is written: capitals count as consonants and no suffix has any.
/// An ASCII word needs no memory beyond that of `out`.
///
/// ```
/// let mut stem = String::new();
/// for (word, expected) in [("running", "run"), ("RUNNING", "RUNNING")] {
///     tureen_text::porter::stem_as_written_into(word, &mut stem);
///     assert_eq!(stem, expected);
/// }
/// ```
pub fn stem_as_written_into(word: &str, out: &mut String) {
    out.clear();
    if let Some(stem) = irregular(word) {
        out.push_str(stem);
    } else if is_short(word) {
        out.push_str(word);
    } else if word.is_ascii() {
        let mut letters = std::mem::take(out).into_bytes();
        letters.extend_from_slice(word.as_bytes());
        steps::strip(&mut letters);
        *out = String::from_utf8(letters)
            .expect("the steps take ASCII letters away and put ASCII letters in their place");
    } else {
        let mut letters: Vec<char> = word.chars().collect();
        steps::strip(&mut letters);
        out.extend(letters);
    }
}

fn irregular(word: &str) -> Option<&'static str> {
    let at = IRREGULAR.binary_search_by_key(&word, |&(irregular, _)| irregular).ok()?;
    Some(IRREGULAR[at].1)
}

fn is_short(word: &str) -> bool {
    word.chars().nth(2).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stem(word: &str) -> String {
        let mut out = String::from("what was there before");
        stem_into(word, &mut out);
        out
    }

    fn stem_as_written(word: &str) -> String {
        let mut out = String::from("what was there before");
        stem_as_written_into(word, &mut out);
        out
    }

    /// Each stem below was read off NLTK 3.10.4.
    fn check(cases: &[(&str, &str)]) {
        for (word, expected) in cases {
            assert_eq!(stem(word), *expected, "{word}");
        }
    }

    #[test]
    fn examples_of_the_paper() {
        check(&[
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubled", "troubl"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("failing", "fail"),
            ("filing", "file"),
            ("happy", "happi"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("vietnamization", "vietnam"),
            ("sensibility", "sensibl"),
            ("electrical", "electr"),
            ("hopefulness", "hope"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("onion", "onion"),
            ("effective", "effect"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controlling", "control"),
            ("roll", "roll"),
            ("generalizations", "gener"),
        ]);
    }

    #[test]
    fn extensions_of_nltk() {
        check(&[
            ("dies", "die"),
            ("died", "die"),
            ("dying", "die"),
            ("cried", "cri"),
            ("skies", "sky"),
            ("fly", "fli"),
            ("by", "by"),
            ("enjoy", "enjoy"),
            ("geology", "geolog"),
            ("faithfully", "faith"),
            ("radically", "radic"),
            ("conditionally", "condit"),
            ("ed", "ed"),
            ("aed", "a"),
            ("ies", "i"),
        ]);
    }

    #[test]
    fn capitals_and_letters_beyond_ascii() {
        check(&[
            ("", ""),
            ("SKIES", "sky"),
            ("İs", "i\u{307}s"),
            ("İes", "i\u{307}e"),
            ("ΑΣ", "ας"),
            ("éées", "éée"),
            ("caéééd", "caéééd"),
        ]);
        assert_eq!(stem_as_written("Sky"), "Ski");
        assert_eq!(stem_as_written("SKIES"), "SKIES");
    }

    #[test]
    fn a_long_row_of_y_takes_no_longer_than_any_word() {
        let word = "y".repeat(1_000_000) + "ing";
        assert_eq!(stem(&word).len(), 1_000_000);
    }

    #[test]
    fn irregular_words_are_in_order() {
        assert!(IRREGULAR.is_sorted());
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem_and_all_ways_to_it_agree(word in "(\\PC|[a-z]){0,12}(ies|ied|ing|ed|ation|y|e|ll|ment)?") {
            let lowered = word.to_lowercase();
            let written = stem_as_written(&lowered);
            if word.chars().count() == lowered.chars().count() {
                prop_assert_eq!(stem(&word), written.as_str());
            }
            if irregular(&lowered).is_none() && !is_short(&lowered) {
                let mut letters: Vec<char> = lowered.chars().collect();
                steps::strip(&mut letters);
                prop_assert_eq!(letters.into_iter().collect::<String>(), written);
            }
        }
    }
}
