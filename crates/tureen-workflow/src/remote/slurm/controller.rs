//! Talks to Slurm's controller, through its commands: one call after the other, in a thread of its own, counted. A controller
//! that is busy or away is asked again, later and later. Knows no parcel.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

/// What is asked.
#[derive(Debug)]
pub(super) enum Question {
    /// Submit a script.
    Submit {
        /// To tell the answer by.
        token: String,
        /// The options of `sbatch`, and the script.
        words: Vec<String>,
        /// The name that its jobs have, to look for them should the answer be lost.
        name: String,
    },
    /// Whether a script was submitted whose jobs have this name: an earlier run was ended before it knew.
    Find {
        /// To tell the answer by.
        token: String,
        /// The name.
        name: String,
    },
    /// What has become of the jobs of these names.
    Status {
        /// The names.
        names: Vec<String>,
        /// The jobs that the queue should know; what it has forgotten is asked of the accounts.
        expected: Vec<String>,
        /// The clusters that they are at; `None` is our own.
        clusters: Vec<Option<String>>,
    },
    /// The sizes of a partition's nodes.
    Nodes(Option<String>),
}

/// Nodes of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeSize {
    pub(super) cpus: u64,
    pub(super) mem_mb: u64,
    /// How many there are.
    pub(super) count: u64,
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// A script was submitted: as which job; or it can't be.
    Submitted {
        /// The token of the question.
        token: String,
        /// The number of the job (or array), or why there is none.
        job: Result<String, String>,
    },
    /// The states of jobs.
    Status {
        /// `None`: nobody could tell.
        states: Option<States>,
        /// When they were asked for.
        asked: Instant,
    },
    /// The sizes of nodes; none if nobody could tell.
    Nodes(Vec<NodeSize>),
    /// For the user: the controller is away, or is back.
    Say(String),
}

/// The states by job: `number` or `number_task`, and `;cluster` if that is another one than ours.
pub(super) type States = FxHashMap<String, String>;

/// The programs, so that tests can put others in their place through the `PATH`.
const SUBMIT: &str = "sbatch";
const QUEUE: &str = "squeue";
const ACCOUNTS: &str = "sacct";
const CANCEL: &str = "scancel";
const NODES: &str = "sinfo";

/// How long a call may take: `sbatch` itself gives up on a controller that is away after about ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first pause after a controller did not answer, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// What commands say when trying again may help.
const PASSING: [&str; 14] = [
    "Unable to contact slurm controller",
    "Socket timed out",
    "Connection refused",
    "Connection timed out",
    "Connection reset",
    "temporarily unable to accept",
    "Resource temporarily unavailable",
    "Slurm backup controller in standby mode",
    "Zero Bytes were transmitted",
    "Transport endpoint is not connected",
    "Unexpected message received",
    "try again",
    "Rate limit exceeded",
    "Job violates accounting/QOS policy (job submit limit",
];

/// The other end of the thread.
pub(super) struct Controller {
    questions: Sender<Question>,
    answers: Receiver<Answer>,
}

impl Controller {
    /// Starts the thread. `log` counts the calls, a line each.
    pub(super) fn start(log: Option<PathBuf>) -> Self {
        let (questions, questions_in) = channel();
        let (answers_out, answers) = channel();
        std::thread::spawn(move || {
            let mut clerk = Clerk { answers: answers_out, log, is_away: false, has_accounts: true };
            while let Ok(question) = questions_in.recv() {
                let answer = clerk.answer(question);
                if answer.is_some_and(|answer| clerk.answers.send(answer).is_err()) {
                    return;
                }
            }
        });
        Self { questions, answers }
    }

    pub(super) fn ask(&self, question: Question) {
        // The thread lives as long as this does.
        let _ = self.questions.send(question);
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = Answer> + '_ {
        self.answers.try_iter()
    }
}

