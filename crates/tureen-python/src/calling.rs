//! Calls of promises by CPython's fast protocol (PEP 590), and how the commonest of them become promises: those of a function
//! with one or two arguments that are plain data or promises. All others go the way that PyO3 has for calls (`make`).
//! Knows where a class keeps what the protocol needs, which neither PyO3 nor the stable ABI of all our versions can set: it is
//! looked at before it is written to, and where it is not as expected, every call goes the other way.

#![expect(unsafe_code, reason = "the protocol is one of C pointers, and PyO3 has none of it for classes")]

use std::ffi::{c_char, c_ulong, c_void};
use std::mem::{offset_of, size_of};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::ending;
use crate::identity::Identity;
use crate::make::is_pure;
use crate::promise::{Call, Doing, Promise, Work};
use crate::site::Site;
use crate::template::{Arguments, Few, One};
use crate::tracking::is_plain_data;

/// What an object holds for the protocol: the function that is called. It is the same for all promises.
pub(crate) const CALLED: ffi::vectorcallfunc = called;

/// The beginning of a class in CPython, 3.8 to 3.14.
#[repr(C)]
struct Class {
    head: ffi::PyVarObject,
    name: *const c_char,
    basicsize: ffi::Py_ssize_t,
    itemsize: ffi::Py_ssize_t,
    dealloc: *mut c_void,
    vectorcall_offset: ffi::Py_ssize_t,
    from_getattr_to_hash: [*mut c_void; 8],
    call: *mut c_void,
    from_str_to_buffer: [*mut c_void; 4],
    flags: c_ulong,
}

/// `Py_TPFLAGS_HAVE_VECTORCALL`, in the stable ABI since 3.12, and the same before.
const HAS_VECTORCALL: c_ulong = 1 << 11;

/// The highest bit of the number of arguments says something else.
const NUMBER: usize = usize::MAX >> 1;

/// Whether promises are as PyO3 makes them when we make them: their header, a [`Promise`], and then zeros.
static MAY_BEAR: AtomicBool = AtomicBool::new(false);

/// What is called for a promise if not by the protocol.
static SLOT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Has promises called by the protocol, where that can be.
pub(crate) fn begin(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<Promise>();
    let version = py.version_info();
    let is_known = ((3, 10)..=(3, 14)).contains(&(version.major, version.minor));
    let implementation = py.import("sys")?.getattr("implementation")?.getattr("name")?;
    if !is_known || !implementation.eq("cpython")? {
        return Ok(());
    }
    let size: usize = class.getattr("__basicsize__")?.extract()?;
    let probe = Promise::new(
        Work::Value { value: py.None(), pure: None },
        Identity::of_hash(0, false),
        Site::default(),
    );
    let probe = Bound::new(py, probe)?;
    let start = std::ptr::from_ref(probe.get()) as usize - probe.as_ptr() as usize;
    let end = start + size_of::<Promise>();
    if start == size_of::<ffi::PyObject>() && end + size_of::<*mut ffi::PyObject>() == size {
        // SAFETY: an object has as many bytes as its class says, and nobody writes to this one.
        let rest = unsafe { probe.as_ptr().cast::<u8>().add(end).cast::<*mut ffi::PyObject>().read() };
        MAY_BEAR.store(rest.is_null(), Ordering::Relaxed);
    }
    let head = class.as_ptr().cast::<Class>();
    // SAFETY: what is read of the class lies within any class of these versions.
    let (slot, is_as_expected) = unsafe {
        let class = class.as_type_ptr();
        let slot = ffi::PyType_GetSlot(class, ffi::Py_tp_call);
        let is_as_expected = !slot.is_null()
            && (*head).call == slot
            && (*head).flags == ffi::PyType_GetFlags(class)
            && (*head).dealloc == ffi::PyType_GetSlot(class, ffi::Py_tp_dealloc)
            && (*head).basicsize == size as ffi::Py_ssize_t
            && (*head).itemsize == 0
            && (*head).vectorcall_offset == 0;
        (slot, is_as_expected)
    };
    if is_as_expected {
        SLOT.store(slot, Ordering::Relaxed);
        let may_bear = MAY_BEAR.load(Ordering::Relaxed);
        // SAFETY: as above.
        ending::set_otherwise(unsafe { (*head).dealloc });
        // SAFETY: the five values say that these are the places meant; nobody else has the class yet, since the module is
        // only being made. Every promise holds the function at this offset, from when it is made.
        unsafe {
            (*head).vectorcall_offset = (start + offset_of!(Promise, called)) as ffi::Py_ssize_t;
            (*head).flags |= HAS_VECTORCALL;
            if may_bear {
                (*head).dealloc = ending::end as ffi::destructor as *mut c_void;
            }
        }
    }
    Ok(())
}

/// A promise is called.
///
/// # Safety
///
/// By the protocol: `callable` is a promise, `args` has as many objects as the number says and then one for each name in the
/// tuple `names`, if that is not null. The calling thread is attached.
unsafe extern "C" fn called(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    number: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let number = number & NUMBER;
    // SAFETY: as above.
    unsafe {
        if names.is_null()
            && let Some(made) = call_with_few(callable, args, number)
        {
            return made;
        }
        call_by_slot(callable, args, number, names)
    }
}

