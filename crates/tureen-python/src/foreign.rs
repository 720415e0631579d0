//! Collections of dask's among our arguments: arrays, data frames, dask's own bags and promises.
//! Knows only dask's collection protocol, and that through `tureen._foreign`: dask is never imported from here.
//!
//! All those of one call are computed by one task, so that dask can optimise them together and share what they share.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::identity::Identity;
use crate::promise::{Call, Doing, Promise, Work};
use crate::site::Site;
use crate::template::{Arguments, Few};
use crate::token::Hasher;

/// The collections of one call.
pub(crate) struct Group<'py> {
    collections: Bound<'py, PyList>,
    /// Gives the tuple of their values.
    together: Bound<'py, Promise>,
}

impl<'py> Group<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        let collections = PyList::empty(py);
        let function = py.import(pyo3::intern!(py, "tureen._foreign"))?.getattr("compute_together")?;
        // The list is filled after the promise was made: it is complete when the scan of the call is.
        let args = PyTuple::new(py, [&collections])?.unbind();
        let call = Call::new(Doing::Call, function.unbind(), Arguments::Plain { args, kwargs: None });
        let together = Promise::new(Work::Call(call), Identity::unique(), Site::default()).born(py, false)?;
        Ok(Self { collections, together })
    }

    /// A promise for the value of one more collection.
    pub(crate) fn add(&mut self, collection: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Promise>> {
        let py = collection.py();
        let index = self.collections.len();
        self.collections.append(collection)?;
        let mut hasher = Hasher::new(py);
        hasher.text("dask");
        hasher.content(collection)?;
        let index = index.into_pyobject(py)?.into_any().unbind();
        let arguments = Arguments::Few(Few::PromiseValue(self.together.clone().unbind(), index));
        let function = py.import(pyo3::intern!(py, "operator"))?.getattr("getitem")?.unbind();
        let call = Call::new(Doing::Call, function, arguments);
        Promise::new(Work::Call(call), hasher.finish(), Site::default()).born(py, false)
    }
}
