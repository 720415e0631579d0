//! Takes tasks from a run for worker processes, a batch for each idle one, and reports what became of them.
//! Knows workers as numbers; nothing of processes, sockets or pickles.
//!
//! A task goes where most of what it needs is, if that worker is idle, or else to the idle one with least to do.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use rustc_hash::{FxHashMap, FxHashSet};
use tureen_engine::{Lane, Outcome, Report, TaskId, TaskState};

use super::calls::{Calls, Given, Run};
use super::guess::{BATCH_SECONDS, Guesses};
use super::held::Held;
use super::whole::Values;
use crate::failure;
use crate::promise::{Call, Promise};
use crate::session::Session;
use crate::template::{Arguments, Few};

/// More tasks than this in a batch gain nothing.
const MOST_TASKS: usize = 4000;

/// What `tureen._processes` asks for work, and tells of results. It belongs to one run.
#[pyclass(module = "tureen._tureen")]
pub(crate) struct Feed {
    session: Arc<Session>,
    /// By what is done, and the address of the function that does it: held below, so that no other gets this address.
    functions: FxHashMap<(u8, usize), u32>,
    held_functions: Vec<Py<PyAny>>,
    guesses: Guesses,
    workers: Vec<Worker>,
    released: Vec<TaskId>,
    /// Whether a batch may be made before somebody is idle: not once results stay in workers, for these choose the worker.
    may_prepare: bool,
    /// Tasks that were taken and are in no batch yet. The first may have to wait for an idle worker.
    taken: VecDeque<TaskId>,
    /// So many are taken at once.
    n_at_once: usize,
    /// If others pull from this run, too: whether a call may go to a worker. What may not, they do.
    may_go: Option<Py<PyAny>>,
}

/// What one worker has.
#[derive(Default)]
struct Worker {
    /// Whether it was sent each function.
    has_function: Vec<bool>,
    /// Results that it holds and nobody needs any more.
    to_drop: Vec<u32>,
}

/// Tasks for one worker, in the making.
struct Batch<'py> {
    worker: u32,
    is_open: bool,
    seconds: f64,
    tasks: Vec<u32>,
    calls: Calls<'py>,
    /// One byte for each task: whether the result is wanted by the user.
    is_wanted: Vec<u8>,
    /// Functions that the worker does not have: number, what is done, function.
    functions: Vec<(u32, u8, Py<PyAny>)>,
    /// Results that the worker does not have: who has it, the task, whether it may be moved.
    missing: Vec<(u32, u32, bool)>,
    is_missing: FxHashSet<u32>,
}

/// The same, as Python gets it.
type Taken<'py> = (
    u32,
    Bound<'py, PyBytes>,
    Vec<Run<'py>>,
    Bound<'py, PyBytes>,
    Vec<(u32, u8, Py<PyAny>)>,
    Vec<(u32, u32, bool)>,
    Vec<u32>,
);

/// Tasks, calls, and which results are wanted: a batch that is nobody's yet.
type Prepared<'py> = (Bound<'py, PyBytes>, Vec<Run<'py>>, Bound<'py, PyBytes>);

/// A need of a task that is not in this process.
type Elsewhere<'py> = Vec<(TaskId, Bound<'py, Held>)>;

impl Feed {
    pub(crate) fn new(session: Arc<Session>, n_workers: usize) -> Self {
        Self {
            session,
            functions: FxHashMap::default(),
            held_functions: Vec::new(),
            guesses: Guesses::default(),
            workers: (0..n_workers).map(|_| Worker::default()).collect(),
            released: Vec::new(),
            may_prepare: true,
            taken: VecDeque::new(),
            n_at_once: 1,
            may_go: None,
        }
    }

    /// Takes only tasks that were put aside, and of these only calls for which `may_go(function, args, kwargs)` is true.
    pub(crate) fn aside(session: Arc<Session>, n_workers: usize, may_go: Py<PyAny>) -> Self {
        Self { may_go: Some(may_go), ..Self::new(session, n_workers) }
    }

    /// The number of the function of a call.
    fn function(&mut self, py: Python<'_>, call: &Call) -> u32 {
        let py_function = &call.function;
        let doing = call.doing.code();
        let next = self.held_functions.len() as u32;
        let held_functions = &mut self.held_functions;
        *self.functions.entry((doing, py_function.as_ptr() as usize)).or_insert_with(|| {
            held_functions.push(py_function.clone_ref(py));
            next
        })
    }

