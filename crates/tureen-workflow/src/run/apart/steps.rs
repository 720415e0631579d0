//! The plan as what is sent to a cluster: groups of jobs go as one, local rules stay here; each with what it holds of the
//! run's limits. Decides only; asks functions, sends nothing.

use rustc_hash::{FxHashMap, FxHashSet};
use tureen_engine::{Demand, Graph, GraphBuilder, TaskId};

use super::Apart;
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::Role;
use crate::graph::{priority, urgent_jobs};
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::{ask_one, job_resources, thread_count};
use crate::plan::{Groups, Plan, Step, steps};
use crate::resources::{RunLimits, group_resources, held};
use crate::rule::{Action, Rule};
use crate::value::Value;

/// How many jobs are at the cluster at once.
pub(super) const JOBS: &str = "_jobs";
/// How many cores of this machine jobs use.
pub(super) const LOCAL_CORES: &str = "_local_cores";
/// More cores than there are: for runs without `--cores`.
pub(crate) const ENOUGH: u64 = 1 << 40;

/// The steps of a run, as tasks.
pub(crate) struct Tasks {
    pub(crate) steps: Vec<Step>,
    /// By step: whether it goes to the cluster.
    pub(crate) is_apart: Vec<bool>,
    /// By step: its group's name, if it is one.
    pub(crate) groups: Vec<Option<String>>,
}

/// Whether jobs of a rule stay here (as Snakemake 9.27).
fn is_local(rules: &Rules<'_>, rule: &Rule) -> bool {
    let is_template =
        matches!(&rule.action, Action::Script { directive, .. } if directive == "template_engine");
    rule.group.is_none()
        && (rules.workflow.local_rules.contains(&rule.name) || rule.action == Action::None || is_template)
}

/// Puts the plan's jobs together as they are sent.
///
/// # Errors
/// Functions that raise; groups whose jobs would have to wait for a job that waits for the group.
pub(crate) fn tasks(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    limits: &RunLimits,
    apart: &Apart,
    urgent: &[String],
    ask: &mut Ask<'_>,
) -> Result<(Graph, Tasks), Box<Diagnostic>> {
    let rule_of = |job: JobId| &rules.workflow.rules[graph.jobs.rule(job)];
    let local: Vec<bool> = rules.workflow.rules.iter().map(|rule| is_local(rules, rule)).collect();
    let merged = plan.grouped(merged_groups(rules, graph, plan, &local, &apart.components));
    let steps = match steps(rules, graph, &merged) {
        Ok(Some(steps)) => steps,
        Ok(None) => single_steps(graph, plan),
        Err(_) if merged.groups.len() > plan.groups.len() => return Err(circle(rules, graph, &merged)),
        Err(fault) => return Err(fault),
    };
    let is_urgent = urgent_jobs(rules, graph, plan, urgent);
    let mut builder = GraphBuilder::with_capacity(steps.len(), steps.len());
    let mut tasks: Vec<TaskId> = Vec::with_capacity(steps.len());
    let (mut is_apart, mut groups) = (Vec::new(), Vec::new());
    for step in &steps {
        let task = builder.add(step.needs.iter().map(|&need| tasks[need]));
        tasks.push(task);
        let goes = step.jobs.iter().any(|&job| !local[graph.jobs.rule(job)]);
        let mut resources = Vec::with_capacity(step.jobs.len());
        let mut highest = 0;
        for &job in &step.jobs {
            resources.push(holdings(rules, graph, job, limits, ask)?);
            let own = if is_urgent.contains(&job) { i64::MAX } else { priority(rules, graph, job, ask)? };
            highest = highest.max(own);
        }
        builder.set_demand(task, demand(rules, graph, plan, step, resources, limits, goes, apart));
        if highest != 0 {
            builder.set_priority(task, highest);
        }
        is_apart.push(goes);
        let name = step.jobs.iter().find_map(|&job| rule_of(job).group.clone());
        groups.push(name.or_else(|| (step.jobs.len() > 1).then(|| rule_of(step.jobs[0]).name.clone())));
    }
    Ok((builder.build(), Tasks { steps, is_apart, groups }))
}

