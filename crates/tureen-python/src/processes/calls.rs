//! Calls for a worker, by columns: what calls of one function one after the other have in common is written once.
//! Knows nothing of who makes them.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyMemoryView, PyTuple};

use super::whole;
use crate::template::Filled;

/// Bytes shorter than this are as well off in the pickle.
const SHORT: usize = 1 << 16;

/// Calls of one function, one after the other, as Python gets them.
///
/// The number of the function; whether each has one argument, and none by name; these arguments (as bytes, if all are whole
/// numbers), or a tuple for each call; and the arguments by name, a dict or `None` for each call, if there are any.
pub(super) type Run<'py> = (u32, bool, Bound<'py, PyAny>, Option<Bound<'py, PyList>>);

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
pub(super) struct Calls<'py>(Vec<Part<'py>>);

/// A run in the making.
struct Part<'py> {
    function: u32,
    is_single: bool,
    column: Column<'py>,
    named: Option<Bound<'py, PyList>>,
}

enum Column<'py> {
    Numbers(Vec<i64>),
    Objects(Bound<'py, PyList>),
}

impl<'py> Calls<'py> {
    /// Adds a call.
    pub(super) fn add(&mut self, py: Python<'py>, function: u32, given: Given<'py>) -> PyResult<()> {
        let (args, kwargs) = match given {
            Given::One(only) => return self.part(py, function, true, false).column.add(only),
            Given::All((args, None)) if args.len() == 1 => {
                return self.part(py, function, true, false).column.add(args.get_item(0)?);
            }
            Given::All((args, kwargs)) => (args, kwargs),
        };
        let part = self.part(py, function, false, kwargs.is_some());
        part.column.objects(py)?.append(all_with_raw(args)?)?;
        part.named.as_ref().map_or(Ok(()), |named| named.append(kwargs))
    }

    /// The run that such a call is the next of.
    fn part(&mut self, py: Python<'py>, function: u32, is_single: bool, has_names: bool) -> &mut Part<'py> {
        let fits = |part: &Part<'_>| {
            (part.function, part.is_single, part.named.is_some()) == (function, is_single, has_names)
        };
        if !self.0.last().is_some_and(fits) {
            let named = has_names.then(|| PyList::empty(py));
            self.0.push(Part { function, is_single, column: Column::Numbers(Vec::new()), named });
        }
        self.0.last_mut().expect("there is one by now")
    }

    pub(super) fn runs(self, py: Python<'py>) -> Vec<Run<'py>> {
        let runs = self.0.into_iter().map(|Part { function, is_single, column, named }| {
            let column = match column {
                Column::Numbers(numbers) => whole::bytes_of(py, &numbers).into_any(),
                Column::Objects(objects) => objects.into_any(),
            };
            (function, is_single, column, named)
        });
        runs.collect()
    }
}

impl<'py> Column<'py> {
    fn add(&mut self, arg: Bound<'py, PyAny>) -> PyResult<()> {
        if let Self::Numbers(numbers) = self
            && let Some(number) = whole::number_of(&arg)
        {
            numbers.push(number);
            return Ok(());
        }
        self.objects(arg.py())?.append(with_raw(arg)?)
    }

    /// As a list, from now on.
    fn objects(&mut self, py: Python<'py>) -> PyResult<&Bound<'py, PyList>> {
        if let Self::Numbers(numbers) = self {
            *self = Self::Objects(PyList::new(py, &*numbers)?);
        }
        match self {
            Self::Objects(objects) => Ok(objects),
            Self::Numbers(_) => unreachable!("it was made a list"),
        }
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
