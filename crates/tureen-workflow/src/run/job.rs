//! One job from its start to its end: view, record, files, work, judgement, record.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::benchmark;
use super::failure::{Failure, What};
use super::tail::Tail;
use super::{Happening, Shared};
use crate::code::{is_per_job, of_job};
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Exception, Format, JobView, Role, RunEnd};
use crate::fields::{FieldError, Globals, fill};
use crate::format::text;
use crate::job::{FileId, JobId};
use crate::params::{ask_one, complete_view, params_text};
use crate::record::{InputMemory, JobStart, content_hash};
use crate::rule::{Action, Checksum, Expected, Param, Rule};
use crate::wildcards::MarkedPattern;
use crate::work::backup::Backup;
use crate::work::checksum::checksum;
use crate::work::files::{self, Output};
use crate::work::shadow::{self, ShadowFolder};
use crate::work::shell::{self, Exit};
use crate::work::stop::Stop;
use crate::work::usage::Usage;

/// How long a service has to come up, at least (as Snakemake 9.27 by default).
const SERVICE_PATIENCE: Duration = Duration::from_secs(5);

/// What has been found out of a job, for its failure if it comes to that.
struct Attempt {
    job: JobId,
    view: JobView,
    command: Option<String>,
    outputs: Vec<Output>,
    logs: Vec<String>,
    /// Where what it uses is written, and how often it runs for that.
    benchmark: Option<(PathBuf, i64)>,
    tail: Tail,
    /// The folder it works in, if its rule is shadowed.
    shadow: Option<ShadowFolder>,
    /// Copies of what it changes in place.
    backups: Vec<Backup>,
}

impl Attempt {
    /// The outputs where the job writes them.
    fn written(&self) -> Vec<Output> {
        let Some(shadow) = &self.shadow else { return self.outputs.clone() };
        let inside =
            |output: &Output| Output { path: shadow.inside(&output.path), marks: output.marks.clone() };
        self.outputs.iter().map(inside).collect()
    }
}

impl Shared<'_, '_> {
    /// Runs a job, as often as its rule allows.
    pub(super) fn run_job(&self, job: JobId) -> Result<(), Box<Failure>> {
        let retries = self.retries(job);
        for number in 1..=retries {
            match self.attempt(job, i64::from(number), self.stop) {
                Err(failure) if failure.what.may_be_tried_again() => {
                    (self.tell)(Happening::Retries(&failure));
                }
                other => return other,
            }
        }
        self.attempt(job, i64::from(retries) + 1, self.stop)
    }

    /// How often a job is tried again.
    pub(super) fn retries(&self, job: JobId) -> u32 {
        let own = self.rule(job).retries;
        if own == 0 { self.settings.retries } else { own }
    }

    pub(super) fn rule(&self, job: JobId) -> &Rule {
        &self.rules.workflow.rules[self.graph.jobs.rule(job)]
    }