    /// The arguments of a task, with `Held` for what is not in this process.
    fn fill<'py>(
        &self,
        py: Python<'py>,
        task: TaskId,
        call: &Call,
    ) -> PyResult<(Given<'py>, Elsewhere<'py>)> {
        let mut needs = self.session.needs(task).iter();
        let mut elsewhere = Vec::new();
        let result_of = |promise: &Py<Promise>| {
            let at = needs.as_slice().first().copied();
            let value = self.session.result_of(py, promise, &mut needs);
            if promise.get().call().is_some()
                && let Some(need) = at
                && let Ok(held) = value.cast_exact::<Held>()
            {
                elsewhere.push((need, held.clone()));
            }
            value
        };
        let given = match &call.arguments {
            Arguments::Few(Few::Value(value)) => Given::One(value.bind(py).clone()),
            arguments => Given::All(arguments.fill_for_elsewhere(py, result_of)?),
        };
        Ok((given, elsewhere))
    }

    /// Adds a task to one of the batches.
    fn place<'py>(
        &mut self,
        py: Python<'py>,
        task: TaskId,
        call: &Call,
        (given, elsewhere): (Given<'py>, Elsewhere<'py>),
        batches: &mut [Batch<'py>],
    ) -> PyResult<()> {
        let function = self.function(py, call);
        let chosen = choose(&elsewhere, batches);
        let batch = &mut batches[chosen];
        let worker = batch.worker;
        for (need, held) in &elsewhere {
            let need_number = need.index() as u32;
            let holders = held.get().holders();
            if !holders.contains(&worker) && batch.is_missing.insert(need_number) {
                batch.missing.push((holders[0], need_number, self.moves(*need)));
            }
        }
        let has_function = &mut self.workers[worker as usize].has_function;
        if has_function.len() <= function as usize {
            has_function.resize(function as usize + 1, false);
        }
        if !std::mem::replace(&mut has_function[function as usize], true) {
            batch.functions.push((function, call.doing.code(), call.function.clone_ref(py)));
        }
        let is_wanted = self.is_wanted_here(task);
        batch.add(py, task, function, given, is_wanted, self.guesses.of(function as usize))
    }

    /// The next task for a batch.
    fn next_task(&mut self) -> Option<TaskId> {
        if self.taken.is_empty() {
            let lane = if self.may_go.is_some() { Lane::Aside } else { Lane::Main };
            self.session.run.take_many(lane, self.n_at_once, &mut self.taken);
        }
        self.taken.pop_front()
    }

    /// How many tasks may go in one batch.
    fn most_tasks(&self) -> usize {
        let n_left = self.session.run.counts().ready + self.taken.len();
        (n_left / (2 * self.workers.len())).clamp(1, MOST_TASKS)
    }

    /// Whether a result may not stay in a worker: what the user wants, or threads may need.
    fn is_wanted_here(&self, task: TaskId) -> bool {
        self.may_go.is_some() || self.session.is_wanted(task)
    }

    /// Whether a result leaves its worker when another one gets it: what one task needs is not kept twice.
    fn moves(&self, task: TaskId) -> bool {
        self.session.n_users(task) == 1
    }

    fn may_go(&self, py: Python<'_>, call: &Call, given: &Given<'_>) -> PyResult<bool> {
        let Some(may_go) = &self.may_go else { return Ok(true) };
        let (args, kwargs) = given.filled()?;
        may_go.bind(py).call1((&call.function, args, kwargs))?.is_truthy()
    }

    fn drop_released(&mut self, py: Python<'_>) {
        for task in std::mem::take(&mut self.released) {
            let Some(result) = self.session.take_result(task) else { continue };
            if let Ok(held) = result.bind(py).cast_exact::<Held>() {
                for holder in held.get().holders() {
                    self.workers[holder as usize].to_drop.push(task.index() as u32);
                }
            }
        }
    }

    fn fail_with(&mut self, task: TaskId, error: PyErr) {
        self.session.fail(error);
        self.session.run.report(Report { task, outcome: Outcome::Failed }, &mut self.released);
    }
}

