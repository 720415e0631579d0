//! Which `temp()` files nobody needs any more.

use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::job::{FileId, JobGraph, JobId, Rules};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::record::Remembered;

/// How many jobs of the plan have still to read each temporary file.
#[derive(Debug, Default)]
pub(crate) struct Temporary {
    n_readers: FxHashMap<FileId, AtomicU32>,
    /// Made by earlier plans of this run and of no use in this one.
    leftovers: Vec<String>,
}

/// What runs that were killed may have left behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Killed<'k> {
    /// When the first of them began, in seconds since 1970; `None` if there are none.
    pub(crate) since: Option<f64>,
    /// What is on record.
    pub(crate) remembered: &'k FxHashMap<String, Remembered>,
}

impl Temporary {
    /// Counts the readers in the plan. Files that were asked for, by name or through a rule that only
    /// gathers, are not temporary for this run, nor are those of a target rule other than the default one (as Snakemake 9.27).
    pub(crate) fn new(
        rules: &Rules<'_>,
        graph: &JobGraph,
        plan: &Plan,
        progress: &Progress,
        killed: Killed<'_>,
    ) -> Self {
        let mut wanted: FxHashSet<FileId> = graph.target_files.iter().copied().collect();
        for &target in graph.targets.iter().filter(|&&target| graph.jobs.outputs(target).is_empty()) {
            wanted.extend(graph.jobs.inputs(target).iter().map(|input| input.file));
        }
        let targets: FxHashSet<JobId> = graph.targets.iter().copied().collect();
        let mut n_readers = FxHashMap::default();
        for &job in &graph.order {
            let rule = graph.jobs.rule(job);
            let is_kept = targets.contains(&job) && rules.workflow.default_rule != Some(rule);
            for (&file, pattern) in graph.jobs.outputs(job).iter().zip(&rules.patterns[rule].outputs) {
                if pattern.marks.is_temp && !is_kept && !wanted.contains(&file) {
                    n_readers.insert(file, AtomicU32::new(0));
                }
            }
        }
        let mut leftovers = Vec::new();
        for path in progress.temporary() {
            match graph.jobs.find_file(path) {
                None => leftovers.push(path.clone()),
                // Jobs that made it before, and that the graph has no more.
                Some(file) if graph.any_maker(file).is_none() && !wanted.contains(&file) => {
                    n_readers.insert(file, AtomicU32::new(0));
                }
                Some(_) => {}
            }
        }
        for &job in &plan.order {
            for file in read_by(graph, job) {
                if let Some(count) = n_readers.get(&file) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let is_unread = |path: &&String| {
            let count = graph.jobs.find_file(path).and_then(|file| n_readers.get(&file));
            count.is_some_and(|count| count.load(Ordering::Relaxed) == 0)
        };
        leftovers.extend(progress.temporary().filter(is_unread).cloned());
        // What was of no more use, but nobody lived to remove it.
        if let Some(since) = killed.since {
            let unread = n_readers.iter().filter(|(_, count)| count.load(Ordering::Relaxed) == 0);
            let paths = unread.map(|(&file, _)| graph.jobs.path(file));
            let is_theirs = |path: &&str| {
                killed
                    .remembered
                    .get(*path)
                    .is_some_and(|memory| !memory.is_unfinished && memory.started >= since)
            };
            let planned: FxHashSet<FileId> =
                plan.order.iter().flat_map(|&job| graph.jobs.outputs(job)).copied().collect();
            let is_planned =
                |path: &&str| graph.jobs.find_file(path).is_some_and(|file| planned.contains(&file));
            leftovers.extend(paths.filter(is_theirs).filter(|path| !is_planned(path)).map(str::to_owned));
        }
        Self { n_readers, leftovers }
    }

    /// The temporary files that are of no more use once this job has ended well: inputs it was the last to read,
    /// and outputs that nobody reads.
    pub(crate) fn unneeded_after(&self, job: JobId, graph: &JobGraph) -> Vec<FileId> {
        if self.n_readers.is_empty() {
            return Vec::new();
        }
        let was_last = |file: &FileId| {
            self.n_readers.get(file).is_some_and(|count| count.fetch_sub(1, Ordering::AcqRel) == 1)
        };
        let mut unneeded: Vec<FileId> = read_by(graph, job).into_iter().filter(was_last).collect();
        let outputs = graph.jobs.outputs(job).iter().copied();
        unneeded.extend(
            outputs.filter(|file| {
                self.n_readers.get(file).is_some_and(|count| count.load(Ordering::Acquire) == 0)
            }),
        );
        unneeded
    }

    /// Whether so many readers are all that a temporary file has left.
    pub(crate) fn has_no_more_readers(&self, file: FileId, n_readers: u32) -> bool {
        self.n_readers.get(&file).is_some_and(|count| count.load(Ordering::Acquire) <= n_readers)
    }

    /// Files made by earlier plans of this run that nobody is going to read any more.
    pub(crate) fn leftovers(&self) -> &[String] {
        &self.leftovers
    }
}

/// The inputs of a job, each once.
fn read_by(graph: &JobGraph, job: JobId) -> Vec<FileId> {
    let mut files: Vec<FileId> = graph.jobs.inputs(job).iter().map(|input| input.file).collect();
    files.sort_unstable();
    files.dedup();
    files
}
