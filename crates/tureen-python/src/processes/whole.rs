//! Columns of whole numbers as bytes, eight for each: cheaper to send than a pickle of them. Knows nothing of who
//! sends them.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList};

/// The number, if this is exactly a Python `int` (a `bool` is none) that eight bytes can hold.
pub(super) fn number_of(object: &Bound<'_, PyAny>) -> Option<i64> {
    object.cast_exact::<PyInt>().ok().and_then(|number| number.extract().ok())
}

/// The bytes for these numbers, as `memoryview(...).cast("q")` reads them.
pub(super) fn bytes_of<'py>(py: Python<'py>, numbers: &[i64]) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    PyBytes::new(py, &bytes)
}

/// Objects that were sent: whole numbers as bytes, or a list.
pub(super) enum Values<'a, 'py> {
    Numbers(&'a [[u8; 8]]),
    Objects(&'a Bound<'py, PyList>),
}

impl<'a, 'py> Values<'a, 'py> {
    pub(super) fn of(values: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        match values.cast_exact::<PyBytes>() {
            Ok(bytes) => Ok(Self::Numbers(bytes.as_bytes().as_chunks().0)),
            Err(_) => Ok(Self::Objects(values.cast_exact::<PyList>()?)),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Objects(objects) => objects.len(),
        }
    }

    pub(super) fn get(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Numbers(numbers) => Ok(PyInt::new(py, i64::from_ne_bytes(numbers[place])).into_any()),
            Self::Objects(objects) => objects.get_item(place),
        }
    }
}

/// The bytes for a list, if it holds such numbers only.
#[pyfunction]
pub(crate) fn whole_numbers<'py>(values: &Bound<'py, PyList>) -> Option<Bound<'py, PyBytes>> {
    let mut numbers = Vec::new();
    for value in values.iter() {
        numbers.push(number_of(&value)?);
    }
    Some(bytes_of(values.py(), &numbers))
}
