//! A page of memory that a worker and its parent share. Knows nothing of what is written there.

#![expect(unsafe_code, reason = "shared memory is mapped, and read by its address")]

use std::ffi::c_void;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// No system has smaller pages.
const SIZE: usize = 4096;

/// The page, mapped.
pub(super) struct Page(NonNull<AtomicU64>);

// SAFETY: there are only atomics behind the address.
unsafe impl Send for Page {}
// SAFETY: as above.
unsafe impl Sync for Page {}

impl Page {
    /// A new page of zeros, and the file that it is of.
    pub(super) fn new() -> Result<(Self, OwnedFd), Errno> {
        let file = memfd_create(c"tureen", MemfdFlags::CLOEXEC)?;
        ftruncate(&file, SIZE as u64)?;
        Ok((Self::of(&file)?, file))
    }

    /// The page that this file is of.
    pub(super) fn of(file: impl AsFd) -> Result<Self, Errno> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the system chooses a place where nothing is.
        let start = unsafe { mmap(null_mut(), SIZE, access, MapFlags::SHARED, file, 0) }?;
        NonNull::new(start.cast()).map(Self).ok_or(Errno::NOMEM)
    }

    /// One of its words.
    pub(super) fn word(&self, place: usize) -> &AtomicU64 {
        assert!(place < SIZE / size_of::<AtomicU64>());
        // SAFETY: the page has so many words, which are aligned and, as long as this lives, mapped.
        unsafe { self.0.add(place).as_ref() }
    }

    /// The bytes before the first zero.
    pub(super) fn text(&self) -> Vec<u8> {
        use std::sync::atomic::Ordering::Relaxed;
        let words = (0..SIZE / size_of::<AtomicU64>()).map(|place| self.word(place).load(Relaxed));
        words.flat_map(u64::to_ne_bytes).take_while(|byte| *byte != 0).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let start: *mut c_void = self.0.as_ptr().cast();
        // SAFETY: we mapped it, and nobody can have a reference into it any more.
        let _ = unsafe { munmap(start, SIZE) };
    }
}
