//! One `python3` process that holds a Snakefile's namespace: started once, asked in batches.
//!
//! It is asked for what the Snakefile declares, for the values of its functions, and to execute `run:` blocks,
//! each in a fork of itself. Its Python side travels in the binary (`src/python/`). Knows no plan and no disk.

mod advice;
mod block;
mod broken;
pub mod job;
mod load;
mod modules;
mod process;
mod replay;
mod report;
pub(crate) mod wire;
mod workflow;

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde_json::{Value as Json, json};

use crate::rule::{FunctionId, Handler};
use block::{exception, run_end};
use job::{Answer, Call, Exception, Format, JobView, Role, RunEnd};
use process::Process;

pub use block::RunningBlock;
pub use broken::Broken;
pub(crate) use load::{Load, load};
pub use replay::Story;

/// The evaluator. Questions may come from any thread; they are answered one after the other.
///
/// It ends with the thread that started it, so start it on one that lives as long as it is needed.
/// Dropping it ends it and every `run:` block that is running.
#[derive(Debug)]
pub struct Evaluator {
    process: Arc<Mutex<Process>>,
    python: PathBuf,
    /// How the Snakefile was read, for an evaluator elsewhere to read it the same way.
    story: OnceLock<Story>,
}

impl Evaluator {
    /// Starts an interpreter.
    ///
    /// # Errors
    /// If it can't be started or is no Python 3.10 or newer.
    pub fn start(python: &Path) -> Result<Self, Broken> {
        Self::start_in(python, None)
    }

    fn start_in(python: &Path, folder: Option<&Path>) -> Result<Self, Broken> {
        let process = Arc::new(Mutex::new(Process::start(python, folder)?));
        Ok(Self { process, python: python.to_owned(), story: OnceLock::new() })
    }

    fn process(&self) -> Result<MutexGuard<'_, Process>, Broken> {
        self.process.lock().map_err(|_| Broken::Died("a thread of ours failed while asking it".to_owned()))
    }

    fn ask(&self, message: &Json) -> Result<Json, Broken> {
        self.process()?.ask(message, &[])
    }

    /// Calls functions, all in one go; gives one answer per call, in order.
    ///
    /// # Errors
    /// If the evaluator itself fails; what the functions raise is in the answers.
    pub fn call(&self, calls: &[Call]) -> Result<Vec<Result<Answer, Exception>>, Broken> {
        let question: Vec<Json> = calls
            .iter()
            .map(|call| {
                json!({ "function": call.function.0, "role": role(call.role), "job": wire::job(&call.job) })
            })
            .collect();
        let answers = self.ask(&json!({ "call": question }))?;
        all(&answers, calls.len(), answer)
    }

    /// Works out params of a job's rule, by their places, as the interpreter of this machine sees them.
    ///
    /// # Errors
    /// If the evaluator itself fails; what functions raise is in the answers.
    pub fn params(&self, job: &JobView, places: &[usize]) -> Result<Vec<Result<Answer, Exception>>, Broken> {
        let answers = self.ask(&json!({ "params": [wire::job(job), places] }))?;
        all(&answers, places.len(), answer)
    }

    /// Makes an expression that was typed on the command line a function like the Snakefile's own.
    ///
    /// # Errors
    /// If the evaluator itself fails; what is wrong with the expression is said when it is called.
    pub fn expression(&self, text: &str, has_threads: bool) -> Result<FunctionId, Broken> {
        let number = self.ask(&json!({ "expression": [text, has_threads] }))?;
        let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
        number.map(FunctionId).ok_or_else(|| Broken::Garbled("the number of a function".to_owned()))
    }

    /// Fills the `{fields}` of texts, all in one go, with the jobs' and the Snakefile's names.
    ///
    /// # Errors
    /// If the evaluator itself fails; an unknown name is in the answers.
    pub fn format(&self, requests: &[Format]) -> Result<Vec<Result<String, Exception>>, Broken> {
        let question: Vec<Json> = requests
            .iter()
            .map(|request| json!({ "text": request.text, "late": request.is_late_command, "job": wire::job(&request.job) }))
            .collect();
        let answers = self.ask(&json!({ "format": question }))?;
        all(&answers, requests.len(), |answer| match answer.get("error") {
            Some(error) => Some(Err(exception(error)?)),
            None => Some(Ok(answer["text"].as_str()?.to_owned())),
        })
    }

    /// The text of a job's script.
    ///
    /// # Errors
    /// If the evaluator itself fails; a script that can't be read is in the answer.
    pub fn source(&self, job: &JobView) -> Result<Result<String, Exception>, Broken> {
        let answer = self.ask(&json!({ "source": wire::job(job) }))?;
        let text = match answer.get("error") {
            Some(error) => exception(error).map(Err),
            None => answer["text"].as_str().map(|text| Ok(text.to_owned())),
        };
        text.ok_or_else(|| Broken::Garbled("the text of a script".to_owned()))
    }

    /// Starts the `run:` block of a job's rule in a fork, in a process group of its own, with these outputs.
    ///
    /// # Errors
    /// If the evaluator itself fails.
    pub fn run(
        &self,
        job: &JobView,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<RunningBlock, Broken> {
        let failed = |error: rustix::io::Errno| Broken::Died(error.to_string());
        let (result, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(failed)?;
        let answer =
            self.process()?.ask(&json!({ "run": wire::job(job) }), &[stdout, stderr, writer.as_fd()])?;
        let pid =
            answer.as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
        let pid = pid.ok_or_else(|| Broken::Garbled("a process id".to_owned()))?;
        // It can't have been reaped: the evaluator does that only when asked to.
        let handle =
            rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).map_err(failed)?;
        Ok(RunningBlock {
            process: Arc::clone(&self.process),
            pid,
            handle,
            result: result.into(),
            is_waited_for: false,
        })
    }

    /// Executes `onstart:`, `onsuccess:` or `onerror:` and waits for its end.
    ///
    /// # Errors
    /// If the evaluator itself fails.
    pub fn handler(&self, handler: Handler, log: &str) -> Result<RunEnd, Broken> {
        let word = match handler {
            Handler::Start => "onstart",
            Handler::Success => "onsuccess",
            Handler::Error => "onerror",
        };
        let end = self.ask(&json!({ "handle": [word, log] }))?;
        run_end(&end).ok_or_else(|| Broken::Garbled("the end of a handler".to_owned()))
    }

    /// A function that lets the Snakefile's log handlers hear what is said, as long as the evaluator lives. It takes one of
    /// Python's names of levels, and a text.
    pub fn listener(&self) -> impl Fn(&str, &str) + Send + Sync + 'static {
        let process = Arc::downgrade(&self.process);
        move |level, text| {
            let Some(process) = process.upgrade() else { return };
            let Ok(mut process) = process.lock() else { return };
            // Should it be gone, the next question says so.
            let _ = process.ask(&json!({ "said": [level, text] }), &[]);
        }
    }

    /// Says which files checkpoints have made: functions that wait for them can be asked again.
    ///
    /// # Errors
    /// If the evaluator itself fails.
    pub fn checkpoint_made(&self, files: &[String]) -> Result<(), Broken> {
        self.ask(&json!({ "made": files })).map(|_| ())
    }
}

