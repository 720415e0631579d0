//! A workflow as its Snakefile declares it: rules with patterns, before any wildcard has a value.
//!
//! Both readers (`literal`, with no Python, and `evaluator`, with a Python process) give exactly this,
//! so nothing behind it knows which of the two it was.

use serde::{Deserialize, Serialize};

use crate::span::Span;
use crate::value::Value;
use crate::work::checksum::Algorithm;

/// Everything a Snakefile (with its includes) declares.
#[derive(Debug, Default)]
pub struct Workflow {
    /// The rules, in order of declaration.
    pub rules: Vec<Rule>,
    /// `ruleorder:` lines, each from the most to the least preferred.
    pub rule_orders: Vec<Vec<String>>,
    /// Names of `localrules:`.
    pub local_rules: Vec<String>,
    /// Global `wildcard_constraints:`, name to regular expression in Python's syntax.
    pub wildcard_constraints: Vec<(String, String)>,
    /// `workdir:`
    pub workdir: Option<String>,
    /// The config after every `configfile:`, `--configfile` and `--config` (a `Value::Dict`).
    pub config: Option<Value>,
    /// Index of the rule run when no target is named.
    pub default_rule: Option<usize>,
    /// Which of `onstart`, `onsuccess`, `onerror` exist (they run in the evaluator).
    pub handlers: Vec<Handler>,
    /// Names that shell commands may use besides the job's own, when no evaluator can be asked.
    pub globals: Vec<(String, Value)>,
    /// What the Snakefile said about the shell that commands run in.
    pub shell: ShellSettings,
    /// `resource_scopes:`: which limits are for each machine, and which for all together.
    pub resource_scopes: Vec<(String, String)>,
    /// `envvars:`
    pub envvars: Vec<String>,
    /// Environment variables that the Snakefile's Python code set (or removed): its jobs see them too.
    pub environment: Vec<(String, Option<String>)>,
    /// Where copies of `workflow.source_path(...)` are, each under its file's absolute path.
    pub source_folder: Option<String>,
    /// Whether the Snakefile has added handlers that want to hear what is said.
    pub listens: bool,
}

impl Workflow {
    /// The name that the record knows a path by: for a copy of a source file, which is another one in each run, the file's.
    pub fn recorded<'p>(&self, path: &'p str) -> &'p str {
        let original = self.source_folder.as_deref().and_then(|folder| path.strip_prefix(folder));
        original.filter(|path| path.starts_with('/')).unwrap_or(path)
    }
}

/// `shell.executable(...)`, `shell.prefix(...)`, `shell.suffix(...)`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellSettings {
    /// Absolute path of the shell; `bash` on the `PATH` if absent.
    pub executable: Option<String>,
    /// Put before each command; `set -euo pipefail; ` if absent and the shell is bash.
    pub prefix: Option<String>,
    /// Put after each command.
    pub suffix: Option<String>,
}

/// A block that runs at one moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// Before the first job.
    Start,
    /// After a run in which every job succeeded.
    Success,
    /// After a run in which a job failed.
    Error,
}

/// A recipe, with patterns.
#[derive(Debug)]
pub struct Rule {
    /// Its name; anonymous rules are named by number, as Snakemake does.
    pub name: String,
    /// `rule name:` in the file.
    pub span: Span,
    /// The docstring, if it has one.
    pub docstring: Option<String>,
    /// Whether it was declared with `checkpoint`.
    pub is_checkpoint: bool,
    /// `input:`
    pub input: Vec<Item<Input>>,
    /// `output:`
    pub output: Vec<Item<FileList>>,
    /// `log:`
    pub log: Vec<Item<FileList>>,
    /// `benchmark:`
    pub benchmark: Option<FilePattern>,
    /// `params:`
    pub params: Vec<Item<Param>>,
    /// Which of the params (by position) functions work out from files, threads or resources: they follow from what
    /// is compared anyway, or change nothing about results, so the record leaves them out, as Snakemake's does.
    pub derived_params: Vec<usize>,
    /// `threads:` (1 if absent).
    pub threads: Param,
    /// `resources:`
    pub resources: Vec<(String, Param)>,
    /// `priority:` (0 if absent).
    pub priority: Param,
    /// `retries:` (0 if absent).
    pub retries: u32,
    /// `group:`
    pub group: Option<String>,
    /// `message:`
    pub message: Option<String>,
    /// `wildcard_constraints:` of the rule.
    pub wildcard_constraints: Vec<(String, String)>,
    /// How much bytecode its `run:` block is.
    pub run_size: u32,
    /// `cache:`: its results are shared with other workflows, if that was asked for.
    pub is_cached: bool,
    /// `handover:`: it is given all there is, if it doesn't say how much it needs.
    pub hands_over: bool,
    /// `shadow:`
    pub shadow: Option<Shadow>,
    /// Whether its command is worked out anew when the job is known: its expression names what differs then.
    pub has_late_command: bool,
    /// Whether its texts name what another file than the main one defines: a module has names and a config of its own.
    pub has_own_names: bool,
    /// What a job of it does.
    pub action: Action,
    /// Directives that are understood but can't be run yet (for example `conda`): refused when a job needs them.
    pub unsupported: Vec<(String, Span)>,
}

