//! The arguments of a promise: as they were given, or, where promises stand among or inside them, a program that makes
//! them anew from results.
//! Knows how arguments are made, not how promises were found in them (`scan`).
//!
//! The program is in postfix order, for a machine with a stack of values, so that containers of any depth cost no
//! recursion. What holds no promise is one `Value`, the very object the user gave.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::promise::Promise;

/// One step of the program.
pub(crate) enum Op {
    /// Push this object.
    Value(Py<PyAny>),
    /// Push the result of this promise.
    Promise(Py<Promise>),
    /// Pop so many values; push a list of them.
    List(usize),
    Tuple(usize),
    Set(usize),
    /// Pop so many pairs of key and value; push a dict of them.
    Dict(usize),
    /// Pop start, stop and step.
    Slice,
    /// Pop so many values and give them to this class, one by one, to make a named tuple.
    NamedTuple(Box<(Py<PyAny>, usize)>),
    /// Pop as many values as there are names in this tuple, and give them to this class by these names.
    Dataclass(Box<(Py<PyAny>, Py<PyTuple>)>),
}

/// A program that leaves `n_args` positional arguments and then one value for each of `names`.
pub(crate) struct Template {
    pub(crate) ops: Box<[Op]>,
    pub(crate) n_args: usize,
    pub(crate) names: Option<Py<PyTuple>>,
}

/// The arguments of a promise.
pub(crate) enum Arguments {
    /// At most two, none by name, and promises only where they stand for themselves.
    Few(Few),
    /// Without any promise that we saw.
    Plain {
        args: Py<PyTuple>,
        kwargs: Option<Py<PyDict>>,
    },
    Template(Box<Template>),
}

/// The arguments that most calls have: they stand in the promise itself, so that nothing else is allocated for them.
pub(crate) enum Few {
    None,
    Value(Py<PyAny>),
    Promise(Py<Promise>),
    ValueValue(Py<PyAny>, Py<PyAny>),
    ValuePromise(Py<PyAny>, Py<Promise>),
    PromiseValue(Py<Promise>, Py<PyAny>),
    PromisePromise(Py<Promise>, Py<Promise>),
}

/// One of [`Few`].
pub(crate) enum One<V, P> {
    Value(V),
    Promise(P),
}

/// One that is held, and one that is lent.
type Held = One<Py<PyAny>, Py<Promise>>;
type Lent<'a> = One<&'a Py<PyAny>, &'a Py<Promise>>;

/// Arguments as Python takes them.
pub(crate) type Filled<'py> = (Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>);

/// Makes a named tuple or a dataclass: the class, its arguments, and those by name.
type Construct<'a, 'py> = dyn Fn(&Bound<'py, PyAny>, Bound<'py, PyTuple>, Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>>
    + 'a;

impl Arguments {
    /// The promises whose results these arguments need, in order; one that is used twice comes twice.
    pub(crate) fn promises(&self) -> impl DoubleEndedIterator<Item = &Py<Promise>> {
        let (few, ops): (_, &[Op]) = match self {
            Self::Few(few) => (few.promises(), &[]),
            Self::Plain { .. } => ([None, None], &[]),
            Self::Template(template) => ([None, None], &template.ops),
        };
        let in_ops = ops.iter().filter_map(|op| match op {
            Op::Promise(promise) => Some(promise),
            _ => None,
        });
        few.into_iter().flatten().chain(in_ops)
    }

    /// Whether there may be any of [`Arguments::promises`].
    pub(crate) fn may_hold_promises(&self) -> bool {
        match self {
            Self::Few(few) => !matches!(few, Few::None | Few::Value(_) | Few::ValueValue(..)),
            Self::Plain { .. } => false,
            Self::Template(_) => true,
        }
    }

    /// The arguments, with `result_of` asked once for each of [`Arguments::promises`], in that order.
    pub(crate) fn fill<'py>(
        &self,
        py: Python<'py>,
        mut result_of: impl FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
    ) -> PyResult<Filled<'py>> {
        self.fill_with(py, &mut result_of, &|class, args, kwargs| class.call(args, kwargs))
    }

    /// As [`Arguments::fill`], for another process: classes are called there, where the results are.
    pub(crate) fn fill_for_elsewhere<'py>(
        &self,
        py: Python<'py>,
        mut result_of: impl FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
    ) -> PyResult<Filled<'py>> {
        let later =
            |class: &Bound<'py, PyAny>, args: Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>| {
                py.import("tureen._processes.shelf")?.getattr("Later")?.call1((class, args, kwargs))
            };
        self.fill_with(py, &mut result_of, &later)
    }

    fn fill_with<'py>(
        &self,
        py: Python<'py>,
        result_of: &mut dyn FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
        construct: &Construct<'_, 'py>,
    ) -> PyResult<Filled<'py>> {
        match self {
            Self::Few(few) => {
                let filled = few.iter().map(|one| match one {
                    One::Value(value) => value.bind(py).clone(),
                    One::Promise(promise) => result_of(promise),
                });
                Ok((PyTuple::new(py, filled.collect::<Vec<_>>())?, None))
            }
            Self::Plain { args, kwargs } => {
                Ok((args.bind(py).clone(), kwargs.as_ref().map(|kwargs| kwargs.bind(py).clone())))
            }
            Self::Template(template) => template.fill(py, result_of, construct),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Few(few) => few.iter().try_for_each(|one| match one {
                One::Value(value) => visit.call(value),
                One::Promise(promise) => visit.call(promise),
            }),
            Self::Plain { args, kwargs } => {
                visit.call(args)?;
                visit.call(kwargs)
            }
            Self::Template(template) => {
                visit.call(&template.names)?;
                template.ops.iter().try_for_each(|op| match op {
                    Op::Value(value) => visit.call(value),
                    Op::Promise(promise) => visit.call(promise),
                    Op::NamedTuple(parts) => visit.call(&parts.0),
                    Op::Dataclass(parts) => visit.call(&parts.0),
                    Op::List(_) | Op::Tuple(_) | Op::Set(_) | Op::Dict(_) | Op::Slice => Ok(()),
                })
            }
        }
    }
}

