//! A rule's patterns, read once: its wildcards by number, its outputs, inputs and logs ready to match and fill.
//! Checks what can be checked before any file is asked for. Knows no jobs and no disk.

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::pattern::{Pattern, PatternError};
use crate::rule::{FileList, FilePattern, Input, Item, Marks, Rule, Workflow};
use crate::span::Span;

/// The patterns of one rule.
#[derive(Debug)]
pub struct RulePatterns {
    /// The wildcard names, in the order of the first output.
    pub wildcards: Vec<String>,
    /// The output files, in order.
    pub outputs: Vec<MarkedPattern>,
    /// The entries of `input:`, in order.
    pub inputs: Vec<InputPatterns>,
    /// The log files, in order.
    pub logs: Vec<MarkedPattern>,
    /// The benchmark file.
    pub benchmark: Option<MarkedPattern>,
    /// Whether an input is made by a function.
    pub has_input_functions: bool,
}

/// A pattern with its marks and place.
#[derive(Debug)]
pub struct MarkedPattern {
    /// The pattern.
    pub pattern: Pattern,
    /// Its marks.
    pub marks: Marks,
    /// Where it stands.
    pub span: Span,
    /// The rule, by number, whose output it was taken from.
    pub producer: Option<u32>,
}

/// One entry of `input:`.
#[derive(Debug)]
pub enum InputPatterns {
    /// Known patterns.
    Files(Vec<MarkedPattern>),
    /// A function of the wildcards: asked per job.
    Function,
}

impl RulePatterns {
    /// What a job of the rule leaves behind, any of which can be asked for: outputs, then logs, then the benchmark.
    pub fn products(&self) -> impl Iterator<Item = &MarkedPattern> {
        self.outputs.iter().chain(&self.logs).chain(&self.benchmark)
    }

    /// The product of a number (see [`RulePatterns::products`]).
    pub fn product(&self, number: usize) -> Option<&MarkedPattern> {
        self.products().nth(number)
    }

    /// Whether the rule has wildcards at all.
    pub fn has_wildcards(&self) -> bool {
        !self.wildcards.is_empty()
    }
}

/// Reads the patterns of every rule; all faults of all rules are returned together.
pub fn read_patterns(workflow: &Workflow) -> Result<Vec<RulePatterns>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut patterns = Vec::with_capacity(workflow.rules.len());
    let numbers: FxHashMap<&str, u32> =
        workflow.rules.iter().map(|rule| rule.name.as_str()).zip(0..).collect();
    for rule in &workflow.rules {
        match read_rule(workflow, rule, &numbers) {
            Ok(read) => patterns.push(read),
            Err(fault) => faults.push(*fault),
        }
    }
    if faults.is_empty() { Ok(patterns) } else { Err(faults) }
}

