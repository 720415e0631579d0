//! How often each element is there: what `frequencies` and `distinct` give for a partition, to be merged before Python
//! makes an object of any of it.

use std::cmp::Reverse;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList};
use tureen_text::scalar::ScalarRef;
use tureen_text::tally::Tally;

use super::convert::{kind_named, name_of, object};
use super::declined;

/// Distinct elements in order of first sight, and the number of each.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct TextCounts {
    tally: Tally,
}

impl TextCounts {
    pub(crate) fn new(tally: Tally) -> Self {
        Self { tally }
    }
}

#[pymethods]
impl TextCounts {
    /// The counts of all parts together, each part's elements after those of the part before.
    #[staticmethod]
    #[pyo3(signature = (parts, /))]
    fn merged(py: Python<'_>, parts: Vec<Py<TextCounts>>) -> PyResult<Self> {
        py.detach(|| {
            let mut parts = parts.iter().map(|part| &part.get().tally);
            let Some(first) = parts.next() else {
                return Err(super::TextDeclined::new_err("there are no counts to be merged"));
            };
            let mut tally = first.clone();
            for part in parts {
                if part.kind() != tally.kind() {
                    return Err(super::TextDeclined::new_err("the counts are of different kinds"));
                }
                tally.merge(part).map_err(declined)?;
            }
            Ok(Self { tally })
        })
    }

    /// "text", "int" or "bool".
    #[getter]
    fn kind(&self) -> &'static str {
        name_of(self.tally.kind())
    }

    fn __len__(&self) -> usize {
        self.tally.len()
    }

    /// The distinct elements, in order of first sight.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        self.tally.iter().try_for_each(|(element, _)| list.append(object(py, element)))?;
        Ok(list)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.keys(py)?.try_iter()
    }

    /// Pairs of element and number: in order of first sight, or largest number first.
    #[pyo3(signature = (sort = false))]
    fn items<'py>(&self, py: Python<'py>, sort: bool) -> PyResult<Bound<'py, PyList>> {
        if sort {
            let pairs = py.detach(|| {
                let mut pairs: Vec<_> = self.tally.iter().collect();
                pairs.sort_by_key(|&(_, n)| Reverse(n));
                pairs
            });
            return list_of(py, pairs);
        }
        list_of(py, self.tally.iter())
    }

    /// The `k` largest pairs: by number (of equal ones, those seen first), or by element.
    #[pyo3(signature = (k, by_number = true))]
    fn largest<'py>(&self, py: Python<'py>, k: i64, by_number: bool) -> PyResult<Bound<'py, PyList>> {
        let k = usize::try_from(k).unwrap_or(0);
        let pairs = py.detach(|| {
            let mut pairs: Vec<(ScalarRef<'_>, u64)> = self.tally.iter().collect();
            // Distinct elements have places of their own, so nothing is lost by a sort that isn't stable.
            let mut places: Vec<usize> = (0..pairs.len()).collect();
            let compare = |&a: &usize, &b: &usize| {
                let order = if by_number { pairs[b].1.cmp(&pairs[a].1) } else { pairs[b].0.cmp(&pairs[a].0) };
                order.then(a.cmp(&b))
            };
            if k < places.len() && k > 0 {
                places.select_nth_unstable_by(k - 1, compare);
            }
            places.truncate(k);
            places.sort_unstable_by(compare);
            let chosen: Vec<_> = places.into_iter().map(|place| pairs[place]).collect();
            pairs.clear();
            chosen
        });
        list_of(py, pairs)
    }

    /// The same as a `dict`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        self.tally.iter().try_for_each(|(element, n)| dict.set_item(object(py, element), n))?;
        Ok(dict)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let parts = py.detach(|| this.tally.to_bytes()).map(|part| PyBytes::new(py, &part));
        let [content, lengths, numbers] = parts;
        (slf.getattr("_restore")?, (this.kind(), content, lengths, numbers)).into_bound_py_any(py)
    }

    #[staticmethod]
    #[pyo3(signature = (kind, content, lengths, numbers, /))]
    fn _restore(kind: &str, content: &[u8], lengths: &[u8], numbers: &[u8]) -> PyResult<Self> {
        let tally = Tally::of_bytes(kind_named(kind)?, content, lengths, numbers);
        Ok(Self { tally: tally.map_err(declined)? })
    }

    fn __repr__(&self) -> String {
        format!("<TextCounts of {} distinct {}>", self.tally.len(), self.kind())
    }
}

fn list_of<'py, 'a>(
    py: Python<'py>,
    pairs: impl IntoIterator<Item = (ScalarRef<'a>, u64)>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    pairs.into_iter().try_for_each(|(element, n)| list.append((object(py, element), n)))?;
    Ok(list)
}
