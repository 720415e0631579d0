//! Files that are updated in place: who wants one as it was before (`before_update()`) goes before who updates it.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::job::{FileId, JobGraph, JobId, Rules};

/// Needs between jobs of a plan that no file tells: (the updating job, the one that goes before it). Reorders the
/// plan so that each job stands behind those it needs; empty, and no other order, if that can't be.
pub(super) fn order_updates(
    rules: &Rules<'_>,
    graph: &JobGraph,
    order: &mut Vec<JobId>,
) -> Vec<(JobId, JobId)> {
    let mut updaters: FxHashMap<FileId, JobId> = FxHashMap::default();
    for &job in order.iter() {
        let patterns = &rules.patterns[graph.jobs.rule(job)].outputs;
        for (&file, pattern) in graph.jobs.outputs(job).iter().zip(patterns) {
            if pattern.marks.is_update {
                updaters.insert(file, job);
            }
        }
    }
    if updaters.is_empty() {
        return Vec::new();
    }
    let mut waits = Vec::new();
    for &job in order.iter() {
        for input in graph.jobs.inputs(job).iter().filter(|input| input.is_before_update) {
            if let Some(&updater) = updaters.get(&input.file).filter(|&&updater| updater != job) {
                waits.push((updater, job));
            }
        }
    }
    match sorted(graph, order, &waits) {
        Some(sorted) => {
            *order = sorted;
            waits
        }
        // Somebody who wants the file as it was also needs it as it will be, through others.
        None => Vec::new(),
    }
}

/// The jobs so that each stands behind those it needs or waits for; `None` if they go in a circle.
fn sorted(graph: &JobGraph, order: &[JobId], waits: &[(JobId, JobId)]) -> Option<Vec<JobId>> {
    let planned: FxHashSet<JobId> = order.iter().copied().collect();
    let mut users: FxHashMap<JobId, Vec<JobId>> = FxHashMap::default();
    let mut n_open: FxHashMap<JobId, usize> = FxHashMap::default();
    let needs = order.iter().flat_map(|&job| graph.needs(job).map(move |(need, _)| (job, need)));
    for (job, need) in needs.chain(waits.iter().copied()).filter(|(_, need)| planned.contains(need)) {
        users.entry(need).or_default().push(job);
        *n_open.entry(job).or_default() += 1;
    }
    let mut ready: VecDeque<JobId> = order.iter().copied().filter(|job| !n_open.contains_key(job)).collect();
    let mut sorted = Vec::with_capacity(order.len());
    while let Some(job) = ready.pop_front() {
        sorted.push(job);
        for user in users.remove(&job).unwrap_or_default() {
            let open = n_open.get_mut(&user).expect("it was counted");
            *open -= 1;
            if *open == 0 {
                ready.push_back(user);
            }
        }
    }
    (sorted.len() == order.len()).then_some(sorted)
}
