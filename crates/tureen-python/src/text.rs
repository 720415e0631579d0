//! The stemmer as Python calls it: from a Python `str` to a Python `str`.
//!
//! Knows no promise and no bag. Two things are left to the interpreter, for only it gives its own answers: lower-casing
//! beyond ASCII (its Unicode tables may be older or newer than Rust's), and strings with lone surrogates.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use tureen_text::porter;

/// The Porter stem of `word`, which is lower-cased first if `to_lowercase` is true.
#[pyfunction]
#[pyo3(signature = (word, to_lowercase = true, /))]
pub(crate) fn porter_stem<'py>(
    word: &Bound<'py, PyString>,
    to_lowercase: bool,
) -> PyResult<Bound<'py, PyString>> {
    let py = word.py();
    match word.to_cow() {
        Ok(text) if to_lowercase && text.is_ascii() => return Ok(PyString::new(py, &porter::stem(&text))),
        _ => {}
    }
    let letters =
        if to_lowercase { word.call_method0("lower")?.cast_into::<PyString>()? } else { word.clone() };
    // The length before lower-casing counts, as it does for NLTK.
    if word.len()? <= 2 {
        return Ok(letters);
    }
    match letters.to_cow() {
        Ok(text) => Ok(PyString::new(py, &porter::stem_as_written(&text))),
        Err(_) => stem_with_surrogates(&letters),
    }
}

/// The stem of a string that Rust's `str` can't hold, by way of its code points.
fn stem_with_surrogates<'py>(letters: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let encoding = ("utf-32-le", "surrogatepass");
    let encoded = letters.call_method1("encode", encoding)?.cast_into::<PyBytes>()?;
    let (code_points, _) = encoded.as_bytes().as_chunks();
    let mut code_points: Vec<u32> = code_points.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    porter::stem_code_points(&mut code_points);
    let stem: Vec<u8> = code_points.into_iter().flat_map(u32::to_le_bytes).collect();
    Ok(PyBytes::new(letters.py(), &stem).call_method1("decode", encoding)?.cast_into()?)
}
