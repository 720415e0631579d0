//! Looks for promises in the arguments of a call, once, when the call is made.
//! Knows what may hold promises (`kind`) and writes the program that puts results in their place (`template`); runs nothing.
//!
//! With a stack of its own: arguments may be nested as deep as memory goes. A container that was found to hold no promise
//! is not looked at again, and stays the user's object.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PySlice, PyTuple};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::foreign::Group;
use crate::kind::{Kind, is_atom, kind_of, kind_when_computed};
use crate::promise::Promise;
use crate::template::{Arguments, Few, One, Op, Template};

/// The arguments of a call, with the promises in them found.
pub(crate) fn scan<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Arguments> {
    let py = args.py();
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    let plain = || {
        if kwargs.is_none() && args.len() <= 2 {
            let values = args.iter_borrowed().map(|arg| One::Value(arg.to_owned().unbind()));
            return Arguments::Few(Few::of(values));
        }
        Arguments::Plain { args: args.clone().unbind(), kwargs: kwargs.map(|kwargs| kwargs.clone().unbind()) }
    };
    let is_plain = args.iter_borrowed().all(|arg| is_atom(&arg))
        && kwargs.is_none_or(|kwargs| kwargs.values().iter().all(|value| is_atom(&value)));
    if is_plain {
        return Ok(plain());
    }
    let mut scan = Scan::default();
    for arg in args.iter_borrowed() {
        scan.look_into(arg.to_owned())?;
    }
    let mut names = None;
    if let Some(kwargs) = kwargs {
        for (_, value) in kwargs.iter() {
            scan.look_into(value)?;
        }
        names = Some(PyTuple::new(py, kwargs.keys())?.unbind());
    }
    if scan.n_changes == 0 {
        return Ok(plain());
    }
    let ops = scan.finish()?;
    if kwargs.is_none() && ops.iter().all(|op| matches!(op, Op::Value(_) | Op::Promise(_))) && ops.len() <= 2
    {
        let ones = ops.into_iter().filter_map(|op| match op {
            Op::Value(value) => Some(One::Value(value)),
            Op::Promise(promise) => Some(One::Promise(promise)),
            _ => None,
        });
        return Ok(Arguments::Few(Few::of(ones)));
    }
    Ok(Arguments::Template(Box::new(Template { ops: ops.into(), n_args: args.len(), names })))
}

/// As [`scan`], for what is computed: as in dask, any iterator is a list there, and ordered dicts are looked into.
pub(crate) fn scan_computed(args: &Bound<'_, PyTuple>) -> PyResult<Arguments> {
    let mut scan = Scan { is_computed: true, ..Scan::default() };
    for arg in args.iter_borrowed() {
        scan.look_into(arg.to_owned())?;
    }
    Ok(Arguments::Template(Box::new(Template {
        ops: scan.finish()?.into(),
        n_args: args.len(),
        names: None,
    })))
}

/// As [`scan`], but looks no deeper than at the arguments themselves (`traverse=False`).
pub(crate) fn scan_shallow(args: &Bound<'_, PyTuple>) -> PyResult<Arguments> {
    let mut scan = Scan::default();
    for arg in args.iter_borrowed() {
        match kind_of(&arg)? {
            kind @ (Kind::Promise | Kind::Ours | Kind::Dask | Kind::Future) => scan.single(kind, &arg)?,
            _ => scan.ops.push(Op::Value(arg.to_owned().unbind())),
        }
    }
    Ok(Arguments::Template(Box::new(Template {
        ops: scan.finish()?.into(),
        n_args: args.len(),
        names: None,
    })))
}

#[derive(Default)]
struct Scan<'py> {
    ops: Vec<Op>,
    /// Promises and used-up iterators met so far: what holds one is to be made anew.
    n_changes: usize,
    open: Vec<Open<'py>>,
    /// The containers in `open`, by address: to see one that contains itself.
    on_path: FxHashSet<usize>,
    /// Containers without promises, by address. Held here, so that no address is used again.
    without_promises: FxHashMap<usize, Bound<'py, PyAny>>,
    contain_themselves: FxHashSet<usize>,
    dask: Option<Group<'py>>,
    /// Bags and items met so far, and the places in `ops` of their promises: what they share is to be done once.
    ours: Vec<(usize, Bound<'py, PyAny>)>,
    /// Whether these are arguments of `compute`, not of a call.
    is_computed: bool,
}

