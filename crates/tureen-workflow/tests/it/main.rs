//! The crate through its public face.

mod config;
mod evaluator;
mod evaluator_modules;
mod literal;
mod parse;
mod static_and_python;
mod plan;
mod tokens;
