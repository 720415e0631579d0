//! In a worker: large arrays of NumPy are born in regions that other processes can have without a copy (NEP 49).
//!
//! NumPy is asked, by its table of functions, to take memory from us. What is not large we leave to its own allocator.

#![expect(unsafe_code, reason = "NumPy's interface for this is one of C pointers")]

use std::ffi::{CStr, c_char, c_void};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::ptr::{NonNull, copy_nonoverlapping, null_mut};

use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};

use super::region;

/// From this size on, `malloc` takes fresh memory each time, however often something of the size was freed: so do we.
const LARGE: usize = 32 << 20;

const NAME: &CStr = c"mem_handler";
const VERSION: u8 = 1;

/// Places in NumPy's table of functions.
const SET_HANDLER: usize = 304;
const GET_HANDLER: usize = 305;

/// As NumPy has it in `ndarraytypes.h`.
#[repr(C)]
struct Handler {
    name: [c_char; 127],
    version: u8,
    allocator: Allocator,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Allocator {
    context: *mut c_void,
    malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

/// What our functions find as their context.
struct Ours {
    numpys: Allocator,
    folder: OwnedFd,
    /// What is larger than this is NumPy's to refuse.
    largest: usize,
}

/// Has NumPy's large arrays, up to `largest` bytes, made in this thread from now on, be born as files in `folder`.
///
/// `table` is NumPy's `_ARRAY_API`, of a version that has handlers of version 1.
#[pyfunction]
pub(crate) fn bear_shared(folder: i32, largest: usize, table: &Bound<'_, PyCapsule>) -> PyResult<()> {
    let py = table.py();
    // SAFETY: Python keeps the folder open for as long as this process lives; here it is only duplicated.
    let folder = unsafe { BorrowedFd::borrow_raw(folder) }.try_clone_to_owned()?;
    let table: NonNull<*const c_void> = table.pointer_checked(None)?.cast();
    // SAFETY: these places of the table hold these functions, of these types, since NumPy 1.22. They need the interpreter, which
    // we have, and give a new reference or set an error.
    let (current, set) = unsafe {
        let get: unsafe extern "C" fn() -> *mut ffi::PyObject =
            std::mem::transmute(*table.add(GET_HANDLER).as_ptr());
        let set: unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject =
            std::mem::transmute(*table.add(SET_HANDLER).as_ptr());
        (Bound::from_owned_ptr_or_err(py, get())?, set)
    };
    let current = current.cast_into::<PyCapsule>()?;
    let numpys: NonNull<Handler> = current.pointer_checked(Some(NAME))?.cast();
    // SAFETY: a capsule of this name holds a handler.
    let numpys = unsafe { numpys.as_ref() };
    if numpys.version != VERSION {
        return Err(PyValueError::new_err(format!("NumPy's allocators are of version {}", numpys.version)));
    }
    // Arrays may need these, and NumPy's own handler, for as long as this process lives.
    std::mem::forget(current.clone());
    let ours = Box::leak(Box::new(Ours { numpys: numpys.allocator, folder, largest }));
    let context = std::ptr::from_mut(ours).cast();
    let allocator = Allocator { context, malloc, calloc, realloc, free };
    let mut name = [0; 127];
    for (to, from) in name.iter_mut().zip(b"tureen") {
        *to = *from as c_char;
    }
    let handler = Box::leak(Box::new(Handler { name, version: VERSION, allocator }));
    // SAFETY: the handler lives for ever, and is what a capsule of this name holds.
    unsafe {
        let capsule = ffi::PyCapsule_New(std::ptr::from_mut(handler).cast(), NAME.as_ptr(), None);
        let capsule = Bound::from_owned_ptr_or_err(py, capsule)?;
        Bound::from_owned_ptr_or_err(py, set(capsule.as_ptr()))?;
    }
    Ok(())
}

/// Gives away `length` bytes at an address: a descriptor, and where they start there. None if they can't be had without a copy.
#[pyfunction]
pub(crate) fn give_born(start: usize, length: usize) -> Option<(i32, usize)> {
    region::give(start, length).map(|(file, offset)| (file.into_raw_fd(), offset))
}

/// Has what is written to arrays from now on stay in this process.
#[pyfunction]
pub(crate) fn keep_born() {
    region::keep_all();
}

impl Ours {
    fn bear(&self, length: usize) -> Option<NonNull<c_void>> {
        (LARGE..=self.largest).contains(&length).then(|| region::make(self.folder.as_fd(), length)).flatten()
    }
}

/// # Safety
///
/// All four are called by NumPy only, with the context that it was given, and with addresses that it got from them.
unsafe fn ours<'a>(context: *mut c_void) -> &'a Ours {
    // SAFETY: it is what `bear_shared` leaked.
    unsafe { &*context.cast::<Ours>() }
}

unsafe extern "C" fn malloc(context: *mut c_void, length: usize) -> *mut c_void {
    // SAFETY: see `ours`.
    unsafe {
        let ours = ours(context);
        match ours.bear(length) {
            Some(start) => start.as_ptr(),
            None => (ours.numpys.malloc)(ours.numpys.context, length),
        }
    }
}

unsafe extern "C" fn calloc(context: *mut c_void, n: usize, size: usize) -> *mut c_void {
    // SAFETY: see `ours`. A new region has zeros in it.
    unsafe {
        let ours = ours(context);
        match n.checked_mul(size).and_then(|length| ours.bear(length)) {
            Some(start) => start.as_ptr(),
            None => (ours.numpys.calloc)(ours.numpys.context, n, size),
        }
    }
}

unsafe extern "C" fn realloc(context: *mut c_void, start: *mut c_void, length: usize) -> *mut c_void {
    // SAFETY: see `ours`; both places have so many bytes, and are not the same.
    unsafe {
        let Some(old_length) = region::length(start) else {
            let numpys = &ours(context).numpys;
            return (numpys.realloc)(numpys.context, start, length);
        };
        let new = malloc(context, length);
        if new.is_null() {
            return null_mut();
        }
        copy_nonoverlapping(start.cast::<u8>(), new.cast::<u8>(), old_length.min(length));
        region::free(start);
        new
    }
}

unsafe extern "C" fn free(context: *mut c_void, start: *mut c_void, length: usize) {
    // SAFETY: see `ours`.
    unsafe {
        if !region::free(start) {
            let numpys = &ours(context).numpys;
            (numpys.free)(numpys.context, start, length);
        }
    }
}
