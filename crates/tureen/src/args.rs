//! What was typed. Names and shapes are Snakemake 9.27's: an option of its that we don't honour stands in
//! `args/elsewhere.rs` and is refused by name, unless it changes nothing here.
//!
//! As in Snakemake, an option that is given twice counts as given the second time only.

pub(crate) mod clusters;
pub(crate) mod elsewhere;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};

use tureen_workflow::diagnostic::Diagnostic;

use crate::profile;

/// Makes the files that a Snakefile describes, running only what must run.
///
/// A drop-in for `snakemake`: the same Snakefiles, options, files and exit codes.
#[derive(Debug, Parser)]
#[command(
    name = "tureen",
    version,
    disable_version_flag = true,
    infer_long_args = true,
    args_override_self = true,
    max_term_width = 110
)]
#[command(
    after_help = "Examples:\n  tureen -c 4            run the workflow in this folder on four cores\n  tureen -n              show what would run, and why\n  tureen -c1 out/a.txt   make one file\n  tureen --dag svg       draw the jobs (no Graphviz needed)\n  tureen why out/a.txt   why this file would be made, or what it was made from\n  tureen status          what a run in this folder is doing, from another terminal"
)]
pub(crate) struct Args {
    /// A command of our own, typed first.
    #[arg(skip)]
    pub(crate) own: Option<Own>,

    /// Files to make, or rules to run [default: the first rule]
    pub(crate) targets: Vec<String>,

    /// The Snakefile [default: Snakefile, snakefile, workflow/Snakefile or workflow/snakefile]
    #[arg(short = 's', long, value_name = "FILE")]
    pub(crate) snakefile: Option<PathBuf>,
    /// Run in this directory (made if need be)
    #[arg(short, long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// The python3 for Snakefiles that need one
    #[arg(long, value_name = "FILE")]
    pub(crate) python: Option<PathBuf>,
    /// Where wrappers are, instead of on GitHub: an address or `file:///folder/`
    #[arg(long, value_name = "PREFIX")]
    pub(crate) wrapper_prefix: Option<String>,
    /// Keep copies of source files here, instead of in a folder that ends with the run
    #[arg(long, value_name = "DIR")]
    pub(crate) runtime_source_cache_path: Option<PathBuf>,
    /// Keep what scripts are executed from, in `.snakemake/scripts`
    #[arg(long)]
    pub(crate) skip_script_cleanup: bool,
    /// Set entries of the config
    #[arg(action = ArgAction::Set, short = 'C', long, value_name = "KEY=VALUE", num_args = 0..)]
    pub(crate) config: Vec<String>,
    /// Config files, later ones winning over earlier ones and over the Snakefile's own
    #[arg(action = ArgAction::Set, long, visible_alias = "configfiles", value_name = "FILE", num_args = 1..)]
    pub(crate) configfile: Vec<PathBuf>,
    /// The config files named here replace those of the Snakefile instead of adding to them
    #[arg(long)]
    pub(crate) replace_workflow_config: bool,
    /// A profile (file, folder or name): options for those that are not typed. May be given several times
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Vec<String>,
    /// The workflow's own profile, `none` for none [default: profiles/default, if it is there]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) workflow_profile: Option<String>,
    /// Items that scatter-gather processes are split into, instead of what the workflow says
    #[arg(action = ArgAction::Set, long, value_name = "NAME=NUMBER", num_args = 1..)]
    pub(crate) set_scatter: Vec<String>,

