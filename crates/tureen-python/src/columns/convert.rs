//! Objects into columns and columns into objects. The lock is held here, and nowhere else for long.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString, PyTuple};
use tureen_text::column::Column;
use tureen_text::scalar::ScalarRef;
use tureen_text::values::{Kind, Lists, Values};

use super::{TextDeclined, declined};

/// So many strings of a list become a column at a time.
const BATCH: usize = 1 << 13;

pub(crate) const KINDS: [(&str, Kind); 5] = [
    ("text", Kind::Text),
    ("list", Kind::List),
    ("tuple", Kind::Tuple),
    ("int", Kind::Int),
    ("bool", Kind::Bool),
];

pub(crate) fn kind_named(name: &str) -> PyResult<Kind> {
    let found = KINDS.iter().find(|(known, _)| *known == name);
    found.map(|(_, kind)| *kind).ok_or_else(|| TextDeclined::new_err(format!("there is no kind `{name}`")))
}

pub(crate) fn name_of(kind: Kind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name)
}

/// Columns of the strings of a list, some of them at a time. A list that holds anything else is declined, as is text with
/// lone surrogates, which no column can hold.
pub(crate) fn batches<'py>(list: &Bound<'py, PyList>) -> impl Iterator<Item = PyResult<Column>> + use<'py> {
    let list = list.clone();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= list.len() {
            return None;
        }
        let batch = list.get_slice(start, start + BATCH);
        start += BATCH;
        Some(column(&batch))
    })
}

/// One column of strings. They are joined and encoded together: asking each for its UTF-8 would have CPython keep a copy
/// of it in each.
fn column(batch: &Bound<'_, PyList>) -> PyResult<Column> {
    let py = batch.py();
    let mut lengths = Vec::with_capacity(batch.len());
    for item in batch {
        let Ok(item) = item.cast_exact::<PyString>() else {
            return Err(TextDeclined::new_err("not all elements are plain text"));
        };
        lengths.push(item.len()?);
    }
    let joined = intern!(py, "").call_method1(intern!(py, "join"), (batch,))?;
    let Ok(encoded) = joined.call_method0(intern!(py, "encode")) else {
        return Err(TextDeclined::new_err("the text holds a lone surrogate"));
    };
    let text = String::from_utf8(encoded.cast::<PyBytes>()?.as_bytes().to_vec())?;
    let n_characters: usize = lengths.iter().sum();
    if n_characters == text.len() {
        let ends = lengths.into_iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        return Column::of_ends(text, ends.collect::<Vec<_>>()).map_err(declined);
    }
    let mut letters = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let mut end = 0;
    let mut ends = Vec::with_capacity(lengths.len());
    for length in lengths {
        if length > 0 {
            end = letters.nth(length - 1).unwrap_or(text.len());
        }
        ends.push(end);
    }
    Column::of_ends(text, ends).map_err(declined)
}

/// Appends the elements of a column to a list.
pub(crate) fn extend(list: &Bound<'_, PyList>, values: &Values) -> PyResult<()> {
    let py = list.py();
    match values {
        Values::Text(column) => column.iter().try_for_each(|row| list.append(PyString::new(py, row))),
        Values::Ints(numbers) => numbers.iter().try_for_each(|number| list.append(number)),
        Values::Bools(claims) => claims.iter().try_for_each(|claim| list.append(claim)),
        Values::Lists(lists) => (0..lists.len()).try_for_each(|at| list.append(list_at(py, lists, at)?)),
    }
}

/// The objects of a column's elements.
pub(crate) fn objects<'py>(py: Python<'py>, values: &Values) -> PyResult<Vec<Bound<'py, PyAny>>> {
    match values {
        Values::Text(column) => Ok(column.iter().map(|row| PyString::new(py, row).into_any()).collect()),
        Values::Ints(numbers) => {
            Ok(numbers.iter().map(|&number| PyInt::new(py, number).into_any()).collect())
        }
        Values::Bools(claims) => {
            Ok(claims.iter().map(|&claim| PyBool::new(py, claim).to_owned().into_any()).collect())
        }
        Values::Lists(lists) => (0..lists.len()).map(|at| list_at(py, lists, at)).collect(),
    }
}

fn list_at<'py>(py: Python<'py>, lists: &Lists, at: usize) -> PyResult<Bound<'py, PyAny>> {
    let items = lists.get(at).map(|item| PyString::new(py, item));
    Ok(if lists.are_tuples() {
        PyTuple::new(py, items)?.into_any()
    } else {
        PyList::new(py, items)?.into_any()
    })
}

/// The object of one element.
pub(crate) fn object<'py>(py: Python<'py>, element: ScalarRef<'_>) -> Bound<'py, PyAny> {
    match element {
        ScalarRef::Text(text) => PyString::new(py, text).into_any(),
        ScalarRef::Int(number) => PyInt::new(py, number).into_any(),
        ScalarRef::Bool(claim) => PyBool::new(py, claim).to_owned().into_any(),
    }
}
