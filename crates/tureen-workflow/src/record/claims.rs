//! What the runs in a directory have claimed: which files each is going to write, and which it reads. Runs that don't
//! get into each other's way run side by side; the others are told who has what.
//!
//! A claim is a file in `.tureen/runs` that its process has locked: the system drops the lock with the process,
//! however it ends. Paths are kept as hashes, so that a claim of a million files is read in a moment.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use rustix::fs::{FlockOperation, flock};
use xxhash_rust::xxh3::xxh3_64;

/// A held claim; dropping it lets others have the files.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    writes: FxHashSet<u64>,
    reads: FxHashSet<u64>,
}

/// The files of a plan.
#[derive(Debug, Default)]
pub struct Files<'f> {
    /// What it makes.
    pub writes: Vec<&'f str>,
    /// What it reads.
    pub reads: Vec<&'f str>,
}

/// Why there is no claim.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another run has a file; who, in its own words.
    #[error("another run is at work on `{path}`: {owner}")]
    Held {
        /// The file.
        path: String,
        /// Who.
        owner: String,
    },
    /// The folder can't be used.
    #[error("can't write into `.tureen`: {0}")]
    Unusable(#[from] io::Error),
}

/// How many runs have ended here so far; a plan is as good as this number. Waits a moment if another run is claiming.
///
/// # Errors
/// The folder can't be written to.
pub fn generation(folder: &Path) -> io::Result<u64> {
    if !folder.exists() {
        return Ok(0);
    }
    let mut door = Door::open(folder)?;
    if sweep(folder)?.has_dead {
        door.bump()?;
    }
    door.generation()
}

impl Claim {
    /// Claims files; `None` if a run has ended since that generation, so that the plan may be out of date.
    ///
    /// # Errors
    /// Another run has claimed one of the files, or the folder can't be written to.
    pub fn take(folder: &Path, files: &Files<'_>, seen: u64) -> Result<Option<Self>, ClaimError> {
        fs::create_dir_all(folder.join("runs"))?;
        let mut door = Door::open(folder)?;
        let others = sweep(folder)?;
        if others.has_dead {
            door.bump()?;
        }
        if door.generation()? != seen {
            return Ok(None);
        }
        others.check(files)?;
        let path = folder.join("runs").join(std::process::id().to_string());
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from)?;
        let mut claim = Self {
            folder: folder.to_owned(),
            path,
            file,
            writes: FxHashSet::default(),
            reads: FxHashSet::default(),
        };
        let added = claim.add(files);
        // A claim that is given up passes the door on its way out.
        drop(door);
        added?;
        Ok(Some(claim))
    }

    /// Claims more files.
    ///
    /// # Errors
    /// As [`Claim::take`].
    pub fn extend(&mut self, files: &Files<'_>) -> Result<(), ClaimError> {
        let _door = Door::open(&self.folder)?;
        sweep(&self.folder)?.without(&self.path).check(files)?;
        self.add(files)
    }

    fn add(&mut self, files: &Files<'_>) -> Result<(), ClaimError> {
        self.writes.extend(files.writes.iter().map(|path| xxh3_64(path.as_bytes())));
        self.reads.extend(files.reads.iter().map(|path| xxh3_64(path.as_bytes())));
        let mut content = format!("{}\n", ourselves()).into_bytes();
        content.extend((self.writes.len() as u64).to_le_bytes());
        for hash in self.writes.iter().chain(&self.reads) {
            content.extend(hash.to_le_bytes());
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&content)?;
        Ok(())
    }
}

/// Who we are, for those who want what we have: a process number means something on one machine, between two starts of it.
fn ourselves() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let host = read("/proc/sys/kernel/hostname");
    let boot = read("/proc/sys/kernel/random/boot_id");
    format!("process {} on {host} (boot {boot})", std::process::id())
}

/// The processes that have claims in a folder, in their own words. Changes nothing.
///
/// # Errors
/// The folder can't be read.
pub fn living(folder: &Path) -> io::Result<Vec<(u32, String)>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder.join("runs")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for path in entries.map(|entry| entry.map(|entry| entry.path())) {
        let path = path?;
        let Ok(mut file) = File::open(&path) else { continue };
        // A lock that we get is held by nobody; closing the file gives it back.
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            continue;
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let process = path.file_name().and_then(|name| name.to_str()?.parse().ok());
        if let (Some(process), Some(other)) = (process, read(path, &content)) {
            found.push((process, other.owner));
        }
    }
    found.sort_unstable();
    Ok(found)
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Should this fail, the next run finds a claim that nobody holds, and removes it.
        if let Ok(mut door) = Door::open(&self.folder) {
            let _ = door.bump();
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The lock that is held while claims are looked at or changed, and the count of runs that have ended.
struct Door {
    file: File,
}

impl Door {
    fn open(folder: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join("lock"))?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Self { file })
    }

    fn generation(&mut self) -> io::Result<u64> {
        let mut text = String::new();
        self.file.rewind()?;
        self.file.read_to_string(&mut text)?;
        Ok(text.trim().parse().unwrap_or(0))
    }

    fn bump(&mut self) -> io::Result<()> {
        let next = self.generation()? + 1;
        self.file.rewind()?;
        // Over the old number, which is as long: on a full disk that one stays.
        self.file.write_all(format!("{next:020}\n").as_bytes())
    }
}