    /// Use at most N cores; without N, all of them
    #[arg(short, long, value_name = "N|all", num_args = 0..=1, default_missing_value = "all")]
    pub(crate) cores: Option<String>,
    /// Have at most N jobs at a cluster at once; without a cluster the same as --cores
    #[arg(short, long, value_name = "N", num_args = 0..=1, default_missing_value = "unlimited")]
    pub(crate) jobs: Option<String>,
    /// Give no job more than N threads
    #[arg(long, value_name = "N")]
    pub(crate) max_threads: Option<u64>,
    /// Let jobs together use no more than this of what their `resources:` ask for
    #[arg(action = ArgAction::Set, long, visible_alias = "res", value_name = "NAME=NUMBER", num_args = 1..)]
    pub(crate) resources: Vec<String>,
    /// Threads of rules, instead of what they say themselves
    #[arg(action = ArgAction::Set, long, value_name = "RULE=THREADS", num_args = 1..)]
    pub(crate) set_threads: Vec<String>,
    /// Resources of rules, instead of what they say themselves
    #[arg(action = ArgAction::Set, long, value_name = "RULE:NAME=VALUE", num_args = 1..)]
    pub(crate) set_resources: Vec<String>,
    /// Resources of rules that don't say; expressions may use `input`, `attempt`, `threads`, `wildcards`
    #[arg(action = ArgAction::Set, long, visible_alias = "default-res", value_name = "NAME=VALUE", num_args = 0..)]
    pub(crate) default_resources: Option<Vec<String>>,
    /// Whether a limit is for each machine (`local`) or for all (`global`)
    #[arg(action = ArgAction::Set, long, value_name = "NAME=SCOPE", num_args = 1..)]
    pub(crate) set_resource_scopes: Vec<String>,
    /// After a failure go on with what does not depend on it
    #[arg(short, long)]
    pub(crate) keep_going: bool,
    /// Try a failed job again up to N times, where its rule doesn't say
    #[arg(short = 'T', long, visible_alias = "restart-times", value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Seconds to wait for outputs to appear after their job [default: 5 on network file systems and clusters, else 0]
    #[arg(short = 'w', long, visible_alias = "output-wait", value_name = "SECONDS")]
    pub(crate) latency_wait: Option<f64>,
    /// Keep temporary outputs
    #[arg(long, visible_alias = "nt", alias = "no-temp")]
    pub(crate) notemp: bool,
    /// Keep the outputs of failed jobs (they still count as unfinished)
    #[arg(long)]
    pub(crate) keep_incomplete: bool,
    /// Keep nothing on record of what was made: times of files will decide
    #[arg(long)]
    pub(crate) drop_metadata: bool,
    /// Treat all outputs as temporary
    #[arg(long)]
    pub(crate) all_temp: bool,
    /// Marks of files that are not honoured in this run, as `temp` or `protected`
    #[arg(action = ArgAction::Set, long, value_name = "MARK", num_args = 1..)]
    pub(crate) omit_flags: Vec<String>,
    /// Where the `shadow` folder of shadowed jobs is made [default: .tureen]
    #[arg(long, value_name = "DIR")]
    pub(crate) shadow_prefix: Option<PathBuf>,
    /// Groups of rules, instead of what they say themselves
    #[arg(action = ArgAction::Set, long, value_name = "RULE=GROUP", num_args = 1..)]
    pub(crate) groups: Vec<String>,
    /// How many unconnected parts of the graph go into one group job
    #[arg(action = ArgAction::Set, long, value_name = "GROUP=NUMBER", num_args = 1..)]
    pub(crate) group_components: Vec<String>,
    /// Start at most so many jobs in so long, as `10/1m`
    #[arg(long, value_name = "N/TIME")]
    pub(crate) max_jobs_per_timespan: Option<String>,
    /// Start at most so many jobs a second
    #[arg(long, value_name = "N")]
    pub(crate) max_jobs_per_second: Option<u32>,
    /// The number of the first attempt of each job
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) attempt: u32,
    /// Wait for these files before the first job
    #[arg(action = ArgAction::Set, long, value_name = "FILE", num_args = 0..)]
    pub(crate) wait_for_files: Vec<PathBuf>,
    /// Wait for the files that are listed in this one
    #[arg(long, value_name = "FILE")]
    pub(crate) wait_for_files_file: Option<PathBuf>,
    /// Don't run `onstart:`, `onsuccess:` and `onerror:`
    #[arg(long)]
    pub(crate) no_hooks: bool,
    /// Share results with other workflows, in the folder `$SNAKEMAKE_OUTPUT_CACHE`: those of rules with `cache:`, and of these
    #[arg(action = ArgAction::Set, long, value_name = "RULE", num_args = 0..)]
    pub(crate) cache: Option<Vec<String>>,
    /// Software environments that jobs should get: none can be made yet, so rules that ask for one are refused then
    #[arg(action = ArgAction::Set, long, aliases = ["deployment-method", "deployment", "sdm"], value_name = "METHOD", num_args = 1.., value_parser = ["conda", "apptainer", "env-modules"])]
    pub(crate) software_deployment_method: Vec<String>,
    /// The same as `--software-deployment-method conda`
    #[arg(long)]
    pub(crate) use_conda: bool,
    /// The same as `--software-deployment-method apptainer`
    #[arg(long, alias = "use-singularity")]
    pub(crate) use_apptainer: bool,
    /// The same as `--software-deployment-method env-modules`
    #[arg(long)]
    pub(crate) use_envmodules: bool,
    /// Where files are: on file systems that this machine sees (`none` or `fs`)
    #[arg(long, value_name = "NAME")]
    pub(crate) default_storage_provider: Option<String>,
    /// How jobs are run: `local`, `slurm`, `cluster-generic`, `dryrun` or `touch`
    #[arg(short, long, value_name = "NAME")]
    pub(crate) executor: Option<String>,

    /// Show what would run, and why; run nothing
    #[arg(short = 'n', long, visible_alias = "dryrun")]
    pub(crate) dry_run: bool,
    /// Give existing outputs the time of now instead of running their jobs
    #[arg(short, long)]
    pub(crate) touch: bool,
    /// Run the jobs of the targets even if they are up to date
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Run all jobs even if they are up to date
    #[arg(short = 'F', long)]
    pub(crate) forceall: bool,
    /// Run the jobs of these rules or files even if they are up to date
    #[arg(action = ArgAction::Set, short = 'R', long, value_name = "TARGET", num_args = 0..)]
    pub(crate) forcerun: Vec<String>,
    /// Run only what comes before these rules or files, and themselves
    #[arg(action = ArgAction::Set, short = 'U', long, value_name = "TARGET", num_args = 1..)]
    pub(crate) until: Vec<String>,
    /// Leave out these rules or files, and what comes after them
    #[arg(action = ArgAction::Set, short = 'O', long, value_name = "TARGET", num_args = 1..)]
    pub(crate) omit_from: Vec<String>,
    /// Make only a part of a rule's inputs, as `gather=1/10`
    #[arg(long, value_name = "RULE=PART/PARTS")]
    pub(crate) batch: Option<String>,
    /// Use only these rules
    #[arg(action = ArgAction::Set, long, value_name = "RULE", num_args = 1..)]
    pub(crate) allowed_rules: Vec<String>,
    /// Make the jobs of rules with these wildcards, as `sort:sample=a,part=1`
    #[arg(action = ArgAction::Set, long, value_name = "RULE:NAME=VALUE,...", num_args = 1..)]
    pub(crate) target_jobs: Vec<String>,
    /// Start what these targets need first
    #[arg(action = ArgAction::Set, short = 'P', long, value_name = "TARGET", num_args = 1..)]
    pub(crate) prioritize: Vec<String>,
    /// Inputs whose time does not matter, by name or number, as `sort=0,index`
    #[arg(action = ArgAction::Set, long, value_name = "RULE=INPUTS", num_args = 1..)]
    pub(crate) consider_ancient: Vec<String>,
    /// If several rules make a file, take the first instead of refusing
    #[arg(short, long)]
    pub(crate) allow_ambiguity: bool,
    /// Trust outputs whose job never ended
    #[arg(long, visible_alias = "ii")]
    pub(crate) ignore_incomplete: bool,
    /// Files up to this size are compared by content, as well as by time
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_checksum_file_size: Option<String>,
    /// What counts as a reason to run again
    #[arg(action = ArgAction::Set, long, value_name = "TRIGGER", num_args = 1.., value_parser = ["mtime", "params", "input", "code", "software-env"])]
    pub(crate) rerun_triggers: Vec<String>,

    /// Draw the jobs
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "dot", value_parser = PICTURES)]
    pub(crate) dag: Option<String>,
    /// Draw the rules
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "dot", value_parser = PICTURES)]
    pub(crate) rulegraph: Option<String>,
    /// Draw the rules with their files
    #[arg(long)]
    pub(crate) filegraph: bool,
    /// The jobs as JSON for D3.js
    #[arg(long)]
    pub(crate) d3dag: bool,
    /// A table of all outputs: date, rule, log, status, plan
    #[arg(short = 'S', long)]
    pub(crate) summary: bool,
    /// As --summary, with inputs and commands
    #[arg(short = 'D', long)]
    pub(crate) detailed_summary: bool,
    /// The names of the rules
    #[arg(short, long, visible_alias = "list-rules")]
    pub(crate) list: bool,
    /// The names of the rules that can be asked for by name
    #[arg(long, visible_alias = "lt")]
    pub(crate) list_target_rules: bool,
    /// Outputs of which this has changed since they were made
    #[arg(long, visible_alias = "lc", value_name = "WHAT", value_parser = ["code", "input", "params"])]
    pub(crate) list_changes: Option<String>,
    /// Outputs that were made from other inputs
    #[arg(long, visible_alias = "li")]
    pub(crate) list_input_changes: bool,
    /// Outputs that were made with other params
    #[arg(long, visible_alias = "lp")]
    pub(crate) list_params_changes: bool,
    /// Files in this folder that the workflow doesn't know
    #[arg(long, visible_alias = "lu")]
    pub(crate) list_untracked: bool,
    /// Look for weak points of the workflow
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "text", value_parser = ["text", "json"])]
    pub(crate) lint: Option<String>,

    /// Make a pytest file for each rule, with copies of what it reads and makes now
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".tests/unit")]
    pub(crate) generate_unit_tests: Option<PathBuf>,
    /// Make a report of the results, as a page (.html) or an archive (.zip)
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "report.html")]
    pub(crate) report: Option<PathBuf>,
    /// Run first, then make the report
    #[arg(long, requires = "report")]
    pub(crate) report_after_run: bool,
    /// A style sheet for the report, after its own
    #[arg(long, value_name = "FILE")]
    pub(crate) report_stylesheet: Option<PathBuf>,
    /// Names and values for the head of the report, as a template of yte's
    #[arg(long, value_name = "FILE")]
    pub(crate) report_metadata: Option<PathBuf>,

    /// Remove all outputs (with -n: only say which)
    #[arg(long)]
    pub(crate) delete_all_output: bool,
    /// Remove the temporary outputs (with -n: only say which)
    #[arg(long)]
    pub(crate) delete_temp_output: bool,
    /// Forget how these files were made
    #[arg(action = ArgAction::Set, long, visible_alias = "cm", value_name = "FILE", num_args = 1..)]
    pub(crate) cleanup_metadata: Vec<String>,
    /// Remove what shadowed jobs left behind
    #[arg(long)]
    pub(crate) cleanup_shadow: bool,

    /// Print the shell command of each job
    #[arg(short, long)]
    pub(crate) printshellcmds: bool,
    /// Say less: `all`, or some of `host`, `progress`, `reason`, `rules` [without a word: progress and rules]
    #[arg(action = ArgAction::Set, short, long, value_name = "WHAT", num_args = 0.., value_parser = ["all", "host", "progress", "reason", "rules"])]
    pub(crate) quiet: Option<Vec<String>>,
    /// Say more
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Say which jobs could make each file, and which one does
    #[arg(long)]
    pub(crate) debug_dag: bool,
    /// Tell what happens as events, one JSON object a line, on standard error
    #[arg(long, value_name = "FORMAT", value_parser = ["json"])]
    pub(crate) log: Option<String>,
    /// No colours
    #[arg(long)]
    pub(crate) nocolor: bool,
    /// Don't refuse to run beside another run in this directory
    #[arg(long)]
    pub(crate) nolock: bool,
    /// Give up jobs that a killed run has left at a cluster; else there is nothing to do: a lock ends with its process
    #[arg(long)]
    pub(crate) unlock: bool,
    /// Unfinished outputs are always made anew, so this changes nothing
    #[arg(long, visible_alias = "ri")]
    pub(crate) rerun_incomplete: bool,
    /// The disk is asked once per plan in any case, so this changes nothing
    #[arg(long)]
    pub(crate) trust_io_cache: bool,
    /// The version
    #[arg(short = 'v', long, action = ArgAction::Version)]
    pub(crate) version: Option<bool>,
    /// Show the end of a failed job's log also if the job printed something itself
    #[arg(long)]
    pub(crate) show_failed_logs: bool,

    #[command(flatten)]
    pub(crate) clusters: clusters::Clusters,
}

