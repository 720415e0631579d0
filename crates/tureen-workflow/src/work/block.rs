//! Runs one `run:` block to its end, in a fork of the evaluator: own process group, its output passed on as it comes.

use std::io;
use std::os::fd::AsFd;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, kill_process_group};

use super::pipes::pass_on;
use super::reap::Spent;
use super::shell::Stream;
use super::stop::Stop;
use super::usage::{Meter, Usage};
use crate::evaluator::job::{JobView, RunEnd};
use crate::evaluator::{Broken, Evaluator};

/// Runs the block of a job's rule. `output` gets what it prints, in pieces; `usage`, if wanted, what it used, looked at
/// closely. What the system says of that in any case is given with the end.
///
/// # Errors
/// The evaluator is gone, or the system has no pipes left.
pub fn run(
    evaluator: &Evaluator,
    job: &JobView,
    stop: &Stop,
    output: &mut dyn FnMut(Stream, &[u8]),
    usage: Option<&mut Usage>,
) -> Result<(RunEnd, Spent), Broken> {
    let broken = |error: io::Error| Broken::Died(error.to_string());
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|error| broken(error.into()));
    let (out, out_writer) = pipe()?;
    let (error, error_writer) = pipe()?;
    let (ended, ended_writer) = pipe()?;
    let block = evaluator.run(job, out_writer.as_fd(), error_writer.as_fd())?;
    drop((out_writer, error_writer));
    let group = block.group();
    stop.add_group(group);
    let meter = usage.map(|usage| (usage, Meter::start(group)));
    let end = std::thread::scope(|scope| {
        let waiter = scope.spawn(move || {
            let end = block.wait(|| {
                if let Some((usage, meter)) = meter {
                    *usage = meter.finish();
                }
            });
            // Closing this end tells the other one.
            drop(ended_writer);
            end
        });
        let pipes = [Some((Stream::Out, out)), Some((Stream::Error, error))];
        let passed_on = pass_on(pipes, &ended, output);
        let end = waiter.join().unwrap_or_else(|_| Err(Broken::Died("a thread of ours failed".to_owned())));
        passed_on.map_err(broken).and(end)
    });
    // What it left running goes with it; usually there is nobody left.
    let _ = kill_process_group(group, Signal::KILL);
    stop.remove_group(group);
    end
}
