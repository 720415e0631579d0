//! The crate through its public face.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod config;
mod evaluator;
mod evaluator_modules;
mod literal;
mod parse;
mod static_and_python;
mod plan;
mod tokens;
