//! Calls to make, first come first served, by at most so many of the pool's threads: what `tureen.Executor` stands on.
//! Knows nothing of futures: a call has no arguments, and what it gives is nobody's business.
//!
//! No thread belongs to a queue. One is borrowed when there is a call and fewer than allowed are at it, and goes back when
//! nothing is left.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::invoke::invoke;
use crate::pool::{self, Pull};
use crate::stopping::AtWork;

/// A queue of calls.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct CallQueue {
    inner: Arc<Inner>,
}

struct Inner {
    n_threads: usize,
    /// Held for an instant, and never while an object is made or dropped.
    state: Mutex<State>,
    at_work: Arc<AtWork>,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Py<PyAny>>,
    n_active: usize,
}

#[pymethods]
impl CallQueue {
    #[new]
    fn new(n_threads: usize) -> Self {
        let (state, at_work) = (Mutex::default(), Arc::default());
        Self { inner: Arc::new(Inner { n_threads: n_threads.max(1), state, at_work }) }
    }

    /// Have this called, with no arguments.
    fn put(&self, py: Python<'_>, call: Py<PyAny>) -> PyResult<()> {
        let wants_thread = {
            let mut state = self.inner.lock();
            state.calls.push_back(call);
            let wants_thread = state.n_active < self.inner.n_threads;
            state.n_active += usize::from(wants_thread);
            wants_thread
        };
        if !wants_thread {
            return Ok(());
        }
        let inner: Arc<dyn Pull> = self.inner.clone();
        pool::lend(py, &inner, 1, false).map(drop).or_else(|error| {
            let mut state = self.inner.lock();
            state.n_active -= 1;
            // Others will come to it; alone, it would be waited for in vain.
            if state.n_active > 0 {
                return Ok(());
            }
            let call = state.calls.pop_back();
            drop(state);
            drop(call);
            Err(error)
        })
    }

    /// Take back the calls that nobody has begun.
    fn take_back(&self) -> Vec<Py<PyAny>> {
        let calls = std::mem::take(&mut self.inner.lock().calls);
        calls.into()
    }

    /// Raise KeyboardInterrupt in the calls that run.
    fn stop(&self, py: Python<'_>) {
        self.inner.at_work.stop(py);
    }

    /// How many calls nobody has begun.
    fn __len__(&self) -> usize {
        self.inner.lock().calls.len()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Py<PyAny>> {
        let mut state = self.lock();
        let call = state.calls.pop_front();
        state.n_active -= usize::from(call.is_none());
        call
    }
}

impl Pull for Inner {
    fn pull(&self, py: Python<'_>) {
        let nothing = PyTuple::empty(py);
        self.at_work.during(py, || {
            while let Some(call) = self.next() {
                if let Err(error) = invoke(call.bind(py), &nothing, None) {
                    error.write_unraisable(py, Some(call.bind(py)));
                }
            }
        });
    }
}
