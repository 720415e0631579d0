//! The reasons a job has by itself, before what other jobs do is looked at.

use rustc_hash::FxHashSet;

use super::Planner;
use crate::code::{is_per_job, normalised, of_job};
use crate::diagnostic::Diagnostic;
use crate::job::{Ask, Awaits, FileId, InputFile, JobId};
use crate::params::{own_params, params_text};
use crate::reason::Reason;
use crate::rule::Action;

impl Planner<'_, '_> {
    pub(super) fn own_reason(
        &mut self,
        job: JobId,
        oldest: Option<i64>,
        ask: &mut Ask<'_>,
    ) -> Result<Reason, Box<Diagnostic>> {
        let mut reason = Reason::default();
        if self.is_forced(job) {
            reason.is_forced = true;
            return Ok(reason);
        }
        self.find_unfinished(job, &mut reason);
        if self.is_target.contains(&job) {
            self.judge_target(job, &mut reason);
        }
        if reason.is_some() {
            return Ok(reason);
        }
        if let Some(awaits) = self.graph.jobs.awaits(job) {
            // Its true inputs are not known yet: it is looked at again when they are.
            reason.awaits_queue = awaits == Awaits::Queue;
            return Ok(reason);
        }
        if let Some(oldest) = oldest
            && self.wishes.triggers.mtime
        {
            self.find_newer_inputs(job, oldest, &mut reason);
        }
        if reason.updated.is_empty() {
            self.compare_with_record(job, &mut reason, ask)?;
        }
        Ok(reason)
    }

    /// Outputs whose making was begun and not ended (we were killed): never trusted.
    fn find_unfinished(&mut self, job: JobId, reason: &mut Reason) {
        for &file in self.graph.jobs.outputs(job) {
            let path = self.graph.jobs.path(file);
            let Some(memory) = self.remembered.get(path) else { continue };
            if memory.is_unfinished && self.disk.exists(path) {
                if !self.wishes.trust_unfinished {
                    reason.unfinished.push(file);
                }
            } else if (memory.is_unfinished || memory.has_failed) && !self.disk.exists(path) {
                // It was wanted when its job began, so what is behind it may be older than it should be.
                reason.missing.push(file);
            }
        }
    }

    /// A target's outputs must be there; a target without outputs runs if it does something.
    fn judge_target(&mut self, job: JobId, reason: &mut Reason) {
        let graph = self.graph;
        let outputs = graph.jobs.outputs(job);
        if outputs.is_empty() {
            let is_gathering = self.rules.workflow.rules[graph.jobs.rule(job)].action == Action::None;
            let inputs = graph.jobs.inputs(job);
            match (inputs.is_empty(), is_gathering) {
                (true, _) => reason.has_no_files = true,
                (false, false) => reason.has_no_output = true,
                (false, true) => {
                    let missing: Vec<FileId> =
                        inputs.iter().map(|input| input.file).filter(|&file| !self.is_there(file)).collect();
                    reason.remade = missing;
                }
            }
            return;
        }
        let is_whole_job_wanted = !outputs.iter().any(|file| self.target_files.contains(file));
        let used: FxHashSet<FileId> = self.users.of(job).iter().map(|&(_, file)| file).collect();
        for &file in outputs {
            let is_wanted = is_whole_job_wanted || self.target_files.contains(&file) || used.contains(&file);
            if is_wanted && !self.is_there(file) {
                reason.missing.push(file);
            }
        }
    }

    fn find_newer_inputs(&mut self, job: JobId, oldest: i64, reason: &mut Reason) {
        let graph = self.graph;
        for input in graph.jobs.inputs(job) {
            if input.is_ancient || self.passing.contains(&input.file) {
                continue;
            }
            let path = graph.jobs.path(input.file);
            let is_newer = self.disk.stamp(path).is_some_and(|stamp| stamp.target_ns > oldest);
            if is_newer && !self.has_same_content(job, path) {
                reason.updated.push(input.file);
            }
        }
    }

    /// Whether the record proves that an input is what it was when every output of the job was made.
    fn has_same_content(&self, job: JobId, path: &str) -> bool {
        let outputs = self.graph.jobs.outputs(job).iter().map(|&file| self.graph.jobs.path(file));
        let mut memories = outputs.map(|output| self.remembered.get(output)).peekable();
        let Some(Some(first)) = memories.peek() else { return false };
        let name = self.rules.workflow.recorded(path);
        let Some(recorded) = first.content_of(name) else { return false };
        memories.all(|memory| memory.is_some_and(|memory| memory.content_of(name) == Some(recorded)))
            && crate::record::content_hash(std::path::Path::new(path), self.wishes.max_hashed_bytes)
                .as_deref()
                == Some(recorded)
    }

    /// Changed params, input set and code, if the record knows the outputs.
    fn compare_with_record(
        &mut self,
        job: JobId,
        reason: &mut Reason,
        ask: &mut Ask<'_>,
    ) -> Result<(), Box<Diagnostic>> {
        let graph = self.graph;
        let paths = graph.jobs.outputs(job).iter().map(|&file| graph.jobs.path(file));
        let remembered = self.remembered;
        let memories: Vec<_> =
            paths.filter_map(|path| remembered.get(path)).filter(|memory| !memory.has_failed).collect();
        let Some(&first) = memories.first() else { return Ok(()) };
        let rule = graph.jobs.rule(job);
        let triggers = self.wishes.triggers;
        if triggers.code {
            let shell = &self.rules.workflow.shell;
            let action = &self.rules.workflow.rules[rule].action;
            let of_this_job;
            let code = if is_per_job(action) {
                let mut view = graph.view(self.rules, job);
                view.params = own_params(self.rules, graph, job, &view, ask)?;
                of_this_job = of_job(action, shell, &view);
                &of_this_job
            } else {
                &*self.codes[rule].get_or_insert_with(|| normalised(action, shell))
            };
            reason.is_code_changed = memories.iter().any(|memory| memory.code != *code);
        }
        if triggers.input {
            let recorded = |input: &InputFile| self.rules.workflow.recorded(graph.jobs.path(input.file));
            let mut inputs: Vec<&str> = graph.jobs.inputs(job).iter().map(recorded).collect();
            inputs.sort_unstable();
            inputs.dedup();
            reason.is_input_changed = memories.iter().any(|memory| !memory.has_inputs(&inputs));
        }
        if triggers.params {
            let mut now = String::new();
            if !self.rules.workflow.rules[rule].params.is_empty() {
                let mut view = graph.view(self.rules, job);
                view.threads = 1;
                now = params_text(&own_params(self.rules, graph, job, &view, ask)?);
            }
            if memories.iter().any(|memory| memory.params != now) && !now.contains(crate::params::NOT_YET) {
                reason.params_change = Some(change(&first.params, &now));
            }
        }
        Ok(())
    }
}

/// What differs between two params texts, line by line.
fn change(before: &str, now: &str) -> String {
    let only = |these: &str, those: &str| {
        let lines: Vec<&str> =
            these.lines().filter(|line| !those.lines().any(|other| other == *line)).collect();
        if lines.is_empty() { "<nothing exclusive>".to_owned() } else { lines.join(", ") }
    };
    format!("before: {}; now: {}", only(before, now), only(now, before))
}
