//! Statements, read from top to bottom: assignments, `include:`, `configfile:` and their kin.

use std::path::Path;

use super::datum::Datum;
use super::{Include, NotStatic, Reader, Text};
use crate::config;
use crate::parse::{Directive, File, Python, StatementKind};
use crate::rule::Workflow;
use crate::span::{Sources, Span};
use crate::token::Kind;
use crate::value::Value;

impl Reader<'_> {
    /// Reads one file; rules of included files never are the default.
    pub(super) fn file(
        &mut self,
        file: &File,
        sources: &mut Sources,
        include: &mut Include<'_>,
    ) -> Result<(), NotStatic> {
        let is_main = self.included.is_empty();
        let path = sources.get(file.source).path.clone();
        self.included.push(path.clone());
        let folder = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let folder = folder.parent().unwrap_or(Path::new("")).to_owned();
        let above = std::mem::replace(&mut self.folder, folder);
        let owned = sources.get(file.source).text.clone();
        let text = Text { file, text: &owned };
        for statement in &file.statements {
            match &statement.kind {
                StatementKind::Python(python) => self.python(text, python)?,
                StatementKind::Rule(rule) => {
                    self.rule(text, rule)?;
                    let index = self.workflow.rules.len() - 1;
                    if is_main && self.workflow.default_rule.is_none() {
                        self.workflow.default_rule = Some(index);
                    }
                }
                StatementKind::Global(directive) if text.of(directive.keyword) == "include" => {
                    self.include(text, directive, &path, sources, include)?;
                }
                StatementKind::Global(directive) => self.global(text, directive)?,
                StatementKind::Handler(directive) => {
                    let word = text.of(directive.keyword);
                    return Err(NotStatic::new(directive.keyword, format!("`{word}:` holds Python code")));
                }
                StatementKind::Module(rule) => {
                    return Err(NotStatic::new(rule.keyword, "`module` is read by Python"));
                }
                StatementKind::UseRule(used) => {
                    return Err(NotStatic::new(used.header, "`use rule` is read by Python"));
                }
            }
        }
        self.folder = above;
        Ok(())
    }

    /// `NAME = value`, a docstring or `pass`; nothing else.
    fn python(&mut self, text: Text<'_>, python: &Python) -> Result<(), NotStatic> {
        let tokens = &text.file.tokens[python.tokens.clone()];
        let word = |index: usize| tokens.get(index).map_or("", |token| token.text(text.text));
        let kind = |index: usize| tokens.get(index).map_or(Kind::End, |token| token.kind);
        let n_tokens = tokens.iter().filter(|token| token.kind != Kind::Comment).count();
        if n_tokens == 1 && (word(0) == "pass" || kind(0) == Kind::String) {
            return Ok(());
        }
        let is_plain = word(0).bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if kind(0) == Kind::Name && is_plain && word(1) == "=" && !is_reserved(word(0)) {
            let value = self.value(text, python.tokens.start + 2..python.tokens.end)?;
            self.names.insert(word(0).to_owned(), value);
            return Ok(());
        }
        Err(NotStatic::new(python.span, "this is Python code"))
    }

    fn include(
        &mut self,
        text: Text<'_>,
        directive: &Directive,
        from: &Path,
        sources: &mut Sources,
        include: &mut Include<'_>,
    ) -> Result<(), NotStatic> {
        let refuse = |reason: &str| Err(NotStatic::new(directive.span(), reason));
        let Some(name) = self.single_text(text, directive)? else {
            return refuse("this `include:` is left to Python");
        };
        if name.contains("://") || self.workdir != Path::new("") {
            return refuse("this `include:` is left to Python");
        }
        let path = from.parent().unwrap_or(Path::new("")).join(name);
        let Some(file) = include(&path, sources) else {
            return refuse("this `include:` can't be read");
        };
        let path = sources.get(file.source).path.clone();
        // Snakemake executes a file as often as it is included; a circle is for the evaluator to tell.
        if self.included.contains(&path) {
            return refuse("this file is included twice");
        }
        self.file(&file, sources, include)
    }

    fn global(&mut self, text: Text<'_>, directive: &Directive) -> Result<(), NotStatic> {
        let word = text.of(directive.keyword);
        let refuse = || Err(NotStatic::new(directive.span(), format!("this `{word}:` is left to Python")));
        match word {
            "configfile" => {
                let Some(name) = self.single_text(text, directive)? else { return refuse() };
                let path = self.workdir.join(&name);
                match config::load(&path) {
                    Ok(loaded) => self.overrides.merge_configfile(&mut self.config, &loaded),
                    // Snakemake does not mind a missing file when --configfile names another.
                    Err(config::Error::Missing(_)) if self.overrides.has_files() => {
                        self.overrides.merge_configfile(&mut self.config, &Value::Dict(Vec::new()));
                    }
                    Err(_) => return refuse(),
                }
            }
            "workdir" => {
                let Some(name) = self.single_text(text, directive)? else { return refuse() };
                self.workdir.push(name);
                self.workflow.workdir = Some(self.workdir.to_string_lossy().into_owned());
            }
            "wildcard_constraints" => {
                for (name, value, _) in self.arguments_of(text, directive)? {
                    match (name, value) {
                        (Some(name), Datum::Str(pattern)) => {
                            let constraints = &mut self.workflow.wildcard_constraints;
                            constraints.retain(|(other, _)| *other != name);
                            constraints.push((name, pattern.text));
                        }
                        _ => return refuse(),
                    }
                }
            }
            "envvars" => {
                for (_, value, _) in self.arguments_of(text, directive)? {
                    match value {
                        Datum::Str(pattern) if std::env::var_os(&pattern.text).is_some() => {}
                        _ => return refuse(),
                    }
                }
            }
            "ruleorder" => {
                let names = names_in(text, directive);
                self.workflow.rule_orders.push(names);
            }
            "localrules" => {
                let names = names_in(text, directive);
                self.workflow.local_rules.extend(names);
            }
            // Without the matching command-line option Snakemake does nothing with these.
            "container" | "singularity" | "containerized" | "conda" => {
                self.arguments_of(text, directive)?;
                self.software = Some((text.of(directive.keyword).to_owned(), directive.span()));
            }
            "report" => drop(self.arguments_of(text, directive)?),
            _ => return refuse(),
        }
        Ok(())
    }

    /// The values of a directive's arguments with their names; starred ones unfolded.
    pub(super) fn arguments_of(
        &self,
        text: Text<'_>,
        directive: &Directive,
    ) -> Result<Vec<(Option<String>, Datum, Span)>, NotStatic> {
        let mut values = Vec::with_capacity(directive.arguments.len());
        for argument in &directive.arguments {
            let value = self.unfolded(self.value(text, argument.tokens.clone())?);
            let refuse = || Err(NotStatic::new(argument.span, "this is left to Python"));
            match argument.stars {
                0 => values.push((argument.name.map(|name| text.of(name).to_owned()), value, argument.span)),
                1 => match value.elements() {
                    Some(items) => values.extend(items.into_iter().map(|item| (None, item, argument.span))),
                    None => return refuse(),
                },
                _ => return refuse(),
            }
        }
        // A call sees items without a name first, even those of a `*list` behind named ones.
        values.sort_by_key(|(name, _, _)| name.is_some());
        Ok(values)
    }

    /// A part of the config that is a dict, as a dict.
    pub(super) fn unfolded(&self, datum: Datum) -> Datum {
        let nowhere = Span { source: crate::span::SourceId(0), start: 0, end: 0 };
        match &datum {
            Datum::Config(path) => {
                self.plain_config(path).and_then(|value| Datum::from_value(&value, nowhere)).unwrap_or(datum)
            }
            _ => datum,
        }
    }

    fn single_text(&self, text: Text<'_>, directive: &Directive) -> Result<Option<String>, NotStatic> {
        let mut values = self.arguments_of(text, directive)?;
        Ok(match (values.pop(), values.len()) {
            (Some((None, Datum::Str(pattern), _)), 0) => Some(pattern.text),
            _ => None,
        })
    }

    /// A value of the config by its path of keys.
    pub(super) fn config_value(&self, path: Vec<Value>) -> Option<Datum> {
        let mut value = &self.config;
        for (index, key) in path.iter().enumerate() {
            value = match (value, key) {
                (Value::Dict(items), _) => &items.iter().find(|(other, _)| other == key)?.1,
                (Value::List(items), Value::Int(position)) => items.get(usize::try_from(*position).ok()?)?,
                _ => return None,
            };
            if matches!(value, Value::Opaque { .. }) || index > 64 {
                return None;
            }
        }
        let nowhere = Span { source: crate::span::SourceId(0), start: 0, end: 0 };
        match value {
            Value::Dict(_) => Some(Datum::Config(path)),
            _ => Datum::from_value(value, nowhere),
        }
    }

    /// The workflow, with what shell commands may name.
    pub(super) fn finish(mut self) -> Workflow {
        let globals = self.names.iter().filter_map(|(name, datum)| {
            let value = match datum {
                Datum::Config(path) => self.plain_config(path),
                Datum::Files(_) => datum.elements().and_then(|items| Datum::List(items).to_value()),
                _ => datum.to_value(),
            };
            value.map(|value| (name.clone(), value))
        });
        let mut globals: Vec<(String, Value)> = globals.collect();
        globals.push(("config".to_owned(), self.config.clone()));
        for rule in self.workflow.rules.iter_mut().filter(|rule| rule.unsupported.is_empty()) {
            // What is said for all rules holds for those that don't say.
            rule.unsupported.extend(self.software.clone());
        }
        globals.sort_by(|left, right| left.0.cmp(&right.0));
        self.workflow.globals = globals;
        self.workflow.config = Some(self.config);
        self.workflow
    }

    fn plain_config(&self, path: &[Value]) -> Option<Value> {
        let mut value = &self.config;
        for key in path {
            let Value::Dict(items) = value else { return None };
            value = &items.iter().find(|(other, _)| other == key)?.1;
        }
        Some(value.clone())
    }
}

/// Names of rules in a directive, separators left out.
fn names_in(text: Text<'_>, directive: &Directive) -> Vec<String> {
    let tokens = text.file.tokens[directive.tokens.clone()].iter();
    tokens.filter(|token| token.kind == Kind::Name).map(|token| token.text(text.text).to_owned()).collect()
}

/// Names whose assignment means more than a value.
fn is_reserved(word: &str) -> bool {
    matches!(word, "config" | "rules" | "workflow" | "None" | "True" | "False")
}
