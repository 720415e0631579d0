//! The plan as a graph that the engine can run: one task per job, by position in the plan.

use tureen_engine::{Demand, Graph, GraphBuilder, TaskId};

use crate::diagnostic::Diagnostic;
use crate::evaluator::job::Role;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::{ask_one, whole_number};
use crate::plan::Plan;
use crate::rule::{Action, Param};

/// Builds the engine's graph. Threads are clipped to `cores`; a job that only gathers holds none.
///
/// # Errors
/// A threads or priority function that raised, or gave no number.
pub fn engine_graph(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    cores: u64,
    ask: &mut Ask<'_>,
) -> Result<Graph, Box<Diagnostic>> {
    let mut builder = GraphBuilder::with_capacity(plan.order.len(), plan.order.len());
    let mut tasks: Vec<Option<TaskId>> = vec![None; graph.jobs.len()];
    for &job in &plan.order {
        let needs = graph.needs(job).filter_map(|(need, _)| tasks[need.index()]);
        let task = builder.add(needs);
        tasks[job.index()] = Some(task);
        let rule = &rules.workflow.rules[graph.jobs.rule(job)];
        if rule.action == Action::None {
            builder.set_demand(task, Demand::cores(0));
            continue;
        }
        builder.set_demand(task, Demand::cores(threads(rules, graph, job, cores, ask)?));
        let priority = priority(rules, graph, job, ask)?;
        if priority != 0 {
            builder.set_priority(task, priority);
        }
    }
    Ok(builder.build())
}

fn threads(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    cores: u64,
    ask: &mut Ask<'_>,
) -> Result<u64, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let threads = match &rule.threads {
        Param::Value(value) => whole_number(value),
        function => whole_number(&ask_one(rule, function, Role::Threads, &graph.view(rules, job), ask)?),
    };
    Ok(threads.and_then(|threads| u64::try_from(threads).ok()).unwrap_or(1).min(cores))
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
