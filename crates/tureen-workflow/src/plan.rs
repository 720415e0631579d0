//! The jobs that must run, each with its reasons; a pure decision over the job graph, the disk's times and what
//! the record remembers. As Snakemake 9.27 decides it, in time linear in jobs and their needs.
//! Runs nothing and writes nothing.

mod changes;
mod compare;
mod own;
mod select;
mod steps;

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::Diagnostic;
use crate::disk::Disk;
use crate::job::{Ask, FileId, JobGraph, JobId, Rules};
use crate::progress::{Before, Progress};
use crate::reason::{Reason, Triggers};
use crate::record::{Algorithm, MAX_HASHED_BYTES, Remembered, Touched};

pub use changes::Changes;
pub use compare::{ParamsChange, is_code_changed, params_change};
pub use select::{Batch, Selection, select, select_batch};
pub(crate) use steps::Groups;
use steps::find_groups;
pub use steps::{Step, steps};

/// What the user wants done anyway, and what may count as a reason.
#[derive(Debug)]
pub struct Wishes {
    /// `-F`: everything.
    pub force_all: bool,
    /// `-f`: the targets.
    pub force_targets: bool,
    /// `-R`: rules and files by name.
    pub force: Vec<String>,
    /// `--rerun-triggers`
    pub triggers: Triggers,
    /// `--ignore-incomplete`: outputs whose job never ended are taken as they are.
    pub trust_unfinished: bool,
    /// Inputs up to this size are compared by content, should they be newer than what was made of them.
    pub max_hashed_bytes: u64,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            force_all: false,
            force_targets: false,
            force: Vec::new(),
            triggers: Triggers::default(),
            trust_unfinished: false,
            max_hashed_bytes: MAX_HASHED_BYTES,
        }
    }
}

/// Which jobs run, and why.
#[derive(Debug, Clone)]
pub struct Plan {
    /// By job row.
    reasons: Vec<Option<Box<Reason>>>,
    /// The jobs that run, each after those it needs.
    pub order: Vec<JobId>,
    /// Those among them that pipes or services connect: each group runs at the same time.
    pub groups: Vec<Vec<JobId>>,
    /// Rules, by number, whose params have no stable text: whether they have changed can't be told.
    pub unstable_rules: Vec<usize>,
    /// Inputs that had to be looked into, because their times are others than on record, and are what they were.
    pub touched: Vec<Touched>,
}

impl Plan {
    /// Whether a job runs.
    pub fn runs(&self, job: JobId) -> bool {
        self.reasons[job.index()].is_some()
    }

    /// Why a job runs; `None` if it doesn't.
    pub fn reason(&self, job: JobId) -> Option<&Reason> {
        self.reasons[job.index()].as_deref()
    }

    /// The jobs that can run before a checkpoint has to tell what comes behind it; `None` if all can.
    pub fn before_checkpoints(&self, graph: &JobGraph) -> Option<Self> {
        let mut is_behind = vec![false; graph.jobs.len()];
        for &job in &self.order {
            is_behind[job.index()] =
                graph.jobs.awaits(job).is_some() || graph.needs(job).any(|(need, _)| is_behind[need.index()]);
        }
        // Jobs that run at the same time wait together.
        while let Some(group) = self.groups.iter().find(|group| {
            let n_behind = group.iter().filter(|job| is_behind[job.index()]).count();
            n_behind > 0 && n_behind < group.len()
        }) {
            group.iter().for_each(|job| is_behind[job.index()] = true);
            for &job in &self.order {
                is_behind[job.index()] |= graph.needs(job).any(|(need, _)| is_behind[need.index()]);
            }
        }
        let is_before = |job: &JobId| !is_behind[job.index()];
        let order: Vec<JobId> = self.order.iter().copied().filter(is_before).collect();
        (order.len() < self.order.len()).then(|| Self {
            reasons: self.reasons.clone(),
            order,
            groups: self.groups.iter().filter(|group| group.iter().all(is_before)).cloned().collect(),
            unstable_rules: self.unstable_rules.clone(),
            touched: Vec::new(),
        })
    }

