//! Runs that somebody watches: progress bars, profiles, traces (`tureen.diagnostics`).
//! Knows what there is to be read: the engine's events, and which thread did what. Who reads it is Python's business.
//!
//! Unless somebody watches, a run costs one look at a flag for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use tureen_engine::{Event, EventKind, TaskId};

use crate::key::key_of;
use crate::pool;
use crate::promise::Promise;
use crate::session::Session;

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Say whether runs are to be watched: each one is then told to `tureen.diagnostics._watching`.
#[pyfunction]
pub(crate) fn watch_runs(is_wanted: bool) {
    IS_WANTED.store(is_wanted, Ordering::Relaxed);
}

/// Which thread took each task.
pub(crate) struct Threads(Box<[AtomicU64]>);

impl Threads {
    pub(crate) fn note(&self, task: TaskId, thread: u64) {
        self.0[task.index()].store(thread, Ordering::Relaxed);
    }
}

/// What a session needs to be watched.
pub(crate) struct Watch {
    pub(crate) events: Sender<Event>,
    pub(crate) threads: Threads,
}

/// What is to be read of a run that is watched.
pub(crate) struct Reading {
    events: Receiver<Event>,
    began: f64,
}

/// Prepares for watching a run of so many tasks, if somebody wants it. A run inside a task is part of that task.
pub(crate) fn begin(py: Python<'_>, n_tasks: usize) -> PyResult<Option<(Watch, Reading)>> {
    if !IS_WANTED.load(Ordering::Relaxed) || pool::is_worker() {
        return Ok(None);
    }
    let (sender, receiver) = channel();
    let threads = Threads((0..n_tasks).map(|_| AtomicU64::new(0)).collect());
    let began = py.import("time")?.call_method0("perf_counter")?.extract()?;
    Ok(Some((Watch { events: sender, threads }, Reading { events: receiver, began })))
}

/// A run that is watched.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct WatchedRun {
    session: Arc<Session>,
    log: Mutex<Log>,
    began: f64,
}

struct Log {
    coming: Receiver<Event>,
    seen: Vec<Event>,
}

impl WatchedRun {
    pub(crate) fn new(session: &Arc<Session>, reading: Reading) -> Self {
        let log = Log { coming: reading.events, seen: Vec::new() };
        Self { session: Arc::clone(session), log: Mutex::new(log), began: reading.began }
    }
}

/// Seconds since the run began, the task, what happened to it, and the thread that it runs in (0: none, or not known).
type Told = (f64, usize, &'static str, u64);

#[pymethods]
impl WatchedRun {
    /// How many tasks there are.
    fn __len__(&self) -> usize {
        self.session.n_tasks()
    }

    /// When it began, as `time.perf_counter` has it.
    #[getter]
    fn began(&self) -> f64 {
        self.began
    }

    /// How many tasks are done.
    fn n_done(&self) -> usize {
        self.session.run.counts().done
    }

    /// What has happened so far, but for the first so many events.
    #[pyo3(signature = (skip = 0))]
    fn events(&self, skip: usize) -> Vec<Told> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let Log { coming, seen } = &mut *log;
        seen.extend(coming.try_iter());
        let told = |event: &Event| {
            let kind = match event.kind {
                EventKind::Queued => "queued",
                EventKind::Started => "started",
                EventKind::Finished => "finished",
                EventKind::Failed => "failed",
                EventKind::Skipped => "skipped",
            };
            let threads = self.session.threads();
            let thread = threads.map_or(0, |threads| threads.0[event.task.index()].load(Ordering::Relaxed));
            (event.at.as_secs_f64(), event.task.index(), kind, thread)
        };
        seen.iter().skip(skip).map(told).collect()
    }

    /// The promise of a task.
    fn promise(&self, py: Python<'_>, index: usize) -> PyResult<Py<Promise>> {
        Ok(self.session.promise(self.task(index)?).clone_ref(py))
    }

    /// The key of a task.
    fn key(&self, py: Python<'_>, index: usize) -> PyResult<Py<PyAny>> {
        key_of(py, self.session.promise(self.task(index)?).get())
    }

    /// The name of what a task does.
    fn label(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        Ok(self.session.promise(self.task(index)?).get().label(py))
    }
}

impl WatchedRun {
    fn task(&self, index: usize) -> PyResult<TaskId> {
        if index >= self.session.n_tasks() {
            return Err(PyIndexError::new_err(format!("there is no task {index}")));
        }
        Ok(TaskId::from_index(index))
    }
}

/// Tells the readers of a run that it begins; gives what to tell them when it has ended.
pub(crate) fn tell_begin<'py>(
    py: Python<'py>,
    session: &Arc<Session>,
    reading: Reading,
) -> PyResult<Bound<'py, PyAny>> {
    let run = Bound::new(py, WatchedRun::new(session, reading))?;
    py.import("tureen.diagnostics._watching")?.call_method1("begin", (run,))
}
