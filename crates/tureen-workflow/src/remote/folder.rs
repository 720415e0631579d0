//! The folder of a run that has jobs elsewhere, `.tureen/cluster/NAME`: parcels go in, replies come out. It outlives the
//! run's process, so that the next one finds what is still at work.
//!
//! | file | who writes it | what it says |
//! |---|---|---|
//! | `jobs/ID.json` | the run | the parcel |
//! | `jobs/ID.sent` | the run | the cluster's name for it |
//! | `jobs/ID.taken` | the node, once | who works on it |
//! | `jobs/ID.reply` | the node, once | how it went |
//! | `jobs/ID.revoked` | the run | it is not wanted any more: whoever has it stops |
//!
//! Knows no cluster and no parcel's inside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use rustix::fs::{FlockOperation, flock};

use super::reply::write_whole;

/// Where the folders of runs are, in the workflow's folder.
pub const PLACE: &str = ".tureen/cluster";

/// A run's folder, held by this process as long as it lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    name: String,
    _lock: File,
}

impl RunFolder {
    /// Makes a new one. Its path is absolute: nodes come from elsewhere.
    ///
    /// # Errors
    /// The disk says no.
    pub fn create() -> io::Result<Self> {
        let place = std::env::current_dir()?.join(PLACE);
        fs::create_dir_all(&place)?;
        loop {
            let name = new_name();
            let path = place.join(&name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    fs::create_dir(path.join("jobs"))?;
                    let lock = File::create(path.join("lock"))?;
                    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
                    return Ok(Self { path, name, _lock: lock });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes over the folders of runs whose process is gone.
    pub fn orphans() -> Vec<Self> {
        let Ok(place) = std::env::current_dir().map(|here| here.join(PLACE)) else { return Vec::new() };
        let Ok(entries) = fs::read_dir(&place) else { return Vec::new() };
        let take = |entry: fs::DirEntry| {
            let path = entry.path();
            let lock = OpenOptions::new().write(true).open(path.join("lock")).ok()?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
            let name = entry.file_name().into_string().ok()?;
            Some(Self { path, name, _lock: lock })
        };
        entries.filter_map(|entry| take(entry.ok()?)).collect()
    }

    /// Whether jobs were submitted to Slurm from it; those of other clusters have scripts in it.
    pub fn is_of_slurm(&self) -> bool {
        ["batches", "pilots"].iter().any(|name| self.file(name).exists())
    }

    /// Its name, by which the cluster knows its jobs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A file of a parcel.
    pub fn of(&self, id: &str, what: &str) -> PathBuf {
        self.path.join(format!("jobs/{id}.{what}"))
    }

    /// All files of parcels, by name: one `readdir`, which also makes a network file system look again.
    pub fn names(&self) -> FxHashSet<String> {
        let Ok(entries) = fs::read_dir(self.path.join("jobs")) else { return FxHashSet::default() };
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }

    /// Writes a file of a parcel, whole.
    ///
    /// # Errors
    /// The disk says no.
    pub fn write(&self, id: &str, what: &str, text: &str) -> io::Result<()> {
        write_whole(&self.of(id, what), text.as_bytes())
    }

    /// Drops all files of a parcel.
    pub fn forget(&self, id: &str) {
        for what in ["json", "sent", "taken", "reply", "revoked", "beat"] {
            // What stays behind goes with the folder.
            let _ = fs::remove_file(self.of(id, what));
        }
    }

    /// Says that a parcel is not wanted any more.
    pub fn revoke(&self, id: &str) {
        // If it can't be said, the node's own end is all there is.
        let _ = self.write(id, "revoked", "");
    }

    /// Takes a parcel that is not wanted before any node does, so that none ever will; `false`: one has it.
    pub fn take_back(&self, id: &str) -> bool {
        let is_ours = claim(&self.of(id, "json"), "the run's own").is_ok_and(|claim| claim == Claim::Mine);
        if is_ours {
            self.revoke(id);
        }
        is_ours
    }

    /// Removes the folder: nothing in it is of use any more.
    pub fn remove(self) {
        // What stays behind is taken for a run without jobs.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn new_name() -> String {
    let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos());
    let text = format!("{time}-{}", std::process::id());
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}

/// What a node finds when it wants to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The parcel is its own.
    Mine,
    /// Somebody else has it (or had it).
    Theirs(String),
    /// It is not wanted any more.
    Revoked,
}

/// Takes a parcel (its file without the ending), for one who is called so: only the first can, but the same one may come again, as a job that Slurm has
/// requeued does.
///
/// # Errors
/// The disk says no.
pub fn claim(stem: &Path, who: &str) -> io::Result<Claim> {
    if stem.with_extension("revoked").exists() {
        return Ok(Claim::Revoked);
    }
    let taken = stem.with_extension("taken");
    match OpenOptions::new().write(true).create_new(true).open(&taken) {
        Ok(mut file) => {
            file.write_all(who.as_bytes())?;
            file.sync_all()?;
            Ok(Claim::Mine)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut known = String::new();
            File::open(&taken)?.read_to_string(&mut known)?;
            Ok(if known == who { Claim::Mine } else { Claim::Theirs(known) })
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_takes_a_parcel_and_may_come_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let stem = folder.path().join("1-1");
        assert_eq!(claim(&stem, "job 7").expect("a disk"), Claim::Mine);
        assert_eq!(claim(&stem, "job 8").expect("a disk"), Claim::Theirs("job 7".to_owned()));
        assert_eq!(claim(&stem, "job 7").expect("a disk"), Claim::Mine);
        std::fs::write(stem.with_extension("revoked"), "").expect("a disk");
        assert_eq!(claim(&stem, "job 7").expect("a disk"), Claim::Revoked);
    }
}
