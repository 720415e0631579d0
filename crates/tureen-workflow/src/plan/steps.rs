//! The plan as steps that start as a whole: single jobs, and jobs that run at the same time because a pipe or a
//! service connects them. Jobs that read a file before another changes it in place come first.
//! Pure: looks at the rules and the job graph only.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Plan;
use crate::diagnostic::Diagnostic;
use crate::job::{FileId, JobGraph, JobId, Rules};
use crate::rule::Action;

/// What starts at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its jobs: one, or those that pipes and services connect.
    pub jobs: Vec<JobId>,
    /// The steps it needs, by number; all smaller than its own.
    pub needs: Vec<usize>,
}

/// Finds the groups of a plan: each job that a pipe or service connects to others, with all of them.
///
/// # Errors
/// A pipe that has not exactly one reader, or whose ends can't run at the same time.
pub(super) fn find_groups(
    rules: &Rules<'_>,
    graph: &JobGraph,
    order: &[JobId],
) -> Result<Vec<Vec<JobId>>, Vec<Diagnostic>> {
    let has_passing: Vec<bool> = rules
        .patterns
        .iter()
        .map(|patterns| patterns.outputs.iter().any(|output| output.marks.is_passing()))
        .collect();
    if !has_passing.contains(&true) {
        return Ok(Vec::new());
    }
    let mut readers: FxHashMap<FileId, Vec<JobId>> = FxHashMap::default();
    for &job in order {
        for (need, input) in graph.needs(job).filter(|(need, _)| has_passing[graph.jobs.rule(*need)]) {
            let readers = readers.entry(input.file).or_default();
            if need != job && readers.last() != Some(&job) {
                readers.push(job);
            }
        }
    }
    let mut faults = Vec::new();
    let mut groups = Groups::default();
    for &job in order.iter().filter(|&&job| has_passing[graph.jobs.rule(job)]) {
        let outputs = graph.jobs.outputs(job).iter().zip(&rules.patterns[graph.jobs.rule(job)].outputs);
        for (&file, pattern) in outputs.filter(|(_, pattern)| pattern.marks.is_passing()) {
            let readers = readers.get(&file).map_or(&[][..], Vec::as_slice);
            if let Some(why) = why_not(rules, graph, job, readers, pattern.marks.is_pipe) {
                let what = if pattern.marks.is_pipe { "pipe" } else { "service" };
                let message = format!("the {what} `{}` can't be: {why}", graph.jobs.path(file));
                faults.push(Diagnostic::new(message).at(pattern.span, ""));
            }
            readers.iter().for_each(|&reader| groups.join(job, reader));
        }
    }
    if faults.is_empty() { Ok(groups.into_lists(order)) } else { Err(faults) }
}

fn why_not(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    readers: &[JobId],
    is_pipe: bool,
) -> Option<&'static str> {
    let action = |job: JobId| &rules.workflow.rules[graph.jobs.rule(job)].action;
    if matches!(action(job), Action::Run { .. }) {
        return Some("a `run:` block can't be at its end; use `shell:` or `script:`");
    }
    if readers.is_empty() {
        return Some("no job of this run reads it, so its job would wait for ever");
    }
    if is_pipe && readers.len() > 1 {
        return Some("several jobs read it, and each byte comes out once");
    }
    if readers.iter().any(|&reader| *action(reader) == Action::None) {
        return Some("the rule that asks for it does nothing with it");
    }
    if readers.iter().any(|&reader| matches!(action(reader), Action::Run { .. })) {
        return Some("a `run:` block can't be at its end; use `shell:` or `script:`");
    }
    None
}

/// Sets of jobs that grow together.
#[derive(Default)]
pub(crate) struct Groups {
    parents: FxHashMap<JobId, JobId>,
}

impl Groups {
    pub(crate) fn root(&mut self, job: JobId) -> JobId {
        let mut root = job;
        while let Some(&parent) = self.parents.get(&root).filter(|&&parent| parent != root) {
            root = parent;
        }
        let mut here = job;
        while here != root {
            here = self.parents.insert(here, root).unwrap_or(root);
        }
        root
    }

    pub(crate) fn join(&mut self, one: JobId, other: JobId) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents.insert(one, one);
        self.parents.insert(other, one);
    }

    pub(crate) fn into_lists(mut self, order: &[JobId]) -> Vec<Vec<JobId>> {
        let mut numbers: FxHashMap<JobId, usize> = FxHashMap::default();
        let mut lists: Vec<Vec<JobId>> = Vec::new();
        for &job in order.iter().filter(|job| self.parents.contains_key(job)).collect::<Vec<_>>() {
            let root = self.root(job);
            let number = *numbers.entry(root).or_insert_with(|| {
                lists.push(Vec::new());
                lists.len() - 1
            });
            lists[number].push(job);
        }
        lists
    }
}

