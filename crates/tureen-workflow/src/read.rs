//! The one way in: a Snakefile's path and the command line's words about it, to a [`Workflow`].
//!
//! Reads statically when it can, else through an evaluator process. Knows neither's inside.

use std::path::{Path, PathBuf};

use crate::config::Overrides;
use crate::diagnostic::Diagnostic;
use crate::evaluator::{self, Broken, Evaluator, Load};
use crate::interpreter;
use crate::literal;
use crate::parse::{File, parse};
use crate::resources;
use crate::rule::Workflow;
use crate::span::{SourceId, Sources};

/// What to read, and what the command line says about it.
///
/// Relative paths are taken from the current directory, which must be the one that the workflow runs in
/// (`--directory`).
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The Snakefile.
    pub snakefile: PathBuf,
    /// `--configfile` files, later ones winning.
    pub config_files: Vec<PathBuf>,
    /// `--config` entries, `name=value`.
    pub config: Vec<String>,
    /// `--replace-workflow-config`
    pub replaces_config: bool,
    /// `--python`: the interpreter for Snakefiles that need one.
    pub python: Option<PathBuf>,
    /// `--cores`: what `workflow.cores` says.
    pub cores: Option<u32>,
    /// Whether to read through an evaluator even what could be read without: to execute scripts, or for options that are
    /// Python expressions.
    pub needs_python: bool,
    /// `--wrapper-prefix`
    pub wrapper_prefix: Option<String>,
    /// `--set-scatter`: how many parts, by name.
    pub scatter: Vec<(String, u32)>,
    /// `--skip-script-cleanup`
    pub keeps_scripts: bool,
    /// `--runtime-source-cache-path`: where copies of source files go, instead of into a folder that ends with the run.
    pub source_folder: Option<PathBuf>,
    /// The log of this run, for what the Snakefile logs.
    pub log_file: Option<PathBuf>,
}

/// A workflow that was read.
#[derive(Debug)]
pub struct Reading {
    /// The workflow.
    pub workflow: Workflow,
    /// Its files.
    pub sources: Sources,
    /// The process that holds its functions and `run:` blocks, if it needed Python.
    pub evaluator: Option<Evaluator>,
    /// Why it needed Python, if it did.
    pub needs_python: Option<Diagnostic>,
    /// What is odd in its files, and no error.
    pub warnings: Vec<Diagnostic>,
}

/// A workflow that could not be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The files that the diagnostics point into.
    pub sources: Sources,
    /// What is wrong; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a workflow.
///
/// # Errors
/// Everything that is wrong with it, as far as one pass can tell.
pub fn read(request: &Request) -> Result<Reading, Box<Unreadable>> {
    let mut sources = Sources::default();
    let mut overrides = match Overrides::read(&request.config_files, &request.config) {
        Ok(overrides) => overrides,
        Err(error) => return Err(unreadable(sources, vec![Diagnostic::from_text(&error.to_string())])),
    };
    overrides.replaces = request.replaces_config;
    let main = match open(&request.snakefile, &mut sources) {
        Ok(file) => file,
        Err(diagnostic) => return Err(unreadable(sources, vec![diagnostic])),
    };
    if !main.errors.is_empty() {
        return Err(unreadable(sources, main.errors));
    }
    let mut errors = Vec::new();
    let mut warnings = main.warnings.clone();
    let mut include = |path: &Path, sources: &mut Sources| {
        let mut file = open(path, sources).ok()?;
        errors.append(&mut file.errors);
        warnings.extend(file.warnings.iter().cloned());
        errors.is_empty().then_some(file)
    };
    let (why, at) = match literal::read(&main, &mut sources, &overrides, &mut include) {
        Ok(_) if request.needs_python => ("an option, or a script, has to be evaluated".to_owned(), None),
        Ok(workflow) => {
            return match resources::check(&workflow) {
                Ok(()) => Ok(Reading { workflow, sources, evaluator: None, needs_python: None, warnings }),
                Err(faults) => Err(unreadable(sources, faults)),
            };
        }
        Err(not_static) => (not_static.reason, Some(not_static.span)),
    };
    if !errors.is_empty() {
        return Err(unreadable(sources, errors));
    }
    let pointing = |diagnostic: Diagnostic, label: &str| match at {
        Some(span) => diagnostic.at(span, label),
        None => diagnostic.note(label),
    };
    let broken = |sources: Sources, error: &Broken| {
        let label = format!("this workflow needs Python: {why}");
        unreadable(sources, vec![pointing(Diagnostic::from_text(&error.to_string()), &label)])
    };
    let Some(python) = interpreter::find(request.python.as_deref()) else {
        return Err(broken(sources, &Broken::NotFound));
    };
    let evaluator = match Evaluator::start(&python) {
        Ok(evaluator) => evaluator,
        Err(error) => return Err(broken(sources, &error)),
    };
    let reason = pointing(Diagnostic::new("this workflow needs Python"), &why);
    // Read again from the start: the evaluator reads files in its own order.
    let mut sources = Sources::default();
    warnings.clear();
    let load = Load {
        path: &request.snakefile,
        overrides: &overrides,
        config_files: &request.config_files,
        cores: request.cores,
        wrapper_prefix: request.wrapper_prefix.as_deref(),
        scatter: &request.scatter,
        keeps_scripts: request.keeps_scripts,
        source_folder: request.source_folder.as_deref(),
        log_file: request.log_file.as_deref(),
    };
    match evaluator::load(&evaluator, &load, &mut sources, &mut warnings) {
        Ok(workflow) => match resources::check(&workflow) {
            Ok(()) => Ok(Reading {
                workflow,
                sources,
                evaluator: Some(evaluator),
                needs_python: Some(reason),
                warnings,
            }),
            Err(faults) => Err(unreadable(sources, faults)),
        },
        Err(diagnostics) => Err(unreadable(sources, diagnostics)),
    }
}

/// Reads and parses a file; its id is that of the text in `sources`.
pub(crate) fn open(path: &Path, sources: &mut Sources) -> Result<File, Diagnostic> {
    let shown = path.display();
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Diagnostic::new(format!("there is no file `{shown}`")));
        }
        Err(error) => return Err(Diagnostic::new(format!("`{shown}` can't be read: {error}"))),
    };
    let Ok(text) = String::from_utf8(text) else {
        return Err(Diagnostic::new(format!("`{shown}` is not UTF-8 text")));
    };
    let source: SourceId = sources.add(path, text);
    Ok(parse(&sources.get(source).text, source))
}

fn unreadable(sources: Sources, diagnostics: Vec<Diagnostic>) -> Box<Unreadable> {
    Box::new(Unreadable { sources, diagnostics })
}
