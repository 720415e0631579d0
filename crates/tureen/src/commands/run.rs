//! A real run: plan, lock, record, work; and the story of the first failure last.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tureen_workflow::cache::LOCATION;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::evaluator::job::{Format, JobView, RunEnd};
use tureen_workflow::fields::{Globals, fill};
use tureen_workflow::job::{JobGraph, JobId, Rules};
use tureen_workflow::progress::Progress;
use tureen_workflow::read::Reading;
use tureen_workflow::record::{Claim, ClaimError, FOLDER, Files, Record, generation, living};
use tureen_workflow::rule::{Action, Handler};
use tureen_workflow::run::{Python, Settings as RunSettings, clear_up as clear_up_after};
use tureen_workflow::work::guard::Guard;
use tureen_workflow::work::stop::Stop;

use super::apart::{Elsewhere, earlier};
use super::load::{self, Planned, planned_after};
use super::parts::{Parts, Whole};
use super::python::with_python;
use super::{Ended, GUARD, story};
use crate::settings::Settings;
use crate::show::Show;
use crate::{exit_code, render, run_log};

pub(super) fn run(settings: &Settings) -> Result<u8, Ended> {
    let here = std::env::current_dir();
    let mut reading = load::workflow(settings)?;
    loop {
        match with_python(&reading, |python| run_reading(settings, &reading, python)) {
            Err(faults) => return Err(load::ended(faults, reading.sources)),
            Ok(Some(code)) => return Ok(code),
            Ok(None) => {
                // Back to where the Snakefile was looked for.
                let _ = here.as_ref().map(std::env::set_current_dir);
                reading = load::workflow_for(settings, true)?;
            }
        }
    }
}

/// Plans and runs; `None`: nothing was done, an evaluator is needed.
fn run_reading(
    settings: &Settings,
    reading: &Reading,
    python: &Python<'_>,
) -> Result<Option<u8>, Vec<Diagnostic>> {
    if settings.limits.cores.is_none() && settings.cluster.is_none() {
        return Err(vec![
            Diagnostic::new("it must be said how many cores to use")
                .hint("`--cores all`, or `-c 4`; `-n` shows what would run"),
        ]);
    }
    let show = Show::new(settings);
    let say = |text: &str| show.note(text);
    let folder = Path::new(FOLDER);
    let latency_wait = settings.latency_wait.unwrap_or_else(usual_wait);
    let earlier =
        earlier(settings.latency_wait, settings.wishes.max_hashed_bytes).map_err(|fault| vec![fault])?;
    let mut progress;
    let (planned, claim) = loop {
        progress = Progress::default();
        // A folder that can't be written to is no matter until there is something to write.
        let seen = generation(folder).unwrap_or(0);
        let planned = planned_after(settings, reading, python, &mut progress)?;
        planned.notes().iter().for_each(|note| say(&format!("note: {note}")));
        if planned.is_snakemakes && planned.plan.is_empty() {
            // Where that can't be written down, it is read again the next time.
            let _ = Record::open(folder, false);
        }
        if planned.plan.is_empty() {
            clear_up(settings, &planned);
            remember_touched(&planned);
            say("Nothing to be done (all requested files are present and up to date).");
            return Ok(Some(exit_code::SUCCESS));
        }
        if reading.evaluator.is_none() && load::has_scripts(&planned) {
            return Ok(None);
        }
        if settings.no_lock {
            break (planned, None);
        }
        match Claim::take(folder, &files_of(&planned), seen) {
            Ok(Some(claim)) => break (planned, Some(claim)),
            // A run beside this one has ended meanwhile: what it made may change the plan.
            Ok(None) => {}
            Err(error) => return Err(vec![refused_claim(&error)]),
        }
    };
    let record = Record::open(folder, planned.damage.is_some()).map_err(|error| {
        vec![
            Diagnostic::new(error.to_string())
                .hint("the workflow's folder must be writable, and its disk not full; `--directory` runs it in another one"),
        ]
    })?;
    if let Some(aside) = &record.damaged {
        say(&format!("note: the damaged record is now `{}`", aside.display()));
    }
    // Should this fail, the next plan looks into the files once more.
    let _ = record.refresh(&planned.plan.touched);
    let elsewhere = Elsewhere::new(
        settings.cluster.as_ref(),
        earlier,
        reading,
        settings.latency_wait,
        (planned.plan.order.len(), &files_of(&planned)),
    )
    .map_err(|fault| vec![fault])?;
    // Only those who look on from elsewhere need to know.
    let _ = record.begin_run(planned.plan.order.len());
    let killed = killed_runs(&planned);
    let _ = record.end_runs_of(&killed.iter().map(|(process, _)| *process).collect::<Vec<_>>());
    let log = run_log::open();
    if settings.cache.as_ref().is_some_and(|cache| cache.folder.is_none()) {
        say(&format!("No cache between workflows is used: ${LOCATION} doesn't say where it is."));
    }
    let stop = Arc::new(Stop::default());
    watch_signals(&stop);
    let run_settings = RunSettings {
        limits: settings.limits.clone(),
        keep_going: settings.keep_going,
        latency_wait,
        touch: settings.touch,
        first_attempt: settings.first_attempt,
        drops_record: settings.drops_record,
        max_hashed_bytes: settings.wishes.max_hashed_bytes,
        pace: settings.pace,
        priority_targets: settings.priority_targets.clone(),
        shadow_prefix: settings.shadow_prefix.clone(),
        retries: settings.retries.unwrap_or(0),
        keep_temporary: settings.keep_temporary,
        keep_incomplete: settings.keep_incomplete,
        cache: settings.cache.as_ref().and_then(|cache| cache.folder.clone()),
    };
    wait_for(&settings.awaited, run_settings.latency_wait).map_err(|fault| vec![*fault])?;
    let handle = |handler| if settings.no_hooks { Ok(()) } else { handle(reading, handler, log) };
    handle(Handler::Start)?;
    let mut parts = Parts {
        apart: elsewhere.as_ref().map(|elsewhere| &elsewhere.apart),
        claim,
        settings,
        reading,
        python,
        record: &record,
        run_settings: &run_settings,
        stop: &stop,
        show: &show,
        killed_since: began_first(&killed),
    };
    let whole = parts.run(planned, &mut progress);
    drop(parts);
    if let Some(elsewhere) = elsewhere {
        elsewhere.close(whole.as_ref().is_ok_and(|whole| whole.failures.is_empty()) && !stop.is_asked());
    }
    let _ = record.end_run();
    if let Ok(Whole { n_done, n_total, failures }) = &whole {
        show.end(*n_done, *n_total, failures.len());
    }
    let whole = whole?;
    let is_success = whole.failures.is_empty() && !stop.is_asked();
    if let Some(log) = log {
        say(&format!("Complete log(s): {}", log.display()));
    }
    handle(if is_success { Handler::Success } else { Handler::Error })?;
    Ok(Some(conclude(settings, reading, &whole, &stop)))
}

