//! Whether the interpreter's lock is what holds threads back, seen from outside: a thread that waits for it sleeps, for a
//! moment at most, on one word of the interpreter's own memory, and the system tells on which word a thread sleeps.
//! Knows threads and tasks; what is said of it is `tureen._lock`'s business.
//!
//! Nothing is asked of the threads. Whoever waits for a run looks at them now and then. Code that lets go of the lock, that
//! sleeps, reads or waits for anything else, is seen to do so. Where the system does not tell (not Linux), nothing is seen.

mod crowd;
mod machine;
mod queue;
mod waiting;

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rustc_hash::FxHashMap;
use tureen_engine::TaskId;

use crate::promise::Doing;
use crate::session::Session;
use crowd::Crowd;
use machine::Machine;
use queue::Queue;
use waiting::{State, Words};

/// What was seen of the threads of one run.
pub(crate) struct LockWatch {
    began: Instant,
    before: Option<Machine>,
    words: Words,
    queue: Queue,
    crowd: Crowd,
    n_looks: u32,
    /// The threads that were at a task, summed over all looks.
    n_in_tasks: u32,
    /// Those of them that waited for the lock.
    n_on_lock: u32,
    /// By the address of the function, which its promise holds.
    functions: FxHashMap<usize, Seen>,
}

/// What was seen of one function.
struct Seen {
    /// A task that calls it.
    task: TaskId,
    n_in_tasks: u32,
    n_on_lock: u32,
}

impl LockWatch {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            before: None,
            words: Words::default(),
            queue: Queue::default(),
            crowd: Crowd::default(),
            n_looks: 0,
            n_in_tasks: 0,
            n_on_lock: 0,
            functions: FxHashMap::default(),
        }
    }

    /// Looks at the threads of a session. To be called without the interpreter's lock.
    pub(crate) fn look(&mut self, session: &Session) {
        if self.before.is_none() {
            self.before = Some(Machine::now());
        }
        self.n_looks += 1;
        let mut n_running = 0;
        session.pullers().each(|thread, task| {
            let state = self.words.state(thread);
            let is_on_lock = state == State::OnLock;
            n_running += u32::from(state == State::Runs);
            self.queue.look(thread);
            self.n_in_tasks += 1;
            self.n_on_lock += u32::from(is_on_lock);
            let call = session.promise(task).get().call();
            let Some(call) = call.filter(|call| call.doing == Doing::Call) else { return };
            let address = call.function.as_ptr() as usize;
            let seen = self.functions.entry(address).or_insert(Seen { task, n_in_tasks: 0, n_on_lock: 0 });
            seen.n_in_tasks += 1;
            seen.n_on_lock += u32::from(is_on_lock);
        });
        self.crowd.look(n_running);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn n_looks(&self) -> u32 {
        self.n_looks
    }

    /// The threads that were at a task, on average.
    pub(crate) fn in_tasks(&self) -> f64 {
        f64::from(self.n_in_tasks) / f64::from(self.n_looks.max(1))
    }

    /// The threads that waited for the lock, on average.
    pub(crate) fn on_lock(&self) -> f64 {
        self.in_tasks() * self.waiting_share()
    }

    /// The part of their time that threads waited for the lock, but for that in which they could not run anyway.
    ///
    /// A thread that waits wakes up again and again to see whether it may go on. Often it then stands in the system's queue
    /// behind the one that has the lock, on one processor, while another one is idle: that is waiting for the lock, too, if
    /// never two of them run at once. What others on a busy machine take is not.
    pub(crate) fn waiting_share(&self) -> f64 {
        if self.n_in_tasks == 0 {
            return 0.0;
        }
        let queued = self.queue.share();
        let crowded = self.crowd.share(self.in_tasks()).min(queued);
        let could_run = 1.0 - crowded;
        if could_run <= 0.0 {
            return 0.0;
        }
        let asleep = f64::from(self.n_on_lock) / f64::from(self.n_in_tasks);
        // Without a thread that was seen to sleep until it gets the lock, that has nothing to do with the queue.
        let is_lock = self.n_on_lock > 0 && self.queue.is_one_at_a_time(self.in_tasks());
        let behind = if is_lock { queued - crowded } else { 0.0 };
        ((asleep + behind) / could_run).min(1.0)
    }

    /// Whether there were enough looks, and at least this part of their time threads waited for the lock. Of two threads that
    /// do nothing but Python it is a half, of more threads more.
    pub(crate) fn is_held_back(&self, least_looks: u32, least_share: f64) -> bool {
        self.n_looks >= least_looks && self.n_on_lock > 1 && self.waiting_share() >= least_share
    }

    /// For each function that was seen: the function, in how many threads it was seen, and how many of these waited.
    pub(crate) fn functions<'py>(
        &self,
        py: Python<'py>,
        session: &Session,
    ) -> Vec<(Bound<'py, PyAny>, u32, u32)> {
        let told = |seen: &Seen| {
            let call = session.promise(seen.task).get().call()?;
            Some((call.function.bind(py).clone(), seen.n_in_tasks, seen.n_on_lock))
        };
        self.functions.values().filter_map(told).collect()
    }

    /// What was seen, for `tureen._lock`: averages over all looks, in threads.
    pub(crate) fn figures<'py>(&self, py: Python<'py>, session: &Session) -> PyResult<Bound<'py, PyDict>> {
        let figures = PyDict::new(py);
        figures.set_item("seconds", self.began.elapsed().as_secs_f64())?;
        figures.set_item("n_done", session.run.counts().done)?;
        figures.set_item("n_looks", self.n_looks)?;
        figures.set_item("in_tasks", self.in_tasks())?;
        figures.set_item("on_lock", self.on_lock())?;
        figures
            .set_item("spare", self.before.as_ref().and_then(|before| Machine::now().spare_since(before)))?;
        figures.set_item("waiting_share", self.waiting_share())?;
        figures.set_item("functions", self.functions(py, session))?;
        Ok(figures)
    }
}
