//! Computes promises: flattens them, has threads work on them, waits, and gives back the values in their containers.
//! Knows the schedulers by name; the arguments that choose one are read by `tureen._settings`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rustc_hash::FxHashSet;

use crate::flatten::flatten;
use crate::kind::{Kind, kind_of};
use crate::pool;
use crate::processes;
use crate::promise::{Call, Doing, Promise, Work};
use crate::ran::{self, Ran};
use crate::scan::{scan_computed, scan_shallow};
use crate::session::Session;
use crate::site::Site;
use crate::steps;
use crate::template::{Arguments, Few, Filled};
use crate::threads;
use crate::watch;

/// How often a waiting thread looks for Ctrl-C and for failures.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Compute promises, and whatever holds promises, all in one run.
///
/// Gives a tuple of the arguments, with the values of promises in their places.
#[pyfunction]
#[pyo3(signature = (*args, traverse = true, optimize_graph = true, scheduler = None, get = None, **kwargs))]
pub(crate) fn compute<'py>(
    args: &Bound<'py, PyTuple>,
    traverse: bool,
    optimize_graph: bool,
    scheduler: Option<&Bound<'py, PyAny>>,
    get: Option<&Bound<'py, PyAny>>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyTuple>> {
    // Results are the same either way: only the calls that are needed are made.
    let _ = optimize_graph;
    let (arguments, session) = run_as_asked(args, traverse, (scheduler, get, kwargs), false)?;
    let filled = arguments.fill(args.py(), session.values(args.py()))?.0;
    session.hand_over();
    Ok(filled)
}

/// Compute promises, and put promises of the values, under the same keys, in their places.
#[pyfunction]
#[pyo3(signature = (*args, traverse = true, optimize_graph = true, scheduler = None, get = None, **kwargs))]
pub(crate) fn persist<'py>(
    args: &Bound<'py, PyTuple>,
    traverse: bool,
    optimize_graph: bool,
    scheduler: Option<&Bound<'py, PyAny>>,
    get: Option<&Bound<'py, PyAny>>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = args.py();
    let _ = optimize_graph;
    let (arguments, session) = run_as_asked(args, traverse, (scheduler, get, kwargs), true)?;
    let mut value_of = session.values(py);
    let mut failed = None;
    let (filled, _): Filled<'py> = arguments.fill(py, |promise| {
        let value = value_of(promise);
        let kept = kept(promise.bind(py), value).map(Bound::into_any);
        kept.unwrap_or_else(|error| {
            failed = Some(error);
            py.None().into_bound(py)
        })
    })?;
    session.hand_over();
    failed.map_or(Ok(filled), Err)
}

/// Computes one promise.
pub(crate) fn compute_one<'py>(
    promise: &Bound<'py, Promise>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let compute = promise.py().import("tureen._tureen")?.getattr("compute")?;
    compute.call((promise,), kwargs)?.get_item(0)
}

/// A promise of a value that was just computed, under the key of the promise it was computed from.
pub(crate) fn kept<'py>(
    promise: &Bound<'py, Promise>,
    value: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, Promise>> {
    let py = promise.py();
    let this = promise.get();
    let name = crate::key::key_of(py, this)?;
    let work = if value.hasattr(pyo3::intern!(py, "__tureen_on_cluster__"))? {
        // It stands for a value somewhere else, and fetches it when it is called.
        Work::Call(Call::new(Doing::Call, value.unbind(), Arguments::Few(Few::None)))
    } else {
        Work::Value { value: value.unbind(), pure: None }
    };
    let made = Promise::new(work, this.identity(), Site::default()).with_name(Some(name));
    made.with_outputs(this.n_outputs()).born(py, false)
}

/// Where tasks run, how many at a time, and who hands them to somebody else's executor (`tureen._relay`), if anybody does;
/// for worker processes, what is called first in each.
type Settings = (String, usize, Option<Py<PyAny>>);

/// The keywords that choose: `scheduler`, `get`, and all others.
type Asked<'a, 'py> =
    (Option<&'a Bound<'py, PyAny>>, Option<&'a Bound<'py, PyAny>>, Option<&'a Bound<'py, PyDict>>);

