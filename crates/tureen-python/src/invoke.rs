//! Calls a Python function from a thread that Python did not start.
//! Knows nothing of tasks.
//!
//! When the interpreter ends, CPython before 3.14 ends such a thread from within, wherever it next asks for the
//! interpreter's lock, by unwinding its stack (`pthread_exit`). Unwinding through Rust is an abort. So a guard below
//! the call stops the unwinding by never returning: the thread hangs, as CPython 3.14 has it, and the process ends
//! under it. See <https://github.com/rust-lang/rust/issues/135929>.

use std::hint::black_box;
use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::native::native;

/// `PyObject_Call`, as a function through which a thread may be unwound.
type Call = unsafe extern "C-unwind" fn(
    callable: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// Dropped only when the thread is unwound, and then for ever.
struct Hang;

impl Drop for Hang {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// The most arguments of [`invoke_with`].
const MOST: usize = 2;

/// `function(*args)`, with at most two arguments: without a tuple for them, where that can be.
#[expect(unsafe_code, reason = "as for `invoke`")]
pub(crate) fn invoke_with<'py>(
    function: &Bound<'py, PyAny>,
    args: &[&Bound<'py, PyAny>],
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    let Some(call) = native().vectorcall_dict.filter(|_| args.len() <= MOST) else {
        return invoke(function, &PyTuple::new(py, args)?, None);
    };
    // The place before the first is for the one who is called, to put `self` there for a while.
    let mut places = [null_mut(); 1 + MOST];
    for (place, arg) in places[1..].iter_mut().zip(args) {
        *place = arg.as_ptr();
    }
    let number = args.len() | FREE_PLACE;
    let guard = Hang;
    // SAFETY: attached; the function and the arguments live until this returns. A null for `kwargs` stands for none.
    let result = unsafe { call(function.as_ptr(), places.as_ptr().add(1), number, null_mut()) };
    std::mem::forget(guard);
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, result) }
}

/// `PY_VECTORCALL_ARGUMENTS_OFFSET`.
const FREE_PLACE: usize = 1 << (usize::BITS - 1);

/// `function(*args, **kwargs)`.
#[expect(unsafe_code, reason = "PyO3's own call can't be unwound; see the head of this file")]
pub(crate) fn invoke<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
    let declared: unsafe extern "C" fn(_, _, _) -> _ = ffi::PyObject_Call;
    // SAFETY: the two types differ only in that the caller is ready to be unwound. The compiler must not see that this
    // is the function that PyO3 declares as never unwinding, or it would leave out the guard: hence the black box.
    let call =
        black_box(unsafe { std::mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Call>(declared) });
    let guard = Hang;
    // SAFETY: attached (we have a `Bound`); all pointers are to live objects of the right type, or null for `kwargs`.
    let result = unsafe { call(function.as_ptr(), args.as_ptr(), kwargs) };
    std::mem::forget(guard);
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(function.py(), result) }
}
