//! A folder of its own for a job with `shadow:`: it sees its inputs there, and only its outputs and logs leave it.
//! As Snakemake 9.27 has it. Knows no job.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use super::backup::copy_tree;
use super::files::FileFault;
use crate::record::FOLDER;
use crate::rule::Shadow;

/// The folder in which shadows are made; `.tureen/shadow`, unless `--shadow-prefix` says otherwise.
pub fn folder(prefix: Option<&Path>) -> PathBuf {
    prefix.unwrap_or(Path::new(FOLDER)).join("shadow")
}

/// One job's folder.
#[derive(Debug)]
pub struct ShadowFolder {
    /// Absolute.
    path: PathBuf,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FileFault {
    let path = path.to_owned();
    move |source| FileFault::Disk { path, source }
}

impl ShadowFolder {
    /// Makes the folder, with what the job may read in it. `products` are its outputs and logs.
    ///
    /// # Errors
    /// The disk says no, or a file of the job lies above the working directory.
    pub fn make(kind: Shadow, base: &Path, inputs: &[&str], products: &[&str]) -> Result<Self, FileFault> {
        fs::create_dir_all(base).map_err(at(base))?;
        let base = std::path::absolute(base).map_err(at(base))?;
        let path = free_name(&base)?;
        let shadow = Self { path };
        let filled = match kind {
            Shadow::Minimal => shadow.fill_minimal(inputs, products, &|from, to| symlink(from, to)),
            Shadow::CopyMinimal => {
                shadow.fill_minimal(inputs, products, &|from, to| fs::copy(from, to).map(|_| ()))
            }
            Shadow::Shallow => shadow.fill_shallow(),
            Shadow::Full => shadow.fill_full(),
        };
        match filled {
            Ok(()) => Ok(shadow),
            Err(fault) => {
                shadow.remove();
                Err(fault)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the job as it lies in here; absolute paths lie where they lie.
    pub fn inside(&self, path: &Path) -> PathBuf {
        self.path.join(path)
    }

    /// Moves files of the job to where they belong. What is not there is left out.
    ///
    /// # Errors
    /// The disk says no.
    pub fn deliver<'p>(&self, paths: impl Iterator<Item = &'p Path>) -> Result<(), FileFault> {
        for path in paths {
            let inside = self.inside(path);
            let Ok(metadata) = fs::symlink_metadata(&inside) else { continue };
            if metadata.is_symlink() {
                let target = fs::read_link(&inside).map_err(at(&inside))?;
                if let Ok(own) = target.strip_prefix(&self.path) {
                    // A link into this folder, which will be gone.
                    fs::remove_file(&inside).map_err(at(&inside))?;
                    symlink(own, &inside).map_err(at(&inside))?;
                }
            }
            if let (Ok(a), Ok(b)) = (fs::canonicalize(&inside), fs::canonicalize(path))
                && a == b
            {
                continue;
            }
            move_to(&inside, path).map_err(at(path))?;
        }
        Ok(())
    }

    /// Removes it with all that is left in it.
    pub fn remove(self) {
        // What can't be removed does no harm; `--cleanup-shadow` tells.
        let _ = fs::remove_dir_all(&self.path);
    }

    fn fill_minimal(
        &self,
        inputs: &[&str],
        products: &[&str],
        put: &dyn Fn(&Path, &Path) -> io::Result<()>,
    ) -> Result<(), FileFault> {
        for path in inputs.iter().chain(products).map(Path::new).filter(|path| path.is_relative()) {
            let tidy = tidied(path);
            if tidy.components().next() == Some(Component::ParentDir) {
                return Err(FileFault::AboveShadow(path.to_owned()));
            }
            if let Some(parent) = tidy.parent() {
                let parent = self.path.join(parent);
                fs::create_dir_all(&parent).map_err(at(&parent))?;
            }
        }
        let mut inputs: Vec<PathBuf> =
            inputs.iter().map(Path::new).filter(|path| path.is_relative()).map(tidied).collect();
        inputs.sort_unstable();
        inputs.dedup();
        for input in inputs {
            let original = std::path::absolute(&input).map_err(at(&input))?;
            put(&original, &self.path.join(&input)).map_err(at(&input))?;
        }
        Ok(())
    }

    /// Links to everything in the working directory.
    fn fill_shallow(&self) -> Result<(), FileFault> {
        let here = std::env::current_dir().map_err(at(Path::new(".")))?;
        for entry in fs::read_dir(&here).map_err(at(&here))? {
            let entry = entry.map_err(at(&here))?;
            symlink(entry.path(), self.path.join(entry.file_name())).map_err(at(&entry.path()))?;
        }
        Ok(())
    }

    /// All folders, with links to all files in them. Our own folder, and Snakemake's, are left out.
    fn fill_full(&self) -> Result<(), FileFault> {
        let here = std::env::current_dir().map_err(at(Path::new(".")))?;
        let mut waiting = vec![PathBuf::new()];
        while let Some(folder) = waiting.pop() {
            let place = here.join(&folder);
            for entry in fs::read_dir(&place).map_err(at(&place))? {
                let entry = entry.map_err(at(&place))?;
                let name = entry.file_name();
                let relative = folder.join(&name);
                let inside = self.path.join(&relative);
                // Links to folders are links here: followed, they could lead in circles.
                if entry.file_type().map_err(at(&entry.path()))?.is_dir() {
                    if name != FOLDER && name != ".snakemake" {
                        fs::create_dir(&inside).map_err(at(&inside))?;
                        waiting.push(relative);
                    }
                } else {
                    symlink(entry.path(), &inside).map_err(at(&inside))?;
                }
            }
        }
        Ok(())
    }
}

/// A new folder of a name that nobody has.
fn free_name(base: &Path) -> Result<PathBuf, FileFault> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("{}-{number}", std::process::id()));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            // Left by a killed run whose process had our number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at(&path)(error)),
        }
    }
}

/// `a/./b/../c` as `a/c`.
fn tidied(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

/// Moves a file, link or folder, across file systems if need be.
fn move_to(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        other => return other,
    }
    copy_tree(from, to)?;
    // What remains goes with the shadow's folder.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied() {
        for (path, tidy) in
            [("a/./b", "a/b"), ("a/../b", "b"), ("../a", "../a"), ("./a", "a"), ("a/../../b", "../b")]
        {
            assert_eq!(tidied(Path::new(path)), Path::new(tidy), "{path}");
        }
    }
}
