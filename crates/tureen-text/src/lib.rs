//! Text work that gives exactly what CPython and its well-known libraries give, and needs neither.
//!
//! Knows no Python, no files and no threads: text comes in, text goes out.

pub mod porter;
pub mod snowball;
mod stemmer;

pub use stemmer::Stemmer;
