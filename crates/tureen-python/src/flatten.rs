//! From promises to a graph of the engine, in one pass over what the wanted promises are made of.
//! Knows nothing of running it.
//!
//! A promise that was seen carries a mark: the number of this pass, and its task. So no table is asked for each promise;
//! only those that another promise may be equal to (pure calls, operators, names) go by a table. No Python code runs
//! during a pass and the interpreter's lock is held, so no other pass comes between.

#![expect(unsafe_code, reason = "a reference per task would cost as much as finding the task")]

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use rustc_hash::FxHashMap;
use tureen_engine::{Graph, GraphBuilder, TaskId};

use crate::identity::Identity;
use crate::promise::{Call, Promise};
use crate::template::Arguments;

/// A graph, and the promise that each task of it is to compute.
pub(crate) struct Flat {
    pub(crate) graph: Arc<Graph>,
    pub(crate) promises: Promises,
    /// The tasks of the wanted promises, in their order; promises that are values have none.
    pub(crate) wanted: Vec<TaskId>,
}

/// The promises of tasks, by task.
pub(crate) struct Promises {
    /// Not counted as references: the wanted promises hold all others, and never change.
    by_task: ManuallyDrop<Vec<Py<Promise>>>,
    /// What is wanted.
    _owners: Vec<Py<Promise>>,
}

impl Promises {
    /// Promises that are all owned.
    pub(crate) fn owned(owners: Vec<Py<Promise>>) -> Self {
        let by_task = owners.iter().map(lent).collect();
        Self { by_task: ManuallyDrop::new(by_task), _owners: owners }
    }
}

impl Deref for Promises {
    type Target = [Py<Promise>];

    fn deref(&self) -> &[Py<Promise>] {
        &self.by_task
    }
}

impl Drop for Promises {
    fn drop(&mut self) {
        // SAFETY: it is not used after this. Its elements are no references, and are not to be dropped.
        unsafe {
            self.by_task.set_len(0);
            ManuallyDrop::drop(&mut self.by_task);
        }
    }
}

/// The same address, which must not be dropped.
fn lent(promise: &Py<Promise>) -> Py<Promise> {
    // SAFETY: only `Promises` has these. It shows them by reference while it has the owners, and never drops them.
    unsafe { std::ptr::read(promise) }
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

/// A pass that is under way.
struct Pass {
    /// The number of the pass, as marks have it.
    number: u64,
    graph: GraphBuilder,
    promises: Promises,
    shared: FxHashMap<Identity, TaskId>,
}

/// Flattens what these promises need.
pub(crate) fn flatten<'a>(
    py: Python<'_>,
    wanted: impl DoubleEndedIterator<Item = &'a Py<Promise>> + Clone,
) -> PyResult<Flat> {
    static PASSES: AtomicU64 = AtomicU64::new(1);
    let owners = wanted.clone().map(|promise| promise.clone_ref(py)).collect();
    let mut pass = Pass {
        number: PASSES.fetch_add(1, Ordering::Relaxed) << TASK_BITS,
        graph: GraphBuilder::new(),
        promises: Promises { by_task: ManuallyDrop::default(), _owners: owners },
        shared: FxHashMap::default(),
    };
    let mut needs: Vec<TaskId> = Vec::new();
    let mut stack: Vec<Step<'_>> = wanted.clone().rev().map(Step::Enter).collect();
    while let Some(step) = stack.pop() {
        match step {
            Step::Enter(promise) => {
                let Some(call) = promise.get().call() else { continue };
                if pass.is_there(promise.get()) {
                    continue;
                }
                promise.get().set_mark(pass.number | UNDER_WAY);
                needs.clear();
                if let Arguments::Template(template) = &call.arguments {
                    pass.reserve(template.ops.len());
                }
                let mut rest = call.arguments.promises();
                loop {
                    let Some(need) = rest.next() else {
                        // All it needs was at hand.
                        pass.add(promise, needs.drain(..))?;
                        break;
                    };
                    match pass.at_hand(need)? {
                        AtHand::Value => {}
                        AtHand::Task(task) => needs.push(task),
                        AtHand::No => {
                            stack.push(Step::Leave(promise, call));
                            let first = stack.len();
                            stack.push(Step::Enter(need));
                            stack.extend(rest.map(Step::Enter));
                            stack[first..].reverse();
                            break;
                        }
                    }
                }
            }
            Step::Leave(promise, call) => {
                let number = pass.number;
                let needs = call.arguments.promises().filter(|need| need.get().call().is_some());
                let needs = needs.map(move |need| {
                    seen(number, need.get()).expect("the needs of a promise were looked at before it")
                });
                pass.add(promise, needs)?;
            }
        }
    }
    let task_of = |promise: &Py<Promise>| seen(pass.number, promise.get());
    let wanted: Vec<TaskId> = wanted.filter_map(task_of).collect();
    wanted.iter().for_each(|task| pass.graph.keep(*task));
    pass.graph.set_depth_first();
    Ok(Flat { graph: Arc::new(pass.graph.build()), promises: pass.promises, wanted })
}

/// Whether a promise needs looking at.
enum AtHand {
    Value,
    Task(TaskId),
    No,
}

/// The task of a promise that was seen in this pass.
fn seen(pass: u64, promise: &Promise) -> Option<TaskId> {
    let mark = promise.mark();
    (mark >> TASK_BITS == pass >> TASK_BITS).then(|| TaskId::from_index((mark & UNDER_WAY) as usize))
}

impl Pass {
    /// Whether a promise was seen, or one that is equal to it.
    fn is_there(&self, promise: &Promise) -> bool {
        if seen(self.number, promise).is_some() {
            return true;
        }
        let equal = promise.may_have_equals().then(|| self.shared.get(&promise.identity())).flatten();
        if let Some(task) = equal {
            promise.set_mark(self.number | task.index() as u64);
        }
        equal.is_some()
    }

    /// What a promise is a need for, if there is nothing in it to look at: a value, a task that was met, a call that needs
    /// none. (One whose needs are being looked at can't be met: promises have no cycles.)
    fn at_hand(&mut self, promise: &Py<Promise>) -> PyResult<AtHand> {
        let this = promise.get();
        let Some(call) = this.call() else { return Ok(AtHand::Value) };
        if self.is_there(this) {
            return Ok(seen(self.number, this).map_or(AtHand::No, AtHand::Task));
        }
        if call.arguments.may_hold_promises() {
            return Ok(AtHand::No);
        }
        self.add(promise, []).map(AtHand::Task)
    }

    /// Makes room for so many calls. It is only ever too much.
    fn reserve(&mut self, n: usize) {
        self.graph.reserve(n, n);
        self.promises.by_task.reserve(n);
    }

    /// Adds the task of a promise all whose needs are there.
    fn add(&mut self, promise: &Py<Promise>, needs: impl IntoIterator<Item = TaskId>) -> PyResult<TaskId> {
        let this = promise.get();
        if this.may_have_equals()
            && let Some(task) = self.shared.get(&this.identity())
        {
            // An equal one was met below this one.
            this.set_mark(self.number | task.index() as u64);
            return Ok(*task);
        }
        let task = self.graph.add(needs);
        if task.index() as u64 >= UNDER_WAY {
            return Err(PyOverflowError::new_err(format!("more than {UNDER_WAY} promises in one compute")));
        }
        self.promises.by_task.push(lent(promise));
        this.set_mark(self.number | task.index() as u64);
        if this.may_have_equals() {
            self.shared.insert(this.identity(), task);
        }
        Ok(task)
    }
}
