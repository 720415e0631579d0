//! The end of a process, with what the system says it has used. Costs nothing beside waiting for it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// What a command has used, its ended children included.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// The memory of its largest process at its highest, in bytes; `None` if that is less than we have ourselves: the
    /// system counts for a process what the one that started it had at that moment.
    pub peak: Option<u64>,
    /// Seconds of computing, in user and system mode.
    pub cpu: Option<f64>,
}

impl Spent {
    /// What two commands of one job, one after the other, have used.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let cpu = match (self.cpu, other.cpu) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (mine, theirs) => mine.or(theirs),
        };
        Self { peak: self.peak.max(other.peak), cpu }
    }
}

/// Waits for a child and takes it from the system's table.
///
/// # Errors
/// Somebody else has done that.
#[expect(unsafe_code, reason = "the standard library waits for a child without asking what it has used")]
pub(super) fn reap(child: &mut Child) -> io::Result<(ExitStatus, Spent)> {
    // As the standard library does: a child must not wait for what we will never write.
    drop(child.stdin.take());
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: `rusage` is a struct of numbers, for which zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both places are ours and live as long as the call. The child has not been waited for: whoever called us
        // has it exclusively, and gives it away after this.
        let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if waited == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // In units of 1024 bytes.
    let peak = u64::try_from(usage.ru_maxrss).ok().map(|kilobytes| kilobytes * 1024);
    let spent = Spent {
        peak: peak.filter(|&peak| own_peak().is_some_and(|own| own < peak)),
        cpu: Some(seconds(usage.ru_utime) + seconds(usage.ru_stime)),
    };
    Ok((ExitStatus::from_raw(status), spent))
}

/// The memory that this process has had at its highest, in bytes.
fn own_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_end_and_what_was_used_are_told() {
        // What we have ourselves at that moment is not the child's.
        let ours = vec![1u8; 100_000_000];
        let mut child = Command::new("true").spawn().unwrap();
        drop(ours);
        assert_eq!(reap(&mut child).unwrap().1.peak, None);
        let count =
            "import sys, time\nwhile time.process_time() < 0.2: pass\nb'x' * 400_000_000\nsys.exit(3)";
        let mut child = Command::new("python3").args(["-c", count]).spawn().unwrap();
        let (status, spent) = reap(&mut child).unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(spent.cpu.unwrap() >= 0.2, "{spent:?}");
        assert!(spent.peak.unwrap() > 400_000_000, "{spent:?}");
    }
}
