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
}