fn read_rule(
    workflow: &Workflow,
    rule: &Rule,
    numbers: &FxHashMap<&str, u32>,
) -> Result<RulePatterns, Box<Diagnostic>> {
    let constraint_of = |name: &str| {
        let of = |list: &[(String, String)]| {
            list.iter().rev().find(|(known, _)| known == name).map(|(_, constraint)| constraint.clone())
        };
        of(&rule.wildcard_constraints).or_else(|| of(&workflow.wildcard_constraints))
    };
    let mut wildcards = Vec::new();
    let mut outputs: Vec<MarkedPattern> = Vec::new();
    for file in files_of(&rule.output) {
        let n_known = wildcards.len();
        let output = read_file(file, &mut wildcards, &constraint_of)?;
        if let Some(twin) = files_of(&rule.output).zip(&outputs).find(|(known, _)| known.text == file.text) {
            let message = format!("rule `{}` names the output `{}` twice", rule.name, file.text);
            return Err(Box::new(
                Diagnostic::new(message).at(file.span, "").at(twin.1.span, "the first time"),
            ));
        }
        let is_complete = (0..wildcards.len()).all(|index| output.pattern.wildcards().any(|i| i == index));
        if let Some(first) = outputs.first()
            && (wildcards.len() > n_known || !is_complete)
        {
            return Err(uneven(rule, "output files", first, output.span).into());
        }
        outputs.push(output);
    }
    let has_outputs = !outputs.is_empty();
    let mut n_output_wildcards = wildcards.len();
    let mut logs = Vec::new();
    for file in files_of(&rule.log) {
        logs.push(read_file(file, &mut wildcards, &constraint_of)?);
    }
    let mut benchmark = None;
    if let Some(file) = &rule.benchmark {
        benchmark = Some(read_file(file, &mut wildcards, &constraint_of)?);
    }
    if !has_outputs {
        // Such a rule is asked for by its logs or its benchmark.
        n_output_wildcards = wildcards.len();
    }
    let products = || outputs.iter().chain(&logs).chain(&benchmark);
    let is_complete = |product: &&MarkedPattern| {
        (0..n_output_wildcards).all(|index| product.pattern.wildcards().any(|i| i == index))
    };
    if let (Some(first), Some(other)) = (products().next(), products().find(|product| !is_complete(product)))
    {
        return Err(uneven(rule, "output, log and benchmark files", first, other.span).into());
    }
    if let Some(extra) = wildcards.get(n_output_wildcards) {
        let span = logs.last().or(benchmark.as_ref()).map_or(rule.span, |log| log.span);
        return Err(unknown_wildcard(
            rule,
            extra,
            &wildcards[..n_output_wildcards],
            span,
            "a log or benchmark file",
        )
        .into());
    }
    let mut inputs = Vec::new();
    let mut has_input_functions = false;
    for item in &rule.input {
        let Input::Files(list) = &item.value else {
            has_input_functions = true;
            inputs.push(InputPatterns::Function);
            continue;
        };
        let mut files = Vec::with_capacity(list.files.len());
        for file in &list.files {
            let mut input = read_file(file, &mut wildcards, &|_| None)?;
            input.producer = file.producer.as_ref().and_then(|name| numbers.get(name.as_str()).copied());
            if let Some(extra) = wildcards.get(n_output_wildcards) {
                return Err(unknown_wildcard(
                    rule,
                    extra,
                    &wildcards[..n_output_wildcards],
                    file.span,
                    "an input file",
                )
                .into());
            }
            files.push(input);
        }
        inputs.push(InputPatterns::Files(files));
    }
    Ok(RulePatterns { wildcards, outputs, inputs, logs, benchmark, has_input_functions })
}

/// The files of all items of a directive, in order.
pub fn files_of(items: &[Item<FileList>]) -> impl Iterator<Item = &FilePattern> {
    items.iter().flat_map(|item| &item.value.files)
}

fn read_file(
    file: &FilePattern,
    wildcards: &mut Vec<String>,
    constraint_of: &dyn Fn(&str) -> Option<String>,
) -> Result<MarkedPattern, Box<Diagnostic>> {
    let pattern = Pattern::parse(&file.text, wildcards, constraint_of).map_err(|error| {
        let hint = match &error {
            PatternError::BadConstraint { .. } => "a constraint is a regular expression in Python's syntax",
            PatternError::ConstraintRepeated(_) => "write the constraint once, at the first appearance",
        };
        Box::new(Diagnostic::new(error.to_string()).at(file.span, "").hint(hint))
    })?;
    Ok(MarkedPattern { pattern, marks: file.marks.clone(), span: file.span, producer: None })
}

fn uneven(rule: &Rule, what: &str, first: &MarkedPattern, span: Span) -> Diagnostic {
    Diagnostic::new(format!("not all {what} of rule `{}` hold the same wildcards", rule.name))
        .at(span, "")
        .at(first.span, "the first one")
        .hint("a job is known by its wildcards, so each of its outputs must name every one of them")
}

fn unknown_wildcard(rule: &Rule, name: &str, known: &[String], span: Span, what: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(format!("unknown wildcard `{name}` in {what} of rule `{}`", rule.name)).at(span, "");
    match crate::nearest::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => diagnostic.hint(format!("did you mean `{{{near}}}`? a job's wildcards come from its output files")),
        None if known.is_empty() => diagnostic.hint(format!(
            "a job's wildcards come from its output files, which hold none; write `{{{{{name}}}}}` inside `expand()`, or add `{{{name}}}` to the output"
        )),
        None => diagnostic.hint(format!(
            "a job's wildcards come from its output files, which hold {}",
            known.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ")
        )),
    }
}
