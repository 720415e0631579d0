//! How many processors were idle between two moments, as far as this process could have used them.
//! Knows nothing of threads or tasks.

use std::fs;
use std::thread::available_parallelism;
use std::time::Instant;

use rustix::thread::{CpuSet, sched_getaffinity};
use rustix::time::{ClockId, clock_gettime};

/// The machine at one moment.
pub(super) struct Machine {
    at: Instant,
    /// Seconds of processor time that this process has used.
    used: f64,
    /// For the processors that this process may use: ticks in which it was idle, and all ticks.
    ticks: Vec<(u64, u64)>,
}

impl Machine {
    pub(super) fn now() -> Self {
        let used = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            at: Instant::now(),
            used: used.tv_sec as f64 + used.tv_nsec as f64 / 1e9,
            ticks: ticks(&fs::read_to_string("/proc/stat").unwrap_or_default()),
        }
    }

    /// How many more processors this process could have used since then; none if that can't be known.
    pub(super) fn spare_since(&self, before: &Self) -> Option<f64> {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        if seconds <= 0.0 || self.ticks.is_empty() || self.ticks.len() != before.ticks.len() {
            return None;
        }
        let idle = |((idle, all), (idle_before, all_before)): (&(u64, u64), &(u64, u64))| {
            idle.saturating_sub(*idle_before) as f64 / all.saturating_sub(*all_before).max(1) as f64
        };
        let n_idle: f64 = self.ticks.iter().zip(&before.ticks).map(idle).sum();
        // Where a container may use only so much, others of its processors are idle in vain.
        let allowed = available_parallelism().map_or(1.0, |n| n.get() as f64);
        let rate = (self.used - before.used) / seconds;
        Some(n_idle.min(allowed - rate).max(0.0))
    }
}

/// The ticks of the processors that this process may use. A line is: `cpu3 user nice system idle iowait ...`.
fn ticks(text: &str) -> Vec<(u64, u64)> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    let of_line = |line: &str| {
        let (number, counts) = line.strip_prefix("cpu")?.split_once(' ')?;
        let is_allowed =
            number.parse().is_ok_and(|number: usize| number < CpuSet::MAX_CPU && allowed.is_set(number));
        let counts: Vec<u64> = counts.split_ascii_whitespace().take(8).flat_map(str::parse).collect();
        let idle = counts.get(3)? + counts.get(4)?;
        is_allowed.then(|| (idle, counts.iter().sum()))
    };
    text.lines().filter_map(of_line).collect()
}
