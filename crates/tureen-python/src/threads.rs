//! Computes on the pool's threads, and sees whether the interpreter's lock holds them back: then it says so once
//! (`tureen._lock`), or has calls moved to worker processes (`mixed`).
//! Knows how the thread that computes waits; not what threads do (`session`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::compute::LOOK_AGAIN;
use crate::context::InContext;
use crate::goodbye;
use crate::lock::LockWatch;
use crate::mixed::Mixed;
use crate::pool::{self, Pull};
use crate::session::Session;
use crate::stopping;
use crate::turns::Turns;

/// Shorter runs are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// After so long, nobody waits for the end of the run to say it.
const LONG: Duration = Duration::from_secs(10);

const AUTO: &str = "tureen._auto.run";

/// On `auto`, the first look at the threads of a run, and the time between looks until it is known whether they wait for the
/// lock. The interpreter's threads take turns: looks must not keep in step with them.
const FIRST_LOOK: Duration = Duration::from_millis(6);
const SOON: Duration = Duration::from_micros(1_300);

/// So many looks, with threads waiting for such a part of their time, count as held back.
const LEAST_LOOKS: u32 = 6;
const LEAST_SHARE: f64 = 0.25;

/// Whether somebody was told, or does not want to be.
static HAS_TOLD: AtomicBool = AtomicBool::new(false);

/// What is known after a run: what was seen of the lock, and what was moved.
pub(crate) type Seen = (Option<Py<PyDict>>, Option<Py<PyAny>>);

/// Works on a session with at most `n_workers` threads, until it has ended or failed.
pub(crate) fn run(
    py: Python<'_>,
    session: &Arc<Session>,
    n_workers: usize,
    may_move: bool,
) -> PyResult<Seen> {
    let n_threads = n_workers.min(session.n_tasks());
    if n_threads == 0 {
        return Ok((None, None));
    }
    if pool::is_closed() {
        session.pull(py, || py.check_signals());
        return Ok((None, None));
    }
    let is_inner = pool::is_worker();
    let is_watched = n_threads > 1 && !is_inner;
    if is_watched && may_move {
        // Imported now, since it would take several times as long among threads that wait for each other.
        py.import(AUTO)?;
    }
    goodbye::remember(session);
    let here = InContext::here(py, session)?;
    let work: Arc<dyn Pull> = here.clone();
    if is_inner {
        // This thread would only wait: it works on the inner run itself, so that there is always somebody who does.
        pool::lend(py, &work, n_threads - 1, true)?;
        session.pull(py, || Ok(()));
    } else {
        pool::lend(py, &work, n_threads, false)?;
    }
    let moved = if is_watched && may_move {
        let turns = Arc::new(Turns::new(py)?);
        turns.shorten(py)?;
        let moved = move_when_held_back(py, session, n_threads, &turns).inspect_err(|_| here.abandon(py));
        turns.restore(py)?;
        moved?
    } else {
        None
    };
    let mut watch = is_watched.then(LockWatch::new);
    let mut is_long = false;
    while !py.detach(|| is_over_after(session, LOOK_AGAIN, watch.as_mut())) {
        stopping::check(py).inspect_err(|_| here.abandon(py))?;
        if let Some(watch) = &watch
            && !may_move
            && !is_long
            && watch.elapsed() >= LONG
        {
            is_long = true;
            tell(py, session, watch)?;
        }
    }
    let Some(watch) = watch.filter(|watch| watch.n_looks() > 0) else { return Ok((None, moved)) };
    if !may_move && !is_long && watch.elapsed() >= WORTH_A_WORD && !session.has_failed() {
        tell(py, session, &watch)?;
    }
    Ok((Some(watch.figures(py, session)?.unbind()), moved))
}

/// Waits at most so long for the end of a session, and looks at its threads if it has not ended by then. Says whether nobody
/// needs to wait any longer. To be called without the interpreter's lock.
pub(crate) fn is_over_after(session: &Session, wait: Duration, watch: Option<&mut LockWatch>) -> bool {
    if session.run.wait_finished(Some(wait)) || session.has_failed() {
        return true;
    }
    if let Some(watch) = watch {
        watch.look(session);
    }
    false
}

/// Waits until the lock is seen to hold the threads back, or the session is over. Then `tureen._auto` takes over; gives what
/// it has to say.
fn move_when_held_back(
    py: Python<'_>,
    session: &Arc<Session>,
    n_threads: usize,
    turns: &Arc<Turns>,
) -> PyResult<Option<Py<PyAny>>> {
    let mut watch = LockWatch::new();
    let mut wait = FIRST_LOOK;
    while !watch.is_held_back(LEAST_LOOKS, LEAST_SHARE) {
        if py.detach(|| {
            // Not asking for the interpreter's lock between these looks: that would be one more who waits for it.
            (0..LEAST_LOOKS).any(|_| {
                let is_over = is_over_after(session, wait, Some(&mut watch));
                wait = if watch.elapsed() < LOOK_AGAIN { SOON } else { LOOK_AGAIN / LEAST_LOOKS };
                is_over
            })
        }) {
            return Ok(None);
        }
        stopping::check(py)?;
        if watch.elapsed() > WORTH_A_WORD {
            // What was long ago says little of now.
            watch = LockWatch::new();
            wait = LOOK_AGAIN;
        }
    }
    let mixed = Bound::new(py, Mixed::new(Arc::clone(session), watch, Arc::clone(turns)))?;
    let run = py.import(AUTO)?.getattr("run")?;
    let moved = run.call1((&mixed, n_threads))?;
    Ok(Some(moved.unbind()))
}

/// Tells the user that the lock holds this run back, if it does, unless he was told before.
fn tell(py: Python<'_>, session: &Session, watch: &LockWatch) -> PyResult<()> {
    // Less than this is not worth a word, whatever comes of it.
    if HAS_TOLD.load(Ordering::Relaxed) || !watch.is_held_back(10, 0.1) {
        return Ok(());
    }
    let has_told = py.import("tureen._lock")?.getattr("tell")?.call1((watch.figures(py, session)?,))?;
    if has_told.is_truthy()? {
        HAS_TOLD.store(true, Ordering::Relaxed);
    }
    Ok(())
}
