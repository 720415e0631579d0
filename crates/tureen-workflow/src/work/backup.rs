//! A copy of a file that a job is going to change in place (`update()`), to go back to should it fail.
//! Knows no job.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::record::FOLDER;

/// The copy of one file.
#[derive(Debug)]
pub struct Backup {
    original: PathBuf,
    copy: PathBuf,
}

impl Backup {
    /// Copies a file or directory. A copy that a killed run has left is what the file was before: it is put back first.
    ///
    /// # Errors
    /// The disk says no.
    pub fn make(original: &Path) -> io::Result<Self> {
        let name = xxhash_rust::xxh3::xxh3_128(original.as_os_str().as_encoded_bytes());
        let folder = Path::new(FOLDER).join("backup");
        fs::create_dir_all(&folder)?;
        let backup = Self { original: original.to_owned(), copy: folder.join(format!("{name:032x}")) };
        if fs::symlink_metadata(&backup.copy).is_ok() {
            replace(&backup.copy, original)?;
            return Ok(backup);
        }
        // Under another name until it is whole.
        let unfinished = backup.copy.with_extension("part");
        replace(original, &unfinished)?;
        fs::rename(&unfinished, &backup.copy)?;
        Ok(backup)
    }

    /// Puts the file back as it was.
    ///
    /// # Errors
    /// The disk says no; the copy is kept then.
    pub fn restore(self) -> io::Result<()> {
        replace(&self.copy, &self.original)?;
        remove(&self.copy)
    }

    /// Drops the copy: the job has ended well.
    pub fn forget(self) {
        // A copy too many would only be put back if the same job were killed the next time.
        let _ = remove(&self.copy);
    }
}

/// Makes one path a copy of another.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    remove(to)?;
    copy_tree(from, to)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

/// Copies a file, link or directory, with the times of files.
pub(super) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let mut waiting = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = waiting.pop() {
        let metadata = fs::symlink_metadata(&from)?;
        if metadata.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
        } else if metadata.is_dir() {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&from)? {
                let entry = entry?;
                waiting.push((entry.path(), to.join(entry.file_name())));
            }
        } else {
            let times = fs::FileTimes::new().set_modified(metadata.modified()?);
            fs::copy(&from, &to)?;
            fs::File::options().append(true).open(&to)?.set_times(times)?;
        }
    }
    Ok(())
}
