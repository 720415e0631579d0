//! The things that fields name, and their parts.

use std::borrow::Cow;

use super::{Globals, quote};
use crate::evaluator::job::{Entry, JobView};
use crate::format::{repr, text};
use crate::value::Value;

/// What a field, or a part of it, stands for.
#[derive(Debug)]
pub(super) enum Thing<'v> {
    /// `input` and its kin: a list some of whose stretches have names.
    Named { values: Vec<Cow<'v, Value>>, names: Vec<(&'v str, Cow<'v, Value>)> },
    /// `wildcards`: as the above, but shown with their names.
    Wildcards(Vec<(&'v str, Cow<'v, Value>)>),
    /// A plain value.
    Plain(Cow<'v, Value>),
}

/// The thing of a name; `None` if the job doesn't know it.
pub(super) fn named<'v>(name: &str, view: &'v JobView, globals: Globals<'v>) -> Option<Thing<'v>> {
    let owned = |value| Some(Thing::Plain(Cow::Owned(value)));
    match name {
        "input" => Some(entries(&view.input, true)),
        "output" => Some(entries(&view.output, true)),
        "log" => Some(entries(&view.log, true)),
        "params" => Some(entries(&view.params, false)),
        "wildcards" => {
            let named =
                |(name, value): &'v (String, String)| (name.as_str(), Cow::Owned(Value::Str(value.clone())));
            Some(Thing::Wildcards(view.wildcards.iter().map(named).collect()))
        }
        "resources" => {
            Some(pairs(view.resources.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value)))))
        }
        "threads" => owned(Value::Int(view.threads)),
        "rule" | "rulename" | "name" => owned(Value::Str(view.rule.clone())),
        "jobid" => owned(Value::Int(view.jobid)),
        "bench_iteration" => owned(view.bench_iteration.map_or(Value::None, Value::Int)),
        "config" if globals.config.is_some() => {
            globals.config.map(|config| Thing::Plain(Cow::Borrowed(config)))
        }
        _ => {
            let (_, value) = globals.names.iter().rev().find(|(known, _)| known == name)?;
            Some(Thing::Plain(Cow::Borrowed(value)))
        }
    }
}

fn pairs<'v>(pairs: impl Iterator<Item = (&'v str, Cow<'v, Value>)>) -> Thing<'v> {
    let names: Vec<(&str, Cow<'_, Value>)> = pairs.collect();
    Thing::Named { values: names.iter().map(|(_, value)| value.clone()).collect(), names }
}

/// Entries as one list: lists under an entry are spliced in, but for params.
fn entries(entries: &[Entry], is_flat: bool) -> Thing<'_> {
    let mut values = Vec::new();
    let mut names = Vec::new();
    for entry in entries {
        match &entry.value {
            Value::List(list) if is_flat => values.extend(list.iter().map(Cow::Borrowed)),
            value => values.push(Cow::Borrowed(value)),
        }
        if let Some(name) = &entry.name {
            names.push((name.as_str(), Cow::Borrowed(&entry.value)));
        }
    }
    Thing::Named { values, names }
}

impl<'v> Thing<'v> {
    pub(super) fn item(&self, key: &str) -> Option<Thing<'v>> {
        let number: Option<usize> = key.parse().ok();
        match self {
            Thing::Named { values, names } => match number {
                Some(number) => values.get(number).cloned().map(Thing::Plain),
                None => {
                    names.iter().find(|(name, _)| *name == key).map(|(_, value)| Thing::Plain(value.clone()))
                }
            },
            Thing::Wildcards(names) => match number {
                Some(number) => names.get(number).map(|(_, value)| Thing::Plain(value.clone())),
                None => self.attribute(key),
            },
            Thing::Plain(value) => {
                let found = match (value.as_ref(), number) {
                    (Value::List(values) | Value::Tuple(values), Some(number)) => values.get(number)?.clone(),
                    (Value::Dict(pairs), _) => {
                        let key = number
                            .map_or_else(|| Value::Str(key.to_owned()), |number| Value::Int(number as i64));
                        pairs.iter().find(|(known, _)| *known == key)?.1.clone()
                    }
                    (Value::Str(text), Some(number)) => Value::Str(text.chars().nth(number)?.to_string()),
                    _ => return None,
                };
                Some(Thing::Plain(Cow::Owned(found)))
            }
        }
    }

    pub(super) fn attribute(&self, key: &str) -> Option<Thing<'v>> {
        match self {
            Thing::Named { names, .. } | Thing::Wildcards(names) => {
                names.iter().find(|(name, _)| *name == key).map(|(_, value)| Thing::Plain(value.clone()))
            }
            Thing::Plain(_) => None,
        }
    }

    /// As text; the members of a list stand side by side, each quoted for the shell if asked.
    pub(super) fn text(&self, is_quoted: bool) -> String {
        let one = |value: &Value| {
            let text = text(value);
            // Nothing stays nothing, as in Snakemake.
            if is_quoted && !text.is_empty() { quote(&text).into_owned() } else { text }
        };
        let all = |values: &[Value]| values.iter().map(one).collect::<Vec<_>>().join(" ");
        match self {
            Thing::Named { values, .. } => {
                let each = values.iter().map(|value| match value.as_ref() {
                    Value::List(values) | Value::Tuple(values) => all(values),
                    value => one(value),
                });
                each.collect::<Vec<_>>().join(" ")
            }
            Thing::Wildcards(names) => {
                let mut shown: Vec<String> =
                    names.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
                shown.sort_unstable();
                shown.join(",")
            }
            Thing::Plain(value) => match value.as_ref() {
                Value::List(values) | Value::Tuple(values) => all(values),
                value => one(value),
            },
        }
    }

    pub(super) fn repr(&self) -> String {
        match self {
            Thing::Named { values, .. } => {
                repr(&Value::List(values.iter().map(|value| value.as_ref().clone()).collect()))
            }
            Thing::Wildcards(names) => {
                repr(&Value::List(names.iter().map(|(_, value)| value.as_ref().clone()).collect()))
            }
            Thing::Plain(value) => repr(value),
        }
    }

    /// With a format as Python has it, of which `05d`-like and `.2f`-like ones are known here.
    pub(super) fn formatted(&self, format: &str) -> Option<String> {
        let Thing::Plain(value) = self else { return None };
        match value.as_ref() {
            Value::Int(number) => {
                let width = format.strip_suffix('d').unwrap_or(format);
                let size: usize = width.parse().ok()?;
                Some(if width.starts_with('0') {
                    format!("{number:0size$}")
                } else {
                    format!("{number:size$}")
                })
            }
            Value::Float(number) => {
                let digits: usize = format.strip_prefix('.')?.strip_suffix('f')?.parse().ok()?;
                Some(format!("{number:.digits$}"))
            }
            _ => None,
        }
    }
}
