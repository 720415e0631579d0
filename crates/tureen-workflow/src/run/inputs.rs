//! The inputs of jobs as they are when a job has read them, for the record; and whether those of a job that is about to
//! run are what they were when it made its outputs. A file that many jobs read is hashed once.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::Shared;
use crate::disk::{Stamp, stamp};
use crate::job::{FileId, JobId};
use crate::record::{InputMemory, compare, state};

/// The states that files were seen in last, each with what the disk said.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    known: Mutex<FxHashMap<FileId, Seen>>,
}

/// What the disk said, and what was found then.
type Seen = (Option<Stamp>, Arc<InputMemory>);

impl Hashes {
    /// The state of a file that has this stamp. The same one each time, until the stamp is another.
    fn of(
        &self,
        file: FileId,
        path: &str,
        name: &str,
        now: Option<Stamp>,
        max_bytes: u64,
    ) -> Arc<InputMemory> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, state)) = lock().get(&file)
            && *then == now
            // Where times are whole seconds they don't show all changes.
            && now.is_none_or(|now| now.target_ns % 1_000_000_000 != 0)
        {
            return Arc::clone(state);
        }
        let state = Arc::new(state(Path::new(path), name, now, max_bytes));
        lock().insert(file, (now, Arc::clone(&state)));
        state
    }
}

impl Shared<'_, '_> {
    /// The inputs as they are now, sorted by path, with the hashes of the small ones.
    pub(super) fn inputs(&self, job: JobId) -> Vec<Arc<InputMemory>> {
        let jobs = &self.graph.jobs;
        let mut files: Vec<FileId> = jobs.inputs(job).iter().map(|input| input.file).collect();
        let name = |file: FileId| self.rules.workflow.recorded(jobs.path(file));
        files.sort_unstable_by_key(|&file| name(file));
        files.dedup();
        let memory = |file: FileId| {
            let path = jobs.path(file);
            self.hashes.of(file, path, name(file), stamp(Path::new(path)), self.settings.max_hashed_bytes)
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
                let (Some(then), Some(now)) =
                    (memory.input(self.rules.workflow.recorded(path)), stamp(Path::new(path)))
                else {
                    return false;
                };
                let max_bytes = self.settings.max_hashed_bytes;
                if !compare(Path::new(path), now, then, memory.ended, max_bytes).is_same() {
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
