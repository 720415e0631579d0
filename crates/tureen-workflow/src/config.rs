//! `configfile:`, `--configfile` and `--config`: read and merged as Snakemake 9 does it.
//!
//! A file is JSON, or else YAML 1.1 as PyYAML's full loader reads it. Knows no Snakefile.

pub(crate) mod merge;
mod outdented;
mod resolve;
mod yaml;

use std::path::{Path, PathBuf};

use crate::value::Value;
use merge::update;

/// Why a config can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there.
    #[error("config file `{}` is not there", .0.display())]
    Missing(PathBuf),
    /// It can't be read.
    #[error("config file `{}` can't be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    /// It is neither JSON nor YAML: line, column (from 1) and what is wrong there.
    #[error("config file `{}`, line {}, column {}: {}", .0.display(), .1, .2, .3)]
    Malformed(PathBuf, usize, usize, String),
    /// It has no keys at its top level.
    #[error("config file `{}` has no keys at its top level", .0.display())]
    NotADict(PathBuf),
    /// It asks to be run through the `yte` template engine.
    #[error("config file `{}` uses yte templates, which are not supported yet", .0.display())]
    Template(PathBuf),
    /// An entry of `--config` is not `name=value`.
    #[error(
        "`{0}` is not a config entry\nhint: write `--config name=value`, the name being of two characters or more"
    )]
    BadEntry(String),
}

/// Reads one config file into a `Value::Dict`.
///
/// # Errors
/// If it is missing, unreadable, neither JSON nor YAML, or no dict.
pub fn load(path: &Path) -> Result<Value, Error> {
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing(path.to_owned()));
        }
        Err(error) => return Err(Error::Unreadable(path.to_owned(), error)),
    };
    let text = String::from_utf8(text)
        .map_err(|_| Error::Malformed(path.to_owned(), 1, 1, "this is not UTF-8 text".to_owned()))?;
    let value = parse(&text).map_err(|problem| {
        Error::Malformed(path.to_owned(), problem.line, problem.column, problem.message)
    })?;
    let Value::Dict(mut items) = value else { return Err(Error::NotADict(path.to_owned())) };
    if let Some(index) = items.iter().position(|(key, _)| *key == Value::Str("__use_yte__".to_owned()))
        && items.remove(index).1 == Value::Bool(true)
    {
        return Err(Error::Template(path.to_owned()));
    }
    Ok(Value::Dict(items))
}

/// What is wrong with a YAML text, and where (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a JSON or YAML text.
///
/// # Errors
/// If it is neither.
///
/// ```
/// # use tureen_workflow::{config::parse, value::Value};
/// let value = parse("a: yes\n").unwrap();
/// assert_eq!(value, Value::Dict(vec![(Value::Str("a".into()), Value::Bool(true))]));
/// ```
pub fn parse(text: &str) -> Result<Value, Problem> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => {
            // A whole number past 64 bits has become a float: better refused than changed. Which numbers were
            // written whole is forgotten by then, but only long rows of digits can be.
            let mut long_digits = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit());
            let may_be_rounded = long_digits.any(|digits| digits.len() > 18);
            from_json(json, may_be_rounded).ok_or_else(|| Problem {
                line: 1,
                column: 1,
                message: "it holds a whole number of more than 64 bits".to_owned(),
            })
        }
        Err(_) => yaml::load(text),
    }
}

fn from_json(json: serde_json::Value, may_be_rounded: bool) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) if value.abs() < 9.2e18 || !may_be_rounded => Value::Float(value),
            _ => return None,
        },
        Json::String(text) => Value::Str(text),
        Json::Array(items) => {
            Value::List(items.into_iter().map(|item| from_json(item, may_be_rounded)).collect::<Option<_>>()?)
        }
        Json::Object(items) => {
            let pairs = items
                .into_iter()
                .map(|(key, value)| Some((Value::Str(key), from_json(value, may_be_rounded)?)));
            Value::Dict(pairs.collect::<Option<_>>()?)
        }
    })
}

/// What the command line says about the config.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    merged: Vec<(Value, Value)>,
    has_files: bool,
    /// `--replace-workflow-config`: nothing of the Snakefile's own config remains.
    pub replaces: bool,
}

impl Overrides {
    /// Reads `--configfile` files and `--config` entries, later ones winning.
    ///
    /// # Errors
    /// If a file can't be used or an entry is not `name=value`.
    pub fn read(files: &[PathBuf], entries: &[String]) -> Result<Self, Error> {
        let mut merged = Value::Dict(Vec::new());
        for file in files {
            update(&mut merged, &load(file)?);
        }
        for entry in entries {
            update(&mut merged, &Value::Dict(vec![parse_entry(entry)?]));
        }
        let Value::Dict(merged) = merged else { unreachable!("a dict stays one when updated") };
        Ok(Self { merged, has_files: !files.is_empty(), replaces: false })
    }

    /// The config before any `configfile:`.
    pub fn initial(&self) -> Value {
        Value::Dict(self.merged.clone())
    }

    /// Whether `--configfile` was given: a missing `configfile:` is then no error.
    pub fn has_files(&self) -> bool {
        self.has_files
    }

    /// Adds what a `configfile:` holds; the command line still wins.
    pub fn merge_configfile(&self, config: &mut Value, loaded: &Value) {
        update(config, loaded);
        if self.replaces && !self.merged.is_empty() {
            *config = Value::Dict(Vec::new());
        }
        if !self.merged.is_empty() {
            update(config, &Value::Dict(self.merged.clone()));
        }
    }
}

/// `name=value`, the value read as Snakemake does: an int, a float, `True`/`False`, or YAML whose scalars all
/// are strings.
fn parse_entry(entry: &str) -> Result<(Value, Value), Error> {
    let bad = || Error::BadEntry(entry.to_owned());
    let (name, value) = entry.split_once('=').ok_or_else(bad)?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_name = name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.ends_with(is_word)
        && name.chars().all(|c| is_word(c) || c == '-');
    if !is_name {
        return Err(bad());
    }
    let value = value.trim_matches(['\'', '"']);
    let value = if value.is_empty() {
        Value::None
    } else if let Some(number) = resolve::python_number(value) {
        number
    } else {
        match value {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            _ => yaml::load_strings(value).unwrap_or_else(|_| Value::Str(value.to_owned())),
        }
    };
    Ok((Value::Str(name.to_owned()), value))
}
