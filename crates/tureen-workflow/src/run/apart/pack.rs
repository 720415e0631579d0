//! Attempts that are about to begin, as a parcel: everything is filled in. Sends nothing.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::{Attempt, Packed, Sender, What};
use crate::evaluator::job::{Entry, JobView};
use crate::fields::{Globals, fill_but};
use crate::job::{FileId, JobId};
use crate::params::{NOT_YET, whole_number};
use crate::remote::jobscript::{Group, properties};
use crate::remote::parcel::{Parcel, ParcelJob, VERSION, Work};
use crate::remote::place::Order;
use crate::resources::group_resources;
use crate::rule::{Action, Item, Param};
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
        let mut needs_story = false;
        for (number, attempt) in attempts.iter().enumerate() {
            let (work, needs_python) = self.work_of(attempt).map_err(|what| (number, what))?;
            let mut job = self.pack_job(attempt, work, &jobs, &sets, number);
            job.late_params = late_params(&shared.rule(attempt.job).params, attempt, &job.work);
            needs_story |= needs_python || !job.late_params.is_empty();
            packed.push(job);
        }
        let story = if needs_story { Some(self.story().map_err(|what| (0, what))?) } else { None };
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
            latency_wait: self.apart.latency_wait.as_secs_f64(),
            keep_incomplete: shared.settings.keep_incomplete,
        };
        let told = group.as_deref().map(|name| {
            let inner = parcel.jobs.iter().flat_map(|job| &job.inputs).cloned().collect();
            // Its jobs come in an order in which each follows those it needs.
            Group { name, inner, last: &attempts[attempts.len() - 1].view }
        });
        let properties = properties(&view, told.as_ref());
        let order = Order { properties, view, group, goes_alone: false };
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

    /// What a job does, and whether that takes an interpreter.
    fn work_of(&self, attempt: &Attempt) -> Result<(Work, bool), What> {
        let rule = self.shared.rule(attempt.job);
        Ok(match &rule.action {
            Action::None => (Work::Nothing, false),
            Action::Run { .. } | Action::Script { .. } => (Work::Python, true),
            Action::Shell { command, .. } if is_open(attempt.command.as_deref().unwrap_or_default()) => {
                // Filled as far as it can be without what only the node knows, it takes no interpreter there.
                let globals = Globals::of(self.shared.rules.workflow, rule);
                let half = fill_but(command, &attempt.view, globals, &KNOWN_THERE);
                match half.ok().filter(|_| !rule.has_late_command) {
                    Some(text) => (Work::Template { text, is_late: false }, false),
                    None => (Work::Template { text: command.clone(), is_late: rule.has_late_command }, true),
                }
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
                (Work::Shell(commands), false)
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
            late_params: Vec::new(),
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

/// Names in commands whose parts may be known only on the node. Which repetition it is, is known only there if it is
/// filled there at all.
const KNOWN_THERE: [&str; 3] = ["params", "resources", "bench_iteration"];

/// Whether a text was filled with something that is not known yet.
fn is_open(text: &str) -> bool {
    text.contains(NOT_YET)
}

/// The places of params that a job's node works out: those that follow from files which are not there yet, or from what
/// only the node knows; and, where Python code gets them, objects of this process.
fn late_params(declared: &[Item<Param>], attempt: &Attempt, work: &Work) -> Vec<usize> {
    let is_late = |value: &Value, is_given: bool| {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Opaque { held: Some(_), .. } if *work == Work::Python => return true,
                Value::Str(text) if is_given && is_open(text) => return true,
                Value::List(values) | Value::Tuple(values) => waiting.extend(values),
                Value::Dict(pairs) => waiting.extend(pairs.iter().map(|(_, value)| value)),
                _ => {}
            }
        }
        false
    };
    if matches!(work, Work::Nothing | Work::Shell(_)) {
        return Vec::new();
    }
    let params = attempt.view.params.iter().zip(declared).enumerate();
    let is_late = |(_, (entry, item)): &(usize, (&Entry, &Item<Param>))| {
        is_late(&entry.value, matches!(item.value, Param::Function(_)))
    };
    params.filter(is_late).map(|(place, _)| place).collect()
}
