//! The record of what made what: one SQLite file in `.tureen/`.
//!
//! A job's start is written before it runs and its end after its outputs were seen, so after `kill -9` the next
//! run knows what is unfinished. Whoever writes holds a lock that the system drops with the process.
//! Knows no rules and no plan; only paths and texts.

mod claims;
mod content;
mod memory;
mod mend;
mod runs;
mod seen;
mod snakemake;
mod store;
mod touched;

pub use claims::{Claim, ClaimError, Files, generation, living};
pub use content::{Algorithm, MAX_HASHED_BYTES, Verdict, compare, compare_by, content_hash, state};
pub use memory::{InputMemory, Origin, Remembered};
pub use runs::{RunRow, RunningJob};
pub use store::{JobEnd, JobStart, Memories, Record, RecordError};
pub use touched::Touched;

/// The directory, in the working directory, that holds the record.
pub const FOLDER: &str = ".tureen";
