//! A result that stayed in the worker process where it was made. Knows where it is, and how its name travels.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// Stands for a result among arguments. When these are pickled and loaded in a worker that holds it, it is there again.
#[pyclass(module = "tureen._tureen", frozen)]
pub(crate) struct Held {
    task: u32,
    /// The workers that have it, by their number in this run.
    holders: Mutex<Vec<u32>>,
}

impl Held {
    pub(crate) fn new(task: u32, holder: u32) -> Self {
        Self { task, holders: Mutex::new(vec![holder]) }
    }

    pub(crate) fn holders(&self) -> Vec<u32> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that `to` has it now, too; or, if it `moved`, that nobody else has.
    pub(crate) fn given(&self, to: u32, moved: bool) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if moved {
            holders.clear();
        }
        if !holders.contains(&to) {
            holders.push(to);
        }
    }
}

#[pymethods]
impl Held {
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        static HELD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let held = HELD.get_or_try_init(py, || {
            PyResult::Ok(py.import("tureen._processes.shelf")?.getattr("held")?.unbind())
        })?;
        PyTuple::new(py, [held.bind(py), PyTuple::new(py, [self.task])?.as_any()])
    }

    fn __repr__(&self) -> &'static str {
        "<a result in a worker process>"
    }
}
