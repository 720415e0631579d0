//! One job from its start to its end: view, record, files, work, judgement, record.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::benchmark;
use super::failure::{Failure, What};
use super::tail::Tail;
use super::{Happening, Shared};
use crate::code::{is_per_job, of_job};
use crate::evaluator::job::{Frame, JobView, RunEnd};
use crate::job::JobId;
use crate::params::{complete_view, own_of, params_text, view_elsewhere};
use crate::record::{JobEnd, JobStart};
use crate::rule::{Action, Rule};
use crate::work::backup::Backup;
use crate::work::files::{self, Output};
use crate::work::memory::memory_limit;
use crate::work::reap::Spent;
use crate::work::shadow::ShadowFolder;
use crate::work::shell::{self, Exit};
use crate::work::stop::Stop;
use crate::work::usage::Usage;

/// What has been found out of a job, for its failure if it comes to that.
pub(super) struct Attempt {
    pub(super) job: JobId,
    pub(super) view: JobView,
    pub(super) command: Option<String>,
    pub(super) outputs: Vec<Output>,
    pub(super) logs: Vec<String>,
    /// Where what it uses is written, and how often it runs for that.
    pub(super) benchmark: Option<(PathBuf, i64)>,
    pub(super) tail: Tail,
    /// The folder it works in, if its rule is shadowed.
    pub(super) shadow: Option<ShadowFolder>,
    /// Copies of what it changes in place.
    pub(super) backups: Vec<Backup>,
    /// What its command has used.
    pub(super) spent: Spent,
    /// Logs of the cluster that say how it went, for its failure.
    pub(super) logs_elsewhere: Vec<String>,
    /// Its row in the record, once it has one.
    pub(super) row: i64,
}

/// The system has ended it because memory was used up.
fn out_of_memory(spent: Spent, frames: &[Frame]) -> What {
    What::OutOfMemory { peak: spent.peak, limit: memory_limit(), frames: frames.to_vec() }
}

/// Whether there is something to do for a job.
pub(super) enum Readiness {
    /// It has ended well: there was nothing to do but to tell.
    Over,
    /// It can start.
    Ready(Box<Attempt>),
}

impl Attempt {
    /// The outputs where the job writes them.
    pub(super) fn written(&self) -> Vec<Output> {
        let Some(shadow) = &self.shadow else { return self.outputs.clone() };
        let inside =
            |output: &Output| Output { path: shadow.inside(&output.path), marks: output.marks.clone() };
        self.outputs.iter().map(inside).collect()
    }
}

impl Shared<'_, '_> {
    /// Runs a job, as often as its rule allows.
    pub(super) fn run_job(&self, job: JobId) -> Result<(), Box<Failure>> {
        // Who begins at a later attempt has made the earlier ones.
        let retries = self.retries(job).saturating_sub(self.settings.first_attempt.saturating_sub(1));
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
        let mut attempt = match self.ready(job, number, false)? {
            Readiness::Over => return Ok(()),
            Readiness::Ready(attempt) => *attempt,
        };
        let prepared = self.prepare(&mut attempt).and_then(|()| self.await_services(job, stop));
        if let Err(fault) = prepared {
            return Err(self.failed(attempt, What::Files(fault)));
        }
        let mut attempt = self.write_start(attempt)?;
        let end = self.fetch_or_work(&mut attempt, stop);
        let end = end.map_err(|what| if stop.is_asked() { What::Stopped } else { what });
        self.write_end(attempt, end)
    }

    /// Finds out all that there is to know of a job before it starts, and tells that it does. What only another machine
    /// knows on which it will run is left open.
    pub(super) fn ready(
        &self,
        job: JobId,
        number: i64,
        is_elsewhere: bool,
    ) -> Result<Readiness, Box<Failure>> {
        let number = number + i64::from(self.settings.first_attempt) - 1;
        let mut attempt = self.begin(job);
        attempt.view.attempt = number;
        let mut ask = |calls: &[_]| (self.python.ask)(calls);
        let view_of = if is_elsewhere { view_elsewhere } else { complete_view };
        match view_of(self.rules, self.graph, job, number, &self.settings.limits, &mut ask) {
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
            self.create_logs(&attempt);
            return Ok(Readiness::Over);
        }
        if self.settings.touch {
            return self.touch(attempt).map(|()| Readiness::Over);
        }
        self.tell_start(&attempt, message.as_deref());
        Ok(Readiness::Ready(Box::new(attempt)))
    }

    /// Makes the files round a job ready for it.
    pub(super) fn prepare(&self, attempt: &mut Attempt) -> Result<(), files::FileFault> {
        files::prepare(&attempt.outputs, &self.products_beside(attempt))?;
        self.back_up(attempt)
    }

    /// Writes into the record that the job starts.
    pub(super) fn write_start(&self, mut attempt: Attempt) -> Result<Attempt, Box<Failure>> {
        match self.record.start(&self.job_start(&attempt)) {
            Ok(row) => {
                attempt.row = row;
                Ok(attempt)
            }
            Err(error) => Err(self.failed(attempt, What::Record(error.to_string()))),
        }
    }

