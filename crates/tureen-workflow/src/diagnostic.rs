//! What went wrong, where in the user's file, and what to try: as data.
//! Knows no terminal; `crates/tureen` draws it.

use crate::span::Span;

/// One error or warning for the user.
///
/// Messages are lower case, without a final stop, with backticks round names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What happened.
    pub message: String,
    /// The places, the first one being where the caret goes. Empty if no line of a file is to blame.
    pub labels: Vec<Label>,
    /// Further facts, one sentence each (for example the path of a cycle).
    pub notes: Vec<String>,
    /// What to try.
    pub hint: Option<String>,
}

/// A marked place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say beside the mark; empty for the mark alone.
    pub text: String,
}

impl Diagnostic {
    /// A diagnostic that points nowhere yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), labels: Vec::new(), notes: Vec::new(), hint: None }
    }

    /// A message whose hint stands on a line of its own (`hint: ...`), as the `Display` of our errors writes it.
    pub fn from_text(text: &str) -> Self {
        match text.split_once("\nhint: ") {
            Some((message, hint)) => Self::new(message).hint(hint),
            None => Self::new(text),
        }
    }

    /// Points at a place, with a word beside it (or none).
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
