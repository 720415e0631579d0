//! The crate through its public face.

mod literal;
mod parse;
mod plan;
mod tokens;
