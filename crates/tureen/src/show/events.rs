//! `--log json`: what happens, one JSON object a line on standard error. Names and values are for programs: nothing is
//! shortened or worded for people. Standard output stays the jobs' own.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};
use tureen_workflow::evaluator::job::{Entry, JobView};
use tureen_workflow::format::text;
use tureen_workflow::run::{Failure, Happening};
use tureen_workflow::value::Value;
use tureen_workflow::work::shell::Stream;

use super::About;
use crate::talk::data;

/// Writes events; remembers of each job that runs what its end should name.
#[derive(Debug, Default)]
pub(crate) struct Events {
    running: Mutex<FxHashMap<usize, Running>>,
}

#[derive(Debug)]
struct Running {
    since: f64,
    outputs: Vec<String>,
}

impl Events {
    pub(super) fn note(&self, text: &str) {
        write("note", json!({ "text": text }));
    }

    pub(super) fn begin(&self, jobs: &FxHashMap<&str, usize>) {
        let n_jobs: usize = jobs.values().sum();
        let jobs: Map<String, Json> = jobs.iter().map(|(rule, n)| ((*rule).to_owned(), json!(n))).collect();
        write("planned", json!({ "process": std::process::id(), "n_jobs": n_jobs, "jobs": jobs }));
    }

    pub(super) fn happening(&self, happening: &Happening<'_>, about: &About<'_>) {
        match happening {
            Happening::Starts { job, view, command, message } => {
                let running = Running { since: now(), outputs: paths(&view.output) };
                self.lock().insert(job.index(), running);
                let mut event = described(view);
                event.insert("reason".to_owned(), json!((about.reason)()));
                event.insert("command".to_owned(), json!(command));
                event.insert("message".to_owned(), json!(message));
                write("job_started", Json::Object(event));
            }
            Happening::Output { job, stream: Stream::Out, bytes } => {
                let _ = (job, data(bytes));
            }
            Happening::Output { job, stream: Stream::Error, bytes } => {
                write("job_said", json!({ "job": job.index(), "text": String::from_utf8_lossy(bytes) }));
            }
            Happening::Ended { job, rule, n_done } => {
                let running = self.lock().remove(&job.index());
                let (seconds, outputs) = match running {
                    Some(running) => (Some(now() - running.since), running.outputs),
                    None => (None, Vec::new()),
                };
                write(
                    "job_finished",
                    json!({
                        "job": job.index(), "rule": rule, "output": outputs, "seconds": seconds,
                        "n_done": about.n_before + n_done, "n_jobs": about.n_total,
                    }),
                );
            }
            Happening::FromCache { outputs } => {
                let outputs: Vec<_> = outputs.iter().map(|entry| entry.output.to_string_lossy()).collect();
                write("from_cache", json!({ "output": outputs }));
            }
            Happening::Says(text) => self.note(text),
            Happening::Stays { job, rule } => {
                write("job_kept", json!({ "job": job.index(), "rule": rule }));
            }
            Happening::Failed(failure) => self.failed(failure, "job_failed", about),
            Happening::Retries(failure) => self.failed(failure, "job_retried", about),
            Happening::RemovedTemporary(path) => {
                write("removed_temporary", json!({ "path": path.to_string_lossy() }));
            }
        }
    }

    fn failed(&self, failure: &Failure, name: &str, about: &About<'_>) {
        self.lock().remove(&failure.job.index());
        let mut event = described(&failure.view);
        event.insert("command".to_owned(), json!(failure.command));
        event.insert("error".to_owned(), json!((about.fault)()));
        event.insert("said_last".to_owned(), json!(failure.tail));
        let removed: Vec<_> = failure.removed.iter().map(|path| path.to_string_lossy()).collect();
        event.insert("removed".to_owned(), json!(removed));
        let kept: Vec<_> = failure.kept.iter().map(|path| path.to_string_lossy()).collect();
        event.insert("kept".to_owned(), json!(kept));
        write(name, Json::Object(event));
    }

    pub(super) fn end(&self, n_done: usize, n_total: usize, n_failed: usize) {
        write("ended", json!({ "n_done": n_done, "n_jobs": n_total, "n_failed": n_failed }));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<usize, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error that ends the command.
pub(crate) fn error(message: &str, shown: &str) {
    write("error", json!({ "error": message, "text": shown }));
}

fn described(view: &JobView) -> Map<String, Json> {
    let values = view.wildcards.iter().map(|(name, value)| (name.clone(), json!(value)));
    let mut event = Map::new();
    event.insert("job".to_owned(), json!(view.jobid));
    event.insert("rule".to_owned(), json!(view.rule));
    event.insert("wildcards".to_owned(), Json::Object(values.collect()));
    event.insert("input".to_owned(), json!(paths(&view.input)));
    event.insert("output".to_owned(), json!(paths(&view.output)));
    event.insert("log".to_owned(), json!(paths(&view.log)));
    event.insert("threads".to_owned(), json!(view.threads));
    event.insert("attempt".to_owned(), json!(view.attempt));
    event
}

fn paths(entries: &[Entry]) -> Vec<String> {
    let files = entries.iter().flat_map(|entry| match &entry.value {
        Value::List(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    });
    files.collect()
}

/// One line, written at once: lines of several threads never mix.
fn write(event: &str, about: Json) {
    let mut line = json!({ "event": event, "time": now() });
    if let (Json::Object(line), Json::Object(about)) = (&mut line, about) {
        line.extend(about);
    }
    // If nobody reads our talk there is nobody to tell that to.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
