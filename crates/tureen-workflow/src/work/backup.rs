//! Copies of outputs that are to be updated in place: put back if the update fails or is cut off.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{FileFault, Output};
use crate::record::FOLDER;

/// Keeps a copy of each output that is to be updated. One that an interrupted update has left is put back first.
pub fn keep(outputs: &[Output]) -> Result<(), FileFault> {
    for output in outputs.iter().filter(|output| output.marks.is_update) {
        let path = &output.path;
        let fault = |source| FileFault::Disk { path: path.clone(), source };
        restore(path).map_err(fault)?;
        if path.exists() {
            copy_aside(path).map_err(fault)?;
        }
    }
    Ok(())
}

/// Puts back what there is a copy of; the paths of these.
pub fn put_back(outputs: &[Output]) -> Vec<PathBuf> {
    let updated = outputs.iter().filter(|output| output.marks.is_update);
    updated.filter(|output| restore(&output.path).unwrap_or(false)).map(|output| output.path.clone()).collect()
}

/// Drops the copies: the updates went well.
pub fn drop_copies(outputs: &[Output]) {
    for output in outputs.iter().filter(|output| output.marks.is_update) {
        // A copy that stays would be put back before the next update; so it must not.
        let _ = remove(&place(&output.path));
    }
}

/// Where the copy of a file stands.
fn place(path: &Path) -> PathBuf {
    let name = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
    Path::new(FOLDER).join("backup").join(&name[..32])
}

fn copy_aside(path: &Path) -> io::Result<()> {
    let place = place(path);
    let unfinished = place.with_extension("part");
    fs::create_dir_all(place.parent().expect("it is inside a folder"))?;
    remove(&unfinished)?;
    copy(path, &unfinished)?;
    // Whole or not there: a half copy must never be put back.
    fs::rename(unfinished, place)
}

/// Puts a copy back; false if there is none.
fn restore(path: &Path) -> io::Result<bool> {
    let place = place(path);
    if fs::symlink_metadata(&place).is_err() {
        return Ok(false);
    }
    remove(path)?;
    match fs::rename(&place, path) {
        Ok(()) => {}
        // It may be on another file system.
        Err(_) => {
            copy(&place, path)?;
            remove(&place)?;
        }
    }
    Ok(true)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), to));
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}