/// Cancels jobs now, from this thread: for the end of a run.
pub(super) fn cancel_now(jobs: &[String]) {
    let mut by_cluster: FxHashMap<Option<&str>, Vec<&str>> = FxHashMap::default();
    for job in jobs {
        let (number, cluster) = split(job);
        by_cluster.entry(cluster).or_default().push(number);
    }
    for (cluster, numbers) in by_cluster {
        // What can't be told to the controller is told to the nodes through their folders.
        let _ = Command::new(CANCEL)
            .arg("--quiet")
            .args(cluster.map(|cluster| format!("--clusters={cluster}")))
            .args(numbers)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}

/// A job's number, and its cluster if that is another one than ours.
fn split(job: &str) -> (&str, Option<&str>) {
    job.split_once(';').map_or((job, None), |(number, cluster)| (number, Some(cluster)))
}

/// Which of these names belong to jobs that wait or run; `None`: nobody could tell.
pub(super) fn living_names(names: &[String]) -> Option<FxHashSet<String>> {
    let list = format!("--name={}", names.join(","));
    match call(QUEUE, &["--noheader", "--array", "--format=%j", &list]) {
        Called::Well(out) => Some(out.lines().map(|line| line.trim().to_owned()).collect()),
        Called::Passing(_) | Called::Badly(_) => None,
    }
}

struct Clerk {
    answers: Sender<Answer>,
    log: Option<PathBuf>,
    is_away: bool,
    has_accounts: bool,
}

/// How a call ended.
enum Called {
    /// Well: what it printed.
    Well(String),
    /// Trying again may help.
    Passing(String),
    /// It won't.
    Badly(String),
}

impl Clerk {
    fn answer(&mut self, question: Question) -> Option<Answer> {
        match question {
            Question::Submit { token, words, name } => {
                let job = self.submit(&words, &name);
                Some(Answer::Submitted { token, job })
            }
            Question::Find { token, name } => {
                let job = loop {
                    match self.find(&name, None) {
                        Some(Some(number)) => break Ok(number),
                        Some(None) => break Err("the run that wanted to was ended before".to_owned()),
                        None => std::thread::sleep(BACK_OFF.0),
                    }
                };
                Some(Answer::Submitted { token, job })
            }
            Question::Status { names, expected, clusters } => {
                let asked = Instant::now();
                let mut states = Some(States::default());
                for cluster in &clusters {
                    let known = self.status(&names, &expected, cluster.as_deref());
                    states =
                        states.zip(known).map(|(states, known)| states.into_iter().chain(known).collect());
                }
                Some(Answer::Status { states, asked })
            }
            Question::Nodes(partition) => Some(Answer::Nodes(self.nodes(partition.as_deref()))),
        }
    }

    /// The sizes of the nodes of a partition, or of the default one.
    fn nodes(&self, partition: Option<&str>) -> Vec<NodeSize> {
        let mut words = vec!["--noheader".to_owned(), "--format=%P|%c|%m|%D".to_owned()];
        words.extend(partition.map(|partition| format!("--partition={partition}")));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match self.call(NODES, &words) {
            Called::Well(out) => node_sizes(&out, partition.is_some()),
            Called::Passing(_) | Called::Badly(_) => Vec::new(),
        }
    }

    /// Submits, however long that takes; but never twice: when an answer was lost the queue is asked for the name first.
    fn submit(&mut self, words: &[String], name: &str) -> Result<String, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let clusters = words.iter().find_map(|word| word.strip_prefix("--clusters="));
        let mut pause = BACK_OFF.0;
        loop {
            match self.call(SUBMIT, &words) {
                Called::Well(out) => {
                    self.be_back();
                    // `number` or `number;cluster`.
                    let number = out.trim().lines().last().unwrap_or("").trim();
                    return if number.is_empty() {
                        Err("sbatch printed no job number".to_owned())
                    } else {
                        Ok(number.to_owned())
                    };
                }
                Called::Badly(why) => return Err(why),
                Called::Passing(why) => self.be_away(&why),
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(BACK_OFF.1);
            loop {
                match self.find(name, clusters) {
                    Some(Some(number)) => {
                        self.be_back();
                        return Ok(number);
                    }
                    Some(None) => break,
                    None => {
                        std::thread::sleep(pause);
                        pause = (pause * 2).min(BACK_OFF.1);
                    }
                }
            }
        }
    }

    /// The number of the job (or array) of a name, if there is one; `None`: nobody could tell.
    fn find(&mut self, name: &str, clusters: Option<&str>) -> Option<Option<String>> {
        let names = format!("--name={name}");
        let clusters: Vec<Option<&str>> =
            clusters.map_or(vec![None], |clusters| clusters.split(',').map(Some).collect());
        for cluster in clusters {
            let there = cluster.map(|cluster| format!("--clusters={cluster}"));
            let mut words = vec!["--noheader", "--states=all", "--format=%F", &names];
            words.extend(there.as_deref());
            match self.call(QUEUE, &words) {
                Called::Well(out) => {
                    if let Some(number) = out.lines().next() {
                        let end = cluster.map(|cluster| format!(";{cluster}")).unwrap_or_default();
                        return Some(Some(number.trim().to_owned() + &end));
                    }
                }
                Called::Badly(_) => {}
                Called::Passing(_) => return None,
            }
        }
        Some(None)
    }

    /// One call for all jobs; a second one, if Slurm keeps accounts, if the queue has forgotten some.
    fn status(&mut self, names: &[String], expected: &[String], cluster: Option<&str>) -> Option<States> {
        let list = format!("--name={}", names.join(","));
        let there = cluster.map(|cluster| format!("--clusters={cluster}"));
        let mut words = vec!["--noheader", "--array", "--states=all", "--format=%i|%T", &list];
        words.extend(there.as_deref());
        let mut known = match self.call(QUEUE, &words) {
            Called::Well(out) => states(&out, cluster),
            Called::Passing(why) => {
                self.be_away(&why);
                return self.accounts(&list, cluster);
            }
            Called::Badly(_) => return self.accounts(&list, cluster),
        };
        self.be_back();
        let is_here = |job: &&String| split(job).1 == cluster;
        if expected.iter().filter(is_here).any(|job| !known.contains_key(job)) {
            for (job, state) in self.accounts(&list, cluster).unwrap_or_default() {
                known.entry(job).or_insert(state);
            }
        }
        Some(known)
    }

    fn accounts(&mut self, names: &str, cluster: Option<&str>) -> Option<States> {
        if !self.has_accounts {
            return None;
        }
        let there = cluster.map(|cluster| format!("--clusters={cluster}"));
        let mut words = vec!["--noheader", "--parsable2", "--allocations", "--format=JobID,State", names];
        words.extend(there.as_deref());
        match self.call(ACCOUNTS, &words) {
            Called::Well(out) => Some(states(&out, cluster)),
            Called::Passing(_) => None,
            Called::Badly(_) => {
                // Accounting is disabled, or not for us.
                self.has_accounts = false;
                None
            }
        }
    }

    fn be_away(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_away, true) {
            let text =
                format!("Slurm's controller does not answer ({why}); it is asked again, ever less often");
            let _ = self.answers.send(Answer::Say(text));
        }
    }

    fn be_back(&mut self) {
        if std::mem::replace(&mut self.is_away, false) {
            let _ = self.answers.send(Answer::Say("Slurm's controller answers again".to_owned()));
        }
    }

    fn call(&self, program: &str, words: &[&str]) -> Called {
        if let Some(log) = &self.log {
            let first = words.first().copied().unwrap_or("");
            let _ = super::super::mail::add(log, &[format!("{program} {first}")]);
        }
        call(program, words)
    }
}

