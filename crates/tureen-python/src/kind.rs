//! What an argument is, as far as looking for promises in it goes. Decided by its type, and by its type alone.
//! Knows nothing of what is then done about it.
//!
//! The rules are those of `dask.delayed` 2026.8: exact lists, tuples, sets, dicts and slices are looked into, and their
//! iterators; so are named tuples and dataclasses; subclasses of the former are not.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyBytes, PyCFunction, PyComplex, PyDict, PyFloat, PyFunction, PyInt, PyIterator, PyList, PySet,
    PySlice, PyString, PyTuple, PyType,
};

use crate::promise::Promise;

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing to look into.
    Opaque,
    Promise,
    List,
    Tuple,
    Set,
    Dict,
    Slice,
    NamedTuple,
    Dataclass,
    /// An iterator over a list, tuple or set: used up, it becomes that list, tuple or set. Any other becomes a list.
    Iterator,
    /// An ordered dict, which is only looked into where something is computed.
    OrderedDict,
    /// Something of ours that one promise stands for (`__tureen_promise__`): a bag, an item.
    Ours,
    /// A collection of dask's (`__dask_graph__`).
    Dask,
    /// What stands for a value on a cluster of dask's (`distributed.Future`).
    Future,
}

/// Whether this is plain data of the commonest types, or a function.
pub(crate) fn is_atom(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_none()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyBytes>()
        || object.is_exact_instance_of::<PyFunction>()
        || object.is_exact_instance_of::<PyCFunction>()
        || object.is_exact_instance_of::<PyComplex>()
}

/// What `object` is.
pub(crate) fn kind_of(object: &Bound<'_, PyAny>) -> PyResult<Kind> {
    Ok(if object.is_exact_instance_of::<Promise>() {
        Kind::Promise
    } else if is_atom(object) {
        Kind::Opaque
    } else if object.is_exact_instance_of::<PyList>() {
        Kind::List
    } else if object.is_exact_instance_of::<PyTuple>() {
        Kind::Tuple
    } else if object.is_exact_instance_of::<PyDict>() {
        Kind::Dict
    } else if object.is_exact_instance_of::<PySet>() {
        Kind::Set
    } else if object.is_exact_instance_of::<PySlice>() {
        Kind::Slice
    } else {
        kind_of_type(&object.get_type())?
    })
}

/// What `object`, which is [`Kind::Opaque`] as an argument of a call, is as an argument of `compute`.
pub(crate) fn kind_when_computed(object: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let py = object.py();
    Ok(if is_atom(object) {
        Kind::Opaque
    } else if object.cast::<PyIterator>().is_ok() && object.hasattr(pyo3::intern!(py, "__iter__"))? {
        Kind::Iterator
    } else if object.get_type().is(&py.import("collections")?.getattr("OrderedDict")?) {
        Kind::OrderedDict
    } else {
        Kind::Opaque
    })
}

/// Types seen so far that are none of the built-in ones. A dict keeps the types alive, so none is taken for another.
static SEEN: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

/// Beyond this many, we start anew: a program that makes types without end should be able to get rid of them.
const MOST_SEEN: usize = 1000;

fn kind_of_type(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    let seen = SEEN.get_or_init(py, || PyDict::new(py).unbind()).bind(py);
    if let Some(code) = seen.get_item(class)? {
        return Ok(KINDS[code.extract::<usize>()?]);
    }
    let kind = look_at_type(class)?;
    if seen.len() >= MOST_SEEN {
        seen.clear();
    }
    let code =
        KINDS.iter().position(|candidate| *candidate == kind).expect("the table holds every kind of type");
    seen.set_item(class, code)?;
    Ok(kind)
}

/// The kinds that types of users may be of.
const KINDS: [Kind; 7] =
    [Kind::Opaque, Kind::NamedTuple, Kind::Dataclass, Kind::Iterator, Kind::Ours, Kind::Dask, Kind::Future];

fn look_at_type(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    Ok(if is_iterator(class)? {
        Kind::Iterator
    } else if class.is_subclass_of::<PyTuple>()? && class.hasattr("_fields")? {
        Kind::NamedTuple
    } else if class.is_subclass_of::<PyType>()? {
        Kind::Opaque
    } else if class.hasattr(pyo3::intern!(py, "__tureen_promise__"))? {
        Kind::Ours
    } else if class.hasattr(pyo3::intern!(py, "__dask_graph__"))? {
        Kind::Dask
    } else if class.hasattr(pyo3::intern!(py, "__dataclass_fields__"))? {
        Kind::Dataclass
    } else if class.name()? == "Future" && class.module()? == "distributed.client" {
        Kind::Future
    } else {
        Kind::Opaque
    })
}

fn is_iterator(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let lists = PyList::empty(py).try_iter()?.get_type();
    let tuples = PyTuple::empty(py).try_iter()?.get_type();
    let sets = PySet::empty(py)?.try_iter()?.get_type();
    Ok(class.is(&lists) || class.is(&tuples) || class.is(&sets))
}
