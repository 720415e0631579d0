//! The results of a run, by task.
//! Knows when a result is there, not when it is no longer needed: the run says so.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use tureen_engine::TaskId;

/// One place for each task. No lock is held while a result is made or dropped: both may run Python code.
pub(crate) struct Results(Box<[Mutex<Option<Py<PyAny>>>]>);

impl Results {
    pub(crate) fn new(n_tasks: usize) -> Self {
        Self((0..n_tasks).map(|_| Mutex::new(None)).collect())
    }

    /// The result of a task that is done and not released.
    pub(crate) fn get<'py>(&self, py: Python<'py>, task: TaskId) -> Bound<'py, PyAny> {
        let place = self.0[task.index()].lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().expect("a task is done before those that need it, and released after").bind(py).clone()
    }

    pub(crate) fn set(&self, task: TaskId, result: Py<PyAny>) {
        *self.0[task.index()].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    /// The result of a task, if it is there.
    pub(crate) fn peek<'py>(&self, py: Python<'py>, task: TaskId) -> Option<Bound<'py, PyAny>> {
        let place = self.0[task.index()].lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().map(|result| result.bind(py).clone())
    }

    /// Gives the result of a task away, if it is there.
    pub(crate) fn take(&self, task: TaskId) -> Option<Py<PyAny>> {
        self.0[task.index()].lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Drops the result of a task.
    pub(crate) fn release(&self, task: TaskId) {
        drop(self.take(task));
    }
}
