//! The Snowball stemmers, as Snowball 3.1.1 and the Python package `snowballstemmer` of that version have them.
//!
//! Most come from two crates that Snowball's own compiler made: `snowstem`, of 3.1.1 itself but for 21 languages only, and
//! `snowball_stemmers_rs`, older, for those whose rules have not changed since. The languages whose rules did change have
//! their files here.
//!
//! A word is stemmed as it is written. The rules know small letters only. In languages where they first make letters alike
//! (Arabic, Catalan, Esperanto, Serbian, Yiddish), the time grows with the square of a word's length, as in the package.

mod ending;
mod estonian;
mod lithuanian;
mod persian;
mod sesotho;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use snowstem::Algorithm as Newer;

/// A language that has a stemmer, or one of two ways to stem a language.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    pub name: &'static str,
    rules: Rules,
}

#[derive(Clone, Copy, Debug)]
enum Rules {
    Newer(Newer),
    Older(fn(&str) -> Cow<'_, str>),
    Ours(fn(&str, &mut String)),
}

use Rules::{Newer as N, Older as O, Ours};

/// The older crate's stemmer for one language. Each is named where it is used, so that no other language of that crate
/// comes along (half a megabyte).
macro_rules! older {
    ($language:ident) => {
        |word| snowball_stemmers_rs::Stemmer::create(snowball_stemmers_rs::Algorithm::$language).stem(word)
    };
}
use older;

/// In bytes: the crates count in 32 bits.
pub const LONGEST_WORD: usize = 1 << 30;

/// All of them, by name.
pub const LANGUAGES: [Language; 36] = [
    Language { name: "arabic", rules: N(Newer::Arabic) },
    Language { name: "armenian", rules: O(older!(Armenian)) },
    Language { name: "basque", rules: O(older!(Basque)) },
    Language { name: "catalan", rules: O(older!(Catalan)) },
    Language { name: "czech", rules: N(Newer::Czech) },
    Language { name: "danish", rules: N(Newer::Danish) },
    Language { name: "dutch", rules: N(Newer::Dutch) },
    Language { name: "dutch_porter", rules: N(Newer::DutchPorter) },
    Language { name: "english", rules: N(Newer::English) },
    Language { name: "esperanto", rules: O(older!(Esperanto)) },
    Language { name: "estonian", rules: Ours(estonian::stem_into) },
    Language { name: "finnish", rules: N(Newer::Finnish) },
    Language { name: "french", rules: N(Newer::French) },
    Language { name: "german", rules: N(Newer::German) },
    Language { name: "greek", rules: N(Newer::Greek) },
    Language { name: "hindi", rules: O(older!(Hindi)) },
    Language { name: "hungarian", rules: N(Newer::Hungarian) },
    Language { name: "indonesian", rules: O(older!(Indonesian)) },
    Language { name: "irish", rules: O(older!(Irish)) },
    Language { name: "italian", rules: N(Newer::Italian) },
    Language { name: "lithuanian", rules: Ours(lithuanian::stem_into) },
    Language { name: "nepali", rules: O(older!(Nepali)) },
    Language { name: "norwegian", rules: N(Newer::Norwegian) },
    Language { name: "persian", rules: Ours(persian::stem_into) },
    Language { name: "polish", rules: N(Newer::Polish) },
    Language { name: "porter", rules: O(older!(Porter)) },
    Language { name: "portuguese", rules: N(Newer::Portuguese) },
    Language { name: "romanian", rules: N(Newer::Romanian) },
    Language { name: "russian", rules: N(Newer::Russian) },
    Language { name: "serbian", rules: O(older!(Serbian)) },
    Language { name: "sesotho", rules: Ours(sesotho::stem_into) },
    Language { name: "spanish", rules: N(Newer::Spanish) },
    Language { name: "swedish", rules: N(Newer::Swedish) },
    Language { name: "tamil", rules: N(Newer::Tamil) },
    Language { name: "turkish", rules: N(Newer::Turkish) },
    Language { name: "yiddish", rules: O(older!(Yiddish)) },
];

impl Language {
    /// The language with this name, in small letters and in English.
    pub fn named(name: &str) -> Option<Language> {
        let at = LANGUAGES.binary_search_by_key(&name, |language| language.name).ok()?;
        Some(LANGUAGES[at])
    }