    /// The same jobs, of which others run at the same time, or go somewhere together.
    pub(crate) fn grouped(&self, groups: Vec<Vec<JobId>>) -> Self {
        Self { groups, ..self.clone() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// What the planner looks at.
pub(crate) struct Planner<'p, 'w> {
    rules: &'p Rules<'w>,
    graph: &'p JobGraph,
    disk: &'p mut Disk,
    remembered: &'p FxHashMap<String, Remembered>,
    wishes: &'p Wishes,
    /// Users of each job: with the file that is used.
    users: Users,
    forced_rules: FxHashSet<usize>,
    forced_files: FxHashSet<FileId>,
    target_files: FxHashSet<FileId>,
    is_target: FxHashSet<JobId>,
    /// Pipes and services: what a killed run left of them is nothing.
    passing: FxHashSet<FileId>,
    /// The normalised code of each rule, once asked for.
    codes: Vec<Option<String>>,
    reasons: Vec<Option<Box<Reason>>>,
    /// By job row: what became of it in this run's plans before. Empty if this is the first.
    before: Vec<Before>,
    unstable_rules: Vec<usize>,
    /// Inputs whose content was hashed.
    looked_into: FxHashMap<(FileId, Algorithm), LookedInto>,
}

/// What a look into a file gave.
struct LookedInto {
    hash: Option<String>,
    /// Whether it is what is on record, under another time.
    is_touched: bool,
}

/// Plans.
///
/// # Errors
/// Params functions that raise, and forced names that are neither rule nor file.
pub fn plan(
    rules: &Rules<'_>,
    graph: &JobGraph,
    disk: &mut Disk,
    remembered: &FxHashMap<String, Remembered>,
    wishes: &Wishes,
    progress: &Progress,
    ask: &mut Ask<'_>,
) -> Result<Plan, Vec<Diagnostic>> {
    let mut planner = Planner {
        rules,
        graph,
        disk,
        remembered,
        wishes,
        users: Users::new(graph),
        forced_rules: FxHashSet::default(),
        forced_files: FxHashSet::default(),
        target_files: graph.target_files.iter().copied().collect(),
        passing: passing(rules, graph),
        is_target: graph.targets.iter().copied().collect(),
        codes: vec![None; rules.patterns.len()],
        reasons: vec![None; graph.jobs.len()],
        before: progress.of_jobs(graph),
        unstable_rules: Vec::new(),
        looked_into: FxHashMap::default(),
    };
    planner.find_forced()?;
    let oldest = planner.oldest_outputs();
    planner.find_own_reasons(&oldest, ask).map_err(|fault| vec![*fault])?;
    planner.spread();
    planner.drop_behind_failures();
    planner.find_what_may_stay(ask).map_err(|fault| vec![*fault])?;
    planner.reasons.iter_mut().flatten().for_each(|reason| reason.name_each_file_once());
    let order: Vec<JobId> =
        graph.order.iter().copied().filter(|job| planner.reasons[job.index()].is_some()).collect();
    let groups = find_groups(rules, graph, &order)?;
    let touched = planner.touched();
    let mut unstable_rules = planner.unstable_rules;
    unstable_rules.sort_unstable();
    unstable_rules.dedup();
    Ok(Plan { reasons: planner.reasons, order, groups, unstable_rules, touched })
}

impl Planner<'_, '_> {
    fn find_forced(&mut self) -> Result<(), Vec<Diagnostic>> {
        let mut faults = Vec::new();
        for name in &self.wishes.force {
            if let Some(rule) = self.rules.workflow.rules.iter().position(|rule| rule.name == *name) {
                self.forced_rules.insert(rule);
            } else if let Some(file) = self.graph.jobs.find_file(name) {
                self.forced_files.insert(file);
            } else {
                faults.push(
                    Diagnostic::new(format!(
                        "`{name}` (after `--forcerun`) is neither a rule nor a file of this workflow"
                    ))
                    .hint("`tureen --list` shows the rules"),
                );
            }
        }
        if self.wishes.force_targets {
            self.forced_files.extend(&self.graph.target_files);
            let rules = self.graph.targets.iter().filter(|target| {
                let outputs = self.graph.jobs.outputs(**target);
                !outputs.iter().any(|output| self.target_files.contains(output))
            });
            self.forced_rules.extend(rules.map(|&job| self.graph.jobs.rule(job)));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn is_forced(&self, job: JobId) -> bool {
        self.wishes.force_all
            || self.forced_rules.contains(&self.graph.jobs.rule(job))
            || self.graph.jobs.outputs(job).iter().any(|file| self.forced_files.contains(file))
    }

    /// By job: the time of its oldest output; if none is there, that of the jobs that use it. So a removed
    /// intermediate file still passes on that something before it is newer than what was made of it.
    fn oldest_outputs(&mut self) -> Vec<Option<i64>> {
        let mut oldest: Vec<Option<i64>> = vec![None; self.graph.jobs.len()];
        for &job in self.graph.order.iter().rev() {
            let outputs = self.graph.jobs.outputs(job).iter();
            let own =
                outputs.filter_map(|&file| Some(self.disk.stamp(self.graph.jobs.path(file))?.own_ns)).min();
            let users = self.users.of(job);
            oldest[job.index()] = own.or_else(|| users.iter().find_map(|(user, _)| oldest[user.index()]));
        }
        oldest
    }

    /// Jobs that have a reason of their own; those behind such a job are not looked at, they run anyway.
    fn find_own_reasons(&mut self, oldest: &[Option<i64>], ask: &mut Ask<'_>) -> Result<(), Box<Diagnostic>> {
        let graph = self.graph;
        let mut is_behind = vec![false; graph.jobs.len()];
        for &job in &graph.order {
            let is_fed_by_one = graph.needs(job).any(|(need, _)| is_behind[need.index()]);
            is_behind[job.index()] = is_fed_by_one;
            if self.has_ended(job) {
                continue;
            }
            if is_fed_by_one && !self.is_forced(job) {
                continue;
            }
            let mut reason = self.own_reason(job, oldest[job.index()], ask)?;
            if !reason.is_some() && self.before(job) == Before::Planned {
                let inputs = graph.needs(job).filter(|(need, _)| self.has_ended(*need));
                reason.remade = inputs.map(|(_, input)| input.file).collect();
                reason.is_left_over = reason.remade.is_empty();
            }
            if reason.is_some() {
                self.reasons[job.index()] = Some(Box::new(reason));
                is_behind[job.index()] = true;
            }
        }
        Ok(())
    }

    /// From each job that runs: to the makers of inputs it lacks, and to everything behind it.
    fn spread(&mut self) {
        let graph = self.graph;
        let in_order = graph.order.iter().copied();
        let mut queue: VecDeque<JobId> = in_order.filter(|job| self.reasons[job.index()].is_some()).collect();
        while let Some(job) = queue.pop_front() {
            for (need, input) in graph.needs(job) {
                if self.has_ended(need) || self.is_there(input.file) {
                    continue;
                }
                let (reason, is_new) = self.reason_of(need);
                reason.missing.push(input.file);
                if is_new {
                    queue.push_back(need);
                }
            }
            for index in self.users.range(job) {
                let (user, input) = self.users.entries[index];
                let is_new = self.reasons[user.index()].is_none();
                if self.has_ended(user) {
                    continue;
                }
                if is_new && self.all_ancient_and_there(job, user) {
                    continue;
                }
                let (reason, is_new) = self.reason_of(user);
                reason.remade.push(input);
                if is_new {
                    queue.push_back(user);
                }
            }
        }
    }

    /// Jobs that run only because their inputs are made anew: should those be what they were, there is no reason left.
    fn find_what_may_stay(&mut self, ask: &mut Ask<'_>) -> Result<(), Box<Diagnostic>> {
        if self.remembered.is_empty() {
            return Ok(());
        }
        // Whoever forces a job wants what is behind it made anew, too (as Snakemake).
        let mut is_forced = vec![false; self.graph.jobs.len()];
        for &job in &self.graph.order {
            let reason = self.reasons[job.index()].as_ref();
            is_forced[job.index()] = reason.is_some_and(|reason| reason.is_forced)
                || self.graph.needs(job).any(|(need, _)| is_forced[need.index()]);
            if !is_forced[job.index()]
                && reason.is_some_and(|reason| reason.is_remade_only())
                && self.before(job) == Before::New
                && self.may_stay(job, ask)?
                && let Some(reason) = &mut self.reasons[job.index()]
            {
                reason.may_stay = true;
            }
        }
        Ok(())
    }

    fn before(&self, job: JobId) -> Before {
        self.before.get(job.index()).copied().unwrap_or_default()
    }

    /// Whether a job has ended already in this run: it doesn't run again.
    fn has_ended(&self, job: JobId) -> bool {
        matches!(self.before(job), Before::Done | Before::Failed)
    }

    /// What failed in this run is not tried again, and nothing behind it can run.
    fn drop_behind_failures(&mut self) {
        if !self.before.contains(&Before::Failed) {
            return;
        }
        let graph = self.graph;
        let mut is_out = vec![false; graph.jobs.len()];
        for &job in &graph.order {
            if self.before(job) == Before::Failed || graph.needs(job).any(|(need, _)| is_out[need.index()]) {
                is_out[job.index()] = true;
                self.reasons[job.index()] = None;
            }
        }
    }

    fn reason_of(&mut self, job: JobId) -> (&mut Reason, bool) {
        let is_new = self.reasons[job.index()].is_none();
        (self.reasons[job.index()].get_or_insert_default(), is_new)
    }

    /// Whether everything that `user` takes from `job` exists and its time does not matter.
    fn all_ancient_and_there(&mut self, job: JobId, user: JobId) -> bool {
        let graph = self.graph;
        graph
            .needs(user)
            .filter(|(need, _)| *need == job)
            .all(|(_, input)| input.is_ancient && self.is_there(input.file))
    }

    /// Whether a file exists and is whole: an output of a job that never ended does not count.
    fn is_there(&mut self, file: FileId) -> bool {
        let path = self.graph.jobs.path(file);
        if self.passing.contains(&file) {
            return false;
        }
        let is_unfinished = self.remembered.get(path).is_some_and(|memory| memory.is_unfinished);
        (self.wishes.trust_unfinished || !is_unfinished) && self.disk.exists(path)
    }
}

/// The files that are there only while their jobs run.
fn passing(rules: &Rules<'_>, graph: &JobGraph) -> FxHashSet<FileId> {
    let mut files = FxHashSet::default();
    for &job in &graph.order {
        let outputs = graph.jobs.outputs(job).iter().zip(&rules.patterns[graph.jobs.rule(job)].outputs);
        files.extend(outputs.filter(|(_, pattern)| pattern.marks.is_passing()).map(|(&file, _)| file));
    }
    files
}

/// Who uses the files of each job, in flat arrays.
pub(crate) struct Users {
    starts: Vec<u32>,
    entries: Vec<(JobId, FileId)>,
}

impl Users {
    fn new(graph: &JobGraph) -> Self {
        let mut starts = vec![0u32; graph.jobs.len() + 1];
        for &job in &graph.order {
            for (need, _) in graph.needs(job) {
                starts[need.index() + 1] += 1;
            }
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let n_entries = starts.last().copied().unwrap_or(0) as usize;
        let mut next = starts.clone();
        let mut entries = vec![(JobId::default(), FileId::default()); n_entries];
        for &job in &graph.order {
            for (need, input) in graph.needs(job) {
                let slot = &mut next[need.index()];
                entries[*slot as usize] = (job, input.file);
                *slot += 1;
            }
        }
        Self { starts, entries }
    }

    fn range(&self, job: JobId) -> std::ops::Range<usize> {
        self.starts[job.index()] as usize..self.starts[job.index() + 1] as usize
    }

    fn of(&self, job: JobId) -> &[(JobId, FileId)] {
        &self.entries[self.range(job)]
    }
}
