//! The threads that pull from a session: which thread of the system each is, and the task that it is at.
//! Knows nothing of what they do; `lock` looks at them from outside, so that a task costs one store for it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tureen_engine::TaskId;

const NO_TASK: u32 = u32::MAX;

/// The threads that were ever at a session.
#[derive(Default)]
pub(crate) struct Pullers(Mutex<Vec<Arc<Puller>>>);

/// One of them.
pub(crate) struct Puller {
    /// Its number in the system; 0 where it has none.
    thread: i32,
    task: AtomicU32,
}

impl Pullers {
    /// Notes that the calling thread begins to pull.
    pub(crate) fn enter(&self) -> Arc<Puller> {
        let puller = Arc::new(Puller { thread: system_thread(), task: AtomicU32::new(NO_TASK) });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&puller));
        puller
    }

    /// Calls `look` with each thread that is at a task, and the task.
    pub(crate) fn each(&self, mut look: impl FnMut(i32, TaskId)) {
        for puller in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let task = puller.task.load(Ordering::Relaxed);
            if task != NO_TASK {
                look(puller.thread, TaskId::from_index(task as usize));
            }
        }
    }
}

impl Puller {
    /// Says which task the thread begins.
    pub(crate) fn at(&self, task: TaskId) {
        self.task.store(task.index() as u32, Ordering::Relaxed);
    }

    /// Says that the thread is at no task.
    pub(crate) fn rest(&self) {
        self.task.store(NO_TASK, Ordering::Relaxed);
    }
}

#[cfg(target_os = "linux")]
fn system_thread() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

#[cfg(not(target_os = "linux"))]
fn system_thread() -> i32 {
    0
}
