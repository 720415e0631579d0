//! How often the system has ended a process because memory was used up, and how much there may be.
//! From our control group, where there is one (a container, a cluster's job); else for the whole machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The count as it was when somebody looked last.
#[derive(Debug)]
pub struct Kills {
    seen: AtomicU64,
}

impl Kills {
    /// From now on.
    pub fn watch() -> Self {
        Self { seen: AtomicU64::new(memory_kills()) }
    }

    /// Whether a process was ended for memory since the last look.
    pub fn has_grown(&self) -> bool {
        let now = memory_kills();
        self.seen.swap(now, Ordering::Relaxed) < now
    }
}

/// How often a process was ended for memory, here or on this machine, so far.
fn memory_kills() -> u64 {
    let own = cgroup().and_then(|group| fs::read_to_string(group.join("memory.events")).ok());
    let counted = own.as_deref().and_then(|events| counter(events, "oom_kill"));
    let machine = || fs::read_to_string("/proc/vmstat").ok().and_then(|text| counter(&text, "oom_kill"));
    counted.or_else(machine).unwrap_or(0)
}

/// What all processes of our control group may have together, in bytes; `None` if there is no limit.
pub fn memory_limit() -> Option<u64> {
    fs::read_to_string(cgroup()?.join("memory.max")).ok()?.trim().parse().ok()
}

/// The folder of our control group (version 2).
fn cgroup() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new("/sys/fs/cgroup").join(path))
}

/// The number behind a name at the start of a line.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::counter;

    #[test]
    fn counters_are_read_by_name() {
        let events = "low 0\nhigh 0\nmax 27\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(counter(events, "oom_kill"), Some(2));
        assert_eq!(counter(events, "oom"), Some(3));
        assert_eq!(counter("nr_free 1\n", "oom_kill"), None);
    }
}
