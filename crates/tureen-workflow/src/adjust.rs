//! What the command line says of rules instead of the Snakefile: `--set-threads`, `--set-resources`,
//! `--default-resources`, `--groups`, `--consider-ancient`, `--all-temp`, `--omit-flags`, `--allowed-rules`.
//! Changes a workflow that has been read; knows no job.

use rustc_hash::FxHashSet;

use crate::diagnostic::Diagnostic;
use crate::resources::{RuleResource, Typed, standard_name};
use crate::rule::{FilePattern, FunctionId, Input, Marks, Param, Rule, Workflow};

/// Everything of that kind that was typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Adjustments {
    /// `--set-threads`
    pub threads: Vec<(String, Typed)>,
    /// `--set-resources`
    pub resources: Vec<RuleResource>,
    /// `--default-resources`, with Snakemake's own defaults before what was typed; absent if the option is.
    pub default_resources: Option<Vec<(String, Typed)>>,
    /// `--groups`
    pub groups: Vec<(String, String)>,
    /// `--consider-ancient`: the rule, and one of its inputs.
    pub ancient: Vec<(String, InputName)>,
    /// `--all-temp`
    pub is_all_temporary: bool,
    /// `--omit-flags`
    pub omitted_marks: Vec<String>,
    /// `--allowed-rules`; all if it is empty.
    pub allowed_rules: Vec<String>,
}

/// An entry of `input:`, as it is named from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputName {
    /// By its keyword.
    Name(String),
    /// By its place among those without one.
    Number(usize),
}

impl Adjustments {
    /// Whether an interpreter is needed to understand them.
    pub fn need_python(&self) -> bool {
        let defaults = self.default_resources.iter().flatten().map(|(_, typed)| typed);
        let resources = self.resources.iter().map(|resource| &resource.value);
        let mut all = defaults.chain(resources).chain(self.threads.iter().map(|(_, typed)| typed));
        all.any(|typed| matches!(typed, Typed::Expression(_)))
    }
}

/// Makes the expressions that were typed functions of the Snakefile's interpreter. True: threads may be asked for.
pub type MakeFunction<'f> = dyn FnMut(&str, bool) -> Result<FunctionId, Box<Diagnostic>> + 'f;

/// Changes the workflow. What names a rule that is not there changes nothing, as in Snakemake.
///
/// # Errors
/// The interpreter is gone, or an input can't be considered ancient.
pub fn adjust(
    workflow: &mut Workflow,
    adjustments: &Adjustments,
    make: &mut MakeFunction<'_>,
) -> Result<(), Box<Diagnostic>> {
    restrict(workflow, &adjustments.allowed_rules);
    let mut param = |typed: &Typed, has_threads: bool| -> Result<Param, Box<Diagnostic>> {
        Ok(match typed {
            Typed::Value(value) => Param::Value(value.clone()),
            Typed::Expression(text) => Param::Function(make(text, has_threads)?),
        })
    };
    let mut defaults = Vec::new();
    for (name, typed) in adjustments.default_resources.iter().flatten() {
        defaults.push((name.clone(), param(typed, true)?));
    }
    for rule in &mut workflow.rules {
        if let Some((_, threads)) = adjustments.threads.iter().rev().find(|(name, _)| *name == rule.name) {
            rule.threads = param(threads, false)?;
        }
        let own = adjustments.resources.iter().filter(|typed| typed.rule == rule.name);
        for typed in own {
            let entry = (typed.name.clone(), param(&typed.value, true)?);
            let name = standard_name(&typed.name);
            match rule.resources.iter_mut().find(|(known, _)| standard_name(known) == name) {
                Some(known) => *known = entry,
                None => rule.resources.push(entry),
            }
        }
        // What rules say takes the place of the default; in front are all that have one.
        let mut own = std::mem::take(&mut rule.resources);
        for default in &defaults {
            let is_it = |(known, _): &(String, Param)| standard_name(known) == standard_name(&default.0);
            let place = own.iter().position(is_it);
            rule.resources.push(place.map_or_else(|| default.clone(), |place| own.remove(place)));
        }
        rule.resources.append(&mut own);
        if let Some((_, group)) = adjustments.groups.iter().rev().find(|(name, _)| *name == rule.name) {
            rule.group = Some(group.clone());
        }
        set_ancient(rule, &adjustments.ancient)?;
        set_marks(rule, adjustments);
    }
    Ok(())
}

