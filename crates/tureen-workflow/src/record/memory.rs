//! What is remembered of one output file.

use std::sync::Arc;

use serde::Deserialize;

/// How an output was last made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remembered {
    /// Its job started and did not end: the file may be half written.
    pub is_unfinished: bool,
    /// Its job failed, and what it had made was removed: if the file is there, somebody else put it there.
    pub has_failed: bool,
    /// When its job started and ended, in seconds since 1970; an end of 0: it did not.
    pub started: f64,
    /// See there.
    pub ended: f64,
    /// The rule.
    pub rule: String,
    /// The normalised code of the rule; as the Snakefile has it, if `origin` is Snakemake.
    pub code: String,
    /// The params, as text.
    pub params: String,
    /// The command as run; empty if it was no shell command.
    pub shell: String,
    /// The input files, sorted by path.
    pub inputs: Vec<Arc<InputMemory>>,
    /// The log files.
    pub log: Vec<String>,
    /// Whose memory it is.
    pub origin: Origin,
    /// The memory of its command's largest process at its highest, in bytes.
    pub peak: Option<u64>,
    /// Seconds that its command computed.
    pub cpu: Option<f64>,
}

/// Who remembered: what code and params look like depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// This program.
    #[default]
    Own,
    /// Snakemake, whose `.snakemake/metadata` was there first.
    Snakemake,
}

/// An input as it was when its job ended. (Version 1 of the record has it in JSON, under these letters.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct InputMemory {
    /// Its path.
    #[serde(rename = "p")]
    pub path: String,
    /// The hash of its content, if it was small enough to be read; with its algorithm, if that is not BLAKE3.
    #[serde(rename = "h", default)]
    pub content: Option<String>,
    /// Its time, in nanoseconds since 1970.
    #[serde(rename = "t", default)]
    pub time: Option<i64>,
    /// Its size in bytes.
    #[serde(rename = "s", default)]
    pub size: Option<u64>,
}

impl Remembered {
    /// Whether these (sorted) are the paths of its inputs.
    pub fn has_inputs(&self, paths: &[&str]) -> bool {
        self.inputs.len() == paths.len()
            && self.inputs.iter().zip(paths).all(|(input, path)| input.path == *path)
    }

    /// What is remembered of an input.
    pub fn input(&self, path: &str) -> Option<&InputMemory> {
        let position = self.inputs.binary_search_by(|input| input.path.as_str().cmp(path)).ok()?;
        Some(&self.inputs[position])
    }
}
