//! The params, threads and resources of a job, filled with its wildcards or asked of the Snakefile's functions.

use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Answer, Call, Entry, JobView, Role};
use crate::format::repr;
use crate::job::{Ask, JobGraph, JobId, Rules, function_failed};
use crate::pattern::Pattern;
use crate::resources::{self, RunLimits};
use crate::rule::{Item, Param, Rule};
use crate::value::Value;

/// What stands for a value that can't be known before the inputs exist (as Snakemake 9.27 shows it).
pub const NOT_YET: &str = "<TBD>";

/// The job's whole view for an attempt (from 1): files, threads and resources clipped to the limits, and params.
///
/// # Errors
/// A function that raised, or gave something that is no number where one is needed.
pub fn complete_view(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    attempt: i64,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<JobView, Box<Diagnostic>> {
    view_with(rules, graph, job, attempt, limits, resources::tmpdir(), ask)
}

/// As [`complete_view`], for a job that runs on another machine: its folder for temporary files is not known yet.
///
/// # Errors
/// As there.
pub(crate) fn view_elsewhere(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    attempt: i64,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<JobView, Box<Diagnostic>> {
    view_with(rules, graph, job, attempt, limits, Value::Str(NOT_YET.to_owned()), ask)
}

fn view_with(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    attempt: i64,
    limits: &RunLimits,
    tmpdir: Value,
    ask: &mut Ask<'_>,
) -> Result<JobView, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let mut view = graph.view(rules, job);
    view.attempt = attempt;
    let threads = ask_one(rule, &rule.threads, Role::Threads, &view, ask)?;
    view.threads = limits.clip_threads(thread_count(rule, &threads)?);
    view.resources = resources_with(rule, &view, limits, tmpdir, ask)?;
    view.params = params(rules, graph, job, &view, ask)?;
    Ok(view)
}

/// Threads as a number; 1 while they can't be known.
pub(crate) fn thread_count(rule: &Rule, value: &Value) -> Result<i64, Box<Diagnostic>> {
    match value {
        Value::Str(text) if text == NOT_YET => Ok(1),
        value => whole_number(value).map(|threads| threads.max(0)).ok_or_else(|| {
            let message =
                format!("the threads of rule `{}` are {}, which is no number", rule.name, repr(value));
            Box::new(Diagnostic::new(message).at(rule.span, ""))
        }),
    }
}

/// The resources of a job, given its files and threads.
pub(crate) fn job_resources(
    rule: &Rule,
    view: &JobView,
    limits: &RunLimits,
    ask: &mut Ask<'_>,
) -> Result<Vec<(String, Value)>, Box<Diagnostic>> {
    resources_with(rule, view, limits, resources::tmpdir(), ask)
}

fn resources_with(
    rule: &Rule,
    view: &JobView,
    limits: &RunLimits,
    tmpdir: Value,
    ask: &mut Ask<'_>,
) -> Result<Vec<(String, Value)>, Box<Diagnostic>> {
    let mut given = Vec::with_capacity(rule.resources.len());
    for (name, param) in &rule.resources {
        given.push((name.clone(), ask_one(rule, param, Role::Resource, view, ask)?));
    }
    resources::of_job(given, view.threads, limits, tmpdir).map_err(|fault| {
        Box::new(Diagnostic::new(format!("{fault} ({})", job_words(view))).at(rule.span, ""))
    })
}

/// The params of a job, given the rest of its view.
fn params(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    view: &JobView,
    ask: &mut Ask<'_>,
) -> Result<Vec<Entry>, Box<Diagnostic>> {
    some_params(rules, graph, job, view, ask, |_| true)
}

/// The params of a job that the record keeps: they need nothing but its wildcards.
pub fn own_params(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    view: &JobView,
    ask: &mut Ask<'_>,
) -> Result<Vec<Entry>, Box<Diagnostic>> {
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    some_params(rules, graph, job, view, ask, |position| !rule.derived_params.contains(&position))
}

/// Of all params those that the record keeps.
pub fn own_of(rule: &Rule, params: &[Entry]) -> Vec<Entry> {
    let own = params.iter().enumerate().filter(|(position, _)| !rule.derived_params.contains(position));
    own.map(|(_, entry)| entry.clone()).collect()
}

fn some_params(
    rules: &Rules<'_>,
    graph: &JobGraph,
    job: JobId,
    view: &JobView,
    ask: &mut Ask<'_>,
    is_wanted: impl Fn(usize) -> bool,
) -> Result<Vec<Entry>, Box<Diagnostic>> {
    let number = graph.jobs.rule(job);
    let rule = &rules.workflow.rules[number];
    let mut entries = Vec::with_capacity(rule.params.len());
    for (_, item) in rule.params.iter().enumerate().filter(|(position, _)| is_wanted(*position)) {
        let value = match &item.value {
            Param::Value(value) => fill(value, &rules.patterns[number].wildcards, view, rule, item)?,
            Param::Function(_) => ask_one(rule, &item.value, Role::Param, view, ask)?,
        };
        entries.push(Entry { name: item.name.clone(), value });
    }
    Ok(entries)
}

/// Params as one comparable text: what the record keeps.
pub fn params_text(entries: &[Entry]) -> String {
    let texts = entries.iter().map(|entry| match &entry.name {
        Some(name) => format!("{name}={}", repr(&entry.value)),
        None => repr(&entry.value),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Whether a rule's params can be known without asking anyone.
pub fn has_param_functions(rule: &Rule) -> bool {
    rule.params.iter().any(|item| matches!(item.value, Param::Function(_)))
}

/// A number as `threads` and numeric resources have it.
pub fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(is_so) => Some(i64::from(*is_so)),
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what a limit means")]
        Value::Float(number) => Some(number.trunc() as i64),
        _ => None,
    }
}

pub(crate) fn ask_one(
    rule: &Rule,
    param: &Param,
    role: Role,
    view: &JobView,
    ask: &mut Ask<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let function = match param {
        Param::Value(value) => return Ok(value.clone()),
        Param::Function(function) => *function,
    };
    let answer = ask(&[Call { function, role, job: view.clone() }]).pop();
    match answer {
        Some(Ok(Answer::Value { value, .. })) => Ok(value),
        Some(Ok(Answer::NotYet | Answer::NeedsCheckpoint { .. } | Answer::Unfinished { .. })) | None => {
            Ok(Value::Str(NOT_YET.to_owned()))
        }
        Some(Err(exception)) => {
            Err(Box::new(function_failed(&rule.name, &job_words(view), rule.span, Some(&exception))))
        }
    }
}

fn job_words(view: &JobView) -> String {
    let values: Vec<String> = view.wildcards.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if values.is_empty() {
        format!("rule `{}`", view.rule)
    } else {
        format!("rule `{}` ({})", view.rule, values.join(", "))
    }
}

/// Fills the wildcards in the strings of a param, in lists and dicts as well.
fn fill(
    value: &Value,
    names: &[String],
    view: &JobView,
    rule: &Rule,
    item: &Item<Param>,
) -> Result<Value, Box<Diagnostic>> {
    let each = |values: &[Value]| -> Result<Vec<Value>, Box<Diagnostic>> {
        values.iter().map(|value| fill(value, names, view, rule, item)).collect()
    };
    Ok(match value {
        Value::Str(text) if text.contains('{') => Value::Str(fill_text(text, names, view, rule, item)?),
        Value::List(values) => Value::List(each(values)?),
        Value::Tuple(values) => Value::Tuple(each(values)?),
        Value::Dict(pairs) => {
            let values: Vec<Value> = pairs.iter().map(|(_, value)| value.clone()).collect();
            Value::Dict(pairs.iter().map(|(key, _)| key.clone()).zip(each(&values)?).collect())
        }
        other => other.clone(),
    })
}

fn fill_text(
    text: &str,
    names: &[String],
    view: &JobView,
    rule: &Rule,
    item: &Item<Param>,
) -> Result<String, Box<Diagnostic>> {
    let mut known = names.to_vec();
    let mut filled = String::new();
    let pattern = Pattern::parse(text, &mut known, &|_| None)
        .map_err(|error| Box::new(Diagnostic::new(error.to_string()).at(item.span, "")))?;
    if let Some(unknown) = known.get(names.len()) {
        let diagnostic =
            Diagnostic::new(format!("unknown wildcard `{unknown}` in a param of rule `{}`", rule.name))
                .at(item.span, "")
                .hint(format!(
                    "if it is meant as text, say it by a function: `lambda wildcards: \"{{{unknown}}}\"`"
                ));
        return Err(Box::new(diagnostic));
    }
    let values: Vec<&str> = view.wildcards.iter().map(|(_, value)| value.as_str()).collect();
    pattern.fill(&values, &mut filled);
    Ok(filled)
}
