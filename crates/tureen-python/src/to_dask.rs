//! From promises to a graph of dask's: for dask's collections that are made from our promises, and for `get` functions
//! that our promises are to run on.
//! Knows dask's nodes (`dask._task_spec`, 2026.8), and dask itself as something that is there already.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::dask_nodes::Nodes;
use crate::flatten::flatten;
use crate::key::key_of;
use crate::promise::{Call, Doing, Promise, Work};
use crate::template::{Arguments, Op};

/// Make a graph of dask's that holds these promises, by their keys, and all they need.
#[pyfunction]
pub(crate) fn dask_graph_of<'py>(
    promises: Vec<Py<Promise>>,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let graph = PyDict::new(py);
    let flat = flatten(py, promises.iter())?;
    let maker = Maker { py, nodes: Nodes::of_dask(py)? };
    for promise in flat.promises.iter() {
        let call = promise.get().call().expect("values are no tasks");
        let key = key_of(py, promise.get())?.into_bound(py);
        let node = maker.node(&key, call)?;
        graph.set_item(key, node)?;
    }
    let needs = flat.promises.iter().filter_map(|promise| promise.get().call());
    let needs = needs.flat_map(|call| call.arguments.promises());
    for promise in promises.iter().chain(needs) {
        if let Work::Value { value, .. } = promise.get().work() {
            let key = key_of(py, promise.get())?;
            let node = maker.nodes.data.bind(py).call1((&key, value))?;
            graph.set_item(key, node)?;
        }
    }
    Ok(graph)
}

struct Maker<'py> {
    py: Python<'py>,
    nodes: &'static Nodes,
}

impl<'py> Maker<'py> {
    fn node(&self, key: &Bound<'py, PyAny>, call: &Call) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let (args, kwargs) = match &call.arguments {
            Arguments::Few(few) => {
                let mut stack = Vec::new();
                few.ops(py).iter().try_for_each(|op| self.step(op, &mut stack))?;
                (stack, None)
            }
            Arguments::Plain { args, kwargs } => {
                // Values that dask would take for nodes stay values.
                let args = args.bind(py).iter().map(|arg| self.value(arg)).collect::<PyResult<Vec<_>>>()?;
                let kwargs = kwargs.as_ref().map(|kwargs| kwargs.bind(py).copy()).transpose()?;
                (args, kwargs)
            }
            Arguments::Template(template) => {
                let mut stack = Vec::new();
                template.ops.iter().try_for_each(|op| self.step(op, &mut stack))?;
                let kwargs =
                    template.names.as_ref().map(|names| named(names.bind(py), &mut stack)).transpose()?;
                (stack, kwargs)
            }
        };
        let function = call.function.bind(py);
        // What dask has itself: these graphs are done by workers that need not have tureen, too.
        let dasks = |module: &str, name: &str| py.import(module)?.getattr(name);
        let (function, last) = match call.doing {
            Doing::Call => (function.clone(), None),
            Doing::Apply => (dasks("toolz", "apply")?, None),
            Doing::Method => (dasks("dask.utils", "methodcaller")?.call1((function,))?, None),
            Doing::Attribute => (dasks("builtins", "getattr")?, Some(function.clone())),
            Doing::Gather => (dasks("toolz", "identity")?, None),
        };
        let all = [key.clone(), function].into_iter().chain(args).chain(last);
        self.nodes.task.bind(py).call(PyTuple::new(py, all.collect::<Vec<_>>())?, kwargs.as_ref())
    }

    fn step(&self, op: &Op, stack: &mut Vec<Bound<'py, PyAny>>) -> PyResult<()> {
        let py = self.py;
        let nodes = self.nodes;
        let made = match op {
            Op::Value(value) => self.value(value.bind(py).clone())?,
            Op::Promise(promise) => nodes.task_ref.bind(py).call1((key_of(py, promise.get())?,))?,
            Op::List(n) => self.container(&nodes.list, stack, *n)?,
            Op::Tuple(n) => self.container(&nodes.tuple, stack, *n)?,
            Op::Set(n) => self.container(&nodes.set, stack, *n)?,
            Op::Dict(n) => self.container(&nodes.dict, stack, 2 * n)?,
            Op::Slice => self.task(py.get_type::<pyo3::types::PySlice>().as_any(), stack, 3)?,
            Op::NamedTuple(parts) => self.task(parts.0.bind(py), stack, parts.1)?,
            Op::Dataclass(parts) => {
                let (class, names) = &**parts;
                let fields = named(names.bind(py), stack)?;
                nodes.task.bind(py).call((py.None(), class), Some(&fields))?
            }
        };
        stack.push(made);
        Ok(())
    }

    fn container(
        &self,
        class: &Py<pyo3::types::PyType>,
        stack: &mut Vec<Bound<'py, PyAny>>,
        n: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut items: Vec<_> = stack.drain(stack.len() - n..).collect();
        if let [item] = items.as_mut_slice()
            && !item.is_instance(self.nodes.graph_node.bind(self.py))?
            && !item.get_type().is(&self.nodes.task_ref)
        {
            // One list alone would be taken for the items.
            *item = self.data(item)?;
        }
        class.bind(self.py).call1(PyTuple::new(self.py, items)?)
    }

    fn task(
        &self,
        function: &Bound<'py, PyAny>,
        stack: &mut Vec<Bound<'py, PyAny>>,
        n: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let args = stack.drain(stack.len() - n..);
        let all = [self.py.None().into_bound(self.py), function.clone()].into_iter().chain(args);
        self.nodes.task.bind(self.py).call1(PyTuple::new(self.py, all.collect::<Vec<_>>())?)
    }

    /// The value as an argument of a node.
    fn value(&self, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let looks_like_node = value.is_instance(self.nodes.graph_node.bind(self.py))?
            || value.get_type().is(&self.nodes.task_ref);
        if looks_like_node { self.data(&value) } else { Ok(value) }
    }

    fn data(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.nodes.data.bind(self.py).call1((self.py.None(), value))
    }
}

/// The last values of the stack, by these names.
fn named<'py>(
    names: &Bound<'py, PyTuple>,
    stack: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(names.py());
    for (name, value) in names.iter().zip(stack.drain(stack.len() - names.len()..)) {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}