impl Few {
    /// The same arguments, which must be at most two.
    pub(crate) fn of(mut arguments: impl Iterator<Item = Held>) -> Self {
        match (arguments.next(), arguments.next()) {
            (None, _) => Self::None,
            (Some(One::Value(value)), None) => Self::Value(value),
            (Some(One::Promise(promise)), None) => Self::Promise(promise),
            (Some(One::Value(first)), Some(One::Value(second))) => Self::ValueValue(first, second),
            (Some(One::Value(first)), Some(One::Promise(second))) => Self::ValuePromise(first, second),
            (Some(One::Promise(first)), Some(One::Value(second))) => Self::PromiseValue(first, second),
            (Some(One::Promise(first)), Some(One::Promise(second))) => Self::PromisePromise(first, second),
        }
    }

    /// The arguments, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Lent<'_>> {
        let (first, second) = match self {
            Self::None => (None, None),
            Self::Value(value) => (Some(One::Value(value)), None),
            Self::Promise(promise) => (Some(One::Promise(promise)), None),
            Self::ValueValue(first, second) => (Some(One::Value(first)), Some(One::Value(second))),
            Self::ValuePromise(first, second) => (Some(One::Value(first)), Some(One::Promise(second))),
            Self::PromiseValue(first, second) => (Some(One::Promise(first)), Some(One::Value(second))),
            Self::PromisePromise(first, second) => (Some(One::Promise(first)), Some(One::Promise(second))),
        };
        [first, second].into_iter().flatten()
    }

    pub(crate) fn into_objects(self) -> [Option<Py<PyAny>>; 2] {
        match self {
            Self::None => [None, None],
            Self::Value(value) => [Some(value), None],
            Self::Promise(promise) => [Some(promise.into_any()), None],
            Self::ValueValue(first, second) => [Some(first), Some(second)],
            Self::ValuePromise(first, second) => [Some(first), Some(second.into_any())],
            Self::PromiseValue(first, second) => [Some(first.into_any()), Some(second)],
            Self::PromisePromise(first, second) => [Some(first.into_any()), Some(second.into_any())],
        }
    }

    fn promises(&self) -> [Option<&Py<Promise>>; 2] {
        match self {
            Self::None | Self::Value(_) | Self::ValueValue(..) => [None, None],
            Self::Promise(promise) | Self::ValuePromise(_, promise) | Self::PromiseValue(promise, _) => {
                [Some(promise), None]
            }
            Self::PromisePromise(first, second) => [Some(first), Some(second)],
        }
    }

    /// What `then` makes of the arguments, with `result_of` asked once for each promise among them, in order.
    pub(crate) fn lend<'py, T>(
        &self,
        py: Python<'py>,
        mut result_of: impl FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
        then: impl FnOnce(&[&Bound<'py, PyAny>]) -> T,
    ) -> T {
        match self {
            Self::None => then(&[]),
            Self::Value(value) => then(&[value.bind(py)]),
            Self::Promise(promise) => then(&[&result_of(promise)]),
            Self::ValueValue(first, second) => then(&[first.bind(py), second.bind(py)]),
            Self::ValuePromise(first, second) => then(&[first.bind(py), &result_of(second)]),
            Self::PromiseValue(first, second) => then(&[&result_of(first), second.bind(py)]),
            Self::PromisePromise(first, second) => {
                let first = result_of(first);
                then(&[&first, &result_of(second)])
            }
        }
    }

    /// The arguments, if none is a promise.
    pub(crate) fn values<'py>(&self, py: Python<'py>) -> Option<Vec<Bound<'py, PyAny>>> {
        let values = self.iter().map(|one| match one {
            One::Value(value) => Some(value.bind(py).clone()),
            One::Promise(_) => None,
        });
        values.collect()
    }

    /// The steps of a program that does the same.
    pub(crate) fn ops(&self, py: Python<'_>) -> Vec<Op> {
        let ops = self.iter().map(|one| match one {
            One::Value(value) => Op::Value(value.clone_ref(py)),
            One::Promise(promise) => Op::Promise(promise.clone_ref(py)),
        });
        ops.collect()
    }
}