fn run_as_asked(
    args: &Bound<'_, PyTuple>,
    traverse: bool,
    (scheduler, get, kwargs): Asked<'_, '_>,
    are_kept: bool,
) -> PyResult<(Arguments, Arc<Session>)> {
    let choose = args.py().import("tureen._settings")?.getattr("choose")?;
    let wish = if scheduler.is_none() { wished(args)? } else { None };
    run(args, traverse, choose.call1((scheduler, get, kwargs, wish))?.extract()?, are_kept)
}

/// The scheduler that bags among the arguments wish for, or in lists and the like there, where the user names none.
fn wished(args: &Bound<'_, PyTuple>) -> PyResult<Option<String>> {
    let py = args.py();
    // Without bags there are no wishes, and the arguments may be long lists of promises.
    if !py.import("sys")?.getattr("modules")?.contains("tureen.bag")? {
        return Ok(None);
    }
    let mut wish = None;
    let mut seen = FxHashSet::default();
    let mut waiting = vec![args.clone().into_any()];
    while let Some(container) = waiting.pop() {
        for part in container.try_iter()? {
            let part = part?;
            match kind_of(&part)? {
                Kind::Ours => {
                    let wished: String =
                        part.call_method0(pyo3::intern!(py, "__tureen_scheduler__"))?.extract()?;
                    if wished == "processes" {
                        return Ok(Some(wished));
                    }
                    wish = Some(wished);
                }
                Kind::List | Kind::Tuple | Kind::Set if seen.insert(part.as_ptr() as usize) => {
                    waiting.push(part);
                }
                Kind::Dict if seen.insert(part.as_ptr() as usize) => {
                    waiting.push(part.cast::<PyDict>()?.values().into_any());
                }
                _ => {}
            }
        }
    }
    Ok(wish)
}

fn run<'py>(
    args: &Bound<'py, PyTuple>,
    traverse: bool,
    (scheduler, n_workers, relay): Settings,
    are_kept: bool,
) -> PyResult<(Arguments, Arc<Session>)> {
    let py = args.py();
    let arguments = if traverse { scan_computed(args)? } else { scan_shallow(args)? };
    let flat = flatten(py, arguments.promises().collect::<Vec<_>>().into_iter())?;
    // Worker processes are handed batches of tasks: as many run at a time as there are workers, but more are taken.
    let most_taken = if scheduler == "processes" || scheduler == "auto" { usize::MAX } else { n_workers };
    let (watch, reading) = watch::begin(py, flat.promises.len())?.unzip();
    let session = Arc::new(Session::new(flat, most_taken, watch)?);
    let told = reading.map(|reading| watch::tell_begin(py, &session, reading)).transpose()?;
    let done = perform(py, &session, (scheduler, n_workers, relay), are_kept);
    if let Some(told) = told {
        told.call1((done.is_ok(),))?;
    }
    done.map(|()| (arguments, session))
}

fn perform(
    py: Python<'_>,
    session: &Arc<Session>,
    (scheduler, n_workers, relay): Settings,
    are_kept: bool,
) -> PyResult<()> {
    let began = Instant::now();
    let mut seen = (None, None);
    let done = match (scheduler.as_str(), relay) {
        ("processes", initializer) => processes::run(py, session, n_workers, initializer),
        (_, Some(relay)) => steps::relay(py, session, relay.bind(py), are_kept),
        ("sync", None) => {
            session.pull(py, || py.check_signals());
            Ok(())
        }
        (name @ ("threads" | "auto"), None) => {
            threads::run(py, session, n_workers, name == "auto").map(|what| seen = what)
        }
        (other, None) => Err(PyNotImplementedError::new_err(format!("no scheduler `{other}`"))),
    };
    if !pool::is_worker() {
        // A run inside a task is part of that task.
        let (lock, moved) = seen;
        let seconds = began.elapsed().as_secs_f64();
        ran::remember(Ran { scheduler, n_workers, n_tasks: session.n_tasks(), seconds, lock, moved });
    }
    match done.map(|()| session.take_failure())? {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