    /// Tries once. `stop` ends it early: the run's, or that of the jobs it runs together with.
    pub(super) fn attempt(&self, job: JobId, number: i64, stop: &Arc<Stop>) -> Result<(), Box<Failure>> {
        let number = number + i64::from(self.settings.first_attempt) - 1;
        let mut attempt = self.begin(job);
        attempt.view.attempt = number;
        let mut ask = |calls: &[_]| (self.python.ask)(calls);
        match complete_view(self.rules, self.graph, job, number, &self.settings.limits, &mut ask) {
            Ok(view) => attempt.view = view,
            Err(diagnostic) => return Err(self.failed(attempt, What::NotReady(diagnostic))),
        }
        attempt.view.bench_iteration = attempt.benchmark.as_ref().map(|_| 0);
        match self.fill_command(job, &attempt.view) {
            Ok(command) => attempt.command = command,
            Err(diagnostic) => return Err(self.failed(attempt, What::NotReady(diagnostic))),
        }
        let message = self.fill_message(job, &attempt.view);
        if self.rule(job).action == Action::None && attempt.outputs.is_empty() {
            self.tell_start(&attempt, message.as_deref());
            return Ok(());
        }
        if self.settings.touch {
            return self.touch(attempt);
        }
        self.tell_start(&attempt, message.as_deref());
        let prepared = files::prepare(&attempt.outputs, &self.products_beside(&attempt))
            .and_then(|()| self.back_up(&mut attempt))
            .and_then(|()| self.await_services(job, stop));
        if let Err(fault) = prepared {
            return Err(self.failed(attempt, What::Files(fault)));
        }
        let row = match self.record.start(&self.job_start(&attempt)) {
            Ok(row) => row,
            Err(error) => return Err(self.failed(attempt, What::Record(error.to_string()))),
        };
        let end = self
            .enter_shadow(&mut attempt)
            .and_then(|()| match self.work_as_often_as_wanted(&mut attempt, stop) {
                // A service ends when nobody needs it any more.
                Err(_) if stop.is_over() && self.is_service(job) => Ok(()),
                worked => worked,
            })
            .and_then(|()| self.finish(&mut attempt));
        if let Err(what) = end {
            let what = if stop.is_asked() { What::Stopped } else { what };
            self.leave_shadow(&mut attempt);
            // What can't be put back is on record as unfinished, and is put back by the next run.
            let is_restored = attempt.backups.drain(..).all(|backup| backup.restore().is_ok());
            let mut failure = self.failed(attempt, what);
            if !self.settings.keep_incomplete {
                let outputs = self.outputs(job);
                failure.removed = files::remove_outputs(&outputs);
                let is_gone = |output: &Output| {
                    output.marks.is_update || std::fs::symlink_metadata(&output.path).is_err()
                };
                if is_restored && outputs.iter().all(is_gone) {
                    // Should this fail, the outputs count as unfinished, which is also true.
                    let _ = self.record.fail(row);
                }
            }
            return Err(failure);
        }
        attempt.backups.drain(..).for_each(Backup::forget);
        let end = match self.settings.drops_record {
            true => self.record.forget_job(row),
            false => self.record.end(row, &self.inputs(job)),
        };
        end.map_err(|error| self.failed(attempt, What::Record(error.to_string())))
    }

    /// Copies what the job changes in place.
    fn back_up(&self, attempt: &mut Attempt) -> Result<(), files::FileFault> {
        let changed = attempt.outputs.iter().filter(|output| output.marks.is_update && output.path.exists());
        for Output { path, .. } in changed {
            let backup =
                Backup::make(path).map_err(|source| files::FileFault::Disk { path: path.clone(), source })?;
            attempt.backups.push(backup);
        }
        Ok(())
    }

