//! Asks the running interpreter about its characters, a page at a time, when the kernels first meet them.
//!
//! Every answer is what a method of `str` says, so it is right for whatever interpreter runs us. Only methods written in C
//! are called, so nothing of the user's runs and no signal is handled here.

use std::sync::LazyLock;

use pyo3::prelude::*;
use pyo3::types::PyString;
use tureen_text::characters::{Characters, Description, Page, flags};

pub(crate) static CHARACTERS: LazyLock<Characters> = LazyLock::new(|| Characters::new(ask));

const TESTS: [(&str, u16); 9] = [
    ("isalpha", flags::ALPHA),
    ("isdecimal", flags::DECIMAL),
    ("isdigit", flags::DIGIT),
    ("isnumeric", flags::NUMERIC),
    ("isalnum", flags::ALNUM),
    ("isspace", flags::SPACE),
    ("isprintable", flags::PRINTABLE),
    ("isupper", flags::UPPER),
    ("islower", flags::LOWER),
];

fn ask(number: u32) -> Page {
    Python::attach(|py| {
        Page::new(number, |c| {
            describe(py, c).expect("methods of `str` that are given nothing but a character raise nothing")
        })
    })
}

fn describe(py: Python<'_>, c: char) -> PyResult<Description> {
    let character = PyString::new(py, c.encode_utf8(&mut [0; 4]));
    let mut found = 0;
    for (method, flag) in TESTS {
        if is(&character, method)? {
            found |= flag;
        }
    }
    let becomes = |method: &str| -> PyResult<String> { character.call_method0(method)?.extract() };
    // A character that is a title on its own is a capital or has title case.
    if found & flags::UPPER == 0 && is(&character, "istitle")? {
        found |= flags::TITLE;
    }
    // The letter after a cased one is small in a title.
    let text = |before: &str, after: &str| PyString::new(py, &format!("{before}{c}{after}"));
    if text("", "a").call_method0("title")?.extract::<String>()?.ends_with('a') {
        found |= flags::CASED;
    }
    // A sigma after it ends a word if a letter stands before it, but not if none does: it is looked past.
    let has_final_sigma = |text: Bound<'_, PyString>| -> PyResult<bool> {
        Ok(text.call_method0("lower")?.extract::<String>()?.ends_with('ς'))
    };
    if has_final_sigma(text("a", "Σ"))? && !has_final_sigma(text("", "Σ"))? {
        found |= flags::IGNORABLE;
    }
    if is(&character, "isidentifier")? {
        found |= flags::START;
    }
    if is(&text("a", ""), "isidentifier")? {
        found |= flags::CONTINUE;
    }
    if text("", "a").call_method0("splitlines")?.len()? == 2 {
        found |= flags::LINE_END;
    }
    Ok(Description {
        flags: found,
        cases: [becomes("upper")?, becomes("lower")?, becomes("title")?, becomes("casefold")?],
    })
}

fn is(text: &Bound<'_, PyString>, method: &str) -> PyResult<bool> {
    text.call_method0(method)?.is_truthy()
}