/// The runs on record that did not end and whose process is gone.
fn killed_runs(planned: &Planned<'_>) -> Vec<(u32, f64)> {
    if planned.unended_runs.is_empty() {
        return Vec::new();
    }
    // Who can't be looked at counts as alive.
    let Ok(living) = living(Path::new(FOLDER)) else { return Vec::new() };
    let is_gone = |(process, _): &&(u32, f64)| {
        *process == std::process::id() || !living.iter().any(|(known, _)| known == process)
    };
    planned.unended_runs.iter().filter(is_gone).copied().collect()
}

fn began_first(killed: &[(u32, f64)]) -> Option<f64> {
    killed.iter().map(|(_, began)| *began).reduce(f64::min)
}

/// If runs were killed at their very end, what they could not do any more is done now.
fn clear_up(settings: &Settings, planned: &Planned<'_>) {
    let killed = killed_runs(planned);
    let Some(since) = began_first(&killed) else { return };
    let Planned { rules, graph, plan, remembered, .. } = planned;
    clear_up_after(rules, graph, plan, remembered, since, settings.keep_temporary);
    // Should this fail, it is done once more the next time.
    if let Ok(record) = Record::open(Path::new(FOLDER), false) {
        let _ = record.end_runs_of(&killed.iter().map(|(process, _)| *process).collect::<Vec<_>>());
    }
}

/// Lets the record know the new times of inputs whose content is what it was, so that the next run need not look into
/// them. Where that can't be written down, it does.
fn remember_touched(planned: &Planned<'_>) {
    if planned.plan.touched.is_empty() || planned.damage.is_some() {
        return;
    }
    if let Ok(record) = Record::open(Path::new(FOLDER), false) {
        let _ = record.refresh(&planned.plan.touched);
    }
}

/// Waits for files that somebody else makes.
fn wait_for(files: &[PathBuf], patience: Duration) -> Result<(), Box<Diagnostic>> {
    let deadline = Instant::now() + patience;
    loop {
        let Some(missing) = files.iter().find(|file| !file.exists()) else { return Ok(()) };
        if Instant::now() >= deadline {
            let message = format!("`{}` is not there (--wait-for-files)", missing.display());
            return Err(Box::new(Diagnostic::new(message).hint("`--latency-wait` says how long to wait")));
        }
        std::thread::sleep(Duration::from_millis(20).min(patience));
    }
}

