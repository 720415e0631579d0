//! How fast jobs may start (`--max-jobs-per-timespan`). Knows no job.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::work::stop::Stop;

/// At most so many jobs start within any such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many (at least 1).
    pub jobs: u32,
    /// In how long.
    pub per: Duration,
}

/// The latest starts.
#[derive(Debug)]
pub(super) struct Starts {
    pace: Pace,
    latest: Mutex<VecDeque<Instant>>,
}

/// How often a waiting job looks whether all is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

impl Starts {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, latest: Mutex::default() }
    }

    /// Waits until a job may start, and counts it as started.
    pub(super) fn wait(&self, stop: &Stop) {
        while let Some(time) = self.take(Instant::now()) {
            if stop.is_asked() {
                return;
            }
            std::thread::sleep(time.min(PATIENCE));
        }
    }

    /// Whether a job may start now; to be counted if it does.
    pub(super) fn has_room(&self) -> bool {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while latest.front().is_some_and(|start| now.duration_since(*start) >= self.pace.per) {
            latest.pop_front();
        }
        latest.len() < self.pace.jobs as usize
    }

    /// Counts a start.
    pub(super) fn count(&self) {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).push_back(Instant::now());
    }

    /// Counts a start, or says in how long one is free.
    fn take(&self, now: Instant) -> Option<Duration> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        while latest.front().is_some_and(|start| now.duration_since(*start) >= self.pace.per) {
            latest.pop_front();
        }
        if latest.len() < self.pace.jobs as usize {
            latest.push_back(now);
            return None;
        }
        latest.front().map(|start| self.pace.per.saturating_sub(now.duration_since(*start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_start_than_may() {
        let second = Duration::from_secs(1);
        let starts = Starts::new(Pace { jobs: 2, per: second });
        let now = Instant::now();
        assert_eq!(starts.take(now), None);
        assert_eq!(starts.take(now + second / 2), None);
        assert_eq!(starts.take(now + second / 2), Some(second / 2));
        assert_eq!(starts.take(now + second), None);
        assert_eq!(starts.take(now + second), Some(second / 2));
    }
}
