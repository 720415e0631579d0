//! What is done round the work of a job: copies of what it changes in place, services it waits for, the folder of a
//! shadowed one, and the judgement of its outputs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Shared;
use super::failure::What;
use super::job::Attempt;
use crate::evaluator::job::{JobView, Role};
use crate::format::text;
use crate::job::{FileId, JobId};
use crate::params::ask_one;
use crate::rule::{Action, Checksum, Expected, Param};
use crate::wildcards::MarkedPattern;
use crate::work::backup::Backup;
use crate::work::checksum::checksum;
use crate::work::files::{self, Output};
use crate::work::shadow::{self, ShadowFolder};
use crate::work::stop::Stop;

/// How long a service has to come up, at least (as Snakemake 9.27 by default).
const SERVICE_PATIENCE: Duration = Duration::from_secs(5);

impl Shared<'_, '_> {
    /// Copies what the job changes in place.
    pub(super) fn back_up(&self, attempt: &mut Attempt) -> Result<(), files::FileFault> {
        let changed = attempt.outputs.iter().filter(|output| output.marks.is_update && output.path.exists());
        for Output { path, .. } in changed {
            let backup =
                Backup::make(path).map_err(|source| files::FileFault::Disk { path: path.clone(), source })?;
            attempt.backups.push(backup);
        }
        Ok(())
    }

    /// Waits until the services that a job uses are there.
    pub(super) fn await_services(&self, job: JobId, stop: &Stop) -> Result<(), files::FileFault> {
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
    pub(super) fn enter_shadow(&self, attempt: &mut Attempt) -> Result<(), What> {
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
    pub(super) fn finish(&self, attempt: &mut Attempt) -> Result<(), What> {
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
    pub(super) fn create_logs(&self, attempt: &Attempt) {
        for log in attempt.logs.iter().map(Path::new) {
            let log = attempt.shadow.as_ref().map_or(log.to_owned(), |shadow| shadow.inside(log));
            // A log is a help, no more: the job has ended as it has ended.
            let _ = files::create(&log);
        }
    }

    /// A job that failed in its shadow leaves its logs, and the folder if that was asked for.
    pub(super) fn leave_shadow(&self, attempt: &mut Attempt) {
        self.create_logs(attempt);
        let Some(shadow) = attempt.shadow.take() else { return };
        // The logs are a help, no more: the job has failed in any case.
        let _ = shadow.deliver(attempt.logs.iter().map(Path::new));
        if !self.settings.keep_incomplete {
            shadow.remove();
        }
    }

    /// `ensure(..., sha256=...)`
    pub(super) fn compare_checksums(&self, view: &JobView, outputs: &[Output]) -> Result<(), What> {
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
}
