//! From the targets backwards: every job that could be wanted, and for each wanted file the jobs that could
//! make it. Chooses nothing and asks no disk. Input functions are asked in batches, a wave of jobs at a time.

use rustc_hash::FxHashMap;

use super::ask::Ask;
use super::table::{Awaits, DynamicItem, FileId, InputFile, JobId, Jobs};
use super::{Rules, Target};
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Answer, Call, Exception, JobView, Role};
use crate::pattern::Pattern;
use crate::rule::Input;
use crate::value::Value;
use crate::wildcards::InputPatterns;

/// Everything that could be wanted.
#[derive(Debug, Default)]
pub(super) struct Explored {
    pub(super) jobs: Jobs,
    /// Per target: its job (a rule) or its file.
    pub(super) targets: Vec<Wanted>,
    /// By file: its stretch of `candidates`.
    pub(super) candidates_of: Vec<(u32, u32)>,
    pub(super) candidates: Vec<JobId>,
    /// Jobs of a rule that feeds itself with ever longer names.
    pub(super) periodic: rustc_hash::FxHashSet<JobId>,
}

/// A target, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Job(JobId),
    File(FileId),
}

struct Explorer<'r, 'w> {
    rules: &'r Rules<'w>,
    explored: Explored,
    /// Files to find makers for.
    queue: Vec<(FileId, Option<JobId>)>,
    is_queued: Vec<bool>,
    /// Jobs whose input functions are still to be asked.
    to_ask: Vec<JobId>,
    /// Files that somebody wants of certain rules (`rules.name.output`).
    pins: FxHashMap<FileId, Vec<u32>>,
    /// By job: why it was looked at.
    origins: Vec<Origin>,
}

/// Why a job was looked at first.
#[derive(Debug, Clone, Copy)]
struct Origin {
    user: Option<JobId>,
    /// How often names have grown on the way from the target, each time in a job of the same rule.
    growth: u8,
}

pub(super) fn explore(
    rules: &Rules<'_>,
    targets: &[Target],
    ask: &mut Ask<'_>,
) -> Result<Explored, Vec<Diagnostic>> {
    let mut explorer = Explorer {
        rules,
        explored: Explored::default(),
        queue: Vec::new(),
        is_queued: Vec::new(),
        to_ask: Vec::new(),
        pins: FxHashMap::default(),
        origins: Vec::new(),
    };
    for target in targets {
        let wanted = match target {
            Target::Rule(rule) => Wanted::Job(explorer.want_job(*rule as u32, &[], None)),
            Target::Job(rule, values) => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                Wanted::Job(explorer.want_job(*rule as u32, &values, None))
            }
            Target::File(path) => {
                let file = explorer.explored.jobs.add_file(path);
                explorer.want_file(file, None);
                Wanted::File(file)
            }
        };
        explorer.explored.targets.push(wanted);
    }
    let mut next = 0;
    loop {
        while let Some(&(file, user)) = explorer.queue.get(next) {
            explorer.find_makers(file, user);
            next += 1;
        }
        if explorer.to_ask.is_empty() {
            break;
        }
        let jobs = std::mem::take(&mut explorer.to_ask);
        explorer.ask_functions(&jobs, ask)?;
    }
    let n_files = explorer.explored.jobs.n_files();
    explorer.explored.candidates_of.resize(n_files, (0, 0));
    explorer.keep_to_pins();
    Ok(explorer.explored)
}

impl Explorer<'_, '_> {
    fn want_file(&mut self, file: FileId, user: Option<JobId>) {
        if self.is_queued.len() <= file.index() {
            self.is_queued.resize(file.index() + 1, false);
        }
        if !std::mem::replace(&mut self.is_queued[file.index()], true) {
            self.queue.push((file, user));
        }
    }

