//! What will be done: the arguments, understood, checked and with their defaults filled in.

pub(crate) mod clusters;
mod rules;
mod task;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tureen_workflow::adjust::Adjustments;
use tureen_workflow::cache;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::job::TargetJob;
use tureen_workflow::plan::{Batch, Selection, Wishes};
use tureen_workflow::reason::Triggers;
use tureen_workflow::record::MAX_HASHED_BYTES;
use tureen_workflow::resources::{self, NotSupported, RunLimits};
use tureen_workflow::run::Pace;

use crate::args::Args;

pub(crate) use task::{Change, Format, Task};

/// Where a Snakefile is looked for, in this order (as Snakemake 9.27).
pub(crate) const PLACES: [&str; 4] = ["Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile"];

/// One use of the command.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) task: Task,
    /// `--report`, for now or after the run.
    pub(crate) report: Option<ReportWish>,
    pub(crate) targets: Vec<String>,
    pub(crate) snakefile: Option<PathBuf>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) python: Option<PathBuf>,
    pub(crate) wrapper_prefix: Option<String>,
    pub(crate) keeps_scripts: bool,
    /// Where copies of source files go.
    pub(crate) source_folder: Option<PathBuf>,
    pub(crate) config: Vec<String>,
    pub(crate) config_files: Vec<PathBuf>,
    pub(crate) limits: RunLimits,
    pub(crate) adjustments: Adjustments,
    /// `--batch`
    pub(crate) batch: Option<Batch>,
    pub(crate) target_jobs: Vec<TargetJob>,
    pub(crate) scatter: Vec<(String, u32)>,
    /// The directives whose software jobs should get.
    pub(crate) software: Vec<&'static str>,
    pub(crate) replaces_config: bool,
    pub(crate) first_attempt: u32,
    pub(crate) drops_record: bool,
    pub(crate) shadow_prefix: Option<PathBuf>,
    pub(crate) no_hooks: bool,
    /// How fast jobs may start.
    pub(crate) pace: Option<Pace>,
    /// Files to wait for before the first job.
    pub(crate) awaited: Vec<PathBuf>,
    pub(crate) priority_targets: Vec<String>,
    pub(crate) allows_ambiguity: bool,
    /// `--generate-unit-tests`: where to.
    pub(crate) unit_tests: Option<PathBuf>,
    /// `--cleanup-metadata`
    pub(crate) forgotten: Vec<String>,
    pub(crate) keep_going: bool,
    pub(crate) retries: Option<u32>,
    pub(crate) latency_wait: Option<Duration>,
    pub(crate) touch: bool,
    pub(crate) keep_temporary: bool,
    pub(crate) keep_incomplete: bool,
    /// `--cache`
    pub(crate) cache: Option<CacheWish>,
    pub(crate) show_failed_logs: bool,
    pub(crate) no_lock: bool,
    pub(crate) wishes: Wishes,
    pub(crate) selection: Selection,
    pub(crate) quiet: Quiet,
    /// `--log json`
    pub(crate) logs_json: bool,
    pub(crate) print_commands: bool,
    /// `--debug-dag`
    pub(crate) tells_choices: bool,
    /// Where jobs run, if that is not here.
    pub(crate) cluster: Option<clusters::Cluster>,
}

/// The cache between workflows.
#[derive(Debug, Clone)]
pub(crate) struct CacheWish {
    /// Where it is; without a place there is none.
    pub(crate) folder: Option<PathBuf>,
    /// Rules that are cached besides those that say so themselves.
    pub(crate) rules: Vec<String>,
}

