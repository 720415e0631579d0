//! Promises as data that pickle takes, and back.
//! Knows one promise at a time; how a graph of them is walked, so that a deep one costs no recursion, is `tureen._pickling`'s
//! business.
//!
//! The place where a promise was made does not travel: it is code.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::identity::Identity;
use crate::promise::{Call, Doing, Promise, Work};
use crate::site::Site;
use crate::template::{Arguments, Op, Template};
use crate::tracking::is_rooted;

/// What is written down of a promise: its identity, its name, the number of its outputs, and its work.
type Recipe<'py> = ((u64, u64, bool), Option<Py<PyAny>>, Option<u32>, Bound<'py, PyTuple>);

/// Of a call: what is done, the function, and either its arguments, or a program, the number of arguments that it leaves, and
/// the names of others.
type WrittenCall<'py> = (u8, Py<PyAny>, Option<Vec<Step<'py>>>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// A step of a program: what is done, and with what.
type Step<'py> = (u8, Bound<'py, PyAny>);

#[pymethods]
impl Promise {
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("tureen._pickling")?.getattr("reduced")?.call1((slf,))
    }
}

/// Give the promises of calls that a promise needs, in order; None for the promise of a value.
#[pyfunction]
pub(crate) fn needs_of(promise: &Bound<'_, Promise>) -> Option<Vec<Py<Promise>>> {
    let call = promise.get().call()?;
    let needs = call.arguments.promises().filter(|need| need.get().call().is_some());
    Some(needs.map(|need| need.clone_ref(promise.py())).collect())
}

/// Give what is to be pickled of a promise. `place_of` gives the number of a promise that it needs.
#[pyfunction]
pub(crate) fn recipe_of<'py>(
    promise: &Bound<'py, Promise>,
    place_of: &Bound<'py, PyAny>,
) -> PyResult<Recipe<'py>> {
    let py = promise.py();
    let this = promise.get();
    let work = match this.work() {
        Work::Value { value, pure } => (value, pure).into_pyobject(py)?,
        Work::Call(call) => written_call(py, call, &mut |need| place_of.call1((need,)))?,
    };
    this.set_travelled();
    let name = this.name().map(|name| name.clone_ref(py));
    Ok((this.identity().for_travel(), name, this.n_outputs(), work))
}

/// Make a promise of what was pickled. What it needs is among `made`, or, with numbers from -1 down, among `given`.
#[pyfunction]
pub(crate) fn promise_from<'py>(
    recipe: Recipe<'py>,
    made: &Bound<'py, PyList>,
    given: &Bound<'py, PyList>,
) -> PyResult<Bound<'py, Promise>> {
    let py = made.py();
    let (identity, name, n_outputs, work) = recipe;
    let need = |place: isize| match usize::try_from(place) {
        Ok(place) => made.get_item(place),
        Err(_) => given.get_item(!place as usize),
    };
    let work = if work.len() == 2 {
        let (value, pure) = work.extract()?;
        Work::Value { value, pure }
    } else {
        Work::Call(read_call(&work, &mut |place| need(place))?)
    };
    let promise = Promise::new(work, Identity::after_travel(identity), Site::default());
    promise.set_travelled();
    let is_rooted = match promise.work() {
        Work::Call(Call { doing, function, .. }) => *doing != Doing::Call || is_rooted(function.bind(py)),
        Work::Value { value, .. } => is_rooted(value.bind(py)),
    };
    promise.with_name(name).with_outputs(n_outputs).born(py, is_rooted)
}

/// A call as plain data. `place_of` gives what stands for a promise that it needs, one after the other.
pub(crate) fn written_call<'py>(
    py: Python<'py>,
    Call { doing, function, arguments, .. }: &Call,
    place_of: &mut dyn FnMut(&Py<Promise>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let (program, n_args, names) = match arguments {
        Arguments::Few(few) => match few.values(py) {
            Some(args) => (None, PyTuple::new(py, args)?.into_any().unbind(), None),
            None => {
                let ops = few.ops(py);
                let steps = ops.iter().map(|op| written(py, op, place_of)).collect::<PyResult<Vec<_>>>()?;
                (Some(steps), ops.len().into_pyobject(py)?.into_any().unbind(), None)
            }
        },
        Arguments::Plain { args, kwargs } => (
            None,
            args.clone_ref(py).into_any(),
            kwargs.as_ref().map(|kwargs| kwargs.clone_ref(py).into_any()),
        ),
        Arguments::Template(template) => {
            let steps = template.ops.iter().map(|op| written(py, op, place_of));
            let steps = steps.collect::<PyResult<Vec<_>>>()?;
            let names = template.names.as_ref().map(|names| names.clone_ref(py).into_any());
            (Some(steps), template.n_args.into_pyobject(py)?.into_any().unbind(), names)
        }
    };
    (doing.code(), function, program, n_args, names).into_pyobject(py)
}

