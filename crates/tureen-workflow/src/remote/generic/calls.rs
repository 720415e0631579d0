//! The calls of the cluster's commands: what is typed, what they print, how long they may take.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// How long a cancel command may take.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Success,
    Failed,
}

/// What threads that wait for commands are asked, and what they answer.
pub(super) enum Question {
    Submit { id: String, line: String },
    Status { id: String, line: String },
}

pub(super) enum Answer {
    Submitted { id: String, external: Result<String, String> },
    Status { id: String, status: Result<Status, String> },
}

/// Calls `command` with names of jobs; whether it said that all is well, in time.
pub(super) fn cancel(command: &str, names: &[String], environment: &[(String, String)]) -> bool {
    let variables = environment.iter().map(|(name, value)| (name, value));
    let Ok(mut child) = Command::new(command).args(names).envs(variables).stdin(Stdio::null()).spawn() else {
        return false;
    };
    let deadline = Instant::now() + CANCEL_PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// Runs commands one after the other, as long as somebody asks.
pub(super) fn serve(
    questions: &Receiver<Question>,
    answers: &Sender<Answer>,
    environment: &[(String, String)],
    at_work: &Mutex<Vec<Pid>>,
) {
    while let Ok(question) = questions.recv() {
        let answer = match question {
            Question::Submit { id, line } => {
                let external = shell_line(&line, environment, at_work)
                    .map_err(|why| format!("it can't be submitted: {why}"));
                Answer::Submitted { id, external: external.map(|out| first_line(&out)) }
            }
            Question::Status { id, line } => {
                let status = shell_line(&line, environment, at_work)
                    .map_err(|why| format!("its status can't be asked: {why}"))
                    .and_then(|out| status(&out));
                Answer::Status { id, status }
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

fn first_line(out: &str) -> String {
    out.lines().next().unwrap_or("").trim().to_owned()
}

fn status(out: &str) -> Result<Status, String> {
    match out.trim() {
        "running" => Ok(Status::Running),
        "success" => Ok(Status::Success),
        "failed" => Ok(Status::Failed),
        other => Err(format!(
            "the status command (--cluster-generic-status-cmd) must print one of `running`, `success`, `failed`; it printed `{other}`"
        )),
    }
}

/// Runs a line in a shell; gives what it printed.
fn shell_line(
    line: &str,
    environment: &[(String, String)],
    at_work: &Mutex<Vec<Pid>>,
) -> Result<String, String> {
    let variables = environment.iter().map(|(name, value)| (name, value));
    let mut child = Command::new("sh")
        .args(["-c", line])
        .envs(variables)
        // What is submitted reads no profile of ours.
        .env_remove("SNAKEMAKE_PROFILE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| error.to_string())?;
    let group = Pid::from_child(&child);
    at_work.lock().unwrap_or_else(PoisonError::into_inner).push(group);
    let mut out = String::new();
    let read = child.stdout.take().map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut out));
    let status = child.wait();
    at_work.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != group);
    let status = status.map_err(|error| error.to_string())?;
    read.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(out);
    }
    let said = out.trim();
    let said = if said.is_empty() { String::new() } else { format!(", having printed `{said}`") };
    Err(format!("`{}` ended with {status}{said}", shortened(line)))
}

fn shortened(line: &str) -> String {
    const MOST: usize = 200;
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// Starts the sidecar; its first line is what submit and status commands are given.
pub(super) fn start_sidecar(command: &str) -> Result<(Child, String), String> {
    let failed = |error: std::io::Error| format!("the sidecar `{command}` can't be started: {error}");
    let mut child = Command::new(Path::new(command))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    out.read_line(&mut line).map_err(failed)?;
    std::thread::spawn(move || {
        // What else it prints is of no use to anybody, but a full pipe would stop it.
        let _ = std::io::copy(&mut out, &mut std::io::sink());
    });
    Ok((child, line.trim_end().to_owned()))
}