#[pymethods]
impl Feed {
    /// Batches for those of the idle workers for which there is something to do.
    fn take<'py>(&mut self, py: Python<'py>, idle: Vec<u32>) -> PyResult<Vec<Taken<'py>>> {
        let session = Arc::clone(&self.session);
        let most_tasks = self.most_tasks();
        let mut batches: Vec<Batch<'_>> = idle.into_iter().map(Batch::new).collect();
        while batches.iter().any(|batch| batch.is_open) {
            let Some(task) = self.next_task() else { break };
            let promise = session.promise(task).get();
            let call = promise.call().expect("values are no tasks");
            match self.fill(py, task, call) {
                Ok(filled) if self.may_go(py, call, &filled.0)? => {
                    self.place(py, task, call, filled, &mut batches)?;
                }
                Ok(_) => session.run.put_back(task, Lane::Main, &mut self.released),
                Err(error) => {
                    self.fail_with(task, failure::explain(py, error, promise, None));
                    break;
                }
            }
            for batch in &mut batches {
                batch.is_open &= batch.tasks.len() < most_tasks && batch.seconds < BATCH_SECONDS;
            }
        }
        self.drop_released(py);
        let filled = batches.into_iter().filter(|batch| !batch.tasks.is_empty());
        Ok(filled.map(|batch| batch.give(py, &mut self.workers)).collect())
    }

    /// A batch for whoever is idle first, made while nobody is; `None` if there is none that anybody may have.
    fn prepare<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Prepared<'py>>> {
        if !self.may_prepare || self.session.has_failed() {
            return Ok(None);
        }
        let session = Arc::clone(&self.session);
        let most_tasks = self.most_tasks();
        let mut batch = Batch::new(u32::MAX);
        while batch.is_open && batch.tasks.len() < most_tasks && batch.seconds < BATCH_SECONDS {
            let Some(task) = self.next_task() else { break };
            let promise = session.promise(task).get();
            let call = promise.call().expect("values are no tasks");
            let function = self.function(py, call);
            let has_function = |worker: &Worker| worker.has_function.get(function as usize) == Some(&true);
            if !self.workers.iter().all(has_function) {
                self.taken.push_front(task);
                break;
            }
            match self.fill(py, task, call) {
                Ok((filled, _)) if !self.may_go(py, call, &filled)? => {
                    session.run.put_back(task, Lane::Main, &mut self.released);
                }
                Ok((given, elsewhere)) if elsewhere.is_empty() => {
                    let guess = self.guesses.of(function as usize);
                    batch.add(py, task, function, given, self.is_wanted_here(task), guess)?;
                }
                Ok(_) => {
                    self.may_prepare = false;
                    self.taken.push_front(task);
                    break;
                }
                Err(error) => {
                    self.fail_with(task, failure::explain(py, error, promise, None));
                    break;
                }
            }
        }
        self.drop_released(py);
        let is_empty = batch.tasks.is_empty();
        Ok((!is_empty)
            .then(|| (numbers(py, &batch.tasks), batch.calls.runs(py), PyBytes::new(py, &batch.is_wanted))))
    }

    /// Takes in the results of tasks: a list, or bytes if all are whole numbers. Those of `held` (places among the tasks) stayed in the worker.
    ///
    /// `times` has for each function: its number, the number of calls, and the seconds they took.
    fn done(
        &mut self,
        py: Python<'_>,
        worker: u32,
        tasks: &[u8],
        results: &Bound<'_, PyAny>,
        held: Vec<usize>,
        times: Vec<(usize, u32, f64)>,
    ) -> PyResult<()> {
        for (function, n_calls, seconds) in times {
            self.guesses.learn(function, n_calls, seconds);
            // Taking many at once is cheaper, but each counts as begun: only so many as are in a worker's hands in no time.
            let n_in_batch = self.guesses.of(function).map_or(1.0, |guess| BATCH_SECONDS / guess);
            self.n_at_once =
                if self.may_go.is_some() { 1 } else { (n_in_batch / 8.0).clamp(1.0, 256.0) as usize };
        }
        let mut held = held.into_iter().peekable();
        let results = Values::of(results)?;
        let mut ended = Vec::with_capacity(results.len());
        for (place, task) in tasks_of(tasks).take(results.len()).enumerate() {
            let is_held = held.next_if_eq(&place).is_some();
            let result = if is_held {
                Bound::new(py, Held::new(task, worker))?.into_any()
            } else {
                results.get(py, place)?
            };
            let task = TaskId::from_index(task as usize);
            self.session.keep_result(task, result.unbind());
            ended.push(task);
        }
        self.session.run.report_done(&ended, &mut self.released);
        self.drop_released(py);
        Ok(())
    }

    /// Takes in that a task failed. `args` and `kwargs` need only have a `repr`.
    #[pyo3(signature = (task, error, args = None, kwargs = None))]
    fn failed(
        &mut self,
        py: Python<'_>,
        task: usize,
        error: Bound<'_, PyAny>,
        args: Option<Bound<'_, PyTuple>>,
        kwargs: Option<Bound<'_, PyDict>>,
    ) {
        let task = TaskId::from_index(task);
        let given = args.as_ref().map(|args| (args, kwargs.as_ref()));
        let session = Arc::clone(&self.session);
        let error = failure::explain(py, PyErr::from_value(error), session.promise(task).get(), given);
        self.fail_with(task, error);
        self.drop_released(py);
    }

    /// Puts back those of these tasks that have not ended, as if nobody had taken them. The one that `stays` is for the
    /// threads.
    fn put_back(&mut self, py: Python<'_>, tasks: &[u8], stays: Option<usize>) {
        for task in tasks_of(tasks).map(|task| TaskId::from_index(task as usize)) {
            if self.session.run.task_state(task) == TaskState::Running {
                let lane = if stays == Some(task.index()) { Lane::Main } else { Lane::Aside };
                self.session.run.put_back(task, lane, &mut self.released);
            }
        }
        self.drop_released(py);
    }

    /// Says that a result has arrived in this worker.
    fn given(&self, py: Python<'_>, task: usize, to: u32) {
        let task = TaskId::from_index(task);
        if let Some(result) = self.session.peek_result(py, task)
            && let Ok(held) = result.cast_exact::<Held>()
        {
            held.get().given(to, self.moves(task));
        }
    }

    /// The name of what a task calls.
    fn label(&self, py: Python<'_>, task: usize) -> String {
        self.session.promise(TaskId::from_index(task)).get().label(py)
    }

    /// Has nothing new start.
    fn cancel(&self) {
        self.session.run.cancel();
    }

    /// Whether nothing new will start: all is done, or something failed.
    fn is_over(&self) -> bool {
        let counts = self.session.run.counts();
        self.session.has_failed() || counts.waiting + counts.ready + counts.running == 0
    }
}

