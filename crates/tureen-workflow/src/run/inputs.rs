//! The inputs of jobs as they are when a job has read them, for the record; and whether those of a job that is about to
//! run are what they were when it made its outputs. A file that many jobs read is hashed once.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::Shared;
use crate::disk::{Stamp, stamp};
use crate::job::{FileId, JobId};
use crate::record::{InputMemory, Verdict, compare, content_hash};

/// Hashes by file, each with the time and size that the file had.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    known: Mutex<FxHashMap<FileId, (Stamp, Option<String>)>>,
}

impl Hashes {
    /// The hash of a file that has this stamp.
    fn of(&self, file: FileId, path: &Path, now: Stamp, max_bytes: u64) -> Option<String> {
        if now.is_directory || now.size > max_bytes {
            return None;
        }
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, hash)) = lock().get(&file)
            && *then == now
        {
            return hash.clone();
        }
        let hash = content_hash(path, max_bytes);
        lock().insert(file, (now, hash.clone()));
        hash
    }
}

impl Shared<'_, '_> {
    /// The inputs as they are now, sorted by path, with the hashes of the small ones.
    pub(super) fn inputs(&self, job: JobId) -> Vec<InputMemory> {
        let jobs = &self.graph.jobs;
        let mut files: Vec<FileId> = jobs.inputs(job).iter().map(|input| input.file).collect();
        files.sort_unstable_by_key(|&file| jobs.path(file));
        files.dedup();
        let memory = |file: FileId| {
            let path = jobs.path(file);
            let now = stamp(Path::new(path));
            let hash = |now| self.hashes.of(file, Path::new(path), now, self.settings.max_hashed_bytes);
            InputMemory {
                path: path.to_owned(),
                content: now.and_then(hash),
                time: now.map(|now| now.target_ns),
                size: now.map(|now| now.size),
            }
        };
        files.into_iter().map(memory).collect()
    }

    /// Whether a job that was planned because its inputs are made anew need not run: they are what they were. If so,
    /// the record knows their new times from now on.
    pub(super) fn stays(&self, job: JobId) -> bool {
        if self.settings.touch || !self.plan.reason(job).is_some_and(|reason| reason.may_stay) {
            return false;
        }
        let jobs = &self.graph.jobs;
        let outputs = jobs.outputs(job);
        for &output in outputs {
            let path = jobs.path(output);
            let Some(memory) = self.remembered.get(path) else { return false };
            if stamp(Path::new(path)).is_none() {
                return false;
            }
            for input in jobs.inputs(job).iter().filter(|input| !input.is_ancient) {
                let path = jobs.path(input.file);
                let (Some(then), Some(now)) = (memory.input(path), stamp(Path::new(path))) else {
                    return false;
                };
                let max_bytes = self.settings.max_hashed_bytes;
                if compare(Path::new(path), now, then, memory.ended, max_bytes) != Verdict::Same {
                    return false;
                }
            }
        }
        // Should this fail, the next plan looks into the files once more.
        outputs
            .first()
            .is_some_and(|&output| self.record.renew_inputs(jobs.path(output), &self.inputs(job)).is_ok())
    }
}
