//! Tasks and what each needs, in flat arrays.
//! Knows no work, no result and no name: a task is its number.
//!
//! A task may need only tasks that were added before it, so a cycle can't be built and nothing behind this file
//! looks for one. Cycles are found, with names, where names are known.

use std::collections::HashMap;

use crate::resources::Demand;

/// A task of one graph: its index, counted from 0 in the order in which tasks were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(u32);

impl TaskId {
    /// The task's index, for tables kept beside the graph.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The task with this index.
    ///
    /// # Panics
    /// If `index` does not fit in 32 bits: a graph has at most 2^32 - 1 tasks.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("a graph has fewer than 2^32 tasks"))
    }
}

/// A graph in the making.
///
/// ```
/// use tureen_engine::GraphBuilder;
/// let mut builder = GraphBuilder::new();
/// let a = builder.add([]);
/// let b = builder.add([a]);
/// let graph = builder.build();
/// assert_eq!(graph.needs(b), [a]);
/// assert_eq!(graph.users(a), [b]);
/// ```
#[derive(Debug, Default)]
pub struct GraphBuilder {
    /// `needs[need_ends[i - 1]..need_ends[i]]` are the needs of task `i`.
    need_ends: Vec<u32>,
    needs: Vec<TaskId>,
    kept: Vec<TaskId>,
    /// Sparse until the first one is set: most graphs have no priorities, weights or demands of their own.
    priorities: Vec<i64>,
    weights: Vec<f64>,
    demand_of: Vec<u32>,
    demands: Vec<Demand>,
    demand_ids: HashMap<Demand, u32>,
    is_depth_first: bool,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty graph with room for `n_tasks` tasks that have `n_needs` needs in all.
    pub fn with_capacity(n_tasks: usize, n_needs: usize) -> Self {
        Self { need_ends: Vec::with_capacity(n_tasks), needs: Vec::with_capacity(n_needs), ..Self::default() }
    }

    /// Adds a task that may start when all of `needs` are done. A need may be named twice.
    ///
    /// # Panics
    /// If a need was not added before (it belongs to another graph), or past 2^32 - 1 tasks or needs.
    pub fn add(&mut self, needs: impl IntoIterator<Item = TaskId>) -> TaskId {
        let task = TaskId::from_index(self.need_ends.len());
        let first = self.needs.len();
        self.needs.extend(needs);
        assert!(
            self.needs[first..].iter().all(|need| *need < task),
            "a task needs only tasks added before it"
        );
        self.need_ends.push(u32::try_from(self.needs.len()).expect("a graph has fewer than 2^32 needs"));
        task
    }

    /// Makes room for so many more tasks, and needs in all.
    pub fn reserve(&mut self, n_tasks: usize, n_needs: usize) {
        self.need_ends.reserve(n_tasks);
        self.needs.reserve(n_needs);
    }

    /// How many tasks were added so far.
    pub fn len(&self) -> usize {
        self.need_ends.len()
    }

    /// Whether no task was added yet.
    pub fn is_empty(&self) -> bool {
        self.need_ends.is_empty()
    }

    /// Says that tasks were added depth first, from the kept ones in their order: all that is below one need of a task before
    /// anything below the next, and then the task. Such a graph mostly needs no other order to start in, which saves looking for one.
    pub fn set_depth_first(&mut self) {
        self.is_depth_first = true;
    }

    /// Says that the result of `task` is wanted at the end: it is never released.
    pub fn keep(&mut self, task: TaskId) {
        self.kept.push(task);
    }

    /// Among tasks that may start, one of higher priority starts first. The default is 0.
    pub fn set_priority(&mut self, task: TaskId, priority: i64) {
        set(&mut self.priorities, task, priority, 0);
    }

    /// The seconds that `task` is expected to take (the default is 1): what lies on the longest path starts first.
    /// A value that is not a positive number counts as 0.
    pub fn set_weight(&mut self, task: TaskId, seconds: f64) {
        set(&mut self.weights, task, if seconds > 0.0 { seconds } else { 0.0 }, 1.0);
    }

    /// The resources that `task` holds while it runs. The default is one core.
    pub fn set_demand(&mut self, task: TaskId, demand: Demand) {
        if self.demands.is_empty() {
            self.demands.push(Demand::default());
            self.demand_ids.insert(Demand::default(), 0);
        }
        let next = u32::try_from(self.demands.len()).expect("no more demands than tasks");
        let id = *self.demand_ids.entry(demand).or_insert_with_key(|demand| {
            self.demands.push(demand.clone());
            next
        });
        set(&mut self.demand_of, task, id, 0);
    }

