//! The plainest executor: threads of this process that pull from a run until nothing is left.
//! Knows what a task does only as a function of its number.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crate::graph::TaskId;
use crate::run::{Report, Run};
use crate::schedule::Outcome;

/// Works on `run` with `n_threads` threads (at least one) until nothing will start any more and what they took is done.
///
/// `work` does one task. `release` is told of each task whose result nobody needs any more. Both are called outside the
/// run's lock, from any of the threads.
///
/// # Panics
/// If `work` or `release` panics: the run is cancelled, the other threads end what they are at, and the panic goes on.
pub fn run(
    run: &Run,
    n_threads: usize,
    work: impl Fn(TaskId) -> Outcome + Sync,
    release: impl Fn(TaskId) + Sync,
) {
    let puller = || {
        let mut report = None;
        let mut released = Vec::new();
        while let Some(task) = run.next(report, &mut released) {
            let done = catch_unwind(AssertUnwindSafe(|| {
                released.drain(..).for_each(&release);
                work(task)
            }));
            let outcome = done.unwrap_or_else(|panic| {
                run.cancel();
                run.report(Report { task, outcome: Outcome::Failed }, &mut Vec::new());
                resume_unwind(panic);
            });
            report = Some(Report { task, outcome });
        }
        released.drain(..).for_each(&release);
    };
    thread::scope(|scope| {
        for _ in 1..n_threads {
            scope.spawn(puller);
        }
        puller();
    });
}
