//! The tasks of a session in pieces, to be sent to somebody who does each piece as one (`piece`).
//! Knows which piece needs what of which; how pieces are cut is the engine's business, and where they go
//! `tureen._distributed`'s.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};
use rustc_hash::FxHashMap;
use tureen_engine::{Pieces as Cut, Place, Sizes, TaskId};

use crate::pickled::written_call;
use crate::promise::{Doing, Work};
use crate::session::Session;

/// More groups of results than this are not told apart: each would be a task of its own.
const MOST_GROUPS: usize = 4;

/// A name, the function if it is a plain call of one, and how often it is called.
type Function = (String, Option<Py<PyAny>>, usize);

/// Where a result is: the piece, the group of its results, and the place there, or -1 if it is the group.
type Found = (usize, usize, isize);

/// A piece as plain data: its calls, the function of each by number, the values that they are given, where the results are that
/// come after these, and the places of its own results in groups.
type Written<'py> = (Bound<'py, PyList>, Vec<u32>, Vec<Py<PyAny>>, Vec<Found>, Vec<Vec<usize>>);

/// The tasks of a run in pieces.
#[pyclass(frozen, module = "tureen._tureen")]
pub(crate) struct Pieces {
    session: Arc<Session>,
    /// The function of each task, by number.
    function_of: Vec<u32>,
    functions: Vec<Function>,
    where_: Vec<Where>,
    made: Mutex<Made>,
}

/// Where a task is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    InPiece,
    /// Its result is on the cluster already: the function stands for it.
    OnCluster,
    /// By whoever computes, when it has the results: it puts them into a container.
    Here,
}

/// The pieces that were made so far.
#[derive(Default)]
struct Made {
    pieces: Vec<Vec<TaskId>>,
    /// For each task in a piece: the piece, and the place there.
    place: Vec<Option<(u32, u32)>>,
    /// For each task whose result leaves its piece: the group and the place there.
    found: FxHashMap<TaskId, (u32, isize)>,
    /// For each piece, the places in it of the results that leave it.
    groups: Vec<Vec<Vec<usize>>>,
}

impl Pieces {
    /// `is_gathered` says that containers of results are put together here, if nobody else needs them. What is an instance of
    /// `on_cluster` stands for a result that is there.
    pub(crate) fn new(
        py: Python<'_>,
        session: Arc<Session>,
        is_gathered: bool,
        on_cluster: &Bound<'_, PyType>,
    ) -> PyResult<Self> {
        let mut functions: Vec<Function> = Vec::new();
        let mut by_address: FxHashMap<usize, u32> = FxHashMap::default();
        let mut by_name: FxHashMap<String, u32> = FxHashMap::default();
        let graph = session.graph();
        let mut function_of = Vec::with_capacity(graph.len());
        let mut where_ = Vec::with_capacity(graph.len());
        for task in graph.tasks() {
            let promise = session.promise(task).get();
            let call = promise.call().expect("values are no tasks");
            let next = functions.len() as u32;
            let function = if call.doing == Doing::Call {
                *by_address.entry(call.function.as_ptr() as usize).or_insert(next)
            } else {
                *by_name.entry(promise.label(py)).or_insert(next)
            };
            if function == next {
                let plain = (call.doing == Doing::Call).then(|| call.function.clone_ref(py));
                functions.push((promise.label(py), plain, 0));
            }
            functions[function as usize].2 += 1;
            function_of.push(function);
            let is_last = is_gathered && session.is_wanted(task) && graph.users(task).is_empty();
            where_.push(if call.doing == Doing::Call && call.function.bind(py).is_instance(on_cluster)? {
                Where::OnCluster
            } else if is_last && is_container(py, call)? {
                Where::Here
            } else {
                Where::InPiece
            });
        }
        let made = Made { place: vec![None; graph.len()], ..Made::default() };
        Ok(Self { session, function_of, functions, where_, made: Mutex::new(made) })
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever computes asks for the result of this task.
    fn is_asked(&self, task: TaskId) -> bool {
        let here = |user: &TaskId| self.where_[user.index()] == Where::Here;
        self.session.is_wanted(task) || self.session.graph().users(task).iter().any(here)
    }

    fn found(&self, made: &Made, task: TaskId) -> PyResult<Found> {
        let place = made.place[task.index()].zip(made.found.get(&task));
        let ((piece, _), (group, place)) =
            place.ok_or_else(|| PyRuntimeError::new_err("a result that stays in its piece is asked for"))?;
        Ok((piece as usize, *group as usize, *place))
    }
}

/// Whether a call does nothing but put results together.
fn is_container(py: Python<'_>, call: &crate::promise::Call) -> PyResult<bool> {
    Ok(match call.doing {
        Doing::Gather => true,
        Doing::Call => call.function.bind(py).hasattr(pyo3::intern!(py, "__tureen_gathers__"))?,
        Doing::Apply | Doing::Method | Doing::Attribute => false,
    })
}

#[pymethods]
impl Pieces {
    /// How many pieces there are so far.
    fn __len__(&self) -> usize {
        self.made().pieces.len()
    }

