//! The way to end everything at once: every running process group is known here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashSet;
use rustix::process::{Pid, Signal, kill_process_group};
use tureen_engine::Run;

use super::guard::Guard;

/// How long a job has to end by itself after it was asked to.
const GRACE: Duration = Duration::from_millis(400);

/// Shared by the jobs, which register here, and whoever may stop them.
#[derive(Debug, Default)]
pub struct Stop {
    is_asked: AtomicBool,
    state: Mutex<State>,
    /// Who stops this one as well, and knows its process groups.
    parent: Option<Arc<Stop>>,
}

#[derive(Debug, Default)]
struct State {
    groups: FxHashSet<Pid>,
    run: Option<Arc<Run>>,
    guard: Option<Guard>,
}

impl Stop {
    /// A stop for some jobs only. It is asked to when this one is.
    pub fn for_some(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { parent: Some(Arc::clone(self)), ..Self::default() })
    }

    /// Whether these jobs in particular were asked to stop: their work is over, while all else goes on.
    pub(crate) fn is_over(&self) -> bool {
        self.is_asked.load(Ordering::SeqCst) && !self.parent.as_ref().is_some_and(|parent| parent.is_asked())
    }

    /// Whether the run (or these jobs of it) was asked to stop.
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::SeqCst) || self.parent.as_ref().is_some_and(|parent| parent.is_asked())
    }

    /// Stops: nothing new starts, every job is asked to end (SIGTERM) and soon made to (SIGKILL).
    pub fn stop(self: &Arc<Self>) {
        self.is_asked.store(true, Ordering::SeqCst);
        let run = self.lock().run.clone();
        if let Some(run) = run {
            run.cancel();
        }
        self.signal_all(Signal::TERM);
        let this = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            this.signal_all(Signal::KILL);
        });
    }

    /// The run to cancel when asked.
    pub(crate) fn watch(&self, run: Arc<Run>, guard: Option<Guard>) {
        let mut state = self.lock();
        if self.is_asked() {
            run.cancel();
        }
        state.run = Some(run);
        state.guard = guard;
    }

    /// Lets go of the run and of the guard, if there is one.
    pub(crate) fn unwatch(&self) {
        let mut state = self.lock();
        state.run = None;
        state.guard = None;
    }

    /// A job's process group has come to life. If all is being stopped, so is it.
    pub(crate) fn add_group(&self, group: Pid) {
        if let Some(parent) = &self.parent {
            parent.add_group(group);
        }
        let mut state = self.lock();
        state.groups.insert(group);
        if let Some(guard) = &mut state.guard {
            guard.watch(group);
        }
        if self.is_asked() {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// A job's process group is about to be reaped: its number will no longer be its own.
    pub(crate) fn remove_group(&self, group: Pid) {
        if let Some(parent) = &self.parent {
            parent.remove_group(group);
        }
        let mut state = self.lock();
        state.groups.remove(&group);
        if let Some(guard) = &mut state.guard {
            guard.unwatch(group);
        }
    }

    fn signal_all(&self, signal: Signal) {
        for &group in &self.lock().groups {
            // It may have ended by itself.
            let _ = kill_process_group(group, signal);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
