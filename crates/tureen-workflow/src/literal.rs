//! Reads a Snakefile without Python, when everything in it is plain: literals, names assigned from them,
//! `config`, the well-known helpers, and `shell:` rules.
//!
//! What it can read means exactly what CPython would make of it; at the first thing it is not sure of it
//! gives up with a reason, and the evaluator reads the whole workflow instead. So it knows no errors of its
//! own: a wrong Snakefile is for Python to judge.

mod call;
mod datum;
pub(crate) mod expand;
mod expression;
pub(crate) mod number;
mod paths;
mod rule;
mod statement;
mod string;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::config::Overrides;
use crate::parse::File;
use crate::rule::Workflow;
use crate::span::{SourceId, Sources, Span};
use datum::Datum;

/// Why a workflow can't be read without Python, and the first place that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStatic {
    /// The place.
    pub span: Span,
    /// What stands there, as in "`run:` holds Python code".
    pub reason: String,
}

impl NotStatic {
    pub(crate) fn new(span: Span, reason: impl Into<String>) -> Self {
        Self { span, reason: reason.into() }
    }
}

/// Gives an included file, parsed; `None` if it can't be read or is wrong, which Python will tell better.
pub(crate) type Include<'i> = dyn FnMut(&Path, &mut Sources) -> Option<File> + 'i;

/// Reads a parsed Snakefile and what it includes.
pub(crate) fn read(
    file: &File,
    sources: &mut Sources,
    overrides: &Overrides,
    include: &mut Include<'_>,
) -> Result<Workflow, NotStatic> {
    let mut reader = Reader {
        workflow: Workflow::default(),
        names: FxHashMap::default(),
        rules: FxHashMap::default(),
        config: overrides.initial(),
        overrides,
        included: Vec::new(),
        software: None,
        workdir: PathBuf::new(),
        folder: PathBuf::new(),
    };
    reader.file(file, sources, include)?;
    Ok(reader.finish())
}

/// What has been read so far.
struct Reader<'o> {
    workflow: Workflow,
    names: FxHashMap<String, Datum>,
    /// Rules by name.
    rules: FxHashMap<String, usize>,
    config: crate::value::Value,
    overrides: &'o Overrides,
    /// Files on the way from the main one to the one that is read, and those read before.
    included: Vec<PathBuf>,
    /// `container:` and its kin, said for all rules.
    software: Option<(String, Span)>,
    /// `workdir:` so far, relative to where we were started.
    workdir: PathBuf,
    /// The folder of the file that is read.
    folder: PathBuf,
}

/// One file while it is read: its text and tokens.
#[derive(Clone, Copy)]
struct Text<'t> {
    file: &'t File,
    text: &'t str,
}

impl<'t> Text<'t> {
    fn of(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn source(&self) -> SourceId {
        self.file.source
    }
}
