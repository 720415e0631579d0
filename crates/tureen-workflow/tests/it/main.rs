//! The crate through its public face.

mod parse;
mod plan;
mod tokens;