    /// The finished graph.
    pub fn build(mut self) -> Graph {
        let n = self.len();
        let mut is_kept = vec![false; n];
        for task in &self.kept {
            is_kept[task.index()] = true;
        }
        if self.demands.is_empty() {
            self.demands.push(Demand::default());
        }
        fill(&mut self.priorities, n, 0);
        fill(&mut self.weights, n, 1.0);
        fill(&mut self.demand_of, n, 0);
        let (user_ends, users) = transpose(&self.need_ends, &self.needs);
        Graph {
            need_ends: self.need_ends,
            needs: self.needs,
            user_ends,
            users,
            is_kept,
            is_depth_first: self.is_depth_first,
            priorities: self.priorities,
            weights: self.weights,
            demand_of: self.demand_of,
            demands: self.demands,
        }
    }
}

/// Tasks, what each needs, and who uses each.
#[derive(Debug)]
pub struct Graph {
    need_ends: Vec<u32>,
    needs: Vec<TaskId>,
    user_ends: Vec<u32>,
    users: Vec<TaskId>,
    is_kept: Vec<bool>,
    is_depth_first: bool,
    /// Empty if every task has the default; the same for the two tables below.
    priorities: Vec<i64>,
    weights: Vec<f64>,
    demand_of: Vec<u32>,
    demands: Vec<Demand>,
}

impl Graph {
    /// The number of tasks.
    pub fn len(&self) -> usize {
        self.need_ends.len()
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.need_ends.is_empty()
    }

    /// Every task, in the order in which they were added.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = TaskId> + ExactSizeIterator + use<> {
        (0..self.len()).map(TaskId::from_index)
    }

    /// The tasks that `task` needs, as they were given to [`GraphBuilder::add`].
    pub fn needs(&self, task: TaskId) -> &[TaskId] {
        row(&self.need_ends, &self.needs, task)
    }

    /// The tasks that need `task`, in the order in which they were added.
    pub fn users(&self, task: TaskId) -> &[TaskId] {
        row(&self.user_ends, &self.users, task)
    }

    /// Whether the result of `task` is wanted at the end.
    pub fn is_kept(&self, task: TaskId) -> bool {
        self.is_kept[task.index()]
    }

    /// See [`GraphBuilder::set_depth_first`].
    pub(crate) fn is_depth_first(&self) -> bool {
        self.is_depth_first
    }

    pub(crate) fn priorities(&self) -> &[i64] {
        &self.priorities
    }

    /// Whether every task has the default weight.
    pub(crate) fn is_unweighted(&self) -> bool {
        self.weights.is_empty()
    }

    pub(crate) fn weight(&self, task: TaskId) -> f64 {
        self.weights.get(task.index()).copied().unwrap_or(1.0)
    }

    /// The distinct demands, and the index into them of each task (no index at all: everybody has the first).
    pub(crate) fn demands(&self) -> (&[Demand], &[u32]) {
        (&self.demands, &self.demand_of)
    }
}

/// Writes one entry of a table that is only made when it is first needed.
fn set<T: Clone>(table: &mut Vec<T>, task: TaskId, value: T, default: T) {
    if table.len() <= task.index() {
        table.resize(task.index() + 1, default);
    }
    table[task.index()] = value;
}

/// Completes a table that was begun.
fn fill<T: Clone>(table: &mut Vec<T>, n: usize, default: T) {
    if !table.is_empty() {
        table.resize(n, default);
    }
}

fn row<'a>(ends: &[u32], values: &'a [TaskId], task: TaskId) -> &'a [TaskId] {
    let start = if task.0 == 0 { 0 } else { ends[task.index() - 1] };
    &values[start as usize..ends[task.index()] as usize]
}

/// From needs to users: a counting sort, so users come in order of their ids.
fn transpose(need_ends: &[u32], needs: &[TaskId]) -> (Vec<u32>, Vec<TaskId>) {
    let mut ends = vec![0_u32; need_ends.len()];
    for need in needs {
        ends[need.index()] += 1;
    }
    let mut total = 0;
    for end in &mut ends {
        // For the moment `ends` holds where each row starts; filling the rows moves it to where they end.
        (*end, total) = (total, total + *end);
    }
    let mut users = vec![TaskId(0); needs.len()];
    for task in (0..need_ends.len()).map(TaskId::from_index) {
        for need in row(need_ends, needs, task) {
            let place = &mut ends[need.index()];
            users[*place as usize] = task;
            *place += 1;
        }
    }
    (ends, users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_named_twice_is_counted_twice_on_both_sides() {
        let mut builder = GraphBuilder::new();
        let a = builder.add([]);
        let b = builder.add([a, a]);
        let graph = builder.build();
        assert_eq!(graph.needs(b), [a, a]);
        assert_eq!(graph.users(a), [b, b]);
    }

    #[test]
    #[should_panic(expected = "a task needs only tasks added before it")]
    fn a_task_of_another_graph_is_no_need() {
        let mut other = GraphBuilder::new();
        other.add([]);
        let stranger = other.add([]);
        GraphBuilder::new().add([stranger]);
    }

    #[test]
    fn an_empty_graph_is_a_graph() {
        let graph = GraphBuilder::new().build();
        assert!(graph.is_empty());
        assert_eq!(graph.tasks().len(), 0);
    }
}
