//! The hash of all that led to a job: its code, params and inputs, and, instead of inputs that other jobs make, those
//! jobs' hashes. As Snakemake 9.27 computes it, but that a `run:` block is a part of it, too.

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::{Asking, json};
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Entry, JobView};
use crate::format::{repr, text};
use crate::job::{FileId, JobGraph, JobId, Rules};
use crate::params::complete_view;
use crate::resources::RunLimits;
use crate::rule::Action;
use crate::value::Value;
use crate::work::checksum::{Algorithm, checksum};

/// The version of this way of hashing, a part of each hash.
const VERSION: &str = "0.1";

/// The hash that names a job's results. `known` is that of jobs, without the version.
pub(super) fn of_job(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    limits: &RunLimits,
    asking: &mut Asking<'_>,
    known: &mut FxHashMap<JobId, String>,
) -> Result<String, Box<Diagnostic>> {
    // What a job needs is hashed before it; a stack, since chains of jobs may be long.
    let mut stack = vec![job];
    while let Some(&next) = stack.last() {
        if known.contains_key(&next) {
            stack.pop();
            continue;
        }
        let missing: Vec<JobId> =
            graph.needs(next).map(|(need, _)| need).filter(|need| !known.contains_key(need)).collect();
        if missing.is_empty() {
            let hash = plain_hash(rules, graph, next, limits, asking, known)?;
            known.insert(next, hash);
            stack.pop();
        } else {
            stack.extend(missing);
        }
    }
    Ok(hex(Sha256::new().chain_update(&known[&job]).chain_update(VERSION)))
}

fn plain_hash(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    limits: &RunLimits,
    asking: &mut Asking<'_>,
    known: &FxHashMap<JobId, String>,
) -> Result<String, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let mut ask = |calls: &[_]| (asking.ask)(calls);
    let view = complete_view(rules, graph, job, 1, limits, &mut ask)?;
    let mut hash = Sha256::new();
    match &rule.action {
        Action::Shell { command, .. } => hash.update(command),
        Action::Script { directive, .. } if matches!(&**directive, "script" | "notebook" | "wrapper") => {
            hash.update((asking.source)(&view)?);
        }
        Action::Script { directive, path, .. } => hash.update(format!("{directive}: {path}")),
        Action::Run { code, .. } => hash.update(code),
        Action::None => {}
    }
    for (name, value) in sorted(&view.params) {
        hash.update(name.unwrap_or(""));
        let Some(dumped) = json::dumps(value) else {
            let message = format!(
                "rule `{}` can't be cached between workflows: its param {} is no plain data",
                rule.name,
                name.map_or_else(|| repr(value), |name| format!("`{name}`"))
            );
            let hint = "make it a number, a text, or a list or dict of such; or leave `cache:` out";
            return Err(Box::new(Diagnostic::new(message).at(rule.span, "").hint(hint)));
        };
        hash.update(dumped);
    }
    let needs: Vec<_> = graph.needs(job).collect();
    let made: FxHashSet<FileId> = needs.iter().map(|(_, input)| input.file).collect();
    let mut contents = Vec::new();
    for input in graph.jobs.inputs(job) {
        if !made.contains(&input.file) {
            contents.push(content(rules, &view, Path::new(graph.jobs.path(input.file)))?);
        }
    }
    contents.sort_unstable();
    contents.iter().for_each(|content| hash.update(content));
    let mut makers: Vec<JobId> = needs.iter().map(|(need, _)| *need).collect();
    makers.sort_unstable();
    makers.dedup();
    let mut hashes: Vec<&String> = makers.iter().map(|maker| &known[maker]).collect();
    hashes.sort_unstable();
    hashes.iter().for_each(|need| hash.update(need));
    Ok(hex(hash))
}

fn content(rules: &Rules<'_>, view: &JobView, path: &Path) -> Result<String, Box<Diagnostic>> {
    let sum = checksum(path, Algorithm::Sha256).map_err(|error| {
        let rule = rules.workflow.rules.iter().find(|rule| rule.name == view.rule);
        let message = format!(
            "the cache needs to know what is in `{}`, an input of rule `{}`: {error}",
            path.display(),
            view.rule
        );
        let diagnostic = Diagnostic::new(message);
        Box::new(rule.into_iter().fold(diagnostic, |diagnostic, rule| diagnostic.at(rule.span, "")))
    })?;
    Ok(format!("sha256:{sum}"))
}

/// Params as Python sorts pairs of name and value: those without a name by their values.
fn sorted(params: &[Entry]) -> Vec<(Option<&str>, &Value)> {
    let mut pairs: Vec<_> = params.iter().map(|entry| (entry.name.as_deref(), &entry.value)).collect();
    pairs.sort_by(|one, other| {
        one.0.cmp(&other.0).then_with(|| match (one, other) {
            ((None, Value::Int(one)), (None, Value::Int(other))) => one.cmp(other),
            ((None, one), (None, other)) => text(one).cmp(&text(other)),
            _ => std::cmp::Ordering::Equal,
        })
    });
    pairs
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
