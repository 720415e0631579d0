//! Outputs that get in each other's way: two jobs that make one file, although nobody asked both for it, and files
//! inside a directory that another job makes (and so removes).

use rustc_hash::FxHashMap;

use super::{FileId, JobGraph, JobId, Rules};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::wildcards::MarkedPattern;

/// How many are told.
const MOST: usize = 5;

/// The clashes among the chosen jobs, the first few of them.
pub(super) fn find(rules: &Rules<'_>, graph: &JobGraph) -> Vec<Diagnostic> {
    let mut makers: Vec<Option<JobId>> = vec![None; graph.jobs.n_files()];
    let mut faults = Vec::new();
    for &job in &graph.order {
        for &file in graph.jobs.outputs(job) {
            match makers[file.index()].replace(job) {
                Some(other) if other != job && faults.len() < MOST => {
                    faults.push(twice(rules, graph, file, other, job));
                }
                _ => {}
            }
        }
    }
    let is_directory = |pattern: &MarkedPattern| pattern.marks.is_directory;
    if faults.is_empty() && rules.patterns.iter().any(|patterns| patterns.outputs.iter().any(is_directory)) {
        find_inside(rules, graph, &makers, &mut faults);
    }
    faults
}

/// Of all outputs inside a directory, the first by name decides, as in Snakemake: if the directory's own job makes it,
/// others may write there as well, and published workflows do.
fn find_inside(rules: &Rules<'_>, graph: &JobGraph, makers: &[Option<JobId>], faults: &mut Vec<Diagnostic>) {
    let mut firsts: FxHashMap<FileId, FileId> = FxHashMap::default();
    let mut directories = Vec::new();
    for &job in &graph.order {
        for &file in graph.jobs.outputs(job) {
            let path = graph.jobs.path(file);
            let mut above = path;
            while let Some((parent, _)) = above.rsplit_once('/') {
                above = parent;
                let directory = graph.jobs.find_file(parent).filter(|file| makers[file.index()].is_some());
                let Some(directory) = directory else { continue };
                let first = firsts.entry(directory).or_insert_with(|| {
                    directories.push(directory);
                    file
                });
                if path.split('/').lt(graph.jobs.path(*first).split('/')) {
                    *first = file;
                }
            }
        }
    }
    for directory in directories {
        let file = firsts[&directory];
        let (Some(job), Some(other)) = (makers[file.index()], makers[directory.index()]) else { continue };
        if job == other || faults.len() >= MOST {
            continue;
        }
        // What is found in a checkpoint's directory fits its own pattern: `parts/{s}` also reads `parts/a/1.txt`.
        let rule = graph.jobs.rule(job);
        if rule == graph.jobs.rule(other) && rules.workflow.rules[rule].is_checkpoint {
            continue;
        }
        let (path, parent) = (graph.jobs.path(file), graph.jobs.path(directory));
        let (one, two) = (name(rules, graph, job), name(rules, graph, other));
        let message = format!("rule `{one}` makes `{path}` inside `{parent}`, which rule `{two}` makes");
        faults.push(
            Diagnostic::new(message)
                .at(span(rules, graph, job, file), "")
                .at(span(rules, graph, other, directory), "the directory")
                .hint("a directory is one output, made as a whole: write this file somewhere else"),
        );
    }
}

/// Where an output of a job is written.
fn span(rules: &Rules<'_>, graph: &JobGraph, job: JobId, file: FileId) -> Span {
    let rule = graph.jobs.rule(job);
    let position = graph.jobs.outputs(job).iter().position(|&output| output == file);
    position.map_or(rules.workflow.rules[rule].span, |position| rules.patterns[rule].outputs[position].span)
}

fn name<'r>(rules: &'r Rules<'_>, graph: &JobGraph, job: JobId) -> &'r str {
    &rules.workflow.rules[graph.jobs.rule(job)].name
}

fn twice(rules: &Rules<'_>, graph: &JobGraph, file: FileId, first: JobId, second: JobId) -> Diagnostic {
    let (one, other) = (name(rules, graph, first), name(rules, graph, second));
    let path = graph.jobs.path(file);
    let place = span(rules, graph, second, file);
    if one == other {
        return Diagnostic::new(format!("two jobs of rule `{one}` make `{path}`")).at(place, "");
    }
    Diagnostic::new(format!("rules `{one}` and `{other}` both make `{path}`"))
        .at(span(rules, graph, first, file), format!("rule `{one}`"))
        .at(place, format!("rule `{other}`"))
        .hint("both have to run, for other outputs of theirs; give this one another name in one of them")
}
