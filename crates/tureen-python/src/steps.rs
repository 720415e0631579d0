//! A run whose tasks are handed out one by one, to be done by somebody who is no thread of ours: another library's
//! executor, or whoever wants to be called before and after each task.
//! Knows a session; who does the tasks is `tureen._relay`'s business.

use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use tureen_engine::{Next, Outcome, Report, TaskId};

use crate::failure;
use crate::flatten::flatten;
use crate::key::key_of;
use crate::pieces::Pieces;
use crate::promise::{Doing, Promise};
use crate::scan::scan_computed;
use crate::session::Session;

/// A callable and its arguments.
type Ready<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>);

/// The tasks of a run, by number.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct Steps {
    session: Arc<Session>,
}

#[pymethods]
impl Steps {
    fn __len__(&self) -> usize {
        self.session.n_tasks()
    }

    /// Take a task that can start now; None if there is none.
    fn take(&self) -> Option<usize> {
        match self.session.run.try_next(None, &mut Vec::new()) {
            Next::Start(task) => Some(task.index()),
            Next::Wait | Next::Finished => None,
        }
    }

    /// Give the function to call for a task, and its arguments. With `store`, results are looked up there, by key.
    #[pyo3(signature = (index, store = None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        store: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Ready<'py>> {
        let task = self.task(index)?;
        let promise = self.session.promise(task).get();
        let call = promise.call().expect("values are no tasks");
        let mut needs = self.session.needs(task).iter();
        let mut lost = None;
        let filled = call.arguments.fill(py, |need| match (store, need.get().call()) {
            (Some(store), Some(_)) => {
                let found = key_of(py, need.get()).and_then(|key| store.get_item(key));
                found.unwrap_or_else(|error| {
                    lost = Some(error);
                    py.None().into_bound(py)
                })
            }
            _ => self.session.result_of(py, need, &mut needs),
        });
        let (args, kwargs) = filled.map_err(|error| failure::explain(py, error, promise, None))?;
        if let Some(error) = lost {
            return Err(error);
        }
        let function = call.function.bind(py);
        Ok(match call.doing {
            Doing::Call => (function.clone(), args, kwargs),
            Doing::Apply => (args.get_item(0)?, args.get_slice(1, args.len()), kwargs),
            Doing::Method => {
                let method = args.get_item(0)?.getattr(function.cast::<PyString>()?);
                let method = method.map_err(|error| failure::explain(py, error, promise, None))?;
                (method, args.get_slice(1, args.len()), kwargs)
            }
            Doing::Attribute => {
                let getattr = py.import("builtins")?.getattr("getattr")?;
                (getattr, PyTuple::new(py, [&args.get_item(0)?, function])?, None)
            }
            Doing::Gather => (py.import("tureen._relay")?.getattr("same")?, args, None),
        })
    }

    /// Keep the result of a task with the run.
    fn keep(&self, index: usize, result: Py<PyAny>) -> PyResult<()> {
        self.session.keep_result(self.task(index)?, result);
        Ok(())
    }

    /// Report a task as done. Gives the numbers of the tasks whose results nobody needs any more.
    fn done(&self, index: usize) -> PyResult<Vec<usize>> {
        Ok(self.end(self.task(index)?, Outcome::Done))
    }

    /// Report a task as failed.
    fn failed(&self, index: usize) -> PyResult<()> {
        self.end(self.task(index)?, Outcome::Failed);
        Ok(())
    }

    /// Whether somebody wants to know in which thread a task ran.
    #[getter]
    fn is_watched(&self) -> bool {
        self.session.threads().is_some()
    }

    /// Note in which thread a task ran.
    fn ran_in(&self, index: usize, thread: u64) -> PyResult<()> {
        let task = self.task(index)?;
        if let Some(threads) = self.session.threads() {
            threads.note(task, thread);
        }
        Ok(())
    }

    /// Give the tasks in pieces (`Pieces`). `is_gathered`: containers of results are put together here. `on_cluster` is the class
    /// of what stands for results that are there already.
    fn pieces(&self, py: Python<'_>, is_gathered: bool, on_cluster: &Bound<'_, PyType>) -> PyResult<Pieces> {
        Pieces::new(py, Arc::clone(&self.session), is_gathered, on_cluster)
    }

    /// Report so many tasks as done, whichever may be next: somebody else has done as many.
    fn advance(&self, n: usize) {
        let mut released = Vec::new();
        let mut report = None;
        for _ in 0..n {
            let next = self.session.run.try_next(report.take(), &mut released);
            released.drain(..).for_each(|task| self.session.release(task));
            let Next::Start(task) = next else { return };
            report = Some(Report { task, outcome: Outcome::Done });
        }
        if let Some(report) = report {
            self.session.run.report(report, &mut released);
            released.drain(..).for_each(|task| self.session.release(task));
        }
    }

    /// Let nothing more start.
    fn cancel(&self) {
        self.session.run.cancel();
    }

    /// The key of a task.
    fn key(&self, py: Python<'_>, index: usize) -> PyResult<Py<PyAny>> {
        key_of(py, self.session.promise(self.task(index)?).get())
    }

    /// The promise of a task.
    fn promise(&self, py: Python<'_>, index: usize) -> PyResult<Py<Promise>> {
        Ok(self.session.promise(self.task(index)?).clone_ref(py))
    }

    /// The tasks that a task needs.
    fn needs(&self, index: usize) -> PyResult<Vec<usize>> {
        Ok(self.session.needs(self.task(index)?).iter().map(|need| need.index()).collect())
    }

    /// The tasks whose results are wanted at the end.
    fn wanted(&self) -> Vec<usize> {
        self.session.wanted().iter().map(|task| task.index()).collect()
    }

    /// Say in an exception of a task which call it came from.
    #[pyo3(signature = (index, error, args, kwargs))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        error: Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let promise = self.session.promise(self.task(index)?).get();
        failure::explain(py, PyErr::from_value(error), promise, Some((args, kwargs)));
        Ok(())
    }
}

