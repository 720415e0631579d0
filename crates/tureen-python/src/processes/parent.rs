//! In a worker: sees to it that it does not outlive its parent, whatever its tasks are at. Knows nothing of tasks.
//!
//! A thread that never asks for the interpreter waits for the parent's end of a socket to close. Should a process that the
//! parent forked hold that end open, the worker notices within a second that it has another parent.

use std::os::fd::BorrowedFd;
use std::thread;

use pyo3::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, getpid, getppid, kill_process, kill_process_group};

/// Ends this process, and what it started, when the process `parent`, at the other end of the socket, is gone.
#[pyfunction]
pub(crate) fn end_with_parent(socket: i32, parent: i32) {
    let parent = Pid::from_raw(parent);
    thread::spawn(move || {
        while getppid() == parent && !is_closed(socket) {}
        let me = getpid();
        let _ = kill_process_group(me, Signal::KILL);
        let _ = kill_process(me, Signal::KILL);
    });
}

/// Waits for a second at most.
#[expect(unsafe_code, reason = "a descriptor that Python holds is only borrowed by its number")]
fn is_closed(socket: i32) -> bool {
    // SAFETY: the worker keeps this socket for its life. Were it closed, `poll` would only say so.
    let socket = unsafe { BorrowedFd::borrow_raw(socket) };
    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
    let mut watched = [PollFd::new(&socket, PollFlags::RDHUP)];
    let _ = poll(&mut watched, Some(&second));
    watched[0].revents().intersects(PollFlags::HUP | PollFlags::RDHUP | PollFlags::ERR | PollFlags::NVAL)
}