/// A container that is being looked into.
struct Open<'py> {
    original: Bound<'py, PyAny>,
    kind: Kind,
    parts: std::vec::IntoIter<Bound<'py, PyAny>>,
    n_parts: usize,
    /// The names of the fields, if a dataclass.
    names: Option<Bound<'py, PyTuple>>,
    first_op: usize,
    n_changes_before: usize,
}

impl<'py> Scan<'py> {
    fn look_into(&mut self, object: Bound<'py, PyAny>) -> PyResult<()> {
        self.enter(object)?;
        while let Some(innermost) = self.open.last_mut() {
            // Long lists of promises are common, and this is all there is to them.
            let other = innermost.parts.by_ref().find_map(|part| match part.cast_into_exact::<Promise>() {
                Ok(promise) => {
                    self.ops.push(Op::Promise(promise.unbind()));
                    self.n_changes += 1;
                    None
                }
                Err(error) => Some(error.into_inner()),
            });
            match other {
                Some(part) => self.enter(part)?,
                None => self.close()?,
            }
        }
        Ok(())
    }

    fn enter(&mut self, object: Bound<'py, PyAny>) -> PyResult<()> {
        let mut kind = kind_of(&object)?;
        if self.is_computed && kind == Kind::Opaque {
            kind = kind_when_computed(&object)?;
        }
        let address = object.as_ptr() as usize;
        match kind {
            Kind::Opaque => self.ops.push(Op::Value(object.unbind())),
            Kind::Promise | Kind::Ours | Kind::Dask | Kind::Future => self.single(kind, &object)?,
            Kind::Iterator => {
                let drained = drain(&object)?;
                self.n_changes += 1;
                self.enter(drained)?;
            }
            _ if self.without_promises.contains_key(&address) => self.ops.push(Op::Value(object.unbind())),
            _ if !self.on_path.insert(address) => {
                self.contain_themselves.insert(address);
                self.ops.push(Op::Value(object.unbind()));
            }
            _ => {
                let (parts, names) = parts_of(kind, &object)?;
                self.ops.reserve(parts.len() + 1);
                self.open.push(Open {
                    original: object,
                    kind,
                    n_parts: parts.len(),
                    parts: parts.into_iter(),
                    names,
                    first_op: self.ops.len(),
                    n_changes_before: self.n_changes,
                });
            }
        }
        Ok(())
    }

    /// Something that one promise stands for.
    fn single(&mut self, kind: Kind, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = object.py();
        let promise = match kind {
            Kind::Promise => object.cast::<Promise>()?.clone(),
            Kind::Ours => {
                self.ours.push((self.ops.len(), object.clone()));
                self.ops.push(Op::Value(object.clone().unbind()));
                self.n_changes += 1;
                return Ok(());
            }
            Kind::Future => {
                let promised = py.import("tureen._distributed.held")?.getattr("promise_of")?;
                promised.call1((object,))?.cast_into::<Promise>()?
            }
            _ => match &mut self.dask {
                Some(group) => group.add(object)?,
                none => none.insert(Group::new(py)?).add(object)?,
            },
        };
        self.ops.push(Op::Promise(promise.unbind()));
        self.n_changes += 1;
        Ok(())
    }

