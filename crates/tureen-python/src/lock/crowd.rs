//! How many threads of all programs want a processor at the same moment: whether those of a run could have one each.
//! Knows nothing of the run but how many threads it has.

use std::fs::File;
use std::io::Read;
use std::thread::available_parallelism;

/// What was seen of the whole machine, summed over looks.
pub(super) struct Crowd {
    /// The processors of the machine, whoever may use them: whom we count is spread over all of them.
    n_processors: f64,
    n_looks: u32,
    /// The threads of others that had a processor or wanted one.
    n_others: u32,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { n_processors: online(), n_looks: 0, n_others: 0 }
    }
}

impl Crowd {
    /// Takes in how many threads want a processor now, beside the thread that looks and so many of the run.
    pub(super) fn look(&mut self, n_ours: u32) {
        let mut text = [0; 128];
        let n = File::open("/proc/loadavg").and_then(|mut file| file.read(&mut text)).unwrap_or(0);
        let Some(n_runnable) = str::from_utf8(&text[..n]).ok().and_then(runnable) else { return };
        self.n_looks += 1;
        self.n_others += n_runnable.saturating_sub(n_ours + 1);
    }

    /// The part of their time for which so many threads have to wait for a processor because others have it, if all get
    /// the same.
    pub(super) fn share(&self, n_threads: f64) -> f64 {
        let n_others = f64::from(self.n_others) / f64::from(self.n_looks.max(1));
        let n_all = n_threads + n_others;
        if n_all > self.n_processors { 1.0 - self.n_processors / n_all } else { 0.0 }
    }
}

fn online() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_processor = |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| !rest.starts_with(' '));
    match text.lines().filter(is_processor).count() {
        0 => available_parallelism().map_or(1.0, |n| n.get() as f64),
        n => n as f64,
    }
}

/// The fourth part of a line like `0.20 0.18 0.12 3/345 11206`, up to its stroke.
fn runnable(text: &str) -> Option<u32> {
    text.split_ascii_whitespace().nth(3)?.split_once('/')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(n_processors: f64, n_others: u32) -> Crowd {
        Crowd { n_processors, n_looks: 2, n_others: 2 * n_others }
    }

    #[test]
    fn nobody_waits_while_there_are_processors_for_all() {
        assert_eq!(seen(2.0, 0).share(2.0), 0.0);
        assert_eq!(seen(64.0, 60).share(4.0), 0.0);
    }

    #[test]
    fn all_wait_alike_where_there_are_not() {
        assert_eq!(seen(2.0, 2).share(2.0), 0.5);
        assert_eq!(seen(1.0, 0).share(2.0), 0.5);
    }

    #[test]
    fn the_line_of_the_system_is_read() {
        assert_eq!(runnable("0.20 0.18 0.12 3/345 11206\n"), Some(3));
        assert_eq!(runnable("0.20 0.18 0.12\n"), None);
    }
}
