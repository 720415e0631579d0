//! The exit codes, as Snakemake 9.27's.

/// Everything asked for is there.
pub(crate) const SUCCESS: u8 = 0;
/// The workflow can't be read or planned, a job failed, or the run was stopped.
pub(crate) const FAILURE: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// Whoever read our output went away (128 + SIGPIPE, as a shell reports it).
pub(crate) const BROKEN_PIPE: u8 = 141;
