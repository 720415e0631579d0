//! Outputs that get in each other's way: two jobs that make one file, although nobody asked both for it, and files
//! inside a directory that another job makes (and so removes).

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

fn find_inside(rules: &Rules<'_>, graph: &JobGraph, makers: &[Option<JobId>], faults: &mut Vec<Diagnostic>) {
    for &job in &graph.order {
        for &file in graph.jobs.outputs(job) {
            let mut above = graph.jobs.path(file);
            while let Some((parent, _)) = above.rsplit_once('/') {
                above = parent;
                let Some(directory) = graph.jobs.find_file(parent) else { continue };
                let Some(other) = makers[directory.index()].filter(|&other| other != job) else { continue };
                if faults.len() < MOST {
                    let (path, one, two) =
                        (graph.jobs.path(file), name(rules, graph, job), name(rules, graph, other));
                    let message =
                        format!("rule `{one}` makes `{path}` inside `{parent}`, which rule `{two}` makes");
                    faults.push(
                        Diagnostic::new(message)
                            .at(span(rules, graph, job, file), "")
                            .at(span(rules, graph, other, directory), "the directory")
                            .hint(
                                "a directory is one output, made as a whole: write this file somewhere else",
                            ),
                    );
                }
                break;
            }
        }
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
