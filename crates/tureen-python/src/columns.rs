//! The door from Python to `tureen_text`: programs of text steps, the columns and counts they give. All work is done with
//! the interpreter's lock let go of.
//!
//! Whatever can't be done exactly as CPython does it raises `TextDeclined`: the caller then lets CPython do it. So no error
//! of the user's is worded here.
//!
//! `arguments → steps → source → program → totals`, with `convert` between objects and columns, and `characters` for what
//! only the running interpreter knows.

mod arguments;
mod characters;
mod column;
mod convert;
mod counts;
mod program;
mod source;
mod steps;
mod totals;

pub(crate) use column::TextColumn;
pub(crate) use counts::TextCounts;
pub(crate) use program::TextProgram;

use pyo3::exceptions::PyException;
use pyo3::{PyErr, create_exception};
use tureen_text::Declined;

create_exception!(
    tureen._tureen,
    TextDeclined,
    PyException,
    "What CPython must do itself, because here it couldn't be done as CPython does it."
);

pub(crate) fn declined(declined: Declined) -> PyErr {
    TextDeclined::new_err(declined.to_string())
}
