//! What will be done: the arguments, understood, checked and with their defaults filled in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::plan::{Selection, Wishes};
use tureen_workflow::reason::Triggers;
use tureen_workflow::resources::{self, NotSupported, RuleResource, RunLimits};

use crate::args::Args;

/// One use of the command.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) task: Task,
    pub(crate) targets: Vec<String>,
    pub(crate) snakefile: Option<PathBuf>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) python: Option<PathBuf>,
    pub(crate) wrapper_prefix: Option<String>,
    pub(crate) keeps_scripts: bool,
    pub(crate) scatter: Vec<(String, u32)>,
    pub(crate) config: Vec<String>,
    pub(crate) config_files: Vec<PathBuf>,
    pub(crate) limits: RunLimits,
    pub(crate) rule_threads: Vec<(String, i64)>,
    pub(crate) rule_resources: Vec<RuleResource>,
    pub(crate) keep_going: bool,
    pub(crate) retries: Option<u32>,
    pub(crate) latency_wait: Option<Duration>,
    pub(crate) touch: bool,
    pub(crate) keep_temporary: bool,
    pub(crate) keep_incomplete: bool,
    pub(crate) show_failed_logs: bool,
    pub(crate) no_lock: bool,
    pub(crate) wishes: Wishes,
    pub(crate) selection: Selection,
    pub(crate) quiet: Quiet,
    pub(crate) print_commands: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run what must run.
    Run,
    /// Say what would.
    DryRun,
    /// Draw jobs.
    DrawJobs(Format),
    /// Draw rules.
    DrawRules(Format),
    /// The table of outputs.
    Summary {
        /// With inputs and commands.
        is_detailed: bool,
    },
    /// The names of rules.
    List {
        /// Only those without wildcards.
        only_targets: bool,
    },
    /// Say that there is nothing to unlock.
    Unlock,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Graphviz's language.
    Dot,
    /// An image for browsers.
    Svg,
    /// An image for everything.
    Png,
    /// Mermaid's language.
    Mermaid,
}

/// What is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) all: bool,
    pub(crate) progress: bool,
    pub(crate) rules: bool,
    pub(crate) reason: bool,
}

impl Settings {
    /// Understands the arguments.
    ///
    /// # Errors
    /// A value that is none, or cores that are needed and not given.
    pub(crate) fn new(args: Args) -> Result<Self, Diagnostic> {
        check_scopes(&args.set_resource_scopes)?;
        let mut settings = Self {
            task: task(&args),
            limits: RunLimits {
                cores: cores(&args)?,
                threads: args.max_threads,
                named: resources::limits(&args.resources).map_err(|why| refused("--resources", &why))?,
            },
            rule_threads: each(&args.set_threads, resources::rule_threads, "--set-threads")?,
            rule_resources: each(&args.set_resources, resources::rule_resource, "--set-resources")?,
            snakefile: args.snakefile.map(absolute),
            directory: args.directory,
            python: args.python.map(absolute),
            wrapper_prefix: args.wrapper_prefix,
            scatter: args.set_scatter.iter().map(|word| scatter(word)).collect::<Result<_, _>>()?,
            keeps_scripts: args.skip_script_cleanup,
            config: args.config,
            config_files: args.configfile.into_iter().map(absolute).collect(),
            keep_going: args.keep_going,
            retries: args.retries,
            latency_wait: seconds(args.latency_wait)?,
            touch: args.touch,
            keep_temporary: args.notemp,
            keep_incomplete: args.keep_incomplete,
            show_failed_logs: args.show_failed_logs,
            no_lock: args.nolock,
            wishes: Wishes {
                force_all: args.forceall,
                force_targets: args.force,
                force: args.forcerun,
                triggers: triggers(&args.rerun_triggers),
            },
            selection: Selection { until: args.until, omit_from: args.omit_from },
            quiet: quiet(args.quiet.as_deref()),
            print_commands: args.printshellcmds || args.verbose,
            targets: args.targets,
        };
        if settings.directory.is_none() {
            // Seen from where it runs, a Snakefile's path is best as it was typed.
            let here = std::env::current_dir().unwrap_or_default();
            let relative = |path: PathBuf| path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path);
            settings.snakefile = settings.snakefile.map(relative);
        }
        if settings.task == Task::Run && settings.limits.cores.is_none() {
            return Err(Diagnostic::new("it must be said how many cores to use")
                .hint("`--cores all`, or `-c 4`; `-n` shows what would run"));
        }
        Ok(settings)
    }
}

