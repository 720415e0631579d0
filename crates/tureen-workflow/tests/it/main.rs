//! The crate through its public face.

mod parse;
mod tokens;