    /// Writes into the record how the job has ended. What a failed one has made is removed.
    pub(super) fn write_end(&self, mut attempt: Attempt, end: Result<(), What>) -> Result<(), Box<Failure>> {
        let (job, row) = (attempt.job, attempt.row);
        if let Err(what) = end {
            self.leave_shadow(&mut attempt);
            // What can't be put back is on record as unfinished, and is put back by the next run.
            let is_restored = attempt.backups.drain(..).all(|backup| backup.restore().is_ok());
            let mut failure = self.failed(attempt, what);
            let outputs = self.outputs(job);
            if self.settings.keep_incomplete {
                let is_there = |output: &Output| std::fs::symlink_metadata(&output.path).is_ok();
                failure.kept = outputs.into_iter().filter(is_there).map(|output| output.path).collect();
            } else {
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
            false => self.record.end(row, &self.job_end(&attempt)),
        };
        end.map_err(|error| self.failed(attempt, What::Record(error.to_string())))
    }

    /// Works, in the shadow if there is one, and judges what was made.
    pub(super) fn work_and_finish(&self, attempt: &mut Attempt, stop: &Stop) -> Result<(), What> {
        self.enter_shadow(attempt)?;
        match self.work_as_often_as_wanted(attempt, stop) {
            // A service ends when nobody needs it any more.
            Err(_) if stop.is_over() && self.is_service(attempt.job) => {}
            worked => worked?,
        }
        self.finish(attempt)
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
            spent: Spent::default(),
            logs_elsewhere: Vec::new(),
            row: 0,
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
        let job = attempt.job;
        let tail = &mut attempt.tail;
        let mut output = |stream, bytes: &[u8]| {
            tail.add(bytes);
            (self.tell)(Happening::Output { job, stream, bytes });
        };
        let workflow = self.rules.workflow;
        match (&self.rule(attempt.job).action, &attempt.command) {
            (Action::Shell { .. }, Some(command)) => {
                let environment = shell::environment(&attempt.view, &workflow.environment);
                let folder = attempt.view.folder.as_deref().map(Path::new);
                let shell = shell::of_job(&attempt.view, &workflow.shell);
                let ended = shell::run(command, folder, &shell, &environment, stop, &mut output, usage);
                let (exit, spent) = ended.map_err(What::NoStart)?;
                attempt.spent = attempt.spent.and(spent);
                match exit {
                    Exit::Status(0) => Ok(()),
                    // Asked for each, so that the next one is not told of this one's.
                    exit => match self.kills.has_grown() && exit.is_kill() {
                        true => Err(out_of_memory(spent, &[])),
                        false => Err(What::Command(exit)),
                    },
                }
            }
            (Action::Run { .. } | Action::Script { .. }, _) => {
                let block =
                    self.python.block.expect("a workflow with `run:` blocks or scripts has an evaluator");
                let ended = block(&attempt.view, stop, &mut output, usage);
                let (end, spent) = ended.map_err(What::NotReady)?;
                attempt.spent = attempt.spent.and(spent);
                match end {
                    RunEnd::Done | RunEnd::Exited(0) => Ok(()),
                    end => match self.kills.has_grown() && end.is_kill() {
                        true => Err(out_of_memory(spent, end.frames())),
                        false => Err(What::Block(end)),
                    },
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
        match self.record.end(row, &self.job_end(&attempt)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(attempt, What::Record(error.to_string()))),
        }
    }

    fn job_start(&self, attempt: &Attempt) -> JobStart {
        let action = &self.rule(attempt.job).action;
        let params = own_of(self.rule(attempt.job), &attempt.view.params);
        let text = params_text(&params);
        let code = if is_per_job(action) {
            of_job(action, &self.rules.workflow.shell, &JobView { params, ..attempt.view.clone() })
        } else {
            self.codes[self.graph.jobs.rule(attempt.job)].clone()
        };
        JobStart {
            rule: attempt.view.rule.clone(),
            code,
            params: text,
            shell: attempt.command.clone().unwrap_or_default(),
            outputs: attempt
                .outputs
                .iter()
                .map(|output| output.path.to_string_lossy().into_owned())
                .collect(),
            log: attempt.logs.clone(),
        }
    }

    fn job_end(&self, attempt: &Attempt) -> JobEnd {
        let Spent { peak, cpu } = attempt.spent;
        JobEnd { inputs: self.inputs(attempt.job), peak, cpu }
    }

    fn tell_start(&self, attempt: &Attempt, message: Option<&str>) {
        (self.tell)(Happening::Starts {
            job: attempt.job,
            view: &attempt.view,
            command: attempt.command.as_deref(),
            message,
        });
    }

    /// A failure of a job that has not begun.
    pub(super) fn failed_before(&self, job: JobId, what: What) -> Failure {
        *self.failed(self.begin(job), what)
    }

    pub(super) fn failed(&self, attempt: Attempt, what: What) -> Box<Failure> {
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
            logs: attempt.logs.into_iter().chain(attempt.logs_elsewhere).collect(),
            removed: Vec::new(),
            kept: Vec::new(),
        })
    }
}
