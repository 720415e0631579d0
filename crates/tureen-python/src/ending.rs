//! The end of promises of the commonest calls: of a function, with one or two arguments that are plain data or such promises.
//! It needs nothing of what PyO3 does at the end of any object; all others go its way.
//! Knows what such a promise owns. A chain of a million ends in a loop, on a flat stack, as in `drops`.

#![expect(unsafe_code, reason = "an object that nobody refers to is taken apart by hand")]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::drops;
use crate::promise::Promise;
use crate::template::Few;

/// How PyO3 ends a promise.
static OTHERWISE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Says how other promises end, before the first one ends.
pub(crate) fn set_otherwise(dealloc: *mut c_void) {
    OTHERWISE.store(dealloc, Ordering::Relaxed);
}

/// A promise that nobody refers to any more ends.
///
/// # Safety
///
/// As for any `tp_dealloc`: attached, and `object` is a promise that is not used after this. Promises are as
/// `calling::MAY_BEAR` says, and [`set_otherwise`] was called with the function that the class had.
pub(crate) unsafe extern "C" fn end(object: *mut ffi::PyObject) {
    // SAFETY: as above.
    let py = unsafe { Python::assume_attached() };
    if !unsafe { is_simple(object) } {
        // SAFETY: that is what was stored there.
        let otherwise =
            unsafe { std::mem::transmute::<*mut c_void, ffi::destructor>(OTHERWISE.load(Ordering::Relaxed)) };
        return unsafe { otherwise(object) };
    }
    let mut next = object;
    let mut waiting: Vec<*mut ffi::PyObject> = Vec::new();
    loop {
        // SAFETY: it is simple, and nobody refers to it but we.
        let (function, code, few) = unsafe { take_apart(next) };
        next = null_mut();
        drop(function.into_bound(py));
        drop(code.map(|code| code.into_bound(py)));
        let (first, second) = match few {
            Few::None => (None, None),
            Few::Value(value) => {
                drop(value.into_bound(py));
                (None, None)
            }
            Few::ValueValue(first, second) => {
                drop((first.into_bound(py), second.into_bound(py)));
                (None, None)
            }
            Few::Promise(promise) => (Some(promise), None),
            Few::ValuePromise(value, promise) | Few::PromiseValue(promise, value) => {
                drop(value.into_bound(py));
                (Some(promise), None)
            }
            Few::PromisePromise(first, second) => (Some(first), Some(second)),
        };
        for promise in [first, second].into_iter().flatten() {
            // SAFETY: it is alive, and the reference is ours.
            if unsafe { ffi::Py_REFCNT(promise.as_ptr()) == 1 && is_simple(promise.as_ptr()) } {
                let promise = promise.into_ptr();
                if next.is_null() { next = promise } else { waiting.push(promise) }
            } else {
                drops::drop_promise(py, promise);
            }
        }
        if next.is_null() {
            match waiting.pop() {
                Some(promise) => next = promise,
                None => return,
            }
        }
    }
}

/// Whether a promise is one that [`take_apart`] knows.
///
/// # Safety
///
/// It is a promise, as [`end`] says they are.
unsafe fn is_simple(object: *mut ffi::PyObject) -> bool {
    // SAFETY: behind the header stands the promise, and behind that the list of weak references.
    unsafe {
        let promise = object.add(1).cast::<Promise>();
        let weak = promise.add(1).cast::<*mut ffi::PyObject>().read();
        weak.is_null() && (*promise).is_simple()
    }
}

/// What a promise owns, which is freed.
///
/// # Safety
///
/// It [`is_simple`], and nobody will use it.
#[inline]
unsafe fn take_apart(object: *mut ffi::PyObject) -> (Py<PyAny>, Option<Py<PyAny>>, Few) {
    // SAFETY: what is read out of the object is not dropped with it, since its memory is freed as it is; and all else in it
    // needs no drop, as `Promise::is_simple` has it. It is not tracked. Its class is referred to by each of its objects.
    unsafe {
        let parts = Promise::parts(object.add(1).cast::<Promise>());
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(class.cast());
        parts
    }
}
