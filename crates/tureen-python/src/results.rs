//! The results of a run, by task.
//! Knows when a result is there, not when it is no longer needed: the run says so.

#![expect(
    unsafe_code,
    reason = "a place that is a pointer, for the interpreter's lock guards all places at once"
)]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use tureen_engine::TaskId;

/// One place for each task: the address of a result that this owns, or null.
///
/// A result that is taken away may be dropped only under the interpreter's lock, as any object. Whoever looks at one holds that
/// lock (`py`) until it has a reference of its own: so none goes away between.
pub(crate) struct Results(Box<[AtomicPtr<ffi::PyObject>]>);

impl Results {
    pub(crate) fn new(n_tasks: usize) -> Self {
        Self((0..n_tasks).map(|_| AtomicPtr::new(null_mut())).collect())
    }

    /// The result of a task that is done and not released.
    pub(crate) fn get<'py>(&self, py: Python<'py>, task: TaskId) -> Bound<'py, PyAny> {
        self.peek(py, task).expect("a task is done before those that need it, and released after")
    }

    pub(crate) fn set(&self, task: TaskId, result: Py<PyAny>) {
        let place = &self.0[task.index()];
        if place.load(Ordering::Relaxed).is_null() {
            // As good as always, and cheaper than an exchange. Were there two at a time, one result would never be dropped.
            place.store(result.into_ptr(), Ordering::Release);
        } else {
            drop(owned(place.swap(result.into_ptr(), Ordering::AcqRel)));
        }
    }

    /// The result of a task, if it is there.
    pub(crate) fn peek<'py>(&self, py: Python<'py>, task: TaskId) -> Option<Bound<'py, PyAny>> {
        let result = self.0[task.index()].load(Ordering::Acquire);
        // SAFETY: attached, and the object is alive: see the struct.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, result) }
    }

    /// Gives the result of a task away, if it is there.
    pub(crate) fn take(&self, task: TaskId) -> Option<Py<PyAny>> {
        owned(self.0[task.index()].swap(null_mut(), Ordering::AcqRel))
    }

    /// Drops the result of a task.
    pub(crate) fn release(&self, task: TaskId) {
        drop(self.take(task));
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for place in &mut self.0 {
            drop(owned(std::mem::replace(place.get_mut(), null_mut())));
        }
    }
}

/// The object that was at a place, which no longer owns it.
fn owned(result: *mut ffi::PyObject) -> Option<Py<PyAny>> {
    // SAFETY: `Py` is the address of an object alone, never null, and stands for one reference to it: that which
    // `Py::into_ptr` gave up, and no place has any more.
    unsafe { std::mem::transmute::<*mut ffi::PyObject, Option<Py<PyAny>>>(result) }
}
