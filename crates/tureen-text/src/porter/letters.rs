//! Consonants, vowels, and what the rules ask of a row of them. Knows no suffix and no rule.

/// One letter of a word: a byte where the whole word is ASCII (most words), a code point otherwise.
pub(super) trait Letter: Copy + Eq {
    fn from_ascii(letter: u8) -> Self;
}

impl Letter for u8 {
    fn from_ascii(letter: u8) -> u8 {
        letter
    }
}

impl Letter for char {
    fn from_ascii(letter: u8) -> char {
        char::from(letter)
    }
}

/// Whether `letter` is one of the (lower-case ASCII) letters of `set`.
pub(super) fn is_one_of<L: Letter>(letter: L, set: &[u8]) -> bool {
    set.iter().any(|&one| L::from_ascii(one) == letter)
}

/// Whether the word ends in the (ASCII) letters of `suffix`.
pub(super) fn ends_with<L: Letter>(word: &[L], suffix: &[u8]) -> bool {
    word.len() >= suffix.len()
        && word[word.len() - suffix.len()..].iter().zip(suffix).all(|(&l, &s)| l == L::from_ascii(s))
}

/// Whether the letter at `at` is a consonant. A `y` is one at the start of a word and after a vowel, so in a row of
/// them every other one is.
pub(super) fn is_consonant<L: Letter>(word: &[L], at: usize) -> bool {
    let y = L::from_ascii(b'y');
    let run_start = word[..=at].iter().rposition(|&letter| letter != y).map_or(0, |before| before + 1);
    if run_start > at {
        return !is_one_of(word[at], b"aeiou");
    }
    let first_is_consonant = run_start == 0 || is_one_of(word[run_start - 1], b"aeiou");
    first_is_consonant == (at - run_start).is_multiple_of(2)
}

/// For each letter in turn, whether it is a consonant. One pass over the word, however many `y` it has.
fn consonants<L: Letter>(word: &[L]) -> impl Iterator<Item = bool> {
    let mut after_vowel = true; // a word that starts with `y` starts with a consonant
    word.iter().map(move |&letter| {
        let consonant =
            if letter == L::from_ascii(b'y') { after_vowel } else { !is_one_of(letter, b"aeiou") };
        after_vowel = !consonant;
        consonant
    })
}

/// How often a vowel is followed by a consonant: the *m* of Porter's paper.
pub(super) fn measure<L: Letter>(stem: &[L]) -> usize {
    let mut after_vowel = false;
    let mut count = 0;
    for consonant in consonants(stem) {
        count += usize::from(consonant && after_vowel);
        after_vowel = !consonant;
    }
    count
}

pub(super) fn contains_vowel<L: Letter>(stem: &[L]) -> bool {
    consonants(stem).any(|consonant| !consonant)
}

/// Whether the last two letters are the same consonant.
pub(super) fn ends_in_double_consonant<L: Letter>(word: &[L]) -> bool {
    match word {
        [.., before, last] => before == last && is_consonant(word, word.len() - 1),
        _ => false,
    }
}

/// Whether a stem is short: it ends consonant, vowel, consonant, and the last is not `w`, `x` or `y` (Porter's `*o`);
/// or, as NLTK adds, it is a vowel and a consonant and nothing else.
pub(super) fn is_short<L: Letter>(stem: &[L]) -> bool {
    match stem.len() {
        0 | 1 => false,
        2 => !is_consonant(stem, 0) && is_consonant(stem, 1),
        n => {
            is_consonant(stem, n - 3)
                && !is_consonant(stem, n - 2)
                && is_consonant(stem, n - 1)
                && !is_one_of(stem[n - 1], b"wxy")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measure_is_that_of_the_paper() {
        for (words, m) in [
            (&["tr", "ee", "tree", "y", "by"][..], 0),
            (&["trouble", "oats", "trees", "ivy"], 1),
            (&["troubles", "private", "oaten", "orrery"], 2),
        ] {
            for word in words {
                assert_eq!(measure(word.as_bytes()), m, "{word}");
            }
        }
    }

    #[test]
    fn both_ways_to_tell_consonants_agree() {
        for word in ["", "y", "yy", "yyyy", "toy", "syzygy", "ayyyb", "byyy", "eye", "x"] {
            let letters = word.as_bytes();
            let one_by_one: Vec<bool> = (0..letters.len()).map(|at| is_consonant(letters, at)).collect();
            assert_eq!(consonants(letters).collect::<Vec<_>>(), one_by_one, "{word}");
        }
    }

    #[test]
    fn short_stems() {
        for (stem, short) in
            [("hop", true), ("wil", true), ("snow", false), ("box", false), ("at", true), ("a", false)]
        {
            assert_eq!(is_short(stem.as_bytes()), short, "{stem}");
        }
    }
}