/// Each job a step of its own.
fn single_steps(graph: &JobGraph, plan: &Plan) -> Vec<Step> {
    let mut numbers = vec![usize::MAX; graph.jobs.len()];
    let mut steps = Vec::with_capacity(plan.order.len());
    for (number, &job) in plan.order.iter().enumerate() {
        numbers[job.index()] = number;
        let mut needs: Vec<usize> = graph
            .needs(job)
            .map(|(need, _)| numbers[need.index()])
            .filter(|&need| need != usize::MAX && need != number)
            .collect();
        needs.sort_unstable();
        needs.dedup();
        steps.push(Step { jobs: vec![job], needs });
    }
    steps
}

/// Jobs that go together: because of pipes, because their rules have one group and one needs the other, because a file
/// exists on one node only, or because several such parts are to make one job (`--group-components`).
fn merged_groups(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    local: &[bool],
    components: &[(String, u32)],
) -> Vec<Vec<JobId>> {
    let group_of = |job: JobId| rules.workflow.rules[graph.jobs.rule(job)].group.as_deref();
    let runs: FxHashSet<JobId> = plan.order.iter().copied().collect();
    let mut groups = Groups::default();
    for pipes in &plan.groups {
        pipes.iter().for_each(|&job| groups.join(pipes[0], job));
    }
    for &job in &plan.order {
        for (need, input) in graph.needs(job).filter(|(need, _)| runs.contains(need)) {
            let is_same = group_of(job).is_some() && group_of(job) == group_of(need);
            let patterns = &rules.patterns[graph.jobs.rule(need)].outputs;
            let outputs = graph.jobs.outputs(need).iter().zip(patterns);
            let stays_there = outputs.into_iter().any(|(&file, pattern)| {
                file == input.file && pattern.marks.other.iter().any(|mark| mark == "nodelocal")
            });
            if is_same || (stays_there && !local[graph.jobs.rule(job)]) {
                groups.join(need, job);
            }
        }
    }
    let mut waiting: FxHashMap<&str, (JobId, u32)> = FxHashMap::default();
    let mut is_counted: FxHashSet<JobId> = FxHashSet::default();
    for &job in &plan.order {
        let Some(group) = group_of(job) else { continue };
        let Some((_, most)) = components.iter().find(|(name, _)| name == group) else { continue };
        let root = groups.root(job);
        if !is_counted.insert(root) {
            continue;
        }
        match waiting.get_mut(group) {
            Some((first, n_parts)) if *n_parts < *most => {
                *n_parts += 1;
                let first = *first;
                groups.join(first, job);
                is_counted.insert(groups.root(first));
            }
            _ => {
                groups.join(job, job);
                waiting.insert(group, (job, 1));
                is_counted.insert(groups.root(job));
            }
        }
    }
    groups.into_lists(&plan.order).into_iter().filter(|list| list.len() > 1).collect()
}

