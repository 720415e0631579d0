//! The classes of dask's nodes (`dask._task_spec`, 2026.8), looked up once.
//! Knows their names; what is done with them is `dask_graph`'s and `to_dask`'s business.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The classes of dask's nodes, and the function that turns what is none into one.
pub(crate) struct Nodes {
    pub(crate) graph_node: Py<PyType>,
    pub(crate) task_ref: Py<PyType>,
    pub(crate) task: Py<PyType>,
    pub(crate) alias: Py<PyType>,
    pub(crate) data: Py<PyType>,
    pub(crate) list: Py<PyType>,
    pub(crate) tuple: Py<PyType>,
    pub(crate) set: Py<PyType>,
    pub(crate) dict: Py<PyType>,
    pub(crate) convert: Py<PyAny>,
}

impl Nodes {
    pub(crate) fn of_dask(py: Python<'_>) -> PyResult<&'static Self> {
        static NODES: PyOnceLock<Nodes> = PyOnceLock::new();
        NODES.get_or_try_init(py, || {
            let module = py.import("dask._task_spec")?;
            let class = |name: &str| PyResult::Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind());
            Ok(Self {
                graph_node: class("GraphNode")?,
                task_ref: class("TaskRef")?,
                task: class("Task")?,
                alias: class("Alias")?,
                data: class("DataNode")?,
                list: class("List")?,
                tuple: class("Tuple")?,
                set: class("Set")?,
                dict: class("Dict")?,
                convert: module.getattr("convert_legacy_task")?.unbind(),
            })
        })
    }
}
