//! Parts of a job graph: `--until` stops at rules or files, `--omit-from` leaves out what begins at them.

use rustc_hash::FxHashSet;

use crate::diagnostic::Diagnostic;
use crate::disk::Disk;
use crate::job::{FileId, JobGraph, JobId, Rules};

/// Which part of the graph is wanted; empty lists want all of it.
#[derive(Debug, Default)]
pub struct Selection {
    /// `--until`
    pub until: Vec<String>,
    /// `--omit-from`
    pub omit_from: Vec<String>,
}

/// `--batch rule=part/parts`: only a part of the inputs of a rule's jobs is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The rule.
    pub rule: String,
    /// Which part, from 1.
    pub part: usize,
    /// How many there are.
    pub parts: usize,
}

/// Cuts off what is not in the batch. The rule itself, and what comes behind it, is left out until the last part.
///
/// # Errors
/// A rule that is not there, fewer inputs than parts, or (for the last part) inputs that earlier parts should have made.
pub fn select_batch(
    rules: &Rules<'_>,
    graph: &mut JobGraph,
    batch: &Batch,
    disk: &mut Disk,
) -> Result<(), Vec<Diagnostic>> {
    let Batch { rule, part, parts } = batch;
    let fault = |text: String| vec![Diagnostic::new(format!("`--batch {rule}={part}/{parts}`: {text}"))];
    let Some(number) = rules.workflow.rules.iter().position(|known| known.name == *rule) else {
        return Err(fault(format!("there is no rule `{rule}`")));
    };
    let jobs: Vec<JobId> =
        graph.order.iter().copied().filter(|&job| graph.jobs.rule(job) == number).collect();
    for job in jobs {
        let mut files: Vec<FileId> = graph.jobs.inputs(job).iter().map(|input| input.file).collect();
        files.sort_unstable_by_key(|&file| graph.jobs.path(file));
        files.dedup();
        if files.len() < *parts {
            return Err(fault(format!("the rule has only {} input files", files.len())));
        }
        let (size, rest) = (files.len() / parts, files.len() % parts);
        let start = |part: usize| part * size + part.min(rest);
        let chosen = start(part - 1)..start(*part);
        for (_, &file) in files.iter().enumerate().filter(|(position, _)| !chosen.contains(position)) {
            graph.cut(job, file);
            if part == parts && !disk.exists(graph.jobs.path(file)) {
                let path = graph.jobs.path(file);
                return Err(fault(format!("`{path}` is not there: run the parts before this one first")));
            }
        }
    }
    if part < parts {
        let omit_from = vec![rule.clone()];
        return select(rules, graph, &Selection { omit_from, ..Selection::default() });
    }
    let targets: FxHashSet<JobId> = graph.targets.iter().copied().collect();
    retarget(graph, &targets);
    Ok(())
}

/// Cuts the graph down. What remains at its ends becomes the targets.
///
/// # Errors
/// A name that is neither a rule nor a file of a job.
pub fn select(rules: &Rules<'_>, graph: &mut JobGraph, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    if !selection.omit_from.is_empty() {
        let omitted = named(rules, graph, &selection.omit_from, "--omit-from")?;
        let mut is_out = vec![false; graph.jobs.len()];
        let mut ends = FxHashSet::default();
        for &job in &graph.order {
            is_out[job.index()] =
                omitted.contains(&job) || graph.needs(job).any(|(need, _)| is_out[need.index()]);
        }
        for &job in graph.order.iter().filter(|job| is_out[job.index()]) {
            ends.extend(graph.needs(job).map(|(need, _)| need).filter(|need| !is_out[need.index()]));
        }
        ends.extend(graph.targets.iter().copied().filter(|target| !is_out[target.index()]));
        retarget(graph, &ends);
    }
    if !selection.until.is_empty() {
        let ends = named(rules, graph, &selection.until, "--until")?;
        retarget(graph, &ends);
    }
    Ok(())
}

fn named(
    rules: &Rules<'_>,
    graph: &JobGraph,
    names: &[String],
    option: &str,
) -> Result<FxHashSet<JobId>, Vec<Diagnostic>> {
    let mut found = FxHashSet::default();
    for name in names {
        let rule = rules.workflow.rules.iter().position(|rule| rule.name == *name);
        let file = graph.jobs.find_file(name);
        if rule.is_none() && file.is_none() {
            return Err(vec![
                Diagnostic::new(format!(
                    "`{name}` (after `{option}`) is neither a rule nor a file of this workflow"
                ))
                .hint("`tureen --list` shows the rules"),
            ]);
        }
        found.extend(graph.order.iter().copied().filter(|&job| {
            Some(graph.jobs.rule(job)) == rule
                || file.is_some_and(|file| graph.jobs.outputs(job).contains(&file))
        }));
    }
    Ok(found)
}

/// Keeps the given jobs, as targets, and what they need.
fn retarget(graph: &mut JobGraph, ends: &FxHashSet<JobId>) {
    let mut is_wanted = vec![false; graph.jobs.len()];
    for &job in graph.order.iter().rev() {
        is_wanted[job.index()] |= ends.contains(&job);
        if is_wanted[job.index()] {
            for (need, _) in graph.needs(job) {
                is_wanted[need.index()] = true;
            }
        }
    }
    graph.order.retain(|job| is_wanted[job.index()]);
    graph.targets = graph.order.iter().copied().filter(|job| ends.contains(job)).collect();
    let kept: FxHashSet<_> = graph.targets.iter().flat_map(|&job| graph.jobs.outputs(job)).copied().collect();
    graph.target_files.retain(|file| kept.contains(file));
}
