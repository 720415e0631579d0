//! Which promises Python's garbage collector must look at, and which it may leave alone.
//! Knows what a promise holds; nothing of graphs or runs.
//!
//! The collector looks at every object that may be part of a cycle, again and again while more are made: for 100,000
//! promises that costs twice what making them costs. But most promises can be part of none: they hold numbers, text,
//! promises of that sort, and a function that lives as long as its module. Those are untracked, as CPython does with tuples.
//! (What is given up: if such a module is taken out of `sys.modules`, promises in its namespace keep it alive; and so does
//! a promise that is made an attribute of its own function with that function.)

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyCFunction, PyComplex, PyDict, PyFloat, PyFunction, PyInt, PyModule, PyString, PyType,
};

use crate::promise::{Promise, Work};
use crate::template::{Arguments, One, Op};

impl Promise {
    /// The Python object for this promise. `is_rooted` says that its function can't be part of a cycle ([`is_rooted`]).
    pub(crate) fn born(mut self, py: Python<'_>, is_rooted: bool) -> PyResult<Bound<'_, Self>> {
        let is_untracked = is_rooted && self.holds_only_plain_data(py);
        if is_untracked {
            self.set_untracked();
        }
        let promise = Bound::new(py, self)?;
        if is_untracked {
            untrack(&promise);
        }
        Ok(promise)
    }

    fn holds_only_plain_data(&self, py: Python<'_>) -> bool {
        let is_plain = |object: &Py<PyAny>| is_plain_data(object.bind(py));
        let name_is_plain = self.name().is_none_or(is_plain);
        name_is_plain
            && match self.work() {
                Work::Value { .. } => true,
                Work::Call(call) => match &call.arguments {
                    Arguments::Few(few) => few.iter().all(|one| match one {
                        One::Value(value) => is_plain(value),
                        One::Promise(promise) => promise.get().is_untracked(),
                    }),
                    Arguments::Plain { args, kwargs } => {
                        args.bind(py).iter_borrowed().all(|arg| is_plain_data(&arg))
                            && kwargs.as_ref().is_none_or(|kwargs| {
                                kwargs.bind(py).values().iter().all(|value| is_plain_data(&value))
                            })
                    }
                    Arguments::Template(template) => template.ops.iter().all(|op| match op {
                        Op::Value(value) => is_plain(value),
                        Op::Promise(promise) => promise.get().is_untracked(),
                        Op::NamedTuple(_) | Op::Dataclass(_) => false,
                        Op::List(_) | Op::Tuple(_) | Op::Set(_) | Op::Dict(_) | Op::Slice => true,
                    }),
                },
            }
    }
}

#[expect(unsafe_code, reason = "PyO3 has no safe way to untrack an object")]
fn untrack(promise: &Bound<'_, Promise>) {
    // SAFETY: the object is alive, and of a type that the collector knows (it has `__traverse__`). Untracking is undone
    // by nothing, and harmless where it is done again, when the object is freed.
    unsafe { ffi::PyObject_GC_UnTrack(promise.as_ptr().cast()) }
}

/// Whether this can hold no other object.
pub(crate) fn is_plain_data(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_none()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyBytes>()
        || object.is_exact_instance_of::<PyComplex>()
}

/// Whether an object is plain data, or a function or class that its module keeps alive anyway.
pub(crate) fn is_rooted(object: &Bound<'_, PyAny>) -> bool {
    is_plain_data(object) || keeps_to_its_module(object).unwrap_or(false)
}

fn keeps_to_its_module(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = object.py();
    if object.is_exact_instance_of::<PyCFunction>() {
        let owner = object.getattr("__self__")?;
        return Ok(owner.is_none() || owner.is_exact_instance_of::<PyModule>());
    }
    let module = || -> PyResult<Option<Bound<'_, PyAny>>> {
        let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
        modules.get_item(object.getattr("__module__")?)
    };
    if object.is_exact_instance_of::<PyFunction>() {
        let Some(module) = module()? else { return Ok(false) };
        let is_closure = !object.getattr("__closure__")?.is_none();
        return Ok(!is_closure && object.getattr("__globals__")?.is(&module.getattr("__dict__")?));
    }
    if object.is_exact_instance_of::<PyType>() {
        let Some(module) = module()? else { return Ok(false) };
        let found = module.getattr_opt(object.getattr("__qualname__")?.cast::<PyString>()?)?;
        return Ok(found.is_some_and(|found| found.is(object)));
    }
    Ok(false)
}