/// A call that was written down. `need` gives the promise that a place stands for, one after the other.
pub(crate) fn read_call<'py>(
    written: &Bound<'py, PyTuple>,
    need: &mut dyn FnMut(isize) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Call> {
    let py = written.py();
    let (doing, function, program, args, names): WrittenCall<'py> = written.extract()?;
    let arguments = match program {
        None => Arguments::Plain {
            args: args.cast_into::<PyTuple>()?.unbind(),
            kwargs: names.map(|kwargs| kwargs.cast_into::<PyDict>()).transpose()?.map(Bound::unbind),
        },
        Some(steps) => {
            let ops = steps.into_iter().map(|step| read(step, need)).collect::<PyResult<Vec<_>>>()?;
            let names = names.map(|names| names.cast_into::<PyTuple>()).transpose()?;
            let n_args = args.extract::<usize>()?;
            let n_left = n_args.checked_add(names.as_ref().map_or(0, |names| names.len()));
            if !n_left.is_some_and(|n_left| is_sound(py, &ops, n_left)) {
                return Err(damaged());
            }
            let names = names.map(Bound::unbind);
            Arguments::Template(Box::new(Template { ops: ops.into(), n_args, names }))
        }
    };
    Ok(Call::new(Doing::from_code(doing).ok_or_else(damaged)?, function, arguments))
}

fn written<'py>(
    py: Python<'py>,
    op: &Op,
    place_of: &mut dyn FnMut(&Py<Promise>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Step<'py>> {
    let number = |n: &usize| n.into_pyobject(py).map(Bound::into_any);
    Ok(match op {
        Op::Value(value) => (0, value.bind(py).clone()),
        Op::Promise(promise) => (1, place_of(promise)?),
        Op::List(n) => (2, number(n)?),
        Op::Tuple(n) => (3, number(n)?),
        Op::Set(n) => (4, number(n)?),
        Op::Dict(n) => (5, number(n)?),
        Op::Slice => (6, py.None().into_bound(py)),
        Op::NamedTuple(parts) => (7, (&parts.0, parts.1).into_pyobject(py)?.into_any()),
        Op::Dataclass(parts) => (8, (&parts.0, &parts.1).into_pyobject(py)?.into_any()),
    })
}

fn read<'py>(
    (code, with): Step<'py>,
    need: &mut dyn FnMut(isize) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Op> {
    Ok(match code {
        0 => Op::Value(with.unbind()),
        1 => Op::Promise(need(with.extract()?)?.cast_into()?.unbind()),
        2 => Op::List(with.extract()?),
        3 => Op::Tuple(with.extract()?),
        4 => Op::Set(with.extract()?),
        5 => Op::Dict(with.extract()?),
        6 => Op::Slice,
        7 => Op::NamedTuple(Box::new(with.extract()?)),
        8 => Op::Dataclass(Box::new(with.extract()?)),
        _ => return Err(damaged()),
    })
}

/// Whether a program never takes more from its stack than is there, and leaves `n_left`.
fn is_sound(py: Python<'_>, ops: &[Op], n_left: usize) -> bool {
    let n = ops.iter().try_fold(0_usize, |n, op| {
        let n_taken = match op {
            Op::Value(_) | Op::Promise(_) => 0,
            Op::List(n) | Op::Tuple(n) | Op::Set(n) => *n,
            Op::NamedTuple(parts) => parts.1,
            Op::Dict(n) => n.checked_mul(2)?,
            Op::Slice => 3,
            Op::Dataclass(parts) => parts.1.bind(py).len(),
        };
        Some(n.checked_sub(n_taken)? + 1)
    });
    n == Some(n_left)
}

fn damaged() -> PyErr {
    PyValueError::new_err("this is no pickled promise, or one of another version of tureen")
}
