//! `--dag mermaid-js`: jobs and rules in Mermaid's language, line for line as Snakemake 9.27 writes them.

use std::collections::VecDeque;
use std::fmt::Write;

use rustc_hash::{FxHashMap, FxHashSet};
use tureen_draw::hue_color;
use tureen_workflow::job::{JobGraph, JobId, Rules};
use tureen_workflow::plan::Plan;

use crate::picture::label;

/// One node per job, from the targets backwards.
pub(crate) fn of_jobs(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> String {
    let jobs = breadth_first(graph);
    let number: FxHashMap<JobId, usize> =
        jobs.iter().enumerate().map(|(number, &job)| (job, number)).collect();
    let nodes = jobs.iter().map(|&job| {
        let style = if plan.runs(job) { "" } else { ",stroke-dasharray: 5 5" };
        (label(rules, graph, job).replace('\n', " - "), graph.jobs.rule(job), style)
    });
    let mut arrows = Vec::new();
    for (user, &job) in jobs.iter().enumerate() {
        arrows.extend(needs(graph, job).into_iter().map(|need| (number[&need], user)));
    }
    text(rules, nodes, &arrows)
}

/// One node per rule.
pub(crate) fn of_rules(rules: &Rules<'_>, graph: &JobGraph) -> String {
    let mut numbers: FxHashMap<usize, usize> = FxHashMap::default();
    let mut order = Vec::new();
    let jobs = breadth_first(graph);
    for &job in &jobs {
        let rule = graph.jobs.rule(job);
        numbers.entry(rule).or_insert_with(|| {
            order.push(rule);
            order.len() - 1
        });
    }
    let mut seen = FxHashSet::default();
    let mut arrows = Vec::new();
    for &job in &jobs {
        let user = numbers[&graph.jobs.rule(job)];
        for need in needs(graph, job) {
            let arrow = (numbers[&graph.jobs.rule(need)], user);
            if seen.insert(arrow) {
                arrows.push(arrow);
            }
        }
    }
    arrows.sort_by_key(|&(_, user)| user);
    let nodes = order.iter().map(|&rule| (rules.workflow.rules[rule].name.clone(), rule, ""));
    text(rules, nodes, &arrows)
}

fn text<'s>(
    rules: &Rules<'_>,
    nodes: impl Iterator<Item = (String, usize, &'s str)>,
    arrows: &[(usize, usize)],
) -> String {
    let mut names: Vec<(&str, usize)> =
        rules.workflow.rules.iter().enumerate().map(|(rule, known)| (known.name.as_str(), rule)).collect();
    names.sort_unstable();
    let mut place = vec![0; names.len()];
    names.iter().enumerate().for_each(|(position, &(_, rule))| place[rule] = position);
    #[expect(clippy::cast_precision_loss, reason = "a part of a circle")]
    let color =
        |rule: usize| hue_color(place[rule] as f64 * 2.0 / (3.0 * names.len() as f64)).hex().to_uppercase();
    let (mut headers, mut styles) = (String::new(), String::new());
    for (number, (label, rule, style)) in nodes.enumerate() {
        // Writing to a string can't fail.
        let _ = writeln!(headers, "\tid{number}[{label}]");
        let _ =
            writeln!(styles, "\tstyle id{number} fill:{},stroke-width:2px,color:#333333{style}", color(rule));
    }
    let arrows: Vec<String> = arrows.iter().map(|(need, user)| format!("\tid{need} --> id{user}")).collect();
    format!("---\ntitle: DAG\n---\nflowchart TB\n{headers}{styles}{}", arrows.join("\n"))
}

/// The jobs in the order in which they are met from the targets backwards.
fn breadth_first(graph: &JobGraph) -> Vec<JobId> {
    let mut queue: VecDeque<JobId> = graph.targets.iter().copied().collect();
    let mut seen: FxHashSet<JobId> = queue.iter().copied().collect();
    let mut jobs = Vec::new();
    while let Some(job) = queue.pop_front() {
        jobs.push(job);
        queue.extend(needs(graph, job).into_iter().filter(|need| seen.insert(*need)));
    }
    jobs
}

/// What a job needs, each once.
fn needs(graph: &JobGraph, job: JobId) -> Vec<JobId> {
    let mut seen = FxHashSet::default();
    graph.needs(job).map(|(need, _)| need).filter(|need| seen.insert(*need)).collect()
}
