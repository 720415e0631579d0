//! Hears all workers of a run, and hands who has done his batch the next one at once. Knows frames by their kind only.
//!
//! Workers are idle from their reply until they have the next batch. What is ready is sent to them before anybody asks for
//! Python's lock, which threads that compute may hold.

use std::collections::VecDeque;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::socket::{Frame, Outgoing, Received, Socket};
use super::wire::{Wire, borrowed, given, os_error};

/// Listens to the sockets of one run.
#[pyclass(module = "tureen._tureen")]
pub(crate) struct Listener {
    channels: Vec<Channel>,
    /// A descriptor that is readable when the caller is wanted for something else.
    wake: Option<i32>,
    /// What the next ones get that are idle, first come first served.
    ahead: VecDeque<Frame>,
    /// Frames of this kind say that a worker is idle.
    idle: u32,
}

struct Channel {
    worker: u32,
    socket: Arc<Socket>,
}

/// What was heard of a worker.
struct Heard {
    worker: u32,
    /// None: its end of the socket is closed.
    frame: Option<Frame>,
    /// Whether it got the first of what was ready.
    was_given: bool,
}

/// The same as Python gets it: the worker, the kind of the frame or 0, its bytes, its descriptors, and whether the worker got the
/// first of what was ready.
type Told<'py> = (u32, u32, Bound<'py, PyBytes>, Vec<i32>, bool);

#[pymethods]
impl Listener {
    #[new]
    fn new(idle: u32) -> Self {
        Self { channels: Vec::new(), wake: None, ahead: VecDeque::new(), idle }
    }

    /// Hears this wire, too.
    fn add(&mut self, worker: u32, wire: &Bound<'_, Wire>) -> PyResult<()> {
        self.channels.push(Channel { worker, socket: wire.get().socket()? });
        Ok(())
    }

    /// Hears nothing more of a worker.
    fn remove(&mut self, worker: u32) {
        self.channels.retain(|channel| channel.worker != worker);
    }

    /// Stops to listen, too, while this descriptor is readable.
    fn wake_by(&mut self, descriptor: i32) {
        self.wake = Some(descriptor);
    }

    /// Has a frame ready for whoever is idle first. The descriptors stay the caller's.
    #[pyo3(signature = (kind, *parts, descriptors = Vec::new()))]
    fn put_ahead(&mut self, kind: u32, parts: &Bound<'_, PyTuple>, descriptors: Vec<i32>) -> PyResult<()> {
        let parts: Vec<Bound<'_, PyBytes>> = parts.extract()?;
        let mut body = Vec::with_capacity(parts.iter().map(|part| part.as_bytes().len()).sum());
        parts.iter().for_each(|part| body.extend_from_slice(part.as_bytes()));
        let descriptors = borrowed(&descriptors).iter().map(BorrowedFd::try_clone_to_owned).collect();
        self.ahead.push_back(Frame {
            kind,
            body,
            descriptors: std::io::Result::<Vec<OwnedFd>>::from(descriptors)?,
        });
        Ok(())
    }

    /// Gives a worker that is idle the first of what is ready.
    fn give_ahead(&mut self, py: Python<'_>, wire: &Bound<'_, Wire>) -> PyResult<()> {
        let socket = wire.get().socket()?;
        if let Some(frame) = self.ahead.pop_front() {
            py.detach(|| send_whole(&socket, &frame));
        }
        Ok(())
    }

    /// Whether somebody has something to say.
    fn has_news(&self) -> PyResult<bool> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut self.watched(), Some(&now)) {
            Ok(n_ready) => Ok(n_ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(os_error(error)),
        }
    }

    /// Waits until somebody says something, for so many milliseconds at most; gives what was said, one frame of each at most.
    #[pyo3(signature = (milliseconds = None))]
    fn listen<'py>(&mut self, py: Python<'py>, milliseconds: Option<f64>) -> PyResult<Vec<Told<'py>>> {
        let (heard, interrupted) = py.detach(|| self.hear(milliseconds)).map_err(os_error)?;
        if interrupted {
            py.check_signals()?;
        }
        let told = heard.into_iter().map(|Heard { worker, frame, was_given }| {
            let (kind, body, descriptors) = given(py, frame.unwrap_or_default());
            (worker, kind, body, descriptors, was_given)
        });
        Ok(told.collect())
    }
}

impl Listener {
    fn watched(&self) -> Vec<PollFd<'_>> {
        let sockets = self.channels.iter().map(|channel| PollFd::new(channel.socket.file(), PollFlags::IN));
        let wake = self.wake.as_slice();
        sockets
            .chain(borrowed(wake).into_iter().map(|wake| PollFd::from_borrowed_fd(wake, PollFlags::IN)))
            .collect()
    }

    /// What is said, and whether a signal came.
    fn hear(&mut self, milliseconds: Option<f64>) -> Result<(Vec<Heard>, bool), Errno> {
        let timeout = milliseconds.map(|milliseconds| {
            let nanoseconds = (milliseconds.max(0.0) * 1e6) as i64;
            Timespec { tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000 }
        });
        let mut watched = self.watched();
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok((Vec::new(), true)),
            Err(error) => return Err(error),
        }
        let is_ready: Vec<bool> = watched.iter().map(|one| !one.revents().is_empty()).collect();
        let mut heard = Vec::new();
        let ready = self.channels.iter().zip(is_ready).filter(|(_, is_ready)| *is_ready);
        for (Channel { worker, socket }, _) in ready {
            let frame = match socket.receive() {
                Received::Nothing => continue,
                Received::Closed => None,
                Received::TooMany => return Err(Errno::MFILE),
                Received::Frame(frame) => Some(frame),
            };
            let is_idle = frame.as_ref().is_some_and(|frame| frame.kind == self.idle);
            let next = if is_idle { self.ahead.pop_front() } else { None };
            let was_given = next.is_some();
            if let Some(next) = next {
                send_whole(socket, &next);
            }
            heard.push(Heard { worker: *worker, frame, was_given });
        }
        Ok((heard, false))
    }
}

/// Sends a frame to a worker that waits for one. If it is gone, that will be heard next.
fn send_whole(socket: &Socket, frame: &Frame) {
    let parts = [&frame.body[..]];
    let descriptors: Vec<BorrowedFd<'_>> = frame.descriptors.iter().map(std::os::fd::AsFd::as_fd).collect();
    let mut outgoing = Outgoing::new(frame.kind, &parts, &descriptors);
    while socket.send(&mut outgoing) == Ok(false) {
        let _ = poll(&mut [PollFd::new(socket.file(), PollFlags::OUT)], None);
    }
}
