//! Where a program's text comes from: a range of a file.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use tureen_text::Declined;
use tureen_text::ending::Total;
use tureen_text::program::Program;
use tureen_text::read::{LineEnd, Lines, ReadError};
use tureen_text::values::Values;

use super::characters::CHARACTERS;
use super::{TextDeclined, declined};

/// After so many chunks we look whether Ctrl-C was pressed: every 16 MiB.
const CHUNKS_BETWEEN_LOOKS: usize = 64;

/// As Python's `newline=`; any other text is the end of lines itself.
pub(crate) fn line_end(newline: Option<&str>) -> LineEnd {
    match newline {
        None => LineEnd::Universal,
        Some("") => LineEnd::Any,
        Some(other) => LineEnd::Exactly(other.to_owned()),
    }
}

/// Why a program stopped.
pub(crate) enum Stopped {
    Failed(PyErr),
    /// Another part of the same run has failed.
    ByOthers,
}

/// Runs a program on lines, with the lock let go of. Only one of several threads `watches` for Ctrl-C.
pub(crate) fn run_on_lines<R: Read>(
    program: &Program,
    mut lines: Lines<R>,
    stop: &AtomicBool,
    watches: bool,
) -> Result<Total, Stopped> {
    let mut total = program.start();
    for n_chunks in 1.. {
        if stop.load(Ordering::Relaxed) {
            return Err(Stopped::ByOthers);
        }
        if watches && n_chunks % CHUNKS_BETWEEN_LOOKS == 0 {
            Python::attach(|py| py.check_signals()).map_err(|error| fail(stop, error))?;
        }
        let chunk = lines.next_chunk().map_err(|error| fail(stop, read_error(&error)))?;
        let Some(chunk) = chunk else { break };
        program
            .add(&mut total, Values::Text(chunk), &CHARACTERS)
            .map_err(|error| fail(stop, declined(error)))?;
    }
    Ok(total)
}

fn fail(stop: &AtomicBool, error: PyErr) -> Stopped {
    stop.store(true, Ordering::Relaxed);
    Stopped::Failed(error)
}

/// All is declined: Python opens and reads the file again, and says what is wrong in its own words.
fn read_error(error: &ReadError) -> PyErr {
    TextDeclined::new_err(error.to_string())
}

pub(crate) fn io_error(error: &io::Error) -> PyErr {
    declined(Declined::new(error.to_string()))
}