/// Calls a command, for as long as that may take.
fn call(program: &str, words: &[&str]) -> Called {
    let started = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => return Called::Badly(format!("`{program}` can't be started: {error}")),
    };
    let mut pipes = (child.stdout.take(), child.stderr.take());
    let reader = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            // What is not text is no answer.
            let _ = pipe.map(|mut pipe| pipe.read_to_string(&mut text));
            text
        })
    };
    let out = reader(pipes.0.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let error = reader(pipes.1.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    let (out, error) = (out.join().unwrap_or_default(), error.join().unwrap_or_default());
    let said = error.trim().lines().last().unwrap_or("").to_owned();
    match status {
        Some(status) if status.success() => Called::Well(out),
        Some(_) if PASSING.iter().any(|sign| error.to_lowercase().contains(&sign.to_lowercase())) => {
            Called::Passing(said)
        }
        Some(status) => Called::Badly(format!("`{program}` ended with {status}: {}", error.trim())),
        None => Called::Passing(format!("`{program}` took more than {} s", PATIENCE.as_secs())),
    }
}

/// Lines of `job|state`.
fn states(out: &str, cluster: Option<&str>) -> States {
    let end = cluster.map(|cluster| format!(";{cluster}")).unwrap_or_default();
    let line = |line: &str| {
        let (job, state) = line.trim().split_once('|')?;
        Some((format!("{job}{end}"), state.to_owned()))
    };
    out.lines().filter_map(line).collect()
}

/// Lines of `partition|cpus|memory|count`; of several partitions the default one is taken, which has a star.
fn node_sizes(out: &str, is_chosen: bool) -> Vec<NodeSize> {
    let number = |text: &str| text.trim_end_matches('+').parse().ok();
    let line = |line: &str| {
        let mut parts = line.trim().split('|');
        let is_default = parts.next()?.ends_with('*');
        let size = NodeSize {
            cpus: number(parts.next()?)?,
            mem_mb: number(parts.next()?)?,
            count: number(parts.next()?)?,
        };
        Some((is_default, size))
    };
    let all: Vec<(bool, NodeSize)> = out.lines().filter_map(line).collect();
    let has_default = !is_chosen && all.iter().any(|(is_default, _)| *is_default);
    all.into_iter().filter(|(is_default, _)| *is_default || !has_default).map(|(_, size)| size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_by_job() {
        let there = states("12_3|RUNNING\n", Some("east"));
        assert_eq!(there.get("12_3;east").map(String::as_str), Some("RUNNING"));
        let states = states("12_3|RUNNING\n 13|CANCELLED by 0\n\nnonsense\n", None);
        assert_eq!(states.get("12_3").map(String::as_str), Some("RUNNING"));
        assert_eq!(states.get("13").map(String::as_str), Some("CANCELLED by 0"));
        assert_eq!(states.len(), 2);
    }

    #[test]
    fn the_nodes_of_the_default_partition_count() {
        let out = "long|64|256000|10\nmain*|4|4000+|2\n";
        assert_eq!(node_sizes(out, false), [NodeSize { cpus: 4, mem_mb: 4000, count: 2 }]);
        assert_eq!(node_sizes(out, true).len(), 2);
    }
}
