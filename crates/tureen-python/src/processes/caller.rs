//! In a worker: makes the calls of a batch, one after the other, and leaves word in shared memory of which it is at.
//! Knows nothing of tasks, sockets or pickles.

use std::os::fd::BorrowedFd;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::calls::goes_raw;
use super::page::Page;
use super::whole::Values;
use super::wire::os_error;

/// The words of the page: the place in the batch of the call that we are at, whether it is in the user's code, whether we wait
/// for work or have done so.
pub(super) const PLACE: usize = 0;
pub(super) const IS_AT_WORK: usize = 1;
pub(super) const HAS_STARTED: usize = 2;

/// So often other threads get Python's lock, if they want it, whatever the calls are; looked at every so many calls.
const TURN: Duration = Duration::from_millis(5);
const CALLS_BETWEEN_LOOKS: usize = 16;

/// Longer text is left where it is.
const SHORT: usize = 4096;

/// What makes the calls, and where it is seen from the parent.
#[pyclass(module = "tureen._tureen", frozen)]
pub(crate) struct Caller {
    page: Page,
    stopped_run: AtomicU64,
}

#[pymethods]
impl Caller {
    /// Leaves word in the shared page of this descriptor.
    #[new]
    #[expect(unsafe_code, reason = "a descriptor that Python holds is only borrowed by its number")]
    fn new(descriptor: i32) -> PyResult<Self> {
        // SAFETY: the worker keeps it open for its life; here it is only used to map what is behind it.
        let file = unsafe { BorrowedFd::borrow_raw(descriptor) };
        Ok(Self { page: Page::of(file).map_err(os_error)?, stopped_run: AtomicU64::new(0) })
    }

    /// Says that this worker waits for work.
    fn start(&self) {
        self.page.word(HAS_STARTED).store(1, Ordering::Release);
    }

    /// Says that the next call is the first of a batch.
    fn rewind(&self) {
        self.page.word(PLACE).store(0, Ordering::Release);
    }

    /// Says whether we are in the user's code.
    fn set_at_work(&self, is_at_work: bool) {
        self.page.word(IS_AT_WORK).store(u64::from(is_at_work), Ordering::Release);
    }

    /// Has no more calls of a run start.
    fn stop(&self, run: u64) {
        self.stopped_run.store(run, Ordering::Release);
    }

    /// Makes calls of `function` and adds what they give to `results`. What the calls raise is raised; then the results of
    /// those before it are there.
    ///
    /// `column` has the argument of each, if each `is_single` (whole numbers as bytes); or a tuple, and `named` a dict or `None`. `replace(place, result)`
    /// gives what to add in the place of a result that is not wanted, and no number or short text. The places of those that
    /// pickle would copy go to `raw`. False if the run was stopped.
    #[expect(clippy::too_many_arguments, reason = "it is the inside of a loop")]
    fn call(
        &self,
        run: u64,
        function: &Bound<'_, PyAny>,
        is_single: bool,
        column: &Bound<'_, PyAny>,
        named: Option<&Bound<'_, PyList>>,
        is_wanted: &[u8],
        results: &Bound<'_, PyList>,
        raw: &Bound<'_, PyList>,
        replace: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let py = function.py();
        let first = results.len();
        let mut turn = Instant::now();
        let column = Values::of(column)?;
        for at in 0..column.len() {
            let place = first + at;
            self.page.word(PLACE).store(place as u64, Ordering::Relaxed);
            let args = column.get(py, at)?;
            let mut result = if is_single {
                call_one(function, &args)?
            } else {
                let named = named.map(|named| named.get_item(at)).transpose()?;
                let named = named.as_ref().and_then(|named| named.cast_exact::<PyDict>().ok());
                function.call(args.cast_exact::<PyTuple>()?.clone(), named)?
            };
            // What a handler raises now is raised by this call, and no result of it is there.
            py.check_signals()?;
            if !is_plainly_small(&result) && is_wanted.get(place) != Some(&1) {
                result = replace.call1((place, result))?;
            }
            if goes_raw(&result) {
                raw.append(place)?;
            }
            results.append(result)?;
            if self.stopped_run.load(Ordering::Acquire) == run {
                return Ok(false);
            }
            if at % CALLS_BETWEEN_LOOKS == CALLS_BETWEEN_LOOKS - 1 && turn.elapsed() > TURN {
                py.detach(std::thread::yield_now);
                turn = Instant::now();
            }
        }
        Ok(true)
    }
}

/// Calls a function with one argument, without a tuple for it.
#[expect(unsafe_code, reason = "this has no safe name before Python 3.12's stable interface")]
fn call_one<'py>(function: &Bound<'py, PyAny>, arg: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let end: *mut ffi::PyObject = null_mut();
    // SAFETY: these are live objects, and the list of them ends with a null; what comes is a new reference or an error.
    unsafe {
        let result = ffi::PyObject_CallFunctionObjArgs(function.as_ptr(), arg.as_ptr(), end);
        Bound::from_owned_ptr_or_err(function.py(), result)
    }
}

/// Whether a result is one of the commonest that are sent rather than kept (`worker.py` knows them all).
fn is_plainly_small(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyInt>()
        || object.is_none()
        || object.is_exact_instance_of::<PyFloat>()
        || object.cast_exact::<PyString>().is_ok_and(|text| text.len().is_ok_and(|n| n <= SHORT))
        || object.is_exact_instance_of::<PyBool>()
        || object.cast_exact::<PyBytes>().is_ok_and(|bytes| bytes.as_bytes().len() <= SHORT)
        || object.is_exact_instance_of::<PyComplex>()
}
