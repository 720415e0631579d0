//! In which order ready tasks start: one fixed rank per task, found once, in linear time.
//! Knows no state: the order depends on the graph alone.
//!
//! Depth first, from the end: what a task needs is finished before its neighbour's needs are begun, so results are
//! used soon after they are made and can be released. Among the needs of one task, the one with the longest path
//! behind it goes first: it is the one that would be waited for. A higher priority goes before all that.
//!
//! A rank per task, rather than a measure computed when a task becomes ready, lets the set of ready tasks be a bitmap
//! (`ready`), at a cost per task that does not grow with their number.

use crate::graph::{Graph, TaskId};

/// The tasks in the order in which they should start, when several may.
pub(crate) fn start_order(graph: &Graph) -> Vec<TaskId> {
    let mut order = depth_first(graph, &lengths(graph));
    if let priorities @ [_, ..] = graph.priorities() {
        order.sort_by_key(|task| std::cmp::Reverse(priorities[task.index()]));
    }
    order
}

/// For each task, the weight of the heaviest path that ends with it.
fn lengths(graph: &Graph) -> Vec<f64> {
    let mut lengths = vec![0.0_f64; graph.len()];
    for task in graph.tasks() {
        let longest = graph.needs(task).iter().map(|need| lengths[need.index()]).fold(0.0, f64::max);
        lengths[task.index()] = longest + graph.weight(task);
    }
    lengths
}

/// Each task after its needs; needs by falling length; with a stack, since a chain may have a million links.
fn depth_first(graph: &Graph, lengths: &[f64]) -> Vec<TaskId> {
    let by_falling_length =
        |a: &TaskId, b: &TaskId| lengths[b.index()].total_cmp(&lengths[a.index()]).then(a.cmp(b));
    let mut ends: Vec<TaskId> = graph.tasks().filter(|&task| graph.users(task).is_empty()).collect();
    ends.sort_unstable_by(by_falling_length);
    ends.reverse();

    let mut order = Vec::with_capacity(graph.len());
    let mut is_seen = vec![false; graph.len()];
    let mut stack: Vec<(TaskId, bool)> = ends.into_iter().map(|task| (task, false)).collect();
    while let Some((task, needs_are_placed)) = stack.pop() {
        if needs_are_placed {
            order.push(task);
            continue;
        }
        if std::mem::replace(&mut is_seen[task.index()], true) {
            continue;
        }
        stack.push((task, true));
        let first = stack.len();
        let needs = graph.needs(task).iter();
        stack.extend(needs.filter(|need| !is_seen[need.index()]).map(|&need| (need, false)));
        // The stack gives back the last one first. Reversing before sorting keeps the usual case, needs in order and of
        // one length, a single pass for the sort.
        stack[first..].sort_by(|(a, _), (b, _)| by_falling_length(b, a));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphBuilder;

    fn indices(graph: GraphBuilder) -> Vec<usize> {
        start_order(&graph.build()).iter().map(|task| task.index()).collect()
    }

    #[test]
    fn one_subtree_is_finished_before_the_next_is_begun() {
        let mut graph = GraphBuilder::new();
        let leaves: Vec<TaskId> = (0..4).map(|_| graph.add([])).collect();
        let left = graph.add([leaves[0], leaves[2]]);
        let right = graph.add([leaves[1], leaves[3]]);
        graph.add([left, right]);
        assert_eq!(indices(graph), [0, 2, 4, 1, 3, 5, 6]);
    }

    #[test]
    fn the_longest_path_goes_first() {
        let mut graph = GraphBuilder::new();
        let short = graph.add([]);
        let first = graph.add([]);
        let second = graph.add([first]);
        graph.add([short, second]);
        assert_eq!(indices(graph), [1, 2, 0, 3]);
    }

    #[test]
    fn weights_make_paths_longer() {
        let mut graph = GraphBuilder::new();
        let heavy = graph.add([]);
        let first = graph.add([]);
        let second = graph.add([first]);
        graph.add([second, heavy]);
        graph.set_weight(heavy, 10.0);
        assert_eq!(indices(graph), [0, 1, 2, 3]);
    }

    #[test]
    fn priority_goes_before_everything() {
        let mut graph = GraphBuilder::new();
        graph.add([]);
        let urgent = graph.add([]);
        graph.set_priority(urgent, 1);
        assert_eq!(indices(graph), [1, 0]);
    }
}
