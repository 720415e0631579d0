//! The stemmers as Python calls them: from a Python `str` to a Python `str`.
//!
//! Knows no promise and no bag. Two things are left to the interpreter, for only it gives its own answers: lower-casing
//! beyond ASCII (its Unicode tables may be older or newer than Rust's), and strings with lone surrogates.

use std::cell::Cell;
use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple, PyType};
use tureen_text::snowball::{LANGUAGES, LONGEST_WORD, Language};
use tureen_text::{Stemmer, porter};

/// Make the stems that ``nltk.stem.PorterStemmer`` (3.10, in its default mode) makes, only faster.
///
/// >>> stemmer = PorterStemmer()
/// >>> [stemmer.stem(word) for word in ("connected", "connecting", "Connections")]
/// ['connect', 'connect', 'connect']
///
/// A stemmer has no state: one serves all threads, travels to other processes, and equals any other.
#[pyclass(frozen, eq, hash, module = "tureen.text")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PorterStemmer;

#[pymethods]
impl PorterStemmer {
    #[new]
    fn new() -> Self {
        Self
    }

    /// Return the stem of a word.
    ///
    /// Args:
    ///     word: one word.
    ///     to_lowercase: whether the word is lower-cased first, as ``str.lower`` does; without that, capitals
    ///         are consonants and no suffix has any.
    ///
    /// Raises:
    ///     TypeError: the word is no ``str``.
    ///
    /// >>> PorterStemmer().stem("Skies")
    /// 'sky'
    /// >>> PorterStemmer().stem("Skies", to_lowercase=False)
    /// 'Ski'
    #[pyo3(signature = (word, to_lowercase = true))]
    fn stem<'py>(&self, word: &Bound<'py, PyString>, to_lowercase: bool) -> PyResult<Bound<'py, PyString>> {
        if !to_lowercase {
            return stem_as_written(Stemmer::Porter, word);
        }
        if let Ok(text) = word.to_cow()
            && text.is_ascii()
        {
            return Ok(with_buffer(|stem| {
                porter::stem_into(&text, stem);
                in_python(word, &text, stem)
            }));
        }
        let lowered = word.call_method0("lower")?.cast_into::<PyString>()?;
        // The length before lower-casing counts, as it does for NLTK.
        if word.len()? <= 2 { Ok(lowered) } else { stem_as_written(Stemmer::Porter, &lowered) }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, ()) {
        (py.get_type::<Self>(), ())
    }

    fn __repr__(&self) -> &'static str {
        "PorterStemmer()"
    }
}

/// Make the stems that ``snowballstemmer`` (3.1.1) makes, only faster.
///
/// Args:
///     language: one of ``SnowballStemmer.languages``, such as "english".
///
/// Raises:
///     ValueError: there is no stemmer for the language.
///
/// >>> stemmer = SnowballStemmer("german")
/// >>> [stemmer.stem(word) for word in ("haus", "häuser", "hauses")]
/// ['haus', 'haus', 'haus']
///
/// Words are stemmed as they are written, and the rules know small letters only: lower-case words first.
/// (``nltk.stem.SnowballStemmer`` lower-cases, but has older rules.)
///
/// A stemmer has no state: one serves all threads, travels to other processes, and equals any other for
/// its language.
#[pyclass(frozen, eq, hash, module = "tureen.text")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct SnowballStemmer(Language);

#[pymethods]
impl SnowballStemmer {
    #[new]
    fn new(language: &str) -> PyResult<Self> {
        Language::named(&language.to_lowercase()).map(Self).ok_or_else(|| {
            PyValueError::new_err(format!(
                "there is no stemmer for `{language}`\nhint: `SnowballStemmer.languages` are those that have one"
            ))
        })
    }

