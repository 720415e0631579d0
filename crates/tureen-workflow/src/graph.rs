//! The plan as a graph that the engine can run: one task per job, or per group of jobs that run together.

use rustc_hash::FxHashSet;
use tureen_engine::{Demand, Graph, GraphBuilder, TaskId};

use crate::diagnostic::Diagnostic;
use crate::evaluator::job::Role;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::{ask_one, job_resources, thread_count, whole_number};
use crate::plan::{Plan, Step, steps};
use crate::resources::{RunLimits, held};
use crate::rule::{Action, Param, Rule};

/// The engine's graph, and what its tasks stand for if that is not the plan's jobs one by one.
#[derive(Debug)]
pub struct Tasks {
    /// One task per step, or per job of the plan if there are no steps.
    pub graph: Graph,
    /// By task, if some jobs run together or wait for more than their files.
    pub steps: Option<Vec<Step>>,
}

impl Tasks {
    /// The jobs of a task.
    pub fn jobs<'t>(&'t self, plan: &'t Plan, task: TaskId) -> &'t [JobId] {
        match &self.steps {
            Some(steps) => &steps[task.index()].jobs,
            None => &plan.order[task.index()..=task.index()],
        }
    }
}

/// Builds the engine's graph. What jobs hold is clipped to the limits; a job that only gathers holds nothing.
/// A retry holds what the first attempt held. `urgent` are targets (rules or files) that come before all others, with
/// what they need.
///
/// # Errors
/// A threads, resource or priority function that raised, or gave no number; jobs that must run at the same time and
/// can't.
pub fn engine_graph(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    limits: &RunLimits,
    urgent: &[String],
    ask: &mut Ask<'_>,
) -> Result<Tasks, Box<Diagnostic>> {
    let mut builder = GraphBuilder::with_capacity(plan.order.len(), plan.order.len());
    let mut demands = Demands { rules, graph, limits, same: vec![None; rules.workflow.rules.len()] };
    let is_urgent = urgent_jobs(rules, graph, plan, urgent);
    let steps = steps(rules, graph, plan)?;
    let Some(steps) = steps else {
        let mut tasks: Vec<Option<TaskId>> = vec![None; graph.jobs.len()];
        for &job in &plan.order {
            let needs = graph.needs(job).filter_map(|(need, _)| tasks[need.index()]);
            let task = builder.add(needs);
            tasks[job.index()] = Some(task);
            builder.set_demand(task, demands.of(job, ask)?);
            let priority =
                if is_urgent.contains(&job) { i64::MAX } else { priority(rules, graph, job, ask)? };
            if priority != 0 {
                builder.set_priority(task, priority);
            }
        }
        return Ok(Tasks { graph: builder.build(), steps: None });
    };
    let mut tasks: Vec<TaskId> = Vec::with_capacity(steps.len());
    for step in &steps {
        let task = builder.add(step.needs.iter().map(|&need| tasks[need]));
        tasks.push(task);
        let mut demand = Demand::cores(0);
        let mut highest = 0;
        for &job in &step.jobs {
            demand = demand.plus(&demands.of(job, ask)?);
            let own = if is_urgent.contains(&job) { i64::MAX } else { priority(rules, graph, job, ask)? };
            highest = highest.max(own);
        }
        check_fits(rules, graph, &step.jobs, &demand, limits)?;
        builder.set_demand(task, demand);
        if highest != 0 {
            builder.set_priority(task, highest);
        }
    }
    Ok(Tasks { graph: builder.build(), steps: Some(steps) })
}

