//! One run of promises: the engine's run, with the calls to make and the results made so far.
//! Knows how a thread works on it; not which threads do (`pool`), nor who waits for it (`compute`).
//!
//! Locks: the run's lock is taken while the interpreter's is held, for an instant, and never the other way round. No Python
//! code runs under it, and no object is dropped: a drop may run anything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tureen_engine::{DoesNotFit, Graph, Limits, Next, OnFailure, Outcome, Report, Run, Schedule, TaskId};

use crate::failure;
use crate::flatten::Flat;
use crate::invoke::invoke_with;
use crate::promise::{Doing, Promise, Work};
use crate::pullers::Pullers;
use crate::results::Results;
use crate::template::{Arguments, Filled};
use crate::watch::{Threads, Watch};

/// A run and its tables.
pub(crate) struct Session {
    pub(crate) run: Run,
    flat: Flat,
    results: Results,
    failure: Mutex<Option<PyErr>>,
    has_failed: AtomicBool,
    is_abandoned: AtomicBool,
    /// Which thread took each task, if somebody watches.
    threads: Option<Threads>,
    pullers: Pullers,
}

impl Session {
    /// A session in which at most `n_workers` tasks run at a time.
    pub(crate) fn new(flat: Flat, n_workers: usize, watch: Option<Watch>) -> PyResult<Self> {
        let limits = Limits::cores(n_workers as u64);
        let schedule = Schedule::new(flat.graph.clone(), limits, OnFailure::Stop)
            .map_err(|error: DoesNotFit| PyRuntimeError::new_err(error.to_string()))?;
        let results = Results::new(flat.promises.len());
        let run = Run::new(schedule);
        let (run, threads) = match watch {
            Some(watch) => (run.with_events(watch.events), Some(watch.threads)),
            None => (run, None),
        };
        Ok(Self {
            run,
            flat,
            results,
            failure: Mutex::new(None),
            has_failed: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
            threads,
            pullers: Pullers::default(),
        })
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.flat.graph
    }

    pub(crate) fn n_tasks(&self) -> usize {
        self.flat.promises.len()
    }

    pub(crate) fn promise(&self, task: TaskId) -> &Py<Promise> {
        &self.flat.promises[task.index()]
    }

    pub(crate) fn threads(&self) -> Option<&Threads> {
        self.threads.as_ref()
    }

    /// The threads that work on this.
    pub(crate) fn pullers(&self) -> &Pullers {
        &self.pullers
    }

    pub(crate) fn needs(&self, task: TaskId) -> &[TaskId] {
        self.flat.graph.needs(task)
    }

    pub(crate) fn wanted(&self) -> &[TaskId] {
        &self.flat.wanted
    }

    pub(crate) fn n_users(&self, task: TaskId) -> usize {
        self.flat.graph.users(task).len()
    }

    /// Whether the user wants this result.
    pub(crate) fn is_wanted(&self, task: TaskId) -> bool {
        self.flat.graph.is_kept(task)
    }

    pub(crate) fn keep_result(&self, task: TaskId, result: Py<PyAny>) {
        self.results.set(task, result);
    }

    pub(crate) fn release(&self, task: TaskId) {
        self.results.release(task);
    }

