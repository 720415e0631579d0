//! What the crash harness looks at: the end of a command, the processes that are left, the files of a folder; and the library
//! that makes faults.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Waits for the command's end; one that hangs has failed.
pub(super) fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            return ended;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the command hangs");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(super) fn processes_with(entry: &[u8]) -> usize {
    let has_it = |process: &fs::DirEntry| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|found| found == entry)
    };
    fs::read_dir("/proc").unwrap().flatten().filter(has_it).count()
}

/// What stands for the content of a folder.
pub(super) const FOLDER: &[u8] = b"a folder";

/// The files below a folder, but for those that are our own business.
pub(super) fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(here) = waiting.pop() {
        for entry in fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            // The record, and the logs of runs.
            if name == Path::new(".tureen") || name == Path::new(".snakemake") {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
                files.insert(name, FOLDER.to_vec());
            } else {
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The library that makes faults, built once.
pub(super) fn faults() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/torture/faults.c");
        // SQLite is built with the same compiler.
        let built = Command::new(std::env::var("CC").unwrap_or("cc".to_owned()))
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&path, &source])
            .args(["-ldl"])
            .status()
            .unwrap();
        assert!(built.success());
        (folder, path)
    });
    path
}
