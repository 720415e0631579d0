//! How a promise behaves in Python: calls, attributes, unpacking, and what it refuses. Operators are in `operators`.
//! Knows no task: everything here makes promises or tells about one.

use std::path::PathBuf;

use pyo3::exceptions::{PyAttributeError, PyTypeError, PyUserWarning};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::make;
use crate::promise::{Call, Doing, Promise, Work};
use crate::{compute, key, operators};

#[pymethods]
impl Promise {
    #[classattr]
    #[pyo3(name = "__doc__")]
    fn doc() -> Documentation {
        Documentation
    }

    /// The name under which this is known: equal keys are computed once.
    #[getter]
    fn key(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        key::key_of(py, self)
    }

    #[getter]
    fn _key(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        key::key_of(py, self)
    }

    #[getter]
    fn _length(&self) -> Option<u32> {
        self.n_outputs()
    }

    /// Compute the value.
    #[pyo3(signature = (**kwargs))]
    fn compute<'py>(
        slf: &Bound<'py, Self>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        compute::compute_one(slf, kwargs)
    }

    /// Compute the value, and promise it under the same key.
    #[pyo3(signature = (**kwargs))]
    fn persist<'py>(
        slf: &Bound<'py, Self>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let persist = slf.py().import("tureen._tureen")?.getattr("persist")?;
        persist.call((slf,), kwargs)?.get_item(0)
    }

    /// Say what would run where if this were computed now, and why: see `tureen.explain`.
    #[pyo3(signature = (**kwargs))]
    fn explain<'py>(
        slf: &Bound<'py, Self>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("tureen._explain")?.getattr("explain")?.call((slf,), kwargs)
    }

    /// Draw what this promise is made of.
    #[pyo3(
        signature = (filename = Some(PathBuf::from("mydask")), format = None, optimize_graph = false, **kwargs),
        text_signature = "($self, filename='mydask', format=None, optimize_graph=False, **kwargs)"
    )]
    fn visualize<'py>(
        slf: &Bound<'py, Self>,
        filename: Option<PathBuf>,
        format: Option<&str>,
        optimize_graph: bool,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let kwargs = kwargs.cloned().unwrap_or_else(|| PyDict::new(py));
        kwargs.set_item("filename", filename.as_ref().map(|path| path.as_os_str()))?;
        kwargs.set_item("format", format)?;
        kwargs.set_item("optimize_graph", optimize_graph)?;
        py.import("tureen._visualize")?.getattr("visualize")?.call((slf,), Some(&kwargs))
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, Promise>> {
        make::call(slf, args, kwargs)
    }

    fn __getattr__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let text = name.to_str()?;
        if text.starts_with('_') {
            if let (Work::Value { value, .. }, "__name__" | "__wrapped__") = (slf.get().work(), text) {
                let value = value.bind(slf.py());
                return if text == "__wrapped__" { Ok(value.clone()) } else { value.getattr(name) };
            }
            return Err(PyAttributeError::new_err(format!("Attribute {text} not found")));
        }
        if text == "visualise" {
            let text = c"dask.delayed objects have no `visualise` method. Perhaps you meant `visualize`?";
            PyErr::warn(slf.py(), &slf.py().get_type::<PyUserWarning>(), text, 1)?;
        }
        // `numpy.dtype(promise)` asks for the dtype of the dtype of the dtype ... until one has none.
        if text == "dtype" && slf.get().attribute_name(slf.py()).is_some_and(|name| name == "dtype") {
            return Err(PyAttributeError::new_err("Attribute dtype not found"));
        }
        Ok(make::attribute(slf, name)?.into_any())
    }

    fn __setattr__(&self, _name: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(immutable())
    }

    fn __delattr__(&self, _name: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(immutable())
    }

    fn __setitem__(&self, _index: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(immutable())
    }

    fn __delitem__(&self, _index: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(immutable())
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("Truth of Delayed objects is not supported"))
    }

    fn __len__(&self) -> PyResult<usize> {
        match self.n_outputs() {
            Some(n) => Ok(n as usize),
            None => Err(PyTypeError::new_err("Delayed objects of unspecified length have no len()")),
        }
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        let Some(n) = slf.get().n_outputs() else {
            return Err(PyTypeError::new_err("Delayed objects of unspecified length are not iterable"));
        };
        let parts: Vec<_> = (0..n)
            .map(|index| operators::item(slf, index.into_pyobject(slf.py())?.as_any()))
            .collect::<PyResult<_>>()?;
        PyList::new(slf.py(), parts)?.try_iter()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        key::key_of(py, self)?.bind(py).hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Delayed({})", key::key_of(py, self)?.bind(py).repr()?))
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        slf.get_type().dir()
    }

    /// A delayed function in a class is a method.
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if instance.is_none() {
            return Ok(slf.clone().into_any());
        }
        slf.py().import("types")?.getattr("MethodType")?.call1((slf, instance))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.visit_fields(&visit)
    }
}

impl Promise {
    /// The name of the attribute that this promise is, if it is one.
    pub(crate) fn attribute_name<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        match self.call() {
            Some(Call { doing: Doing::Attribute, function, .. }) => {
                function.bind(py).cast::<PyString>().ok().cloned()
            }
            _ => None,
        }
    }
}

fn immutable() -> PyErr {
    PyTypeError::new_err("Delayed objects are immutable")
}

/// What stands for `__doc__` in the class: its own text for the class, that of the function for a delayed function.
#[pyclass(frozen)]
struct Documentation;

#[pymethods]
impl Documentation {
    fn __get__<'py>(
        &self,
        instance: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(promise) = instance.cast::<Promise>()
            && let Work::Value { value, .. } = promise.get().work()
        {
            return value.bind(instance.py()).getattr("__doc__");
        }
        Ok(PyString::new(instance.py(), CLASS_DOC).into_any())
    }
}

const CLASS_DOC: &str = "A value that is computed when it is asked for, and once, however many need it.\n\n\
    Made by `tureen.delayed`, and by calling, indexing or computing with what that gave.\n\n\
    >>> from tureen import delayed\n\
    >>> add = delayed(sum)\n\
    >>> (add([1, 2]) * 2).compute()\n\
    6\n";
