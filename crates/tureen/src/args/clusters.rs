//! Options about jobs on other machines. Names are those of Snakemake 9.27 and its plugins cluster-generic and slurm.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "Clusters")]
pub(crate) struct Clusters {
    /// Use at most N cores of this machine for local rules [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) local_cores: Option<u64>,
    /// The name of job scripts [default: snakejob.{name}.{jobid}.sh]
    #[arg(long, visible_alias = "jn", value_name = "NAME")]
    pub(crate) jobname: Option<String>,
    /// The job script to fill: `{exec_job}` runs the job, `{properties}` says what it is
    #[arg(long, visible_alias = "js", value_name = "FILE")]
    pub(crate) jobscript: Option<PathBuf>,
    /// Ask for the status of at most N jobs a second (status commands)
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    pub(crate) max_status_checks_per_second: f64,
    /// Ask for a job's status every so many seconds (status commands)
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) seconds_between_status_checks: f64,
    /// The command that submits a job script and prints the job's name (`--executor cluster-generic`)
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cluster_generic_submit_cmd: Option<String>,
    /// The command that prints `running`, `success` or `failed` for a job
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cluster_generic_status_cmd: Option<String>,
    /// The command that cancels jobs
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cluster_generic_cancel_cmd: Option<String>,
    /// How many jobs it is given at once
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) cluster_generic_cancel_nargs: usize,
    /// A program that runs beside the run; its first line is given to the commands above
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cluster_generic_sidecar_cmd: Option<String>,

    /// Which way jobs go to Slurm: `pilots` (a few allocations take many jobs), `jobs` (each its own, alike ones as arrays), or `auto`: small ones to pilots if there are many
    #[arg(long, value_name = "WAY", default_value = "auto", value_parser = ["auto", "jobs", "pilots"])]
    pub(crate) slurm_mode: String,
    /// At most so many pilots at once [default: as many as --jobs or --cores need]
    #[arg(long, value_name = "N")]
    pub(crate) slurm_pilots: Option<u64>,
    /// Cores of a pilot [default: a node's, up to 16]
    #[arg(long, value_name = "N")]
    pub(crate) slurm_pilot_cores: Option<u64>,
    /// Minutes that a pilot may take
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub(crate) slurm_pilot_runtime: u64,
    /// Where Slurm's logs go [default: the run's folder in .tureen/cluster]
    #[arg(long, value_name = "DIR")]
    pub(crate) slurm_logdir: Option<PathBuf>,
    /// Keep the logs of jobs that ended well
    #[arg(long)]
    pub(crate) slurm_keep_successful_logs: bool,
    /// Seconds before Slurm is asked for the status of jobs; the pauses grow from there
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) slurm_init_seconds_before_status_checks: f64,
    /// The most jobs in one array
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) slurm_array_limit: usize,
    /// The quality of service to ask for
    #[arg(long, value_name = "NAME")]
    pub(crate) slurm_qos: Option<String>,
    /// The reservation to use
    #[arg(long, value_name = "NAME")]
    pub(crate) slurm_reservation: Option<String>,
    /// Put this before the names of Slurm's jobs, which begin with their rule's name
    #[arg(long, value_name = "PREFIX")]
    pub(crate) slurm_jobname_prefix: Option<String>,
    /// Nodes that no job is to run on, separated by commas
    #[arg(long, value_name = "NODES")]
    pub(crate) slurm_exclude_failed_nodes: Option<String>,
    /// Let Slurm requeue jobs
    #[arg(long)]
    pub(crate) slurm_requeue: bool,
    /// Forbid Slurm to requeue jobs: those that are lost with their node are sent again by tureen
    #[arg(long, conflicts_with = "slurm_requeue")]
    pub(crate) slurm_no_requeue: bool,
    /// Nothing to do here: Slurm's default account is used unless `slurm_account` says otherwise
    #[arg(long)]
    pub(crate) slurm_no_account: bool,
    /// Nothing to do here: alike jobs go as arrays in any case
    #[arg(long, value_name = "RULES")]
    pub(crate) slurm_array_jobs: Option<String>,
    /// Nothing to do here: the queue is asked, and the accounts for what it has forgotten
    #[arg(long, value_name = "COMMAND")]
    pub(crate) slurm_status_command: Option<String>,
}
