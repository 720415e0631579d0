//! Which task may start now: the bookkeeping of one run, as a pure value.
//! Knows no thread, clock or file, so it can be tested by simulation (`tests/it/simulation.rs`).
//!
//! ```text
//!            needs done           taken
//! Waiting ───────────────▶ Ready ───────▶ Running ──▶ Done
//!    │                       │               └──────▶ Failed
//!    └───────────────────────┴─▶ Skipped  (a need failed or was skipped, or the run stops)
//! ```
//! A running task that was put back is ready again, or skipped if the run has stopped.

use std::sync::Arc;

use crate::event::EventKind;
use crate::graph::{Graph, TaskId};
use crate::lane::{Lane, Lanes};
use crate::order::Ranks;
use crate::ready::fits;
use crate::resources::{DoesNotFit, Limits};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Something it needs is not done.
    Waiting,
    /// Everything it needs is done; it has not been taken.
    Ready,
    /// Taken, not yet reported. Holds its resources.
    Running,
    /// Reported as done.
    Done,
    /// Reported as failed.
    Failed,
    /// Never to start.
    Skipped,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its result is there; what needs it may start.
    Done,
    /// There is no result; what needs it is skipped.
    Failed,
}

/// What a failure means for the tasks that don't depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// Start nothing new; what runs may end.
    Stop,
    /// Go on with them.
    KeepGoing,
}

/// How many tasks are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// [`TaskState::Waiting`]
    pub waiting: usize,
    /// [`TaskState::Ready`]
    pub ready: usize,
    /// [`TaskState::Running`]
    pub running: usize,
    /// [`TaskState::Done`]
    pub done: usize,
    /// [`TaskState::Failed`]
    pub failed: usize,
    /// [`TaskState::Skipped`]
    pub skipped: usize,
}

impl Counts {
    fn of(&mut self, state: TaskState) -> &mut usize {
        match state {
            TaskState::Waiting => &mut self.waiting,
            TaskState::Ready => &mut self.ready,
            TaskState::Running => &mut self.running,
            TaskState::Done => &mut self.done,
            TaskState::Failed => &mut self.failed,
            TaskState::Skipped => &mut self.skipped,
        }
    }
}

/// The state of every task of a graph, and what is free.
///
/// Events are handed to the closure that each change takes: the schedule keeps no list of them.
///
/// ```
/// use std::sync::Arc;
/// use tureen_engine::{GraphBuilder, Limits, OnFailure, Outcome, Schedule};
///
/// let mut graph = GraphBuilder::new();
/// let a = graph.add([]);
/// let b = graph.add([a]);
/// let mut schedule = Schedule::new(Arc::new(graph.build()), Limits::cores(1), OnFailure::Stop)?;
/// assert_eq!(schedule.take(), Some(a));
/// assert_eq!(schedule.take(), None);
/// schedule.end(a, Outcome::Done, &mut Vec::new(), |_, _| ());
/// assert_eq!(schedule.take(), Some(b));
/// # Ok::<(), tureen_engine::DoesNotFit>(())
/// ```
#[derive(Debug)]
pub struct Schedule {
    graph: Arc<Graph>,
    on_failure: OnFailure,
    is_stopped: bool,
    states: Vec<TaskState>,
    counts: Counts,
    /// For each task, how many of its needs are not done.
    needs_left: Vec<u32>,
    /// For each task, how many of its users have not ended; at 0 its result is released, unless it is kept.
    users_left: Vec<u32>,
    ready: Lanes,
    ranks: Ranks,
    demands: Demands,
}

/// What is free and what tasks demand of it, as dense vectors over the limited resources.
#[derive(Debug)]
struct Demands {
    free: Vec<u64>,
    distinct: Vec<Vec<u64>>,
    /// Index into `distinct` for each task; empty if there is one for all.
    of_task: Vec<u32>,
}

impl Demands {
    fn amounts(&self, task: TaskId) -> &[u64] {
        &self.distinct[class_of(&self.of_task, task)]
    }

    fn hold(&mut self, task: TaskId) {
        for (free, amount) in self.free.iter_mut().zip(&self.distinct[class_of(&self.of_task, task)]) {
            *free -= amount;
        }
    }

    fn give_back(&mut self, task: TaskId) {
        for (free, amount) in self.free.iter_mut().zip(&self.distinct[class_of(&self.of_task, task)]) {
            *free += amount;
        }
    }

    fn are_alike(&self) -> bool {
        self.of_task.is_empty()
    }
}