    /// The functions that tasks call: the name, the function if it is a plain call, and how many calls.
    fn functions(&self, py: Python<'_>) -> Vec<Function> {
        let copy = |(label, function, n): &Function| {
            (label.clone(), function.as_ref().map(|function| function.clone_ref(py)), *n)
        };
        self.functions.iter().map(copy).collect()
    }

    /// The tasks that are done by whoever computes, each after those that it needs.
    fn here(&self) -> Vec<usize> {
        (0..self.where_.len()).filter(|task| self.where_[*task] == Where::Here).collect()
    }

    /// The tasks whose results are on the cluster already, with what stands for them.
    fn on_cluster(&self, py: Python<'_>) -> Vec<(usize, Py<PyAny>)> {
        let tasks = (0..self.where_.len()).filter(|task| self.where_[*task] == Where::OnCluster);
        let held = |task| {
            let promise = self.session.promise(TaskId::from_index(task)).get();
            promise.call().map(|call| (task, call.function.clone_ref(py)))
        };
        tasks.filter_map(held).collect()
    }

    /// Tasks to try first: for each function in `unknown`, some whose needs are tried, too, or are there.
    fn scouts(&self, unknown: Vec<bool>, most: usize) -> Vec<usize> {
        const MANY: usize = 10_000;
        let graph = self.session.graph();
        let mut n_left: Vec<usize> = unknown.iter().map(|unknown| if *unknown { 2 } else { 0 }).collect();
        let mut is_scout = vec![false; graph.len().min(MANY)];
        let mut scouts = Vec::new();
        for task in graph.tasks().take(MANY) {
            if scouts.len() >= most {
                break;
            }
            let left = &mut n_left[self.function_of[task.index()] as usize];
            let is_there =
                |need: &TaskId| is_scout[need.index()] || self.where_[need.index()] == Where::OnCluster;
            if *left > 0
                && self.where_[task.index()] == Where::InPiece
                && graph.needs(task).iter().all(is_there)
            {
                *left -= 1;
                is_scout[task.index()] = true;
                scouts.push(task.index());
            }
        }
        scouts
    }

    /// Make a piece of each of these tasks. To be called before `cut`.
    fn begin(&self, tasks: Vec<usize>) -> PyResult<()> {
        let mut made = self.made();
        for task in tasks {
            if task >= made.place.len() {
                return Err(PyIndexError::new_err(format!("there is no task {task}")));
            }
            let piece = made.pieces.len() as u32;
            let task = TaskId::from_index(task);
            made.place[task.index()] = Some((piece, 0));
            made.found.insert(task, (0, -1));
            made.groups.push(vec![vec![0]]);
            made.pieces.push(vec![task]);
        }
        Ok(())
    }

    /// Cut the rest. `seconds` is what a call of each function is expected to take. Gives the number of all pieces.
    fn cut(&self, seconds: Vec<f64>, most: f64, least: f64, n_wide: usize) -> PyResult<usize> {
        if seconds.len() < self.functions.len() {
            return Err(PyIndexError::new_err("there are seconds missing"));
        }
        let mut made = self.made();
        let place = |task: TaskId| {
            let is_begun = made.place[task.index()].is_some();
            if is_begun || self.where_[task.index()] != Where::InPiece {
                Place::Outside
            } else {
                Place::Inside
            }
        };
        let graph = self.session.graph();
        let expected = |task: TaskId| seconds[self.function_of[task.index()] as usize].max(1e-9);
        let cut = Cut::cut(graph, expected, place, Sizes { most, least, n_wide });
        for piece in 0..cut.len() {
            let tasks = cut.tasks(piece);
            let number = made.pieces.len() as u32;
            for (place, task) in tasks.iter().enumerate() {
                made.place[task.index()] = Some((number, place as u32));
            }
            made.pieces.push(tasks.to_vec());
        }
        for piece in made.groups.len()..made.pieces.len() {
            let groups = self.group(&made, piece);
            for (number, group) in groups.iter().enumerate() {
                for (place, task) in group.iter().enumerate() {
                    let place = if group.len() == 1 { -1 } else { place as isize };
                    made.found.insert(*task, (number as u32, place));
                }
            }
            let place_of = |task: TaskId| made.place[task.index()].map_or(0, |(_, place)| place as usize);
            let groups = groups.into_iter().map(|group| group.into_iter().map(place_of).collect()).collect();
            made.groups.push(groups);
        }
        Ok(made.pieces.len())
    }

