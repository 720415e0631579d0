//! From a Snakefile to a graph that the engine can run, and the record of what made what.
//!
//! `parse → (literal | evaluator) → rule → job → plan → graph → run → record`
//!
//! Knows no terminal, no command line and no PyO3.

pub mod diagnostic;
pub mod config;
pub mod literal;
mod translate;
mod interpreter;
pub mod evaluator;
pub mod read;
pub mod parse;
pub mod rule;
pub mod adjust;
pub mod lint;
pub mod span;
pub mod token;
pub mod value;

pub mod intern;
pub mod nearest;
pub mod pattern;
pub mod wildcards;
pub mod rule_index;
pub mod disk;
pub mod format;
pub mod job;
pub mod cache;
pub mod code;
pub mod params;
pub mod resources;
pub mod reason;
pub mod record;
pub mod progress;
pub mod plan;
pub mod fields;
pub mod work;
pub mod graph;
pub mod remote;
pub mod run;
pub mod report;
