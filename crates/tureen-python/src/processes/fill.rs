//! Fills a file of shared memory with bytes. Knows nothing of who reads it.
//!
//! It is for memory that the file has already: to write that through a mapping, past the processor's caches, takes two thirds of the
//! time of `pwrite`. Fresh memory would be cleared first if it was mapped; `pwrite` does not.

#![expect(unsafe_code, reason = "memory is mapped, and written by its address")]

use std::os::fd::BorrowedFd;
use std::ptr::null_mut;

use pyo3::prelude::*;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

/// Puts `length` bytes from `start` at the beginning of a file that is as long, while others may have the interpreter. False if the
/// system does not let us, and then nothing may be there.
///
/// The caller sees to it that the bytes stay where they are.
#[pyfunction]
pub(crate) fn fill_mapped(py: Python<'_>, descriptor: i32, start: usize, length: usize) -> bool {
    // SAFETY: who calls this has the file open, and keeps it so.
    let file = unsafe { BorrowedFd::borrow_raw(descriptor) };
    py.detach(|| fill(file, start, length))
}

fn fill(file: BorrowedFd<'_>, start: usize, length: usize) -> bool {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the system chooses a place where nothing is.
    let Ok(place) = (unsafe { mmap(null_mut(), length, access, MapFlags::SHARED, file, 0) }) else {
        return false;
    };
    // If there is no memory for it, this says so. To write without asking could end the process.
    // SAFETY: it is what we just mapped; nothing in it changes.
    let has_room = unsafe { madvise(place, length, Advice::LinuxPopulateWrite) }.is_ok();
    if has_room {
        // SAFETY: both have so many bytes, and what was just mapped is nobody else's.
        unsafe { copy_past_caches(start as *const u8, place.cast(), length) };
    }
    // SAFETY: we mapped this, and look at it no more.
    let _ = unsafe { munmap(place, length) };
    has_room
}

/// # Safety
///
/// There are `length` bytes to read and to write. `to` is the start of a page.
#[cfg(target_arch = "x86_64")]
unsafe fn copy_past_caches(from: *const u8, to: *mut u8, length: usize) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    /// What the processor writes at once.
    const LINE: usize = 64;
    const PART: usize = size_of::<__m128i>();

    let whole = length - length % LINE;
    for line in (0..whole).step_by(LINE) {
        for part in (line..line + LINE).step_by(PART) {
            // SAFETY: it is before the end of both, and `to` stands at a multiple of a part. All of these processors can do it.
            unsafe { _mm_stream_si128(to.add(part).cast(), _mm_loadu_si128(from.add(part).cast())) };
        }
    }
    // SAFETY: as above. Whoever is told of the bytes after this sees them.
    unsafe {
        _mm_sfence();
        copy_rest(from, to, whole, length);
    }
}

/// # Safety
///
/// As above.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn copy_past_caches(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: as above.
    unsafe { copy_rest(from, to, 0, length) };
}

/// # Safety
///
/// As above.
unsafe fn copy_rest(from: *const u8, to: *mut u8, done: usize, length: usize) {
    // SAFETY: as above, and no byte is in both.
    unsafe { to.add(done).copy_from_nonoverlapping(from.add(done), length - done) };
}
