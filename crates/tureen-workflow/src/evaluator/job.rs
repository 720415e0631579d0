//! What the evaluator is told about a job, and what it answers: plain data.
//! Knows no process and no wire.

use serde::{Deserialize, Serialize};

use crate::rule::FunctionId;
use crate::value::Value;

/// A job as its Python functions and its `run:` block see it.
///
/// Everything is optional in the sense of being empty: an input function needs only the wildcards,
/// a `run:` block needs all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobView {
    /// Name of its rule.
    pub rule: String,
    /// Wildcard values, in the order of their first appearance in the rule's output.
    pub wildcards: Vec<(String, String)>,
    /// Input files. A `Value::List` under an entry is flattened, its name then means the list, as in Snakemake.
    pub input: Vec<Entry>,
    /// Output files, flattened likewise.
    pub output: Vec<Entry>,
    /// Log files, flattened likewise.
    pub log: Vec<Entry>,
    /// Params; never flattened.
    pub params: Vec<Entry>,
    /// Threads, after clipping to the cores there are.
    pub threads: i64,
    /// Resources by name, besides threads.
    pub resources: Vec<(String, Value)>,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The job's number in the run.
    pub jobid: i64,
    /// The folder it works in, if that is not the workflow's (`shadow:`).
    pub folder: Option<String>,
    /// Which repetition of a benchmarked job this is, from 0.
    pub bench_iteration: Option<i64>,
}

/// A positional or named entry of `input`, `output`, `params` or `log`.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its keyword, if it has one.
    pub name: Option<String>,
    /// A string, or a list of strings; anything at all in `params`.
    pub value: Value,
}

/// Which of the job's facts a function may ask for by parameter name, and what its answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An entry of `input:`; called with `wildcards` (and `attempt`, `rulename`); answers paths.
    Input,
    /// `unpack(f)` in `input:`; answers a dict or a list.
    Unpack,
    /// An entry of `params:`; may also ask for `input`, `output`, `threads`, `resources`.
    Param,
    /// `threads:`; may also ask for `input`, `attempt`.
    Threads,
    /// An entry of `resources:`; may also ask for `input`, `threads`, `attempt`.
    Resource,
    /// `priority:`
    Priority,
    /// An entry of `log:`.
    Log,
}

/// One question: the function, what it is for, and the job it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function.
    pub function: FunctionId,
    /// What it is for.
    pub role: Role,
    /// The job; fields that the role does not pass may be left empty.
    pub job: JobView,
}

/// What a function gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Its value. For `Role::Input`: a string or a list of strings. For `Role::Unpack`: a dict or a list.
    /// Flags that an input function put on its paths (`ancient(...)`, `temp(...)`) are in `marks`.
    Value {
        /// The plain value.
        value: Value,
        /// Mark names per path, for paths that carry some.
        marks: Vec<(String, Vec<String>)>,
    },
    /// What a queue has given so far; there will be more.
    Unfinished {
        /// The paths.
        value: Value,
    },
    /// It needs the output of a checkpoint that has not run: make this file, then ask again.
    NeedsCheckpoint {
        /// The checkpoint's rule.
        rule: String,
        /// A file that the checkpoint makes.
        file: String,
    },
    /// It read an input file that is not there yet (`<TBD>` in a dry run).
    NotYet,
}

/// A string whose `{fields}` are to be filled with the job's and the Snakefile's names.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// The text, as a `shell:` command or a `message:`.
    pub text: String,
    /// Whether it is the rule's command, to be worked out anew.
    pub is_late_command: bool,
    /// The job.
    pub job: JobView,
}

/// A Python exception in the user's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its class, as Python prints it: `KeyError`, `pandas.errors.EmptyDataError`.
    pub class: String,
    /// `str(exception)`; may be empty, may have several lines.
    pub message: String,
    /// The user's frames, outermost first; ours and the standard library's are left out,
    /// but for the innermost one if it is the user's only way to see what happened.
    pub frames: Vec<Frame>,
}

/// One frame of a traceback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The function's name; `<module>` at top level.
    pub function: String,
    /// The line's text without the indentation; empty if it can't be read.
    pub text: String,
}

/// How a `run:` block (or a handler) ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunEnd {
    /// It reached its end.
    Done,
    /// It raised.
    Raised(Exception),
    /// A `shell()` command in it failed: the command, its exit status, and the user's frames.
    ShellFailed {
        /// The command as run, without the strict-mode prefix.
        command: String,
        /// Exit status; negative: killed by that signal.
        status: i32,
        /// Where it was called.
        frames: Vec<Frame>,
    },
    /// It left by `sys.exit(status)` or `os._exit`.
    Exited(i32),
    /// It was killed by a signal.
    Killed(i32),
}

impl RunEnd {
    /// Whether it, or a program in it, was ended by SIGKILL.
    pub fn is_kill(&self) -> bool {
        match self {
            Self::Killed(9) => true,
            Self::ShellFailed { status, .. } | Self::Exited(status) => matches!(status, -9 | 137),
            _ => false,
        }
    }

    /// The user's frames where it ended, if they are known.
    pub fn frames(&self) -> &[Frame] {
        match self {
            Self::Raised(Exception { frames, .. }) | Self::ShellFailed { frames, .. } => frames,
            _ => &[],
        }
    }
}
