//! A worker as its parent sees it without asking: at which call it is, and what it said when it crashed; and the descriptors
//! that it is to have. Knows nothing of processes.
//!
//! Python's lock is not let go of here: on `auto`, workers are started while threads that compute wait for it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use rustix::io::fcntl_dupfd_cloexec;

use super::caller::{HAS_STARTED, IS_AT_WORK, PLACE};
use super::page::Page;
use super::wire::{Wire, os_error};

/// A worker's descriptors are put above this first, so that none is overwritten when they are put where it looks for them.
const FIRST: i32 = 64;

/// What is known of a worker from what it leaves in shared memory.
#[pyclass(module = "tureen._tureen")]
pub(crate) struct Sight {
    /// None once it was closed.
    pages: Option<(Page, Page)>,
    /// For the worker, until it has them.
    descriptors: Vec<OwnedFd>,
}

#[pymethods]
impl Sight {
    /// Of a worker that has these ends of two sockets.
    #[new]
    fn new(work: &Bound<'_, Wire>, side: &Bound<'_, Wire>) -> PyResult<Self> {
        let (page, file) = Page::new().map_err(os_error)?;
        let (last_words, their_file) = Page::new().map_err(os_error)?;
        let mut descriptors = Vec::new();
        for wire in [work, side] {
            descriptors.push(fcntl_dupfd_cloexec(wire.get().socket()?.file(), FIRST).map_err(os_error)?);
        }
        for file in [file, their_file] {
            descriptors.push(fcntl_dupfd_cloexec(file, FIRST).map_err(os_error)?);
        }
        Ok(Self { pages: Some((page, last_words)), descriptors })
    }

    /// The descriptors that it is to have, in their order.
    fn descriptors(&self) -> Vec<i32> {
        self.descriptors.iter().map(AsRawFd::as_raw_fd).collect()
    }

    /// It has its descriptors.
    fn sent(&mut self) {
        self.descriptors.clear();
    }

    fn close(&mut self) {
        self.descriptors.clear();
        self.pages = None;
    }

    /// The place in its batch of the call that it is at.
    #[getter]
    fn place(&self) -> u64 {
        self.word(PLACE)
    }

    /// Whether it is in the user's code.
    #[getter]
    fn is_at_work(&self) -> bool {
        self.word(IS_AT_WORK) != 0
    }

    /// Whether it came as far as to wait for work.
    #[getter]
    fn has_started(&self) -> bool {
        self.word(HAS_STARTED) != 0
    }

    /// What Python said when it crashed.
    #[getter]
    fn last_words(&self) -> Vec<u8> {
        self.pages.as_ref().map(|(_, last_words)| last_words.text()).unwrap_or_default()
    }
}

impl Sight {
    /// A word of the first page; 0 once it was closed.
    fn word(&self, place: usize) -> u64 {
        self.pages.as_ref().map_or(0, |(page, _)| page.word(place).load(Ordering::Acquire))
    }
}