/// A report to be made.
#[derive(Debug, Clone)]
pub(crate) struct ReportWish {
    /// Where it goes: a page or an archive, by its name's end.
    pub(crate) path: PathBuf,
    pub(crate) stylesheet: Option<PathBuf>,
    pub(crate) metadata: Option<PathBuf>,
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
        check_place(&args)?;
        let task = task::task(&args);
        let cluster = clusters::cluster(&args, task)?;
        let touches = args.touch || args.executor.as_deref() == Some("touch");
        let max_hashed_bytes = max_hashed_bytes(&args)?;
        let mut settings = Self {
            task,
            report: report(&args)?,
            limits: RunLimits {
                cores: cores(&args, task, touches, cluster.is_some())?,
                threads: args.max_threads,
                named: resources::limits(&args.resources).map_err(|why| refused("--resources", &why))?,
            },
            adjustments: rules::adjustments(&args)?,
            batch: rules::batch(&args)?,
            target_jobs: rules::target_jobs(&args)?,
            scatter: rules::numbers(&args.set_scatter, "--set-scatter")?,
            software: software(&args),
            latency_wait: seconds(args.latency_wait)?,
            pace: pace(&args)?,
            awaited: awaited(&args)?,
            snakefile: args.snakefile.map(absolute),
            directory: args.directory,
            python: args.python.map(absolute),
            wrapper_prefix: args.wrapper_prefix,
            keeps_scripts: args.skip_script_cleanup,
            source_folder: args.runtime_source_cache_path.map(absolute),
            config: args.config,
            config_files: args.configfile.into_iter().map(absolute).collect(),
            replaces_config: args.replace_workflow_config,
            keep_going: args.keep_going,
            retries: args.retries,
            first_attempt: args.attempt,
            touch: touches,
            keep_temporary: args.notemp,
            keep_incomplete: args.keep_incomplete,
            cache: cache(args.cache)?,
            drops_record: args.drop_metadata,
            shadow_prefix: args.shadow_prefix.map(absolute),
            no_hooks: args.no_hooks,
            show_failed_logs: args.show_failed_logs,
            no_lock: args.nolock,
            wishes: Wishes {
                force_all: args.forceall,
                force_targets: args.force,
                force: args.forcerun,
                triggers: triggers(&args.rerun_triggers),
                trust_unfinished: args.ignore_incomplete,
                max_hashed_bytes: max_hashed_bytes.unwrap_or(MAX_HASHED_BYTES),
            },
            selection: Selection { until: args.until, omit_from: args.omit_from },
            priority_targets: args.prioritize,
            allows_ambiguity: args.allow_ambiguity,
            unit_tests: args.generate_unit_tests,
            forgotten: args.cleanup_metadata,
            quiet: quiet(args.quiet.as_deref()),
            logs_json: args.log.is_some(),
            print_commands: args.printshellcmds || args.verbose,
            tells_choices: args.debug_dag,
            targets: args.targets,
            cluster,
        };
        if settings.directory.is_none() {
            // Seen from where it runs, a Snakefile's path is best as it was typed.
            let here = std::env::current_dir().unwrap_or_default();
            let relative = |path: PathBuf| path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path);
            settings.snakefile = settings.snakefile.map(relative);
        }
        Ok(settings)
    }
}

/// The Snakefile that these arguments mean, if there is one.
pub(crate) fn snakefile_of(args: &Args) -> Option<PathBuf> {
    let usual = || PLACES.iter().map(PathBuf::from).find(|place| place.exists());
    args.snakefile.clone().or_else(usual)
}

/// Executors and storage that are elsewhere.
fn check_place(args: &Args) -> Result<(), Diagnostic> {
    if let Some(provider) = args.default_storage_provider.as_deref()
        // With `fs` files are where they are said to be, on a file system: so they are here in any case.
        && !["none", "fs"].contains(&provider)
    {
        return Err(Diagnostic::new(format!("`--default-storage-provider {provider}` is not supported"))
            .hint("storage plugins are not supported: files are on file systems that this machine sees"));
    }
    Ok(())
}

fn cache(rules: Option<Vec<String>>) -> Result<Option<CacheWish>, Diagnostic> {
    let Some(rules) = rules else { return Ok(None) };
    let folder = std::env::var_os(cache::LOCATION).filter(|place| !place.is_empty()).map(PathBuf::from);
    if let Some(address) =
        folder.as_ref().map(|folder| folder.to_string_lossy()).filter(|place| place.contains("://"))
    {
        let message = format!("the cache between workflows can't be at `{address}` (${})", cache::LOCATION);
        return Err(Diagnostic::new(message).hint("storage plugins are not supported: it has to be a folder"));
    }
    Ok(Some(CacheWish { folder, rules }))
}