    /// If the values of a maker could be read in several ways, those of the first user's wildcards of the same
    /// names are preferred (as Snakemake 9.27).
    fn find_makers(&mut self, file: FileId, user: Option<JobId>) {
        let path = self.explored.jobs.path(file).to_owned();
        let start = self.explored.candidates.len() as u32;
        let mut makers = self.rules.index.makers(&self.rules.patterns, &path);
        // What the others would need is not looked at: it may be without end.
        if let Some(pins) = self.pins.get(&file)
            && makers.iter().any(|maker| pins.contains(&maker.rule))
        {
            makers.retain(|maker| pins.contains(&maker.rule));
        }
        for maker in makers {
            let patterns = &self.rules.patterns[maker.rule as usize];
            let names = &patterns.wildcards;
            let hinted = user.filter(|_| names.len() > 1).and_then(|user| self.values_of(user, names));
            let hinted = hinted.filter(|values| {
                patterns.products().any(|product| {
                    let mut filled = String::new();
                    product.pattern.fill(values, &mut filled);
                    filled == path
                })
            });
            let job = match &hinted {
                Some(values) => {
                    self.want_job(maker.rule, &values.iter().map(String::as_str).collect::<Vec<_>>(), user)
                }
                None => self.want_job(maker.rule, &maker.values, user),
            };
            self.explored.candidates.push(job);
        }
        let candidates_of = &mut self.explored.candidates_of;
        if candidates_of.len() <= file.index() {
            candidates_of.resize(file.index() + 1, (0, 0));
        }
        candidates_of[file.index()] = (start, self.explored.candidates.len() as u32);
    }

    /// How often names have grown up to this job. A rule that can make its own input wants it of itself under an
    /// ever longer name, without end: `{x}` from `sorted/{x}`, `sorted/sorted/{x}`, ...
    fn growth(&self, rule: u32, values: &[&str], user: Option<JobId>) -> u8 {
        let mut above = user;
        for _ in 0..FURTHEST_SAME_RULE {
            let Some(job) = above else { break };
            let origin = self.origins[job.index()];
            if self.explored.jobs.rule(job) == rule as usize {
                let mut has_grown = false;
                for (value, was) in values.iter().zip(self.explored.jobs.values(job)) {
                    if !value.contains(was) {
                        return 0;
                    }
                    has_grown |= value.len() > was.len();
                }
                return if has_grown { origin.growth + 1 } else { 0 };
            }
            above = origin.user;
        }
        0
    }

    /// A job's wildcard values under these names, if it has them all.
    fn values_of(&self, job: JobId, names: &[String]) -> Option<Vec<String>> {
        let known = &self.rules.patterns[self.explored.jobs.rule(job)].wildcards;
        let value = |name: &String| {
            let position = known.iter().position(|other| other == name)?;
            self.explored.jobs.values(job).nth(position).map(str::to_owned)
        };
        names.iter().map(value).collect()
    }

    fn want_job(&mut self, rule: u32, values: &[&str], user: Option<JobId>) -> JobId {
        let patterns = &self.rules.patterns[rule as usize];
        let (job, is_new) = self.explored.jobs.add_job(rule, patterns, values);
        if !is_new {
            return job;
        }
        let growth = self.growth(rule, values, user);
        self.origins.push(Origin { user, growth });
        if growth >= MOST_GROWTH || values.iter().any(|value| is_periodic(value)) {
            self.explored.periodic.insert(job);
        } else if patterns.has_input_functions {
            self.to_ask.push(job);
        } else {
            let mut inputs = Vec::new();
            for (item, entry) in patterns.inputs.iter().enumerate() {
                self.fill_static(job, entry, item as u16, values, &mut inputs);
            }
            self.explored.jobs.set_inputs(job, inputs);
        }
        job
    }

    fn fill_static(
        &mut self,
        job: JobId,
        entry: &InputPatterns,
        item: u16,
        values: &[&str],
        inputs: &mut Vec<InputFile>,
    ) {
        let InputPatterns::Files(files) = entry else { return };
        let mut path = String::new();
        for marked in files {
            path.clear();
            marked.pattern.fill(values, &mut path);
            let file = self.explored.jobs.add_file(&path);
            if let Some(rule) = marked.producer {
                let pins = self.pins.entry(file).or_default();
                if !pins.contains(&rule) {
                    pins.push(rule);
                    // Its makers may have been found without this rule.
                    if self.is_queued.get(file.index()) == Some(&true) {
                        self.queue.push((file, Some(job)));
                    }
                }
            }
            let is_before_update = marked.marks.is_before_update;
            if !is_before_update {
                self.want_file(file, Some(job));
            }
            inputs.push(InputFile { file, item, is_ancient: marked.marks.is_ancient, is_before_update });
        }
    }

