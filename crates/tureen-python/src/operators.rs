//! Operators on promises, each a promise of the operator's result. Equal operators on equal promises are one promise.
//! Knows which function of Python's `operator` stands for which sign.

use pyo3::basic::CompareOp;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::promise::{Call, Doing, Promise, Work};
use crate::scan::scan;
use crate::site::Site;
use crate::token::Hasher;

/// What an operator gives.
type Made<'py> = PyResult<Bound<'py, Promise>>;

/// A promise of `operator.<name>(*operands)`.
fn operate<'py>(py: Python<'py>, name: &Bound<'py, PyString>, operands: &[&Bound<'py, PyAny>]) -> Made<'py> {
    let mut hasher = Hasher::new(py);
    hasher.text("operator");
    hasher.content(name.as_any())?;
    operands.iter().try_for_each(|operand| hasher.cheaply(operand))?;
    let function = py.import(intern!(py, "operator"))?.getattr(name)?.unbind();
    let arguments = scan(&PyTuple::new(py, operands)?, None)?;
    let call = Call::new(Doing::Call, function, arguments);
    Promise::new(Work::Call(call), hasher.finish(), Site::here(py)).born(py, true)
}

/// `promise[index]`.
pub(crate) fn item<'py>(promise: &Bound<'py, Promise>, index: &Bound<'py, PyAny>) -> Made<'py> {
    operate(promise.py(), intern!(promise.py(), "getitem"), &[promise.as_any(), index])
}

#[pymethods]
impl Promise {
    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "add"), &[slf.as_any(), other])
    }

    fn __radd__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "add"), &[other, slf.as_any()])
    }

    fn __sub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "sub"), &[slf.as_any(), other])
    }

    fn __rsub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "sub"), &[other, slf.as_any()])
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "mul"), &[slf.as_any(), other])
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "mul"), &[other, slf.as_any()])
    }

    fn __matmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "matmul"), &[slf.as_any(), other])
    }

    fn __rmatmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "matmul"), &[other, slf.as_any()])
    }

    fn __truediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "truediv"), &[slf.as_any(), other])
    }

    fn __rtruediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "truediv"), &[other, slf.as_any()])
    }

    fn __floordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "floordiv"), &[slf.as_any(), other])
    }

    fn __rfloordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "floordiv"), &[other, slf.as_any()])
    }

    fn __mod__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "mod"), &[slf.as_any(), other])
    }

    fn __rmod__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "mod"), &[other, slf.as_any()])
    }

    fn __lshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "lshift"), &[slf.as_any(), other])
    }

    fn __rlshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "lshift"), &[other, slf.as_any()])
    }

    fn __rshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "rshift"), &[slf.as_any(), other])
    }

    fn __rrshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "rshift"), &[other, slf.as_any()])
    }

    fn __and__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "and_"), &[slf.as_any(), other])
    }

    fn __rand__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "and_"), &[other, slf.as_any()])
    }

    fn __or__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "or_"), &[slf.as_any(), other])
    }

    fn __ror__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "or_"), &[other, slf.as_any()])
    }

    fn __xor__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "xor"), &[slf.as_any(), other])
    }

    fn __rxor__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "xor"), &[other, slf.as_any()])
    }

    fn __neg__<'py>(slf: &Bound<'py, Self>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "neg"), &[slf.as_any()])
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "pos"), &[slf.as_any()])
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "abs"), &[slf.as_any()])
    }

    fn __invert__<'py>(slf: &Bound<'py, Self>) -> Made<'py> {
        operate(slf.py(), intern!(slf.py(), "invert"), &[slf.as_any()])
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> Made<'py> {
        power(slf.as_any(), other, modulo)
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> Made<'py> {
        power(other, slf.as_any(), modulo)
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> Made<'py> {
        item(slf, index)
    }

    fn __richcmp__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>, sign: CompareOp) -> Made<'py> {
        let py = slf.py();
        let name = match sign {
            CompareOp::Lt => intern!(py, "lt"),
            CompareOp::Le => intern!(py, "le"),
            CompareOp::Eq => intern!(py, "eq"),
            CompareOp::Ne => intern!(py, "ne"),
            CompareOp::Gt => intern!(py, "gt"),
            CompareOp::Ge => intern!(py, "ge"),
        };
        operate(py, name, &[slf.as_any(), other])
    }
}

/// `base ** exponent`, or `pow(base, exponent, modulo)`.
fn power<'py>(
    base: &Bound<'py, PyAny>,
    exponent: &Bound<'py, PyAny>,
    modulo: Option<&Bound<'py, PyAny>>,
) -> Made<'py> {
    let py = base.py();
    let Some(modulo) = modulo else {
        return operate(py, intern!(py, "pow"), &[base, exponent]);
    };
    let pow = py.import(intern!(py, "builtins"))?.getattr(intern!(py, "pow"))?.unbind();
    let mut hasher = Hasher::new(py);
    hasher.text("pow with modulo");
    [base, exponent, modulo].iter().try_for_each(|operand| hasher.cheaply(operand))?;
    let arguments = scan(&PyTuple::new(py, [base, exponent, modulo])?, None)?;
    let call = Call::new(Doing::Call, pow, arguments);
    Promise::new(Work::Call(call), hasher.finish(), Site::here(py)).born(py, true)
}
