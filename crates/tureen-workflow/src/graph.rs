//! The plan as a graph that the engine can run: one task per job, by position in the plan.

use tureen_engine::{Demand, Graph, GraphBuilder, TaskId};

use crate::diagnostic::Diagnostic;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::{complete_view, whole_number};
use crate::plan::Plan;
use crate::rule::{Action, Param};
use crate::value::Value;

/// Builds the engine's graph. Threads are clipped to `cores`; a job that only gathers holds none.
///
/// # Errors
/// A threads or resources function that raised.
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
        builder.set_demand(task, demand(rules, graph, job, cores, ask)?);
        if let Param::Value(Value::Int(priority)) = rule.priority
            && priority != 0
        {
            builder.set_priority(task, priority);
        }
    }
    Ok(builder.build())
}

fn demand(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    cores: u64,
    ask: &mut Ask<'_>,
) -> Result<Demand, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let clip = |value: &Value| {
        let threads = whole_number(value).and_then(|threads| u64::try_from(threads).ok()).unwrap_or(1);
        threads.min(cores)
    };
    let mut demand;
    if let (Param::Value(threads), true) = (&rule.threads, rule.resources.is_empty()) {
        demand = Demand::cores(clip(threads));
    } else {
        let view = complete_view(rules, graph, job, Some(cores), ask)?;
        demand = Demand::cores(u64::try_from(view.threads).unwrap_or(1));
        for (name, value) in &view.resources {
            if let Some(amount) = whole_number(value).and_then(|amount| u64::try_from(amount).ok()) {
                demand = demand.with(name, amount);
            }
        }
    }
    Ok(demand)
}
