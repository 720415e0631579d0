//! How a job failed: as data, for the message.

use std::path::PathBuf;

use crate::cache::CacheFault;
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Frame, JobView, RunEnd};
use crate::job::JobId;
use crate::span::Span;
use crate::work::files::FileFault;
use crate::work::shell::Exit;

/// A job that failed.
#[derive(Debug)]
pub struct Failure {
    /// The job.
    pub job: JobId,
    /// Its files and so on.
    pub view: JobView,
    /// Its command, if it got that far.
    pub command: Option<String>,
    /// Where its command or block stands.
    pub span: Option<Span>,
    /// What happened.
    pub what: What,
    /// The last lines it printed.
    pub tail: String,
    /// Its log files, which are kept.
    pub logs: Vec<String>,
    /// Outputs that were there and were removed.
    pub removed: Vec<PathBuf>,
    /// Outputs that are there and were kept, because the user wants to see them.
    pub kept: Vec<PathBuf>,
}

impl What {
    /// Whether another attempt may end otherwise.
    pub(super) fn may_be_tried_again(&self) -> bool {
        match self {
            Self::Command(_) | Self::OutOfMemory { .. } | Self::Block(_) | Self::Files(_) => true,
            Self::Elsewhere { may_be_tried_again, .. } => *may_be_tried_again,
            _ => false,
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// The command ended badly.
    Command(Exit),
    /// The command was ended by the system, because memory was used up.
    OutOfMemory {
        /// What its largest process had at its highest, in bytes.
        peak: Option<u64>,
        /// What all processes here may have together, if there is a limit.
        limit: Option<u64>,
        /// Where its block was at that time, if that is known.
        frames: Vec<Frame>,
    },
    /// The command couldn't be started.
    NoStart(std::io::Error),
    /// Its files are not as they should be.
    Files(FileFault),
    /// The cache between workflows can't be used.
    Cache(CacheFault),
    /// Its `run:` block ended badly.
    Block(RunEnd),
    /// It could not be made ready: its command has unknown fields, a function raised.
    NotReady(Box<Diagnostic>),
    /// The record could not be written.
    Record(String),
    /// Something happened to it on a cluster.
    Elsewhere {
        /// What.
        why: String,
        /// Whether another attempt may end otherwise.
        may_be_tried_again: bool,
    },
    /// It was stopped by the user.
    Stopped,
}
