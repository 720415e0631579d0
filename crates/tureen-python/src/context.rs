//! A session that is worked on in the context (`contextvars`) of whoever computes, as dask's threads do.
//! Knows how a context is entered, not what is in it.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::pool::Pull;
use crate::session::Session;
use crate::stopping::AtWork;

/// A session, the context that its tasks see, and the threads that work on it.
pub(crate) struct InContext {
    session: Arc<Session>,
    context: Py<PyAny>,
    at_work: Arc<AtWork>,
}

impl InContext {
    /// In a copy of the context of the calling thread.
    pub(crate) fn here(py: Python<'_>, session: &Arc<Session>) -> PyResult<Arc<Self>> {
        let context =
            py.import(pyo3::intern!(py, "contextvars"))?.call_method0(pyo3::intern!(py, "copy_context"))?;
        let (session, context) = (Arc::clone(session), context.unbind());
        Ok(Arc::new(Self { session, context, at_work: Arc::default() }))
    }

    /// Ends the run: nothing new starts, nobody waits for what runs, and that is stopped where it can be.
    pub(crate) fn abandon(&self, py: Python<'_>) {
        self.session.abandon();
        self.at_work.stop(py);
    }
}

impl Pull for InContext {
    fn pull(&self, py: Python<'_>) {
        // No two threads may be in one context at a time.
        let context = self.context.bind(py).call_method0(pyo3::intern!(py, "copy"));
        let work = Bound::new(py, Working(Arc::clone(&self.session)));
        self.at_work.during(py, || {
            let entered =
                context.and_then(|context| context.call_method1(pyo3::intern!(py, "run"), (work?,)));
            if entered.is_err() {
                // No memory for a context: the work is to be done all the same.
                self.session.pull(py, || Ok(()));
            }
        });
    }
}

#[pyclass(frozen)]
struct Working(Arc<Session>);

#[pymethods]
impl Working {
    fn __call__(&self, py: Python<'_>) {
        self.0.pull(py, || Ok(()));
    }
}