impl Schedule {
    /// The schedule of a run in which no task has started.
    ///
    /// # Errors
    /// [`DoesNotFit`] if a task demands more of a resource than `limits` has: it could never start.
    pub fn new(graph: Arc<Graph>, limits: Limits, on_failure: OnFailure) -> Result<Self, DoesNotFit> {
        let demands = resolve_demands(&graph, &limits)?;
        let n_resources = if demands.are_alike() { 0 } else { demands.free.len() };
        let mut schedule = Self {
            on_failure,
            is_stopped: false,
            states: vec![TaskState::Waiting; graph.len()],
            counts: Counts { waiting: graph.len(), ..Counts::default() },
            needs_left: graph.tasks().map(|task| graph.needs(task).len() as u32).collect(),
            users_left: graph.tasks().map(|task| graph.users(task).len() as u32).collect(),
            ready: Lanes::new(graph.len(), n_resources),
            ranks: Ranks::of(&graph),
            demands,
            graph,
        };
        for task in schedule.graph.tasks() {
            if schedule.needs_left[task.index()] == 0 {
                schedule.set(task, TaskState::Ready);
            }
        }
        Ok(schedule)
    }

    /// Takes the next task: it is running from now on and holds its resources. `None` if no ready task fits into what
    /// is free, or the run was stopped.
    pub fn take(&mut self) -> Option<TaskId> {
        self.take_in(Lane::Main)
    }

    /// As [`Schedule::take`], of the tasks in one lane.
    pub fn take_in(&mut self, lane: Lane) -> Option<TaskId> {
        let task = self.next_in(lane)?;
        self.set(task, TaskState::Running);
        self.demands.hold(task);
        Some(task)
    }

    /// The task that [`Schedule::take`] would give now.
    pub fn next(&self) -> Option<TaskId> {
        self.next_in(Lane::Main)
    }

    /// The task that [`Schedule::take_in`] would give now.
    pub fn next_in(&self, lane: Lane) -> Option<TaskId> {
        if self.is_stopped {
            return None;
        }
        let ready = self.ready.of(lane)?;
        let rank = if self.demands.are_alike() {
            ready.first().filter(|_| fits(&self.demands.distinct[0], &self.demands.free))
        } else {
            let amounts_of = |rank: usize| self.demands.amounts(self.ranks.task_at(rank));
            ready.first_that_fits(&self.demands.free, &amounts_of)
        };
        rank.map(|rank| self.ranks.task_at(rank))
    }

    /// Divides the tasks that have not been taken between the two lanes. Those that have been keep theirs.
    pub fn divide(&mut self, lane_of: impl Fn(TaskId) -> Lane) {
        for rank in 0..self.graph.len() {
            let task = self.ranks.task_at(rank);
            let state = self.state(task);
            let lane = lane_of(task);
            if !matches!(state, TaskState::Waiting | TaskState::Ready) || self.ready.lane_of(rank) == lane {
                continue;
            }
            if state == TaskState::Ready {
                let (demands, ranks) = (&self.demands, &self.ranks);
                self.ready.at(rank).remove(rank, |rank| demands.amounts(ranks.task_at(rank)));
            }
            self.ready.assign(rank, lane);
            if state == TaskState::Ready {
                self.ready.at(rank).insert(rank, self.demands.amounts(task));
            }
        }
    }

    /// Whether a running task may yet be put back and start anew: of a run that was divided, unless it was stopped.
    pub fn may_be_put_back(&self) -> bool {
        self.ready.are_divided() && !self.is_stopped
    }

    /// Puts back a running task that was not begun, or that nobody will miss the beginning of: it is ready again, in this
    /// lane; or skipped, if the run was stopped. The other arguments are as for [`Schedule::end`].
    ///
    /// # Panics
    /// If the task is not running.
    pub fn put_back(
        &mut self,
        task: TaskId,
        lane: Lane,
        released: &mut Vec<TaskId>,
        mut tell: impl FnMut(TaskId, EventKind),
    ) {
        assert_eq!(self.state(task), TaskState::Running, "only a running task can be put back");
        self.demands.give_back(task);
        self.ready.assign(self.ranks.rank_of(task), lane);
        if self.is_stopped {
            self.skip(task, released, &mut tell);
        } else {
            self.set(task, TaskState::Ready);
            tell(task, EventKind::Queued);
        }
    }

    /// Ends a running task. `released` receives the tasks whose results nobody needs any more. `tell` hears of each
    /// task that became ready or was skipped, and of the end of this one.
    ///
    /// # Panics
    /// If the task is not running: an executor reports each task that it took once.
    pub fn end(
        &mut self,
        task: TaskId,
        outcome: Outcome,
        released: &mut Vec<TaskId>,
        mut tell: impl FnMut(TaskId, EventKind),
    ) {
        assert_eq!(self.state(task), TaskState::Running, "only a running task can end");
        self.demands.give_back(task);
        match outcome {
            Outcome::Done => {
                self.set(task, TaskState::Done);
                tell(task, EventKind::Finished);
                self.release_needs(task, released);
                self.wake_users(task, &mut tell);
                // Without users, or with users that were skipped while it ran.
                if self.users_left[task.index()] == 0 && !self.graph.is_kept(task) {
                    released.push(task);
                }
            }
            Outcome::Failed => {
                self.set(task, TaskState::Failed);
                tell(task, EventKind::Failed);
                self.release_needs(task, released);
                self.skip_users(task, released, &mut tell);
                if self.on_failure == OnFailure::Stop {
                    self.stop(released, tell);
                }
            }
        }
    }