/// Drops the rules that are not allowed.
fn restrict(workflow: &mut Workflow, allowed: &[String]) {
    if allowed.is_empty() {
        return;
    }
    let allowed: FxHashSet<&str> = allowed.iter().map(String::as_str).collect();
    let default = workflow.default_rule.map(|rule| workflow.rules[rule].name.clone());
    workflow.rules.retain(|rule| allowed.contains(rule.name.as_str()));
    workflow.default_rule =
        default.and_then(|default| workflow.rules.iter().position(|rule| rule.name == default));
}

fn set_ancient(rule: &mut Rule, ancient: &[(String, InputName)]) -> Result<(), Box<Diagnostic>> {
    if !ancient.iter().any(|(name, _)| *name == rule.name) {
        return Ok(());
    }
    let mut number = 0;
    for item in &mut rule.input {
        let name = match &item.name {
            Some(name) => InputName::Name(name.clone()),
            None => {
                number += 1;
                InputName::Number(number - 1)
            }
        };
        if ancient.iter().any(|(of, input)| *of == rule.name && *input == name) {
            match &mut item.value {
                Input::Files(list) => list.files.iter_mut().for_each(|file| file.marks.is_ancient = true),
                Input::Function(_) | Input::Unpack(_) => {
                    let message = format!(
                        "`--consider-ancient` names an input of rule `{}` that a function gives, which is not supported",
                        rule.name
                    );
                    let hint = "let the function return `ancient(...)`";
                    return Err(Box::new(Diagnostic::new(message).at(item.span, "").hint(hint)));
                }
            }
        }
    }
    Ok(())
}

fn set_marks(rule: &mut Rule, adjustments: &Adjustments) {
    let change = |files: &mut [FilePattern], is_output: bool| {
        for file in files {
            adjustments.omitted_marks.iter().for_each(|mark| omit(&mut file.marks, mark));
            file.marks.is_temp |= is_output && adjustments.is_all_temporary;
        }
    };
    for item in &mut rule.output {
        change(&mut item.value.files, true);
    }
    for item in &mut rule.input {
        if let Input::Files(list) = &mut item.value {
            change(&mut list.files, false);
        }
    }
}

fn omit(marks: &mut Marks, mark: &str) {
    match mark {
        "temp" | "temporary" => marks.is_temp = false,
        "protected" => marks.is_protected = false,
        "directory" => marks.is_directory = false,
        "touch" => marks.is_touch = false,
        "ancient" => marks.is_ancient = false,
        "pipe" => marks.is_pipe = false,
        "service" => marks.is_service = false,
        "update" => marks.is_update = false,
        "before_update" => marks.is_before_update = false,
        "ensure" => {
            marks.is_non_empty = false;
            marks.other.retain(|other| !other.starts_with("ensure("));
        }
        other => marks.other.retain(|known| known != other),
    }
}

/// Snakemake's own defaults: what `--default-resources` sets besides what is typed behind it.
pub fn usual_defaults() -> Vec<(String, Typed)> {
    let expression = |name: &str, text: &str| (name.to_owned(), Typed::Expression(text.to_owned()));
    vec![
        expression("mem", "min(max(2*input.size_mb, 1000), 8000)"),
        expression("disk", "max(2*input.size_mb, 1000) if input else 50000"),
    ]
}

/// Puts what is typed in the place of the usual defaults.
pub fn with_usual_defaults(typed: Vec<(String, Typed)>) -> Vec<(String, Typed)> {
    let mut all = usual_defaults();
    for one in typed {
        match all.iter_mut().find(|(name, _)| standard_name(name) == standard_name(&one.0)) {
            Some(known) => *known = one,
            None => all.push(one),
        }
    }
    all
}