    /// How many tasks a piece has.
    fn n_tasks(&self, piece: usize) -> PyResult<usize> {
        self.made().pieces.get(piece).map(Vec::len).ok_or_else(|| no_piece(piece))
    }

    /// The task with this place in a piece.
    fn task(&self, piece: usize, place: usize) -> PyResult<usize> {
        let made = self.made();
        let tasks = made.pieces.get(piece).ok_or_else(|| no_piece(piece))?;
        tasks.get(place).map(|task| task.index()).ok_or_else(|| no_piece(piece))
    }

    /// The tasks whose results are asked for by whoever computes, and where these are; those on the cluster are left out.
    fn asked(&self) -> PyResult<Vec<(usize, Found)>> {
        let made = self.made();
        let tasks = self.session.graph().tasks();
        let asked = tasks.filter(|task| self.where_[task.index()] == Where::InPiece && self.is_asked(*task));
        asked.map(|task| Ok((task.index(), self.found(&made, task)?))).collect()
    }

    /// Write a piece down. What it needs of what is on the cluster already is found at `(-1, task, -1)`, as it were.
    fn write<'py>(&self, py: Python<'py>, piece: usize) -> PyResult<Written<'py>> {
        let made = self.made();
        let tasks = made.pieces.get(piece).ok_or_else(|| no_piece(piece))?;
        let calls = PyList::empty(py);
        let mut functions = Vec::with_capacity(tasks.len());
        let mut values: Vec<Py<PyAny>> = Vec::new();
        let mut place_of_value: FxHashMap<usize, usize> = FxHashMap::default();
        let mut outside: Vec<Found> = Vec::new();
        let mut place_of_task: FxHashMap<TaskId, usize> = FxHashMap::default();
        // Values come first among what is given, and only the end tells how many there are.
        for &task in tasks {
            for promise in
                self.session.promise(task).get().call().into_iter().flat_map(|call| call.arguments.promises())
            {
                if let Work::Value { value, .. } = promise.get().work() {
                    place_of_value.entry(promise.as_ptr() as usize).or_insert_with(|| {
                        values.push(value.clone_ref(py));
                        values.len() - 1
                    });
                }
            }
        }
        for &task in tasks {
            let call = self.session.promise(task).get().call().expect("values are no tasks");
            let mut needs = self.session.needs(task).iter();
            let written = written_call(py, call, &mut |promise| {
                let place = match promise.get().work() {
                    Work::Value { .. } => !(place_of_value[&(promise.as_ptr() as usize)] as isize),
                    Work::Call(_) => {
                        let need = *needs.next().expect("the graph has a need for each promise in a call");
                        match made.place[need.index()] {
                            Some((its_piece, place)) if its_piece as usize == piece => place as isize,
                            its_place => {
                                let next = outside.len();
                                let place = *place_of_task.entry(need).or_insert(next);
                                if place == next {
                                    outside.push(match its_place {
                                        Some(_) => self.found(&made, need)?,
                                        None => (usize::MAX, need.index(), -1),
                                    });
                                }
                                !((values.len() + place) as isize)
                            }
                        }
                    }
                };
                Ok(place.into_pyobject(py)?.into_any())
            })?;
            calls.append(written)?;
            functions.push(self.function_of[task.index()]);
        }
        Ok((calls, functions, values, outside, made.groups.get(piece).cloned().unwrap_or_default()))
    }
}

impl Pieces {
    /// The results that leave a piece, those together that the same others need.
    fn group(&self, made: &Made, piece: usize) -> Vec<Vec<TaskId>> {
        const ASKED: u32 = u32::MAX;
        let graph = self.session.graph();
        let mut groups: Vec<Vec<TaskId>> = Vec::new();
        let mut by_users: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
        for &task in &made.pieces[piece] {
            let users = graph.users(task).iter();
            let mut users: Vec<u32> = users
                .filter_map(|user| made.place[user.index()].map(|(its_piece, _)| its_piece))
                .filter(|user| *user as usize != piece)
                .chain(self.is_asked(task).then_some(ASKED))
                .collect();
            if users.is_empty() {
                continue;
            }
            users.sort_unstable();
            users.dedup();
            let next = groups.len();
            let group = *by_users.entry(users).or_insert(next);
            if group == next {
                groups.push(Vec::new());
            }
            groups[group].push(task);
        }
        if groups.len() > MOST_GROUPS {
            let mut all: Vec<TaskId> = groups.into_iter().flatten().collect();
            all.sort_unstable();
            groups = vec![all];
        }
        groups
    }
}

fn no_piece(piece: usize) -> PyErr {
    PyIndexError::new_err(format!("there is no such task in piece {piece}"))
}