    /// The result of a task, if there is one, left where it is.
    pub(crate) fn peek_result<'py>(&self, py: Python<'py>, task: TaskId) -> Option<Bound<'py, PyAny>> {
        self.results.peek(py, task)
    }

    /// The result of a task, if there is one, given away.
    pub(crate) fn take_result(&self, task: TaskId) -> Option<Py<PyAny>> {
        self.results.take(task)
    }

    /// Works on the run until nothing is left to start. `between` is called before each task; an error from it ends the run.
    pub(crate) fn pull(&self, py: Python<'_>, mut between: impl FnMut() -> PyResult<()>) {
        let mut released = Vec::new();
        let mut report = None;
        let thread = self.threads.as_ref().map(|_| thread_number(py));
        let puller = self.pullers.enter();
        loop {
            let next = self.run.try_next(report.take(), &mut released);
            released.drain(..).for_each(|task| self.results.release(task));
            match next {
                Next::Start(task) => {
                    puller.at(task);
                    if let (Some(threads), Some(thread)) = (&self.threads, thread) {
                        threads.note(task, thread);
                    }
                    let outcome = match between().and_then(|()| self.work(py, task)) {
                        Ok(()) => Outcome::Done,
                        Err(error) => {
                            self.fail(error);
                            Outcome::Failed
                        }
                    };
                    report = Some(Report { task, outcome });
                }
                Next::Wait => {
                    puller.rest();
                    py.detach(|| self.run.wait());
                }
                Next::Finished => return puller.rest(),
            }
        }
    }

    fn work(&self, py: Python<'_>, task: TaskId) -> PyResult<()> {
        self.try_work(py, task).map_err(|(error, filled)| {
            let promise = self.flat.promises[task.index()].get();
            let given = filled.as_ref().map(|(args, kwargs)| (args, kwargs.as_ref()));
            failure::explain(py, error, promise, given)
        })
    }

    /// Does a task. If it fails: with what, and the arguments that the call was made with, if it came to that.
    pub(crate) fn try_work<'py>(
        &self,
        py: Python<'py>,
        task: TaskId,
    ) -> Result<(), (PyErr, Option<Filled<'py>>)> {
        let promise = self.flat.promises[task.index()].get();
        let Some(call) = promise.call() else { unreachable!("values are no tasks") };
        let mut needs = self.flat.graph.needs(task).iter();
        if let (Doing::Call, Arguments::Few(few)) = (call.doing, &call.arguments) {
            let result_of = |promise: &Py<Promise>| self.result_of(py, promise, &mut needs);
            return few.lend(py, result_of, |args| match invoke_with(call.function.bind(py), args) {
                Ok(result) => {
                    self.results.set(task, result.unbind());
                    Ok(())
                }
                Err(error) => Err((error, PyTuple::new(py, args).ok().map(|args| (args, None)))),
            });
        }
        let filled = call.arguments.fill(py, |promise| self.result_of(py, promise, &mut needs));
        let (args, kwargs) = filled.map_err(|error| (error, None))?;
        match call.perform(&args, kwargs.as_ref()) {
            Ok(result) => self.results.set(task, result.unbind()),
            Err(error) => return Err((error, Some((args, kwargs)))),
        }
        Ok(())
    }

    pub(crate) fn result_of<'py>(
        &self,
        py: Python<'py>,
        promise: &Py<Promise>,
        needs: &mut std::slice::Iter<'_, TaskId>,
    ) -> Bound<'py, PyAny> {
        match promise.get().work() {
            Work::Value { value, .. } => value.bind(py).clone(),
            Work::Call(_) => {
                self.results.get(py, *needs.next().expect("the graph has a need for each promise in a call"))
            }
        }
    }

    /// A function that gives, one after the other, the values of the promises that this session was made for.
    pub(crate) fn values<'a, 'py>(
        &'a self,
        py: Python<'py>,
    ) -> impl FnMut(&Py<Promise>) -> Bound<'py, PyAny> + 'a
    where
        'py: 'a,
    {
        let mut wanted = self.flat.wanted.iter();
        move |promise| self.result_of(py, promise, &mut wanted)
    }

    /// Drops the results that the user wanted, once he has them: a thread of the pool may hold on to this a moment longer.
    pub(crate) fn hand_over(&self) {
        self.flat.wanted.iter().for_each(|&task| self.results.release(task));
    }

    /// Notes a failure. The first one counts: what came after may have come of it.
    pub(crate) fn fail(&self, error: PyErr) {
        if !self.has_failed.swap(true, Ordering::AcqRel) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    /// Ends the run: nothing new starts, and nobody waits for what runs.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
        self.run.cancel();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.is_abandoned.load(Ordering::Acquire)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// The first failure, given away.
    pub(crate) fn take_failure(&self) -> Option<PyErr> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The number of this thread, as `threading.get_ident` has it; 0 if it has none.
pub(crate) fn thread_number(py: Python<'_>) -> u64 {
    let number = py.import("_thread").and_then(|threads| threads.call_method0("get_ident")?.extract());
    number.unwrap_or(0)
}