/// Jobs that run at the same time need all that they hold at the same time.
fn check_fits(
    rules: &Rules<'_>,
    graph: &JobGraph,
    jobs: &[JobId],
    demand: &Demand,
    limits: &RunLimits,
) -> Result<(), Box<Diagnostic>> {
    let cores = limits.cores.map(|limit| ("cores", demand.n_cores(), limit));
    let named = limits.named.iter().map(|(name, limit)| (name.as_str(), demand.amount(name), *limit));
    for (name, wanted, limit) in cores.into_iter().chain(named) {
        if wanted > limit {
            let rule = &rules.workflow.rules[graph.jobs.rule(jobs[0])];
            let names: Vec<String> = jobs
                .iter()
                .map(|&job| format!("`{}`", rules.workflow.rules[graph.jobs.rule(job)].name))
                .collect();
            let message = format!(
                "the jobs of {} run at the same time, because of pipes or services, and need {wanted} of `{name}`, but there are only {limit}",
                names.join(", ")
            );
            let hint = "give the run more, or the rules less";
            return Err(Box::new(Diagnostic::new(message).at(rule.span, "").hint(hint)));
        }
    }
    Ok(())
}

/// The jobs of urgent targets, and what they need.
pub(crate) fn urgent_jobs(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    urgent: &[String],
) -> FxHashSet<JobId> {
    let mut jobs = FxHashSet::default();
    if urgent.is_empty() {
        return jobs;
    }
    let files: FxHashSet<_> = urgent.iter().filter_map(|name| graph.jobs.find_file(name)).collect();
    for &job in plan.order.iter().rev() {
        let name = &rules.workflow.rules[graph.jobs.rule(job)].name;
        let is_named =
            urgent.contains(name) || graph.jobs.outputs(job).iter().any(|file| files.contains(file));
        if is_named || jobs.contains(&job) {
            jobs.insert(job);
            jobs.extend(graph.needs(job).map(|(need, _)| need));
        }
    }
    jobs
}

/// What jobs hold.
struct Demands<'d, 'w> {
    rules: &'d Rules<'w>,
    graph: &'d JobGraph,
    limits: &'d RunLimits,
    /// By rule, for those whose jobs all hold the same.
    same: Vec<Option<Demand>>,
}

impl Demands<'_, '_> {
    fn of(&mut self, job: JobId, ask: &mut Ask<'_>) -> Result<Demand, Box<Diagnostic>> {
        let number = self.graph.jobs.rule(job);
        let rule = &self.rules.workflow.rules[number];
        if rule.action == Action::None {
            return Ok(Demand::cores(0));
        }
        if let Some(known) = &self.same[number] {
            return Ok(known.clone());
        }
        let demand = demand(self.rules, self.graph, job, self.limits, ask)?;
        if !has_functions(rule) {
            self.same[number] = Some(demand.clone());
        }
        Ok(demand)
    }
}

fn has_functions(rule: &Rule) -> bool {
    let is_function = |param: &Param| matches!(param, Param::Function(_));
    is_function(&rule.threads) || rule.resources.iter().any(|(_, param)| is_function(param))
}

fn demand(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<Demand, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let mut view = graph.view(rules, job);
    let threads = ask_one(rule, &rule.threads, Role::Threads, &view, ask)?;
    view.threads = limits.clip_threads(thread_count(rule, &threads)?);
    let mut demand = Demand::cores(u64::try_from(view.threads).unwrap_or(0));
    if !limits.named.is_empty() {
        for (name, amount) in held(&job_resources(rule, &view, limits, ask)?, limits) {
            demand = demand.with(name, amount);
        }
    }
    Ok(demand)
}

/// The priority of a job.
///
/// # Errors
/// A function that raised, or something that is no whole number.
pub fn priority(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    ask: &mut Ask<'_>,
) -> Result<i64, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let value = match &rule.priority {
        Param::Value(value) => value.clone(),
        function => ask_one(rule, function, Role::Priority, &graph.view(rules, job), ask)?,
    };
    whole_number(&value).ok_or_else(|| {
        let repr = crate::format::repr(&value);
        let message = format!("the priority of rule `{}` is {repr}, which is no number", rule.name);
        Box::new(Diagnostic::new(message).at(rule.span, ""))
    })
}
