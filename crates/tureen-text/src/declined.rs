//! Why something is left to the interpreter.

/// What can't be done here as CPython would do it. Whoever gets it lets CPython do the whole partition, which then gives
/// the result, or raises what it raises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Declined(String);

impl Declined {
    /// A reason, in words that finish "this is left to Python: ...".
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
