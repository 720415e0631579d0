//! Computes promises in worker processes. The processes, their sockets and shared memory are `tureen._processes`' business;
//! here is what is done for every single task: which worker gets it, with which arguments, and what became of it.
//!
//! `socket → wire → listener`, `page → sight`, `held → guess → whole → calls → feed`, `fill`; in the worker `parent`, `caller`,
//! `region → born`

mod born;
mod caller;
mod calls;
mod feed;
mod fill;
mod guess;
mod held;
mod listener;
mod page;
mod parent;
mod region;
mod sight;
mod socket;
mod whole;
mod wire;

use std::sync::Arc;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::session::Session;

pub(crate) use born::{bear_shared, give_born, keep_born};
pub(crate) use caller::Caller;
pub(crate) use feed::Feed;
pub(crate) use fill::fill_mapped;
pub(crate) use held::Held;
pub(crate) use listener::Listener;
pub(crate) use parent::end_with_parent;
pub(crate) use sight::Sight;
pub(crate) use whole::whole_numbers;
pub(crate) use wire::Wire;

/// Works on a session with `n_workers` worker processes, in each of which `initializer` was called first, until it ends.
/// A failure of a task is left in the session.
pub(crate) fn run(
    py: Python<'_>,
    session: &Arc<Session>,
    n_workers: usize,
    initializer: Option<Py<PyAny>>,
) -> PyResult<()> {
    if session.n_tasks() == 0 {
        return Ok(());
    }
    let n_workers = n_workers.min(session.n_tasks());
    let feed = Bound::new(py, Feed::new(Arc::clone(session), n_workers))?;
    let driven =
        py.import("tureen._processes.drive")?.getattr("drive")?.call1((&feed, n_workers, initializer));
    match driven {
        Ok(_) => Ok(()),
        Err(error) => {
            if error.is_instance_of::<PyKeyboardInterrupt>(py) {
                // It was raised wherever we happened to be, which is nobody's business.
                error.set_traceback(py, None);
            }
            Err(error)
        }
    }
}
