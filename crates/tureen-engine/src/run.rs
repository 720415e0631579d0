//! A run: the monitor round one schedule. One lock; one condition variable for pullers, one for who waits for the end.
//! Knows executors only as callers: threads, processes and clusters all *pull* from it.
//!
//! Whoever has finished a task reports it and takes the next one in the same critical section, so a chain of tasks
//! costs no wake-ups. Whoever takes a task while another one could start too wakes one sleeper, who does the same: wakes
//! travel from puller to puller and nobody is woken in vain.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{Event, EventKind};
use crate::graph::TaskId;
use crate::lane::Lane;
use crate::schedule::{Counts, Outcome, Schedule, TaskState};

/// What an executor tells a run of a task that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The task.
    pub task: TaskId,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a run answers an executor that asks for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Do this one, and report it.
    Start(TaskId),
    /// Nothing can start now; see [`Run::wait`].
    Wait,
    /// Nothing will ever start again. Tasks of other executors may still be running.
    Finished,
}

/// One execution of one graph, shared by everyone who works on it.
#[derive(Debug)]
pub struct Run {
    state: Mutex<State>,
    /// A task may be taken, or nothing will ever start again.
    can_take: Condvar,
    /// Every task has ended.
    has_ended: Condvar,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    sleepers: usize,
    began: Instant,
    events: Option<Sender<Event>>,
}

impl Run {
    /// A run that nobody works on yet.
    pub fn new(schedule: Schedule) -> Self {
        let state = State { schedule, sleepers: 0, began: Instant::now(), events: None };
        Self { state: Mutex::new(state), can_take: Condvar::new(), has_ended: Condvar::new() }
    }

    /// The same run, telling of every change from now on; tasks that are ready already are told as queued.
    #[must_use]
    pub fn with_events(self, events: Sender<Event>) -> Self {
        let mut state = self.lock();
        state.events = Some(events);
        let queued: Vec<TaskId> = {
            let schedule = &state.schedule;
            schedule.graph().tasks().filter(|&task| schedule.state(task) == TaskState::Ready).collect()
        };
        for task in queued {
            state.tell(task, EventKind::Queued);
        }
        drop(state);
        self
    }

    /// Reports a task, if there is one to report, and takes the next, waiting until there is one. `None`: nothing will
    /// ever start again.
    ///
    /// Tasks whose results nobody needs any more are added to `released`, for the caller to drop when this has returned.
    ///
    /// # Panics
    /// If the reported task was not running.
    pub fn next(&self, report: Option<Report>, released: &mut Vec<TaskId>) -> Option<TaskId> {
        let mut state = self.lock();
        self.apply(&mut state, report, released);
        loop {
            match self.take(&mut state, Lane::Main) {
                Next::Start(task) => return Some(task),
                Next::Finished => return None,
                Next::Wait => state = self.sleep(state),
            }
        }
    }

    /// As [`Run::next`], but answers [`Next::Wait`] instead of waiting: for callers that hold a lock of their own (the
    /// interpreter's), which they must let go of before they call [`Run::wait`].
    ///
    /// # Panics
    /// If the reported task was not running.
    pub fn try_next(&self, report: Option<Report>, released: &mut Vec<TaskId>) -> Next {
        let mut state = self.lock();
        self.apply(&mut state, report, released);
        self.take(&mut state, Lane::Main)
    }

    /// Takes a task of a run that is divided ([`Run::divide`]). Whoever pulls from the lane aside has other things to listen
    /// to than this run, so he can't wait here, and nobody wakes him: he asks again.
    pub fn try_next_in(&self, lane: Lane) -> Next {
        self.take(&mut self.lock(), lane)
    }

    /// As [`Run::try_next_in`], but takes up to `most` tasks at once, and adds them to `taken`.
    pub fn take_many(&self, lane: Lane, most: usize, taken: &mut VecDeque<TaskId>) {
        let mut state = self.lock();
        for _ in 0..most {
            let Some(task) = state.schedule.take_in(lane) else { break };
            state.tell(task, EventKind::Started);
            taken.push_back(task);
        }
        self.wake_one(&state);
        self.tell_waiters(&state);
    }

    /// Divides the tasks that have not been taken between two lanes, one of which is for pullers of another kind.
    pub fn divide(&self, lane_of: impl Fn(TaskId) -> Lane) {
        self.lock().schedule.divide(lane_of);
        self.can_take.notify_all();
    }

