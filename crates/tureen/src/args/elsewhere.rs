//! Options of Snakemake 9.27 that need no code here: what they ask for is so in any case, or it can't be done and
//! they are refused. `docs/snakemake.md` lists them with all others.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tureen_workflow::diagnostic::Diagnostic;

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is taken, and changes nothing: why.
    Nothing,
    /// It is refused: why, and what to do instead.
    Refused(&'static str),
}

use Fate::{Nothing, Refused};

/// How many values an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A switch.
    No,
    /// One.
    One,
    /// One or none.
    Perhaps,
    /// Exactly two.
    Two,
    /// Any number.
    Many,
}

/// An option: its long name, further names, its values, its fate.
pub(crate) type Elsewhere = (&'static str, &'static [&'static str], Takes, Fate);

const NO_IMMEDIATE: &str =
    "jobs are submitted when what they need is there; clusters need not know of dependencies";
const NO_PRECOMMAND: &str = "nodes run this very program, so there is nothing to set up first; put what jobs need into the job script (`--jobscript`)";
const NO_STORAGE: &str = "storage plugins are not supported: files are local";
const NO_NOTEBOOK: &str = "notebooks can't be edited from here; open them with Jupyter";
const NO_SOFTWARE: &str = "software environments are not made here; activate one with the programs that the workflow needs, and leave this out";

/// All of them, in the order of Snakemake's `--help`.
pub(crate) const ALL: &[Elsewhere] = &[
    // Read only by executors that are not here.
    ("preemptible-rules", &[], Takes::Many, Nothing),
    ("preemptible-retries", &[], Takes::One, Nothing),
    ("envvars", &[], Takes::Many, Nothing),
    (
        "strict-dag-evaluation",
        &[],
        Takes::Many,
        Refused("rules that a target doesn't need are not evaluated; leave this out"),
    ),
    // There is one scheduler, and it starts whatever fits.
    ("scheduler", &[], Takes::Perhaps, Nothing),
    ("scheduler-greediness", &["greediness"], Takes::One, Nothing),
    ("scheduler-subsample", &[], Takes::One, Nothing),
    ("scheduler-solver-path", &[], Takes::One, Nothing),
    ("scheduler-greedy-greediness", &[], Takes::One, Nothing),
    ("scheduler-greedy-omit-prioritize-by-temp-and-input", &[], Takes::No, Nothing),
    ("scheduler-ilp-solver", &[], Takes::One, Nothing),
    ("scheduler-ilp-solver-path", &[], Takes::One, Nothing),
    ("no-subworkflows", &["nosw"], Takes::No, Nothing),
    ("precommand", &[], Takes::One, Refused(NO_PRECOMMAND)),
    ("reporter", &[], Takes::One, Refused("there is one kind of report: `--report FILE` makes it")),
    ("report-html-path", &[], Takes::One, Refused("use `--report FILE`")),
    ("report-html-stylesheet-path", &[], Takes::One, Refused("use `--report-stylesheet FILE`")),
    ("draft-notebook", &[], Takes::One, Refused(NO_NOTEBOOK)),
    ("edit-notebook", &[], Takes::One, Refused(NO_NOTEBOOK)),
    ("notebook-listen", &[], Takes::One, Refused(NO_NOTEBOOK)),
    ("containerize", &[], Takes::Perhaps, Refused("containers are not made here")),
    ("export-cwl", &[], Takes::One, Refused("workflows can't be written as CWL; Snakemake can")),
    (
        "archive",
        &[],
        Takes::One,
        Refused(
            "archives are not made here; `git archive` packs the workflow, `--list-untracked` shows the rest",
        ),
    ),
    (
        "print-compilation",
        &[],
        Takes::No,
        Refused("Snakefiles are not compiled to Python text; errors point into the Snakefile itself"),
    ),
    // Of Snakemake's slurm plugin; `docs/cluster.md` has them.
    ("slurm-delete-logfiles-older-than", &[], Takes::One, Nothing),
    ("slurm-status-attempts", &[], Takes::One, Nothing),
    ("slurm-disable-memory-fudge", &[], Takes::No, Nothing),
    ("slurm-pass-command-as-script", &[], Takes::No, Nothing),
    (
        "slurm-efficiency-report",
        &[],
        Takes::No,
        Refused("what jobs used is in `benchmark:` files, and in Slurm's accounts (`sacct`, `seff`)"),
    ),
    ("slurm-efficiency-report-path", &[], Takes::One, Nothing),
    ("slurm-efficiency-threshold", &[], Takes::One, Nothing),
    (
        "slurm-partition-config",
        &[],
        Takes::One,
        Refused(
            "partitions are not chosen here; let the resource `slurm_partition` be a function of the job",
        ),
    ),
    // No shared memory is used.
    ("force-use-threads", &[], Takes::No, Nothing),
    // The disk is asked once per directory, which takes no time to speak of.
    ("max-inventory-time", &[], Takes::One, Nothing),
    ("wait-for-free-local-storage", &[], Takes::One, Nothing),
    ("keep-storage-local-copies", &[], Takes::No, Nothing),
    ("not-retrieve-storage", &[], Takes::No, Nothing),
    ("unneeded-temp-files", &[], Takes::Many, Refused("it is for Snakemake's own use")),
    ("target-files-omit-workdir-adjustment", &[], Takes::No, Nothing),
    ("queue-input-wait-time", &[], Takes::One, Nothing),
    ("default-storage-prefix", &[], Takes::One, Refused(NO_STORAGE)),
    ("local-storage-prefix", &[], Takes::One, Nothing),
    ("remote-job-local-storage-prefix", &[], Takes::One, Nothing),
    ("shared-fs-usage", &[], Takes::Many, Nothing),
    (
        "debug",
        &[],
        Takes::No,
        Refused("`run:` blocks have no terminal; use `--verbose`, or print from the block"),
    ),
    ("runtime-profile", &[], Takes::One, Refused("this program can't be profiled by `yappi`")),
    ("local-groupid", &[], Takes::One, Refused("it is for Snakemake's own use")),
    ("logger", &[], Takes::Many, Refused("logger plugins are not supported")),
    ("job-deploy-sources", &[], Takes::No, Nothing),
    ("benchmark-extended", &[], Takes::No, Refused("benchmark files have Snakemake's usual columns only")),
    ("mode", &[], Takes::One, Refused("it is for Snakemake's own use")),
    // What made what is kept in `.tureen/record.sqlite`, whichever backend Snakemake would use.
    ("persistence-backend", &[], Takes::One, Nothing),
    ("persistence-backend-db-url", &[], Takes::One, Refused("the record stays in `.tureen`")),
    ("container-image", &[], Takes::One, Nothing),
    ("immediate-submit", &["is"], Takes::No, Refused(NO_IMMEDIATE)),
    ("container-cleanup-images", &[], Takes::No, Refused(NO_SOFTWARE)),
    ("conda-base-path", &[], Takes::One, Refused(NO_SOFTWARE)),
    // Without environments there is nothing that these could change.
    ("conda-not-block-search-path-envvars", &[], Takes::No, Nothing),
    ("conda-prefix", &[], Takes::One, Nothing),
    ("conda-cleanup-pkgs", &[], Takes::Perhaps, Nothing),
    ("conda-frontend", &[], Takes::One, Nothing),
    ("apptainer-prefix", &["singularity-prefix"], Takes::One, Nothing),
    ("apptainer-args", &["singularity-args"], Takes::One, Nothing),
    ("list-conda-envs", &[], Takes::No, Refused(NO_SOFTWARE)),
    ("conda-cleanup-envs", &[], Takes::No, Refused(NO_SOFTWARE)),
    ("conda-create-envs-only", &[], Takes::No, Refused(NO_SOFTWARE)),
    ("deploy-sources", &[], Takes::Two, Refused("it is for Snakemake's own use")),
];

/// Teaches a command these options; `--help` doesn't show them.
pub(crate) fn add_to(command: Command) -> Command {
    command.args(ALL.iter().map(|&(name, aliases, takes, _)| {
        let arg = Arg::new(name).long(name).aliases(aliases).hide(true);
        match takes {
            Takes::No => arg.action(ArgAction::SetTrue),
            Takes::One => arg.action(ArgAction::Set).allow_hyphen_values(true),
            Takes::Perhaps => arg.action(ArgAction::Set).num_args(0..=1).default_missing_value(""),
            Takes::Two => arg.action(ArgAction::Set).num_args(2),
            Takes::Many => arg.action(ArgAction::Set).num_args(0..),
        }
    }))
}

/// Refuses the first of these options that can't be honoured.
///
/// # Errors
/// Which, and why.
pub(crate) fn check(matches: &ArgMatches) -> Result<(), Diagnostic> {
    for (name, _, _, fate) in ALL {
        let is_typed = matches.value_source(name) == Some(ValueSource::CommandLine);
        if let Refused(why) = fate
            && is_typed
        {
            return Err(Diagnostic::new(format!("`--{name}` is not supported")).hint(*why));
        }
    }
    Ok(())
}
