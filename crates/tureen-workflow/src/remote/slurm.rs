//! Slurm, two ways: jobs that are submitted by themselves, many alike as arrays (`batch`), and pilots, allocations in which
//! this program takes many small jobs (`fleet`). Which way a job goes is decided here, by what it asks for.
//!
//! Slurm's controller is asked rarely: nodes answer through the run's folder. What it says decides only over jobs that do
//! not answer.

mod batch;
mod controller;
mod fleet;
pub mod order;
pub mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::folder::RunFolder;
use super::parcel::Parcel;
use super::place::{News, Order, Place};
use super::recover::Left;
use batch::Batch;
use controller::{Answer, Controller, Question};
use fleet::Fleet;

/// Which way jobs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Small ones to pilots if there are many, all others by themselves.
    Auto,
    /// Each by itself, or in arrays.
    Jobs,
    /// To pilots, as far as they can.
    Pilots,
}

/// How Slurm is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This program, as nodes start it.
    pub program: PathBuf,
    /// Which way jobs go.
    pub mode: Mode,
    /// `--jobs`
    pub n_jobs: u64,
    /// `--cores`
    pub cores: Option<u64>,
    /// How many jobs there will be, as far as is known.
    pub n_planned: usize,
    /// `--slurm-jobname-prefix`
    pub prefix: Option<String>,
    /// `--slurm-logdir`
    pub logs: Option<PathBuf>,
    /// `--slurm-keep-successful-logs`
    pub keeps_logs: bool,
    /// Options for every `sbatch`: `--slurm-qos`, `--slurm-reservation`, `--slurm-requeue`, `--slurm-no-requeue`.
    pub options: Vec<String>,
    /// `--slurm-array-limit`
    pub array_limit: usize,
    /// `--slurm-pilots`: how many at most.
    pub pilots: Option<u64>,
    /// `--slurm-pilot-cores`
    pub pilot_cores: Option<u64>,
    /// `--slurm-pilot-runtime`, in minutes.
    pub pilot_minutes: u64,
    /// `--slurm-init-seconds-before-status-checks`
    pub first_status: Duration,
    /// Seconds that files may take to be seen here.
    pub latency_wait: Duration,
}

impl Settings {
    /// Whether a run of so many jobs has pilots.
    pub fn uses_pilots(&self, n_planned: usize) -> bool {
        match self.mode {
            Mode::Auto => n_planned >= MANY,
            Mode::Jobs => false,
            Mode::Pilots => true,
        }
    }
}

/// From so many jobs on, those that don't say how long they take count as small.
const MANY: usize = 20;

/// Jobs of up to so many minutes are small.
const SMALL_MINUTES: i64 = 10;

/// The pause between two questions to the controller grows by half, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// At least so long lies between two questions, however urgent they are.
const SHORTEST_PAUSE: Duration = Duration::from_secs(4);

/// The cluster.
pub struct Slurm {
    folder: Arc<RunFolder>,
    settings: Arc<Settings>,
    controller: Controller,
    batch: Batch,
    fleet: Fleet,
    last_status: Instant,
    pause: Duration,
    is_asking: bool,
    news: Vec<News>,
}

impl Slurm {
    /// Gets ready. `left` is what an earlier run has left.
    pub fn new(folder: Arc<RunFolder>, settings: Settings, left: Left) -> Self {
        let settings = Arc::new(settings);
        let controller = Controller::start(Some(folder.file("calls")));
        let (batch, fleet) = (
            Batch::new(Arc::clone(&folder), Arc::clone(&settings), left.parcels, &controller),
            Fleet::new(Arc::clone(&folder), Arc::clone(&settings), left.pilots),
        );
        let pause = settings.first_status;
        Self {
            folder,
            settings,
            controller,
            batch,
            fleet,
            last_status: Instant::now(),
            pause,
            is_asking: false,
            news: Vec::new(),
        }
    }

    fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Say(text) => self.news.push(News::Say(text)),
            Answer::Nodes(nodes) => self.fleet.nodes(nodes),
            Answer::Submitted { token, job } => {
                if token.starts_with(fleet::TOKEN) {
                    self.fleet.submitted(&token, job, &mut self.news);
                } else {
                    self.batch.submitted(&token, job, &mut self.news);
                }
            }
            Answer::Status { states, asked } => {
                self.is_asking = false;
                self.last_status = Instant::now();
                match states {
                    Some(states) => {
                        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
                        self.batch.states(&states, asked);
                        self.fleet.states(&states, asked);
                    }
                    None => self.pause = (self.pause * 2).min(2 * LONGEST_PAUSE),
                }
            }
        }
    }

    /// One question for all that is at Slurm, ever less often; sooner if a pilot is silent.
    fn ask(&mut self) {
        let due = if self.fleet.has_silent() { self.pause.min(SHORTEST_PAUSE) } else { self.pause };
        if self.is_asking || self.last_status.elapsed() < due {
            return;
        }
        let mut names = self.batch.names();
        names.extend(self.fleet.names());
        if names.is_empty() {
            return;
        }
        let mut expected = self.batch.keys();
        expected.extend(self.fleet.keys());
        self.is_asking = true;
        let mut clusters = self.batch.clusters();
        if !self.fleet.names().is_empty() && !clusters.contains(&None) {
            clusters.push(None);
        }
        self.controller.ask(Question::Status { names, expected, clusters });
    }
}

