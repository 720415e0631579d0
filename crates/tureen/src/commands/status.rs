//! `tureen status`: what the runs in this folder are doing, seen from another terminal. Reads what they have claimed
//! and written down; disturbs nobody.

use std::fmt::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::record::{FOLDER, Record, RunRow, RunningJob, living};

use super::{Ended, load};
use crate::exit_code;
use crate::settings::Settings;
use crate::show::clock;
use crate::talk::data;

pub(super) fn status(settings: &Settings) -> Result<u8, Ended> {
    if let Some(directory) = &settings.directory {
        load::enter(directory)?;
    }
    let folder = Path::new(FOLDER);
    let unreadable = |error: &dyn std::fmt::Display| {
        Diagnostic::new(format!("what the runs in `{FOLDER}` do can't be read: {error}"))
    };
    let living = living(folder).map_err(|error| unreadable(&error))?;
    let rows = Record::unended_runs(folder).map_err(|error| unreadable(&error))?;
    let mut text = String::new();
    for (process, owner) in &living {
        // Of several with this number the last one lives.
        let row = rows.iter().rev().find(|row| row.process == *process);
        text.push_str(&alive(owner, row));
    }
    let is_alive = |row: &&RunRow| living.iter().any(|(process, _)| *process == row.process);
    let last_dead = rows.iter().rev().find(|row| !is_alive(row) && !row.running.is_empty());
    if let Some(row) = last_dead {
        let n = row.running.len();
        let jobs = if n == 1 { "job" } else { "jobs" };
        let _ = writeln!(
            text,
            "the run of process {} ended without a word, with {n} {jobs} unfinished; the next run makes anew:",
            row.process
        );
        row.running.iter().take(MOST_LINES).for_each(|job| text.push_str(&line(job)));
    }
    if living.is_empty() {
        text.push_str("no run is at work here\n");
    }
    data(text.as_bytes())?;
    Ok(exit_code::SUCCESS)
}

/// No more jobs are listed.
const MOST_LINES: usize = 20;

fn alive(owner: &str, row: Option<&RunRow>) -> String {
    let Some(row) = row else { return format!("{owner}: has not started a job yet\n") };
    let n_waiting = row.n_jobs.saturating_sub(row.n_done + row.n_failed + row.running.len());
    let mut text = format!(
        "{owner}: {} of {} jobs done, {} running, {n_waiting} waiting",
        row.n_done,
        row.n_jobs,
        row.running.len(),
    );
    if row.n_failed > 0 {
        // Writing to a string can't fail.
        let _ = write!(text, ", {} failed", row.n_failed);
    }
    let elapsed = now() - row.started;
    let _ = write!(text, "; for {}", clock(elapsed));
    if row.n_done > 0 {
        let left = elapsed / row.n_done as f64 * (row.n_jobs.saturating_sub(row.n_done)) as f64;
        let _ = write!(text, ", about {} left at this pace", clock(left));
    }
    text.push('\n');
    row.running.iter().take(MOST_LINES).for_each(|job| text.push_str(&line(job)));
    if row.running.len() > MOST_LINES {
        let _ = writeln!(text, "    and {} more", row.running.len() - MOST_LINES);
    }
    text
}

fn line(job: &RunningJob) -> String {
    format!("    {} for {}: {}\n", job.rule, clock(now() - job.started), job.output)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