    /// Puts back a task that was taken, into this lane, as if it had not been: see [`Schedule::put_back`].
    ///
    /// # Panics
    /// If the task was not running.
    pub fn put_back(&self, task: TaskId, lane: Lane, released: &mut Vec<TaskId>) {
        let mut state = self.lock();
        state.put_back(task, lane, released);
        self.wake_one(&state);
        self.tell_waiters(&state);
    }

    /// Waits until a task could be taken or nothing will ever start again. Somebody else may be faster: ask again.
    pub fn wait(&self) {
        let mut state = self.lock();
        while state.schedule.next().is_none() && !state.is_drained() {
            state = self.sleep(state);
        }
    }

    /// Reports a task without taking another.
    ///
    /// # Panics
    /// If the task was not running.
    pub fn report(&self, report: Report, released: &mut Vec<TaskId>) {
        let mut state = self.lock();
        self.apply(&mut state, Some(report), released);
        self.wake_one(&state);
    }

    /// Reports tasks that are done, without taking another.
    ///
    /// # Panics
    /// If one of them was not running.
    pub fn report_done(&self, tasks: &[TaskId], released: &mut Vec<TaskId>) {
        let mut state = self.lock();
        for &task in tasks {
            state.end(task, Outcome::Done, released);
        }
        self.tell_waiters(&state);
        self.wake_one(&state);
    }

    /// Stops the run: nothing new starts. What runs is still to be reported.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.stop();
        self.tell_waiters(&state);
    }

    /// Waits until every task has ended, at most for `timeout`. Says whether they all have.
    pub fn wait_finished(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.lock();
        while !state.schedule.is_finished() {
            state = match deadline {
                None => self.has_ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.has_ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// How many tasks are in each state now.
    pub fn counts(&self) -> Counts {
        self.lock().schedule.counts()
    }

    /// Where a task stands now.
    pub fn task_state(&self, task: TaskId) -> TaskState {
        self.lock().schedule.state(task)
    }

    /// A thread that panicked inside leaves a schedule whose assertions held: others may go on.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, state: &mut State, report: Option<Report>, released: &mut Vec<TaskId>) {
        let Some(Report { task, outcome }) = report else { return };
        state.end(task, outcome, released);
        self.tell_waiters(state);
    }

    fn take(&self, state: &mut State, lane: Lane) -> Next {
        match state.schedule.take_in(lane) {
            Some(task) => {
                state.tell(task, EventKind::Started);
                self.wake_one(state);
                self.tell_waiters(state);
                Next::Start(task)
            }
            None if state.is_drained() => Next::Finished,
            None => Next::Wait,
        }
    }

    fn wake_one(&self, state: &State) {
        if state.sleepers > 0 && state.schedule.next().is_some() {
            self.can_take.notify_one();
        }
    }

    fn tell_waiters(&self, state: &State) {
        if state.is_drained() {
            if state.sleepers > 0 {
                self.can_take.notify_all();
            }
            if state.schedule.is_finished() {
                self.has_ended.notify_all();
            }
        }
    }

    fn sleep<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.sleepers += 1;
        let mut state = self.can_take.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.sleepers -= 1;
        state
    }
}

impl State {
    /// Whether nothing will ever start again.
    fn is_drained(&self) -> bool {
        let counts = self.schedule.counts();
        let may_come_back = if self.schedule.may_be_put_back() { counts.running } else { 0 };
        counts.waiting + counts.ready + may_come_back == 0
    }

    fn tell(&self, task: TaskId, kind: EventKind) {
        if let Some(events) = &self.events {
            // A reader that has gone away no longer wants to know.
            let _ = events.send(Event { at: self.began.elapsed(), task, kind });
        }
    }

    fn end(&mut self, task: TaskId, outcome: Outcome, released: &mut Vec<TaskId>) {
        let Self { schedule, began, events, .. } = self;
        schedule.end(task, outcome, released, teller(events.as_ref(), *began));
    }

    fn put_back(&mut self, task: TaskId, lane: Lane, released: &mut Vec<TaskId>) {
        let Self { schedule, began, events, .. } = self;
        schedule.put_back(task, lane, released, teller(events.as_ref(), *began));
    }

    fn stop(&mut self) {
        let Self { schedule, began, events, .. } = self;
        // Results of a stopped run are dropped with the run.
        schedule.stop(&mut Vec::new(), teller(events.as_ref(), *began));
    }
}

fn teller(events: Option<&Sender<Event>>, began: Instant) -> impl FnMut(TaskId, EventKind) {
    move |task, kind| {
        if let Some(events) = events {
            let _ = events.send(Event { at: began.elapsed(), task, kind });
        }
    }
}
