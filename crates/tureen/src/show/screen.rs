//! The status line at the foot of a terminal: how much is done, runs and waits, how long the rest may take, and which
//! job has run longest. What jobs print, and failures, go above it. It is drawn when something happened, and twice a
//! second; a run that prints nothing scrolls nothing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tureen_workflow::run::Happening;
use tureen_workflow::work::shell::Stream;
use unicode_width::UnicodeWidthChar;

use super::About;
use crate::talk::{Further, Talk, data, failed};

/// How often the line is drawn when nothing happens, and at most when much does.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(50));

/// Carriage return, and erase to the end of the line.
const ERASE: &str = "\r\x1b[K";

#[derive(Debug)]
pub(crate) struct Screen {
    talk: Talk,
    state: Arc<Mutex<State>>,
    is_over: Arc<AtomicBool>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    n_done: usize,
    n_total: usize,
    n_failed: usize,
    n_cores: u64,
    running: FxHashMap<usize, Running>,
    /// By rule: jobs that have not started.
    waiting: FxHashMap<String, usize>,
    /// By rule: how many jobs have ended well, now or before, and their seconds together.
    durations: FxHashMap<String, (u32, f64)>,
    is_drawn: bool,
    drawn_at: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    name: String,
    rule: String,
    since: Instant,
}

impl Screen {
    pub(super) fn new(talk: Talk) -> Self {
        Self { talk, state: Arc::default(), is_over: Arc::default(), ticker: Mutex::default() }
    }

    pub(super) fn begin(
        &self,
        jobs: &FxHashMap<&str, usize>,
        durations: &FxHashMap<String, (u32, f64)>,
        n_cores: u64,
    ) {
        let mut state = lock(&self.state);
        state.waiting = jobs.iter().map(|(rule, n)| ((*rule).to_owned(), *n)).collect();
        state.n_total = state.n_done + jobs.values().sum::<usize>();
        state.n_cores = n_cores;
        state.durations.clone_from(durations);
        drop(state);
        let mut ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        if ticker.is_none() {
            let (state, is_over) = (Arc::clone(&self.state), Arc::clone(&self.is_over));
            *ticker = std::thread::Builder::new().spawn(move || tick(&state, &is_over)).ok();
        }
    }

    /// Writes lines above the status line.
    pub(super) fn say(&self, text: &str) {
        let mut state = lock(&self.state);
        state.erase();
        let _ = self.talk.say(text);
        if !self.is_over.load(Ordering::Relaxed) {
            state.draw();
        }
    }

    pub(super) fn happening(&self, happening: &Happening<'_>, about: &About<'_>) {
        let mut state = lock(&self.state);
        state.n_total = about.n_total;
        match happening {
            Happening::Starts { job, view, command, message } => {
                let mut name = view.rule.clone();
                let values = view.wildcards.iter().map(|(name, value)| format!("{name}={value}"));
                let values = values.collect::<Vec<_>>().join(", ");
                if !values.is_empty() {
                    name = format!("{name} ({values})");
                }
                if let Some(n) = state.waiting.get_mut(&view.rule) {
                    *n = n.saturating_sub(1);
                }
                let running = Running { name, rule: view.rule.clone(), since: Instant::now() };
                state.running.insert(job.index(), running);
                if message.is_some() || self.talk.print_commands {
                    state.erase();
                    let _ = self.talk.say(&self.talk.job(
                        view,
                        &Further::default(),
                        &(about.reason)(),
                        *command,
                        *message,
                    ));
                }
                state.draw_soon();
            }
            Happening::Output { stream, bytes, .. } => {
                state.erase();
                // A job's words are passed on as far as anybody listens; the status line needs one of its own.
                let _ = match stream {
                    Stream::Out => data(bytes),
                    Stream::Error => io::stderr().lock().write_all(bytes),
                };
                if bytes.ends_with(b"\n") {
                    state.draw();
                }
            }
            Happening::Ended { job, n_done, .. } => {
                state.n_done = about.n_before + n_done;
                state.end_of(job.index(), true);
                state.draw_soon();
            }
            Happening::Says(text) => {
                state.erase();
                let _ = self.talk.say(text);
                state.draw();
            }
            Happening::Stays { rule, .. } => {
                if let Some(n) = state.waiting.get_mut(*rule) {
                    *n = n.saturating_sub(1);
                }
                state.draw_soon();
            }
            Happening::Failed(failure) => {
                state.n_failed += 1;
                state.end_of(failure.job.index(), false);
                state.erase();
                let _ = self.talk.say(&failed(failure, &(about.fault)()));
                state.draw();
            }
            Happening::Retries(failure) => {
                state.end_of(failure.job.index(), false);
                *state.waiting.entry(failure.view.rule.clone()).or_default() += 1;
                state.erase();
                let _ = self.talk.say(&failed(failure, "failed, and is tried again"));
                state.draw();
            }
            Happening::RemovedTemporary(_) | Happening::FromCache { .. } => {}
        }
    }

