//! A piece of somebody else's graph, done here in one go, by the thread that asks.
//! Knows calls as they were written down (`pickled`), and what each took; who sent them is `tureen._distributed`'s business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use tureen_engine::{GraphBuilder, Next, Outcome, Report, TaskId};

use crate::flatten::{Flat, Promises};
use crate::identity::Identity;
use crate::pickled::read_call;
use crate::promise::{Promise, Work};
use crate::session::Session;
use crate::site::Site;

/// Of each function: how many calls there were, the seconds they took in all, and those of the shortest.
type Took = Vec<(u32, u64, f64, f64)>;

/// The task that failed, its exception, and what it was called with, if it came to that.
type Failed<'py> = (usize, PyErr, Option<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)>);

/// How often somebody is asked whether to go on.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Do the calls of a piece.
///
/// `calls` are written calls, which need each other by number, and what is `given` by numbers from -1 down; `functions` has the
/// number of the function of each. `look` is called now and then, and may raise. Gives the results of the calls in `wanted`,
/// None and the times; or None, the failure, and the times.
#[pyfunction]
#[pyo3(signature = (calls, functions, given, wanted, look))]
#[expect(clippy::type_complexity, reason = "it is taken apart at once, in Python")]
pub(crate) fn run_piece<'py>(
    calls: &Bound<'py, PyList>,
    functions: Vec<u32>,
    given: &Bound<'py, PyList>,
    wanted: Vec<usize>,
    look: &Bound<'py, PyAny>,
) -> PyResult<(
    Option<Vec<Py<PyAny>>>,
    Option<(usize, Bound<'py, PyAny>, Option<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)>)>,
    Took,
)> {
    let py = calls.py();
    if functions.len() != calls.len() || wanted.iter().any(|task| *task >= calls.len()) {
        return Err(PyValueError::new_err("this is no piece"));
    }
    let session = Arc::new(Session::new(flat_of(calls, given, &wanted)?, 1, None)?);
    let mut took: Vec<(u64, f64, f64)> = Vec::new();
    let failed = perform(py, &session, look, |task, seconds| {
        let function = functions[task.index()] as usize;
        if function >= took.len() {
            took.resize(function + 1, (0, 0.0, f64::INFINITY));
        }
        let (n, total, least) = &mut took[function];
        (*n, *total, *least) = (*n + 1, *total + seconds, least.min(seconds));
    });
    let took = (0..).zip(took).filter(|(_, (n, ..))| *n > 0);
    let took = took.map(|(function, (n, total, least))| (function, n, total, least)).collect();
    match failed? {
        Some((task, error, filled)) => {
            Ok((None, Some((task, error.into_value(py).into_bound(py).into_any(), filled)), took))
        }
        None => {
            let result = |task: &usize| {
                let result = session.peek_result(py, TaskId::from_index(*task));
                let result = result.ok_or_else(|| PyRuntimeError::new_err("a piece lost a result"))?;
                Ok(result.unbind())
            };
            let results = wanted.iter().map(result).collect::<PyResult<Vec<_>>>()?;
            session.hand_over();
            Ok((Some(results), None, took))
        }
    }
}

/// The calls as promises, and their graph.
fn flat_of(calls: &Bound<'_, PyList>, given: &Bound<'_, PyList>, wanted: &[usize]) -> PyResult<Flat> {
    let py = calls.py();
    let given: Vec<Bound<'_, Promise>> = given
        .iter()
        .map(|value| {
            let work = Work::Value { value: value.unbind(), pure: None };
            Promise::new(work, Identity::unique(), Site::default()).born(py, false)
        })
        .collect::<PyResult<_>>()?;
    let mut graph = GraphBuilder::with_capacity(calls.len(), 0);
    let mut promises: Vec<Py<Promise>> = Vec::with_capacity(calls.len());
    for written in calls.iter() {
        let mut needs = Vec::new();
        let call = read_call(written.cast::<PyTuple>()?, &mut |place| {
            let missing = || PyValueError::new_err("a piece needs what it was not given");
            Ok(match usize::try_from(place) {
                Ok(place) => {
                    needs.push(TaskId::from_index(place));
                    promises.get(place).ok_or_else(missing)?.bind(py).clone().into_any()
                }
                Err(_) => given.get(!place as usize).ok_or_else(missing)?.clone().into_any(),
            })
        })?;
        graph.add(needs);
        let promise = Promise::new(Work::Call(call), Identity::unique(), Site::default());
        promises.push(promise.born(py, false)?.unbind());
    }
    let wanted: Vec<TaskId> = wanted.iter().map(|task| TaskId::from_index(*task)).collect();
    wanted.iter().for_each(|task| graph.keep(*task));
    Ok(Flat { graph: Arc::new(graph.build()), promises: Promises::owned(promises), wanted })
}

/// Does all tasks, or all until one fails.
fn perform<'py>(
    py: Python<'py>,
    session: &Session,
    look: &Bound<'py, PyAny>,
    mut note: impl FnMut(TaskId, f64),
) -> PyResult<Option<Failed<'py>>> {
    let mut released = Vec::new();
    let mut report = None;
    let mut looked = Instant::now();
    let mut began = looked;
    loop {
        let next = session.run.try_next(report.take(), &mut released);
        released.drain(..).for_each(|task| session.release(task));
        let Next::Start(task) = next else { return Ok(None) };
        if let Err((error, filled)) = session.try_work(py, task) {
            return Ok(Some((task.index(), error, filled)));
        }
        let ended = Instant::now();
        note(task, (ended - began).as_secs_f64());
        if ended - looked >= LOOK_AGAIN {
            look.call0()?;
            looked = ended;
        }
        began = ended;
        report = Some(Report { task, outcome: Outcome::Done });
    }
}
