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

/// A rank for each task: the lower starts first, when several may.
#[derive(Debug)]
pub(crate) struct Ranks {
    /// Empty if every task has its own number for a rank; the same for the other one.
    task_at: Vec<TaskId>,
    rank_of: Vec<u32>,
}

impl Ranks {
    pub(crate) fn of(graph: &Graph) -> Self {
        // Without weights a length is a number of tasks, in half the memory.
        let n_tasks = graph.is_unweighted().then(|| lengths(graph, 0, |_, longest: u32| longest + 1));
        if n_tasks.is_some_and(|n_tasks| is_in_order(graph, &n_tasks)) {
            return Self { task_at: Vec::new(), rank_of: Vec::new() };
        }
        let task_at = start_order(graph);
        let mut rank_of = vec![0; graph.len()];
        for (rank, task) in task_at.iter().enumerate() {
            rank_of[task.index()] = u32::try_from(rank).expect("a graph has fewer than 2^32 tasks");
        }
        Self { task_at, rank_of }
    }

    pub(crate) fn rank_of(&self, task: TaskId) -> usize {
        self.rank_of.get(task.index()).map_or(task.index(), |&rank| rank as usize)
    }

    pub(crate) fn task_at(&self, rank: usize) -> TaskId {
        self.task_at.get(rank).copied().unwrap_or_else(|| TaskId::from_index(rank))
    }
}

/// Whether [`start_order`] would give the tasks as they were added: they were added depth first, and no task has needs, and
/// the graph no ends, that it would put in another order.
fn is_in_order(graph: &Graph, lengths: &[u32]) -> bool {
    let are_in_order = |mut tasks: &mut dyn Iterator<Item = TaskId>| {
        let Some(mut last) = tasks.next() else { return true };
        (&mut tasks).all(|task| {
            let last = std::mem::replace(&mut last, task);
            let (longer, length) = (lengths[last.index()], lengths[task.index()]);
            longer > length || longer == length && last <= task
        })
    };
    let is_end = |task: &TaskId| graph.users(*task).is_empty();
    graph.is_depth_first()
        && graph.priorities().is_empty()
        && graph.tasks().all(|task| graph.is_kept(task) == is_end(&task))
        && are_in_order(&mut graph.tasks().filter(is_end))
        && graph.tasks().all(|task| are_in_order(&mut graph.needs(task).iter().copied()))
}

/// The tasks in the order in which they should start, when several may.
fn start_order(graph: &Graph) -> Vec<TaskId> {
    let lengths = lengths(graph, 0.0, |task, longest: f64| longest + graph.weight(task));
    let mut order = depth_first(graph, &lengths);
    if let priorities @ [_, ..] = graph.priorities() {
        order.sort_by_key(|task| std::cmp::Reverse(priorities[task.index()]));
    }
    order
}

/// For each task, the weight of the heaviest path that ends with it. `and_with` gives that from the heaviest before it.
fn lengths<T: Copy + PartialOrd>(graph: &Graph, zero: T, and_with: impl Fn(TaskId, T) -> T) -> Vec<T> {
    let mut lengths = vec![zero; graph.len()];
    for task in graph.tasks() {
        let before = graph.needs(task).iter().map(|need| lengths[need.index()]);
        let longest = before.fold(zero, |longest, length| if length > longest { length } else { longest });
        lengths[task.index()] = and_with(task, longest);
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
    use proptest::prelude::*;

    use super::*;
    use crate::graph::GraphBuilder;

    fn indices(graph: GraphBuilder) -> Vec<usize> {
        let graph = graph.build();
        let ranks = Ranks::of(&graph);
        assert!(graph.tasks().all(|task| ranks.task_at(ranks.rank_of(task)) == task));
        (0..graph.len()).map(|rank| ranks.task_at(rank).index()).collect()
    }

    /// Adds what is below these needs and was not added, depth first; then the task. Gives its number in the builder.
    fn add_below(
        task: usize,
        needs_of: &[Vec<usize>],
        added: &mut [Option<TaskId>],
        graph: &mut GraphBuilder,
    ) -> TaskId {
        if let Some(task) = added[task] {
            return task;
        }
        let needs: Vec<TaskId> =
            needs_of[task].iter().map(|&need| add_below(need, needs_of, added, graph)).collect();
        *added[task].insert(graph.add(needs))
    }

    proptest! {
        /// What is known of how tasks were added changes no order.
        #[test]
        fn tasks_added_depth_first_start_as_any_others(
            needs in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..30),
            wanted in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        ) {
            let needs_of: Vec<Vec<usize>> = needs
                .iter()
                .enumerate()
                .map(|(task, needs)| {
                    let needs = needs.iter().take(if task == 0 { 0 } else { needs.len() });
                    needs.map(|need| need.index(task)).collect()
                })
                .collect();
            let build = |says_so: bool| {
                let mut graph = GraphBuilder::new();
                let mut added = vec![None; needs_of.len()];
                for task in &wanted {
                    let task = add_below(task.index(needs_of.len()), &needs_of, &mut added, &mut graph);
                    graph.keep(task);
                }
                if says_so {
                    graph.set_depth_first();
                }
                graph
            };
            prop_assert_eq!(indices(build(true)), indices(build(false)));
        }
    }

    #[test]
    fn a_wide_graph_that_was_added_depth_first_is_in_order() {
        let mut graph = GraphBuilder::new();
        let leaves: Vec<TaskId> = (0..100).map(|_| graph.add([])).collect();
        let last = graph.add(leaves);
        graph.keep(last);
        graph.set_depth_first();
        let graph = graph.build();
        assert!(Ranks::of(&graph).task_at.is_empty());
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
