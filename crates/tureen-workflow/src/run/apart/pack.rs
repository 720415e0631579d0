//! Attempts that are about to begin, as a parcel: everything is filled in. Sends nothing.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::{Attempt, Packed, Sender, What};
use crate::evaluator::job::{Entry, JobView};
use crate::job::{FileId, JobId};
use crate::params::{NOT_YET, whole_number};
use crate::remote::jobscript::properties;
use crate::remote::parcel::{Parcel, ParcelJob, VERSION, Work};
use crate::remote::place::Order;
use crate::resources::group_resources;
use crate::rule::Action;
use crate::value::Value;
use crate::work::shadow;

impl Sender<'_, '_, '_> {
    /// Packs some jobs of a step.
    pub(super) fn pack(&mut self, step: usize, attempts: &[Attempt]) -> Packed {
        let shared = self.shared;
        let jobs: Vec<JobId> = attempts.iter().map(|attempt| attempt.job).collect();
        let (sets, levels) = super::steps::levels(shared.graph, self.plan, &jobs);
        let mut packed = Vec::with_capacity(attempts.len());
        let is_group = self.tasks.steps[step].jobs.len() > 1;
        for (number, attempt) in attempts.iter().enumerate() {
            let work = self.work_of(attempt).map_err(|what| (number, what))?;
            if is_group && let Some(what) = is_early(attempt) {
                return Err((number, what));
            }
            packed.push(self.pack_job(attempt, work, &jobs, &sets, number));
        }
        let needs_python = packed.iter().any(|job| job.work == Work::Python);
        let story = if needs_python { Some(self.story().map_err(|what| (0, what))?) } else { None };
        let view = self.whole_view(attempts, &levels, is_group).map_err(|what| (0, what))?;
        let group = is_group.then(|| self.tasks.groups[step].clone().unwrap_or_default());
        let view = match &group {
            Some(name) => JobView { rule: name.clone(), ..view },
            None => view,
        };
        let workflow = shared.rules.workflow;
        let parcel = Parcel {
            version: VERSION,
            id: self.new_id(),
            folder: std::env::current_dir().unwrap_or_default(),
            cores: u64::try_from(view.threads).unwrap_or(0).max(1),
            mem_mb: 0,
            temporary: self.temporary_inside(&jobs),
            jobs: packed,
            shell: workflow.shell.clone(),
            environment: workflow.environment.clone(),
            story,
            shadow_base: shadow::folder(shared.settings.shadow_prefix.as_deref()),
            latency_wait: shared.settings.latency_wait.as_secs_f64(),
            keep_incomplete: shared.settings.keep_incomplete,
        };
        let order = Order { properties: properties(&view, group.as_deref()), view, group, goes_alone: false };
        Ok((parcel, order))
    }

    /// Temporary files that only jobs of the parcel read, with those.
    fn temporary_inside(&self, jobs: &[JobId]) -> Vec<(PathBuf, Vec<usize>)> {
        let shared = self.shared;
        if jobs.len() == 1 || shared.settings.keep_temporary {
            return Vec::new();
        }
        let mut readers: FxHashMap<FileId, Vec<usize>> = FxHashMap::default();
        for (number, &job) in jobs.iter().enumerate() {
            for (_, input) in shared.graph.needs(job).filter(|(need, _)| jobs.contains(need)) {
                let readers = readers.entry(input.file).or_default();
                if readers.last() != Some(&number) {
                    readers.push(number);
                }
            }
        }
        readers.retain(|&file, readers| {
            shared.temporary.has_no_more_readers(file, u32::try_from(readers.len()).unwrap_or(u32::MAX))
        });
        let path = |file| PathBuf::from(shared.graph.jobs.path(file));
        readers.into_iter().map(|(file, readers)| (path(file), readers)).collect()
    }

    fn work_of(&self, attempt: &Attempt) -> Result<Work, What> {
        Ok(match &self.shared.rule(attempt.job).action {
            Action::None => Work::Nothing,
            Action::Run { .. } | Action::Script { .. } => {
                if let Some(name) = unsendable(&attempt.view) {
                    let why = format!(
                        "its params can't be sent to another machine: `{name}` is an object that only this process has; give its plain data, or make the rule local (`localrules:`)"
                    );
                    return Err(What::Elsewhere { why, may_be_tried_again: false });
                }
                Work::Python
            }
            Action::Shell { .. } => {
                let mut commands = vec![attempt.command.clone().unwrap_or_default()];
                let repeats = attempt.benchmark.as_ref().map_or(1, |(_, repeats)| *repeats);
                for iteration in 1..repeats {
                    let view = JobView { bench_iteration: Some(iteration), ..attempt.view.clone() };
                    let command = self.shared.fill_command(attempt.job, &view).map_err(What::NotReady)?;
                    commands.push(command.unwrap_or_default());
                }
                commands.dedup();
                Work::Shell(commands)
            }
        })
    }

    fn pack_job(
        &self,
        attempt: &Attempt,
        work: Work,
        jobs: &[JobId],
        sets: &[usize],
        number: usize,
    ) -> ParcelJob {
        let shared = self.shared;
        let job = attempt.job;
        let mut needs: Vec<usize> = Vec::new();
        let mut services = Vec::new();
        for (need, input) in shared.graph.needs(job) {
            if let Some(place) = jobs.iter().position(|&known| known == need)
                && sets[place] != sets[number]
            {
                needs.push(sets[place]);
            }
            let patterns = &shared.rules.patterns[shared.graph.jobs.rule(need)].outputs;
            let outputs = shared.graph.jobs.outputs(need).iter().zip(patterns);
            let is_service = |(file, marks): (&FileId, bool)| *file == input.file && marks;
            if outputs.map(|(file, pattern)| (file, pattern.marks.is_service)).any(is_service) {
                services.push(PathBuf::from(shared.graph.jobs.path(input.file)));
            }
        }
        needs.sort_unstable();
        needs.dedup();
        let paths =
            |files: &[FileId]| files.iter().map(|&file| shared.graph.jobs.path(file).to_owned()).collect();
        let inputs: Vec<FileId> = shared.graph.jobs.inputs(job).iter().map(|input| input.file).collect();
        let rule = shared.rule(job);
        ParcelJob {
            set: sets[number],
            needs,
            view: attempt.view.clone(),
            work,
            outputs: attempt
                .outputs
                .iter()
                .map(|output| (output.path.clone(), output.marks.clone()))
                .collect(),
            inputs: paths(&inputs),
            services,
            logs: attempt.logs.clone(),
            shadow: rule.shadow.filter(|_| rule.action != Action::None),
            benchmark: attempt.benchmark.clone(),
            row: attempt.row,
        }
    }

    /// A job, or a group as if it were one.
    fn whole_view(&self, attempts: &[Attempt], levels: &[usize], is_group: bool) -> Result<JobView, What> {
        let [first, ..] = attempts else { return Ok(JobView::default()) };
        if !is_group {
            return Ok(first.view.clone());
        }
        let mut by_level: Vec<Vec<Vec<(String, Value)>>> = Vec::new();
        for (attempt, &level) in attempts.iter().zip(levels) {
            if by_level.len() <= level {
                by_level.resize_with(level + 1, Vec::new);
            }
            by_level[level].push(attempt.view.resources.clone());
        }
        let resources = group_resources(&by_level, &self.shared.settings.limits)
            .map_err(|why| What::Elsewhere { why, may_be_tried_again: false })?;
        let cores = resources.iter().find(|(name, _)| name == "_cores");
        let threads = cores.and_then(|(_, value)| whole_number(value)).unwrap_or(1);
        let outputs: Vec<Entry> = attempts.iter().flat_map(|attempt| attempt.view.output.clone()).collect();
        let made: Vec<&Path> = attempts
            .iter()
            .flat_map(|attempt| &attempt.outputs)
            .map(|output| output.path.as_path())
            .collect();
        let mut input: Vec<Entry> = Vec::new();
        for attempt in attempts {
            for &file in self.shared.graph.jobs.inputs(attempt.job).iter().map(|input| &input.file) {
                let path = self.shared.graph.jobs.path(file);
                let entry = Entry { name: None, value: Value::Str(path.to_owned()) };
                if !made.contains(&Path::new(path)) && !input.contains(&entry) {
                    input.push(entry);
                }
            }
        }
        let mut wildcards: Vec<(String, String)> = Vec::new();
        for (name, value) in attempts.iter().flat_map(|attempt| &attempt.view.wildcards) {
            if !wildcards.iter().any(|(known, _)| known == name) {
                wildcards.push((name.clone(), value.clone()));
            }
        }
        Ok(JobView {
            rule: first.view.rule.clone(),
            wildcards,
            input,
            output: outputs.into_iter().map(|entry| Entry { name: None, ..entry }).collect(),
            log: attempts.iter().flat_map(|attempt| attempt.view.log.clone()).collect(),
            params: Vec::new(),
            threads,
            resources,
            attempt: first.view.attempt,
            jobid: attempts.last().map_or(0, |attempt| attempt.view.jobid),
            folder: None,
            bench_iteration: None,
        })
    }
}

/// The param of a job that only this process holds.
fn unsendable(view: &JobView) -> Option<String> {
    let is_held = |value: &Value| {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Opaque { held: Some(_), .. } => return true,
                Value::List(values) | Value::Tuple(values) => waiting.extend(values),
                Value::Dict(pairs) => waiting.extend(pairs.iter().map(|(_, value)| value)),
                _ => {}
            }
        }
        false
    };
    let name = |(number, entry): (usize, &Entry)| entry.name.clone().unwrap_or_else(|| number.to_string());
    view.params.iter().enumerate().find(|(_, entry)| is_held(&entry.value)).map(name)
}

/// A group is sent as a whole, so nothing in it can be worked out from files that it makes itself.
fn is_early(attempt: &Attempt) -> Option<What> {
    let is_unknown = |value: &Value| matches!(value, Value::Str(text) if text == NOT_YET);
    let param = attempt.view.params.iter().any(|entry| is_unknown(&entry.value));
    param.then(|| What::Elsewhere {
        why: "its params are worked out from a file that another job of its group makes, but a group is sent as a whole; take the rule out of the group".to_owned(),
        may_be_tried_again: false,
    })
}
