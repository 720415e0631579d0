//! Random graphs, random failures and a virtual clock, from a seed: after each step, what the schedule promises is
//! checked against the graph itself, the slow and simple way.
//!
//! `TUREEN_SEEDS=100000 cargo test -p tureen-engine --release simulation` runs more of them; a failure names its seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use tureen_engine::{
    Demand, EventKind, Graph, GraphBuilder, Lane, Limits, OnFailure, Outcome, Schedule, TaskId, TaskState,
};

/// A small generator (SplitMix64): the same numbers from the same seed, everywhere and for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const LANES: [Lane; 2] = [Lane::Main, Lane::Aside];

/// A world to schedule in, and what the simulation knows about it by itself.
struct World {
    random: Random,
    graph: Arc<Graph>,
    schedule: Schedule,
    on_failure: OnFailure,
    /// Cores and memory of each task, and of the run; `None` is no limit.
    demands: Vec<[u64; 2]>,
    limits: [Option<u64>; 2],
    /// When each running task ends, on the virtual clock.
    ends: BTreeMap<(u64, TaskId), Outcome>,
    starts: Vec<u32>,
    lane_of: Vec<Lane>,
    releases: Vec<u32>,
    told: Vec<Vec<EventKind>>,
    has_failed: bool,
    is_cancelled: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let n = random.below(40);
        let density = random.below(5);
        let has_demands = random.chance(60);
        let limits = [random.chance(90).then(|| 1 + random.below(4) as u64), random.chance(50).then_some(10)];
        let mut builder = GraphBuilder::new();
        let mut demands = Vec::new();
        for i in 0..n {
            let n_needs = if i == 0 { 0 } else { random.below(density + 1) };
            let needs: Vec<TaskId> = (0..n_needs).map(|_| TaskId::from_index(random.below(i))).collect();
            let task = builder.add(needs);
            let mut demand = [1, 0];
            if has_demands && random.chance(70) {
                demand =
                    [random.below(limits[0].map_or(9, |n| n as usize + 1)) as u64, random.below(11) as u64];
                builder.set_demand(task, Demand::cores(demand[0]).with("mem_mb", demand[1]));
            }
            demands.push(demand);
            if random.chance(10) {
                builder.keep(task);
            }
            if random.chance(5) {
                builder.set_priority(task, random.below(5) as i64);
            }
            if random.chance(5) {
                builder.set_weight(task, random.below(100) as f64);
            }
        }
        let on_failure = if random.chance(50) { OnFailure::Stop } else { OnFailure::KeepGoing };
        let mut engine_limits = limits[0].map_or(Limits::unlimited(), Limits::cores);
        if let Some(memory) = limits[1] {
            engine_limits = engine_limits.with("mem_mb", memory);
        }
        let graph = Arc::new(builder.build());
        let schedule = Schedule::new(Arc::clone(&graph), engine_limits, on_failure).unwrap();
        Self {
            random,
            schedule,
            on_failure,
            demands,
            limits,
            ends: BTreeMap::new(),
            starts: vec![0; n],
            lane_of: vec![Lane::Main; n],
            releases: vec![0; n],
            told: vec![Vec::new(); n],
            has_failed: false,
            is_cancelled: false,
            graph,
        }
    }

    fn run(&mut self) {
        let (failures, cancels) = (self.random.below(20), self.random.chance(10));
        let divides = self.random.chance(30);
        let mut now = 0;
        loop {
            while let Some(task) = self.take() {
                if divides && self.random.chance(10) {
                    self.put_back(task);
                    self.check();
                    continue;
                }
                self.starts[task.index()] += 1;
                let outcome = if self.random.chance(failures) { Outcome::Failed } else { Outcome::Done };
                self.ends.insert((now + self.random.below(20) as u64, task), outcome);
                self.check();
                if self.random.chance(20) {
                    break; // This puller is slow: something else may happen before the next one is taken.
                }
            }
            if divides && self.random.chance(20) {
                self.divide();
                self.check();
            }
            if cancels && self.random.chance(5) {
                self.cancel();
            }
            let Some(((at, task), outcome)) = self.ends.pop_first() else {
                if self.next().is_none() {
                    break;
                }
                continue;
            };
            now = at;
            if divides && self.random.chance(5) {
                // As if it had not been taken: perhaps after the run was stopped.
                self.starts[task.index()] -= 1;
                self.put_back(task);
            } else {
                self.end(task, outcome);
            }
            self.check();
        }
        self.check_end();
    }

    /// A puller of either lane.
    fn take(&mut self) -> Option<TaskId> {
        let lanes = if self.random.chance(50) { LANES } else { [LANES[1], LANES[0]] };
        lanes.into_iter().find_map(|lane| {
            let task = self.schedule.take_in(lane)?;
            assert_eq!(self.lane_of[task.index()], lane, "a task is taken from its own lane");
            Some(task)
        })
    }

    fn next(&self) -> Option<TaskId> {
        LANES.into_iter().find_map(|lane| self.schedule.next_in(lane))
    }

    fn divide(&mut self) {
        let asked: Vec<Lane> =
            self.lane_of.iter().map(|_| LANES[usize::from(self.random.chance(50))]).collect();
        for task in self.graph.tasks() {
            if matches!(self.schedule.state(task), TaskState::Waiting | TaskState::Ready) {
                self.lane_of[task.index()] = asked[task.index()];
            }
        }
        self.schedule.divide(|task| asked[task.index()]);
    }

    fn put_back(&mut self, task: TaskId) {
        let lane = LANES[usize::from(self.random.chance(50))];
        self.lane_of[task.index()] = lane;
        let mut released = Vec::new();
        self.schedule.put_back(task, lane, &mut released, |task, kind| self.told[task.index()].push(kind));
        self.check_released(&released);
    }

    fn end(&mut self, task: TaskId, outcome: Outcome) {
        let mut released = Vec::new();
        self.schedule.end(task, outcome, &mut released, |task, kind| self.told[task.index()].push(kind));
        self.has_failed |= outcome == Outcome::Failed;
        self.check_released(&released);
    }

    fn cancel(&mut self) {
        let mut released = Vec::new();
        self.schedule.stop(&mut released, |task, kind| self.told[task.index()].push(kind));
        self.is_cancelled = true;
        self.check_released(&released);
        assert_eq!(self.next(), None, "a stopped run starts nothing");
    }

    fn check_released(&mut self, released: &[TaskId]) {
        for &task in released {
            self.releases[task.index()] += 1;
            assert_eq!(
                self.schedule.state(task),
                TaskState::Done,
                "only what is done has a result to release"
            );
            assert!(!self.graph.is_kept(task), "a kept result is not released");
            assert!(
                self.graph.users(task).iter().all(|&user| self.has_ended(user)),
                "nobody needs it any more"
            );
        }
    }

    fn has_ended(&self, task: TaskId) -> bool {
        matches!(self.schedule.state(task), TaskState::Done | TaskState::Failed | TaskState::Skipped)
    }

    /// Whether `task` would fit beside what is running.
    fn fits(&self, task: TaskId) -> bool {
        let held =
            |i: usize| -> u64 { self.ends.keys().map(|(_, task)| self.demands[task.index()][i]).sum() };
        (0..2).all(|i| self.limits[i].is_none_or(|limit| held(i) + self.demands[task.index()][i] <= limit))
    }

    /// What holds after every step.
    fn check(&self) {
        let is_stopped = self.is_cancelled || (self.has_failed && self.on_failure == OnFailure::Stop);
        for (i, limit) in self.limits.iter().enumerate() {
            let held: u64 = self.ends.keys().map(|(_, task)| self.demands[task.index()][i]).sum();
            assert!(limit.is_none_or(|limit| held <= limit), "resources are never exceeded");
        }
        let mut a_ready_one_fits = false;
        for task in self.graph.tasks() {
            let needs = self.graph.needs(task);
            let needs_are_done = needs.iter().all(|&need| self.schedule.state(need) == TaskState::Done);
            let a_need_is_lost = needs
                .iter()
                .any(|&need| matches!(self.schedule.state(need), TaskState::Failed | TaskState::Skipped));
            match self.schedule.state(task) {
                TaskState::Waiting => assert!(!needs_are_done && !a_need_is_lost && !is_stopped),
                TaskState::Ready => {
                    assert!(needs_are_done && !is_stopped);
                    a_ready_one_fits |= self.fits(task);
                }
                TaskState::Running => {
                    assert!(needs_are_done && self.ends.keys().any(|&(_, running)| running == task));
                }
                TaskState::Done | TaskState::Failed => assert!(needs_are_done),
                TaskState::Skipped => assert!(a_need_is_lost || is_stopped, "a task is skipped for a reason"),
            }
            assert!(self.starts[task.index()] <= 1, "a task starts at most once");
        }
        assert_eq!(self.next().is_some(), a_ready_one_fits, "a ready task that fits always starts");
    }

    /// What holds when nothing can happen any more.
    fn check_end(&self) {
        assert!(self.schedule.is_finished(), "every task ends");
        let counts = self.schedule.counts();
        assert_eq!(counts.done + counts.failed + counts.skipped, self.graph.len());
        for task in self.graph.tasks() {
            let state = self.schedule.state(task);
            assert_eq!(self.starts[task.index()] == 1, matches!(state, TaskState::Done | TaskState::Failed));
            let is_released = state == TaskState::Done && !self.graph.is_kept(task);
            assert_eq!(self.releases[task.index()], u32::from(is_released), "a result is released once");
            let last = self.told[task.index()].last();
            let expected = match state {
                TaskState::Done => EventKind::Finished,
                TaskState::Failed => EventKind::Failed,
                _ => EventKind::Skipped,
            };
            assert_eq!(last, Some(&expected), "the last that is told of a task is how it ended");
        }
    }
}

#[test]
fn the_schedule_keeps_its_promises() {
    let n_seeds = std::env::var("TUREEN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
    for seed in 0..n_seeds {
        let outcome = std::panic::catch_unwind(|| World::new(seed).run());
        assert!(outcome.is_ok(), "seed {seed} failed: its message stands above");
    }
}