/// The directives whose software was asked for.
fn software(args: &Args) -> Vec<&'static str> {
    let has = |method: &str| args.software_deployment_method.iter().any(|known| known == method);
    let mut directives = Vec::new();
    if args.use_conda || has("conda") {
        directives.push("conda");
    }
    if args.use_apptainer || has("apptainer") {
        directives.extend(["container", "containerized", "singularity"]);
    }
    if args.use_envmodules || has("env-modules") {
        directives.push("envmodules");
    }
    directives
}

fn pace(args: &Args) -> Result<Option<Pace>, Diagnostic> {
    if let Some(word) = &args.max_jobs_per_timespan {
        let read = || {
            let (jobs, time) = word.split_once('/')?;
            let unit = time.find(|c: char| !c.is_ascii_digit())?;
            let number: u64 = time[..unit].parse().ok()?;
            let milliseconds = match &time[unit..] {
                "ms" => 1,
                "s" => 1000,
                "m" => 60 * 1000,
                "h" => 3600 * 1000,
                "d" => 24 * 3600 * 1000,
                "w" => 7 * 24 * 3600 * 1000,
                _ => return None,
            };
            let jobs = jobs.parse().ok().filter(|&jobs| jobs > 0)?;
            Some(Pace { jobs, per: Duration::from_millis(number.checked_mul(milliseconds)?) })
        };
        let form = NotSupported::Form(word.clone(), "`jobs/time`, as `10/1m` (h, m, s, ms, w or d)");
        return read().map(Some).ok_or_else(|| refused("--max-jobs-per-timespan", &form));
    }
    match args.max_jobs_per_second {
        Some(0) => Err(Diagnostic::new("`--max-jobs-per-second` takes a number of at least 1")),
        Some(jobs) => Ok(Some(Pace { jobs, per: Duration::from_secs(1) })),
        None => Ok(None),
    }
}

/// `--wait-for-files` and those that `--wait-for-files-file` lists.
fn awaited(args: &Args) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut files = args.wait_for_files.clone();
    if let Some(list) = &args.wait_for_files_file {
        let text = std::fs::read_to_string(list).map_err(|error| {
            Diagnostic::new(format!("`{}` (--wait-for-files-file) can't be read: {error}", list.display()))
        })?;
        files.extend(text.lines().map(|line| PathBuf::from(line.trim())));
    }
    Ok(files)
}

fn max_hashed_bytes(args: &Args) -> Result<Option<u64>, Diagnostic> {
    let Some(word) = &args.max_checksum_file_size else { return Ok(None) };
    let form = NotSupported::Form(word.clone(), "a size, as `1000000` or `1MB`");
    let bytes = resources::amount::bytes(word).ok_or_else(|| refused("--max-checksum-file-size", &form))?;
    Ok(Some(bytes))
}

fn cores(args: &Args, task: Task, touches: bool, is_elsewhere: bool) -> Result<Option<u64>, Diagnostic> {
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
        // As Snakemake: what runs nothing needs one.
        (None, _) if task == Task::DryRun || touches => Ok(Some(1)),
        (None, _) if is_elsewhere => Ok(None),
        (None, Some(word)) => read("--jobs", word).map(Some),
        (None, None) => Ok(None),
    }
}

fn report(args: &Args) -> Result<Option<ReportWish>, Diagnostic> {
    let Some(path) = args.report.clone() else { return Ok(None) };
    if !path.extension().is_some_and(|end| end == "html" || end == "zip") {
        let message =
            format!("`--report` takes a file that ends with `.html` or `.zip`; not `{}`", path.display());
        return Err(Diagnostic::new(message));
    }
    let (stylesheet, metadata) = (args.report_stylesheet.clone(), args.report_metadata.clone());
    Ok(Some(ReportWish { path, stylesheet, metadata }))
}

fn refused(option: &str, why: &NotSupported) -> Diagnostic {
    Diagnostic::new(format!("{option}: {why}"))
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

/// A number of seconds that an option was given.
fn seconds_of(option: &str, seconds: f64) -> Result<Duration, Diagnostic> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Diagnostic::new(format!("`{option}` takes a number of seconds that is not negative")))
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