    /// The program, with a promise for each of our collections.
    fn finish(mut self) -> PyResult<Vec<Op>> {
        let Some((_, first)) = self.ours.first() else {
            return Ok(self.ops);
        };
        let py = first.py();
        let (places, collections): (Vec<usize>, Vec<Bound<'py, PyAny>>) = self.ours.into_iter().unzip();
        let plan = py.import("tureen.bag.computing")?.getattr("promises_of")?;
        let promises: Vec<Bound<'py, Promise>> = plan.call1((collections,))?.extract()?;
        for (place, promise) in places.into_iter().zip(promises) {
            self.ops[place] = Op::Promise(promise.unbind());
        }
        Ok(self.ops)
    }

    fn close(&mut self) -> PyResult<()> {
        let open = self.open.pop().expect("the caller saw one");
        let address = open.original.as_ptr() as usize;
        self.on_path.remove(&address);
        if self.n_changes == open.n_changes_before {
            self.ops.truncate(open.first_op);
            self.ops.push(Op::Value(open.original.clone().unbind()));
            self.without_promises.insert(address, open.original);
            return Ok(());
        }
        if self.contain_themselves.contains(&address) {
            let name = open.original.get_type().name()?;
            return Err(PyValueError::new_err(format!(
                "a `{name}` that contains itself can't hold promises\n\
                 hint: compute the promises in it first, or pass it with `traverse=False`"
            )));
        }
        let class = || open.original.get_type().into_any().unbind();
        if open.kind == Kind::OrderedDict {
            self.ops.push(Op::Dict(open.n_parts / 2));
        }
        self.ops.push(match open.kind {
            Kind::List => Op::List(open.n_parts),
            Kind::Tuple => Op::Tuple(open.n_parts),
            Kind::Set => Op::Set(open.n_parts),
            Kind::Dict => Op::Dict(open.n_parts / 2),
            // What it is made of stands in a dict before it.
            Kind::OrderedDict => Op::NamedTuple(Box::new((class(), 1))),
            Kind::Slice => Op::Slice,
            Kind::NamedTuple => Op::NamedTuple(Box::new((class(), open.n_parts))),
            Kind::Dataclass => {
                unpacking(open.original.py())?.getattr("check_dataclass")?.call1((&open.original,))?;
                let names = open.names.expect("a dataclass is opened with the names of its fields");
                Op::Dataclass(Box::new((class(), names.unbind())))
            }
            other => unreachable!("{other:?} is not opened"),
        });
        Ok(())
    }
}

type Parts<'py> = (Vec<Bound<'py, PyAny>>, Option<Bound<'py, PyTuple>>);

fn parts_of<'py>(kind: Kind, object: &Bound<'py, PyAny>) -> PyResult<Parts<'py>> {
    let py = object.py();
    let parts = match kind {
        Kind::List => object.cast::<PyList>()?.iter().collect(),
        Kind::Tuple | Kind::NamedTuple => object.cast::<PyTuple>()?.iter().collect(),
        Kind::Set => object.cast::<PySet>()?.iter().collect(),
        Kind::Dict | Kind::OrderedDict => {
            let mut parts = Vec::with_capacity(2 * object.len()?);
            for (key, value) in object.cast::<PyDict>()?.iter() {
                parts.extend([key, value]);
            }
            parts
        }
        Kind::Slice => {
            let slice = object.cast::<PySlice>()?;
            vec![slice.getattr("start")?, slice.getattr("stop")?, slice.getattr("step")?]
        }
        Kind::Dataclass => {
            let (names, values): (Bound<'py, PyTuple>, Vec<Bound<'py, PyAny>>) =
                unpacking(py)?.getattr("fields_of")?.call1((object,))?.extract()?;
            return Ok((values, Some(names)));
        }
        other => unreachable!("{other:?} has no parts"),
    };
    Ok((parts, None))
}

/// The list, tuple or set of what is left in an iterator over one.
fn drain<'py>(iterator: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = iterator.py();
    let name = iterator.get_type().name()?;
    let class = match name.to_str()? {
        "list_iterator" => py.get_type::<PyList>(),
        "tuple_iterator" => py.get_type::<PyTuple>(),
        "set_iterator" => py.get_type::<PySet>(),
        _ => py.get_type::<PyList>(),
    };
    class.call1((iterator,))
}

fn unpacking(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(pyo3::intern!(py, "tureen._unpack"))
}