impl Steps {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    fn task(&self, index: usize) -> PyResult<TaskId> {
        if index >= self.session.n_tasks() {
            return Err(PyIndexError::new_err(format!("there is no task {index}")));
        }
        Ok(TaskId::from_index(index))
    }

    fn end(&self, task: TaskId, outcome: Outcome) -> Vec<usize> {
        let mut released = Vec::new();
        self.session.run.report(Report { task, outcome }, &mut released);
        released.iter().for_each(|task| self.session.release(*task));
        released.iter().map(|task| task.index()).collect()
    }
}

/// The tasks that computing these would do, without computing any: for whoever plans.
#[pyfunction]
pub(crate) fn steps_of(py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Steps> {
    let arguments = scan_computed(args)?;
    let flat = flatten(py, arguments.promises().collect::<Vec<_>>().into_iter())?;
    Ok(Steps::new(Arc::new(Session::new(flat, 1, None)?)))
}

/// Hands the tasks of a session to a relay (`tureen._relay`), and waits until it has done them. If results are to be kept where
/// they are, and the relay can do so (`persist`), what it gives stands for them.
pub(crate) fn relay(
    py: Python<'_>,
    session: &Arc<Session>,
    relay: &Bound<'_, PyAny>,
    are_kept: bool,
) -> PyResult<()> {
    let steps = Bound::new(py, Steps::new(Arc::clone(session)))?;
    let can_keep = are_kept && relay.hasattr(pyo3::intern!(py, "persist"))?;
    let told = relay.call_method1(if can_keep { "persist" } else { "run" }, (steps,));
    told.map_err(|error| failure::without_our_frames(py, error))?;
    if session.run.counts().done == session.n_tasks() {
        return Ok(());
    }
    Err(PyRuntimeError::new_err("the scheduler gave up before everything was done"))
}
