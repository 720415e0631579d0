//! What the record knows of each rule: how many jobs, how long they took, when.

use rustc_hash::FxHashMap;

use crate::job::{JobGraph, Rules};
use crate::record::Remembered;
use crate::rule::{Action, Input, Rule};
use crate::wildcards::files_of;

/// A rule in a report.
#[derive(Debug, Clone, Default)]
pub struct RuleStory {
    /// Its name.
    pub name: String,
    /// How many of its jobs are part of the workflow.
    pub n_jobs: usize,
    /// How long those took that are on record, in seconds: each its own.
    pub seconds: Vec<f64>,
    /// When the first of them started, in seconds since 1970.
    pub started: f64,
    /// When the last of them ended.
    pub ended: f64,
    /// Its input patterns.
    pub inputs: Vec<String>,
    /// Its output patterns.
    pub outputs: Vec<String>,
    /// What it does.
    pub code: String,
}

/// The rules with jobs, in the order of their declaration; and how many jobs with outputs are not on record.
pub fn rule_stories(
    rules: &Rules<'_>,
    graph: &JobGraph,
    remembered: &FxHashMap<String, Remembered>,
) -> (Vec<RuleStory>, usize) {
    let mut stories: Vec<Option<RuleStory>> = vec![None; rules.workflow.rules.len()];
    let mut n_unknown = 0;
    for &job in &graph.order {
        let number = graph.jobs.rule(job);
        let story = stories[number].get_or_insert_with(|| new_story(&rules.workflow.rules[number]));
        story.n_jobs += 1;
        let Some(&output) = graph.jobs.outputs(job).first() else { continue };
        let memory = remembered.get(graph.jobs.path(output));
        let Some(memory) = memory.filter(|memory| !memory.is_unfinished && !memory.has_failed) else {
            n_unknown += 1;
            continue;
        };
        let is_first = story.seconds.is_empty();
        story.started = if is_first { memory.started } else { story.started.min(memory.started) };
        story.ended = story.ended.max(memory.ended);
        story.seconds.push((memory.ended - memory.started).max(0.0));
    }
    (stories.into_iter().flatten().collect(), n_unknown)
}

fn new_story(rule: &Rule) -> RuleStory {
    let mut inputs = Vec::new();
    for item in &rule.input {
        match &item.value {
            Input::Files(list) => inputs.extend(list.files.iter().map(|file| file.text.clone())),
            _ => inputs.push("<function>".to_owned()),
        }
    }
    RuleStory {
        name: rule.name.clone(),
        inputs,
        outputs: files_of(&rule.output).map(|file| file.text.clone()).collect(),
        code: match &rule.action {
            Action::None => String::new(),
            Action::Shell { command, .. } => command.trim_matches('\n').to_owned(),
            Action::Run { code, .. } => code.trim_matches('\n').to_owned(),
            Action::Script { directive, path, .. } => format!("{directive}: {path}"),
        },
        ..RuleStory::default()
    }
}
