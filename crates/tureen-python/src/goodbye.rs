//! What is left to do when the interpreter ends: tasks that still run may finish, as they do in `concurrent.futures`, and no
//! more threads start.
//! Knows which sessions there are; how a thread is ended under a task is told in `invoke`.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::prelude::*;

use crate::compute::LOOK_AGAIN;
use crate::pool;
use crate::session::Session;

static SESSIONS: Mutex<Vec<Weak<Session>>> = Mutex::new(Vec::new());

/// Notes that threads work on this session.
pub(crate) fn remember(session: &Arc<Session>) {
    let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|session| session.strong_count() > 0);
    sessions.push(Arc::downgrade(session));
}

/// Waits for the tasks that still run; nothing new starts. Those of runs that ended by Ctrl-C are not waited for.
///
/// Tasks still run here when another task failed, or when a thread that Python does not wait for computes.
#[pyfunction]
pub(crate) fn finish(py: Python<'_>) -> PyResult<()> {
    let waited = wait(py);
    pool::close(py);
    waited
}

fn wait(py: Python<'_>) -> PyResult<()> {
    let sessions = std::mem::take(&mut *SESSIONS.lock().unwrap_or_else(PoisonError::into_inner));
    for session in sessions.iter().filter_map(Weak::upgrade) {
        session.run.cancel();
        while !session.is_abandoned() && !py.detach(|| session.run.wait_finished(Some(LOOK_AGAIN))) {
            py.check_signals()?;
        }
    }
    Ok(())
}
