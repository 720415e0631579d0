//! From a graph of dask's to promises, in one pass over what the wanted keys need.
//! Knows dask's nodes (`dask._task_spec`, 2026.8), and dask itself as something that is there already: whoever calls this
//! has imported it. Running the promises is `compute`'s business.
//!
//! A node whose arguments are keys, containers of keys and plain values becomes a call like any other, made from Rust.
//! A node that we don't know how to take apart is called as dask calls it, with a dict of what it depends on.

use std::cell::RefCell;

use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::dask_nodes::Nodes;
use crate::identity::Identity;
use crate::promise::{Call, Doing, Promise, Work};
use crate::site::Site;
use crate::template::{Arguments, Op, Template};
use crate::tracking::is_rooted;

/// Make promises of what these keys of a dask graph stand for.
///
/// `known` has the values of keys that are not in the graph; `n_outputs` says how many values each of them unpacks into.
#[pyfunction]
#[pyo3(signature = (graph, keys, known = None, n_outputs = None))]
pub(crate) fn promises_of<'py>(
    graph: &Bound<'py, PyDict>,
    keys: &Bound<'py, PyList>,
    known: Option<&Bound<'py, PyAny>>,
    n_outputs: Option<u32>,
) -> PyResult<Bound<'py, PyList>> {
    let py = graph.py();
    let made = PyDict::new(py);
    let conversion = Conversion {
        graph,
        known,
        wanted: keys,
        n_outputs,
        nodes: Nodes::of_dask(py)?,
        made: &made,
        rooted: RefCell::default(),
    };
    for key in keys.iter() {
        conversion.make(&key)?;
    }
    let promises: Vec<_> = keys.iter().map(|key| made.as_any().get_item(key)).collect::<PyResult<_>>()?;
    PyList::new(py, promises)
}

/// A step of a program whose keys have no promises yet.
enum Part<'py> {
    Ready(Op),
    Key(Bound<'py, PyAny>),
}

/// A call whose needs have no promises yet.
struct Draft<'py> {
    doing: Doing,
    function: Py<PyAny>,
    parts: Vec<Part<'py>>,
    n_args: usize,
    names: Option<Py<PyTuple>>,
}

enum Step<'py> {
    Enter { key: Bound<'py, PyAny>, is_needed: bool },
    Leave(Bound<'py, PyAny>, Draft<'py>),
}

/// Beyond this many functions, looking them up takes longer than looking at them.
const MOST_FUNCTIONS: usize = 16;

/// Containers in containers deeper than this are left to dask, which recurses.
const DEEPEST: usize = 32;

struct Conversion<'a, 'py> {
    graph: &'a Bound<'py, PyDict>,
    known: Option<&'a Bound<'py, PyAny>>,
    wanted: &'a Bound<'py, PyList>,
    n_outputs: Option<u32>,
    nodes: &'a Nodes,
    /// A promise by key; `None` while its needs are looked at.
    made: &'a Bound<'py, PyDict>,
    rooted: RefCell<Vec<(Bound<'py, PyAny>, bool)>>,
}

impl<'py> Conversion<'_, 'py> {
    /// Sees to it that there is a promise for this key.
    fn make(&self, key: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = key.py();
        let mut stack = vec![Step::Enter { key: key.clone(), is_needed: false }];
        while let Some(step) = stack.pop() {
            match step {
                Step::Enter { key, is_needed } => match self.made.get_item(&key)? {
                    Some(promise) if promise.is_none() => return Err(cycle(&key, &stack)),
                    Some(_) => (),
                    None => match self.node(&key)? {
                        Some(node) if node.get_type().is(&self.nodes.data) => {
                            self.set(&key, value_of(node.getattr(pyo3::intern!(py, "value"))?))?;
                        }
                        Some(node) => {
                            let draft = self.draft(&node)?;
                            self.made.set_item(&key, py.None())?;
                            let needs: Vec<_> = draft.keys().cloned().collect();
                            stack.push(Step::Leave(key, draft));
                            stack.extend(
                                needs.into_iter().rev().map(|key| Step::Enter { key, is_needed: true }),
                            );
                        }
                        None => self.set(&key, self.known_value(&key, is_needed)?)?,
                    },
                },
                Step::Leave(key, draft) => self.set(&key, self.call(draft)?)?,
            }
        }
        Ok(())
    }

