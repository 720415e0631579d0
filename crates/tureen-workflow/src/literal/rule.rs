//! Rules: each directive's values become the rule's data.

use super::datum::Datum;
use super::{NotStatic, Reader, Text, paths};
use crate::parse::{Directive, Rule as Parsed};
use crate::rule::{Action, FileList, FilePattern, Input, Item, Param, Rule, Shadow};
use crate::span::Span;
use crate::value::Value;

impl Reader<'_> {
    pub(super) fn rule(&mut self, text: Text<'_>, parsed: &Parsed) -> Result<(), NotStatic> {
        let number = self.workflow.rules.len() + 1;
        let name = parsed.name.map_or_else(|| number.to_string(), |name| text.of(name).to_owned());
        let mut rule = Rule {
            name,
            span: Span { end: parsed.header_end, ..parsed.keyword },
            docstring: None,
            is_checkpoint: text.of(parsed.keyword) == "checkpoint",
            input: Vec::new(),
            output: Vec::new(),
            log: Vec::new(),
            benchmark: None,
            params: Vec::new(),
            threads: Param::Value(Value::Int(1)),
            resources: Vec::new(),
            priority: Param::Value(Value::Int(0)),
            retries: 0,
            group: None,
            message: None,
            wildcard_constraints: Vec::new(),
            run_size: 0,
            derived_params: Vec::new(),
            has_own_names: false,
            has_late_command: false,
            is_cached: false,
            hands_over: false,
            shadow: None,
            action: Action::None,
            unsupported: Vec::new(),
        };
        if let Some(tokens) = parsed.docstring.clone()
            && let Datum::Str(docstring) = self.value(text, tokens)?
        {
            rule.docstring = Some(docstring.text);
        }
        let mut is_default = false;
        for directive in parsed.directives.iter().filter(|directive| !directive.is_repeated) {
            self.directive(text, &mut rule, directive, &mut is_default)?;
        }
        paths::finish(&mut rule)?;
        if self.rules.contains_key(&rule.name) {
            return Err(NotStatic::new(rule.span, "two rules have one name"));
        }
        let index = self.workflow.rules.len();
        if is_default {
            self.workflow.default_rule = Some(index);
        }
        self.rules.insert(rule.name.clone(), index);
        self.workflow.rules.push(rule);
        Ok(())
    }

    fn directive(
        &mut self,
        text: Text<'_>,
        rule: &mut Rule,
        directive: &Directive,
        is_default: &mut bool,
    ) -> Result<(), NotStatic> {
        let word = text.of(directive.keyword);
        let refuse = |reason: String| Err(NotStatic::new(directive.keyword, reason));
        let doubt = || NotStatic::new(directive.span(), format!("this `{word}:` is left to Python"));
        if word == "run" {
            return refuse("`run:` holds Python code".to_owned());
        }
        let values = self.arguments_of(text, directive)?;
        match word {
            "input" => {
                let files = file_items(values).ok_or_else(doubt)?;
                rule.input = files.into_iter().map(|item| item.map(Input::Files)).collect();
            }
            "output" => rule.output = file_items(values).ok_or_else(doubt)?,
            "log" => rule.log = file_items(values).ok_or_else(doubt)?,
            "params" => rule.params = params(values).ok_or_else(doubt)?,
            "resources" => rule.resources = named_values(values).ok_or_else(doubt)?,
            "wildcard_constraints" => {
                let constraints = values.into_iter().map(|(name, value, _)| match value {
                    Datum::Str(pattern) => Some((name?, pattern.text)),
                    _ => None,
                });
                rule.wildcard_constraints = constraints.collect::<Option<_>>().ok_or_else(doubt)?;
            }
            _ => {
                let value = single(values).ok_or_else(doubt)?;
                self.single_directive(rule, word, value, directive, is_default)?.ok_or_else(doubt)?;
            }
        }
        Ok(())
    }

    /// A directive with one value; `None` if the value is not of the plain kind.
    fn single_directive(
        &mut self,
        rule: &mut Rule,
        word: &str,
        value: Datum,
        directive: &Directive,
        is_default: &mut bool,
    ) -> Result<Option<()>, NotStatic> {
        let text = match &value {
            Datum::Str(pattern) => Some(pattern.text.clone()),
            _ => None,
        };
        let span = directive.arguments.first().map_or(directive.keyword, |argument| argument.span);
        match (word, value) {
            ("threads", Datum::Int(threads)) => rule.threads = Param::Value(Value::Int(threads)),
            ("priority", Datum::Int(priority)) => rule.priority = Param::Value(Value::Int(priority)),
            ("priority", Datum::Float(priority)) => rule.priority = Param::Value(Value::Float(priority)),
            ("retries", Datum::Int(retries)) => match u32::try_from(retries) {
                Ok(retries) => rule.retries = retries,
                Err(_) => return Ok(None),
            },
            ("benchmark", Datum::Str(pattern)) => rule.benchmark = Some(pattern),
            ("localrule", Datum::Bool(is_local)) => {
                if is_local {
                    self.workflow.local_rules.push(rule.name.clone());
                }
            }
            ("cache", Datum::Bool(is_cached)) => rule.is_cached = is_cached,
            ("default_target", Datum::Bool(is_target)) => *is_default |= is_target,
            // Without the matching command-line option Snakemake does nothing with these.
            ("conda" | "container" | "singularity" | "containerized" | "envmodules", _) => {
                rule.unsupported.push((word.to_owned(), directive.span()));
            }
            ("shadow", Datum::Bool(is_shadowed)) => rule.shadow = is_shadowed.then_some(Shadow::Full),
            ("shadow", Datum::Str(word)) => match Shadow::named(&word.text) {
                Some(shadow) => rule.shadow = Some(shadow),
                None => return Ok(None),
            },
            _ => {
                let Some(text) = text else { return Ok(None) };
                match word {
                    "name" => rule.name = text,
                    "group" => rule.group = Some(text),
                    "message" => rule.message = Some(text),
                    "shell" => rule.action = Action::Shell { command: text, span },
                    "script" | "notebook" | "wrapper" | "cwl" | "template_engine" => {
                        let folder = self.folder.clone();
                        rule.action = Action::Script { directive: word.to_owned(), path: text, folder, span };
                    }
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(()))
    }

    /// `rules.name.output` and its kin, wildcard constraints taken off as Snakemake does.
    pub(super) fn rule_part(&self, index: usize, part: &str) -> Option<Datum> {
        let rule = &self.workflow.rules[index];
        let parts: Vec<(Option<String>, FileList)> = match part {
            "output" => rule
                .output
                .iter()
                .map(|item| (item.name.clone(), bare(&item.value, Some(&rule.name))))
                .collect(),
            "log" => rule.log.iter().map(|item| (item.name.clone(), bare(&item.value, None))).collect(),
            "input" => {
                let files = rule.input.iter().map(|item| match &item.value {
                    Input::Files(files) => Some((item.name.clone(), bare(files, None))),
                    _ => None,
                });
                files.collect::<Option<_>>()?
            }
            _ => return None,
        };
        Some(Datum::Files(parts))
    }
}

impl<T> Item<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Item<U> {
        Item { name: self.name, value: change(self.value), span: self.span }
    }
}

