//! The evaluator's Python modules: carried in the binary, written once into the user's cache folder, where Python
//! keeps their bytecode beside them. Knows no process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The Python side, by path in the folder.
const FILES: &[(&str, &str)] = &[
    ("_tureen/__init__.py", ""),
    ("_tureen/blocks.py", include_str!("../python/blocks.py")),
    ("_tureen/entries.py", include_str!("../python/entries.py")),
    ("_tureen/loaded.py", include_str!("../python/loaded.py")),
    ("_tureen/names.py", include_str!("../python/names.py")),
    ("_tureen/refusal.py", include_str!("../python/refusal.py")),
    ("_tureen/statements.py", include_str!("../python/statements.py")),
    ("_tureen/workflow_view.py", include_str!("../python/workflow_view.py")),
    ("_tureen/copies.py", include_str!("../python/copies.py")),
    ("_tureen/later.py", include_str!("../python/later.py")),
    ("_tureen/log_file.py", include_str!("../python/log_file.py")),
    ("_tureen/seed.py", include_str!("../python/seed.py")),
    ("_tureen/seeding.py", include_str!("../python/seeding.py")),
    ("_tureen/checkpoints.py", include_str!("../python/checkpoints.py")),
    ("_tureen/choosing.py", include_str!("../python/choosing.py")),
    ("_tureen/paramspace.py", include_str!("../python/paramspace.py")),
    ("_tureen/validation.py", include_str!("../python/validation.py")),
    ("_tureen/containers.py", include_str!("../python/containers.py")),
    ("_tureen/declare.py", include_str!("../python/declare.py")),
    ("_tureen/expressions.py", include_str!("../python/expressions.py")),
    ("_tureen/late.py", include_str!("../python/late.py")),
    ("_tureen/missing.py", include_str!("../python/missing.py")),
    ("_tureen/default_flags.py", include_str!("../python/default_flags.py")),
    ("_tureen/pathvars.py", include_str!("../python/pathvars.py")),
    ("_tureen/ready_made.py", include_str!("../python/ready_made.py")),
    ("_tureen/jobs.py", include_str!("../python/jobs.py")),
    ("_tureen/main.py", include_str!("../python/main.py")),
    ("_tureen/notebook.py", include_str!("../python/notebook.py")),
    ("_tureen/script_bash.py", include_str!("../python/script_bash.py")),
    ("_tureen/script_julia.py", include_str!("../python/script_julia.py")),
    ("_tureen/script_python.py", include_str!("../python/script_python.py")),
    ("_tureen/script_r.py", include_str!("../python/script_r.py")),
    ("_tureen/report.py", include_str!("../python/report.py")),
    ("_tureen/scripts.py", include_str!("../python/scripts.py")),
    ("_tureen/sources.py", include_str!("../python/sources.py")),
    ("_tureen/template.py", include_str!("../python/template.py")),
    ("_tureen/session.py", include_str!("../python/session.py")),
    ("_tureen/space.py", include_str!("../python/space.py")),
    ("_tureen/trace.py", include_str!("../python/trace.py")),
    ("_tureen/wire.py", include_str!("../python/wire.py")),
    ("_tureen/finder.py", include_str!("../python/finder.py")),
    ("_tureen/start.py", include_str!("../python/start.py")),
    ("snakemake/__init__.py", include_str!("../python/snakemake_package.py")),
    ("snakemake/common.py", include_str!("../python/snakemake_common.py")),
    ("snakemake/ioutils.py", include_str!("../python/ioutils.py")),
    ("snakemake/remote/__init__.py", include_str!("../python/remote.py")),
    ("snakemake/remote/AzBlob.py", REMOTE),
    ("snakemake/remote/EGA.py", REMOTE),
    ("snakemake/remote/FTP.py", REMOTE),
    ("snakemake/remote/GS.py", REMOTE),
    ("snakemake/remote/HTTP.py", REMOTE),
    ("snakemake/remote/NCBI.py", REMOTE),
    ("snakemake/remote/S3.py", REMOTE),
    ("snakemake/remote/SFTP.py", REMOTE),
    ("snakemake/remote/XRootD.py", REMOTE),
    ("snakemake/remote/dropbox.py", REMOTE),
    ("snakemake/remote/gfal.py", REMOTE),
    ("snakemake/remote/gridftp.py", REMOTE),
    ("snakemake/remote/iRODS.py", REMOTE),
    ("snakemake/remote/webdav.py", REMOTE),
    ("snakemake/remote/zenodo.py", REMOTE),
    ("snakemake/exceptions.py", include_str!("../python/exceptions.py")),
    ("snakemake/io.py", include_str!("../python/io.py")),
    ("snakemake/iocontainers.py", include_str!("../python/iocontainers.py")),
    ("snakemake/script.py", include_str!("../python/script_object.py")),
    ("snakemake/logging.py", include_str!("../python/logger.py")),
    ("snakemake/shell.py", include_str!("../python/shell.py")),
    ("snakemake/utils.py", include_str!("../python/snakemake_utils.py")),
];

/// Each kind of remote provider.
const REMOTE: &str = "from snakemake.remote import RemoteProvider\n";

/// Where the modules stand.
#[derive(Debug)]
pub(super) struct Modules {
    folder: PathBuf,
    /// Whether the folder is ours alone and goes with us.
    is_temporary: bool,
}

impl Modules {
    /// Finds them in the cache, or writes them; into a temporary folder if the cache can't be written.
    pub(super) fn provide() -> io::Result<Self> {
        if let Some(folder) = lasting() {
            return Ok(Self { folder, is_temporary: false });
        }
        let folder = unused(&std::env::temp_dir().join("tureen-python"));
        fs::create_dir(&folder)?;
        write(&folder)?;
        Ok(Self { folder, is_temporary: true })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        if self.is_temporary {
            // What stays behind is in the folder for what may stay behind.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The folder in the cache, written if need be.
pub(super) fn lasting() -> Option<PathBuf> {
    let folder = cache_folder()?.join(format!("tureen/python-{}", version()));
    (folder.is_dir() || write_aside(&folder).is_ok()).then_some(folder)
}

/// `$XDG_CACHE_HOME`, or `~/.cache`.
fn cache_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}

/// A text that changes whenever a module does.
fn version() -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in FILES {
        hasher.update(name.as_bytes()).update(&text.len().to_le_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Writes the whole folder beside its place and moves it there, so that nobody sees a part of it.
fn write_aside(folder: &Path) -> io::Result<()> {
    let parent = folder.parent().expect("it is inside the cache folder");
    fs::create_dir_all(parent)?;
    let aside = unused(folder);
    fs::create_dir(&aside)?;
    let done = write(&aside).and_then(|()| fs::rename(&aside, folder));
    if done.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    // Another process may have been first.
    if folder.is_dir() { Ok(()) } else { done }
}

fn write(folder: &Path) -> io::Result<()> {
    for package in ["_tureen", "snakemake", "snakemake/remote"] {
        fs::create_dir(folder.join(package))?;
    }
    FILES.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}

/// A name that nobody else takes.
fn unused(path: &Path) -> PathBuf {
    let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos());
    path.with_extension(format!("{}.{time:x}", std::process::id()))
}
