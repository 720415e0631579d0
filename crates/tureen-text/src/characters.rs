//! What a running interpreter says about each code point: its class, and what it becomes in upper, lower, title and folded
//! case. Rust's own tables would be those of another version of Unicode.
//!
//! Nothing is asked before it is needed, and then for 256 neighbouring code points at once: most text needs one or two
//! such pages. Knows no interpreter: whoever makes `Characters` gives the function that asks.

use std::sync::OnceLock;

const N_PAGES: usize = 0x110000 / PAGE;
const PAGE: usize = 256;

/// What a character may be. A set of these is a number with their bits.
pub mod flags {
    /// `str.isalpha`
    pub const ALPHA: u16 = 1;
    /// `str.isdecimal`
    pub const DECIMAL: u16 = 1 << 1;
    /// `str.isdigit`
    pub const DIGIT: u16 = 1 << 2;
    /// `str.isnumeric`
    pub const NUMERIC: u16 = 1 << 3;
    /// `str.isalnum`
    pub const ALNUM: u16 = 1 << 4;
    /// `str.isspace`
    pub const SPACE: u16 = 1 << 5;
    /// `str.isprintable`
    pub const PRINTABLE: u16 = 1 << 6;
    /// `str.isupper`
    pub const UPPER: u16 = 1 << 7;
    /// `str.islower`
    pub const LOWER: u16 = 1 << 8;
    /// Title case: such as `ǅ`, which is one letter for capital D and small ž.
    pub const TITLE: u16 = 1 << 9;
    /// Has a case: a letter after it in a title is small.
    pub const CASED: u16 = 1 << 10;
    /// Is looked past where a sigma wants to know whether it ends a word.
    pub const IGNORABLE: u16 = 1 << 11;
    /// May start an identifier.
    pub const START: u16 = 1 << 12;
    /// May be in an identifier.
    pub const CONTINUE: u16 = 1 << 13;
    /// Ends a line for `str.splitlines`.
    pub const LINE_END: u16 = 1 << 14;
}

/// The four cases a character can be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    Title,
    Folded,
}

/// What is said about one character.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// A set of `flags`.
    pub flags: u16,
    /// What it becomes, in the order of `Case`: up to three characters.
    pub cases: [String; 4],
}

/// All characters, as one interpreter has them.
pub struct Characters {
    pages: Box<[OnceLock<Box<Page>>]>,
    ask: fn(u32) -> Page,
}

/// 256 neighbouring code points.
pub struct Page {
    flags: [u16; PAGE],
    /// None where no character has another case.
    cases: Option<Box<Cases>>,
}

struct Cases {
    /// The code point that each becomes; `LONG` and a place in `long` where it becomes several.
    becomes: [[u32; PAGE]; 4],
    long: Vec<Box<str>>,
}

const LONG: u32 = 1 << 31;

impl Characters {
    /// Characters that are asked for when they are first looked at: `ask` is given a page's number.
    pub fn new(ask: fn(u32) -> Page) -> Self {
        Self { pages: (0..N_PAGES).map(|_| OnceLock::new()).collect(), ask }
    }

    /// Whether the character has one of the flags.
    pub fn has(&self, c: char, flags: u16) -> bool {
        self.flags(c) & flags != 0
    }

    /// The flags of the first 256 characters, to have at hand in a loop.
    pub(crate) fn first_flags(&self) -> &[u16; PAGE] {
        &self.page('a').flags
    }

    pub(crate) fn flags(&self, c: char) -> u16 {
        self.page(c).flags[c as usize % PAGE]
    }

    /// Appends what the character becomes.
    pub(crate) fn push(&self, c: char, case: Case, out: &mut String) {
        let Some(cases) = &self.page(c).cases else {
            out.push(c);
            return;
        };
        let becomes = cases.becomes[case as usize][c as usize % PAGE];
        match char::from_u32(becomes) {
            Some(other) => out.push(other),
            None => out.push_str(&cases.long[(becomes & !LONG) as usize]),
        }
    }

    fn page(&self, c: char) -> &Page {
        let number = c as usize / PAGE;
        match self.pages[number].get() {
            Some(page) => page,
            None => self.ask_for(number),
        }
    }

    #[cold]
    fn ask_for(&self, number: usize) -> &Page {
        // Not `get_or_init`: who asks may wait for the interpreter's lock, and who holds that lock may come here too.
        let page = Box::new((self.ask)(number as u32));
        // Another thread may have been first, with the same page.
        let _ = self.pages[number].set(page);
        self.pages[number].get().expect("it was set a moment ago, here or elsewhere")
    }
}

impl Page {
    /// The page with this number, each character (surrogates left out, which text can't hold) as described.
    pub fn new(number: u32, mut describe: impl FnMut(char) -> Description) -> Self {
        let first = number * PAGE as u32;
        let mut flags = [0; PAGE];
        let mut cases = Cases { becomes: [std::array::from_fn(|at| first + at as u32); 4], long: Vec::new() };
        let mut has_cases = false;
        for (at, its_flags) in flags.iter_mut().enumerate() {
            let Some(c) = char::from_u32(first + at as u32) else { continue };
            let description = describe(c);
            *its_flags = description.flags;
            for (case, text) in description.cases.iter().enumerate() {
                let mut letters = text.chars();
                cases.becomes[case][at] = match (letters.next(), letters.next()) {
                    (Some(one), None) => one as u32,
                    _ => {
                        cases.long.push(text.as_str().into());
                        LONG | (cases.long.len() - 1) as u32
                    }
                };
                has_cases |= cases.becomes[case][at] != c as u32;
            }
        }
        Self { flags, cases: has_cases.then(|| Box::new(cases)) }
    }
}
