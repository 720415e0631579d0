//! The real command, as a user runs it.

mod errors;
mod folder;
mod leftovers;
mod streams;
mod workflows;
