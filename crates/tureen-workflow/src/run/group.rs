//! Jobs that run at the same time, because pipes or services connect them: one fails, all end; services are asked to
//! end when all others have.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::failure::{Failure, What};
use super::{Happening, Shared};
use crate::job::JobId;
use crate::rule::Marks;
use crate::work::files::{self, FileFault};
use crate::work::stop::Stop;

impl Shared<'_, '_> {
    /// Runs the jobs of a group, all again if one fails and may be tried again. Gives the failures, the first first.
    pub(super) fn run_group(&self, jobs: &[JobId]) -> Result<(), Vec<Failure>> {
        let retries = jobs.iter().map(|&job| self.retries(job)).max().unwrap_or(0);
        for number in 1..=retries {
            match self.attempt_group(jobs, i64::from(number)) {
                Err(failures) if failures.iter().all(|failure| failure.what.may_be_tried_again()) => {
                    failures.iter().for_each(|failure| (self.tell)(Happening::Retries(failure)));
                }
                other => return other,
            }
        }
        self.attempt_group(jobs, i64::from(retries) + 1)
    }

    fn attempt_group(&self, jobs: &[JobId], number: i64) -> Result<(), Vec<Failure>> {
        if let Err((job, fault)) = self.make_pipes(jobs) {
            return Err(vec![self.failed_before(job, What::Files(fault))]);
        }
        let all = self.stop.for_some();
        let services = all.for_some();
        let failures: Mutex<Vec<Failure>> = Mutex::default();
        let run = |job: JobId, stop: &Arc<Stop>| {
            if let Err(failure) = self.attempt(job, number, stop) {
                // Those that are ended because of another say nothing of their own.
                let is_ended = matches!(failure.what, What::Stopped) && !self.stop.is_asked();
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                if !is_ended {
                    failures.push(*failure);
                }
                drop(failures);
                if !is_ended {
                    all.stop();
                }
            }
        };
        std::thread::scope(|scope| {
            let (serving, others): (Vec<JobId>, Vec<JobId>) =
                jobs.iter().partition(|&&job| self.is_service(job));
            let (run, all, services) = (&run, &all, &services);
            for job in serving {
                scope.spawn(move || run(job, services));
            }
            let others: Vec<_> = others.into_iter().map(|job| scope.spawn(move || run(job, all))).collect();
            // A thread that panicked has said so itself.
            others.into_iter().for_each(|thread| drop(thread.join()));
            services.stop();
        });
        self.for_each_output(jobs, |path, marks| {
            if marks.is_passing() {
                // What is left of it is taken for nothing in any case.
                let _ = files::remove(path, true);
            }
        });
        let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    fn make_pipes(&self, jobs: &[JobId]) -> Result<(), (JobId, FileFault)> {
        for &job in jobs {
            let mut made = Ok(());
            self.for_each_output(&[job], |path, marks| {
                if marks.is_pipe && made.is_ok() {
                    made = files::make_pipe(path);
                }
            });
            made.map_err(|fault| (job, fault))?;
        }
        Ok(())
    }

    pub(super) fn is_service(&self, job: JobId) -> bool {
        self.rules.patterns[self.graph.jobs.rule(job)].outputs.iter().any(|output| output.marks.is_service)
    }

    fn for_each_output(&self, jobs: &[JobId], mut work: impl FnMut(&Path, &Marks)) {
        for &job in jobs {
            let patterns = &self.rules.patterns[self.graph.jobs.rule(job)].outputs;
            for (&file, pattern) in self.graph.jobs.outputs(job).iter().zip(patterns) {
                work(Path::new(self.graph.jobs.path(file)), &pattern.marks);
            }
        }
    }
}
