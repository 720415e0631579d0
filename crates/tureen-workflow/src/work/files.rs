//! The files round a job: made ready before it, judged after it, removed when it failed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, Timespec, Timestamps, UTIME_NOW, access, mknodat, utimensat,
};

use crate::disk::DIRECTORY_STAMP;
use crate::rule::Marks;

/// An output and its marks.
#[derive(Debug, Clone)]
pub struct Output {
    /// The path.
    pub path: PathBuf,
    /// `temp`, `protected`, `directory`, `touch`, ...
    pub marks: Marks,
}

/// What is wrong with a job's files.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// Outputs that may not be written over.
    #[error("the output {} is write-protected", list(.0))]
    Protected(Vec<PathBuf>),
    /// Outputs that were not made.
    #[error("the job ended well, but did not make {}", list(.0))]
    Missing(Vec<PathBuf>),
    /// A directory where a file was announced, or the other way round.
    #[error("the output `{}` is a directory, but is not marked with `directory()`", .0.display())]
    IsDirectory(PathBuf),
    /// The other way round.
    #[error("the output `{}` is marked with `directory()`, but is a file", .0.display())]
    IsFile(PathBuf),
    /// `ensure(..., non_empty=True)`
    #[error("the output `{}` is empty", .0.display())]
    IsEmpty(PathBuf),
    /// `ensure(..., sha256=...)`
    #[error("the output `{}` hashes to {found}, not to {expected}", path.display())]
    Checksum {
        /// The output.
        path: PathBuf,
        /// What it should hash to.
        expected: String,
        /// What it hashes to.
        found: String,
    },
    /// `service()`
    #[error("the service `{}` did not come up in time", .0.display())]
    NoService(PathBuf),
    /// A job in a shadow folder can't reach above it.
    #[error("`{}` lies above the working directory, which `shadow:` does not allow; an absolute path would do", .0.display())]
    AboveShadow(PathBuf),
    /// The disk says no.
    #[error("`{}`: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FileFault {
    let path = path.to_owned();
    move |source| FileFault::Disk { path, source }
}

/// Removes what an earlier run left at the outputs and logs, and makes the directories they go to.
pub fn prepare(outputs: &[Output], logs: &[String]) -> Result<(), FileFault> {
    let protected: Vec<PathBuf> = outputs
        .iter()
        .filter(|output| is_protected(&output.path))
        .map(|output| output.path.clone())
        .collect();
    if !protected.is_empty() {
        return Err(FileFault::Protected(protected));
    }
    // A pipe is there already, for both its ends; what is changed in place stays.
    for output in outputs.iter().filter(|output| !output.marks.is_pipe && !output.marks.is_update) {
        remove(&output.path, output.marks.is_directory)?;
    }
    for log in logs {
        remove(Path::new(log), false)?;
    }
    for path in outputs.iter().map(|output| output.path.as_path()).chain(logs.iter().map(Path::new)) {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
    }
    Ok(())
}

/// Whether a file may not be written to.
pub fn is_protected(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|metadata| !metadata.is_symlink() && metadata.permissions().mode() & 0o222 == 0)
}

/// Removes a file, a link or an empty directory; a full directory only if it is announced as an output.
pub fn remove(path: &Path, is_directory_output: bool) -> Result<(), FileFault> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => Err(error),
        Ok(metadata) if !metadata.is_dir() => fs::remove_file(path),
        Ok(_) if is_directory_output => fs::remove_dir_all(path),
        Ok(_) => match fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other,
        },
    };
    removed.map_err(at(path))
}

/// Removes the outputs of a job that failed; gives those that were there.
pub fn remove_outputs(outputs: &[Output]) -> Vec<PathBuf> {
    let there = outputs.iter().filter(|output| {
        !output.marks.is_passing() && !output.marks.is_update && fs::symlink_metadata(&output.path).is_ok()
    });
    // What can't be removed is on record as unfinished, and so never used.
    there.filter(|output| remove(&output.path, true).is_ok()).map(|output| output.path.clone()).collect()
}

/// Makes a named pipe, with the directory it goes to.
pub fn make_pipe(path: &Path) -> Result<(), FileFault> {
    remove(path, false)?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let mode = Mode::from_raw_mode(0o666);
    mknodat(CWD, path, FileType::Fifo, mode, 0).map_err(|error| at(path)(error.into()))
}

/// Removes a temporary output that nobody needs any more.
pub fn remove_temporary(path: &Path) -> Result<(), FileFault> {
    remove(path, true)
}

/// Sees that a job made what it announced, waiting for slow file systems; then gives the outputs their time.
pub fn finish(outputs: &[Output], wait: Duration) -> Result<(), FileFault> {
    for output in outputs.iter().filter(|output| output.marks.is_touch) {
        let created = if output.marks.is_directory && !output.path.is_symlink() {
            fs::create_dir_all(&output.path)
        } else {
            create(&output.path)
        };
        created.map_err(at(&output.path))?;
    }
    let deadline = Instant::now() + wait;
    let mut pause = Duration::from_millis(5);
    let missing = loop {
        let lasting = outputs.iter().filter(|output| !output.marks.is_passing());
        let missing: Vec<PathBuf> =
            lasting.filter(|output| !output.path.exists()).map(|output| output.path.clone()).collect();
        if missing.is_empty() || Instant::now() >= deadline {
            break missing;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(250));
    };
    if !missing.is_empty() {
        return Err(FileFault::Missing(missing));
    }
    for output in outputs.iter().filter(|output| !output.marks.is_passing()) {
        judge(output)?;
        touch(&output.path).map_err(at(&output.path))?;
    }
    Ok(())
}

/// Whether this process may not write to a file.
pub fn is_read_only(path: &Path) -> bool {
    let may_write = access(path, Access::WRITE_OK);
    may_write.is_err() && fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_symlink())
}

/// Makes the outputs read-only that are to be.
pub fn protect_outputs(outputs: &[Output]) -> Result<(), FileFault> {
    for output in outputs.iter().filter(|output| output.marks.is_protected) {
        protect(&output.path).map_err(at(&output.path))?;
    }
    Ok(())
}

fn judge(output: &Output) -> Result<(), FileFault> {
    let metadata = fs::metadata(&output.path).map_err(at(&output.path))?;
    match (metadata.is_dir(), output.marks.is_directory) {
        (true, false) => return Err(FileFault::IsDirectory(output.path.clone())),
        (false, true) => return Err(FileFault::IsFile(output.path.clone())),
        _ => {}
    }
    if output.marks.is_non_empty && metadata.len() == 0 {
        return Err(FileFault::IsEmpty(output.path.clone()));
    }
    Ok(())
}

/// Creates a file, with the directory it goes to, unless it exists.
pub fn create(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    if !path.is_dir() {
        OpenOptions::new().create(true).append(true).open(path)?;
    }
    Ok(())
}

/// Gives an output the time of now: it may have kept an old one (`cp -p`, an unpacked archive). A directory's
/// time is kept in a stamp file inside it.
pub fn touch(path: &Path) -> io::Result<()> {
    if path.is_dir() && !path.is_symlink() {
        File::create(path.join(DIRECTORY_STAMP))?;
        return Ok(());
    }
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

fn protect(path: &Path) -> io::Result<()> {
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_symlink() {
            continue;
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        }
        fs::set_permissions(&path, Permissions::from_mode(metadata.permissions().mode() & !0o222))?;
    }
    Ok(())
}
