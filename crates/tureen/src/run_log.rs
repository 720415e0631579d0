//! The log of a run, where users of Snakemake look for it: `.snakemake/log/<time>.snakemake.log` in the folder that the
//! run was started in. What is said goes there too, and to log handlers that the Snakefile has added. Prints nothing.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use jiff::Zoned;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::span::Sources;

use crate::render;

/// Where it is; decided once, made when there is something to write.
static PATH: OnceLock<PathBuf> = OnceLock::new();
static FILE: Mutex<Option<File>> = Mutex::new(None);
static LISTENER: Mutex<Option<Box<Listener>>> = Mutex::new(None);

/// Takes one of Python's names of levels, and a text.
type Listener = dyn Fn(&str, &str) + Send + Sync;

/// Decides where the log of this run is. What is said before `open` goes nowhere.
pub(crate) fn begin() -> PathBuf {
    let path = PATH.get_or_init(|| {
        let name = Zoned::now().strftime("%Y-%m-%dT%H%M%S.%6f.snakemake.log").to_string();
        std::path::absolute(Path::new(".snakemake/log").join(&name)).unwrap_or_else(|_| name.into())
    });
    path.clone()
}

/// Opens the log, now that there is a run; its path. A log is a help, no more: without one a run is as good.
pub(crate) fn open() -> Option<&'static Path> {
    let path = PATH.get()?;
    let folder = path.parent()?;
    let opened = std::fs::create_dir_all(folder)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(path));
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.ok()?);
    Some(path)
}

/// From here on the Snakefile's own log handlers hear what is said.
pub(crate) fn listen(listener: impl Fn(&str, &str) + Send + Sync + 'static) {
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
}

/// Notes what is said.
pub(crate) fn add(text: &str) {
    note("INFO", text);
}

/// Notes errors, as they are shown.
pub(crate) fn errors(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        note("ERROR", &render::drawn(diagnostic, sources, false));
    }
}

fn note(level: &str, text: &str) {
    if let Some(file) = FILE.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        // One call for each: others may append to it, too.
        let _ = file.write_all(format!("{text}\n").as_bytes());
    }
    if let Some(listener) = LISTENER.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        listener(level, text);
    }
}
