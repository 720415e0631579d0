//! What a program has made, as Python gets it.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tureen_text::ending::Total;
use tureen_text::groups::Groups;
use tureen_text::values::Kind;

use super::convert::{object, objects};
use super::{TextColumn, TextCounts, TextDeclined};

/// Up to here, adding whole numbers as floats loses nothing, in whatever order.
const EXACT: u128 = 1 << 53;

/// The total as an object; `wants_mean` says that a sum is to be what `mean` needs.
pub(crate) fn to_python(
    py: Python<'_>,
    total: Total,
    kind: Kind,
    wants_mean: bool,
) -> PyResult<Bound<'_, PyAny>> {
    match total {
        Total::Columns(columns) | Total::Distinct { columns, .. } => {
            TextColumn::new(kind, columns).into_bound_py_any(py)
        }
        Total::Number(number) => number.into_bound_py_any(py),
        Total::Sum { sum, n, magnitude } if wants_mean => {
            if magnitude > EXACT {
                return Err(TextDeclined::new_err("the sum may not be exact as a float"));
            }
            (sum as f64, n).into_bound_py_any(py)
        }
        Total::Sum { sum, .. } => sum.into_bound_py_any(py),
        Total::Extreme(None) => Ok(py.None().into_bound(py)),
        Total::Extreme(Some(element)) => Ok(object(py, element.borrow())),
        Total::Claim(claim) => claim.into_bound_py_any(py),
        Total::Tally(tally) => TextCounts::new(tally).into_bound_py_any(py),
        Total::Largest(largest) => {
            let list = PyList::empty(py);
            for element in largest.into_sorted() {
                list.append(object(py, element.borrow()))?;
            }
            Ok(list.into_any())
        }
        Total::Groups(groups) => groups_to_python(py, &groups),
    }
}

fn groups_to_python<'py>(py: Python<'py>, groups: &Groups) -> PyResult<Bound<'py, PyAny>> {
    let lists: Vec<Bound<'py, PyList>> = groups.keys().iter().map(|_| PyList::empty(py)).collect();
    for (places, values) in groups.chunks() {
        for (place, element) in places.iter().zip(objects(py, values)?) {
            lists[*place as usize].append(element)?;
        }
    }
    let dict = PyDict::new(py);
    for ((key, _), list) in groups.keys().iter().zip(lists) {
        dict.set_item(object(py, key), list)?;
    }
    Ok(dict.into_any())
}
