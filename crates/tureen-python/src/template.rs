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
    NamedTuple(Py<PyAny>, usize),
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
    /// Without any promise that we saw.
    Plain {
        args: Py<PyTuple>,
        kwargs: Option<Py<PyDict>>,
    },
    Template(Box<Template>),
}

/// Arguments as Python takes them.
pub(crate) type Filled<'py> = (Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>);

/// Makes a named tuple or a dataclass: the class, its arguments, and those by name.
type Construct<'a, 'py> = dyn Fn(&Bound<'py, PyAny>, Bound<'py, PyTuple>, Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>>
    + 'a;

impl Arguments {
    /// The promises whose results these arguments need, in order; one that is used twice comes twice.
    pub(crate) fn promises(&self) -> impl DoubleEndedIterator<Item = &Py<Promise>> {
        let ops = match self {
            Self::Plain { .. } => &[],
            Self::Template(template) => &*template.ops,
        };
        ops.iter().filter_map(|op| match op {
            Op::Promise(promise) => Some(promise),
            _ => None,
        })
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
            Self::Plain { args, kwargs } => {
                Ok((args.bind(py).clone(), kwargs.as_ref().map(|kwargs| kwargs.bind(py).clone())))
            }
            Self::Template(template) => template.fill(py, result_of, construct),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Plain { args, kwargs } => {
                visit.call(args)?;
                visit.call(kwargs)
            }
            Self::Template(template) => {
                visit.call(&template.names)?;
                template.ops.iter().try_for_each(|op| match op {
                    Op::Value(value) => visit.call(value),
                    Op::Promise(promise) => visit.call(promise),
                    Op::NamedTuple(class, _) => visit.call(class),
                    Op::Dataclass(parts) => visit.call(&parts.0),
                    Op::List(_) | Op::Tuple(_) | Op::Set(_) | Op::Dict(_) | Op::Slice => Ok(()),
                })
            }
        }
    }
}

impl Template {
    fn fill<'py>(
        &self,
        py: Python<'py>,
        result_of: &mut dyn FnMut(&Py<Promise>) -> Bound<'py, PyAny>,
        construct: &Construct<'_, 'py>,
    ) -> PyResult<Filled<'py>> {
        let mut stack: Vec<Bound<'py, PyAny>> = Vec::new();
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
                Op::NamedTuple(class, n) => {
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