/// The last words, and the exit code.
fn conclude(settings: &Settings, reading: &Reading, end: &Whole, stop: &Stop) -> u8 {
    if stop.is_asked() {
        render::error(
            &Diagnostic::new(format!("stopped; {} of {} steps were done", end.n_done, end.n_total))
                .hint("run the same command again to go on: what was unfinished is made anew"),
        );
        return exit_code::FAILURE;
    }
    if end.failures.is_empty() {
        return exit_code::SUCCESS;
    }
    let stories: Vec<Diagnostic> = end
        .failures
        .iter()
        .rev()
        .map(|failure| story::story(failure, &reading.sources, settings.show_failed_logs))
        .collect();
    run_log::errors(&stories, &reading.sources);
    render::errors(&stories, &reading.sources);
    exit_code::FAILURE
}

/// Executes `onstart:`, `onsuccess:` or `onerror:`, if the Snakefile has it.
fn handle(reading: &Reading, handler: Handler, log: Option<&Path>) -> Result<(), Vec<Diagnostic>> {
    let Some(evaluator) = reading.evaluator.as_ref().filter(|_| reading.workflow.handlers.contains(&handler))
    else {
        return Ok(());
    };
    match evaluator.handler(handler, &log.map_or_else(String::new, |log| log.to_string_lossy().into_owned()))
    {
        Ok(RunEnd::Done | RunEnd::Exited(0)) => Ok(()),
        Ok(end) => Err(vec![story::about_block(handler_name(handler), &end)]),
        Err(broken) => Err(vec![Diagnostic::from_text(&broken.to_string())]),
    }
}

fn handler_name(handler: Handler) -> &'static str {
    match handler {
        Handler::Start => "`onstart:`",
        Handler::Success => "`onsuccess:`",
        Handler::Error => "`onerror:`",
    }
}

/// What a plan writes and reads.
pub(super) fn files_of<'p>(planned: &'p Planned<'_>) -> Files<'p> {
    let Planned { graph, plan, .. } = planned;
    let jobs = &graph.jobs;
    let writes = plan.order.iter().flat_map(|&job| jobs.outputs(job)).map(|&file| jobs.path(file));
    let reads = graph.order.iter().flat_map(|&job| jobs.inputs(job)).map(|input| jobs.path(input.file));
    Files { writes: writes.collect(), reads: reads.collect() }
}

pub(super) fn refused_claim(error: &ClaimError) -> Diagnostic {
    let diagnostic = Diagnostic::new(error.to_string());
    match error {
        ClaimError::Held { .. } => diagnostic.hint(
            "wait until it has ended, or ask for other files; a lock ends with its process, so there is never one to remove",
        ),
        ClaimError::Unusable(_) => {
            diagnostic.hint("the workflow's folder must be writable; `--directory` runs it in another one")
        }
    }
}

/// Ctrl-C and polite kills end everything at once.
pub(super) fn watch_signals(stop: &Arc<Stop>) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            stop.stop();
        }
    });
}

/// This program again, as the guard of its own jobs. Without one a run is as good, unless it is killed.
pub(super) fn guard() -> Option<Guard> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg(GUARD);
    Guard::start(command).ok()
}

/// File systems that live on this machine show new files at once.
fn usual_wait() -> Duration {
    /// Magic numbers of network file systems, from `statfs(2)`: NFS, SMB, CIFS, SMB2, AFS, Ceph, Lustre, GPFS,
    /// BeeGFS, FUSE (sshfs and kin).
    const FAR: [u64; 10] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x5346_414F,
        0x00C3_6400,
        0x0BD0_0BD0,
        0x4750_4653,
        0x1983_0326,
        0x6573_5546,
    ];
    match rustix::fs::statfs(".") {
        Ok(about) if !FAR.contains(&(about.f_type as u64)) => Duration::ZERO,
        _ => Duration::from_secs(5),
    }
}

/// A job's command and message for a dry run; what can't be filled is shown as it stands.
pub(super) fn filled(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    view: &JobView,
    python: &Python<'_>,
) -> (Option<String>, Option<String>) {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let globals = Globals::of(rules.workflow, rule);
    let ask = |text: &str, is_late_command: bool| {
        let request = Format { text: text.to_owned(), is_late_command, job: view.clone() };
        python.format.and_then(|format| format(&request).ok())
    };
    let fill = |text: &str| {
        let here = fill(text, view, globals).ok();
        here.or_else(|| ask(text, false)).unwrap_or_else(|| text.to_owned())
    };
    let command = match &rule.action {
        Action::Shell { command, .. } if rule.has_late_command => {
            Some(ask(command, true).unwrap_or_else(|| command.clone()))
        }
        Action::Shell { command, .. } => Some(fill(command)),
        _ => None,
    };
    (command, rule.message.as_deref().map(fill))
}
