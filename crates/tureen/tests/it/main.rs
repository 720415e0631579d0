//! The real command, as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod errors;
mod folder;
mod leftovers;
mod memory;
mod options;
mod reports;
mod reruns;
mod running;
mod safety;
mod streams;
mod torture;
mod touched;
mod watching;
mod workflows;