    /// Stops the run: nothing starts any more, and every task that has not started is skipped. What runs is still to
    /// be reported.
    pub fn stop(&mut self, released: &mut Vec<TaskId>, mut tell: impl FnMut(TaskId, EventKind)) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        for task in self.graph.tasks() {
            if matches!(self.state(task), TaskState::Waiting | TaskState::Ready) {
                self.skip(task, released, &mut tell);
            }
        }
    }

    /// Whether every task has ended.
    pub fn is_finished(&self) -> bool {
        self.counts.waiting + self.counts.ready + self.counts.running == 0
    }

    /// How many tasks are in each state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Where a task stands.
    pub fn state(&self, task: TaskId) -> TaskState {
        self.states[task.index()]
    }

    /// The graph that is scheduled.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The only place where a state changes, so that counts and the set of ready tasks can't disagree with it.
    fn set(&mut self, task: TaskId, state: TaskState) {
        let before = std::mem::replace(&mut self.states[task.index()], state);
        *self.counts.of(before) -= 1;
        *self.counts.of(state) += 1;
        let rank = self.ranks.rank_of(task);
        if state == TaskState::Ready {
            self.ready.at(rank).insert(rank, self.demands.amounts(task));
        } else if before == TaskState::Ready {
            let (demands, ranks) = (&self.demands, &self.ranks);
            self.ready.at(rank).remove(rank, |rank| demands.amounts(ranks.task_at(rank)));
        }
    }

    /// A task has ended, however it did: its needs have one user less.
    fn release_needs(&mut self, task: TaskId, released: &mut Vec<TaskId>) {
        for &need in self.graph.needs(task) {
            let left = &mut self.users_left[need.index()];
            *left -= 1;
            if *left == 0 && self.states[need.index()] == TaskState::Done && !self.graph.is_kept(need) {
                released.push(need);
            }
        }
    }

    fn wake_users(&mut self, task: TaskId, tell: &mut impl FnMut(TaskId, EventKind)) {
        for place in 0..self.graph.users(task).len() {
            let user = self.graph.users(task)[place];
            let left = &mut self.needs_left[user.index()];
            *left -= 1;
            if *left == 0 && self.state(user) == TaskState::Waiting {
                self.set(user, TaskState::Ready);
                tell(user, EventKind::Queued);
            }
        }
    }

    /// Skips everything that depends on `task`, with a stack: it may be a long chain.
    fn skip_users(
        &mut self,
        task: TaskId,
        released: &mut Vec<TaskId>,
        tell: &mut impl FnMut(TaskId, EventKind),
    ) {
        let graph = Arc::clone(&self.graph);
        let mut stack = vec![task];
        while let Some(gone) = stack.pop() {
            for &user in graph.users(gone) {
                if self.state(user) == TaskState::Waiting {
                    self.skip(user, released, tell);
                    stack.push(user);
                }
            }
        }
    }

    fn skip(&mut self, task: TaskId, released: &mut Vec<TaskId>, tell: &mut impl FnMut(TaskId, EventKind)) {
        self.set(task, TaskState::Skipped);
        tell(task, EventKind::Skipped);
        self.release_needs(task, released);
    }
}

fn resolve_demands(graph: &Graph, limits: &Limits) -> Result<Demands, DoesNotFit> {
    let (demands, of_task) = graph.demands();
    // Nobody may have a demand (each task that had it was given another), so tasks are asked, not demands.
    let exceeded: Vec<_> =
        demands.iter().map(|demand| limits.exceeded_by(TaskId::from_index(0), demand)).collect();
    // Where all have the first, one speaks for all.
    let n_asked = if of_task.is_empty() { 1 } else { graph.len() };
    for task in graph.tasks().take(n_asked) {
        if let Some(exceeded) = &exceeded[class_of(of_task, task)] {
            return Err(DoesNotFit { task, ..exceeded.clone() });
        }
    }
    let distinct = demands.iter().map(|demand| limits.amounts_of(demand)).collect();
    Ok(Demands { free: limits.amounts(), distinct, of_task: of_task.to_vec() })
}

/// Which of the distinct demands is the task's.
fn class_of(of_task: &[u32], task: TaskId) -> usize {
    of_task.get(task.index()).map_or(0, |&class| class as usize)
}
