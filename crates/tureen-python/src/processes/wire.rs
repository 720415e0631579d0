//! A socket as Python has it: frames sent and received, waiting where there is need to. Knows nothing of what is in a frame.
//!
//! Python's lock is let go of only to wait: getting it back can take longer than all else that is done for a batch.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyEOFError, PyOSError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyTuple};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::socket::{Frame, Outgoing, Received, Socket};

/// A connected socket that frames go through.
///
/// Several threads may send: their frames follow each other. One at a time may receive.
#[pyclass(module = "tureen._tureen", frozen)]
pub(crate) struct Wire {
    socket: Mutex<Option<Arc<Socket>>>,
    /// Held while a frame is sent.
    sending: Mutex<()>,
}

/// A frame is sent for so long before handlers of signals are called.
const PATIENCE: Duration = Duration::from_millis(300);

/// A frame as Python gets it: its kind, its bytes, its descriptors.
type Parts<'py> = (u32, Bound<'py, PyBytes>, Vec<i32>);

impl Wire {
    fn around(file: OwnedFd) -> Self {
        Self { socket: Mutex::new(Some(Arc::new(Socket::new(file)))), sending: Mutex::new(()) }
    }

    /// The socket, unless it was closed.
    pub(super) fn socket(&self) -> PyResult<Arc<Socket>> {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        socket.clone().ok_or_else(|| os_error(Errno::BADF))
    }
}

#[pymethods]
impl Wire {
    /// The socket of this descriptor, which is taken over.
    #[new]
    #[expect(unsafe_code, reason = "a descriptor is taken over by its number")]
    fn new(descriptor: i32) -> Self {
        // SAFETY: the caller gives it away.
        Self::around(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }

    /// Two ends of a new socket.
    #[staticmethod]
    fn pair() -> PyResult<(Self, Self)> {
        let ends = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let (one, other) = ends.map_err(os_error)?;
        Ok((Self::around(one), Self::around(other)))
    }

    /// The descriptor; -1 if it was closed.
    fn fileno(&self) -> i32 {
        self.socket().map_or(-1, |socket| socket.file().as_raw_fd())
    }

    fn close(&self) {
        // Dropped when the lock is let go of.
        let _socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Sends a frame of these parts. Raises `OSError` if the other end is gone.
    #[pyo3(signature = (kind, *parts, descriptors = Vec::new()))]
    fn send(
        &self,
        py: Python<'_>,
        kind: u32,
        parts: &Bound<'_, PyTuple>,
        descriptors: Vec<i32>,
    ) -> PyResult<()> {
        let socket = self.socket()?;
        let bytes: Vec<Bound<'_, PyBytes>> = parts.extract()?;
        let parts: Vec<&[u8]> = bytes.iter().map(|part| part.as_bytes()).collect();
        let descriptors = borrowed(&descriptors);
        let mut frame = Outgoing::new(kind, &parts, &descriptors);
        let sending = self.sending.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        let mut interrupted = Ok(());
        while !socket.send(&mut frame).map_err(os_error)? {
            let flags = PollFlags::OUT;
            let pause = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
            let waited = py.detach(|| poll(&mut [PollFd::new(socket.file(), flags)], Some(&pause)));
            if began.elapsed() < PATIENCE {
                continue;
            }
            // Nobody takes it: handlers of signals are called now, not when it is sent. Whoever is interrupted sends the rest
            // first, unless he is interrupted again: after half a frame, nothing that follows can be read.
            let checked = waited.map_or(Ok(()), |_| py.check_signals());
            if interrupted.is_err() && checked.is_err() {
                return checked;
            }
            interrupted = interrupted.and(checked);
        }
        // A handler may send, too.
        drop(sending);
        interrupted.and_then(|()| py.check_signals())
    }

    /// Waits for a frame; gives its kind, its bytes and its descriptors. Raises `EOFError` if the other end is gone.
    fn receive<'py>(&self, py: Python<'py>) -> PyResult<Parts<'py>> {
        let gone = || PyEOFError::new_err("the other end is gone");
        let socket = self.socket().map_err(|_| gone())?;
        loop {
            match socket.receive() {
                Received::Frame(frame) => return Ok(given(py, frame)),
                Received::Closed => return Err(gone()),
                Received::TooMany => return Err(os_error(Errno::MFILE)),
                Received::Nothing => {}
            }
            if let Err(error) = wait(py, &socket) {
                // Whoever was interrupted reads no further here, and descriptors may hold much memory.
                socket.discard();
                return Err(error);
            }
        }
    }

    /// Throws away what has arrived: no frame will be read from here again.
    fn discard(&self) {
        if let Ok(socket) = self.socket() {
            socket.discard();
        }
    }
}

/// A frame as Python gets it. Its descriptors are given away.
pub(super) fn given(py: Python<'_>, frame: Frame) -> Parts<'_> {
    let descriptors = frame.descriptors.into_iter().map(IntoRawFd::into_raw_fd).collect();
    (frame.kind, PyBytes::new(py, &frame.body), descriptors)
}

/// Waits until something can be received. A signal's handler may raise.
fn wait(py: Python<'_>, socket: &Socket) -> PyResult<()> {
    let waited = py.detach(|| poll(&mut [PollFd::new(socket.file(), PollFlags::IN)], None));
    match waited {
        Ok(_) => Ok(()),
        Err(Errno::INTR) => py.check_signals(),
        Err(error) => Err(os_error(error)),
    }
}

#[expect(unsafe_code, reason = "descriptors that Python holds are only borrowed by their numbers")]
pub(super) fn borrowed(descriptors: &[i32]) -> Vec<BorrowedFd<'_>> {
    let open = descriptors.iter().filter(|&&descriptor| descriptor >= 0);
    // SAFETY: the caller keeps them open for the call.
    open.map(|&descriptor| unsafe { BorrowedFd::borrow_raw(descriptor) }).collect()
}

pub(super) fn os_error(error: Errno) -> PyErr {
    let error = std::io::Error::from(error);
    let hint = if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) {
        "\nhint: each large array that travels to or from a worker needs one; raise the limit (`ulimit -n`)"
    } else {
        ""
    };
    match error.raw_os_error() {
        // With its number, Python finds the subclass.
        Some(number) => PyOSError::new_err((number, format!("{error}{hint}"))),
        None => error.into(),
    }
}
