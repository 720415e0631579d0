//! What a program gives element by element, kept as columns: made into objects only where Python looks at it.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList};
use tureen_text::pack::{Packed, pack, unpack};
use tureen_text::values::{Kind, Values};

use super::convert::{batches, extend, kind_named, name_of};
use super::declined;

/// Elements of one kind, in order.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct TextColumn {
    kind: Kind,
    columns: Vec<Values>,
}

impl TextColumn {
    pub(crate) fn new(kind: Kind, columns: Vec<Values>) -> Self {
        Self { kind, columns }
    }

    pub(crate) fn columns(&self) -> &[Values] {
        &self.columns
    }
}

#[pymethods]
impl TextColumn {
    /// The column of a list of plain strings.
    #[new]
    #[pyo3(signature = (elements, /))]
    fn from_list(elements: &Bound<'_, PyList>) -> PyResult<Self> {
        let columns: PyResult<_> = batches(elements).map(|column| Ok(Values::Text(column?))).collect();
        Ok(Self { kind: Kind::Text, columns: columns? })
    }

    /// "text", "list", "tuple", "int" or "bool".
    #[getter]
    fn kind(&self) -> &'static str {
        name_of(self.kind)
    }

    fn __len__(&self) -> usize {
        self.columns.iter().map(Values::len).sum()
    }

    /// All elements, as Python's objects.
    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for values in &self.columns {
            extend(&list, values)?;
        }
        Ok(list)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.to_list(py)?.try_iter()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let packed = py.detach(|| pack(&this.columns));
        let parts = [packed.content, packed.lengths, packed.sizes];
        let [content, lengths, sizes] = parts.map(|part| PyBytes::new(py, &part));
        let restore = slf.getattr("_restore")?;
        (restore, (this.kind(), content, lengths, sizes)).into_bound_py_any(py)
    }

    #[staticmethod]
    #[pyo3(signature = (kind, content, lengths, sizes, /))]
    fn _restore(kind: &str, content: &[u8], lengths: &[u8], sizes: &[u8]) -> PyResult<Self> {
        let kind = kind_named(kind)?;
        let packed = Packed { content: content.to_vec(), lengths: lengths.to_vec(), sizes: sizes.to_vec() };
        Ok(Self { kind, columns: unpack(kind, &packed).map_err(declined)? })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        format!("<TextColumn of {} {}>", slf.get().__len__(), slf.get().kind())
    }
}
