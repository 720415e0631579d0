//! Keys: the names of promises, as text, made when somebody asks.
//! Knows what a promise is called and what makes it the same as another; nothing is kept.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::identity::set_process;
use crate::promise::Promise;

/// The key of a promise: the one the user chose, or `function-…`.
pub(crate) fn key_of(py: Python<'_>, promise: &Promise) -> PyResult<Py<PyAny>> {
    if let Some(name) = promise.name() {
        return Ok(name.clone_ref(py));
    }
    let label = promise.label(py);
    // Of calls, dask (2026.8) writes `lambda`, and no more than so many characters.
    let first = match promise.call() {
        Some(_) if label == "<lambda>" => "lambda",
        Some(_) => label.char_indices().nth(LONGEST_NAME).map_or(&*label, |(end, _)| &label[..end]),
        None => &label,
    };
    let text = format!("{first}-{}", promise.identity().text());
    Ok(PyString::new(py, &text).into_any().unbind())
}

const LONGEST_NAME: usize = 50;

/// Chooses a number that is different in every process, so that the keys of impure calls are too.
pub(crate) fn choose_process_number(py: Python<'_>) -> PyResult<()> {
    let bytes: [u8; 8] = py.import("os")?.getattr("urandom")?.call1((8,))?.extract()?;
    set_process(u64::from_le_bytes(bytes));
    Ok(())
}