/// The steps of a plan, each after those it needs; `None` if each job is a step, in the plan's order.
///
/// # Errors
/// Jobs that must run at the same time while one has to wait for the other.
pub fn steps(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> Result<Option<Vec<Step>>, Box<Diagnostic>> {
    let befores = before_updates(rules, graph, &plan.order);
    if plan.groups.is_empty() && befores.is_empty() {
        return Ok(None);
    }
    let sorted = match sorted_steps(graph, plan, &befores) {
        // A job that is to see a file before it is changed, but needs what changes it, sees it changed (as Snakemake).
        Err(_) if !befores.is_empty() => sorted_steps(graph, plan, &[]),
        sorted => sorted,
    };
    sorted.map(Some).map_err(|job| {
        let rule = &rules.workflow.rules[graph.jobs.rule(job)];
        let message = format!(
            "rule `{}` should run at the same time as a job it has to wait for: a pipe or service connects them",
            rule.name
        );
        Box::new(Diagnostic::new(message).at(rule.span, ""))
    })
}

/// Pairs of jobs: the first takes a file as it is before the second changes it.
fn before_updates(rules: &Rules<'_>, graph: &JobGraph, order: &[JobId]) -> Vec<(JobId, JobId)> {
    let mut updaters: FxHashMap<FileId, JobId> = FxHashMap::default();
    for &job in order {
        let patterns = &rules.patterns[graph.jobs.rule(job)].outputs;
        let outputs = graph.jobs.outputs(job).iter().zip(patterns);
        updaters.extend(outputs.filter(|(_, pattern)| pattern.marks.is_update).map(|(&file, _)| (file, job)));
    }
    if updaters.is_empty() {
        return Vec::new();
    }
    let mut pairs = Vec::new();
    for &job in order {
        let inputs = graph.jobs.inputs(job).iter().filter(|input| input.is_before_update);
        pairs.extend(inputs.filter_map(|input| Some((job, *updaters.get(&input.file)?))));
    }
    pairs.retain(|(before, updater)| before != updater);
    pairs
}

/// Sorts steps so that each comes after those it needs; a job of a circle, if there is one.
fn sorted_steps(graph: &JobGraph, plan: &Plan, befores: &[(JobId, JobId)]) -> Result<Vec<Step>, JobId> {
    let mut group_of: FxHashMap<JobId, usize> = FxHashMap::default();
    for (number, group) in plan.groups.iter().enumerate() {
        group_of.extend(group.iter().map(|&job| (job, number)));
    }
    let mut members: Vec<Vec<JobId>> = Vec::new();
    let mut number_of = vec![usize::MAX; graph.jobs.len()];
    let mut group_numbers = vec![usize::MAX; plan.groups.len()];
    for &job in &plan.order {
        let group = group_of.get(&job).copied();
        let known = group.map_or(usize::MAX, |group| group_numbers[group]);
        let number = if known == usize::MAX {
            members.push(Vec::new());
            members.len() - 1
        } else {
            known
        };
        if let Some(group) = group {
            group_numbers[group] = number;
        }
        members[number].push(job);
        number_of[job.index()] = number;
    }
    let mut needs: Vec<FxHashSet<usize>> = vec![FxHashSet::default(); members.len()];
    for &job in &plan.order {
        let here = number_of[job.index()];
        let others = graph.needs(job).map(|(need, _)| number_of[need.index()]);
        needs[here].extend(others.filter(|&need| need != usize::MAX && need != here));
    }
    for (before, updater) in befores {
        let (before, updater) = (number_of[before.index()], number_of[updater.index()]);
        if before != updater {
            needs[updater].insert(before);
        }
    }
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    for (number, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|&need| users[need].push(number));
    }
    let mut n_left: Vec<usize> = needs.iter().map(FxHashSet::len).collect();
    // The smallest ready number first, so that the plan's order is kept where it can be.
    let mut ready: std::collections::BTreeSet<usize> =
        (0..members.len()).filter(|&number| n_left[number] == 0).collect();
    let mut place = vec![usize::MAX; members.len()];
    let mut steps = Vec::with_capacity(members.len());
    while let Some(number) = ready.pop_first() {
        place[number] = steps.len();
        let needs = needs[number].iter().map(|&need| place[need]).collect();
        steps.push(Step { jobs: std::mem::take(&mut members[number]), needs });
        for &user in &users[number] {
            n_left[user] -= 1;
            if n_left[user] == 0 {
                ready.insert(user);
            }
        }
    }
    match members.iter().flatten().next() {
        None => Ok(steps),
        Some(&job) => Err(job),
    }
}
