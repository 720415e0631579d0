//! Promises on their way to other processes: a value goes as it is, so that functions of tasks may use `@delayed` ones.
//! Knows no process.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::promise::{Promise, Work};

#[pymethods]
impl Promise {
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let this = slf.get();
        let Work::Value { value, pure } = this.work() else {
            return Err(PyTypeError::new_err(format!(
                "a promise of a call (`{}`) can't be pickled\nhint: compute it first, or give it as an argument, \
                 where it is computed before the task that takes it",
                this.label(py)
            )));
        };
        let wrap = py.import("tureen._tureen")?.getattr("wrap")?;
        let name = this.name().map(|name| name.clone_ref(py));
        let args = (value.clone_ref(py), name, *pure, this.n_outputs(), false).into_pyobject(py)?;
        PyTuple::new(py, [wrap.as_any(), args.as_any()])
    }
}
