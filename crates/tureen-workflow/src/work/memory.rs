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
    let own = Group::own().and_then(|group| group.kills());
    let machine = || fs::read_to_string("/proc/vmstat").ok().and_then(|text| counter(&text, "oom_kill"));
    own.or_else(machine).unwrap_or(0)
}

/// What all processes of our control group may have together, in bytes; `None` if there is no limit.
pub fn memory_limit() -> Option<u64> {
    Group::own()?.limit()
}

/// The control group that memory is counted in.
#[derive(Debug, PartialEq)]
enum Group {
    /// Version 1: its folder.
    One(PathBuf),
    /// Version 2: its folder.
    Two(PathBuf),
}

impl Group {
    /// Ours.
    fn own() -> Option<Self> {
        Self::among(&fs::read_to_string("/proc/self/cgroup").ok()?, Path::new("/sys/fs/cgroup"))
    }

    /// The one in a list as the system tells it. Where both versions are in use, the first has the memory.
    fn among(groups: &str, root: &Path) -> Option<Self> {
        let of_version_1 = groups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|name| name == "memory").then_some(path)
        });
        if let Some(path) = of_version_1 {
            let top = root.join("memory");
            let folder = top.join(path.trim_start_matches('/'));
            // In a container the path is the host's, and the folder ours.
            return Some(Self::One(if folder.is_dir() { folder } else { top }));
        }
        let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        Some(Self::Two(root.join(path)))
    }

    fn kills(&self) -> Option<u64> {
        let path = match self {
            Self::One(folder) => folder.join("memory.oom_control"),
            Self::Two(folder) => folder.join("memory.events"),
        };
        counter(&fs::read_to_string(path).ok()?, "oom_kill")
    }

    /// The lowest limit of the group and those that it is in.
    fn limit(&self) -> Option<u64> {
        /// Version 1 writes "no limit" as the largest number of pages.
        const NONE: u64 = 1 << 60;
        match self {
            Self::One(folder) => {
                let told = fs::read_to_string(folder.join("memory.stat")).ok()?;
                counter(&told, "hierarchical_memory_limit").filter(|&limit| limit < NONE)
            }
            Self::Two(folder) => {
                let limit = |folder: &Path| {
                    fs::read_to_string(folder.join("memory.max")).ok()?.trim().parse::<u64>().ok()
                };
                folder.ancestors().filter_map(limit).min()
            }
        }
    }
}

/// The number behind a name at the start of a line.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir_all, write};

    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        create_dir_all(root.join("memory/job/step")).unwrap();
        let told = "4:cpu:/\n3:devices,memory:/job/step\n0::/job\n";
        let group = Group::among(told, root).unwrap();
        assert_eq!(group, Group::One(root.join("memory/job/step")));
        assert_eq!((group.kills(), group.limit()), (None, None));
        write(root.join("memory/job/step/memory.oom_control"), "oom_kill_disable 0\noom_kill 2\n").unwrap();
        let stat = |limit: u64| format!("cache 1\nhierarchical_memory_limit {limit}\nrss 1\n");
        write(root.join("memory/job/step/memory.stat"), stat(67_108_864)).unwrap();
        assert_eq!((group.kills(), group.limit()), (Some(2), Some(67_108_864)));
        write(root.join("memory/job/step/memory.stat"), stat(9_223_372_036_854_771_712)).unwrap();
        assert_eq!(group.limit(), None);
        let elsewhere = Group::among("3:memory:/docker/123\n", root).unwrap();
        assert_eq!(elsewhere, Group::One(root.join("memory")));

        create_dir_all(root.join("job/step")).unwrap();
        let group = Group::among("0::/job/step\n", root).unwrap();
        assert_eq!(group, Group::Two(root.join("job/step")));
        write(root.join("job/step/memory.max"), "max\n").unwrap();
        write(root.join("job/step/memory.events"), "low 0\nmax 27\noom 3\noom_kill 2\noom_group_kill 0\n")
            .unwrap();
        assert_eq!((group.kills(), group.limit()), (Some(2), None));
        // A group has no more than the ones that it is in.
        write(root.join("job/memory.max"), "1000\n").unwrap();
        assert_eq!(group.limit(), Some(1000));
        assert_eq!(Group::among("", root), None);
    }
}
