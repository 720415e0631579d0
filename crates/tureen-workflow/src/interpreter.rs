//! Which `python3` reads a Snakefile that needs one.

use std::path::{Path, PathBuf};

/// The interpreter: `--python`, that of the active virtual environment, that of a `.venv` folder here, or the first
/// `python3` on the `PATH`. `None`: there is none.
///
/// A path that was given is taken as it is: whether it works is for the caller to find out.
pub(crate) fn find(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let environment = std::env::var_os("VIRTUAL_ENV").filter(|folder| !folder.is_empty());
    let folders = environment.map(PathBuf::from).into_iter().chain([PathBuf::from(".venv")]);
    let in_environment = folders.map(|folder| folder.join("bin/python3")).find(|path| path.is_file());
    if let Some(path) = in_environment {
        // Relative paths would change their meaning with `workdir:`.
        return Some(std::path::absolute(&path).unwrap_or(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("python3")).find(|path| path.is_file())
}
