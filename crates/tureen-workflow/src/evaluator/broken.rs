//! What can go wrong with the evaluator itself, as opposed to the code that it runs.

use std::path::PathBuf;

/// The evaluator can't be started, or does not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// No interpreter was found.
    #[error(
        "this workflow needs Python, but no `python3` was found\nhint: install Python 3.10 or newer, or name one with `--python`"
    )]
    NotFound,
    /// The interpreter can't be started.
    #[error("`{}` can't be started: {}", .0.display(), .1)]
    NotStarted(PathBuf, std::io::Error),
    /// It started, but is not a Python that we can talk to.
    #[error("`{}` did not start as a Python 3.10 or newer: {}\nhint: name another one with `--python`", .0.display(), .1)]
    NotPython(PathBuf, String),
    /// It ended while it was needed.
    #[error("the Python process that holds the Snakefile ended: {0}\nhint: what it printed last may say why")]
    Died(String),
    /// What it sent can't be understood.
    #[error("the Python process that holds the Snakefile sent something that can't be understood: {0}")]
    Garbled(String),
}
