//! Persian, after Snowball's version of "HPS: A Hierarchical Persian Stemming Method" (Rashidi and Lighvan, 2014).
//!
//! Letters are made alike, a prefix of the present tense goes, and then endings of nouns, adjectives and verbs go one by
//! one until none is left.

use super::ending::{longest, replace};

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';

/// Words whose `ان` is no ending.
const WHOLE_WORDS: [&str; 33] = [
    "آلمان",
    "آسمان",
    "ایمان",
    "ایشان",
    "امکان",
    "اصفهان",
    "آذربایجان",
    "بیان",
    "پایان",
    "پیمان",
    "جریان",
    "درمان",
    "رمان",
    "زندان",
    "سازمان",
    "سلطان",
    "گیلان",
    "قهرمان",
    "کرمان",
    "خاندان",
    "لبنان",
    "میزان",
    "مسلمان",
    "نشان",
    "همدان",
    "یونان",
    "کهکشان",
    "آتشفشان",
    "پریشان",
    "درخشان",
    "همزمان",
    "ساختمان",
    "سلیمان",
];

/// Ends of words whose `ان` is no ending either.
const WHOLE_ENDS: [&str; 4] = ["ستان", "سان", "ران", "وان"];

/// Broken plurals, and their singulars.
const BROKEN_PLURALS: &[(&str, &str)] = &[("اخبار", "خبر"), ("اساتید", "استاد")];

/// `تر` only counts where something of what endings may take is left before it.
const NOUN_ENDINGS: &[(&str, ())] = &[
    ("ام", ()),
    ("اش", ()),
    ("یان", ()),
    ("گان", ()),
    ("های", ()),
    ("انی", ()),
    ("ها", ()),
    ("ات", ()),
    ("ان", ()),
    ("ین", ()),
    ("گاه", ()),
    ("بان", ()),
    ("گی", ()),
    ("یت", ()),
    ("یی", ()),
    ("ترین", ()),
    (COMPARATIVE, ()),
    ("انه", ()),
    ("مند", ()),
    ("وار", ()),
    ("ناک", ()),
    ("گار", ()),
];

const COMPARATIVE: &str = "تر";

/// What a participle takes: "to be", put behind it.
const TAILS: &[(&str, ())] =
    &[("اید", ()), ("ایم", ()), ("اند", ()), ("است", ()), ("اس", ()), ("ای", ()), ("ید", ()), ("یم", ())];

#[derive(Clone, Copy)]
enum Verb {
    /// A person's ending, which goes only where something has shown that the word is a verb.
    Person,
    /// A form of the past of "to go", of which the stem stays.
    Went,
    /// The sign of an infinitive or of an agent.
    Sign,
    /// A participle, whose first letter stays.
    Participle(&'static str),
}

const VERB_ENDINGS: &[(&str, Verb)] = &[
    ("اند", Verb::Person),
    ("ید", Verb::Person),
    ("یم", Verb::Person),
    ("ام", Verb::Person),
    ("د", Verb::Person),
    ("م", Verb::Person),
    ("رفتم", Verb::Went),
    ("رفتی", Verb::Went),
    ("رفتیم", Verb::Went),
    ("رفتید", Verb::Went),
    ("رفتاند", Verb::Went),
    ("نده", Verb::Sign),
    ("ان", Verb::Sign),
    ("ده", Verb::Participle("د")),
    ("ته", Verb::Participle("ت")),
];

pub(super) fn stem_into(word: &str, out: &mut String) {
    out.clear();
    out.extend(word.chars().filter_map(alike));
    let is_present = drop_prefix(out);
    out.retain(|letter| letter != NON_JOINER);

    // Short words keep their endings: the first three letters are out of reach of most.
    let start = out.char_indices().nth(3).map_or(out.len(), |(at, _)| at);
    // Each round makes the word shorter.
    while !is_whole(out) && (drop_noun_ending(out, start) || drop_verb_ending(out, start, is_present)) {}
}

/// Persian letters for Arabic ones; none for what only joins or parts letters.
fn alike(letter: char) -> Option<char> {
    match letter {
        'ك' => Some('ک'),
        'ي' | 'ئ' => Some('ی'),
        'ة' | 'ہ' => Some('ه'),
        'أ' | 'إ' => Some('ا'),
        'ؤ' => Some('و'),
        JOINER | ' ' => None,
        _ => Some(letter),
    }
}

/// Whether the word has a prefix of the present tense, with at least two letters behind it. The prefix goes, unless it
/// also negates.
fn drop_prefix(word: &mut String) -> bool {
    let has = |prefix| word.strip_prefix(prefix).is_some_and(|rest| rest.chars().nth(1).is_some());
    let (present, negated) = ("می\u{200C}", "نمی\u{200C}");
    if has(present) {
        word.drain(..present.len());
        return true;
    }
    has(negated)
}

fn is_whole(word: &str) -> bool {
    WHOLE_WORDS.contains(&word) || WHOLE_ENDS.iter().any(|end| word.ends_with(end))
}

fn drop_noun_ending(word: &mut String, start: usize) -> bool {
    if let Some((plural, singular)) = longest(word, 0, BROKEN_PLURALS) {
        replace(word, plural, singular);
        return true;
    }
    match longest(word, start, NOUN_ENDINGS) {
        Some(&(COMPARATIVE, ())) if word.len() - COMPARATIVE.len() == start => false,
        Some((ending, ())) => {
            replace(word, ending, "");
            true
        }
        None => false,
    }
}

fn drop_verb_ending(word: &mut String, start: usize, is_present: bool) -> bool {
    let is_in_reach = |word: &str, ending: &str| word.len() - ending.len() >= start;
    if let Some((tail, ())) = longest(word, 0, TAILS)
        && is_in_reach(word, tail)
    {
        replace(word, tail, "");
        return true;
    }
    let Some(&(ending, verb)) = longest(word, 0, VERB_ENDINGS) else { return false };
    let (instead, goes) = match verb {
        Verb::Person => ("", is_present && is_in_reach(word, ending)),
        Verb::Went => ("رفت", true),
        Verb::Sign => ("", is_in_reach(word, ending)),
        Verb::Participle(letter) => (letter, word.len() > ending.len()),
    };
    if goes {
        replace(word, ending, instead);
    }
    goes
}
