//! `--lint`: weak points of a workflow that runs all the same. What is found is what Snakemake 9.27's linter finds;
//! each has a place and what to do about it. Runs nothing.

mod files;
mod rules;

use crate::rule::Workflow;
use crate::span::{Sources, Span};

/// One weak point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// What it is.
    pub title: String,
    /// Why it matters, and what to do.
    pub advice: &'static str,
    /// Where.
    pub span: Span,
}

/// The weak points of one rule or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What they are found in.
    pub of: Of,
    /// In order of kind.
    pub lints: Vec<Lint>,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A file, by its path.
    File(String),
    /// A rule, by its name and place.
    Rule(String, Span),
}

/// Everything that is found: of files first, then of rules.
pub fn lint(workflow: &Workflow, sources: &Sources) -> Vec<Found> {
    let mut found = files::lint(workflow, sources);
    found.extend(workflow.rules.iter().map(rules::lint));
    found.retain(|found| !found.lints.is_empty());
    found
}
