//! The reasons a job has by itself, before what other jobs do is looked at.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::compare::{ParamsChange, is_code_changed, params_change};
use super::{LookedInto, Planner};
use crate::code::{is_per_job, normalised, of_job};
use crate::diagnostic::Diagnostic;
use crate::job::{Ask, Awaits, FileId, InputFile, JobId};
use crate::params::own_params;
use crate::reason::Reason;
use crate::record::{InputMemory, Remembered, Touched, Verdict, compare_by};
use crate::rule::Action;

impl<'p> Planner<'p, '_> {
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
        if oldest.is_some() || self.is_remembered(job) {
            self.compare_inputs_and_recipe(job, oldest, &mut reason, ask)?;
        }
        Ok(reason)
    }

    /// What can be a reason for a job whose outputs are there, or on record.
    fn compare_inputs_and_recipe(
        &mut self,
        job: JobId,
        oldest: Option<i64>,
        reason: &mut Reason,
        ask: &mut Ask<'_>,
    ) -> Result<(), Box<Diagnostic>> {
        let inputs = self.sorted_inputs(job);
        if let Some(oldest) = oldest
            && self.wishes.triggers.mtime
        {
            self.find_changed_inputs(job, &inputs, oldest, reason);
        }
        if reason.updated.is_empty() {
            self.compare_with_record(job, &inputs, reason, ask)?;
        }
        Ok(())
    }

    /// Whether a job that runs only because others do can be left out, should those make what was there before.
    pub(super) fn may_stay(&mut self, job: JobId, ask: &mut Ask<'_>) -> Result<bool, Box<Diagnostic>> {
        let graph = self.graph;
        let outputs = graph.jobs.outputs(job);
        if outputs.is_empty() || !outputs.iter().all(|&file| self.is_there(file)) {
            return Ok(false);
        }
        if self.whole_memories(job).is_empty() || graph.jobs.awaits(job).is_some() {
            return Ok(false);
        }
        let oldest =
            outputs.iter().filter_map(|&file| Some(self.disk.stamp(graph.jobs.path(file))?.own_ns)).min();
        let mut reason = Reason::default();
        self.compare_inputs_and_recipe(job, oldest, &mut reason, ask)?;
        Ok(!reason.is_some())
    }

    /// Inputs that have another time than on record, but the same content.
    pub(super) fn touched(&mut self) -> Vec<Touched> {
        let looked_into = std::mem::take(&mut self.looked_into);
        let touched = looked_into.into_iter().filter(|(_, found)| found.is_touched);
        touched
            .filter_map(|((file, _), LookedInto { hash, .. })| {
                let path = self.graph.jobs.path(file);
                let stamp = self.disk.stamp(path)?;
                let state = InputMemory {
                    path: self.recorded(file).to_owned(),
                    content: hash,
                    time: Some(stamp.target_ns),
                    size: Some(stamp.size),
                };
                Some(Touched { path: path.to_owned(), stamp, state })
            })
            .collect()
    }

    fn is_remembered(&self, job: JobId) -> bool {
        let mut outputs = self.graph.jobs.outputs(job).iter();
        outputs.any(|&file| self.remembered.contains_key(self.graph.jobs.path(file)))
    }

    /// The name that the record knows a file by.
    fn recorded(&self, file: FileId) -> &'p str {
        self.rules.workflow.recorded(self.graph.jobs.path(file))
    }

    /// The inputs, each once, by the name that the record knows them by.
    fn sorted_inputs(&self, job: JobId) -> Vec<InputFile> {
        let jobs = &self.graph.jobs;
        let mut inputs = jobs.inputs(job).to_vec();
        inputs.sort_unstable_by_key(|input| self.recorded(input.file));
        // A file that is named twice counts as ancient only if it is so both times.
        inputs.dedup_by(|second, first| {
            first.file == second.file && {
                first.is_ancient &= second.is_ancient;
                true
            }
        });
        inputs
    }

    /// What is remembered of the outputs, if that is so for each and all jobs ended well; alike ones count once.
    fn whole_memories(&self, job: JobId) -> Vec<&'p Remembered> {
        let mut memories: Vec<&Remembered> = Vec::new();
        for &file in self.graph.jobs.outputs(job) {
            match self.remembered.get(self.graph.jobs.path(file)) {
                Some(memory) if !memory.has_failed && !memory.is_unfinished => {
                    if memories.last().is_none_or(|last| last.ended != memory.ended) {
                        memories.push(memory);
                    }
                }
                _ => return Vec::new(),
            }
        }
        memories
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

    /// Inputs that are not what they were when the outputs were made; where nobody knows: that are newer.
    fn find_changed_inputs(&mut self, job: JobId, inputs: &[InputFile], oldest: i64, reason: &mut Reason) {
        let graph = self.graph;
        let memories = self.whole_memories(job);
        let mut places = vec![0; memories.len()];
        for input in inputs {
            let (path, name) = (graph.jobs.path(input.file), self.recorded(input.file));
            // Both lists are in order: each is walked once.
            let mut then: Vec<Option<(&InputMemory, f64)>> = Vec::with_capacity(memories.len());
            for (memory, place) in memories.iter().zip(&mut places) {
                while memory.inputs.get(*place).is_some_and(|input| input.path.as_str() < name) {
                    *place += 1;
                }
                let found = memory.inputs.get(*place).filter(|input| input.path == name);
                then.push(found.map(|input| (&**input, memory.ended)));
            }
            if input.is_ancient || self.passing.contains(&input.file) {
                continue;
            }
            let Some(stamp) = self.disk.stamp(path) else { continue };
            let is_newer = stamp.target_ns > oldest;
            let max_bytes = self.wishes.max_hashed_bytes;
            let looked_into = &mut self.looked_into;
            let verdict = |then: Option<(&InputMemory, f64)>| match then {
                Some((then, looked)) => compare_by(stamp, then, looked, |algorithm| {
                    // Many jobs may read it: one look is enough.
                    let hash = || algorithm.hash(Path::new(path), max_bytes);
                    let found = looked_into
                        .entry((input.file, algorithm))
                        .or_insert_with(|| LookedInto { hash: hash(), is_touched: false });
                    found.is_touched |= found.hash == then.content && then.time != Some(stamp.target_ns);
                    found.hash.clone()
                }),
                None => Verdict::Open,
            };
            let mut verdicts = then.into_iter().map(verdict).peekable();
            let is_changed = match verdicts.peek() {
                None => is_newer,
                Some(_) => verdicts.any(|verdict| match verdict {
                    Verdict::Same | Verdict::SameContent => false,
                    // What another job changes in place, once this one has read it, is told by its time only.
                    Verdict::Changed => is_newer || !input.is_before_update,
                    Verdict::Open => is_newer,
                }),
            };
            if is_changed {
                reason.updated.push(input.file);
            }
        }
    }

    /// Changed params, input set and code, if the record knows the outputs.
    fn compare_with_record(
        &mut self,
        job: JobId,
        inputs: &[InputFile],
        reason: &mut Reason,
        ask: &mut Ask<'_>,
    ) -> Result<(), Box<Diagnostic>> {
        let graph = self.graph;
        let paths = graph.jobs.outputs(job).iter().map(|&file| graph.jobs.path(file));
        let remembered = self.remembered;
        let memories: Vec<_> =
            paths.filter_map(|path| remembered.get(path)).filter(|memory| !memory.has_failed).collect();
        if memories.is_empty() {
            return Ok(());
        }
        let number = graph.jobs.rule(job);
        let rule = &self.rules.workflow.rules[number];
        let triggers = self.wishes.triggers;
        if triggers.code {
            let shell = &self.rules.workflow.shell;
            let of_this_job;
            let code = if is_per_job(&rule.action) {
                let mut view = graph.view(self.rules, job);
                view.params = own_params(self.rules, graph, job, &view, ask)?;
                of_this_job = of_job(&rule.action, shell, &view);
                &of_this_job
            } else {
                &*self.codes[number].get_or_insert_with(|| normalised(&rule.action, shell))
            };
            reason.is_code_changed = memories.iter().any(|memory| is_code_changed(memory, rule, shell, code));
        }
        if triggers.input {
            let paths: Vec<&str> = inputs.iter().map(|input| self.recorded(input.file)).collect();
            reason.is_input_changed = memories.iter().any(|memory| !memory.has_inputs(&paths));
        }
        if triggers.params {
            let mut entries = Vec::new();
            if !rule.params.is_empty() {
                let mut view = graph.view(self.rules, job);
                view.threads = 1;
                entries = own_params(self.rules, graph, job, &view, ask)?;
            }
            for memory in memories {
                match params_change(memory, &entries) {
                    ParamsChange::None => {}
                    ParamsChange::Unstable => self.unstable_rules.push(number),
                    ParamsChange::Lines(before, now) => {
                        reason.params_change = Some(params_words(&before, &now));
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What differs between two params, in Snakemake's words.
fn params_words(before: &[String], now: &[String]) -> String {
    let list = |lines: &[String]| {
        if lines.is_empty() { "<nothing exclusive>".to_owned() } else { lines.join(", ") }
    };
    format!("before: {}; now: {}", list(before), list(now))
}
