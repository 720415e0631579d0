//! The files of the cache: moved in when they were made, linked to when they are there. Knows no job and no hash.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};

/// An output of a job, and where it is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the job makes it.
    pub output: PathBuf,
    /// Where the cache has it, or will have it.
    pub cached: PathBuf,
}

/// The cache can't be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}`, of the cache between workflows: {source}", path.display())]
pub struct CacheFault {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    source: io::Error,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CacheFault {
    let path = path.to_owned();
    move |source| CacheFault { path, source }
}

/// Whether the cache has all outputs of a job.
pub fn holds(entries: &[Entry]) -> bool {
    entries.iter().all(|entry| entry.cached.exists())
}

/// Links the outputs to what the cache has. Nothing must be at their places, and their folders must be there.
///
/// # Errors
/// An entry can't be read or a link can't be made.
pub fn fetch(entries: &[Entry]) -> Result<(), CacheFault> {
    for Entry { output, cached } in entries {
        if cached.is_dir() {
            fs::create_dir_all(output).map_err(at(output))?;
            for part in fs::read_dir(cached).map_err(at(cached))? {
                let part = part.map_err(at(cached))?;
                link(&part.path(), &output.join(part.file_name()))?;
            }
        } else {
            fs::File::open(cached).map_err(at(cached))?;
            link(cached, output)?;
        }
    }
    Ok(())
}

/// A link that is as new as the output would be.
fn link(cached: &Path, output: &Path) -> Result<(), CacheFault> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    symlink(cached, output).map_err(at(output))?;
    utimensat(CWD, output, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| at(output)(error.into()))
}

/// Moves what a job has made into the cache and leaves links in its place.
///
/// # Errors
/// The cache can't be written to; the outputs that have not been moved are where they were.
pub fn store(entries: &[Entry]) -> Result<(), CacheFault> {
    for Entry { output, cached } in entries {
        let folder = cached.parent().unwrap_or(Path::new("."));
        // First beside its place, under a name that nobody takes for an entry; then to its place in one step.
        let aside = tempfile::Builder::new().prefix(".tureen-").tempdir_in(folder).map_err(at(folder))?;
        let moving = aside.path().join("output");
        move_file(output, &moving).map_err(at(output))?;
        open_to_all(&moving).map_err(at(&moving))?;
        if let Err(error) = fs::rename(&moving, cached) {
            // A folder does not replace one: somebody else was first, with the same content.
            if !cached.is_dir() {
                return Err(at(cached)(error));
            }
        }
        symlink(cached, output).map_err(at(output))?;
    }
    Ok(())
}

/// Moves a file or folder, also to another file system.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(from, to)?;
            if from.is_dir() { fs::remove_dir_all(from) } else { fs::remove_file(from) }
        }
        done => done,
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if !kind.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir(to)?;
    fs::read_dir(from)?.try_for_each(|part| {
        let part = part?;
        copy(&part.path(), &to.join(part.file_name()))
    })
}

/// Everybody who shares the cache may read and replace its entries.
fn open_to_all(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() {
        return Ok(());
    }
    if !kind.is_dir() {
        return fs::set_permissions(path, Permissions::from_mode(0o666));
    }
    fs::read_dir(path)?.try_for_each(|part| open_to_all(&part?.path()))?;
    fs::set_permissions(path, Permissions::from_mode(0o777))
}