/// The claims of others.
#[derive(Default)]
struct Others {
    claims: Vec<Other>,
    /// Whether there were some whose process is gone.
    has_dead: bool,
}

struct Other {
    path: PathBuf,
    owner: String,
    writes: FxHashSet<u64>,
    reads: FxHashSet<u64>,
}

/// Reads the living claims, and removes the others.
fn sweep(folder: &Path) -> io::Result<Others> {
    let mut others = Others::default();
    let entries = match fs::read_dir(folder.join("runs")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(others),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            others.has_dead = true;
            fs::remove_file(&path)?;
            continue;
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        others.claims.extend(read(path, &content));
    }
    Ok(others)
}

/// A claim as it was written; `None` if it is something else.
fn read(path: PathBuf, content: &[u8]) -> Option<Other> {
    let line = content.iter().position(|&byte| byte == b'\n')?;
    let owner = String::from_utf8_lossy(&content[..line]).into_owned();
    let mut numbers = content[line + 1..].chunks_exact(8).map(|bytes| {
        let mut number = [0; 8];
        number.copy_from_slice(bytes);
        u64::from_le_bytes(number)
    });
    let n_writes = usize::try_from(numbers.next()?).ok()?;
    let writes = numbers.by_ref().take(n_writes).collect();
    Some(Other { path, owner, writes, reads: numbers.collect() })
}

impl Others {
    fn without(mut self, path: &Path) -> Self {
        self.claims.retain(|claim| claim.path != path);
        self
    }

    /// Nobody else may write what we read or write, nor read what we write.
    fn check(&self, files: &Files<'_>) -> Result<(), ClaimError> {
        if self.claims.is_empty() {
            return Ok(());
        }
        let held = |path: &str, claim: &Other| ClaimError::Held {
            path: path.to_owned(),
            owner: claim.owner.clone(),
        };
        let written = files.writes.iter().map(|&path| (path, true));
        for (path, is_write) in written.chain(files.reads.iter().map(|&path| (path, false))) {
            let hash = xxh3_64(path.as_bytes());
            let is_held =
                |claim: &&Other| claim.writes.contains(&hash) || (is_write && claim.reads.contains(&hash));
            if let Some(claim) = self.claims.iter().find(is_held) {
                return Err(held(path, claim));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files<'f>(writes: &[&'f str], reads: &[&'f str]) -> Files<'f> {
        Files { writes: writes.to_vec(), reads: reads.to_vec() }
    }

    #[test]
    fn only_what_does_not_meet_may_run_together() {
        let written = files(&["b"], &["a"]);
        let content = |files: &Files<'_>| {
            let mut content = b"process 1 on here\n".to_vec();
            content.extend((files.writes.len() as u64).to_le_bytes());
            let paths = files.writes.iter().chain(&files.reads);
            paths.for_each(|path| content.extend(xxh3_64(path.as_bytes()).to_le_bytes()));
            content
        };
        let claims = vec![read(PathBuf::from("1"), &content(&written)).unwrap()];
        let others = Others { claims, has_dead: false };
        assert!(others.check(&files(&["c"], &["a"])).is_ok());
        for (files, path) in
            [(files(&["b"], &[]), "b"), (files(&["c"], &["a", "b"]), "b"), (files(&["a"], &[]), "a")]
        {
            match others.check(&files) {
                Err(ClaimError::Held { path: found, owner }) => {
                    assert_eq!((found.as_str(), owner.as_str()), (path, "process 1 on here"));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_claim_that_nobody_holds_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("runs")).unwrap();
        fs::write(folder.path().join("runs/1"), "process 1 on there\n").unwrap();
        assert_eq!(generation(folder.path()).unwrap(), 1);
        let claim = Claim::take(folder.path(), &files(&["a"], &[]), 1).unwrap().unwrap();
        assert!(Claim::take(folder.path(), &files(&["b"], &[]), 0).unwrap().is_none());
        drop(claim);
        assert_eq!(generation(folder.path()).unwrap(), 2);
        assert_eq!(fs::read_dir(folder.path().join("runs")).unwrap().count(), 0);
    }
}
