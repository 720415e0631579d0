//! Warm threads that work on whatever can be pulled from: sessions, queues of calls.
//! Knows threads, and when they are idle.
//!
//! A thread is attached to the interpreter for its life and detaches only to wait: attaching for each call would cost more
//! than ten microseconds. There are as many threads as were ever wanted at once.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ptr::addr_eq;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::key::choose_process_number;

/// Something that threads work on.
pub(crate) trait Pull: Send + Sync {
    /// Works on it until there is nothing left to begin.
    fn pull(&self, py: Python<'_>);
}

/// The pool of this process. This lock is only ever held together with the interpreter's lock, which a thread that forks
/// holds too: so a forked child finds it free, and starts with an empty pool ([`forget_threads`]).
static POOL: Mutex<Option<Arc<Pool>>> = Mutex::new(None);

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    has_work: Condvar,
    has_started: Condvar,
}

#[derive(Default)]
struct State {
    /// Each entry is a wish for one thread.
    wishes: VecDeque<Arc<dyn Pull>>,
    n_idle: usize,
    /// Threads that were started and are not attached yet.
    n_starting: usize,
    /// Whether the interpreter ends: no thread may start any more.
    is_closed: bool,
}

impl State {
    /// Takes back up to `n` wishes, the last ones, for a thread that works on this; how many there were.
    fn take_back(&mut self, work: &Arc<dyn Pull>, n: usize) -> usize {
        for n_taken in 0..n {
            let is_for_it = |wish: &Arc<dyn Pull>| addr_eq(Arc::as_ptr(wish), Arc::as_ptr(work));
            match self.wishes.iter().rposition(is_for_it) {
                Some(place) => drop(self.wishes.remove(place)),
                None => return n_taken,
            }
        }
        n
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is one of the pool's.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.get()
}

/// Whether the pool is closed.
pub(crate) fn is_closed() -> bool {
    let pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    pool.as_ref().is_some_and(|pool| pool.lock().is_closed)
}

/// Starts no more threads, and waits until those that were started are attached: attaching to an interpreter that has ended is a
/// crash.
pub(crate) fn close(py: Python<'_>) {
    let pool = Arc::clone(POOL.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default());
    py.detach(|| {
        let mut state = pool.lock();
        state.is_closed = true;
        while state.n_starting > 0 {
            state = pool.has_started.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    });
}

/// Has `n` threads work on something. With `only_idle`, no thread is started for it.
pub(crate) fn lend(py: Python<'_>, work: &Arc<dyn Pull>, n: usize, only_idle: bool) -> PyResult<()> {
    let pool = Arc::clone(POOL.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default());
    let n_new = py.detach(|| {
        let mut state = pool.lock();
        let n_unclaimed = state.n_idle.saturating_sub(state.wishes.len());
        let n = if only_idle { n.min(n_unclaimed) } else { n };
        state.wishes.extend((0..n).map(|_| Arc::clone(work)));
        drop(state);
        (0..n).for_each(|_| pool.has_work.notify_one());
        n.saturating_sub(n_unclaimed)
    });
    if n_new > 0 {
        if is_closed() {
            pool.lock().take_back(work, n);
            return Err(PyRuntimeError::new_err("no thread can be started while the interpreter ends"));
        }
        // Python (before 3.13) takes the thread that first imports this for the main thread: it must be none of ours.
        py.import("threading")?;
    }
    for started in 0..n_new {
        pool.lock().n_starting += 1;
        let its_pool = Arc::clone(&pool);
        let thread = thread::Builder::new().name("tureen".to_owned()).spawn(move || serve(&its_pool));
        if let Err(error) = thread {
            pool.lock().n_starting -= 1;
            // Fewer threads than wished for will do; none will not, unless one that had other work comes to it.
            if started == 0 && n_new == n && pool.lock().take_back(work, n) == n {
                return Err(PyRuntimeError::new_err(format!("no thread could be started: {error}")));
            }
            break;
        }
    }
    Ok(())
}

/// Starts with an empty pool in a forked child: threads are not forked. And its promises are not its parent's.
#[pyfunction]
pub(crate) fn forget_threads(py: Python<'_>) -> PyResult<()> {
    let old = POOL.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Its lock may be held by a thread that does not exist here, so it is not touched again, not even to be dropped.
    std::mem::forget(old);
    choose_process_number(py)
}

fn serve(pool: &Pool) {
    IS_WORKER.set(true);
    Python::attach(|py| {
        pool.lock().n_starting -= 1;
        pool.has_started.notify_all();
        loop {
            let work = py.detach(|| {
                let mut state = pool.lock();
                loop {
                    if let Some(work) = state.wishes.pop_front() {
                        break work;
                    }
                    state.n_idle += 1;
                    state = pool.has_work.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.n_idle -= 1;
                }
            });
            work.pull(py);
        }
    });
}
