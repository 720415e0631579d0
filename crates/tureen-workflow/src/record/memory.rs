//! What is remembered of one output file.

use serde::{Deserialize, Serialize};

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
    /// The normalised code of the rule.
    pub code: String,
    /// The params, as text.
    pub params: String,
    /// The command as run; empty if it was no shell command.
    pub shell: String,
    /// The input files, sorted by path.
    pub inputs: Vec<InputMemory>,
    /// The log files.
    pub log: Vec<String>,
}

/// An input as it was when its job ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputMemory {
    /// Its path.
    #[serde(rename = "p")]
    pub path: String,
    /// The hash of its content, if it was small enough to be read.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Remembered {
    /// Whether these (sorted) are the paths of its inputs.
    pub fn has_inputs(&self, paths: &[&str]) -> bool {
        self.inputs.len() == paths.len()
            && self.inputs.iter().zip(paths).all(|(input, path)| input.path == *path)
    }

    /// The hash of an input's content, if it was taken.
    pub fn content_of(&self, path: &str) -> Option<&str> {
        let position = self.inputs.binary_search_by(|input| input.path.as_str().cmp(path)).ok()?;
        self.inputs[position].content.as_deref()
    }
}
