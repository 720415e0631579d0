//! What comes back from a node: how each job of a parcel ended, what its outputs looked like there, what it used and
//! said last. Written whole or not at all. Knows no record.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::evaluator::job::RunEnd;
use crate::work::shell::Exit;
use crate::work::usage::Usage;

/// The answer to a parcel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The parcel.
    pub id: String,
    /// The machine.
    pub node: String,
    /// By job, in the parcel's order.
    pub jobs: Vec<JobReply>,
}

/// How one job ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobReply {
    /// How.
    pub end: End,
    /// Its outputs as the node saw them when it had ended.
    pub outputs: Vec<Seen>,
    /// What it used, if it was benchmarked or the node could look.
    pub usage: Option<Used>,
    /// The end of what it printed.
    pub tail: String,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// Well.
    Done,
    /// It never began: one that it needs failed, or all was stopped.
    NotBegun,
    /// Its command ended badly.
    Command(Exit),
    /// The system ended it because memory was used up.
    OutOfMemory {
        /// The most memory that one of its processes had that has ended, in bytes.
        peak: Option<u64>,
        /// What all processes of the node's job may have together, in bytes.
        limit: Option<u64>,
    },
    /// Its block or script did.
    Block(RunEnd),
    /// Its command can't be started.
    NoStart(String),
    /// It ended well, but did not make these.
    Missing(Vec<PathBuf>),
    /// Its files are not as they should be: why.
    Files(String),
    /// It could not be made ready on the node: why.
    NotReady(String),
    /// It was stopped.
    Stopped,
}

/// A file as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The path.
    pub path: PathBuf,
    /// In bytes; 0 for a directory, whose size means something else on every file system.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime: i128,
}

/// What a job used: time in seconds, memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// Wall time.
    pub seconds: f64,
    /// Resident memory at its highest.
    pub rss: Option<u64>,
    /// Time of computing.
    pub cpu_seconds: Option<f64>,
}

impl From<Usage> for Used {
    fn from(usage: Usage) -> Self {
        Self { seconds: usage.seconds, rss: usage.rss, cpu_seconds: usage.cpu_seconds }
    }
}

impl Seen {
    /// Looks at a file; `None` if it is not there.
    pub fn look(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).or_else(|_| fs::symlink_metadata(path)).ok()?;
        let mtime = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        let size = if metadata.is_dir() { 0 } else { metadata.len() };
        Some(Self { path: path.to_owned(), size, mtime })
    }

    /// Whether what is seen here can be what was seen there: file systems may keep times more coarsely than to the
    /// nanosecond, but no coarser than FAT's two seconds.
    pub fn is_as_new_as(&self, there: &Self) -> bool {
        const COARSEST: i128 = 2_000_000_000;
        self.size == there.size && self.mtime + COARSEST >= there.mtime
    }
}

/// Writes a file beside its place and moves it there, so that nobody reads a part of it.
///
/// # Errors
/// The disk says no.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    // A network file system says only now whether there was room.
    file.sync_all()?;
    fs::rename(&aside, path)
}

impl Reply {
    /// As one line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists of them are always JSON")
    }

    /// All jobs ended the same way, and nothing was made.
    pub fn of_all(id: &str, n_jobs: usize, end: &End) -> Self {
        let job = JobReply { end: end.clone(), outputs: Vec::new(), usage: None, tail: String::new() };
        Self { id: id.to_owned(), node: node_name(), jobs: vec![job; n_jobs] }
    }

    /// Whether every job ended well.
    pub fn is_good(&self) -> bool {
        self.jobs.iter().all(|job| job.end == End::Done)
    }
}

/// What this machine is called: by Slurm, else by itself.
pub fn node_name() -> String {
    std::env::var("SLURMD_NODENAME")
        .unwrap_or_else(|_| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_count_and_times_may_be_coarse() {
        let there = Seen { path: "x".into(), size: 3, mtime: 5_700_000_000 };
        let here = |size, mtime| Seen { path: "x".into(), size, mtime }.is_as_new_as(&there);
        assert!(here(3, 5_700_000_000) && here(3, 5_000_000_000) && here(3, 9_000_000_000));
        assert!(!here(2, 5_700_000_000) && !here(3, 3_000_000_000));
    }
}
