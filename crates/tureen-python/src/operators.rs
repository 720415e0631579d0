//! Operators on promises, each a promise of the operator's result. Equal operators on equal promises are one promise.
//! Knows which function of Python's `operator` stands for which sign.

use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::promise::{Call, Doing, Promise, Work};
use crate::scan::scan;
use crate::site::Site;
use crate::token::Hasher;

/// A promise of `operator.<name>(*operands)`.
fn operate<'py>(
    py: Python<'py>,
    name: &Bound<'py, pyo3::types::PyString>,
    operands: &[&Bound<'py, PyAny>],
) -> PyResult<Bound<'py, Promise>> {
    let mut hasher = Hasher::new(py);
    hasher.text("operator");
    hasher.content(name.as_any())?;
    operands.iter().try_for_each(|operand| hasher.cheaply(operand))?;
    let function = py.import(pyo3::intern!(py, "operator"))?.getattr(name)?.unbind();
    let arguments = scan(&PyTuple::new(py, operands)?, None)?;
    let call = Call { doing: Doing::Call, function, arguments };
    Bound::new(py, Promise::new(Work::Call(call), hasher.finish(), Site::here(py)))
}

/// `promise[index]`.
pub(crate) fn item<'py>(
    promise: &Bound<'py, Promise>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, Promise>> {
    operate(promise.py(), pyo3::intern!(promise.py(), "getitem"), &[promise.as_any(), index])
}

macro_rules! operators {
    ([$($method:ident $swapped:ident $name:literal,)*] [$($single:ident $single_name:literal,)*]) => {
        #[pymethods]
        impl Promise {
            $(
                fn $method<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Promise>> {
                    operate(slf.py(), pyo3::intern!(slf.py(), $name), &[slf.as_any(), other])
                }

                fn $swapped<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Promise>> {
                    operate(slf.py(), pyo3::intern!(slf.py(), $name), &[other, slf.as_any()])
                }
            )*
            $(
                fn $single<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Promise>> {
                    operate(slf.py(), pyo3::intern!(slf.py(), $single_name), &[slf.as_any()])
                }
            )*

            fn __pow__<'py>(
                slf: &Bound<'py, Self>,
                other: &Bound<'py, PyAny>,
                modulo: Option<&Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, Promise>> {
                power(slf.as_any(), other, modulo)
            }

            fn __rpow__<'py>(
                slf: &Bound<'py, Self>,
                other: &Bound<'py, PyAny>,
                modulo: Option<&Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, Promise>> {
                power(other, slf.as_any(), modulo)
            }

            fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Promise>> {
                item(slf, index)
            }

            fn __richcmp__<'py>(
                slf: &Bound<'py, Self>,
                other: &Bound<'py, PyAny>,
                sign: CompareOp,
            ) -> PyResult<Bound<'py, Promise>> {
                let py = slf.py();
                let name = match sign {
                    CompareOp::Lt => pyo3::intern!(py, "lt"),
                    CompareOp::Le => pyo3::intern!(py, "le"),
                    CompareOp::Eq => pyo3::intern!(py, "eq"),
                    CompareOp::Ne => pyo3::intern!(py, "ne"),
                    CompareOp::Gt => pyo3::intern!(py, "gt"),
                    CompareOp::Ge => pyo3::intern!(py, "ge"),
                };
                operate(py, name, &[slf.as_any(), other])
            }
        }
    };
}

operators! {
    [
    __add__ __radd__ "add",
    __sub__ __rsub__ "sub",
    __mul__ __rmul__ "mul",
    __matmul__ __rmatmul__ "matmul",
    __truediv__ __rtruediv__ "truediv",
    __floordiv__ __rfloordiv__ "floordiv",
    __mod__ __rmod__ "mod",
    __lshift__ __rlshift__ "lshift",
    __rshift__ __rrshift__ "rshift",
    __and__ __rand__ "and_",
    __or__ __ror__ "or_",
    __xor__ __rxor__ "xor",
    ] [
    __neg__ "neg",
    __pos__ "pos",
    __abs__ "abs",
    __invert__ "invert",
    ]
}

/// `base ** exponent`, or `pow(base, exponent, modulo)`.
fn power<'py>(
    base: &Bound<'py, PyAny>,
    exponent: &Bound<'py, PyAny>,
    modulo: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, Promise>> {
    let py = base.py();
    let Some(modulo) = modulo else {
        return operate(py, pyo3::intern!(py, "pow"), &[base, exponent]);
    };
    let pow = py.import(pyo3::intern!(py, "builtins"))?.getattr(pyo3::intern!(py, "pow"))?.unbind();
    let mut hasher = Hasher::new(py);
    hasher.text("pow with modulo");
    [base, exponent, modulo].iter().try_for_each(|operand| hasher.cheaply(operand))?;
    let arguments = scan(&PyTuple::new(py, [base, exponent, modulo])?, None)?;
    let call = Call { doing: Doing::Call, function: pow, arguments };
    Bound::new(py, Promise::new(Work::Call(call), hasher.finish(), Site::here(py)))
}