impl Template {
    /// The only argument, if that is a list of promises and other objects, and no more than that: it may be long, and needs no
    /// stack.
    fn fill_list<'py>(
        &self,
        py: Python<'py>,
        result_of: &mut dyn FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let Some((Op::List(n), parts)) = self.ops.split_last() else { return Ok(None) };
        let is_simple = |op: &Op| matches!(op, Op::Value(_) | Op::Promise(_));
        if *n != parts.len() || !parts.iter().all(is_simple) {
            return Ok(None);
        }
        let values = parts.iter().map(|op| match op {
            Op::Value(value) => value.bind(py).clone(),
            Op::Promise(promise) => result_of(promise),
            _ => unreachable!("the others are not simple"),
        });
        PyList::new(py, values).map(Some)
    }

    fn fill<'py>(
        &self,
        py: Python<'py>,
        result_of: &mut dyn FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
        construct: &Construct<'_, 'py>,
    ) -> PyResult<Filled<'py>> {
        if let Some(list) = self.fill_list(py, result_of)? {
            return Ok((PyTuple::new(py, [list])?, None));
        }
        let mut stack: Vec<Bound<'py, PyAny>> = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            let value = match op {
                Op::Value(value) => value.bind(py).clone(),
                Op::Promise(promise) => result_of(promise),
                Op::List(n) => PyList::new(py, pop(&mut stack, *n))?.into_any(),
                Op::Tuple(n) => PyTuple::new(py, pop(&mut stack, *n))?.into_any(),
                Op::Set(n) => {
                    let set = PySet::empty(py)?;
                    pop(&mut stack, *n).try_for_each(|value| set.add(value))?;
                    set.into_any()
                }
                Op::Dict(n) => {
                    let dict = PyDict::new(py);
                    let mut values = pop(&mut stack, 2 * n);
                    while let (Some(key), Some(value)) = (values.next(), values.next()) {
                        dict.set_item(key, value)?;
                    }
                    dict.into_any()
                }
                Op::Slice => {
                    let bounds = PyTuple::new(py, pop(&mut stack, 3))?;
                    py.get_type::<pyo3::types::PySlice>().call1(bounds)?
                }
                Op::NamedTuple(parts) => {
                    let (class, n) = &**parts;
                    let values = PyTuple::new(py, pop(&mut stack, *n))?;
                    construct(class.bind(py), values, None)?
                }
                Op::Dataclass(parts) => {
                    let (class, names) = &**parts;
                    let fields = named(names.bind(py), &mut stack)?;
                    construct(class.bind(py), PyTuple::empty(py), Some(&fields))?
                }
            };
            stack.push(value);
        }
        let kwargs = self.names.as_ref().map(|names| named(names.bind(py), &mut stack)).transpose()?;
        Ok((PyTuple::new(py, pop(&mut stack, self.n_args))?, kwargs))
    }
}

/// The last `n` values of the stack, in the order in which they were pushed.
fn pop<'a, 'py>(stack: &'a mut Vec<Bound<'py, PyAny>>, n: usize) -> std::vec::Drain<'a, Bound<'py, PyAny>> {
    stack.drain(stack.len() - n..)
}

/// The last values of the stack, by these names.
fn named<'py>(
    names: &Bound<'py, PyTuple>,
    stack: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(names.py());
    for (name, value) in names.iter().zip(pop(stack, names.len())) {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}
