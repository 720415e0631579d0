//! How long threads had a processor, and how long they were ready to run and had none: on a busy machine that is much of their
//! time, whatever else they wait for.
//! Knows threads by their number in the system, nothing of tasks.

use std::fs;
use std::time::Instant;

use rustc_hash::FxHashMap;

/// How much at most a thread has run since the system last wrote it down: it does so once in this time.
const TICK: f64 = 0.004;

/// What the threads of a run spent on processors and in the system's queue, as far as it was looked at.
#[derive(Default)]
pub(super) struct Queue {
    /// When each thread was looked at last, and the seconds that it had run and been queued by then.
    last: FxHashMap<i32, (Instant, f64, f64)>,
    ran: f64,
    queued: f64,
    seconds: f64,
}

impl Queue {
    /// Takes in what a thread has spent there since the last look at it.
    pub(super) fn look(&mut self, thread: i32) {
        let text = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap_or_default();
        // Nanoseconds on a processor, nanoseconds in the queue, times it was put on a processor.
        let mut parts = text.split_ascii_whitespace().map(|part| part.parse::<u64>().map(|n| n as f64 / 1e9));
        let (Some(Ok(ran)), Some(Ok(queued))) = (parts.next(), parts.next()) else { return };
        let now = Instant::now();
        if let Some((then, ran_before, queued_before)) = self.last.insert(thread, (now, ran, queued)) {
            self.ran += ran - ran_before;
            self.queued += queued - queued_before;
            self.seconds += now.duration_since(then).as_secs_f64();
        }
    }

    /// Whether so many threads together ran no longer than one thread can, as far as is known.
    pub(super) fn is_one_at_a_time(&self, n_threads: f64) -> bool {
        if self.seconds <= 0.0 {
            return false;
        }
        let elapsed = self.seconds / n_threads;
        self.ran <= 1.05 * elapsed + TICK
    }

    /// The part of their time that threads spent in the queue.
    pub(super) fn share(&self) -> f64 {
        if self.seconds > 0.0 { (self.queued / self.seconds).clamp(0.0, 1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ran: f64) -> Queue {
        Queue { last: FxHashMap::default(), ran, queued: 0.0, seconds: 2.0 }
    }

    #[test]
    fn two_threads_that_take_turns_run_as_long_as_one() {
        assert!(seen(1.0).is_one_at_a_time(2.0));
        assert!(!seen(1.2).is_one_at_a_time(2.0));
        assert!(!Queue::default().is_one_at_a_time(2.0));
    }
}
