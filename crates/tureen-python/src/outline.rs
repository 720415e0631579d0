//! What promises would have done, in short: each function once, with the number of its calls. Computes nothing.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rustc_hash::FxHashMap;

use crate::flatten::flatten;
use crate::promise::Doing;
use crate::scan::scan;

/// The name of what is done, the function if it is a plain call of one, and how often.
type Line = (String, Option<Py<PyAny>>, usize);

/// List what computing these would do: for each function, its name, itself if it is called plainly, and how often.
#[pyfunction]
pub(crate) fn outline(py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Vec<Line>> {
    let arguments = scan(args, None)?;
    let flat = flatten(py, arguments.promises().collect::<Vec<_>>().into_iter())?;
    let mut lines: Vec<Line> = Vec::new();
    let mut by_function: FxHashMap<usize, usize> = FxHashMap::default();
    let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
    for promise in flat.promises.iter() {
        let promise = promise.get();
        let Some(call) = promise.call() else { continue };
        let next = lines.len();
        let place = if call.doing == Doing::Call {
            *by_function.entry(call.function.as_ptr() as usize).or_insert(next)
        } else {
            *by_name.entry(promise.label(py)).or_insert(next)
        };
        if place == next {
            let function = (call.doing == Doing::Call).then(|| call.function.clone_ref(py));
            lines.push((promise.label(py), function, 0));
        }
        lines[place].2 += 1;
    }
    Ok(lines)
}
