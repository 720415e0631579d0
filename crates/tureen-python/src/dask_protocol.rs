//! A promise as one of dask's collections: `__dask_graph__` and its kin, so that dask takes promises wherever it takes
//! its own (`dask.array.from_delayed`, arguments of `dask.delayed`, `dask.compute`).
//! Knows the protocol (dask 2026.8, "custom collections"); the graph is `to_dask`'s business.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::identity::Identity;
use crate::key::key_of;
use crate::promise::{Promise, Work};
use crate::site::Site;
use crate::to_dask::dask_graph_of;

#[pymethods]
impl Promise {
    /// A promise of what a key stands for in a graph of dask's.
    #[new]
    #[pyo3(signature = (key, dsk, length = None, layer = None))]
    fn new_from_graph<'py>(
        key: &Bound<'py, PyAny>,
        dsk: &Bound<'py, PyAny>,
        length: Option<u32>,
        layer: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Py<Self>> {
        let promise_of = key.py().import("tureen._dask_graph")?.getattr("promise_of")?;
        Ok(promise_of.call1((key, dsk, length, layer))?.cast_into()?.unbind())
    }

    /// As a graph of dask's.
    fn __dask_graph__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        dask_graph_of(vec![slf.clone().unbind()], slf.py())
    }

    /// The graph of dask's that dask's own promises have here.
    #[getter]
    fn dask<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (graph, key) = (Self::__dask_graph__(slf)?, key_of(slf.py(), slf.get())?);
        slf.py().import("tureen._dask_graph")?.getattr("layered")?.call1((graph, key))
    }

    fn __dask_keys__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, [key_of(py, self)?])
    }

    fn __dask_layers__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, [key_of(py, self)?])
    }

    fn __dask_tokenize__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        key_of(py, self)
    }

    /// No: only what is needed is in the graph.
    #[classattr]
    fn __dask_optimize__(py: Python<'_>) -> Py<PyAny> {
        py.None()
    }

    /// How dask computes promises unless told otherwise: on its threads.
    #[classattr]
    fn __dask_scheduler__() -> OnThreads {
        OnThreads
    }

    fn __dask_postcompute__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let first = slf.py().import("operator")?.getattr("itemgetter")?.call1((0,))?;
        (first, PyTuple::empty(slf.py())).into_pyobject(slf.py()).map(Bound::into_any)
    }

    fn __dask_postpersist__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let rebuild = slf.py().import("tureen._dask_graph")?.getattr("rebuilt")?;
        (rebuild, (key_of(slf.py(), slf.get())?,)).into_pyobject(slf.py()).map(Bound::into_any)
    }
}

/// `dask.threaded.get`, found when somebody asks for it: we don't import dask.
#[pyclass(frozen)]
pub(crate) struct OnThreads;

#[pymethods]
impl OnThreads {
    fn __get__<'py>(
        &self,
        _instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        class.py().import("dask.threaded")?.getattr("get")
    }
}

/// A promise of a value under a key of dask's.
#[pyfunction]
pub(crate) fn kept_under(key: Py<PyAny>, value: Py<PyAny>) -> Promise {
    let work = Work::Value { value, pure: None };
    Promise::new(work, Identity::unique(), Site::default()).with_name(Some(key))
}
