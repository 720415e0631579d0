//! The cache between workflows: results under a hash of all that led to them, in a folder that many workflows share
//! (`$SNAKEMAKE_OUTPUT_CACHE`). Hashes, names and links are those of Snakemake 9.27, so that both can share one folder.
//!
//! Knows no run: what a job needs to know of its cache entries, and the moves of files.

mod folder;
mod json;
mod provenance;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::evaluator::job::JobView;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::resources::RunLimits;
use crate::rule::{Marks, Rule, Workflow};

pub use folder::{CacheFault, Entry, fetch, holds, store};

/// The environment variable that says where the cache is.
pub const LOCATION: &str = "SNAKEMAKE_OUTPUT_CACHE";

/// The cache, and the hashes of jobs that have been asked for.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    hashes: Mutex<FxHashMap<JobId, String>>,
}

/// What has to be asked of the Snakefile to know a job's provenance.
pub struct Asking<'a> {
    /// Functions of params and resources.
    pub ask: &'a mut Ask<'a>,
    /// The text of a job's script.
    pub source: &'a dyn Fn(&JobView) -> Result<String, Box<Diagnostic>>,
}

impl Cache {
    /// A cache in this folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            hashes: Mutex::default(),
        }
    }

    /// Where the outputs of a job of a cached rule are in the cache.
    ///
    /// # Errors
    /// What led to the job can't be hashed: an input can't be read, a param is no plain data.
    pub fn entries(
        &self,
        rules: &Rules<'_>,
        graph: &JobGraph,
        job: JobId,
        limits: &RunLimits,
        asking: &mut Asking<'_>,
    ) -> Result<Vec<Entry>, Box<Diagnostic>> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = provenance::of_job(rules, graph, job, limits, asking, &mut hashes)?;
        let rule = &rules.workflow.rules[graph.jobs.rule(job)];
        let values: Vec<(&String, &str)> =
            rules.patterns[graph.jobs.rule(job)].wildcards.iter().zip(graph.jobs.values(job)).collect();
        let outputs = graph.jobs.outputs(job).iter().map(|&file| Path::new(graph.jobs.path(file)));
        let entries = outputs.zip(named_outputs(rule)).map(|(output, (name, marks))| {
            let ending = ending(output, name, marks, rule, &values);
            Entry { output: output.to_owned(), cached: self.folder.join(format!("{hash}{ending}")) }
        });
        Ok(entries.collect())
    }
}

/// The outputs of a rule, each with its name and marks.
fn named_outputs(rule: &Rule) -> impl Iterator<Item = (Option<&str>, &Marks)> {
    rule.output
        .iter()
        .flat_map(|item| item.value.files.iter().map(|file| (item.name.as_deref(), &file.marks)))
}

/// What is added to the hash to tell the outputs of a job apart.
fn ending(
    output: &Path,
    name: Option<&str>,
    marks: &Marks,
    rule: &Rule,
    wildcards: &[(&String, &str)],
) -> String {
    if let Some(extension) = &marks.extension {
        let fill =
            |text: String, (name, value): &(&String, &str)| text.replace(&format!("{{{name}}}"), value);
        return wildcards.iter().fold(extension.clone(), fill);
    }
    let suffix = suffix(output);
    match name {
        Some(name) if named_outputs(rule).count() > 1 => format!("_{name}{suffix}"),
        _ => suffix,
    }
}

/// `pathlib.Path(path).suffix`
fn suffix(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let begin = name.len() - name.trim_start_matches('.').len();
    match name[begin..].rfind('.') {
        Some(dot) if dot > 0 && begin + dot + 1 < name.len() => name[begin + dot..].to_owned(),
        _ => String::new(),
    }
}

/// Whether the rules that are to be cached can be.
///
/// # Errors
/// Each rule that can't, with the reason.
pub fn check(workflow: &Workflow) -> Result<(), Vec<Diagnostic>> {
    let faults: Vec<Diagnostic> = workflow
        .rules
        .iter()
        .filter(|rule| rule.is_cached)
        .filter_map(|rule| {
            let (why, hint) = refusal(rule)?;
            let message = format!("rule `{}` can't be cached between workflows: {why}", rule.name);
            Some(Diagnostic::new(message).at(rule.span, "").hint(hint))
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn refusal(rule: &Rule) -> Option<(&'static str, &'static str)> {
    if rule.output.is_empty() {
        return Some(("it has no output", "leave `cache:` out"));
    }
    if rule.benchmark.is_some() {
        return Some((
            "it has a benchmark, and nothing can be measured of what comes from the cache",
            "leave `benchmark:` or `cache:` out",
        ));
    }
    let n_outputs = named_outputs(rule).count();
    let has_extensions = named_outputs(rule).all(|(_, marks)| marks.extension.is_some());
    let has_names = rule.output.iter().all(|item| item.name.is_some() && item.value.files.len() == 1);
    (n_outputs > 1 && !has_extensions && !has_names).then_some((
        "it has several outputs, which have to be told apart",
        "name all of them, as in `output: table=\"a.csv\", plot=\"a.svg\"`, or declare them with `multiext()`",
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::suffix;

    #[test]
    fn suffixes_are_pathlibs() {
        let check = |path: &str, expected: &str| assert_eq!(suffix(Path::new(path)), expected, "{path}");
        check("a/b.tar.gz", ".gz");
        check("a/b", "");
        check("a.d/b", "");
        check(".hidden", "");
        check(".hidden.txt", ".txt");
        check("a.", "");
        check("..a", "");
    }
}