fn task(args: &Args) -> Task {
    if args.unlock {
        return Task::Unlock;
    }
    if args.list || args.list_target_rules {
        return Task::List { only_targets: args.list_target_rules };
    }
    if let Some(format) = &args.dag {
        return Task::DrawJobs(self::format(format));
    }
    if let Some(format) = &args.rulegraph {
        return Task::DrawRules(self::format(format));
    }
    if args.summary || args.detailed_summary {
        return Task::Summary { is_detailed: args.detailed_summary };
    }
    if args.dry_run { Task::DryRun } else { Task::Run }
}

fn format(word: &str) -> Format {
    match word {
        "svg" => Format::Svg,
        "png" => Format::Png,
        "mermaid" | "mermaid-js" => Format::Mermaid,
        _ => Format::Dot,
    }
}

fn cores(args: &Args) -> Result<Option<u64>, Diagnostic> {
    let all = || std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let read = |option: &str, word: &str| match word {
        "all" | "unlimited" => Ok(all()),
        word => word.parse().ok().filter(|&n| n > 0).ok_or_else(|| {
            Diagnostic::new(format!("`{option}` takes a whole number of at least 1, or `all`; not `{word}`"))
                .hint("to name a target as well, put it first, or after `--`")
        }),
    };
    match (&args.cores, &args.jobs) {
        (Some(word), _) => read("--cores", word).map(Some),
        (None, Some(word)) => read("--jobs", word).map(Some),
        (None, None) => Ok(None),
    }
}

fn refused(option: &str, why: &NotSupported) -> Diagnostic {
    Diagnostic::new(format!("{option}: {why}"))
}

fn each<T>(
    words: &[String],
    read: impl Fn(&str) -> Result<T, NotSupported>,
    option: &str,
) -> Result<Vec<T>, Diagnostic> {
    words.iter().map(|word| read(word).map_err(|why| refused(option, &why))).collect()
}

fn scatter(word: &str) -> Result<(String, u32), Diagnostic> {
    let parts = word.split_once('=').and_then(|(name, n)| Some((name.to_owned(), n.parse().ok()?)));
    parts.ok_or_else(|| Diagnostic::new(format!("`--set-scatter` takes `name=parts`, as `split=8`; not `{word}`")))
}

fn check_scopes(words: &[String]) -> Result<(), Diagnostic> {
    let is_scope = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, scope)| !name.is_empty() && matches!(scope, "local" | "global" | "excluded"))
    };
    match words.iter().find(|word| !is_scope(word)) {
        Some(word) => {
            let why = NotSupported::Form(word.clone(), "`name=local` or `name=global`");
            Err(refused("--set-resource-scopes", &why))
        }
        None => Ok(()),
    }
}

fn seconds(seconds: Option<f64>) -> Result<Option<Duration>, Diagnostic> {
    seconds
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds).map_err(|_| {
                Diagnostic::new("`--latency-wait` takes a number of seconds that is not negative")
            })
        })
        .transpose()
}

fn triggers(words: &[String]) -> Triggers {
    if words.is_empty() {
        return Triggers::default();
    }
    let has = |word: &str| words.iter().any(|known| known == word);
    Triggers { mtime: has("mtime"), params: has("params"), input: has("input"), code: has("code") }
}

fn quiet(words: Option<&[String]>) -> Quiet {
    let Some(words) = words else { return Quiet::default() };
    let has = |word: &str| words.iter().any(|known| known == word);
    let all = has("all");
    Quiet {
        all,
        progress: all || words.is_empty() || has("progress"),
        rules: all || words.is_empty() || has("rules"),
        reason: all || has("reason"),
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
