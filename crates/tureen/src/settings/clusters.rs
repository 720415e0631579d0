//! Where jobs run that don't run here, and on what terms.

use std::time::Duration;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::remote::generic::{Commands, JOBNAME};
use tureen_workflow::remote::slurm::{Mode, Settings as SlurmSettings};

use super::rules::{numbers, scopes};
use super::{Task, seconds_of};
use crate::args::Args;

/// A cluster, and how to use it.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) kind: Kind,
    /// `--jobs`
    pub(crate) n_jobs: u64,
    /// `--local-cores`
    pub(crate) local_cores: u64,
    /// `--group-components`
    pub(crate) components: Vec<(String, u32)>,
    /// `--set-resource-scopes`
    pub(crate) scopes: Vec<(String, String)>,
}

/// Which kind of cluster.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// With commands of the user's.
    Generic(Box<Commands>),
    /// Slurm.
    Slurm(Box<SlurmSettings>),
}

/// What `--executor` and the options for it mean; `None`: jobs run here.
///
/// # Errors
/// An executor that is not here, or an option that it needs.
pub(super) fn cluster(args: &Args, task: Task) -> Result<Option<Cluster>, Diagnostic> {
    let components = numbers(&args.group_components, "--group-components")?;
    let scopes = scopes(&args.set_resource_scopes)?;
    let kind = match args.executor.as_deref() {
        None | Some("local" | "dryrun" | "touch") => return Ok(None),
        Some("cluster-generic") => generic(args)?,
        Some("slurm") => slurm(args)?,
        Some(other) => {
            return Err(Diagnostic::new(format!("`--executor {other}` is not supported")).hint(
                "there are `local`, `slurm` and `cluster-generic`, which takes commands for any cluster",
            ));
        }
    };
    if args.touch {
        return Ok(None);
    }
    let all = || std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let n_jobs = match args.jobs.as_deref() {
        Some("unlimited" | "all") => u64::from(u32::MAX),
        Some(word) => word.parse().ok().filter(|&n| n > 0).ok_or_else(|| {
            Diagnostic::new(format!(
                "`--jobs` takes a whole number of at least 1, or `unlimited`; not `{word}`"
            ))
        })?,
        None if task == Task::Run => {
            return Err(Diagnostic::new("it must be said how many jobs may be at the cluster at once")
                .hint("`--jobs 100`; `-n` shows what would run"));
        }
        None => 1,
    };
    let kind = match kind {
        Kind::Slurm(settings) => Kind::Slurm(Box::new(SlurmSettings { n_jobs, ..*settings })),
        other => other,
    };
    Ok(Some(Cluster {
        kind,
        n_jobs,
        local_cores: args.clusters.local_cores.filter(|&n| n > 0).unwrap_or_else(all),
        components,
        scopes,
    }))
}

fn generic(args: &Args) -> Result<Kind, Diagnostic> {
    let options = &args.clusters;
    let Some(submit) = options.cluster_generic_submit_cmd.clone() else {
        return Err(Diagnostic::new("`--executor cluster-generic` needs a command that submits jobs")
            .hint("`--cluster-generic-submit-cmd \"sbatch --parsable\"`, or what your cluster has"));
    };
    let jobname = options.jobname.clone().unwrap_or_else(|| JOBNAME.to_owned());
    if !jobname.contains("{jobid}") {
        return Err(Diagnostic::new("`--jobname` must have `{jobid}` in it: names of jobs have to differ"));
    }
    let jobscript = match &options.jobscript {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            Diagnostic::new(format!("the job script `{}` can't be read: {error}", path.display()))
        })?),
    };
    if jobscript.as_ref().is_some_and(|text| !text.contains("{exec_job}")) {
        return Err(Diagnostic::new("the job script has no `{exec_job}`: it would not run the job"));
    }
    let program = program()?;
    Ok(Kind::Generic(Box::new(Commands {
        submit,
        status: options.cluster_generic_status_cmd.clone(),
        cancel: options.cluster_generic_cancel_cmd.clone(),
        cancel_nargs: options.cluster_generic_cancel_nargs,
        sidecar: options.cluster_generic_sidecar_cmd.clone(),
        jobname,
        jobscript,
        status_interval: seconds_of(
            "--seconds-between-status-checks",
            options.seconds_between_status_checks,
        )?,
        status_rate: options.max_status_checks_per_second,
        latency_wait: Duration::ZERO,
        program,
    })))
}

/// Where this program is, for nodes to start it.
fn program() -> Result<std::path::PathBuf, Diagnostic> {
    std::env::current_exe()
        .map_err(|error| Diagnostic::new(format!("this program doesn't know where it is: {error}")))
}

fn slurm(args: &Args) -> Result<Kind, Diagnostic> {
    let options = &args.clusters;
    let cores = match args.cores.as_deref() {
        None | Some("all" | "unlimited") => None,
        Some(word) => word.parse().ok(),
    };
    let mut further = Vec::new();
    further.extend(options.slurm_qos.as_ref().map(|qos| format!("--qos={qos}")));
    further.extend(options.slurm_reservation.as_ref().map(|name| format!("--reservation={name}")));
    let excluded = options.slurm_exclude_failed_nodes.as_ref().filter(|nodes| !nodes.is_empty());
    further.extend(excluded.map(|nodes| format!("--exclude={nodes}")));
    let prefix = options.slurm_jobname_prefix.clone().filter(|prefix| !prefix.is_empty());
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if prefix.as_ref().is_some_and(|prefix| prefix.len() > 50 || !prefix.chars().all(is_plain)) {
        return Err(Diagnostic::new(
            "`--slurm-jobname-prefix` takes up to 50 letters, digits, underscores and hyphens",
        ));
    }
    further.extend(options.slurm_requeue.then(|| "--requeue".to_owned()));
    further.extend(options.slurm_no_requeue.then(|| "--no-requeue".to_owned()));
    if options.slurm_pilots == Some(0)
        || options.slurm_pilot_cores == Some(0)
        || options.slurm_array_limit == 0
    {
        return Err(Diagnostic::new("numbers of pilots, their cores and jobs in an array are at least 1")
            .hint("`--slurm-mode jobs` does without pilots"));
    }
    Ok(Kind::Slurm(Box::new(SlurmSettings {
        program: program()?,
        mode: match options.slurm_mode.as_str() {
            "jobs" => Mode::Jobs,
            "pilots" => Mode::Pilots,
            _ => Mode::Auto,
        },
        n_jobs: 1,
        cores,
        n_planned: 0,
        prefix,
        logs: options.slurm_logdir.clone().map(super::absolute),
        keeps_logs: options.slurm_keep_successful_logs,
        options: further,
        array_limit: options.slurm_array_limit,
        pilots: options.slurm_pilots,
        pilot_cores: options.slurm_pilot_cores,
        pilot_minutes: options.slurm_pilot_runtime.max(1),
        first_status: seconds_of(
            "--slurm-init-seconds-before-status-checks",
            options.slurm_init_seconds_before_status_checks,
        )?,
        latency_wait: Duration::ZERO,
    })))
}