/// Files as another rule sees them: without marks and constraints.
fn bare(list: &FileList, producer: Option<&str>) -> FileList {
    let files = list.files.iter().map(|file| FilePattern {
        text: without_constraints(&file.text),
        marks: crate::rule::Marks::default(),
        span: file.span,
        producer: producer.map(str::to_owned),
    });
    FileList { files: files.collect(), is_list: list.is_list }
}

/// `{name,regex}` becomes `{name}`; braces may nest once inside a constraint, as in `\d{3}`.
pub(crate) fn without_constraints(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0usize;
    let mut is_constraint = false;
    for c in pattern.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => is_constraint = true,
            _ => {}
        }
        if depth == 0 {
            is_constraint = false;
        }
        if !is_constraint {
            out.push(c);
        }
    }
    out
}

fn single(mut values: Vec<(Option<String>, Datum, Span)>) -> Option<Datum> {
    match (values.pop(), values.len()) {
        (Some((None, value, _)), 0) => Some(value),
        _ => None,
    }
}

fn file_items(values: Vec<(Option<String>, Datum, Span)>) -> Option<Vec<Item<FileList>>> {
    let items = values.into_iter().map(|(name, value, span)| {
        let is_list = !matches!(value, Datum::Str(_));
        let mut files = Vec::new();
        value.add_files(&mut files)?;
        // What came from the config has no place of its own: the entry is its place.
        for file in &mut files {
            if file.span.end == 0 {
                file.span = span;
            }
        }
        Some(Item { name, value: FileList { files, is_list }, span })
    });
    items.collect()
}

fn params(values: Vec<(Option<String>, Datum, Span)>) -> Option<Vec<Item<Param>>> {
    let items = values.into_iter().map(|(name, value, span)| {
        let value = match value {
            Datum::Files(_) => Datum::List(value.elements()?).to_value()?,
            value => value.to_value()?,
        };
        Some(Item { name, value: Param::Value(value), span })
    });
    items.collect()
}

fn named_values(values: Vec<(Option<String>, Datum, Span)>) -> Option<Vec<(String, Param)>> {
    let items = values.into_iter().map(|(name, value, _)| Some((name?, Param::Value(value.to_value()?))));
    items.collect()
}
