//! A run that threads and worker processes pull from at once, as `tureen._auto` sees it: what is held back, what is left to
//! do of it, and the means to put it aside for worker processes.
//! Knows nothing of why a function may be moved.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tureen_engine::{Lane, TaskId, TaskState};

use crate::lock::LockWatch;
use crate::processes::Feed;
use crate::promise::Doing;
use crate::session::Session;
use crate::threads::is_over_after;
use crate::turns::Turns;

/// So many tasks are looked at to tell how many calls of a function are done.
const MOST_ASKED: usize = 1000;

/// A run, and what was seen of its threads lately.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct Mixed {
    session: Arc<Session>,
    watch: Mutex<LockWatch>,
    turns: Arc<Turns>,
}

/// A function, in how many threads it was seen, and how many of these waited for the lock.
type Seen<'py> = (Bound<'py, PyAny>, u32, u32);

/// A function, and about how many of its calls are done, and how many were not begun.
type Calls<'py> = (Bound<'py, PyAny>, usize, usize);

#[pymethods]
impl Mixed {
    /// Wait so many seconds at most, and look at the threads. True if the run has ended, or a task failed.
    fn wait(&self, py: Python<'_>, seconds: f64) -> bool {
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        py.detach(|| {
            let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            is_over_after(&self.session, wait, Some(&mut watch))
        })
    }

    /// Give the numbers, in the system, of the threads that are at a task.
    fn threads(&self) -> Vec<i32> {
        let mut threads = Vec::new();
        self.session.pullers().each(|thread, _| threads.extend((thread != 0).then_some(thread)));
        threads
    }

    /// Put the threads that are at a task on different processors, as far as there are so many: where those that take turns
    /// crowd on one, its worker is left far behind the others. From there they may go where they like, but the system mostly
    /// leaves them.
    ///
    /// The interpreter's lock is held for all of it, so no task sees where it may run meanwhile.
    fn spread(&self) {
        for (place, thread) in self.threads().into_iter().enumerate() {
            let thread = Pid::from_raw(thread);
            let Ok(processors) = sched_getaffinity(thread) else { continue };
            let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&one| processors.is_set(one)).collect();
            let Some(&processor) = allowed.get(place % allowed.len().max(1)) else { continue };
            let mut only = CpuSet::new();
            only.set(processor);
            // Whoever has ended, or may not be moved, stays as he is.
            let _ = sched_setaffinity(thread, &only);
            let _ = sched_setaffinity(thread, &processors);
        }
    }

    /// Give what was seen of the threads, and forget it.
    ///
    /// Seconds, the threads that were at work (on average), the part of their time that threads waited for the lock, and the
    /// functions that were seen.
    fn seen<'py>(&self, py: Python<'py>) -> (f64, f64, f64, Vec<Seen<'py>>) {
        let watch = std::mem::replace(
            &mut *self.watch.lock().unwrap_or_else(PoisonError::into_inner),
            LockWatch::new(),
        );
        let at_work = watch.in_tasks() - watch.on_lock();
        (watch.elapsed().as_secs_f64(), at_work, watch.waiting_share(), watch.functions(py, &self.session))
    }

    /// About how many calls of each function are done and not begun. Of a large run, a part is looked at.
    fn calls<'py>(&self, py: Python<'py>) -> Vec<Calls<'py>> {
        let step = self.session.n_tasks().div_ceil(MOST_ASKED).max(1);
        let mut places: FxHashMap<usize, usize> = FxHashMap::default();
        let mut calls: Vec<Calls<'py>> = Vec::new();
        for task in (0..self.session.n_tasks()).step_by(step).map(TaskId::from_index) {
            let Some(function) = self.function(task) else { continue };
            let place = *places.entry(function.as_ptr() as usize).or_insert(calls.len());
            if place == calls.len() {
                calls.push((function.bind(py).clone(), 0, 0));
            }
            match self.session.run.task_state(task) {
                TaskState::Waiting | TaskState::Ready => calls[place].2 += step,
                TaskState::Done => calls[place].1 += step,
                TaskState::Running | TaskState::Failed | TaskState::Skipped => {}
            }
        }
        calls
    }

    /// Every function that tasks call, once for each object, and by how many tasks it is called.
    fn functions<'py>(&self, py: Python<'py>) -> Vec<(Bound<'py, PyAny>, usize)> {
        let mut places: FxHashMap<usize, usize> = FxHashMap::default();
        let mut functions = Vec::new();
        for task in (0..self.session.n_tasks()).map(TaskId::from_index) {
            let Some(function) = self.function(task) else { continue };
            let place = *places.entry(function.as_ptr() as usize).or_insert(functions.len());
            if place == functions.len() {
                functions.push((function.bind(py).clone(), 0));
            }
            functions[place].1 += 1;
        }
        functions
    }

    /// Put the calls of these functions aside, as far as they have not begun: only what `feed` gives takes them from now on.
    /// All others are for the threads.
    fn put_aside(&self, functions: Vec<Bound<'_, PyAny>>) {
        let moved: FxHashSet<usize> = functions.iter().map(|function| function.as_ptr() as usize).collect();
        self.session.run.divide(|task| match self.function(task) {
            Some(function) if moved.contains(&(function.as_ptr() as usize)) => Lane::Aside,
            _ => Lane::Main,
        });
    }

    /// What gives the tasks that were put aside to so many workers. `may_go` is asked of each function and its arguments.
    fn feed(&self, n_workers: usize, may_go: Py<PyAny>) -> Feed {
        Feed::aside(Arc::clone(&self.session), n_workers, may_go)
    }

    /// Have threads take short turns with the interpreter's lock while the caller is in a hurry.
    fn hurry(&self, py: Python<'_>, is_in_a_hurry: bool) -> PyResult<()> {
        if is_in_a_hurry { self.turns.shorten(py) } else { self.turns.restore(py) }
    }

    fn __len__(&self) -> usize {
        self.session.n_tasks()
    }
}

impl Mixed {
    pub(crate) fn new(session: Arc<Session>, watch: LockWatch, turns: Arc<Turns>) -> Self {
        Self { session, watch: Mutex::new(watch), turns }
    }

    /// The function that a task calls, if it is a plain call.
    fn function(&self, task: TaskId) -> Option<&Py<PyAny>> {
        let call = self.session.promise(task).get().call()?;
        (call.doing == Doing::Call).then_some(&call.function)
    }
}
