//! A program of text steps as Python has it, and its runs.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyList, PyTuple};
use tureen_text::ending::Total;
use tureen_text::program::Program;
use tureen_text::read::{self, LineEnd, Lines};
use tureen_text::values::Values;

use super::characters::CHARACTERS;
use super::convert::{batches, kind_named, name_of};
use super::source::{Stopped, io_error, line_end, run_on_lines};
use super::totals::to_python;
use super::{TextColumn, TextDeclined, declined, steps};

/// A file's part for each thread is at least so long; below, starting a thread costs more than it gains.
const SMALLEST_PART: u64 = 1 << 21;

/// Steps on each element, and what is made of all of them.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct TextProgram {
    program: Program,
    wants_mean: bool,
    /// As they were given, for other processes.
    made_of: (Py<PyAny>, Py<PyTuple>, &'static str),
}

#[pymethods]
impl TextProgram {
    /// Steps are tuples `(name, args, kwargs)`, as is the ending. Raises `TextDeclined` for what can't be done natively.
    #[new]
    #[pyo3(signature = (steps, ending, takes = "text"))]
    fn new(steps: Bound<'_, PyAny>, ending: Bound<'_, PyTuple>, takes: &str) -> PyResult<Self> {
        let takes = kind_named(takes)?;
        let program =
            Program::new(takes, steps::steps(&steps)?, steps::ending(&ending)?).map_err(declined)?;
        let wants_mean = ending.get_item(0)?.eq("total")?;
        let made_of = (steps.unbind(), ending.unbind(), name_of(takes));
        Ok(Self { program, wants_mean, made_of })
    }

    /// The kind of elements after all steps: "text", "list", "tuple", "int" or "bool".
    #[getter]
    fn gives(&self) -> &'static str {
        name_of(self.program.gives())
    }

    /// Run on a list of plain strings, or on what a program has collected.
    #[pyo3(signature = (elements, /))]
    fn run<'py>(&self, elements: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = elements.py();
        let mut total = self.program.start();
        if let Ok(column) = elements.cast::<TextColumn>() {
            let column = column.get();
            py.detach(|| {
                column.columns().iter().try_for_each(|values| self.add(&mut total, values.clone()))
            })?;
        } else if let Ok(list) = elements.cast_exact::<PyList>() {
            for column in batches(list) {
                let column = Values::Text(column?);
                py.detach(|| self.add(&mut total, column))?;
                py.check_signals()?;
            }
        } else {
            return Err(TextDeclined::new_err("elements that are no list"));
        }
        to_python(py, total, self.program.gives(), self.wants_mean)
    }

    /// Run on the lines of a file's bytes from `start` to `end`, which must be ends of lines. `newline` is that of Python's
    /// text files, or any other end of lines.
    #[pyo3(signature = (path, start, end, newline = None, n_threads = 1))]
    fn run_file<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        start: u64,
        end: u64,
        newline: Option<&str>,
        n_threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let line_end = self.checked(newline)?;
        let total = py.detach(|| {
            let is_cut_anywhere = line_end == LineEnd::Universal || line_end == LineEnd::Exactly("\n".into());
            let most = (end.saturating_sub(start) / SMALLEST_PART).max(1);
            let n_parts = if is_cut_anywhere { (n_threads as u64).clamp(1, most) } else { 1 };
            let cuts = read::cuts(&path, start, end, n_parts as usize).map_err(|error| io_error(&error))?;
            let mut parts = Vec::new();
            for ends in cuts.windows(2) {
                let file = read::open(&path, ends[0], ends[1]).map_err(|error| io_error(&error))?;
                parts.push(Lines::new(file, line_end.clone()));
            }
            self.run_parts(parts)
        })?;
        to_python(py, total, self.program.gives(), self.wants_mean)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let (steps, ending, takes) = &slf.get().made_of;
        (slf.get_type(), (steps.clone_ref(py), ending.clone_ref(py), *takes)).into_bound_py_any(py)
    }
}

impl TextProgram {
    fn checked(&self, newline: Option<&str>) -> PyResult<LineEnd> {
        if self.program.takes() != tureen_text::values::Kind::Text {
            return Err(TextDeclined::new_err("lines are text, and the program takes something else"));
        }
        Ok(line_end(newline))
    }

    fn add(&self, total: &mut Total, values: Values) -> PyResult<()> {
        self.program.add(total, values, &CHARACTERS).map_err(declined)
    }

    /// Runs on parts of a text at the same time. The calling thread takes the first, and watches for Ctrl-C.
    fn run_parts<R: std::io::Read + Send>(&self, mut parts: Vec<Lines<R>>) -> PyResult<Total> {
        let (program, stop) = (&self.program, &AtomicBool::new(false));
        let others = parts.split_off(1);
        let first = parts.pop().expect("a range has at least one part");
        let totals: Vec<Result<Total, Stopped>> = std::thread::scope(|scope| {
            let running: Vec<_> = others
                .into_iter()
                .map(|lines| scope.spawn(move || run_on_lines(program, lines, stop, false)))
                .collect();
            let first = run_on_lines(program, first, stop, true);
            let rest = running.into_iter().map(|thread| thread.join().unwrap_or(Err(Stopped::ByOthers)));
            std::iter::once(first).chain(rest).collect()
        });
        let mut merged: Option<Total> = None;
        let mut is_stopped = false;
        for total in totals {
            let total = match total {
                Ok(total) => total,
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::ByOthers) => {
                    is_stopped = true;
                    continue;
                }
            };
            merged = Some(match merged {
                None => total,
                Some(before) => program.merge(before, total).map_err(declined)?,
            });
        }
        match merged {
            Some(total) if !is_stopped => Ok(total),
            _ => Err(TextDeclined::new_err("a part of the text stopped without a reason")),
        }
    }
}
