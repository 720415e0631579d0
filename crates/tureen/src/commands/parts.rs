//! A run in parts: up to the checkpoints, then what they have shown to be behind them, until nothing is left.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::job::Awaits;
use tureen_workflow::plan::Plan;
use tureen_workflow::progress::Progress;
use tureen_workflow::read::Reading;
use tureen_workflow::record::{Claim, Record};
use tureen_workflow::run::{
    Apart, Failure, Happening, Input, Python, Settings as RunSettings, run as run_plan,
};
use tureen_workflow::work::stop::Stop;

use super::load::{Planned, planned_after};
use super::run::{files_of, guard, refused_claim};
use super::story::story;
use crate::settings::Settings;
use crate::show::{About, Show};
use crate::stats;

/// What all parts share.
pub(super) struct Parts<'p> {
    pub(super) settings: &'p Settings,
    pub(super) reading: &'p Reading,
    pub(super) python: &'p Python<'p>,
    pub(super) record: &'p Record,
    pub(super) run_settings: &'p RunSettings,
    pub(super) stop: &'p Arc<Stop>,
    pub(super) show: &'p Show,
    /// When the first run began that was killed, in seconds since 1970; `None` if none was.
    pub(super) killed_since: Option<f64>,
    /// Where jobs go that don't run here.
    pub(super) apart: Option<&'p Apart>,
    /// Which files are ours, unless that is nobody's business (`--nolock`).
    pub(super) claim: Option<Claim>,
}

/// How all of it ended.
#[derive(Default)]
pub(super) struct Whole {
    pub(super) failures: Vec<Failure>,
    pub(super) n_done: usize,
    pub(super) n_total: usize,
}

impl Parts<'_> {
    /// Runs the first plan, and those that follow from it.
    pub(super) fn run(
        &mut self,
        first: Planned<'_>,
        progress: &mut Progress,
    ) -> Result<Whole, Vec<Diagnostic>> {
        let mut whole = Whole::default();
        let mut planned = first;
        loop {
            let is_last = self.run_one(&planned, progress, &mut whole)?;
            let is_over = !whole.failures.is_empty() && !self.settings.keep_going;
            if is_last || is_over || self.stop.is_asked() {
                return Ok(whole);
            }
            planned = planned_after(self.settings, self.reading, self.python, progress)?;
            if let Some(claim) = &mut self.claim {
                claim.extend(&files_of(&planned)).map_err(|error| vec![refused_claim(&error)])?;
            }
        }
    }

    /// Runs what can run without knowing more; says whether that was all.
    fn run_one(
        &self,
        planned: &Planned<'_>,
        progress: &mut Progress,
        whole: &mut Whole,
    ) -> Result<bool, Vec<Diagnostic>> {
        let Planned { rules, graph, plan, remembered, .. } = planned;
        let part = plan.before_checkpoints(graph);
        let is_last = part.is_none();
        let part = part.as_ref().unwrap_or(plan);
        let n_before = whole.n_done;
        whole.n_total = progress.n_ended() + plan.order.len();
        let n_total = whole.n_total;
        if n_before > 0 {
            // Only those who look on from elsewhere need to know.
            let _ = self.record.set_run_jobs(n_total);
        }
        self.begin(planned, part, n_before == 0);
        let tell = |happening: Happening<'_>| {
            let reason = || match &happening {
                Happening::Starts { job, .. } => {
                    plan.reason(*job).map_or(String::new(), |reason| reason.text(&graph.jobs))
                }
                _ => String::new(),
            };
            let fault = || match &happening {
                Happening::Failed(failure) | Happening::Retries(failure) => {
                    story(failure, &self.reading.sources, false).message
                }
                _ => String::new(),
            };
            self.show.happening(&happening, &About { n_before, n_total, reason: &reason, fault: &fault });
        };
        let input = Input {
            rules,
            graph,
            plan: part,
            remembered,
            killed_since: self.killed_since,
            progress,
            is_part: !is_last,
            record: self.record,
            settings: self.run_settings,
            python: self.python,
            stop: self.stop,
            guard: guard(),
            apart: self.apart,
        };
        if part.order.is_empty() && is_waited_for(planned) {
            return Ok(false);
        }
        let end = run_plan(input, &tell).map_err(|fault| vec![*fault])?;
        if !is_last {
            progress.note_plan(graph, plan);
        }
        let has_run = !end.done.is_empty() || !end.failures.is_empty();
        whole.n_done += end.done.len();
        end.done.iter().for_each(|&job| progress.note_end(rules, graph, job, true));
        end.failures.iter().for_each(|failure| progress.note_end(rules, graph, failure.job, false));
        whole.failures.extend(end.failures);
        // A part in which nothing could run would be planned the same way for ever.
        Ok(is_last || !(has_run || is_waited_for(planned)))
    }
}

impl Parts<'_> {
    /// Tells what this part has to do; the first time also as a table, of all that is known to come.
    fn begin(&self, planned: &Planned<'_>, part: &Plan, is_first: bool) {
        let Planned { rules, graph, plan, .. } = planned;
        let mut jobs: FxHashMap<&str, usize> = FxHashMap::default();
        for &job in &part.order {
            *jobs.entry(&rules.workflow.rules[graph.jobs.rule(job)].name).or_default() += 1;
        }
        let table = is_first.then(|| stats::table(rules, graph, plan));
        // Without them nothing is guessed.
        let durations = match self.show {
            Show::Screen(_) => self.record.durations().unwrap_or_default(),
            _ => FxHashMap::default(),
        };
        let n_cores = self.settings.limits.cores.unwrap_or(1);
        self.show.begin(&jobs, table.as_deref(), &durations, n_cores);
    }
}

/// Whether a job waits for a queue: asking it again takes a while if there is nothing new.
fn is_waited_for(planned: &Planned<'_>) -> bool {
    let jobs = &planned.graph.jobs;
    planned.plan.order.iter().any(|&job| jobs.awaits(job) == Some(Awaits::Queue))
}
