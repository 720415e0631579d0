//! Text work that gives exactly what CPython and its well-known libraries give, and needs neither.
//!
//! Text is held in columns (`column`, `values`), read from files by `read`. A `program` is a row of steps (`step`, done by
//! `apply` and the `kernels`) and an `ending` that sums up (`tally`, `largest`, `groups`). What depends on the version of
//! Unicode is looked up in `characters`, which somebody who has an interpreter fills.
//!
//! Knows no Python and no threads: text comes in, text goes out.

mod apply;
pub mod characters;
pub mod column;
mod declined;
pub mod ending;
pub mod groups;
mod kernels;
pub mod largest;
pub mod pack;
pub mod porter;
pub mod program;
pub mod read;
pub mod scalar;
pub mod snowball;
pub mod step;
mod stemmer;
pub mod tally;
#[cfg(test)]
mod testing;
pub mod values;

pub use declined::Declined;
pub use stemmer::Stemmer;