    pub(super) fn end(&self, n_done: usize, n_total: usize, n_failed: usize) {
        self.is_over.store(true, Ordering::Relaxed);
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ticker) = ticker {
            ticker.thread().unpark();
            // A thread that panicked has said so itself.
            drop(ticker.join());
        }
        lock(&self.state).erase();
        let failed = if n_failed > 0 { format!(", {n_failed} failed") } else { String::new() };
        let _ = self.talk.say(&format!("{n_done} of {n_total} done{failed}"));
    }
}

fn tick(state: &Mutex<State>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        lock(state).draw();
        std::thread::park_timeout(PAUSES.0);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn end_of(&mut self, job: usize, is_well: bool) {
        if let Some(running) = self.running.remove(&job)
            && is_well
        {
            let known = self.durations.entry(running.rule).or_default();
            *known = (known.0 + 1, known.1 + running.since.elapsed().as_secs_f64());
        }
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            let _ = io::stderr().lock().write_all(ERASE.as_bytes());
        }
    }

    fn draw_soon(&mut self) {
        if self.drawn_at.is_none_or(|at| at.elapsed() >= PAUSES.1) {
            self.draw();
        }
    }

    fn draw(&mut self) {
        let width = width();
        let line = cut(&self.line(), width - 1);
        let _ = io::stderr().lock().write_all(format!("{ERASE}{line}").as_bytes());
        self.is_drawn = true;
        self.drawn_at = Some(Instant::now());
    }

    fn line(&self) -> String {
        let n_running = self.running.len();
        let n_waiting = self.n_total.saturating_sub(self.n_done + n_running + self.n_failed);
        let mut line =
            format!("{} of {} done, {n_running} running, {n_waiting} waiting", self.n_done, self.n_total);
        if self.n_failed > 0 {
            line.push_str(&format!(", {} failed", self.n_failed));
        }
        if let Some(seconds) = self.seconds_left() {
            line.push_str(&format!("; about {} left", clock(seconds)));
        }
        if let Some(slowest) = self.running.values().min_by_key(|running| running.since) {
            let seconds = slowest.since.elapsed().as_secs_f64();
            if seconds >= 1.0 {
                line.push_str(&format!("; {} for {}", clock(seconds), slowest.name));
            }
        }
        line
    }

    /// The work that is left by what jobs of the same rule took, shared by the cores; rules that nobody has timed count
    /// as the mean of all. `None` if nothing was timed.
    fn seconds_left(&self) -> Option<f64> {
        let (n, seconds) = self.durations.values().fold((0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        if n == 0 {
            return None;
        }
        let mean = |rule: &str| {
            let known = self.durations.get(rule).filter(|known| known.0 > 0);
            known.map_or(seconds / f64::from(n), |known| known.1 / f64::from(known.0))
        };
        let waiting: f64 = self.waiting.iter().map(|(rule, n)| mean(rule) * *n as f64).sum();
        let left = |running: &Running| (mean(&running.rule) - running.since.elapsed().as_secs_f64()).max(0.0);
        let running: f64 = self.running.values().map(left).sum();
        Some((waiting + running) / self.n_cores.max(1) as f64)
    }
}

/// The columns of the terminal, as far as it tells.
fn width() -> usize {
    let told = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    if told == 0 { 80 } else { told.max(20) }
}

/// `0:05`, `12:30`, `3:00:00`
pub(crate) fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let seconds = seconds.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The text, no wider than so many columns, and nothing in it that moves the cursor.
fn cut(text: &str, n_columns: usize) -> String {
    let mut width = 0;
    let visible = text.chars().map(|c| if c.is_control() { '?' } else { c });
    visible
        .take_while(|&c| {
            width += c.width().unwrap_or(0);
            width <= n_columns
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_guessed_from_what_is_known() {
        let mut state = State { n_total: 12, n_done: 2, n_cores: 2, ..State::default() };
        assert_eq!(state.line(), "2 of 12 done, 0 running, 10 waiting");
        state.durations.insert("a".to_owned(), (4, 40.0));
        state.waiting.insert("a".to_owned(), 5);
        state.waiting.insert("never timed".to_owned(), 5);
        assert_eq!(state.line(), "2 of 12 done, 0 running, 10 waiting; about 0:50 left");
        assert_eq!(clock(59.6), "1:00");
        assert_eq!(clock(3.0 * 3600.0 + 61.0), "3:01:01");
    }

    #[test]
    fn a_line_never_wraps_and_names_never_move_the_cursor() {
        assert_eq!(cut("abcdef", 4), "abcd");
        assert_eq!(cut("名前名前", 5), "名前");
        assert_eq!(cut("a\x1b[2Jb\n", 80), "a?[2Jb?");
    }
}
