//! From promises to a graph of the engine, in one pass over what the wanted promises are made of.
//! Knows nothing of running it.
//!
//! A promise that was seen carries a mark: the number of this pass, and its task. So no table is asked for each promise;
//! only those that another promise may be equal to (pure calls, operators, names) go by a table. No Python code runs
//! during a pass and the interpreter's lock is held, so no other pass comes between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use rustc_hash::FxHashMap;
use tureen_engine::{Graph, GraphBuilder, TaskId};

use crate::identity::Identity;
use crate::promise::{Call, Promise};

/// A graph, and the promise that each task of it is to compute.
pub(crate) struct Flat {
    pub(crate) graph: Arc<Graph>,
    pub(crate) promises: Vec<Py<Promise>>,
    /// The tasks of the wanted promises, in their order; promises that are values have none.
    pub(crate) wanted: Vec<TaskId>,
}

/// Bits of a mark that hold the task; the others hold the number of the pass.
const TASK_BITS: u32 = 30;

/// The task number of a promise whose needs are still being looked at.
const UNDER_WAY: u64 = (1 << TASK_BITS) - 1;

/// The promise whose result is the result of a call, and its place among what is still to be looked at.
enum Step<'a> {
    Enter(&'a Py<Promise>),
    Leave(&'a Py<Promise>, &'a Call),
}

/// Flattens what these promises need.
pub(crate) fn flatten<'a>(
    py: Python<'_>,
    wanted: impl DoubleEndedIterator<Item = &'a Py<Promise>> + Clone,
) -> PyResult<Flat> {
    static PASSES: AtomicU64 = AtomicU64::new(1);
    let pass = PASSES.fetch_add(1, Ordering::Relaxed) << TASK_BITS;
    let seen = |promise: &Promise| {
        let mark = promise.mark();
        (mark >> TASK_BITS == pass >> TASK_BITS).then_some(mark & UNDER_WAY)
    };
    let mut graph = GraphBuilder::new();
    let mut promises: Vec<Py<Promise>> = Vec::new();
    let mut shared: FxHashMap<Identity, TaskId> = FxHashMap::default();
    let mut stack: Vec<Step<'_>> = wanted.clone().rev().map(Step::Enter).collect();
    while let Some(step) = stack.pop() {
        match step {
            Step::Enter(promise) => {
                let this = promise.get();
                let Some(call) = this.call() else { continue };
                if seen(this).is_some() {
                    continue;
                }
                if this.may_have_equals()
                    && let Some(task) = shared.get(&this.identity())
                {
                    this.set_mark(pass | task.index() as u64);
                    continue;
                }
                this.set_mark(pass | UNDER_WAY);
                stack.push(Step::Leave(promise, call));
                stack.extend(call.arguments.promises().rev().map(Step::Enter));
            }
            Step::Leave(promise, call) => {
                let this = promise.get();
                if this.may_have_equals()
                    && let Some(task) = shared.get(&this.identity())
                {
                    // An equal one was met below this one.
                    this.set_mark(pass | task.index() as u64);
                    continue;
                }
                let needs = call.arguments.promises().filter(|need| need.get().call().is_some());
                let task = graph.add(needs.map(|need| {
                    let task = seen(need.get()).expect("the needs of a promise were looked at before it");
                    TaskId::from_index(task as usize)
                }));
                if task.index() as u64 >= UNDER_WAY {
                    return Err(PyOverflowError::new_err(format!(
                        "more than {UNDER_WAY} promises in one compute"
                    )));
                }
                promises.push(promise.clone_ref(py));
                this.set_mark(pass | task.index() as u64);
                if this.may_have_equals() {
                    shared.insert(this.identity(), task);
                }
            }
        }
    }
    let task_of = |promise: &Py<Promise>| {
        seen(promise.get())
            .filter(|_| promise.get().call().is_some())
            .map(|task| TaskId::from_index(task as usize))
    };
    let wanted: Vec<TaskId> = wanted.filter_map(task_of).collect();
    wanted.iter().for_each(|task| graph.keep(*task));
    Ok(Flat { graph: Arc::new(graph.build()), promises, wanted })
}
