//! Calls for a worker, by columns: what calls of one function one after the other have in common is written once.
//! Knows nothing of who makes them.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyMemoryView, PyTuple};

use crate::template::Filled;

/// Bytes shorter than this are as well off in the pickle.
const SHORT: usize = 1 << 16;

/// Calls of one function, one after the other, as Python gets them.
///
/// The number of the function; whether each has one argument, and none by name; these arguments, or a tuple for each call; and the
/// arguments by name, a dict or `None` for each call, if there are any.
pub(super) type Run<'py> = (u32, bool, Bound<'py, PyList>, Option<Bound<'py, PyList>>);

/// The arguments of one call.
pub(super) enum Given<'py> {
    /// One, and none by name.
    One(Bound<'py, PyAny>),
    All(Filled<'py>),
}

impl<'py> Given<'py> {
    /// As Python takes them.
    pub(super) fn filled(&self) -> PyResult<Filled<'py>> {
        match self {
            Self::One(only) => Ok((PyTuple::new(only.py(), [only])?, None)),
            Self::All((args, kwargs)) => Ok((args.clone(), kwargs.clone())),
        }
    }
}

/// Calls in their order.
#[derive(Default)]
pub(super) struct Calls<'py>(Vec<Run<'py>>);

impl<'py> Calls<'py> {
    /// Adds a call.
    pub(super) fn add(&mut self, py: Python<'py>, function: u32, given: Given<'py>) -> PyResult<()> {
        let (args, kwargs) = match given {
            Given::One(only) => return self.run(py, function, true, false).2.append(with_raw(only)?),
            Given::All((args, kwargs)) => (args, kwargs),
        };
        if kwargs.is_none() && args.len() == 1 {
            let only = with_raw(args.get_item(0)?)?;
            return self.run(py, function, true, false).2.append(only);
        }
        let (_, _, column, named) = self.run(py, function, false, kwargs.is_some());
        column.append(all_with_raw(args)?)?;
        named.as_ref().map_or(Ok(()), |named| named.append(kwargs))
    }

    /// The run that such a call is the next of.
    fn run(&mut self, py: Python<'py>, function: u32, is_single: bool, has_names: bool) -> &mut Run<'py> {
        let fits = |run: &Run<'_>| (run.0, run.1, run.3.is_some()) == (function, is_single, has_names);
        if !self.0.last().is_some_and(fits) {
            let named = has_names.then(|| PyList::empty(py));
            self.0.push((function, is_single, PyList::empty(py), named));
        }
        self.0.last_mut().expect("there is one by now")
    }

    pub(super) fn runs(self) -> Vec<Run<'py>> {
        self.0
    }
}

/// Whether this is nothing but bytes, so many that they are to stand beside the pickle, or what can't be pickled otherwise: it goes
/// as a `Raw`.
pub(super) fn goes_raw(object: &Bound<'_, PyAny>) -> bool {
    object.cast_exact::<PyBytes>().is_ok_and(|bytes| bytes.as_bytes().len() >= SHORT)
        || object.cast_exact::<PyByteArray>().is_ok_and(|bytes| bytes.len() >= SHORT)
        || object.is_exact_instance_of::<PyMemoryView>()
}

/// An argument, as a `Raw` if it goes raw.
fn with_raw(arg: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if goes_raw(&arg) {
        return arg.py().import("tureen._processes.shelf")?.getattr("Raw")?.call1((arg,));
    }
    Ok(arg)
}

fn all_with_raw(args: Bound<'_, PyTuple>) -> PyResult<Bound<'_, PyTuple>> {
    if !args.iter_borrowed().any(|arg| goes_raw(&arg)) {
        return Ok(args);
    }
    let py = args.py();
    PyTuple::new(py, args.iter().map(with_raw).collect::<PyResult<Vec<_>>>()?)
}
