//! Any of our stemmers, for those who stem many words with one of them. Knows no rules.

use crate::porter;
use crate::snowball::Language;

/// What makes stems of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stemmer {
    Porter,
    Snowball(Language),
}

impl Stemmer {
    /// Replaces what is in `out` by the stem of `word` as it is written: no stemmer here changes capitals first, for what
    /// their small letters are depends on the version of Unicode.
    ///
    /// ```
    /// use tureen_text::Stemmer;
    /// use tureen_text::snowball::Language;
    ///
    /// let german = Stemmer::Snowball(Language::named("german").unwrap());
    /// let mut stem = String::new();
    /// german.stem_into("häuser", &mut stem);
    /// assert_eq!(stem, "haus");
    /// ```
    pub fn stem_into(self, word: &str, out: &mut String) {
        match self {
            Stemmer::Porter => porter::stem_as_written_into(word, out),
            Stemmer::Snowball(language) => language.stem_into(word, out),
        }
    }
}
