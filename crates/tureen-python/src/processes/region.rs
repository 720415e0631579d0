//! Memory that other processes can have without a copy: each region is a nameless file, mapped here. Knows nothing of NumPy.
//!
//! Whoever gets a region maps it so that what he writes is his own; from then on, so does who gave it.

#![expect(unsafe_code, reason = "memory is mapped and unmapped by its address")]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{Mode, OFlags, ftruncate, openat};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// More regions than this would take descriptors that the user's program needs.
const MOST: usize = 200;

/// No system has smaller pages.
const PAGE: usize = 4096;

/// Regions are a multiple of this: the rest would be in ordinary pages, and take longer than all that are huge.
const HUGE_PAGE: usize = 2 << 20;

struct Region {
    /// May be more than was asked for.
    length: usize,
    file: OwnedFd,
    /// Whether what is written here goes into the file. Then the file has all that is in the region.
    is_shared: bool,
}

/// By address.
static REGIONS: Mutex<BTreeMap<usize, Region>> = Mutex::new(BTreeMap::new());

/// Makes a region of at least so many zeros; none if the system has no room for it, or there are many.
pub(super) fn make(folder: BorrowedFd<'_>, length: usize) -> Option<NonNull<c_void>> {
    let mut regions = regions();
    if regions.len() >= MOST {
        return None;
    }
    let length = length.checked_next_multiple_of(HUGE_PAGE)?;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = openat(folder, ".", flags, Mode::RUSR | Mode::WUSR).ok()?;
    ftruncate(&file, length as u64).ok()?;
    // SAFETY: the system chooses a place where nothing is.
    let start = unsafe { mmap(null_mut(), length, access(), MapFlags::SHARED, &file, 0) }.ok()?;
    regions.insert(start as usize, Region { length, file, is_shared: true });
    NonNull::new(start)
}

/// The length of the region that starts at `start`.
pub(super) fn length(start: *mut c_void) -> Option<usize> {
    regions().get(&(start as usize)).map(|region| region.length)
}

/// Frees the region that starts at `start`; false if there is none.
pub(super) fn free(start: *mut c_void) -> bool {
    // Nearly all that is asked for is no region, and stands somewhere in a page: for that, nothing is locked.
    if !(start as usize).is_multiple_of(PAGE) {
        return false;
    }
    let Some(region) = regions().remove(&(start as usize)) else { return false };
    // SAFETY: we mapped this, and whoever frees it looks at it no more.
    let _ = unsafe { munmap(start, region.length) };
    true
}

/// Gives away `length` bytes from `start`: a file, and where they are in it. None if no region has them, if they are only a
/// small part of one, or if the region was given away before: what was written to it since is not in its file.
pub(super) fn give(start: usize, length: usize) -> Option<(OwnedFd, usize)> {
    let mut regions = regions();
    let (&first, region) = regions.range_mut(..=start).next_back()?;
    let offset = start - first;
    if !region.is_shared || offset + length > region.length || length < region.length / 2 {
        return None;
    }
    let file = region.file.try_clone().ok()?;
    region.keep(first).then_some((file, offset))
}

/// Has all that is written to regions from now on stay in this process.
pub(super) fn keep_all() {
    for (&start, region) in regions().iter_mut() {
        region.keep(start);
    }
}

impl Region {
    /// Keeps what is written from now on in this process; false if the system does not let us.
    fn keep(&mut self, start: usize) -> bool {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: the region's own mapping gives way, at once, to another one of the same bytes.
        let mapped = unsafe { mmap(start as *mut c_void, self.length, access(), flags, &self.file, 0) };
        self.is_shared &= mapped.is_err();
        mapped.is_ok()
    }
}

fn access() -> ProtFlags {
    ProtFlags::READ | ProtFlags::WRITE
}

fn regions() -> MutexGuard<'static, BTreeMap<usize, Region>> {
    REGIONS.lock().unwrap_or_else(PoisonError::into_inner)
}
