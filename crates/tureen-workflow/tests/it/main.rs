//! The crate through its public face.

mod evaluator;
mod literal;
mod parse;
mod plan;
mod tokens;
