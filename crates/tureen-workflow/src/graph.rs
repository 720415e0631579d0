//! The plan as a graph that the engine can run: one task per job, by position in the plan.

use rustc_hash::FxHashMap;
use tureen_engine::{Demand, Graph, GraphBuilder, TaskId};

use crate::diagnostic::Diagnostic;
use crate::evaluator::job::Role;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::{ask_one, job_resources, whole_number};
use crate::plan::Plan;
use crate::resources::{RunLimits, held};
use crate::rule::{Action, Param, Rule};

/// Builds the engine's graph. What jobs hold is clipped to the limits; a job that only gathers holds nothing.
/// A retry holds what the first attempt held.
///
/// # Errors
/// A threads, resource or priority function that raised, or gave no number.
pub fn engine_graph(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<Graph, Box<Diagnostic>> {
    let mut builder = GraphBuilder::with_capacity(plan.order.len(), plan.order.len());
    let mut tasks: Vec<Option<TaskId>> = vec![None; graph.jobs.len()];
    // By rule, for those whose jobs all hold the same.
    let mut same: Vec<Option<Demand>> = vec![None; rules.workflow.rules.len()];
    let mut waits: FxHashMap<JobId, Vec<JobId>> = FxHashMap::default();
    for &(job, first) in &plan.waits {
        waits.entry(job).or_default().push(first);
    }
    for &job in &plan.order {
        let waits = waits.get(&job).into_iter().flatten().copied();
        let needs = graph.needs(job).map(|(need, _)| need).chain(waits);
        let needs = needs.filter_map(|need| tasks[need.index()]);
        let task = builder.add(needs);
        tasks[job.index()] = Some(task);
        let rule = &rules.workflow.rules[graph.jobs.rule(job)];
        if rule.action == Action::None {
            builder.set_demand(task, Demand::cores(0));
            continue;
        }
        let number = graph.jobs.rule(job);
        let demand = match same[number].take() {
            Some(known) => known,
            None => demand(rules, graph, job, limits, ask)?,
        };
        if !has_functions(rule) {
            same[number] = Some(demand.clone());
        }
        builder.set_demand(task, demand);
        let priority = priority(rules, graph, job, ask)?;
        if priority != 0 {
            builder.set_priority(task, priority);
        }
    }
    Ok(builder.build())
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
    let threads = match &rule.threads {
        Param::Value(value) => whole_number(value),
        function => whole_number(&ask_one(rule, function, Role::Threads, &view, ask)?),
    };
    view.threads = limits.clip_threads(threads.unwrap_or(1).max(0));
    let mut demand = Demand::cores(u64::try_from(view.threads).unwrap_or(0));
    if !limits.named.is_empty() {
        for (name, amount) in held(&job_resources(rule, &view, limits, ask)?, limits) {
            demand = demand.with(name, amount);
        }
    }
    Ok(demand)
}

fn priority(
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
