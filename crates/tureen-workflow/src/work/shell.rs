//! Runs one shell command to its end: own process group, no input, its output passed on as it comes.
//! When the shell has ended, whatever it left running in its group is killed: nothing outlives its job.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use serde::{Deserialize, Serialize};

use super::guard;
use super::pipes::pass_on;
use super::reap::{Spent, reap};
use super::stop::Stop;
use super::usage::{Meter, Usage};
use crate::evaluator::job::JobView;
use crate::rule::ShellSettings;
use crate::value::Value;

/// Which of a job's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Whether the command, or a program in it, was ended by SIGKILL.
    pub fn is_kill(self) -> bool {
        matches!(self, Self::Signal(9) | Self::Status(137))
    }
}

/// The most that a command line may be: Linux gives one argument 128 KiB.
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// Runs a command, in a folder of its own if one is named. `output` gets what it prints, in pieces; `usage`, if wanted,
/// what it used, looked at closely. What the system says of that in any case is given with the end.
///
/// # Errors
/// The shell can't be started.
pub fn run(
    command: &str,
    folder: Option<&Path>,
    settings: &ShellSettings,
    environment: &[(String, Option<String>)],
    stop: &Stop,
    output: &mut dyn FnMut(Stream, &[u8]),
    usage: Option<&mut Usage>,
) -> io::Result<(Exit, Spent)> {
    let (mut shell, _script) = shell_command(command, settings)?;
    if let Some(folder) = folder {
        shell.current_dir(folder);
    }
    for (name, value) in environment {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.env(guard::MARK, guard::mark());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let started = shell.spawn();
    let mut child = started.map_err(|error| {
        io::Error::new(error.kind(), format!("`{}`: {error}", shell.get_program().display()))
    })?;
    let group = Pid::from_child(&child);
    stop.add_group(group);
    let meter = usage.map(|usage| (usage, Meter::start(group)));
    let watched = watch(&mut child, group, output);
    let usage = meter.map(|(usage, meter)| {
        *usage = meter.finish();
        usage
    });
    // Before it is reaped, so the number is still its own. Usually there is nobody left.
    let _ = kill_process_group(group, Signal::KILL);
    stop.remove_group(group);
    let (status, spent) = reap(&mut child)?;
    watched?;
    if let Some(usage) = usage {
        // What was over before anybody looked.
        usage.rss = usage.rss.max(spent.peak);
    }
    let exit = match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Status(code),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    };
    Ok((exit, spent))
}

/// What the environment of a job's command has beyond ours: `base`, and (as Snakemake) what it was given, for programs
/// that look at it.
pub(crate) fn environment(
    view: &JobView,
    base: &[(String, Option<String>)],
) -> Vec<(String, Option<String>)> {
    let mut environment = base.to_vec();
    let threads = view.threads.to_string();
    for name in [
        "OMP_NUM_THREADS",
        "GOTO_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ] {
        environment.push((name.to_owned(), Some(threads.clone())));
    }
    if let Some((_, folder)) = view.resources.iter().find(|(name, _)| name == "tmpdir") {
        for name in ["TMPDIR", "TMP", "TEMPDIR", "TEMP"] {
            environment.push((name.to_owned(), Some(crate::format::text(folder))));
        }
    }
    environment
}

/// The shell of a job: the workflow's, unless its resource `shell_exec` names another one (as under Snakemake).
pub(crate) fn of_job<'s>(view: &JobView, workflows: &'s ShellSettings) -> Cow<'s, ShellSettings> {
    match view.resources.iter().find(|(name, _)| name == "shell_exec") {
        Some((_, Value::Str(own))) => {
            Cow::Owned(ShellSettings { executable: Some(own.clone()), ..workflows.clone() })
        }
        _ => Cow::Borrowed(workflows),
    }
}

/// A command too long for an argument, in a file that goes when the command has ended.
struct Script(PathBuf);

impl Script {
    fn write(text: &str) -> io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let script = Self(std::env::temp_dir().join(format!("tureen-{}-{number}.sh", std::process::id())));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&script.0)?;
        file.write_all(text.as_bytes())?;
        Ok(script)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It is in the folder for what may stay behind.
        let _ = fs::remove_file(&self.0);
    }
}

/// Bash with its folder: by that name it tells its errors, which end in people's logs (as Snakemake has it).
fn bash() -> &'static str {
    static BASH: OnceLock<String> = OnceLock::new();
    BASH.get_or_init(|| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = std::env::split_paths(&folders).map(|folder| folder.join("bash"));
        let found = paths.find(|path| path.is_absolute() && path.is_file());
        found.and_then(|path| path.into_os_string().into_string().ok()).unwrap_or_else(|| "bash".to_owned())
    })
}

fn shell_command(command: &str, settings: &ShellSettings) -> io::Result<(Command, Option<Script>)> {
    let program = settings.executable.as_deref().unwrap_or_else(|| bash());
    let is_bash = program.rsplit('/').next() == Some("bash");
    let prefix = settings.prefix.as_deref().unwrap_or(if is_bash { "set -euo pipefail; " } else { "" });
    let suffix = settings.suffix.as_deref().unwrap_or("");
    let text = format!("{prefix} {command}{suffix}");
    let mut shell = Command::new(program);
    if text.len() < LONGEST_ARGUMENT {
        shell.arg("-c").arg(OsString::from(text));
        return Ok((shell, None));
    }
    let script = Script::write(&text)?;
    shell.arg(&script.0);
    Ok((shell, Some(script)))
}

fn watch(child: &mut Child, pid: Pid, output: &mut dyn FnMut(Stream, &[u8])) -> io::Result<()> {
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    let pipes = [
        child.stdout.take().map(|pipe| (Stream::Out, OwnedFd::from(pipe))),
        child.stderr.take().map(|pipe| (Stream::Error, OwnedFd::from(pipe))),
    ];
    pass_on(pipes, &ended, output)
}
