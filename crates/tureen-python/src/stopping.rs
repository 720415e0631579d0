//! The threads that work on a run, and how their tasks are stopped when the user wants to stop: a KeyboardInterrupt is raised
//! in each of them, as Python raises it in the main thread. Knows threads by their numbers, not what they work on.
//!
//! Such an exception waits until its thread next runs Python code: a task that sleeps or computes in C ends later, alone.

use std::cell::{Cell, RefCell};
use std::ffi::c_long;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::session::thread_number;

/// The threads of the pool that work on one run now.
///
/// Threads come, go and are stopped only while they hold the interpreter's lock. So what is raised in a thread that is
/// among them reaches this run's task, or is taken back when the thread leaves.
#[derive(Default)]
pub(crate) struct AtWork {
    threads: Mutex<Vec<c_long>>,
    is_stopped: AtomicBool,
}

thread_local! {
    /// What this thread works on: the outermost run first.
    static RUNS: RefCell<Vec<Arc<AtWork>>> = const { RefCell::new(Vec::new()) };
    static NUMBER: Cell<Option<c_long>> = const { Cell::new(None) };
}

impl AtWork {
    /// Calls `work`, during which this thread is one of them.
    pub(crate) fn during(self: &Arc<Self>, py: Python<'_>, work: impl FnOnce()) {
        let thread = this_thread(py);
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        RUNS.with(|runs| runs.borrow_mut().push(Arc::clone(self)));
        work();
        RUNS.with(|runs| runs.borrow_mut().pop());
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != thread);
        if self.is_stopped.load(Ordering::Acquire) {
            raise_later(py, thread, None);
        }
    }

    /// Raises KeyboardInterrupt in the tasks of these threads.
    pub(crate) fn stop(&self, py: Python<'_>) {
        self.is_stopped.store(true, Ordering::Release);
        let interrupt = py.get_type::<PyKeyboardInterrupt>();
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for thread in threads {
            raise_later(py, thread, Some(interrupt.as_any()));
        }
    }
}

/// Whether the user wants to stop: a signal has come, or, for a thread of the pool, a run that it works on is stopped.
pub(crate) fn check(py: Python<'_>) -> PyResult<()> {
    let is_stopped = RUNS.with(|runs| runs.borrow().iter().any(|run| run.is_stopped.load(Ordering::Acquire)));
    if is_stopped {
        raise_later(py, this_thread(py), None);
        return Err(PyKeyboardInterrupt::new_err(()));
    }
    py.check_signals()
}

fn this_thread(py: Python<'_>) -> c_long {
    NUMBER.get().unwrap_or_else(|| {
        // It is an unsigned one that Python takes as a signed one here.
        let number = thread_number(py).cast_signed() as c_long;
        NUMBER.set(Some(number));
        number
    })
}

/// Has an exception raised in a thread when that next runs Python code; with none, takes back what was to be raised.
#[expect(unsafe_code, reason = "PyO3 has no safe name for it")]
fn raise_later(_: Python<'_>, thread: c_long, exception: Option<&Bound<'_, PyAny>>) {
    let exception = exception.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: attached; `exception` is a class that lives, or null. A thread that is gone is not found, which is no error.
    unsafe { ffi::PyThreadState_SetAsyncExc(thread, exception) };
}
