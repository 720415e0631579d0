//! What is on the disk, asked once: one `readdir` per directory tells which files exist, and only existing
//! files that matter are asked for their time. Never a process per file. Knows no rules and no jobs.
//!
//! It is a picture of one moment (the planning); a run asks anew for what its jobs made.

mod stamp;

use std::fs;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::nearest::nearest;

pub use stamp::{DIRECTORY_STAMP, Stamp, stamp};

/// The remembered state of the disk.
#[derive(Debug, Default)]
pub struct Disk {
    directories: FxHashMap<String, Listing>,
    stamps: FxHashMap<String, Option<Stamp>>,
}

/// What is known of one directory.
#[derive(Debug)]
enum Listing {
    /// It was read: its names.
    Names(FxHashSet<Box<str>>),
    /// It does not exist, so nothing is in it.
    Absent,
    /// It may not be listed: each file in it is asked for by itself.
    Unreadable,
}

impl Disk {
    /// Whether a file or directory is there (a dangling symlink is not).
    pub fn exists(&mut self, path: &str) -> bool {
        self.may_exist(path) && self.stamp(path).is_some()
    }

    /// Time and size of a file, or `None` if it is not there. Directories have the time of their content's
    /// stamp file, or their own.
    pub fn stamp(&mut self, path: &str) -> Option<Stamp> {
        if let Some(known) = self.stamps.get(path) {
            return *known;
        }
        if !self.may_exist(path) {
            return None;
        }
        let found = stamp(Path::new(path));
        self.stamps.insert(path.to_owned(), found);
        found
    }

    /// The existing file beside a missing one whose name is nearest to it.
    pub fn nearest_beside(&mut self, path: &str) -> Option<String> {
        self.may_exist(path);
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(Listing::Names(names)) = self.directories.get(directory) else { return None };
        let mut names: Vec<&str> =
            names.iter().map(|name| &**name).filter(|name| !name.starts_with('.')).collect();
        names.sort_unstable();
        let near = nearest(name, names.into_iter())?;
        Some(if directory.is_empty() { near.to_owned() } else { format!("{directory}/{near}") })
    }

    /// Whether the directory's listing has the name. Paths that are not plain (`..`, a final `/`) are not judged.
    fn may_exist(&mut self, path: &str) -> bool {
        let (directory, name) = match path.rsplit_once('/') {
            Some(("", name)) => ("/", name),
            Some(parts) => parts,
            None => ("", path),
        };
        if name.is_empty() || name == "." || name == ".." {
            return true;
        }
        if !self.directories.contains_key(directory) {
            let listing = self.list(directory);
            self.directories.insert(directory.to_owned(), listing);
        }
        match &self.directories[directory] {
            Listing::Names(names) => names.contains(name),
            Listing::Absent => false,
            Listing::Unreadable => true,
        }
    }

    /// Reads a directory, but not one whose parent is known not to have it.
    fn list(&mut self, directory: &str) -> Listing {
        let mut above = directory;
        while let Some((parent, _)) = above.rsplit_once('/') {
            if matches!(self.directories.get(parent), Some(Listing::Absent)) {
                return Listing::Absent;
            }
            above = parent;
        }
        let path = if directory.is_empty() { "." } else { directory };
        match fs::read_dir(path) {
            Ok(entries) => {
                let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                Listing::Names(names.map(String::into_boxed_str).collect())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Listing::Absent,
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Listing::Absent,
            Err(_) => Listing::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existence_is_answered_from_one_listing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/a"), "12").unwrap();
        std::os::unix::fs::symlink("nowhere", at("d/dangling")).unwrap();
        let mut disk = Disk::default();
        assert!(disk.exists(&at("d/a")));
        assert!(disk.exists(&at("d")));
        assert!(disk.exists(&at("d/")));
        assert!(disk.exists(&at("d/../d/a")));
        assert!(!disk.exists(&at("d/b")));
        assert!(!disk.exists(&at("d/a/b")));
        assert!(!disk.exists(&at("no/such/folder")));
        assert!(!disk.exists(&at("d/dangling")));
        assert_eq!(disk.stamp(&at("d/a")).unwrap().size, 2);
        fs::write(at("d/b"), "").unwrap();
        assert!(!disk.exists(&at("d/b")), "it is a picture of one moment");
    }
}