    fn set(&self, key: &Bound<'py, PyAny>, work: Work) -> PyResult<()> {
        let is_rooted = match &work {
            Work::Value { value, .. } => is_rooted(value.bind(key.py())),
            Work::Call(call) => self.is_rooted(call.function.bind(key.py())),
        };
        let promise =
            Promise::new(work, Identity::unique(), Site::default()).with_name(Some(key.clone().unbind()));
        let promise = match self.n_outputs {
            Some(_) if self.wanted.contains(key)? => promise.with_outputs(self.n_outputs),
            _ => promise,
        };
        self.made.set_item(key, promise.born(key.py(), is_rooted)?)
    }

    /// As [`is_rooted`], which takes longer than to make a promise, and the functions of a graph are few.
    fn is_rooted(&self, function: &Bound<'py, PyAny>) -> bool {
        let mut known = self.rooted.borrow_mut();
        match known.iter().find(|(seen, _)| seen.is(function)) {
            Some((_, is_rooted)) => *is_rooted,
            None => {
                let is_rooted = is_rooted(function);
                if known.len() < MOST_FUNCTIONS {
                    known.push((function.clone(), is_rooted));
                }
                is_rooted
            }
        }
    }

    /// The node for a key, if it is in the graph.
    fn node(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = key.py();
        let Some(found) = self.graph.get_item(key)? else { return Ok(None) };
        if found.is_instance(self.nodes.graph_node.bind(py))? {
            return Ok(Some(found));
        }
        let node = self.nodes.convert.bind(py).call1((key, found, self.graph))?;
        if !node.is_instance(self.nodes.graph_node.bind(py))? {
            return Ok(Some(self.nodes.data.bind(py).call1((key, node))?));
        }
        // What is only another name for itself is not there.
        let names_itself =
            node.get_type().is(&self.nodes.alias) && node.getattr(pyo3::intern!(py, "target"))?.eq(key)?;
        Ok((!names_itself).then_some(node))
    }

    fn known_value(&self, key: &Bound<'py, PyAny>, is_needed: bool) -> PyResult<Work> {
        match self.known {
            Some(known) if known.contains(key)? => Ok(value_of(known.get_item(key)?)),
            _ if is_needed => Err(PyValueError::new_err(format!(
                "Missing dependency {} of a task in the graph",
                key.repr()?
            ))),
            _ => Err(PyKeyError::new_err(key.clone().unbind())),
        }
    }

