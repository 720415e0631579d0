//! Calls for a worker, by columns: what calls of one function one after the other have in common is written once.
//! Knows nothing of who makes them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

/// Calls of one function, one after the other, as Python gets them.
///
/// The number of the function; whether each has one argument, and none by name; these arguments, or a tuple for each call; and the
/// arguments by name, a dict or `None` for each call, if there are any.
pub(super) type Run<'py> = (u32, bool, Bound<'py, PyList>, Option<Bound<'py, PyList>>);

/// Calls in their order.
#[derive(Default)]
pub(super) struct Calls<'py>(Vec<Run<'py>>);

impl<'py> Calls<'py> {
    /// Adds a call.
    pub(super) fn add(
        &mut self,
        function: u32,
        args: Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let py = args.py();
        let only = if kwargs.is_none() && args.len() == 1 { Some(args.get_borrowed_item(0)?) } else { None };
        let fits =
            |run: &Run<'_>| (run.0, run.1, run.3.is_some()) == (function, only.is_some(), kwargs.is_some());
        if !self.0.last().is_some_and(fits) {
            let named = kwargs.is_some().then(|| PyList::empty(py));
            self.0.push((function, only.is_some(), PyList::empty(py), named));
        }
        let Some((_, _, column, named)) = self.0.last_mut() else { unreachable!("there is one by now") };
        match only {
            Some(only) => column.append(only)?,
            None => column.append(args)?,
        }
        named.as_ref().map_or(Ok(()), |named| named.append(kwargs))
    }

    pub(super) fn runs(self) -> Vec<Run<'py>> {
        self.0
    }
}
