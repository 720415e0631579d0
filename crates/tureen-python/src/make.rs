//! Makes promises: of values, calls, methods, attributes.
//! Knows what a user may say of a promise (`pure`, `name`, `nout`, `dask_key_name`), with dask's meanings.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use crate::identity::Identity;
use crate::kind::{Kind, kind_of};
use crate::promise::{Call, Doing, Promise, Work};
use crate::scan::scan;
use crate::site::Site;
use crate::template::{Arguments, Few};
use crate::token::Hasher;
use crate::tracking::is_rooted;

/// Whether calls count as pure when nobody says (`config.set(delayed_pure=...)`).
static PURE_BY_DEFAULT: AtomicBool = AtomicBool::new(false);

/// Sets whether calls count as pure when nobody says.
#[pyfunction]
pub(crate) fn set_pure_by_default(is_pure: bool) {
    PURE_BY_DEFAULT.store(is_pure, Ordering::Relaxed);
}

/// Promises a value; see `tureen.delayed`.
#[pyfunction]
#[pyo3(signature = (obj, name, pure, nout, traverse))]
pub(crate) fn wrap<'py>(
    obj: &Bound<'py, PyAny>,
    name: Option<Bound<'py, PyAny>>,
    pure: Option<bool>,
    nout: Option<&Bound<'py, PyAny>>,
    traverse: bool,
) -> PyResult<Bound<'py, Promise>> {
    let py = obj.py();
    let kind = kind_of(obj)?;
    if kind == Kind::Promise {
        return Ok(obj.cast::<Promise>()?.clone());
    }
    let n_outputs = n_outputs(nout)?;
    // An empty name is no name, as for dask.
    let name = name.filter(|name| name.is_truthy().unwrap_or(true));
    let args = PyTuple::new(py, [obj])?;
    let arguments = match kind {
        Kind::Ours | Kind::Dask => Some(scan(&args, None)?),
        _ if traverse => Some(scan(&args, None)?),
        _ => None,
    };
    let mut hasher = Hasher::new(py);
    let identity = match &name {
        Some(name) => named(name)?,
        None if is_pure(pure) => {
            hasher.text("value");
            hasher.content(obj)?;
            hasher.content(nout.unwrap_or(py.None().bind(py)))?;
            hasher.finish()
        }
        None => Identity::unique(),
    };
    let work = match arguments {
        Some(arguments) if arguments.may_hold_promises() => {
            Work::Call(Call::new(Doing::Gather, py.None(), arguments))
        }
        _ => Work::Value { value: obj.clone().unbind(), pure },
    };
    let promise = Promise::new(work, identity, Site::default());
    let is_rooted = match promise.work() {
        Work::Value { value, .. } => is_rooted(value.bind(py)),
        Work::Call(_) => true,
    };
    promise.with_name(name.map(Bound::unbind)).with_outputs(n_outputs).born(py, is_rooted)
}

/// Promise the call of a function of tureen's own, which stands nowhere in the user's file: cheaper than [`wrap`] and a
/// call of what it gives, for those who make many.
#[pyfunction]
#[pyo3(signature = (function, *args))]
pub(crate) fn put_off<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, Promise>> {
    let arguments = scan(args, None)?;
    let work = Work::Call(Call::new(Doing::Call, function.clone().unbind(), arguments));
    Promise::new(work, Identity::unique(), Site::default()).born(args.py(), false)
}

/// `promise(*args, **kwargs)`: a call of a function, of a method, or of whatever the promise will be.
pub(crate) fn call<'py>(
    promise: &Bound<'py, Promise>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, Promise>> {
    let py = promise.py();
    let mut name = None;
    let mut pure = None;
    if let Some(kwargs) = kwargs {
        name = pop(kwargs, pyo3::intern!(py, "dask_key_name"))?.filter(|name| !name.is_none());
        if let Some(given) = pop(kwargs, pyo3::intern!(py, "pure"))? {
            pure = given.extract::<Option<bool>>()?;
        }
    }
    let this = promise.get();
    let attribute = this.attribute_name(py);
    let (doing, function, args, pure, n_outputs) = match (this.work(), attribute) {
        (Work::Value { value, pure: own }, _) => {
            (Doing::Call, value.clone_ref(py), args.clone(), pure.or(*own), this.n_outputs())
        }
        (Work::Call(of), Some(attribute)) => {
            let owner = of.arguments.promises().next().expect("an attribute is one of a promise");
            (Doing::Method, attribute.into_any().unbind(), prepend(owner.bind(py), args)?, pure, None)
        }
        (Work::Call(_), None) => (Doing::Apply, py.None(), prepend(promise, args)?, pure, None),
    };
    let identity = match &name {
        Some(name) => named(name)?,
        None if is_pure(pure) => {
            let mut hasher = Hasher::new(py);
            hasher.text("call");
            hasher.identity(this.identity());
            hasher.content(args.as_any())?;
            if let Some(kwargs) = kwargs {
                hasher.content(kwargs.as_any())?;
            }
            hasher.finish()
        }
        None => Identity::unique(),
    };
    // A function is held by its promise, which knows; a name is text; anything else is among the arguments.
    let is_rooted = doing != Doing::Call || this.is_untracked();
    let work = Work::Call(Call::new(doing, function, scan(&args, kwargs)?));
    let made = Promise::new(work, identity, Site::here(py)).with_name(name.map(Bound::unbind));
    made.with_outputs(n_outputs).born(py, is_rooted)
}

/// `promise.name`.
pub(crate) fn attribute<'py>(
    promise: &Bound<'py, Promise>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, Promise>> {
    let py = promise.py();
    let mut hasher = Hasher::new(py);
    hasher.text("getattr");
    hasher.identity(promise.get().identity());
    hasher.content(name.as_any())?;
    let arguments = Arguments::Few(Few::Promise(promise.clone().unbind()));
    let call = Call::new(Doing::Attribute, name.clone().into_any().unbind(), arguments);
    Promise::new(Work::Call(call), hasher.finish(), Site::here(py)).born(py, true)
}

pub(crate) fn is_pure(said: Option<bool>) -> bool {
    said.unwrap_or_else(|| PURE_BY_DEFAULT.load(Ordering::Relaxed))
}

fn named(name: &Bound<'_, PyAny>) -> PyResult<Identity> {
    // A key has to be hashable; better to hear of it now.
    name.hash()?;
    let mut hasher = Hasher::new(name.py());
    hasher.text("name");
    hasher.content(name)?;
    Ok(hasher.finish())
}

/// The checked `nout`: exactly an int (a bool is none), and not negative.
fn n_outputs(nout: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u32>> {
    let Some(nout) = nout else { return Ok(None) };
    let n = nout.cast_exact::<PyInt>().ok().and_then(|nout| nout.extract::<u32>().ok());
    n.map(Some).ok_or_else(|| {
        PyValueError::new_err(format!("nout must be None or a non-negative integer, got {nout}"))
    })
}

fn prepend<'py>(first: &Bound<'py, Promise>, rest: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
    let all = std::iter::once(first.clone().into_any()).chain(rest.iter());
    PyTuple::new(first.py(), all.collect::<Vec<_>>())
}

fn pop<'py>(dict: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = dict.get_item(key)?;
    if value.is_some() {
        dict.del_item(key)?;
    }
    Ok(value)
}