/// The name of the jobs of a token, by which Slurm is asked for them: what is short in lists comes first, which is what they do.
fn job_name(folder: &RunFolder, token: &str) -> String {
    let (number, title) = token.split_once('.').unwrap_or((token, "tureen"));
    format!("{title}-{}-{number}", folder.name())
}

/// The name of a call of `sbatch`, unique in its run: a letter for who makes it, a number, and what its jobs do.
fn token(letter: &str, number: u64, prefix: Option<&str>, title: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let title: String =
        title.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).take(LONGEST_TITLE).collect();
    let prefix = prefix.map(|prefix| format!("{prefix}_")).unwrap_or_default();
    format!("{letter}{number}.{prefix}{title}")
}

/// The number of a call.
fn number_of(token: &str) -> u64 {
    let number = token.split('.').next().unwrap_or("");
    number.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).parse().unwrap_or(0)
}

/// So much of a rule's name is in the names of its jobs.
const LONGEST_TITLE: usize = 60;

/// How Slurm names a task of an array: `number_task`, and `;cluster` if it is another one than ours.
fn task_of(job: &str, index: usize) -> String {
    match job.split_once(';') {
        Some((number, cluster)) => format!("{number}_{index};{cluster}"),
        None => format!("{job}_{index}"),
    }
}

/// The part of a job's name that its log has.
fn without_cluster(job: &str) -> &str {
    job.split(';').next().unwrap_or(job)
}

/// The calls of `sbatch` of a run's folder of which jobs wait or run; `None`: Slurm can't be asked.
pub(super) fn living_tokens(folder: &RunFolder) -> Option<rustc_hash::FxHashSet<String>> {
    let tokens = tokens(folder);
    if tokens.is_empty() {
        return None;
    }
    let names: Vec<String> = tokens.iter().map(|token| job_name(folder, token)).collect();
    let known = controller::living_names(&names)?;
    let pairs = tokens.into_iter().zip(names);
    Some(pairs.filter(|(_, name)| known.contains(name)).map(|(token, _)| token).collect())
}

/// Cancels all that was submitted from a run's folder.
pub(super) fn cancel_all(folder: &RunFolder) {
    let names = tokens(folder).into_iter().map(|token| format!("--name={}", job_name(folder, &token)));
    for name in names {
        controller::cancel_now(&[name]);
    }
}

fn tokens(folder: &RunFolder) -> Vec<String> {
    let mut tokens = Vec::new();
    for place in ["batches", "pilots"] {
        let Ok(entries) = std::fs::read_dir(folder.file(place)) else { continue };
        let scripts = entries.flatten().map(|entry| entry.path());
        let scripts = scripts.filter(|path| path.extension().is_some_and(|end| end == "sh"));
        tokens.extend(scripts.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
    }
    tokens
}

impl Place for Slurm {
    fn send(&mut self, parcel: Parcel, order: Order) {
        let is_unsaid_short = self.settings.mode == Mode::Pilots || self.settings.n_planned >= MANY;
        let most = if self.settings.mode == Mode::Pilots {
            i64::try_from(self.settings.pilot_minutes / 2).unwrap_or(i64::MAX)
        } else {
            SMALL_MINUTES
        };
        let is_small = self.settings.uses_pilots(self.settings.n_planned)
            && !order.goes_alone
            && order::is_plain(&order.view, most, is_unsaid_short);
        if is_small && self.fleet.can_take(&parcel, &order) {
            self.fleet.take(parcel, &order);
        } else {
            self.batch.take(&parcel, &order, &mut self.news);
        }
    }

    fn has(&self, id: &str) -> bool {
        self.batch.has(id) || self.fleet.has(id)
    }

    fn give_up(&mut self, id: &str) {
        let jobs = self.batch.give_up(id, &mut self.news);
        self.fleet.give_up(id);
        if !jobs.is_empty() {
            controller::cancel_now(&jobs);
            // What becomes of it is of interest soon.
            self.pause = self.pause.min(SHORTEST_PAUSE);
        }
    }

    fn look(&mut self, news: &mut Vec<News>) {
        let answers: Vec<Answer> = self.controller.answers().collect();
        for answer in answers {
            self.hear(answer);
        }
        self.batch.look(&self.controller, &mut self.news);
        self.fleet.look(&self.controller, !self.batch.is_empty(), &mut self.news);
        self.ask();
        news.append(&mut self.news);
    }

    fn forget(&mut self, id: &str) {
        self.folder.forget(id);
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn log_of(&self, id: &str) -> Option<PathBuf> {
        self.batch.log_of(id).or_else(|| self.fleet.log_of(id))
    }

    fn cancel(&mut self, _news: &mut Vec<News>) {
        let mut jobs = self.batch.stop();
        jobs.extend(self.fleet.stop());
        if !jobs.is_empty() {
            controller::cancel_now(&jobs);
        }
    }

    fn close(&mut self) {
        self.fleet.close();
    }
}
