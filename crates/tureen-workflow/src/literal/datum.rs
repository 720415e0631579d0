//! A value while a Snakefile is read: like `value::Value`, but a string remembers where it was written and
//! which marks (`temp(...)`) it carries.

use super::number::float_repr;
use crate::rule::{FileList, FilePattern, Marks};
use crate::span::Span;
use crate::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string, marked or not.
    Str(FilePattern),
    List(Vec<Datum>),
    Tuple(Vec<Datum>),
    Dict(Vec<(Datum, Datum)>),
    /// `rules.name.output`: a list whose parts may have names.
    Files(Vec<(Option<String>, FileList)>),
    /// `rules`
    Rules,
    /// `rules.name`: the index of the rule.
    Rule(usize),
    /// `config` itself, by path: read only when a value is asked for, as it may be huge.
    Config(Vec<Value>),
}

impl Datum {
    pub(super) fn string(text: impl Into<String>, span: Span) -> Self {
        Self::Str(FilePattern { text: text.into(), marks: Marks::default(), span, producer: None })
    }

    pub(super) fn from_value(value: &Value, span: Span) -> Option<Self> {
        Some(match value {
            Value::None => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Str(text) => Self::string(text.clone(), span),
            Value::List(items) => {
                Self::List(items.iter().map(|item| Self::from_value(item, span)).collect::<Option<_>>()?)
            }
            Value::Tuple(items) => {
                Self::Tuple(items.iter().map(|item| Self::from_value(item, span)).collect::<Option<_>>()?)
            }
            Value::Dict(items) => {
                let pairs = items
                    .iter()
                    .map(|(key, value)| Some((Self::from_value(key, span)?, Self::from_value(value, span)?)));
                Self::Dict(pairs.collect::<Option<_>>()?)
            }
            Value::Opaque { .. } => return None,
        })
    }

    /// As plain data; marks are lost, as they are on params in Snakemake.
    pub(super) fn to_value(&self) -> Option<Value> {
        Some(match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Str(pattern) => Value::Str(pattern.text.clone()),
            Self::List(items) => Value::List(items.iter().map(Self::to_value).collect::<Option<_>>()?),
            Self::Tuple(items) => Value::Tuple(items.iter().map(Self::to_value).collect::<Option<_>>()?),
            Self::Dict(items) => {
                let pairs = items.iter().map(|(key, value)| Some((key.to_value()?, value.to_value()?)));
                Value::Dict(pairs.collect::<Option<_>>()?)
            }
            Self::Files(_) | Self::Rules | Self::Rule(_) | Self::Config(_) => return None,
        })
    }

    /// What `str()` gives, where that is beyond doubt.
    pub(super) fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => float_repr(*value),
            Self::Str(pattern) => pattern.text.clone(),
            _ => return None,
        })
    }

    /// Its elements, if it is a list or a tuple.
    pub(super) fn elements(&self) -> Option<Vec<Datum>> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items.clone()),
            Self::Files(parts) => {
                let files = parts.iter().flat_map(|(_, list)| &list.files);
                Some(files.map(|file| Self::Str(file.clone())).collect())
            }
            _ => None,
        }
    }

    /// Puts a mark on a path, or on each of a list.
    pub(super) fn marked(self, mark: &impl Fn(&mut Marks)) -> Option<Self> {
        Some(match self {
            Self::Str(mut pattern) => {
                mark(&mut pattern.marks);
                Self::Str(pattern)
            }
            other => {
                let items = other.elements()?;
                Self::List(items.into_iter().map(|item| item.marked(mark)).collect::<Option<_>>()?)
            }
        })
    }

    /// Adds its paths to a list; nested lists are flattened, as Snakemake does.
    pub(super) fn add_files(&self, files: &mut Vec<FilePattern>) -> Option<()> {
        if let Self::Str(pattern) = self {
            files.push(pattern.clone());
            return Some(());
        }
        self.elements()?.iter().try_for_each(|item| item.add_files(files))
    }
}