fn circle(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> Box<Diagnostic> {
    let mut names: Vec<&str> = plan
        .groups
        .iter()
        .flatten()
        .filter_map(|&job| rules.workflow.rules[graph.jobs.rule(job)].group.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    let message = format!(
        "the jobs of a group can't be sent together: one of them waits for a job outside of it that waits for the group (groups here: `{}`)",
        names.join("`, `")
    );
    Box::new(
        Diagnostic::new(message)
            .hint("put the rule between them into the group, too (`--groups RULE=GROUP`)"),
    )
}

/// Threads and resources of a job, as far as they are known before it starts.
fn holdings(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<Vec<(String, Value)>, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    if rule.action == Action::None && rule.group.is_none() {
        return Ok(vec![("_cores".to_owned(), Value::Int(0))]);
    }
    let mut view = graph.view(rules, job);
    let threads = ask_one(rule, &rule.threads, Role::Threads, &view, ask)?;
    view.threads = limits.clip_threads(thread_count(rule, &threads)?);
    job_resources(rule, &view, limits, ask)
}

#[expect(clippy::too_many_arguments, reason = "all of them are what a step's demand follows from")]
fn demand(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    step: &Step,
    resources: Vec<Vec<(String, Value)>>,
    limits: &RunLimits,
    goes: bool,
    apart: &Apart,
) -> Demand {
    let cores = |resources: &[(String, Value)]| {
        let found = resources.iter().find(|(name, _)| name == "_cores");
        found
            .and_then(|(_, value)| crate::params::whole_number(value))
            .map_or(0, |n| u64::try_from(n).unwrap_or(0))
    };
    if !goes {
        let total: u64 = resources.iter().map(|resources| cores(resources)).sum();
        return Demand::cores(0).with(LOCAL_CORES, total.min(apart.local_cores));
    }
    let (_, levels) = levels(graph, plan, &step.jobs);
    let mut by_level: Vec<Vec<Vec<(String, Value)>>> = Vec::new();
    for (level, resources) in levels.iter().zip(resources) {
        if by_level.len() <= *level {
            by_level.resize_with(*level + 1, Vec::new);
        }
        by_level[*level].push(resources);
    }
    // Texts that differ within a group are told when it is sent.
    let whole = group_resources(&by_level, limits).unwrap_or_default();
    let mut demand = Demand::cores(cores(&whole).min(limits.cores.unwrap_or(ENOUGH))).with(JOBS, 1);
    for (name, amount) in held(&whole, limits) {
        if !apart.is_per_machine(&rules.workflow.resource_scopes, name) {
            demand = demand.with(name, amount);
        }
    }
    demand
}

/// For each of some jobs that go together, in the plan's order: the set of those that run at the same time, numbered so
/// that each comes after those it needs; and how many sets must have ended before it, one after the other.
pub(super) fn levels(graph: &JobGraph, plan: &Plan, jobs: &[JobId]) -> (Vec<usize>, Vec<usize>) {
    if jobs.len() == 1 {
        return (vec![0], vec![0]);
    }
    let place: FxHashMap<JobId, usize> = jobs.iter().enumerate().map(|(place, &job)| (job, place)).collect();
    // Sets by the place of their first job, for now.
    let mut first: Vec<usize> = (0..jobs.len()).collect();
    for group in &plan.groups {
        let places: Vec<usize> = group.iter().filter_map(|job| place.get(job).copied()).collect();
        let least = places.iter().copied().min().unwrap_or(0);
        places.into_iter().for_each(|place| first[place] = least);
    }
    let mut needs: Vec<FxHashSet<usize>> = vec![FxHashSet::default(); jobs.len()];
    for (here, &job) in jobs.iter().enumerate() {
        let others = graph.needs(job).filter_map(|(need, _)| place.get(&need).map(|&need| first[need]));
        let others: Vec<usize> = others.filter(|&need| need != first[here]).collect();
        needs[first[here]].extend(others);
    }
    let (mut number, mut level) = (vec![usize::MAX; jobs.len()], vec![0; jobs.len()]);
    let mut n_sets = 0;
    loop {
        // Groups are small, and their jobs come in an order that is nearly right: few rounds are needed.
        let n_before = n_sets;
        for set in 0..jobs.len() {
            let is_open = first[set] == set && number[set] == usize::MAX;
            if is_open && needs[set].iter().all(|&need| number[need] != usize::MAX) {
                level[set] = needs[set].iter().map(|&need| level[need] + 1).max().unwrap_or(0);
                number[set] = n_sets;
                n_sets += 1;
            }
        }
        if n_sets == n_before {
            break;
        }
    }
    (
        first.iter().map(|&set| number[set].min(jobs.len())).collect(),
        first.iter().map(|&set| level[set]).collect(),
    )
}
