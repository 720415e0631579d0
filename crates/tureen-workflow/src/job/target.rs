//! What was asked for: rules and files.

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::job::Rules;

/// Something to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The job of a rule without wildcards.
    Rule(usize),
    /// The job of a rule with these wildcard values, in the rule's order.
    Job(usize, Vec<String>),
    /// A file.
    File(String),
}

/// `--target-jobs rule:name=value,...`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetJob {
    /// The rule.
    pub rule: String,
    /// The values of its wildcards.
    pub wildcards: Vec<(String, String)>,
}

/// The jobs that `--target-jobs` names.
///
/// # Errors
/// A rule that is not there, or wildcards that are not its own.
pub fn find_target_jobs(rules: &Rules<'_>, jobs: &[TargetJob]) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let find = |job: &TargetJob| {
        let TargetJob { rule: name, wildcards } = job;
        let Some(rule) = rules.workflow.rules.iter().position(|rule| rule.name == *name) else {
            return Err(Diagnostic::new(format!("there is no rule `{name}` (`--target-jobs`)")));
        };
        let names = &rules.patterns[rule].wildcards;
        let value =
            |name: &String| wildcards.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match names.iter().map(value).collect::<Option<Vec<String>>>() {
            Some(values) if wildcards.len() == names.len() => Ok(Target::Job(rule, values)),
            _ => Err(Diagnostic::new(format!(
                "`--target-jobs` should give rule `{name}` a value for each of its wildcards ({})",
                names.join(", ")
            ))),
        }
    };
    let mut faults = Vec::new();
    let found = jobs.iter().filter_map(|job| find(job).map_err(|fault| faults.push(fault)).ok()).collect();
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// What is wanted besides the targets because options name it (`--forcerun`, `--until`, `--prioritize`): files, and
/// rules without wildcards.
pub fn find_further_targets(rules: &Rules<'_>, words: &[String]) -> Vec<Target> {
    let target = |word: &String| match rules.workflow.rules.iter().position(|rule| rule.name == *word) {
        None => Some(Target::File(plain_path(word))),
        Some(rule) => (!rules.patterns[rule].has_wildcards()).then_some(Target::Rule(rule)),
    };
    words.iter().filter_map(target).collect()
}

/// What the words on the command line mean; without words, the default rule (or nothing, if no rule exists).
///
/// # Errors
/// A rule that has wildcards can't be asked for by name.
pub fn find_targets(rules: &Rules<'_>, words: &[String]) -> Result<Vec<Target>, Vec<Diagnostic>> {
    if words.is_empty() {
        let Some(rule) = rules.workflow.default_rule else { return Ok(Vec::new()) };
        return check_rule(rules, rule).map(|target| vec![target]).map_err(|fault| vec![*fault]);
    }
    let numbers: FxHashMap<&str, usize> =
        rules.workflow.rules.iter().enumerate().map(|(number, rule)| (rule.name.as_str(), number)).collect();
    let mut targets = Vec::with_capacity(words.len());
    let mut faults = Vec::new();
    for word in words {
        match numbers.get(word.as_str()).map(|&rule| check_rule(rules, rule)) {
            None => targets.push(Target::File(plain_path(word))),
            Some(Ok(target)) => targets.push(target),
            Some(Err(fault)) => faults.push(*fault),
        }
    }
    if faults.is_empty() { Ok(targets) } else { Err(faults) }
}

fn check_rule(rules: &Rules<'_>, index: usize) -> Result<Target, Box<Diagnostic>> {
    let patterns = &rules.patterns[index];
    if !patterns.has_wildcards() {
        return Ok(Target::Rule(index));
    }
    let rule = &rules.workflow.rules[index];
    let wildcards =
        patterns.wildcards.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
    let file = rule.output.iter().flat_map(|item| &item.value.files).next();
    Err(Box::new(
        Diagnostic::new(format!("target rule `{}` has wildcards, so it can't be asked for by name", rule.name))
            .at(file.map_or(rule.span, |file| file.span), format!("holds {wildcards}"))
            .hint("name the files to make, or write a first rule whose `input:` lists them, for example with `expand()`"),
    ))
}

/// A target as rules write it: `./a//b` is `a/b`.
fn plain_path(word: &str) -> String {
    let mut path = word;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    if path.is_empty() { word.to_owned() } else { path.to_owned() }
}