    /// Waits until the services that a job uses are there.
    fn await_services(&self, job: JobId, stop: &Stop) -> Result<(), files::FileFault> {
        let mut waiting = Vec::new();
        for (need, input) in self.graph.needs(job) {
            let patterns = &self.rules.patterns[self.graph.jobs.rule(need)].outputs;
            let outputs = self.graph.jobs.outputs(need).iter().zip(patterns);
            let is_service =
                |(&file, pattern): (&FileId, &MarkedPattern)| file == input.file && pattern.marks.is_service;
            if outputs.into_iter().any(is_service) {
                waiting.push(PathBuf::from(self.graph.jobs.path(input.file)));
            }
        }
        let patience = self.settings.latency_wait.max(SERVICE_PATIENCE);
        let deadline = Instant::now() + patience;
        while let Some(path) = waiting.iter().find(|path| !path.exists()) {
            if Instant::now() >= deadline || stop.is_asked() {
                return Err(files::FileFault::NoService(path.clone()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Makes the folder that a shadowed job works in.
    fn enter_shadow(&self, attempt: &mut Attempt) -> Result<(), What> {
        let rule = self.rule(attempt.job);
        let Some(kind) = rule.shadow.filter(|_| rule.action != Action::None) else { return Ok(()) };
        let jobs = &self.graph.jobs;
        let inputs: Vec<&str> = jobs.inputs(attempt.job).iter().map(|input| jobs.path(input.file)).collect();
        let outputs = jobs.outputs(attempt.job).iter().map(|&file| jobs.path(file));
        let products: Vec<&str> = outputs.chain(attempt.logs.iter().map(String::as_str)).collect();
        let base = shadow::folder(self.settings.shadow_prefix.as_deref());
        let folder = ShadowFolder::make(kind, &base, &inputs, &products).map_err(What::Files)?;
        attempt.view.folder = Some(folder.path().to_string_lossy().into_owned());
        attempt.shadow = Some(folder);
        Ok(())
    }

    /// Judges what was made, and puts it where it belongs.
    fn finish(&self, attempt: &mut Attempt) -> Result<(), What> {
        self.create_logs(attempt);
        let written = attempt.written();
        files::finish(&written, self.settings.latency_wait).map_err(What::Files)?;
        self.compare_checksums(&attempt.view, &written)?;
        if let Some(shadow) = attempt.shadow.take() {
            let outputs = attempt.outputs.iter().map(|output| output.path.as_path());
            let delivered = shadow.deliver(outputs.chain(attempt.logs.iter().map(Path::new)));
            shadow.remove();
            delivered.map_err(What::Files)?;
        }
        files::protect_outputs(&attempt.outputs).map_err(What::Files)
    }

    /// Logs that the job did not write are there, and empty.
    fn create_logs(&self, attempt: &Attempt) {
        for log in attempt.logs.iter().map(Path::new) {
            let log = attempt.shadow.as_ref().map_or(log.to_owned(), |shadow| shadow.inside(log));
            // A log is a help, no more: the job has ended as it has ended.
            let _ = files::create(&log);
        }
    }

    /// A job that failed in its shadow leaves its logs, and the folder if that was asked for.
    fn leave_shadow(&self, attempt: &mut Attempt) {
        self.create_logs(attempt);
        let Some(shadow) = attempt.shadow.take() else { return };
        // The logs are a help, no more: the job has failed in any case.
        let _ = shadow.deliver(attempt.logs.iter().map(Path::new));
        if !self.settings.keep_incomplete {
            shadow.remove();
        }
    }

    /// `ensure(..., sha256=...)`
    fn compare_checksums(&self, view: &JobView, outputs: &[Output]) -> Result<(), What> {
        for Output { path, marks } in outputs {
            let Some(Checksum { algorithm, expected }) = &marks.checksum else { continue };
            let expected = match expected {
                Expected::Text(text) => text.clone(),
                Expected::Function(function) => {
                    let mut ask = |calls: &[_]| (self.python.ask)(calls);
                    let rule = self.rules.workflow.rules.iter().find(|rule| rule.name == view.rule);
                    let rule = rule.expect("a job's rule is one of the workflow's");
                    let param = Param::Function(*function);
                    text(&ask_one(rule, &param, Role::Param, view, &mut ask).map_err(What::NotReady)?)
                }
            };
            let found = checksum(path, *algorithm)
                .map_err(|source| What::Files(files::FileFault::Disk { path: path.clone(), source }))?;
            if found != expected {
                return Err(What::Files(files::FileFault::Checksum { path: path.clone(), expected, found }));
            }
        }
        Ok(())
    }

    fn begin(&self, job: JobId) -> Attempt {
        let view = self.graph.view(self.rules, job);
        let logs = self.graph.logs(self.rules, job);
        let benchmark = self.benchmark(job);
        let outputs = self.outputs(job);
        Attempt {
            job,
            view,
            command: None,
            outputs,
            logs,
            benchmark,
            tail: Tail::default(),
            shadow: None,
            backups: Vec::new(),
        }
    }

    fn benchmark(&self, job: JobId) -> Option<(PathBuf, i64)> {
        let path = self.graph.benchmark(self.rules, job)?;
        let pattern = self.rules.patterns[self.graph.jobs.rule(job)].benchmark.as_ref()?;
        let repeats = pattern
            .marks
            .other
            .iter()
            .find_map(|mark| mark.strip_prefix("repeat(")?.strip_suffix(')')?.parse().ok());
        Some((PathBuf::from(path), repeats.unwrap_or(1)))
    }

    /// What a job writes besides its outputs.
    fn products_beside(&self, attempt: &Attempt) -> Vec<String> {
        let benchmark = attempt.benchmark.iter().map(|(path, _)| path.to_string_lossy().into_owned());
        attempt.logs.iter().cloned().chain(benchmark).collect()
    }

    /// Works once; if it is to be benchmarked, as often as `repeat()` says, and writes down what that used.
    fn work_as_often_as_wanted(&self, attempt: &mut Attempt, stop: &Stop) -> Result<(), What> {
        let Some((path, repeats)) = attempt.benchmark.clone() else {
            return self.work_on(attempt, None, stop);
        };
        let mut usages = Vec::new();
        for iteration in 0..repeats {
            if iteration > 0 {
                attempt.view.bench_iteration = Some(iteration);
                attempt.command = self.fill_command(attempt.job, &attempt.view).map_err(What::NotReady)?;
            }
            let mut usage = Usage::default();
            self.work_on(attempt, Some(&mut usage), stop)?;
            usages.push(usage);
        }
        benchmark::write(&path, &usages)
            .map_err(|source| What::Files(files::FileFault::Disk { path, source }))
    }

    fn outputs(&self, job: JobId) -> Vec<Output> {
        let patterns = &self.rules.patterns[self.graph.jobs.rule(job)].outputs;
        let paths =
            self.graph.jobs.outputs(job).iter().map(|&file| PathBuf::from(self.graph.jobs.path(file)));
        paths.zip(patterns).map(|(path, pattern)| Output { path, marks: pattern.marks.clone() }).collect()
    }

    fn work_on(&self, attempt: &mut Attempt, usage: Option<&mut Usage>, stop: &Stop) -> Result<(), What> {
        let tail = &mut attempt.tail;
        let mut output = |stream, bytes: &[u8]| {
            tail.add(bytes);
            (self.tell)(Happening::Output { stream, bytes });
        };
        let workflow = self.rules.workflow;
        match (&self.rule(attempt.job).action, &attempt.command) {
            (Action::Shell { .. }, Some(command)) => {
                let mut environment = workflow.environment.clone();
                let threads = attempt.view.threads.to_string();
                // As Snakemake: programs that look at these use what the job was given.
                for name in [
                    "OMP_NUM_THREADS",
                    "GOTO_NUM_THREADS",
                    "OPENBLAS_NUM_THREADS",
                    "MKL_NUM_THREADS",
                    "VECLIB_MAXIMUM_THREADS",
                    "NUMEXPR_NUM_THREADS",
                ] {
                    environment.push((name.to_owned(), Some(threads.clone())));
                }
                let folder = attempt.view.resources.iter().find(|(name, _)| name == "tmpdir");
                if let Some((_, folder)) = folder {
                    for name in ["TMPDIR", "TMP", "TEMPDIR", "TEMP"] {
                        environment.push((name.to_owned(), Some(crate::format::text(folder))));
                    }
                }
                let folder = attempt.view.folder.as_deref().map(Path::new);
                match shell::run(command, folder, &workflow.shell, &environment, stop, &mut output, usage) {
                    Ok(Exit::Status(0)) => Ok(()),
                    Ok(exit) => Err(What::Command(exit)),
                    Err(error) => Err(What::NoStart(error)),
                }
            }
            (Action::Run { .. } | Action::Script { .. }, _) => {
                let block =
                    self.python.block.expect("a workflow with `run:` blocks or scripts has an evaluator");
                match block(&attempt.view, stop, &mut output, usage) {
                    Ok(RunEnd::Done | RunEnd::Exited(0)) => Ok(()),
                    Ok(end) => Err(What::Block(end)),
                    Err(diagnostic) => Err(What::NotReady(diagnostic)),
                }
            }
            _ => Ok(()),
        }
    }

    fn touch(&self, attempt: Attempt) -> Result<(), Box<Failure>> {
        self.tell_start(&attempt, None);
        let row = match self.record.start(&self.job_start(&attempt)) {
            Ok(row) => row,
            Err(error) => return Err(self.failed(attempt, What::Record(error.to_string()))),
        };
        for output in attempt.outputs.iter().filter(|output| output.path.exists()) {
            if let Err(source) = files::touch(&output.path) {
                let fault = files::FileFault::Disk { path: output.path.clone(), source };
                return Err(self.failed(attempt, What::Files(fault)));
            }
        }
        match self.record.end(row, &self.inputs(attempt.job)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(attempt, What::Record(error.to_string()))),
        }
    }

    fn job_start(&self, attempt: &Attempt) -> JobStart {
        let action = &self.rule(attempt.job).action;
        let code = if is_per_job(action) {
            of_job(action, &attempt.view)
        } else {
            self.codes[self.graph.jobs.rule(attempt.job)].clone()
        };
        JobStart {
            rule: attempt.view.rule.clone(),
            code,
            params: params_text(&attempt.view.params),
            shell: attempt.command.clone().unwrap_or_default(),
            outputs: attempt
                .outputs
                .iter()
                .map(|output| output.path.to_string_lossy().into_owned())
                .collect(),
            log: attempt.logs.clone(),
        }
    }

    /// The inputs as they are now, sorted, with the hashes of the small ones.
    fn inputs(&self, job: JobId) -> Vec<InputMemory> {
        let mut paths: Vec<&str> =
            self.graph.jobs.inputs(job).iter().map(|input| self.graph.jobs.path(input.file)).collect();
        paths.sort_unstable();
        paths.dedup();
        let memory = |path: &str| {
            let content = content_hash(Path::new(path), self.settings.max_hashed_bytes);
            InputMemory { path: path.to_owned(), content }
        };
        paths.into_iter().map(memory).collect()
    }

    fn tell_start(&self, attempt: &Attempt, message: Option<&str>) {
        (self.tell)(Happening::Starts {
            job: attempt.job,
            view: &attempt.view,
            command: attempt.command.as_deref(),
            message,
        });
    }

    fn fill_command(&self, job: JobId, view: &JobView) -> Result<Option<String>, Box<Diagnostic>> {
        let rule = self.rule(job);
        let Action::Shell { command, span } = &rule.action else { return Ok(None) };
        let filled = match self.python.format.filter(|_| rule.has_late_command) {
            Some(format) => {
                let request = Format { text: command.clone(), is_late_command: true, job: view.clone() };
                format(&request).map_err(raised)
            }
            None => self.fill(rule, command, view),
        };
        filled.map(Some).map_err(|error| {
            let diagnostic =
                Diagnostic::new(format!("the command of rule `{}` can't be filled: {error}", view.rule));
            Box::new(hint_for(&error, diagnostic.at(*span, ""), view))
        })
    }

    /// A message that can't be filled is shown as it stands.
    fn fill_message(&self, job: JobId, view: &JobView) -> Option<String> {
        let message = self.rule(job).message.as_ref()?;
        Some(self.fill(self.rule(job), message, view).unwrap_or_else(|_| message.clone()))
    }

    fn fill(&self, rule: &Rule, text: &str, view: &JobView) -> Result<String, FieldError> {
        let globals = Globals::of(self.rules.workflow, rule);
        match (fill(text, view, globals), self.python.format) {
            (
                Err(FieldError::UnknownName(_) | FieldError::NoPart { .. } | FieldError::Format(_)),
                Some(format),
            ) => {
                let request = Format { text: text.to_owned(), is_late_command: false, job: view.clone() };
                format(&request).map_err(raised)
            }
            (filled, _) => filled,
        }
    }

    /// A failure of a job that has not begun.
    pub(super) fn failed_before(&self, job: JobId, what: What) -> Failure {
        *self.failed(self.begin(job), what)
    }

    fn failed(&self, attempt: Attempt, what: What) -> Box<Failure> {
        let span = match &self.rule(attempt.job).action {
            Action::Shell { span, .. } | Action::Run { span, .. } | Action::Script { span, .. } => {
                Some(*span)
            }
            Action::None => None,
        };
        Box::new(Failure {
            job: attempt.job,
            view: attempt.view,
            command: attempt.command,
            span,
            what,
            tail: attempt.tail.lines(),
            logs: attempt.logs,
            removed: Vec::new(),
        })
    }
}

/// What the evaluator says of a text that it can't fill.
fn raised(exception: Exception) -> FieldError {
    FieldError::Syntax(format!("{}: {}", exception.class, exception.message))
}

/// What was probably meant by a name that nobody knows.
fn hint_for(error: &FieldError, diagnostic: Diagnostic, view: &JobView) -> Diagnostic {
    let FieldError::UnknownName(name) = error else { return diagnostic };
    if view.wildcards.iter().any(|(known, _)| known == name) {
        return diagnostic.hint(format!("did you mean `{{wildcards.{name}}}`?"));
    }
    for (list, entries) in [("input", &view.input), ("output", &view.output), ("params", &view.params)] {
        if entries.iter().any(|entry| entry.name.as_ref() == Some(name)) {
            return diagnostic.hint(format!("did you mean `{{{list}.{name}}}`?"));
        }
    }
    let known = ["input", "output", "params", "wildcards", "threads", "resources", "log", "config", "rule"];
    match crate::nearest::nearest(name, known.into_iter()) {
        Some(near) => diagnostic.hint(format!("did you mean `{{{near}}}`?")),
        None => diagnostic.hint(format!("double the braces (`{{{{{name}}}}}`) if they are meant as text")),
    }
}
