//! A small process that outlives us by a moment: if we are killed with no chance to clean up, it ends our jobs.
//!
//! It reads the process groups that come and go from a pipe. When the pipe closes without a farewell we are
//! gone, and it kills what is left. One start per run, two short writes per job.
//!
//! A job whose start we did not live to tell, or that has left its process group, is found by its environment: all that
//! we start inherits a variable with our mark.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustc_hash::FxHashSet;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The environment variable that all our jobs have.
pub const MARK: &str = "TUREEN_RUN";

/// How often the guard looks for marked processes once we are gone, and finds none, before it leaves; and how long it
/// waits in between. A process that is just being made shows its environment a moment later.
const LAST_LOOKS: (u32, Duration) = (4, Duration::from_millis(30));

/// Our own mark: no other process has it, now or later.
pub fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let id = std::process::id();
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        format!("{id}-{:x}", since.unwrap_or_default().as_nanos())
    })
}

/// Our end of the pipe.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    /// There until it is let go.
    pipe: Option<ChildStdin>,
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
        let mut pipe = child.stdin.take().expect("its standard input is a pipe");
        pipe.write_all(format!("={}\n", mark()).as_bytes())?;
        Ok(Self { child, pipe: Some(pipe) })
    }

    pub(super) fn watch(&mut self, group: Pid) {
        self.tell('+', group);
    }

    pub(super) fn unwatch(&mut self, group: Pid) {
        self.tell('-', group);
    }

    fn tell(&mut self, sign: char, group: Pid) {
        let Some(pipe) = &mut self.pipe else { return };
        // Without a guard the run goes on all the same.
        let _ = pipe.write_all(format!("{sign}{}\n", group.as_raw_nonzero()).as_bytes());
    }
}

impl Drop for Guard {
    /// Lets it go in peace: only a process that is killed drops nothing.
    fn drop(&mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            // If it is gone already there is nobody to tell.
            let _ = pipe.write_all(b"bye\n");
        }
        let _ = self.child.wait();
    }
}

/// The guard's whole life: reads who comes and goes until the end, then kills whoever is left.
pub fn stand_guard(pipe: impl Read) {
    let mut groups = FxHashSet::default();
    let mut marked = None;
    for line in BufReader::new(pipe).lines() {
        let Ok(line) = line else { break };
        if line == "bye" {
            return;
        }
        if let Some(mark) = line.strip_prefix('=') {
            marked = Some(format!("{MARK}={mark}"));
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
    if let Some(entry) = marked {
        let mut n_left = LAST_LOOKS.0;
        while n_left > 0 {
            n_left = if kill_all_with(entry.as_bytes()) { LAST_LOOKS.0 } else { n_left - 1 };
            std::thread::sleep(LAST_LOOKS.1);
        }
    }
}

/// Kills all processes whose environment has this entry; says whether there were any.
fn kill_all_with(entry: &[u8]) -> bool {
    let mut has_any = false;
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = process.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // Those of others can't be read, and are not ours; those of the dead are empty.
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        if let Some(pid) = pid
            && environment.split(|&byte| byte == 0).any(|found| found == entry)
        {
            has_any |= kill_process(pid, Signal::KILL).is_ok();
        }
    }
    has_any
}