impl<'py> Batch<'py> {
    fn new(worker: u32) -> Self {
        Self {
            worker,
            is_open: true,
            seconds: 0.0,
            tasks: Vec::new(),
            calls: Calls::default(),
            is_wanted: Vec::new(),
            functions: Vec::new(),
            missing: Vec::new(),
            is_missing: FxHashSet::default(),
        }
    }

    fn add(
        &mut self,
        py: Python<'py>,
        task: TaskId,
        function: u32,
        given: Given<'py>,
        is_wanted: bool,
        guess: Option<f64>,
    ) -> PyResult<()> {
        self.calls.add(py, function, given)?;
        self.tasks.push(task.index() as u32);
        self.is_wanted.push(u8::from(is_wanted));
        match guess {
            Some(seconds) => self.seconds += seconds,
            // Nobody knows how long this takes: nothing is to wait behind it.
            None => self.is_open = false,
        }
        Ok(())
    }

    fn give(self, py: Python<'py>, workers: &mut [Worker]) -> Taken<'py> {
        let to_drop = std::mem::take(&mut workers[self.worker as usize].to_drop);
        let is_wanted = PyBytes::new(py, &self.is_wanted);
        let tasks = numbers(py, &self.tasks);
        (self.worker, tasks, self.calls.runs(py), is_wanted, self.functions, self.missing, to_drop)
    }
}

/// The place of the open batch for a task with such needs: where most of them are, or with least to do.
fn choose(elsewhere: &[(TaskId, Bound<'_, Held>)], batches: &[Batch<'_>]) -> usize {
    let mut n_there = vec![0_usize; if elsewhere.is_empty() { 0 } else { batches.len() }];
    for (_, held) in elsewhere {
        for holder in held.get().holders() {
            if let Some(place) = batches.iter().position(|batch| batch.worker == holder) {
                n_there[place] += 1;
            }
        }
    }
    let rank = |place: usize| {
        let batch = &batches[place];
        (n_there.get(place).copied().unwrap_or(0), std::cmp::Reverse(batch.tasks.len()))
    };
    let open = (0..batches.len()).filter(|&place| batches[place].is_open);
    open.max_by_key(|&place| rank(place)).expect("a task is only taken while there is an open batch")
}

/// Numbers as bytes, for those who only pass them on: a list of them would be pickled one by one.
fn numbers<'py>(py: Python<'py>, tasks: &[u32]) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = tasks.iter().flat_map(|task| task.to_ne_bytes()).collect();
    PyBytes::new(py, &bytes)
}

fn tasks_of(numbers: &[u8]) -> impl Iterator<Item = u32> {
    numbers.as_chunks().0.iter().map(|&bytes| u32::from_ne_bytes(bytes))
}