/// Commands that Snakemake does not have. Only as the very first word: behind an option it is a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// `tureen why FILE`
    Why,
    /// `tureen status`
    Status,
}

impl Own {
    fn of(word: &OsString) -> Option<Self> {
        match word.to_str()? {
            "why" => Some(Self::Why),
            "status" => Some(Self::Status),
            _ => None,
        }
    }
}

impl Args {
    /// Reads the command line, with the options of the profiles that it (or the workflow) asks for.
    ///
    /// # Errors
    /// An option that is refused, or a profile that can't be used. Other mistakes, and `--help`, end the program here.
    pub(crate) fn read() -> Result<Self, Diagnostic> {
        let mut words: Vec<OsString> = std::env::args_os().collect();
        let own = words.get(1).and_then(Own::of);
        if own.is_some() {
            words.remove(1);
        }
        let mut args = Self::read_words(words)?;
        args.own = own;
        Ok(args)
    }

    fn read_words(words: Vec<OsString>) -> Result<Self, Diagnostic> {
        let command = elsewhere::add_to(Self::command());
        let matches = command.clone().get_matches_from(&words);
        let args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let files = profile::find(&args)?;
        if files.is_empty() {
            elsewhere::check(&matches)?;
            return Ok(args);
        }
        let options = profile::options(&files, &command, &matches)?;
        // Behind what was typed, but before a `--`, behind which all is targets.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let mut extended = words[..end].to_vec();
        extended.extend(options.into_iter().map(OsString::from));
        extended.extend_from_slice(&words[end..]);
        let matches = command.get_matches_from(&extended);
        elsewhere::check(&matches)?;
        Ok(Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
    }
}

/// The pictures we can draw; `mermaid-js` is Snakemake's name for one of them.
const PICTURES: [&str; 5] = ["dot", "svg", "png", "mermaid", "mermaid-js"];