/// What a job with `shadow:` sees of the working directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shadow {
    /// Links to its inputs.
    Minimal,
    /// Copies of its inputs.
    CopyMinimal,
    /// Links to all that lies in it.
    Shallow,
    /// Its folders, with links to all files in them.
    Full,
}

impl Shadow {
    /// By the word of the Snakefile.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "minimal" => Self::Minimal,
            "copy-minimal" => Self::CopyMinimal,
            "shallow" => Self::Shallow,
            "full" => Self::Full,
            _ => return None,
        })
    }
}

/// A positional or named entry of a directive.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<T> {
    /// Its keyword, if it has one.
    pub name: Option<String>,
    /// What it is.
    pub value: T,
    /// The entry in the file.
    pub span: Span,
}

/// An entry of `input:`.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Patterns.
    Files(FileList),
    /// A function of the wildcards, held by the evaluator.
    Function(FunctionId),
    /// `unpack(function)`: its dict gives named entries, its list positional ones.
    Unpack(FunctionId),
}

/// One or several files under one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct FileList {
    /// The patterns.
    pub files: Vec<FilePattern>,
    /// Whether it was written as a list: `{input.name}` is then a list even of one.
    pub is_list: bool,
}

/// A path that may hold wildcards (`{name}` or `{name,regex}`), with its marks.
#[derive(Debug, Clone, PartialEq)]
pub struct FilePattern {
    /// The path as written.
    pub text: String,
    /// `temp(...)` and its kin.
    pub marks: Marks,
    /// Where it was written (or made).
    pub span: Span,
    /// The rule whose output it was taken from (`rules.name.output`): that one makes it.
    pub producer: Option<String>,
}

/// What `temp()`, `protected()`, `directory()`, `touch()`, `ancient()`... say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Removed when no job needs it any more.
    pub is_temp: bool,
    /// Made read-only when it is there.
    pub is_protected: bool,
    /// A directory.
    pub is_directory: bool,
    /// Created or touched by the job itself.
    pub is_touch: bool,
    /// Its time does not matter.
    pub is_ancient: bool,
    /// A named pipe between two jobs that run at the same time.
    pub is_pipe: bool,
    /// Something that is there only while its job runs, such as a socket.
    pub is_service: bool,
    /// Changed in place by the job: not removed before it.
    pub is_update: bool,
    /// Taken as it is before another job changes it in place.
    pub is_before_update: bool,
    /// Must not be empty.
    pub is_non_empty: bool,
    /// What its content must hash to.
    pub checksum: Option<Checksum>,
    /// What `multiext()` has put behind the part that all its paths share.
    pub extension: Option<String>,
    /// Names of further marks, understood but without effect here (`nodelocal`, ...).
    pub other: Vec<String>,
}

impl Marks {
    /// Whether the file is there only while jobs run: never up to date, nor judged when its job has ended.
    pub fn is_passing(&self) -> bool {
        self.is_pipe || self.is_service
    }
}

/// `ensure(..., sha256=...)`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// How to hash.
    pub algorithm: Algorithm,
    /// What it should give.
    pub expected: Expected,
}

/// A hash, or a function of the wildcards that gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// In hexadecimal digits.
    Text(String),
    /// Held by the evaluator.
    Function(FunctionId),
}

/// A value, or a function of the job that gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// Plain data. Strings in `params:` may hold wildcards.
    Value(Value),
    /// Held by the evaluator.
    Function(FunctionId),
}

/// A Python callable that the evaluator holds, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionId(pub u32);

/// What a job of the rule does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing: the rule only gathers its inputs (as `all` does).
    None,
    /// A shell command with `{input}`-style fields.
    Shell {
        /// The command, fields not yet filled.
        command: String,
        /// Where it stands.
        span: Span,
    },
    /// A `run:` block, which the evaluator executes in a fork of itself.
    Run {
        /// The block's Python text, for the record.
        code: String,
        /// Where it stands.
        span: Span,
    },
    /// `script:`, `notebook:`, `wrapper:`, `template_engine:` or `cwl:`, with the path (or engine) as written.
    Script {
        /// Which directive.
        directive: String,
        /// The path.
        path: String,
        /// The folder of the file that the rule is written in.
        folder: std::path::PathBuf,
        /// Where it stands.
        span: Span,
    },
}
