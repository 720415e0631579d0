//! What the command does, one file per thing.

mod apart;
mod changes;
mod draw;
mod dry_run;
mod lint;
mod list;
mod load;
mod node;
mod parts;
mod python;
mod report;
mod run;
mod status;
mod story;
mod summary;
mod tidy;
mod unit_tests;
mod why;

use std::io;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::span::Sources;

use crate::exit_code;
use crate::render;
use crate::settings::{Settings, Task};

/// The first argument that makes this program the guard of a run (see `tureen_workflow::work::guard`).
pub(crate) const GUARD: &str = "__guard";

pub(crate) use node::node_word;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Errors for the user, with the files they point into.
    Errors(Vec<Diagnostic>, Sources),
    /// Standard output can't be written to.
    Output(io::Error),
}

impl From<Diagnostic> for Ended {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Errors(vec![diagnostic], Sources::default())
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Does what the settings say; the exit code.
pub(crate) fn run(settings: &Settings) -> u8 {
    let done = match settings.task {
        Task::Run => run_and_report(settings),
        Task::Report => report::report(settings, settings.report.as_ref().expect("that is the task")),
        Task::UnitTests => {
            unit_tests::generate(settings, settings.unit_tests.as_deref().expect("that is the task"))
        }
        Task::DryRun => dry_run::dry_run(settings),
        Task::DrawJobs(format) => draw::jobs(settings, format),
        Task::DrawRules(format) => draw::rules(settings, format),
        Task::Summary { is_detailed } => summary::summary(settings, is_detailed),
        Task::DrawFiles => draw::files(settings),
        Task::D3 => draw::d3(settings),
        Task::ListChanges(change) => changes::changes(settings, change),
        Task::ListUntracked => changes::untracked(settings),
        Task::Lint { is_json } => lint::lint_workflow(settings, is_json),
        Task::Delete { only_temporary, is_dry } => tidy::delete(settings, only_temporary, is_dry),
        Task::Forget => tidy::forget(settings),
        Task::CleanShadow => tidy::clean_shadow(settings),
        Task::List { only_targets } => list::list(settings, only_targets),
        Task::Why => why::why(settings),
        Task::Status => status::status(settings),
        Task::Unlock => {
            let enter = settings.directory.as_deref().map_or(Ok(()), load::enter);
            let unlock = || apart::unlock(settings.wishes.max_hashed_bytes).map_err(Ended::from);
            enter.and_then(|()| unlock()).map(|text| {
                render_note(&text);
                exit_code::SUCCESS
            })
        }
    };
    match done {
        Ok(code) => code,
        Err(Ended::Errors(diagnostics, sources)) => {
            render::errors(&diagnostics, &sources);
            exit_code::FAILURE
        }
        Err(Ended::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => exit_code::BROKEN_PIPE,
        Err(Ended::Output(error)) => {
            render::error(&Diagnostic::new(format!("standard output can't be written: {error}")));
            exit_code::FAILURE
        }
    }
}

/// Runs, and makes a report of a run that succeeded, if that was asked for.
fn run_and_report(settings: &Settings) -> Result<u8, Ended> {
    let here = std::env::current_dir();
    let code = run::run(settings)?;
    match &settings.report {
        Some(wish) if code == exit_code::SUCCESS => {
            // Back to where the Snakefile was looked for.
            let _ = here.map(std::env::set_current_dir);
            report::report(settings, wish)
        }
        _ => Ok(code),
    }
}

#[expect(clippy::print_stderr, reason = "this crate is the one that talks")]
fn render_note(text: &str) {
    eprintln!("{text}");
}