/// The folder of the modules that Snakefiles import, `snakemake` among them, for programs of the user's that do so, too;
/// `None` if the cache folder can't be written.
pub fn modules_folder() -> Option<PathBuf> {
    modules::lasting()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Unpack => "unpack",
        Role::Param => "param",
        Role::Threads => "threads",
        Role::Resource => "resource",
        Role::Priority => "priority",
        Role::Log => "log",
    }
}

fn all<T>(answers: &Json, n_expected: usize, read: impl Fn(&Json) -> Option<T>) -> Result<Vec<T>, Broken> {
    let garbled = || Broken::Garbled("an answer".to_owned());
    let answers = answers.as_array().filter(|answers| answers.len() == n_expected).ok_or_else(garbled)?;
    answers.iter().map(|answer| read(answer).ok_or_else(garbled)).collect()
}

fn answer(json: &Json) -> Option<Result<Answer, Exception>> {
    let (word, content) = json.as_object()?.iter().next()?;
    Some(match word.as_str() {
        "error" => Err(exception(content)?),
        "unfinished" => Ok(Answer::Unfinished { value: wire::decode(content)? }),
        "not_yet" => Ok(Answer::NotYet),
        "checkpoint" => Ok(Answer::NeedsCheckpoint {
            rule: content.get(0)?.as_str()?.to_owned(),
            file: content.get(1)?.as_str()?.to_owned(),
        }),
        "value" => {
            let mark = |mark: &Json| {
                let names = mark.get(1)?.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
                Some((mark.get(0)?.as_str()?.to_owned(), names.collect::<Option<_>>()?))
            };
            Ok(Answer::Value {
                value: wire::decode(content.get(0)?)?,
                marks: content.get(1)?.as_array()?.iter().map(mark).collect::<Option<_>>()?,
            })
        }
        _ => return None,
    })
}
