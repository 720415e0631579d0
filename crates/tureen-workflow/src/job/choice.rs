//! What is told, on demand, while jobs are chosen (`--debug-dag`).

/// One step of choosing who makes a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'c> {
    /// This job could make it, and is looked at.
    Candidate(Chosen<'c>),
    /// This job makes it.
    Selected(Chosen<'c>),
    /// A job makes it, though another could not be used.
    Passed {
        /// The file.
        path: &'c str,
        /// Why the other one could not, in one line.
        why: String,
    },
    /// The file is taken as it is there.
    Found {
        /// The file.
        path: &'c str,
        /// Why no job makes it, in one line; nothing if no rule could.
        why: Option<String>,
    },
}

/// A rule with its wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'c> {
    /// The rule.
    pub rule: &'c str,
    /// Names and values.
    pub wildcards: Vec<(&'c str, &'c str)>,
}

/// Is told each choice.
pub type Watch = fn(&Choice<'_>);
