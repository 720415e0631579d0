//! How long the calls of a function are expected to take, from how long they took. Knows no task.
//!
//! It decides how many calls go to a worker at once: enough that sending them costs little beside running them, few enough
//! that another worker is not left without any.

/// What a call costs beside its own time: pickling, unpickling, bookkeeping.
const OVERHEAD: f64 = 5e-7;

/// The seconds that a batch may take, as far as we can tell.
pub(super) const BATCH_SECONDS: f64 = 4e-3;

/// So much does the newest measurement count.
const NEWEST: f64 = 0.5;

/// The seconds that a call of each function takes.
#[derive(Default)]
pub(super) struct Guesses(Vec<Option<f64>>);

impl Guesses {
    /// The seconds to expect of one call; none if the function was never called.
    pub(super) fn of(&self, function: usize) -> Option<f64> {
        self.0.get(function).copied().flatten()
    }

    /// Takes in that `n_calls` calls took so many seconds.
    pub(super) fn learn(&mut self, function: usize, n_calls: u32, seconds: f64) {
        if self.0.len() <= function {
            self.0.resize(function + 1, None);
        }
        let each = seconds / f64::from(n_calls.max(1)) + OVERHEAD;
        let guess = &mut self.0[function];
        *guess = Some(guess.map_or(each, |old| old + NEWEST * (each - old)));
    }
}
