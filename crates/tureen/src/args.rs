//! What was typed. Names and shapes are Snakemake 9.27's; an option that is not here is refused by name.

use std::path::PathBuf;

use clap::Parser;

/// Makes the files that a Snakefile describes, running only what must run.
///
/// A drop-in for `snakemake`: the same Snakefiles, options, files and exit codes.
#[derive(Debug, Parser)]
#[command(name = "tureen", version, infer_long_args = true, max_term_width = 110)]
#[command(
    after_help = "Examples:\n  tureen -c 4            run the workflow in this folder on four cores\n  tureen -n              show what would run, and why\n  tureen -c1 out/a.txt   make one file\n  tureen --dag svg       draw the jobs (no Graphviz needed)"
)]
pub(crate) struct Args {
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
    /// How many parts a `scattergather:` process has, instead of what the Snakefile says
    #[arg(long, value_name = "NAME=PARTS", num_args = 1..)]
    pub(crate) set_scatter: Vec<String>,
    /// Keep what scripts are executed from, in `.snakemake/scripts`
    #[arg(long)]
    pub(crate) skip_script_cleanup: bool,
    /// Set entries of the config
    #[arg(short = 'C', long, value_name = "KEY=VALUE", num_args = 0..)]
    pub(crate) config: Vec<String>,
    /// Config files, later ones winning over earlier ones and over the Snakefile's own
    #[arg(long, visible_alias = "configfiles", value_name = "FILE", num_args = 1..)]
    pub(crate) configfile: Vec<PathBuf>,

    /// Use at most N cores; without N, all of them
    #[arg(short, long, value_name = "N|all", num_args = 0..=1, default_missing_value = "all")]
    pub(crate) cores: Option<String>,
    /// Run at most N jobs at once: the same as --cores for local jobs
    #[arg(short, long, value_name = "N", num_args = 0..=1, default_missing_value = "unlimited")]
    pub(crate) jobs: Option<String>,
    /// Give no job more than N threads
    #[arg(long, value_name = "N")]
    pub(crate) max_threads: Option<u64>,
    /// Let jobs together use no more than this of what their `resources:` ask for
    #[arg(long, visible_alias = "res", value_name = "NAME=NUMBER", num_args = 1..)]
    pub(crate) resources: Vec<String>,
    /// Threads of rules, instead of what they say themselves
    #[arg(long, value_name = "RULE=THREADS", num_args = 1..)]
    pub(crate) set_threads: Vec<String>,
    /// Resources of rules, instead of what they say themselves
    #[arg(long, value_name = "RULE:NAME=VALUE", num_args = 1..)]
    pub(crate) set_resources: Vec<String>,
    /// Whether a limit is for each machine (`local`) or for all (`global`): the same for jobs on this one
    #[arg(long, value_name = "NAME=SCOPE", num_args = 1..)]
    pub(crate) set_resource_scopes: Vec<String>,
    /// After a failure go on with what does not depend on it
    #[arg(short, long)]
    pub(crate) keep_going: bool,
    /// Try a failed job again up to N times, where its rule doesn't say
    #[arg(short = 'T', long, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Seconds to wait for outputs to appear after their job [default: 5 on network file systems, else 0]
    #[arg(short = 'w', long, visible_alias = "output-wait", value_name = "SECONDS")]
    pub(crate) latency_wait: Option<f64>,
    /// Keep temporary outputs
    #[arg(long, visible_alias = "nt", alias = "no-temp")]
    pub(crate) notemp: bool,
    /// Keep the outputs of failed jobs (they still count as unfinished)
    #[arg(long)]
    pub(crate) keep_incomplete: bool,

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
    #[arg(short = 'R', long, value_name = "TARGET", num_args = 0..)]
    pub(crate) forcerun: Vec<String>,
    /// Run only what comes before these rules or files, and themselves
    #[arg(short = 'U', long, value_name = "TARGET", num_args = 1..)]
    pub(crate) until: Vec<String>,
    /// Leave out these rules or files, and what comes after them
    #[arg(short = 'O', long, value_name = "TARGET", num_args = 1..)]
    pub(crate) omit_from: Vec<String>,
    /// What counts as a reason to run again
    #[arg(long, value_name = "TRIGGER", num_args = 1.., value_parser = ["mtime", "params", "input", "code", "software-env"])]
    pub(crate) rerun_triggers: Vec<String>,

    /// Draw the jobs
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "dot", value_parser = PICTURES)]
    pub(crate) dag: Option<String>,
    /// Draw the rules
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "dot", value_parser = PICTURES)]
    pub(crate) rulegraph: Option<String>,
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

    /// Print the shell command of each job
    #[arg(short, long)]
    pub(crate) printshellcmds: bool,
    /// Say less: `all`, or some of `host`, `progress`, `reason`, `rules` [without a word: progress and rules]
    #[arg(short, long, value_name = "WHAT", num_args = 0.., value_parser = ["all", "host", "progress", "reason", "rules"])]
    pub(crate) quiet: Option<Vec<String>>,
    /// Say more
    #[arg(long)]
    pub(crate) verbose: bool,
    /// No colours
    #[arg(long)]
    pub(crate) nocolor: bool,
    /// Don't refuse to run beside another run in this directory
    #[arg(long)]
    pub(crate) nolock: bool,
    /// Nothing to do here: a lock ends with the process that holds it
    #[arg(long)]
    pub(crate) unlock: bool,
    /// Unfinished outputs are always made anew, so this changes nothing
    #[arg(long, visible_alias = "ri")]
    pub(crate) rerun_incomplete: bool,
    /// The disk is asked once per plan in any case, so this changes nothing
    #[arg(long)]
    pub(crate) trust_io_cache: bool,
    /// The log of a failed job is named in any case; with this its end is shown too
    #[arg(long)]
    pub(crate) show_failed_logs: bool,
}

/// The pictures we can draw; `mermaid-js` is Snakemake's name for one of them.
const PICTURES: [&str; 5] = ["dot", "svg", "png", "mermaid", "mermaid-js"];
