//! What is said of an exception in a task: which call it was, where that promise was made, and the user's frames only.
//! Knows what to tell; the words are in `tureen._failure`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::invoke::invoke;
use crate::promise::Promise;

/// The arguments that a call was made with, if it came to that.
type Given<'a, 'py> = Option<(&'a Bound<'py, PyTuple>, Option<&'a Bound<'py, PyDict>>)>;

/// The same exception, with a note.
pub(crate) fn explain(py: Python<'_>, error: PyErr, promise: &Promise, given: Given<'_, '_>) -> PyErr {
    // If telling about the failure fails (no memory, a recursion limit), the failure itself is still the user's.
    let _ = tell(py, &error, promise, given);
    error
}

/// The same exception, with the user's frames only: of one that came through Python code of ours.
pub(crate) fn without_our_frames(py: Python<'_>, error: PyErr) -> PyErr {
    let error = error.into_value(py).into_bound(py).into_any();
    let strip = || py.import("tureen._failure")?.getattr("strip")?.call1((&error,));
    // As above: what matters is the failure itself.
    let _ = strip();
    // Made anew: a `PyErr` holds the traceback that it came with.
    PyErr::from_value(error)
}

fn tell(py: Python<'_>, error: &PyErr, promise: &Promise, given: Given<'_, '_>) -> PyResult<()> {
    let (code, instruction) = promise.place();
    let (args, kwargs) = given.map_or((None, None), |(args, kwargs)| (Some(args), kwargs));
    let told = (error.value(py), promise.label(py), args, kwargs, code, instruction);
    // Both run Python code, and the interpreter may end meanwhile.
    let import = py.import("builtins")?.getattr("__import__")?;
    invoke(&import, &PyTuple::new(py, ["tureen._failure"])?, None)?;
    let explain = py.import("tureen._failure")?.getattr("explain")?;
    invoke(&explain, &told.into_pyobject(py)?, None)?;
    Ok(())
}