    /// The names of all languages. "dutch_porter" and "porter" are older rules for Dutch and English.
    #[classattr]
    fn languages(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, LANGUAGES.map(|language| language.name))
    }

    /// The language's name, in small letters.
    #[getter]
    fn language(&self) -> &'static str {
        self.0.name
    }

    /// Return the stem of a word.
    ///
    /// Raises:
    ///     TypeError: the word is no ``str``.
    ///
    /// >>> SnowballStemmer("english").stem("connections")
    /// 'connect'
    fn stem<'py>(&self, word: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
        // A letter takes four bytes at most.
        if word.len()? > LONGEST_WORD / 4 {
            return Err(PyValueError::new_err("a word of more than 250 million letters can't be stemmed"));
        }
        stem_as_written(Stemmer::Snowball(self.0), word)
    }

    /// Return the stem of a word: ``stem`` under the name that ``snowballstemmer`` gives it.
    #[pyo3(name = "stemWord")]
    fn stem_word<'py>(&self, word: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
        self.stem(word)
    }

    /// Return the stems of words, as a list.
    ///
    /// >>> SnowballStemmer("french").stemWords(["chevaux", "cheval"])
    /// ['cheval', 'cheval']
    #[pyo3(name = "stemWords")]
    fn stem_words<'py>(&self, words: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyString>>> {
        words.try_iter()?.map(|word| self.stem(word?.cast()?)).collect()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (&'static str,)) {
        (py.get_type::<Self>(), (self.0.name,))
    }

    fn __repr__(&self) -> String {
        format!("SnowballStemmer('{}')", self.0.name)
    }
}

fn stem_as_written<'py>(stemmer: Stemmer, word: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    with_buffer(|stem| match word.to_cow() {
        Ok(text) => {
            stemmer.stem_into(&text, stem);
            Ok(in_python(word, &text, stem))
        }
        Err(no_text) => {
            let (text, stands_for) = stand_ins(word)?.ok_or(no_text)?;
            stemmer.stem_into(&text, stem);
            undo_stand_ins(word.py(), stem, &stands_for)
        }
    })
}

/// Calls a function with memory for a stem, which the thread's next word gets again.
fn with_buffer<R>(stem: impl FnOnce(&mut String) -> R) -> R {
    thread_local! {
        static BUFFER: Cell<String> = const { Cell::new(String::new()) };
    }
    let mut buffer = BUFFER.take();
    let result = stem(&mut buffer);
    BUFFER.set(buffer);
    result
}

/// The stem as Python's, which is the word itself if that is its own stem.
fn in_python<'py>(word: &Bound<'py, PyString>, text: &str, stem: &str) -> Bound<'py, PyString> {
    if stem == text && word.is_exact_instance_of::<PyString>() {
        word.clone()
    } else {
        PyString::new(word.py(), stem)
    }
}

/// The codec that lets lone surrogates through.
const UTF_32: (&str, &str) = ("utf-32-le", "surrogatepass");

/// A string that Rust's `str` can't hold, with each lone surrogate replaced by a character for private use that is not in
/// it: to every stemmer, both are letters without a meaning. Beside it, which character stands for which surrogate. `None`
/// if the string leaves no such character.
fn stand_ins(word: &Bound<'_, PyString>) -> PyResult<Option<(String, HashMap<char, u32>)>> {
    let encoded = word.call_method1("encode", UTF_32)?.cast_into::<PyBytes>()?;
    let (code_points, _) = encoded.as_bytes().as_chunks();
    let code_points: Vec<u32> = code_points.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    let mut taken = code_points.clone();
    taken.sort_unstable();
    let mut free = ('\u{F0000}'..='\u{10FFFD}').filter(|&c| taken.binary_search(&u32::from(c)).is_err());
    let mut stand_ins = HashMap::new();
    let mut text = String::new();
    for code_point in code_points {
        let letter = char::from_u32(code_point).or_else(|| stand_ins.get(&code_point).copied());
        let Some(letter) = letter.or_else(|| free.next()) else { return Ok(None) };
        if char::from_u32(code_point).is_none() {
            stand_ins.insert(code_point, letter);
        }
        text.push(letter);
    }
    Ok(Some((text, stand_ins.into_iter().map(|(surrogate, letter)| (letter, surrogate)).collect())))
}

fn undo_stand_ins<'py>(
    py: Python<'py>,
    stem: &str,
    stands_for: &HashMap<char, u32>,
) -> PyResult<Bound<'py, PyString>> {
    let code_points = stem.chars().map(|letter| stands_for.get(&letter).copied().unwrap_or(letter.into()));
    let encoded: Vec<u8> = code_points.flat_map(u32::to_le_bytes).collect();
    Ok(PyBytes::new(py, &encoded).call_method1("decode", UTF_32)?.cast_into()?)
}
