//! One writer per directory: a lock that the system drops when its process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The held lock; dropping it lets the next run in.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it; who, in its own words.
    #[error("another run is using this directory: {0}")]
    Held(String),
    /// The lock file can't be opened.
    #[error("can't open the lock file: {0}")]
    Unusable(#[from] std::io::Error),
}

impl Lock {
    /// Takes the lock of a record's folder, or says who has it. Never waits.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(LockError::Unusable(error.into()));
            }
            let mut owner = String::new();
            // What it says of itself is a help, no more.
            let _ = file.read_to_string(&mut owner);
            let owner = owner.trim();
            return Err(LockError::Held(if owner.is_empty() {
                "a run that has just started".to_owned()
            } else {
                owner.to_owned()
            }));
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {} on {}", std::process::id(), host.trim())?;
        Ok(Self { _file: file })
    }
}
