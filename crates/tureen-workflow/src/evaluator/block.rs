//! A `run:` block that is running in a fork of the evaluator.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value as Json, json};

use super::broken::Broken;
use super::job::{Exception, Frame, RunEnd};
use super::process::Process;
use crate::work::reap::Spent;

/// A running block. Dropping it without waiting kills its process group.
#[derive(Debug)]
pub struct RunningBlock {
    pub(super) process: Arc<Mutex<Process>>,
    pub(super) pid: Pid,
    pub(super) handle: OwnedFd,
    pub(super) result: std::fs::File,
    pub(super) is_waited_for: bool,
}

impl RunningBlock {
    /// Its process group, which holds everything that it has started.
    pub fn group(&self) -> Pid {
        self.pid
    }

    /// Kills it with everything that it has started.
    pub fn kill(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    /// Waits for its end, and tells what it has used; `before_reaping` is called when it has ended and its process still has its number.
    ///
    /// # Errors
    /// If the evaluator is gone or sends nonsense.
    pub fn wait(mut self, before_reaping: impl FnOnce()) -> Result<(RunEnd, Spent), Broken> {
        // It may write more than a pipe holds before it ends, so the pipe is read while it lives; and something
        // it started may keep the pipe open when it is gone, so its end is waited for as well.
        let mut data = Vec::new();
        let mut piece = [0u8; 8192];
        loop {
            let mut fds =
                [PollFd::new(&self.result, PollFlags::IN), PollFd::new(&self.handle, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Broken::Died(error.to_string())),
            }
            let has_data = !fds[0].revents().is_empty();
            let has_ended = !fds[1].revents().is_empty();
            if has_data {
                match self.result.read(&mut piece) {
                    Ok(0) => break,
                    Ok(n_bytes) => data.extend_from_slice(&piece[..n_bytes]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Broken::Died(error.to_string())),
                }
            } else if has_ended {
                break;
            }
        }
        before_reaping();
        let mut process =
            self.process.lock().map_err(|_| Broken::Died("a thread of ours failed".to_owned()))?;
        let status = process.ask(&json!({ "status": self.pid.as_raw_nonzero().get() }), &[])?;
        drop(process);
        self.is_waited_for = true;
        let mut spent = spent(&status);
        let status = i32::try_from(status[0].as_i64().unwrap_or(0)).unwrap_or(0);
        if status < 0 {
            return Ok((RunEnd::Killed(-status), spent));
        }
        let Ok(told) = serde_json::from_slice::<Json>(&data) else {
            return Ok((RunEnd::Exited(status), spent));
        };
        // Its script may have been executed by another process of ours.
        spent = spent.and(self::spent(&told));
        let end = run_end(&told[0]).ok_or_else(|| Broken::Garbled("the end of a `run:` block".to_owned()))?;
        Ok((end, spent))
    }
}

impl Drop for RunningBlock {
    fn drop(&mut self) {
        if !self.is_waited_for {
            self.kill();
        }
    }
}

/// What was used, behind something else: seconds of computing, and bytes.
fn spent(told: &Json) -> Spent {
    Spent { peak: told[2].as_u64(), cpu: told[1].as_f64() }
}

/// How a block ended, from the other end's words.
pub(super) fn run_end(end: &Json) -> Option<RunEnd> {
    let (word, content) = end.as_object()?.iter().next()?;
    Some(match word.as_str() {
        "done" => RunEnd::Done,
        "exited" => RunEnd::Exited(i32::try_from(content.as_i64()?).unwrap_or(1)),
        "raised" => RunEnd::Raised(exception(content)?),
        "shell" => RunEnd::ShellFailed {
            command: content.get(0)?.as_str()?.to_owned(),
            status: i32::try_from(content.get(1)?.as_i64()?).ok()?,
            frames: frames(content.get(2)?)?,
        },
        _ => return None,
    })
}

/// An exception from the other end's words.
pub(super) fn exception(json: &Json) -> Option<Exception> {
    Some(Exception {
        class: json["class"].as_str()?.to_owned(),
        message: json["message"].as_str()?.to_owned(),
        frames: frames(&json["frames"])?,
    })
}

fn frames(json: &Json) -> Option<Vec<Frame>> {
    let frame = |frame: &Json| {
        Some(Frame {
            file: frame["file"].as_str()?.to_owned(),
            line: u32::try_from(frame["line"].as_u64()?).ok()?,
            function: frame["function"].as_str()?.to_owned(),
            text: frame["text"].as_str()?.to_owned(),
        })
    };
    json.as_array()?.iter().map(frame).collect()
}
