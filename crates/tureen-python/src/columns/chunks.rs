//! What a program's steps make of a file, a chunk at a time: for elements that go on to Python functions, so that no more of
//! them are there at once than are needed.

use std::io::Read;

use pyo3::prelude::*;
use pyo3::types::PyList;
use tureen_text::read::Lines;
use tureen_text::values::Values;

use super::characters::CHARACTERS;
use super::convert::extend;
use super::declined;
use super::program::TextProgram;
use super::source::read_error;

/// Where chunks are read from: a file, or bytes that Python hands over.
pub(crate) type Source = Box<dyn Read + Send + Sync>;

/// An iterator of lists of elements.
#[pyclass(module = "tureen._tureen")]
pub(crate) struct TextChunks {
    program: Py<TextProgram>,
    lines: Lines<Source>,
}

impl TextChunks {
    pub(crate) fn new(program: Py<TextProgram>, lines: Lines<Source>) -> Self {
        Self { program, lines }
    }
}

#[pymethods]
impl TextChunks {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let program = self.program.get().program();
        let lines = &mut self.lines;
        let values = py.detach(|| {
            while let Some(chunk) = lines.next_chunk().map_err(read_error)? {
                let values = program.apply(Values::Text(chunk), &CHARACTERS).map_err(declined)?;
                if !values.is_empty() {
                    return Ok(Some(values));
                }
            }
            Ok::<_, PyErr>(None)
        })?;
        let Some(values) = values else { return Ok(None) };
        let list = PyList::empty(py);
        extend(&list, &values)?;
        Ok(Some(list))
    }
}
