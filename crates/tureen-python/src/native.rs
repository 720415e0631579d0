//! Two functions that every CPython exports, and that its stable ABI does not name for all versions we run on: looked up by
//! name, once. Whoever uses them has another way where they are not found.
//! Knows what they are, not what for.

#![expect(unsafe_code, reason = "an address found by name has the type that its documentation says")]

use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;

use pyo3::ffi;

/// `PyFrame_GetLasti`, since Python 3.11.
type GetLasti = unsafe extern "C" fn(*mut ffi::PyFrameObject) -> c_int;

/// `PyObject_VectorcallDict`, as a function through which a thread may be unwound: see `invoke`.
type VectorcallDict = unsafe extern "C-unwind" fn(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// What was found.
pub(crate) struct Native {
    pub(crate) get_lasti: Option<GetLasti>,
    pub(crate) vectorcall_dict: Option<VectorcallDict>,
}

/// What there is.
pub(crate) fn native() -> &'static Native {
    static FOUND: OnceLock<Native> = OnceLock::new();
    FOUND.get_or_init(|| {
        let get_lasti = find(c"PyFrame_GetLasti");
        let vectorcall_dict = find(c"PyObject_VectorcallDict");
        // SAFETY: CPython's functions of these names are of these types, in every version that has them (3.11 and 3.9 on).
        unsafe {
            Native {
                get_lasti: get_lasti.map(|found| std::mem::transmute::<*mut c_void, GetLasti>(found)),
                vectorcall_dict: vectorcall_dict
                    .map(|found| std::mem::transmute::<*mut c_void, VectorcallDict>(found)),
            }
        }
    })
}

#[cfg(unix)]
fn find(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name ends with a zero, and looking one up runs nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

#[cfg(not(unix))]
fn find(_name: &CStr) -> Option<*mut c_void> {
    None
}