    /// Replaces what is in `out` by the stem of `word`. A word longer than `LONGEST_WORD` stays as it is.
    ///
    /// ```
    /// use tureen_text::snowball::Language;
    ///
    /// let mut stem = String::new();
    /// Language::named("english").unwrap().stem_into("connections", &mut stem);
    /// assert_eq!(stem, "connect");
    /// ```
    pub fn stem_into(self, word: &str, out: &mut String) {
        if word.len() > LONGEST_WORD {
            word.clone_into(out);
            return;
        }
        match self.rules {
            N(algorithm) => snowstem::Stemmer::create(algorithm).stem_into(word, out),
            O(stem) => {
                out.clear();
                out.push_str(&stem(word));
            }
            Ours(stem_into) => stem_into(word, out),
        }
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Language) -> bool {
        self.name == other.name
    }
}

impl Eq for Language {}

impl Hash for Language {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stem(language: &str, word: &str) -> String {
        let mut out = String::from("what was there before");
        Language::named(language).unwrap().stem_into(word, &mut out);
        out
    }

    #[test]
    fn each_language_is_found_by_its_name() {
        assert!(LANGUAGES.is_sorted_by_key(|language| language.name));
        for language in LANGUAGES {
            assert_eq!(Language::named(language.name), Some(language));
        }
        assert_eq!(Language::named("English"), None);
    }

    /// Each stem below was read off snowballstemmer 3.1.1.
    #[test]
    fn a_word_in_each_language() {
        for (language, word, expected) in [
            ("arabic", "المكتبات", "مكتب"),
            ("armenian", "բարեկամներով", "բարեկամ"),
            ("basque", "etxeetan", "etxe"),
            ("catalan", "corredors", "corr"),
            ("czech", "romance", "romanc"),
            ("danish", "a'erne", "a'ern"),
            ("dutch", "belachelijkheid", "belachelijk"),
            ("dutch_porter", "belachelijkheid", "belach"),
            ("english", "connections", "connect"),
            ("esperanto", "libroj", "libr"),
            ("estonian", "bordeaux'sse", "bordeaux"),
            ("finnish", "huhtikuuhun", "huhtiku"),
            ("french", "mésozoïques", "mésozo"),
            ("german", "grimm'sche", "grimm"),
            ("greek", "βιβλία", "βιβλ"),
            ("hindi", "लड़कियाँ", "लड़क"),
            ("hungarian", "házakban", "ház"),
            ("indonesian", "membacakan", "baca"),
            ("irish", "bhfear", "fear"),
            ("italian", "l'amicizia", "amiciz"),
            ("lithuanian", "bingo'us", "bingo"),
            ("nepali", "केटाहरूले", "केटा"),
            ("norwegian", "havnedistriktene", "havnedistrikt"),
            ("persian", "کتاب\u{200C}هایی", "کتاب"),
            ("polish", "samochodowi", "samochod"),
            ("porter", "connections", "connect"),
            ("portuguese", "freqüentadores", "freqüent"),
            ("romanian", "nuanțelor", "nuanț"),
            ("russian", "книгами", "книг"),
            ("serbian", "књигама", "knjig"),
            ("sesotho", "baruti", "rut"),
            ("spanish", "bibliotecas", "bibliotec"),
            ("swedish", "bilarnas", "bil"),
            ("tamil", "புத்தகங்கள்", "புத்தகம்"),
            ("turkish", "kitaplarımızdan", "kitap"),
            ("yiddish", "ביכער", "ביכ"),
        ] {
            assert_eq!(stem(language, word), expected, "{language}: {word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_stem(word in "(\\PC|[a-z']){0,24}") {
            for language in LANGUAGES {
                stem(language.name, &word);
            }
        }
    }
}
