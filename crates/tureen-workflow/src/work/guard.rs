//! A small process that outlives us by a moment: if we are killed with no chance to clean up, it ends our jobs.
//!
//! It reads the process groups that come and go from a pipe. When the pipe closes without a farewell we are
//! gone, and it kills what is left. One start per run, two short writes per job.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustc_hash::FxHashSet;
use rustix::process::{Pid, Signal, kill_process_group};

/// Our end of the pipe.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    pipe: ChildStdin,
}

impl Guard {
    /// Starts the guard: a command that calls [`stand_guard`] on its standard input.
    pub fn start(mut command: Command) -> std::io::Result<Self> {
        // A group of its own: Ctrl-C in the terminal is not meant for it.
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take().expect("its standard input is a pipe");
        Ok(Self { child, pipe })
    }

    pub(super) fn watch(&mut self, group: Pid) {
        self.tell('+', group);
    }

    pub(super) fn unwatch(&mut self, group: Pid) {
        self.tell('-', group);
    }

    /// Lets it go in peace.
    pub(super) fn dismiss(mut self) {
        // If it is gone already there is nobody to tell.
        let _ = self.pipe.write_all(b"bye\n");
        drop(self.pipe);
        let _ = self.child.wait();
    }

    fn tell(&mut self, sign: char, group: Pid) {
        // Without a guard the run goes on all the same.
        let _ = self.pipe.write_all(format!("{sign}{}\n", group.as_raw_nonzero()).as_bytes());
    }
}

/// The guard's whole life: reads who comes and goes until the end, then kills whoever is left.
pub fn stand_guard(pipe: impl Read) {
    let mut groups = FxHashSet::default();
    for line in BufReader::new(pipe).lines() {
        let Ok(line) = line else { break };
        if line == "bye" {
            return;
        }
        let group = line.get(1..).and_then(|number| number.parse().ok()).and_then(Pid::from_raw);
        match (line.chars().next(), group) {
            (Some('+'), Some(group)) => {
                groups.insert(group);
            }
            (Some('-'), Some(group)) => {
                groups.remove(&group);
            }
            _ => {}
        }
    }
    for group in groups {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
