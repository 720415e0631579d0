//! What the last run of this process was like, for who asks afterwards (`tureen.explain`).
//! Holds no promise and no result: only the functions that were seen waiting, and what `tureen._auto` noted.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The last run.
pub(crate) struct Ran {
    pub(crate) scheduler: String,
    pub(crate) n_workers: usize,
    pub(crate) n_tasks: usize,
    pub(crate) seconds: f64,
    /// What `lock` saw, if the run was long enough for it to look.
    pub(crate) lock: Option<Py<PyDict>>,
    /// What `tureen._auto` did, if the lock held back a run on `auto`.
    pub(crate) moved: Option<Py<PyAny>>,
}

static LAST: Mutex<Option<Ran>> = Mutex::new(None);

/// Remembers a run in the place of the one before.
pub(crate) fn remember(ran: Ran) {
    let before = LAST.lock().unwrap_or_else(PoisonError::into_inner).replace(ran);
    // Dropped after the lock was let go of: it may run anything.
    drop(before);
}

/// Tell what the last run was like: scheduler, workers, tasks, seconds, what was seen of the lock, what was moved.
#[pyfunction]
pub(crate) fn last_run(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(ran) = last.as_ref() else { return Ok(None) };
    let (scheduler, n_workers, n_tasks, seconds) =
        (ran.scheduler.clone(), ran.n_workers, ran.n_tasks, ran.seconds);
    let lock = ran.lock.as_ref().map(|lock| lock.clone_ref(py));
    let moved = ran.moved.as_ref().map(|moved| moved.clone_ref(py));
    drop(last);
    let told = PyDict::new(py);
    told.set_item("scheduler", scheduler)?;
    told.set_item("n_workers", n_workers)?;
    told.set_item("n_tasks", n_tasks)?;
    told.set_item("seconds", seconds)?;
    told.set_item("lock", lock)?;
    told.set_item("moved", moved)?;
    Ok(Some(told))
}
