//! A job as its commands and functions see it: names and values instead of numbers.

use super::table::JobId;
use super::{JobGraph, Rules};
use crate::evaluator::job::{Entry, JobView};
use crate::rule::{FileList, Item};
use crate::value::Value;
use crate::wildcards::MarkedPattern;

impl JobGraph {
    /// The wildcards, input, output and log of a job; the rest (params, threads, resources) is left empty.
    pub fn view(&self, rules: &Rules<'_>, job: JobId) -> JobView {
        let number = self.jobs.rule(job);
        let (rule, patterns) = (&rules.workflow.rules[number], &rules.patterns[number]);
        let values: Vec<&str> = self.jobs.values(job).collect();
        let outputs = self.jobs.outputs(job).iter().map(|&file| self.jobs.path(file).to_owned());
        let log = fill_all(&patterns.logs, &values);
        JobView {
            rule: rule.name.clone(),
            wildcards: patterns
                .wildcards
                .iter()
                .cloned()
                .zip(values.iter().map(|&value| value.to_owned()))
                .collect(),
            input: self.input_entries(rules, job),
            output: entries(&rule.output, outputs),
            log: entries(&rule.log, log.into_iter()),
            attempt: 1,
            jobid: job.index() as i64,
            ..JobView::default()
        }
    }

    /// The log files of a job.
    pub fn logs(&self, rules: &Rules<'_>, job: JobId) -> Vec<String> {
        let values: Vec<&str> = self.jobs.values(job).collect();
        fill_all(&rules.patterns[self.jobs.rule(job)].logs, &values)
    }

    /// The benchmark file of a job.
    pub fn benchmark(&self, rules: &Rules<'_>, job: JobId) -> Option<String> {
        let values: Vec<&str> = self.jobs.values(job).collect();
        let pattern = rules.patterns[self.jobs.rule(job)].benchmark.as_ref()?;
        let mut path = String::new();
        pattern.pattern.fill(&values, &mut path);
        Some(path)
    }

    fn input_entries(&self, rules: &Rules<'_>, job: JobId) -> Vec<Entry> {
        let rule = &rules.workflow.rules[self.jobs.rule(job)];
        let shapes: Vec<(Option<String>, bool, bool)> = match self.jobs.dynamic_items(job) {
            Some(items) => items
                .iter()
                .map(|item| (item.name.clone(), item.is_list, item.awaits == Some(super::Awaits::Checkpoint)))
                .collect(),
            None => rule
                .input
                .iter()
                .map(|item| match &item.value {
                    crate::rule::Input::Files(list) => (item.name.clone(), list.is_list, false),
                    _ => (item.name.clone(), false, false),
                })
                .collect(),
        };
        let mut inputs = self.jobs.inputs(job).iter().peekable();
        let mut entries = Vec::with_capacity(shapes.len());
        for (number, (name, is_list, is_unknown)) in shapes.into_iter().enumerate() {
            let mut files = Vec::new();
            while let Some(input) = inputs.next_if(|input| input.item as usize == number) {
                let path = if is_unknown { crate::params::NOT_YET } else { self.jobs.path(input.file) };
                files.push(Value::Str(path.to_owned()));
            }
            entries.push(Entry { name, value: one_or_list(files, is_list) });
        }
        entries
    }
}

fn fill_all(patterns: &[MarkedPattern], values: &[&str]) -> Vec<String> {
    let fill = |marked: &MarkedPattern| {
        let mut path = String::new();
        marked.pattern.fill(values, &mut path);
        path
    };
    patterns.iter().map(fill).collect()
}

fn entries(items: &[Item<FileList>], mut paths: impl Iterator<Item = String>) -> Vec<Entry> {
    let entry = |item: &Item<FileList>| {
        let files = paths.by_ref().take(item.value.files.len()).map(Value::Str).collect();
        Entry { name: item.name.clone(), value: one_or_list(files, item.value.is_list) }
    };
    items.iter().map(entry).collect()
}

fn one_or_list(mut files: Vec<Value>, is_list: bool) -> Value {
    if !is_list && files.len() == 1 { files.remove(0) } else { Value::List(files) }
}
