//! Where in the user's file a promise was made: the running code object and the place in it, taken at each call.
//! Knows no promise. Turning the pair into a file and a line is left for when somebody asks (`tureen._failure`): finding
//! a line number means reading a table as long as the code, while taking the pair costs a few nanoseconds.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::native::native;

/// A place in Python code, or nowhere (a promise made from C, or by tureen itself).
#[derive(Default)]
pub(crate) struct Site {
    /// Code objects hold constants and names only, so the garbage collector needn't see this one.
    code: Option<Py<PyAny>>,
    /// Index of the instruction, in bytes, as `frame.f_lasti`.
    instruction: i32,
}

impl Site {
    /// The place that the calling thread executes now.
    #[expect(unsafe_code, reason = "PyO3 has no safe way to the running frame in the limited API")]
    pub(crate) fn here(py: Python<'_>) -> Self {
        // SAFETY: we are attached. PyEval_GetFrame gives a borrowed reference or null, without an exception set, and
        // the frame lives while it runs, which is until we return. PyFrame_GetCode gives a new reference, never null.
        let (frame, code) = unsafe {
            let frame = ffi::PyEval_GetFrame();
            if frame.is_null() {
                return Self::default();
            }
            let code = ffi::PyFrame_GetCode(frame).cast::<ffi::PyObject>();
            (Borrowed::from_ptr(py, frame.cast::<ffi::PyObject>()), Bound::from_owned_ptr(py, code))
        };
        let instruction = match native().get_lasti {
            // SAFETY: as above, and the function takes any frame.
            Some(get_lasti) => unsafe { get_lasti(frame.as_ptr().cast()) },
            None => {
                let place = frame.getattr(pyo3::intern!(py, "f_lasti"));
                place.and_then(|place| place.extract::<i32>()).unwrap_or(-1)
            }
        };
        Self { code: Some(code.unbind()), instruction }
    }

    /// The code object and the index of the instruction in it.
    pub(crate) fn into_parts(self) -> (Option<Py<PyAny>>, i32) {
        (self.code, self.instruction)
    }
}
