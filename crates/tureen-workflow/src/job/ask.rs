//! The question to whoever holds the Snakefile's functions. Plain data both ways; knows no process.

use crate::evaluator::job::{Answer, Call, Exception};

/// Asks a batch of functions; one answer per call, in order.
pub type Ask<'a> = dyn FnMut(&[Call]) -> Vec<Result<Answer, Exception>> + 'a;