/// The promise of one of the commonest calls; `None` for all others.
///
/// # Safety
///
/// As for [`called`].
#[inline]
unsafe fn call_with_few(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    number: usize,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the thread is attached. The callable is a promise, of this very class, since promises have no subclasses; it
    // and all its arguments are alive while it is called.
    let (py, this, class) = unsafe {
        let py = Python::assume_attached();
        let this = Borrowed::from_ptr(py, callable).cast_unchecked::<Promise>().get();
        (py, this, ffi::Py_TYPE(callable))
    };
    let Work::Value { value, pure } = this.work() else { return None };
    if is_pure(*pure) || this.n_outputs().is_some() {
        return None;
    }
    // All are looked at before any is taken: none is to be given back.
    if !(1..=2).contains(&number) {
        return None;
    }
    // SAFETY: `place` is less than the number of arguments, and what is of the class is a promise.
    let look = |place: usize| unsafe {
        let arg = Borrowed::from_ptr(py, *args.add(place));
        if ffi::Py_TYPE(arg.as_ptr()) == class {
            Some(One::Promise(arg.cast_unchecked::<Promise>()))
        } else {
            is_plain_data(&arg).then_some(One::Value(arg))
        }
    };
    let first = look(0)?;
    let second = if number == 2 { Some(look(1)?) } else { None };
    let is_rooted = this.is_untracked();
    let is_untracked = is_rooted
        && [Some(&first), second.as_ref()].into_iter().flatten().all(|arg| match arg {
            One::Value(_) => true,
            One::Promise(promise) => promise.get().is_untracked(),
        });
    let take = |arg| match arg {
        One::Value(value) => One::Value(Borrowed::to_owned(value).unbind()),
        One::Promise(promise) => One::Promise(Borrowed::to_owned(promise).unbind()),
    };
    let few = Few::of(std::iter::once(first).chain(second).map(take));
    if is_untracked && MAY_BEAR.load(Ordering::Relaxed) {
        let promise = Promise::untracked_call(value.clone_ref(py), few, Site::here(py));
        // SAFETY: attached, and this is the class of promises.
        return Some(unsafe { bear(class, promise) });
    }
    let call = Call::new(Doing::Call, value.clone_ref(py), Arguments::Few(few));
    let promise = Promise::new(Work::Call(call), Identity::unique(), Site::here(py));
    Some(match promise.born(py, is_rooted) {
        Ok(made) => made.into_ptr(),
        Err(error) => {
            error.restore(py);
            null_mut()
        }
    })
}

/// The Python object for a promise that the garbage collector never sees: as `Bound::new` and untracking it would give, without
/// looking up how objects of this class are made. Null, with an exception set, if there is no memory.
///
/// # Safety
///
/// The thread is attached, `class` is that of promises, and [`MAY_BEAR`] is true.
unsafe fn bear(class: *mut ffi::PyTypeObject, promise: Promise) -> *mut ffi::PyObject {
    // SAFETY: a new object has its header, and behind it room for a promise and for the list of weak references, since
    // `begin` saw that there is this and no more. It is not tracked.
    unsafe {
        let object: *mut ffi::PyObject = ffi::PyObject_GC_New(class);
        if !object.is_null() {
            let place = object.add(1).cast::<Promise>();
            place.write(promise);
            place.add(1).cast::<*mut ffi::PyObject>().write(null_mut());
        }
        object
    }
}

/// The call as PyO3 has it.
///
/// # Safety
///
/// As for [`called`].
#[cold]
unsafe fn call_by_slot(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    number: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: attached, and the arguments are alive. Nothing that is not null is forgotten, but where memory ran out.
    unsafe {
        let tuple = ffi::PyTuple_New(number as ffi::Py_ssize_t);
        if tuple.is_null() {
            return null_mut();
        }
        for place in 0..number {
            let arg = *args.add(place);
            ffi::Py_INCREF(arg);
            ffi::PyTuple_SetItem(tuple, place as ffi::Py_ssize_t, arg);
        }
        let mut dict = null_mut();
        if !names.is_null() {
            dict = ffi::PyDict_New();
            for place in 0..ffi::PyTuple_Size(names) {
                let name = ffi::PyTuple_GetItem(names, place);
                if dict.is_null() || ffi::PyDict_SetItem(dict, name, *args.add(number + place as usize)) != 0
                {
                    ffi::Py_XDECREF(dict);
                    ffi::Py_DECREF(tuple);
                    return null_mut();
                }
            }
        }
        // SAFETY: `begin` has put the function there, before any promise could be called by the protocol.
        let slot = std::mem::transmute::<*mut c_void, ffi::ternaryfunc>(SLOT.load(Ordering::Relaxed));
        let made = slot(callable, tuple, dict);
        ffi::Py_XDECREF(dict);
        ffi::Py_DECREF(tuple);
        made
    }
}
