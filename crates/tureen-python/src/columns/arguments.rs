//! The arguments of one step, taken as CPython's method takes them. What would be an error, or is of a type that needs
//! Python to say what it means, is declined.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyTuple};
use tureen_text::step::Within;

use super::TextDeclined;

/// Positional and keyword arguments, and how many of them were asked for.
pub(crate) struct Arguments<'py> {
    name: String,
    positional: Vec<Bound<'py, PyAny>>,
    keywords: Option<Bound<'py, PyDict>>,
}

impl<'py> Arguments<'py> {
    /// Reads `(name,)`, `(name, args)` or `(name, args, kwargs)`.
    pub(crate) fn of(step: &Bound<'py, PyTuple>) -> PyResult<Self> {
        let name = step.get_item(0)?.extract()?;
        let positional = match step.get_item(1) {
            Ok(args) => args.cast_into::<PyTuple>()?.iter().collect(),
            Err(_) => Vec::new(),
        };
        let keywords = match step.get_item(2) {
            Ok(kwargs) => Some(kwargs.cast_into::<PyDict>()?),
            Err(_) => None,
        };
        Ok(Self { name, positional, keywords })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The arguments with these names, `n_required` of which must be there; they may be given as keywords.
    pub(crate) fn named<const N: usize>(
        &self,
        names: [&str; N],
        n_required: usize,
    ) -> PyResult<[Option<Bound<'py, PyAny>>; N]> {
        if self.positional.len() > N {
            return Err(self.wrong());
        }
        let mut given = std::array::from_fn(|at| self.positional.get(at).cloned());
        for (name, value) in self.keywords.iter().flatten() {
            let name: String = name.extract()?;
            match names.iter().position(|known| *known == name) {
                Some(at) if given[at].is_none() => given[at] = Some(value),
                _ => return Err(self.wrong()),
            }
        }
        if given[..n_required].iter().any(Option::is_none) {
            return Err(self.wrong());
        }
        Ok(given)
    }

    /// At most `N` arguments, `n_required` of which must be there; no keywords.
    pub(crate) fn unnamed<const N: usize>(
        &self,
        n_required: usize,
    ) -> PyResult<[Option<Bound<'py, PyAny>>; N]> {
        if self.keywords.as_ref().is_some_and(|keywords| !keywords.is_empty()) {
            return Err(self.wrong());
        }
        self.named([""; N], n_required)
    }

    /// No arguments.
    pub(crate) fn none(&self) -> PyResult<()> {
        self.unnamed::<0>(0).map(drop)
    }

    /// The only argument.
    pub(crate) fn only(&self) -> PyResult<Bound<'py, PyAny>> {
        let [only] = self.unnamed::<1>(1)?;
        only.ok_or_else(|| self.wrong())
    }

    /// Two numbers after others that bound a search.
    pub(crate) fn within(
        &self,
        start: Option<Bound<'py, PyAny>>,
        end: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Within> {
        Ok(Within { start: self.number_or_none(start)?, end: self.number_or_none(end)? })
    }

    /// Text that is no subclass's and holds no lone surrogate.
    pub(crate) fn text(&self, value: &Bound<'py, PyAny>) -> PyResult<String> {
        match value.cast_exact::<PyString>() {
            Ok(text) => text.to_str().map(str::to_owned).map_err(|_| self.wrong()),
            Err(_) => Err(self.wrong()),
        }
    }

    /// Text that is there and not empty.
    pub(crate) fn separator(&self, value: &Bound<'py, PyAny>) -> PyResult<String> {
        let text = self.text(value)?;
        if text.is_empty() { Err(self.wrong()) } else { Ok(text) }
    }

    /// A whole number of 64 bits.
    pub(crate) fn number(&self, value: &Bound<'py, PyAny>) -> PyResult<i64> {
        match value.cast_exact::<PyInt>() {
            Ok(number) => number.extract().map_err(|_| self.wrong()),
            Err(_) => Err(self.wrong()),
        }
    }

    /// A whole number; None if it is left out, or None.
    pub(crate) fn number_or_none(&self, value: Option<Bound<'py, PyAny>>) -> PyResult<Option<i64>> {
        value.filter(|value| !value.is_none()).map(|value| self.number(&value)).transpose()
    }

    /// How often at most; below 0, or left out, without a limit.
    pub(crate) fn limit(&self, value: Option<Bound<'py, PyAny>>) -> PyResult<Option<usize>> {
        let limit = value.map(|value| self.number(&value)).transpose()?;
        Ok(limit.and_then(|limit| usize::try_from(limit).ok()))
    }

    /// True or False; False if it is left out.
    pub(crate) fn claim(&self, value: Option<Bound<'py, PyAny>>) -> PyResult<bool> {
        match value {
            None => Ok(false),
            Some(value) => match value.cast_exact::<PyBool>() {
                Ok(claim) => Ok(claim.is_true()),
                Err(_) => Err(self.wrong()),
            },
        }
    }

    /// That these arguments are CPython's business.
    pub(crate) fn wrong(&self) -> PyErr {
        TextDeclined::new_err(format!("`{}` with these arguments", self.name))
    }
}
