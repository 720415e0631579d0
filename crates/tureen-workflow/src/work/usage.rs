//! What a job uses while it runs: a thread looks into `/proc` at the job's processes, often at first, then less so.
//! Times and reads are asked once more when the first process has ended and is not yet reaped, so they are exact;
//! memory is a peak over the looks. Knows no job and no file format.

use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// What a job has used. Memory and bytes are of all its processes together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Wall time in seconds.
    pub seconds: f64,
    /// Resident memory in bytes, at its highest; `None` if nobody could look.
    pub rss: Option<u64>,
    /// Virtual memory in bytes, at its highest.
    pub vms: Option<u64>,
    /// Memory of its own (in no other process) in bytes, at its highest.
    pub uss: Option<u64>,
    /// Memory with its share of what is shared, in bytes, at its highest.
    pub pss: Option<u64>,
    /// Bytes read from disks.
    pub read: Option<u64>,
    /// Bytes written to disks.
    pub written: Option<u64>,
    /// Seconds of computing, in user and system mode.
    pub cpu_seconds: Option<f64>,
}

/// The first pause between two looks, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(2));

/// `USER_HZ`: the unit of times in `/proc/*/stat` on every architecture that Rust's standard library runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Looks at a process and its children until it is told to finish.
#[derive(Debug)]
pub(crate) struct Meter {
    pid: i32,
    start: Instant,
    stop: Sender<()>,
    looking: Option<JoinHandle<Usage>>,
}

impl Meter {
    pub(crate) fn start(pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero().get();
        let (stop, stopped) = channel();
        let looking = std::thread::Builder::new().spawn(move || look_on(pid, &stopped)).ok();
        Self { pid, start: Instant::now(), stop, looking }
    }

    /// To be called when the process has ended and before it is reaped.
    pub(crate) fn finish(self) -> Usage {
        let seconds = self.start.elapsed().as_secs_f64();
        // A zombie still tells its times and reads, those of its reaped children included.
        let last = look(self.pid);
        drop(self.stop);
        let mut usage = self.looking.and_then(|looking| looking.join().ok()).unwrap_or_default();
        usage.raise(&last);
        usage.seconds = seconds;
        usage
    }
}

impl Usage {
    fn raise(&mut self, other: &Usage) {
        self.rss = self.rss.max(other.rss);
        self.vms = self.vms.max(other.vms);
        self.uss = self.uss.max(other.uss);
        self.pss = self.pss.max(other.pss);
        self.read = self.read.max(other.read);
        self.written = self.written.max(other.written);
        self.cpu_seconds = match (self.cpu_seconds, other.cpu_seconds) {
            (Some(mine), Some(theirs)) => Some(mine.max(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }

    fn add(&mut self, other: &Usage) {
        let add = |mine: &mut Option<u64>, theirs: Option<u64>| {
            *mine = theirs.map_or(*mine, |theirs| Some(mine.unwrap_or(0) + theirs));
        };
        add(&mut self.rss, other.rss);
        add(&mut self.vms, other.vms);
        add(&mut self.uss, other.uss);
        add(&mut self.pss, other.pss);
        add(&mut self.read, other.read);
        add(&mut self.written, other.written);
        let theirs = other.cpu_seconds;
        self.cpu_seconds =
            theirs.map_or(self.cpu_seconds, |theirs| Some(self.cpu_seconds.unwrap_or(0.0) + theirs));
    }
}

fn look_on(pid: i32, stopped: &Receiver<()>) -> Usage {
    let mut peaks = Usage::default();
    let mut pause = PAUSES.0;
    loop {
        peaks.raise(&look(pid));
        match stopped.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(PAUSES.1),
            _ => return peaks,
        }
    }
}

/// What a process and all below it use now.
fn look(pid: i32) -> Usage {
    let mut sum = Usage::default();
    let mut pids = vec![pid];
    while let Some(pid) = pids.pop() {
        sum.add(&look_at_one(pid));
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            pids.extend(children.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    sum
}

fn look_at_one(pid: i32) -> Usage {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let status = read("status");
    let shares = read("smaps_rollup");
    let io = read("io");
    let own = ["Private_Clean", "Private_Dirty", "Private_Hugetlb"];
    let own = own.into_iter().filter_map(|name| entry(&shares, name)).reduce(|sum, part| sum + part);
    Usage {
        seconds: 0.0,
        rss: entry(&status, "VmRSS").map(kilobytes),
        vms: entry(&status, "VmSize").map(kilobytes),
        uss: own.map(kilobytes),
        pss: entry(&shares, "Pss").map(kilobytes),
        read: entry(&io, "read_bytes"),
        written: entry(&io, "write_bytes"),
        cpu_seconds: cpu_seconds(&read("stat")),
    }
}

fn kilobytes(n: u64) -> u64 {
    n * 1024
}

/// The number behind `name:` at the start of a line.
fn entry(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 to 17 of `stat`: user and system time, its own and that of children it has waited for. The second
/// field, a name in parentheses, may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let times = behind_name.split_whitespace().skip(11).take(4);
    let ticks: Vec<f64> = times.map(str::parse).collect::<Result<_, _>>().ok()?;
    (ticks.len() == 4).then(|| ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn times_are_read_behind_any_name() {
        let stat = "12 (a) b (c) S 1 12 12 0 -1 4194304 9 8 7 6 150 50 20 30 20 0 1 0";
        assert_eq!(cpu_seconds(stat), Some(2.5));
        assert_eq!(cpu_seconds("12 (a) S 1"), None);
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn what_a_child_computes_is_counted_and_memory_is_seen() {
        // The shell waits for a child that computes until it has used a fifth of a second.
        let count = "import time\nwhile time.process_time() < 0.2: pass";
        let mut child =
            Command::new("sh").args(["-c", "python3 -c \"$1\"; true", "sh", count]).spawn().unwrap();
        let meter = Meter::start(Pid::from_child(&child));
        rustix::process::waitid(
            rustix::process::WaitId::Pid(Pid::from_child(&child)),
            rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
        )
        .unwrap();
        let usage = meter.finish();
        child.wait().unwrap();
        assert!(usage.cpu_seconds.unwrap() >= 0.2, "{usage:?}");
        assert!(usage.seconds >= usage.cpu_seconds.unwrap() * 0.9, "{usage:?}");
        assert!(usage.rss.unwrap() > 4 << 20, "an interpreter was seen: {usage:?}");
        assert!(usage.vms >= usage.rss && usage.rss >= usage.pss && usage.pss >= usage.uss, "{usage:?}");
    }
}
