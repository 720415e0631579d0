//! What the engine tells the world: progress bars, logs, profiles and pages are readers of events and nothing else.
//! Knows no reader.

use std::time::Duration;

use crate::graph::TaskId;

/// One change of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Time since the run was made.
    pub at: Duration,
    /// The task.
    pub task: TaskId,
    /// What happened to it.
    pub kind: EventKind,
}

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Everything it needs is done; it waits for resources or for somebody to take it.
    Queued,
    /// An executor took it.
    Started,
    /// It is done.
    Finished,
    /// It failed.
    Failed,
    /// It will not start: something it needs failed, or the run was stopped.
    Skipped,
}
