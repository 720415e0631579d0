//! What a thread does now, as the system tells: whether it runs, or sleeps on a word of memory, and whether that word is the
//! interpreter's lock.
//! Knows threads by their number in the system, nothing of tasks.
//!
//! The lock is a condition variable in the interpreter's static memory, waited on for five milliseconds at a time. Locks
//! of the user's are elsewhere, in memory that was allocated.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

/// The word of the interpreter's lock, once it was found (its last bits left out); 0 before.
static LOCK: AtomicU64 = AtomicU64::new(0);

/// A condition variable has two words for its sleepers, side by side.
const PAIR: u64 = !7;

/// More words than this are not looked up in one run.
const MOST_UNKNOWN: usize = 32;

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It has a processor, or is ready for one.
    Runs,
    /// It sleeps until it gets the interpreter's lock.
    OnLock,
    /// It waits for something else.
    Sleeps,
}

/// The words that were seen in one run and are not the lock.
#[derive(Default)]
pub(super) struct Words {
    others: Vec<u64>,
    path: String,
}

impl Words {
    /// What a thread of this process does now.
    pub(super) fn state(&mut self, thread: i32) -> State {
        self.path.clear();
        let _ = write!(self.path, "/proc/self/task/{thread}/syscall");
        let mut text = [0; 160];
        let n = File::open(&self.path).and_then(|mut file| file.read(&mut text)).unwrap_or(0);
        let text = str::from_utf8(&text[..n]).unwrap_or("");
        if text.starts_with("running") {
            return State::Runs;
        }
        let is_on_lock = timed_wait(text).is_some_and(|word| self.is_lock(word & PAIR));
        if is_on_lock { State::OnLock } else { State::Sleeps }
    }

    fn is_lock(&mut self, word: u64) -> bool {
        let lock = LOCK.load(Ordering::Relaxed);
        if lock != 0 {
            return word == lock;
        }
        if self.others.contains(&word) || self.others.len() >= MOST_UNKNOWN {
            return false;
        }
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let is_lock = belongs_to_interpreter(&maps, word);
        if is_lock {
            LOCK.store(word, Ordering::Relaxed);
        } else {
            self.others.push(word);
        }
        is_lock
    }
}

/// The number of the system call `futex`.
const FUTEX: Option<&str> = if cfg!(not(target_os = "linux")) {
    None
} else if cfg!(target_arch = "x86_64") {
    Some("202")
} else if cfg!(any(target_arch = "aarch64", target_arch = "riscv64")) {
    Some("98")
} else {
    None
};

/// The word that a thread sleeps on for a limited time, from what the system says of its system call: the number, then the
/// arguments, of which the first is the word and the fourth the time.
fn timed_wait(text: &str) -> Option<u64> {
    let mut parts = text.split_ascii_whitespace();
    parts.next().filter(|number| FUTEX == Some(*number))?;
    let word = hexadecimal(parts.next()?)?;
    let limit = hexadecimal(parts.nth(2)?)?;
    (limit != 0).then_some(word)
}

/// Whether a word is in the static memory of the interpreter: in what is mapped of its file, or the zeroed memory that
/// follows at once.
fn belongs_to_interpreter(maps: &str, word: u64) -> bool {
    let (mut file, mut file_end) = ("", 0);
    for line in maps.lines() {
        let mut parts = line.splitn(6, ' ');
        let Some((start, end)) = parts.next().and_then(|range| range.split_once('-')) else { continue };
        let (Some(start), Some(end)) = (hexadecimal(start), hexadecimal(end)) else { continue };
        let path = parts.nth(4).unwrap_or("").trim();
        if path.starts_with('/') {
            (file, file_end) = (path, end);
        } else if start == file_end && path.is_empty() {
            file_end = end;
        } else {
            (file, file_end) = ("", 0);
        }
        if (start..end).contains(&word) {
            return file.rsplit('/').next().is_some_and(|name| name.contains("python"));
        }
    }
    false
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}