    /// Of the makers of a file that is wanted of certain rules, only those remain.
    fn keep_to_pins(&mut self) {
        let Explored { jobs, candidates, candidates_of, .. } = &mut self.explored;
        for (file, rules) in &self.pins {
            let (start, end) = candidates_of[file.index()];
            let all = &candidates[start as usize..end as usize];
            let is_meant = |job: &&JobId| rules.contains(&(jobs.rule(**job) as u32));
            let kept: Vec<JobId> = all.iter().filter(is_meant).copied().collect();
            if !kept.is_empty() && kept.len() < all.len() {
                let start = candidates.len() as u32;
                candidates.extend(kept);
                candidates_of[file.index()] = (start, candidates.len() as u32);
            }
        }
    }

    fn ask_functions(&mut self, jobs: &[JobId], ask: &mut Ask<'_>) -> Result<(), Vec<Diagnostic>> {
        let mut calls = Vec::new();
        for &job in jobs {
            let rule = &self.rules.workflow.rules[self.explored.jobs.rule(job)];
            let view = JobView {
                rule: rule.name.clone(),
                wildcards: self.wildcards(job),
                attempt: 1,
                ..JobView::default()
            };
            for item in &rule.input {
                match item.value {
                    Input::Files(_) => {}
                    Input::Function(function) => {
                        calls.push(Call { function, role: Role::Input, job: view.clone() });
                    }
                    Input::Unpack(function) => {
                        calls.push(Call { function, role: Role::Unpack, job: view.clone() });
                    }
                }
            }
        }
        let mut answers = ask(&calls).into_iter();
        let mut faults = Vec::new();
        for &job in jobs {
            if let Err(fault) = self.take_answers(job, &mut answers) {
                faults.push(*fault);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Puts the static and the answered entries of a job's input together, in the rule's order.
    fn take_answers(
        &mut self,
        job: JobId,
        answers: &mut impl Iterator<Item = Result<Answer, Exception>>,
    ) -> Result<(), Box<Diagnostic>> {
        let rules = self.rules;
        let rule = self.explored.jobs.rule(job);
        let values: Vec<String> = self.explored.jobs.values(job).map(str::to_owned).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut items = Vec::new();
        let mut inputs = Vec::new();
        let mut failed = None;
        for (rule_item, item) in rules.workflow.rules[rule].input.iter().enumerate() {
            let rule_item = rule_item as u16;
            if let Input::Files(list) = &item.value {
                let entry = &rules.patterns[rule].inputs[rule_item as usize];
                self.fill_static(job, entry, items.len() as u16, &values, &mut inputs);
                let name = item.name.clone();
                items.push(DynamicItem { name, is_list: list.is_list, rule_item, awaits: None });
                continue;
            }
            let is_unpacked = matches!(item.value, Input::Unpack(_));
            let (answer, awaits) = match answers.next() {
                Some(Ok(Answer::Unfinished { value })) => {
                    (Some(Ok(Answer::Value { value, marks: Vec::new() })), Some(Awaits::Queue))
                }
                answer => (answer, None),
            };
            match answer {
                Some(Ok(Answer::Value { value, marks })) => {
                    let marks: FxHashMap<&str, &[String]> =
                        marks.iter().map(|(path, names)| (path.as_str(), names.as_slice())).collect();
                    let has = |path: &str, mark: &str| {
                        marks.get(path).is_some_and(|names| names.iter().any(|name| name == mark))
                    };
                    let entries = match (value, is_unpacked) {
                        (Value::Dict(pairs), true) => pairs
                            .into_iter()
                            .map(|(key, value)| (Some(crate::format::text(&key)), value))
                            .collect(),
                        (Value::List(list) | Value::Tuple(list), true) => {
                            list.into_iter().map(|value| (None, value)).collect()
                        }
                        (value, _) => vec![(item.name.clone(), value)],
                    };
                    for (name, value) in entries {
                        let is_list = !matches!(value, Value::Str(_) | Value::Opaque { .. });
                        let paths = paths_of(value).ok_or_else(|| {
                            Box::new(
                                Diagnostic::new(format!(
                                    "an input function of rule `{}` gave something that is no path",
                                    rules.workflow.rules[rule].name
                                ))
                                .at(item.span, "")
                                .hint("it should return a string or a list of strings"),
                            )
                        })?;
                        for path in paths {
                            let is_ancient = has(&path, "ancient");
                            let is_before_update = has(&path, "before_update");
                            let path = match filled(path, &rules.patterns[rule].wildcards, &values) {
                                Ok(path) => path,
                                Err(exception) => {
                                    failed = failed.or(Some(exception));
                                    continue;
                                }
                            };
                            let file = self.explored.jobs.add_file(&path);
                            if !is_before_update {
                                self.want_file(file, Some(job));
                            }
                            let item = items.len() as u16;
                            inputs.push(InputFile { file, item, is_ancient, is_before_update });
                        }
                        items.push(DynamicItem { name, is_list, rule_item, awaits });
                    }
                }
                Some(Ok(Answer::NeedsCheckpoint { file, .. })) => {
                    // What the checkpoint makes stands for all that the function will give.
                    let file = self.explored.jobs.add_file(&file);
                    self.want_file(file, Some(job));
                    let name = item.name.clone();
                    let item = items.len() as u16;
                    inputs.push(InputFile { file, item, is_ancient: false, is_before_update: false });
                    items.push(DynamicItem {
                        name,
                        is_list: false,
                        rule_item,
                        awaits: Some(Awaits::Checkpoint),
                    });
                }
                Some(Ok(Answer::NotYet | Answer::Unfinished { .. })) | None => {}
                Some(Err(exception)) => failed = failed.or(Some(exception)),
            }
        }
        match failed {
            Some(exception) => self.explored.jobs.set_failed(job, exception),
            None => {
                self.explored.jobs.set_inputs(job, inputs);
                self.explored.jobs.set_dynamic_items(job, items);
            }
        }
        Ok(())
    }

    fn wildcards(&self, job: JobId) -> Vec<(String, String)> {
        let names = &self.rules.patterns[self.explored.jobs.rule(job)].wildcards;
        names.iter().cloned().zip(self.explored.jobs.values(job).map(str::to_owned)).collect()
    }
}

/// A path that a function gave, with the job's wildcards in it filled (as Snakemake 9.27).
fn filled(path: String, names: &[String], values: &[&str]) -> Result<String, Exception> {
    if !path.contains('{') {
        return Ok(path);
    }
    let mut known = names.to_vec();
    let message = match Pattern::parse(&path, &mut known, &|_| None) {
        Ok(pattern) => match known.get(names.len()) {
            None => {
                let mut filled = String::new();
                pattern.fill(values, &mut filled);
                return Ok(filled);
            }
            Some(unknown) => format!("`{path}` has a wildcard `{unknown}` that the output files don't have"),
        },
        Err(error) => error.to_string(),
    };
    Err(Exception { class: "WildcardError".to_owned(), message, frames: Vec::new() })
}

/// The paths that a function gave; `None` if it gave something else.
fn paths_of(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Str(path) | Value::Opaque { text: path, .. } => Some(vec![path]),
        Value::List(list) | Value::Tuple(list) => {
            let mut paths = Vec::with_capacity(list.len());
            for value in list {
                paths.extend(paths_of(value)?);
            }
            Some(paths)
        }
        _ => None,
    }
}

/// With so many, names grow without end. Snakemake follows them to the limit of Python's recursion; few are
/// enough, and with two inputs that grow each more is twice the jobs.
const MOST_GROWTH: u8 = 8;

/// So many jobs up, one of the same rule is looked for.
const FURTHEST_SAME_RULE: usize = 32;

/// Whether a value ends with the same text twenty times over (as Snakemake 9.27 judges it): so ends the
/// wildcard of a rule that can make its own input.
fn is_periodic(value: &str) -> bool {
    const REPEATS: usize = 20;
    let bytes = value.as_bytes();
    (1..=bytes.len() / REPEATS).any(|period| {
        let tail = &bytes[bytes.len() - REPEATS * period..];
        tail[period..] == tail[..tail.len() - period]
    })
}

#[cfg(test)]
mod tests {
    use super::is_periodic;

    #[test]
    fn twenty_repeats_are_periodic() {
        assert!(is_periodic(&".sorted".repeat(20)));
        assert!(is_periodic(&format!("a{}", "bc".repeat(21))));
        assert!(!is_periodic(&"bc".repeat(19)));
        assert!(!is_periodic(&"0123456789".repeat(3)));
        assert!(!is_periodic(""));
    }
}
