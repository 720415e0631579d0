//! Jobs: rules with their wildcards filled, and which job makes which file.
//!
//! `explore` finds every job that could be wanted, from the targets backwards; `decide` chooses among them
//! (a rule whose own inputs can't be made is no candidate) and puts the chosen ones in order. Jobs are rows of
//! numbers; paths and wildcard values are interned. Knows no record and no reasons.

mod ask;
mod choice;
mod clash;
mod decide;
mod explore;
mod failure;
mod order;
mod remember;
mod table;
mod target;
mod view;

use crate::diagnostic::Diagnostic;
use crate::disk::Disk;
use crate::rule::Workflow;
use crate::rule_index::RuleIndex;
use crate::wildcards::{RulePatterns, read_patterns};

pub use ask::Ask;
pub use choice::{Choice, Chosen, Watch};
pub(crate) use failure::function_failed;
pub use remember::Answers;
pub use table::{Awaits, DynamicItem, FileId, InputFile, JobId, Jobs};
pub use target::{Target, TargetJob, find_further_targets, find_target_jobs, find_targets};

/// A workflow with its patterns read and indexed.
#[derive(Debug)]
pub struct Rules<'w> {
    /// What the Snakefile declares.
    pub workflow: &'w Workflow,
    /// The patterns, by rule number.
    pub patterns: Vec<RulePatterns>,
    /// `--allow-ambiguity`: of several rules that make a file the first is taken.
    pub allows_ambiguity: bool,
    /// `--debug-dag`: is told how jobs are chosen.
    pub watch: Option<Watch>,
    index: RuleIndex,
    order: order::RuleOrder,
}

impl<'w> Rules<'w> {
    /// Reads the patterns of all rules; all faults are returned together.
    pub fn new(workflow: &'w Workflow) -> Result<Self, Vec<Diagnostic>> {
        let patterns = read_patterns(workflow)?;
        let index = RuleIndex::new(&patterns);
        let order = order::RuleOrder::new(workflow, &patterns);
        Ok(Self { workflow, patterns, allows_ambiguity: false, watch: None, index, order })
    }
}

/// The jobs that the targets need, each file with the one job that makes it.
#[derive(Debug)]
pub struct JobGraph {
    /// All rows, also of jobs that were considered and not chosen.
    pub jobs: Jobs,
    /// The chosen jobs, each after those it needs.
    pub order: Vec<JobId>,
    /// The jobs of the targets.
    pub targets: Vec<JobId>,
    /// Targets that are files, with the number of their path.
    pub target_files: Vec<FileId>,
    /// The job that makes a file, by file.
    maker: Vec<Option<JobId>>,
    /// Needs that were cut because they close a circle while the file is there already.
    cuts: rustc_hash::FxHashSet<(JobId, FileId)>,
}

impl JobGraph {
    /// The job that makes an input of `job`, or `None` if the file is just there.
    pub fn maker(&self, job: JobId, file: FileId) -> Option<JobId> {
        let maker = self.maker[file.index()]?;
        (self.cuts.is_empty() || !self.cuts.contains(&(job, file))).then_some(maker)
    }

    /// The job that makes a file, whoever needs it.
    pub fn any_maker(&self, file: FileId) -> Option<JobId> {
        self.maker[file.index()]
    }

    /// What a job needs: each input that another job makes, with that job.
    pub fn needs(&self, job: JobId) -> impl Iterator<Item = (JobId, InputFile)> {
        self.jobs.inputs(job).iter().filter_map(move |&input| Some((self.maker(job, input.file)?, input)))
    }

    /// From now on an input of a job is taken as it is there: what makes it is not needed for this job.
    pub(crate) fn cut(&mut self, job: JobId, file: FileId) {
        self.cuts.insert((job, file));
    }
}

/// Finds the jobs for the targets.
///
/// # Errors
/// Missing inputs, cycles, ambiguous rules, failed input functions: each with who needs the file.
pub fn find_jobs(
    rules: &Rules<'_>,
    targets: &[Target],
    disk: &mut Disk,
    ask: &mut Ask<'_>,
) -> Result<JobGraph, Vec<Diagnostic>> {
    let explored = explore::explore(rules, targets, ask)?;
    let graph = decide::decide(rules, explored, disk)?;
    let clashes = clash::find(rules, &graph);
    if clashes.is_empty() { Ok(graph) } else { Err(clashes) }
}
