//! What a run has done so far, for the plan behind its checkpoints: which jobs ended, and how; which checkpoints
//! count as made. Between two plans only this stays: job and file numbers belong to one plan.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::disk::Disk;
use crate::job::{Answers, Awaits, FileId, JobGraph, JobId, Rules};
use crate::plan::Plan;
use crate::record::Remembered;

/// What is known from the plans before.
#[derive(Debug, Default)]
pub struct Progress {
    /// Answers of input functions.
    pub answers: Answers,
    /// By rule and wildcard values.
    jobs: FxHashMap<(usize, Vec<String>), Before>,
    n_ended: usize,
    /// Outputs of checkpoints that functions may look at.
    made: FxHashSet<String>,
    /// Temporary outputs of jobs that ended well.
    temporary: FxHashSet<String>,
}

/// What became of a job in the plans before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Before {
    /// It was in no plan.
    #[default]
    New,
    /// It was to run and has not.
    Planned,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
}

impl Progress {
    /// Notes that jobs are planned: they stay so.
    pub fn note_plan(&mut self, graph: &JobGraph, plan: &Plan) {
        for &job in &plan.order {
            self.jobs.entry(key(graph, job)).or_insert(Before::Planned);
        }
    }

    /// Notes how a job ended.
    pub fn note_end(&mut self, rules: &Rules<'_>, graph: &JobGraph, job: JobId, is_well: bool) {
        self.n_ended += 1;
        if is_well {
            let patterns = &rules.patterns[graph.jobs.rule(job)].outputs;
            let outputs = graph.jobs.outputs(job).iter().zip(patterns);
            let temporary = outputs.filter(|(_, pattern)| pattern.marks.is_temp);
            self.temporary.extend(temporary.map(|(&file, _)| graph.jobs.path(file).to_owned()));
        }
        self.jobs.insert(key(graph, job), if is_well { Before::Done } else { Before::Failed });
    }

    /// How many jobs have ended.
    pub fn n_ended(&self) -> usize {
        self.n_ended
    }

    pub(crate) fn temporary(&self) -> impl Iterator<Item = &String> {
        self.temporary.iter()
    }

    /// By job row of a new graph: what became of the job before. Empty if there was no plan before.
    pub(crate) fn of_jobs(&self, graph: &JobGraph) -> Vec<Before> {
        if self.jobs.is_empty() {
            return Vec::new();
        }
        let mut known = vec![Before::New; graph.jobs.len()];
        for ((rule, values), before) in &self.jobs {
            if let Some(job) = graph.jobs.find_job(*rule, values) {
                known[job.index()] = *before;
            }
        }
        known
    }

    /// The outputs of checkpoints that have become known to be made: those that don't run (any more) and are
    /// whole. Empty if that changes nothing for any job.
    pub fn newly_made(
        &mut self,
        rules: &Rules<'_>,
        graph: &JobGraph,
        plan: &Plan,
        disk: &mut Disk,
        remembered: &FxHashMap<String, Remembered>,
    ) -> Vec<String> {
        let waiting: Vec<JobId> =
            graph.order.iter().copied().filter(|&job| graph.jobs.awaits(job).is_some()).collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        let mut is_whole = |file: FileId| {
            let path = graph.jobs.path(file);
            !remembered.get(path).is_some_and(|memory| memory.is_unfinished) && disk.exists(path)
        };
        let mut files: Vec<FileId> = Vec::new();
        for &job in &graph.order {
            let is_checkpoint = rules.workflow.rules[graph.jobs.rule(job)].is_checkpoint;
            let outputs = graph.jobs.outputs(job);
            if is_checkpoint && !plan.runs(job) && outputs.iter().all(|&file| is_whole(file)) {
                files.extend(outputs);
            }
        }
        // A checkpoint whose own inputs are gone is no job of the graph, but what it made is there.
        for &job in &waiting {
            let items = graph.jobs.dynamic_items(job).unwrap_or_default();
            for input in graph.jobs.inputs(job) {
                if items[input.item as usize].awaits == Some(Awaits::Checkpoint)
                    && graph.maker(job, input.file).is_none()
                    && is_whole(input.file)
                {
                    files.push(input.file);
                }
            }
        }
        let paths = files.into_iter().map(|file| graph.jobs.path(file).to_owned());
        paths.filter(|path| self.made.insert(path.clone())).collect()
    }
}

fn key(graph: &JobGraph, job: JobId) -> (usize, Vec<String>) {
    (graph.jobs.rule(job), graph.jobs.values(job).map(str::to_owned).collect())
}
