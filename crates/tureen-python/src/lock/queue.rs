//! How long threads were ready to run and had no processor: on a busy machine that is much of their time, whatever else
//! they wait for.
//! Knows threads by their number in the system, nothing of tasks.

use std::fs;
use std::time::Instant;

use rustc_hash::FxHashMap;

/// What the threads of a run spent in the system's queue, as far as it was looked at.
#[derive(Default)]
pub(super) struct Queue {
    /// When each thread was looked at last, and the seconds that it had been queued by then.
    last: FxHashMap<i32, (Instant, f64)>,
    queued: f64,
    seconds: f64,
}

impl Queue {
    /// Takes in what a thread has spent there since the last look at it.
    pub(super) fn look(&mut self, thread: i32) {
        let text = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap_or_default();
        // Nanoseconds on a processor, nanoseconds in the queue, times it was put on a processor.
        let Some(queued) = text.split_ascii_whitespace().nth(1).and_then(|part| part.parse::<u64>().ok())
        else {
            return;
        };
        let (now, queued) = (Instant::now(), queued as f64 / 1e9);
        if let Some((then, before)) = self.last.insert(thread, (now, queued)) {
            self.queued += queued - before;
            self.seconds += now.duration_since(then).as_secs_f64();
        }
    }

    /// The part of their time that threads spent there.
    pub(super) fn share(&self) -> f64 {
        if self.seconds > 0.0 { (self.queued / self.seconds).clamp(0.0, 1.0) } else { 0.0 }
    }
}