    fn draft(&self, node: &Bound<'py, PyAny>) -> PyResult<Draft<'py>> {
        let py = node.py();
        let class = node.get_type();
        let mut parts = Vec::new();
        if !class.is(&self.nodes.task) {
            return Ok(if self.add(node, &mut parts, 0)? {
                Draft { doing: Doing::Gather, function: py.None(), parts, n_args: 1, names: None }
            } else {
                whole(node)?
            });
        }
        let args = node.getattr(pyo3::intern!(py, "args"))?.cast_into::<PyTuple>()?;
        let kwargs = node.getattr(pyo3::intern!(py, "kwargs"))?.cast_into::<PyDict>()?;
        for arg in args.iter().chain(kwargs.values()) {
            if !self.add(&arg, &mut parts, 0)? {
                return whole(node);
            }
        }
        let names = (!kwargs.is_empty()).then(|| PyTuple::new(py, kwargs.keys())).transpose()?;
        let function = node.getattr(pyo3::intern!(py, "func"))?.unbind();
        Ok(Draft { doing: Doing::Call, function, parts, n_args: args.len(), names: names.map(Bound::unbind) })
    }

    /// Adds the steps that make one argument, unless it is a node that only dask can evaluate.
    fn add(&self, arg: &Bound<'py, PyAny>, parts: &mut Vec<Part<'py>>, depth: usize) -> PyResult<bool> {
        let py = arg.py();
        let class = arg.get_type();
        let nodes = self.nodes;
        if class.is(&nodes.task_ref) {
            parts.push(Part::Key(arg.getattr(pyo3::intern!(py, "key"))?));
        } else if class.is(&nodes.alias) {
            parts.push(Part::Key(arg.getattr(pyo3::intern!(py, "target"))?));
        } else if class.is(&nodes.data) {
            parts.push(Part::Ready(Op::Value(arg.getattr(pyo3::intern!(py, "value"))?.unbind())));
        } else if class.is(&nodes.list)
            || class.is(&nodes.tuple)
            || class.is(&nodes.set)
            || class.is(&nodes.dict)
        {
            let items = arg.getattr(pyo3::intern!(py, "args"))?;
            let mut n = 0;
            for item in items.try_iter()? {
                if depth == DEEPEST || !self.add(&item?, parts, depth + 1)? {
                    return Ok(false);
                }
                n += 1;
            }
            parts.push(Part::Ready(if class.is(&nodes.list) {
                Op::List(n)
            } else if class.is(&nodes.tuple) {
                Op::Tuple(n)
            } else if class.is(&nodes.set) {
                Op::Set(n)
            } else {
                Op::Dict(n / 2)
            }));
        } else if arg.is_instance(nodes.graph_node.bind(py))? || arg.is_instance(nodes.task_ref.bind(py))? {
            return Ok(false);
        } else {
            parts.push(Part::Ready(Op::Value(arg.clone().unbind())));
        }
        Ok(true)
    }

    /// The call of a draft all whose needs have promises.
    fn call(&self, draft: Draft<'py>) -> PyResult<Work> {
        let Draft { doing, function, parts, n_args, names } = draft;
        let ops: Vec<Op> = parts
            .into_iter()
            .map(|part| match part {
                Part::Ready(op) => Ok(op),
                Part::Key(key) => {
                    let promise = self.made.get_item(&key)?.expect("needs are made before what needs them");
                    Ok(Op::Promise(promise.cast_into::<Promise>()?.unbind()))
                }
            })
            .collect::<PyResult<_>>()?;
        let arguments =
            Arguments::Template(Box::new(Template { ops: ops.into_boxed_slice(), n_args, names }));
        Ok(Work::Call(Call::new(doing, function, arguments)))
    }
}

impl<'py> Draft<'py> {
    fn keys(&self) -> impl Iterator<Item = &Bound<'py, PyAny>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Key(key) => Some(key),
            Part::Ready(_) => None,
        })
    }
}

fn value_of(value: Bound<'_, PyAny>) -> Work {
    Work::Value { value: value.unbind(), pure: None }
}

/// `node({key: value, ...})`: as dask calls it.
fn whole<'py>(node: &Bound<'py, PyAny>) -> PyResult<Draft<'py>> {
    let mut parts = Vec::new();
    let mut n = 0;
    for key in node.getattr(pyo3::intern!(node.py(), "dependencies"))?.try_iter()? {
        let key = key?;
        parts.push(Part::Ready(Op::Value(key.clone().unbind())));
        parts.push(Part::Key(key));
        n += 1;
    }
    parts.push(Part::Ready(Op::Dict(n)));
    Ok(Draft { doing: Doing::Call, function: node.clone().unbind(), parts, n_args: 1, names: None })
}

/// The keys from this one to itself.
fn cycle(key: &Bound<'_, PyAny>, stack: &[Step<'_>]) -> PyErr {
    let mut path: Vec<String> = Vec::new();
    for step in stack.iter().rev() {
        if let Step::Leave(user, _) = step {
            path.push(user.to_string());
            if user.eq(key).unwrap_or(true) {
                break;
            }
        }
    }
    path.reverse();
    path.push(key.to_string());
    PyRuntimeError::new_err(format!(
        "Cycle detected between the following keys:\n  -> {}",
        path.join("\n  -> ")
    ))
}
