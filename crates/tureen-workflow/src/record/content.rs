//! Whether a file is still what it was: by time and size, or by the hash of a small file's content.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::memory::InputMemory;
use crate::disk::Stamp;

/// Larger files are not hashed, unless `--max-checksum-file-size` says so (Snakemake 9.27's limit): their time decides.
pub const MAX_HASHED_BYTES: u64 = 1_000_000;

/// How Snakemake marks its hashes.
const SHA256: &str = "sha256:";

/// Where times are whole seconds, a file can change within the second in which it was looked at (FAT: two).
const COARSE_NS: i64 = 2_000_000_000;

/// What is known of a file, compared with what is remembered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its content is what it was: its time and size say so.
    Same,
    /// Its content is what it was: so says its hash. Time and size prove nothing.
    SameContent,
    /// Its content is not what it was.
    Changed,
    /// Neither can be shown.
    Open,
}

impl Verdict {
    /// Whether the content is what it was.
    pub fn is_same(self) -> bool {
        matches!(self, Self::Same | Self::SameContent)
    }
}

/// How a content was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ours.
    Blake3,
    /// Snakemake's.
    Sha256,
}

impl Algorithm {
    /// That of a hash on record.
    pub fn of(recorded: &str) -> Self {
        if recorded.starts_with(SHA256) { Self::Sha256 } else { Self::Blake3 }
    }

    /// The hash of a regular file of at most so many bytes, as the record has it; `None` for anything else.
    pub fn hash(self, path: &Path, max_bytes: u64) -> Option<String> {
        let content = content(path, max_bytes)?;
        Some(match self {
            Self::Blake3 => blake3::hash(&content).to_hex().to_string(),
            Self::Sha256 => {
                let digest = Sha256::digest(content);
                digest.iter().fold(SHA256.to_owned(), |text, byte| format!("{text}{byte:02x}"))
            }
        })
    }
}

/// What the record keeps of a file that has this stamp, under this name: with the hash of its content if it is small.
pub fn state(path: &Path, name: &str, now: Option<Stamp>, max_bytes: u64) -> InputMemory {
    let is_hashed = |now: &Stamp| !now.is_directory && now.size <= max_bytes;
    InputMemory {
        path: name.to_owned(),
        content: now.filter(is_hashed).and_then(|_| content_hash(path, max_bytes)),
        time: now.map(|now| now.target_ns),
        size: now.map(|now| now.size),
    }
}

/// The hash of a regular file of at most so many bytes; `None` for anything else.
pub fn content_hash(path: &Path, max_bytes: u64) -> Option<String> {
    Algorithm::Blake3.hash(path, max_bytes)
}

/// Whether a file, as the disk shows it now, is what it was when a job that ended at `looked` (in seconds since
/// 1970) had read it.
pub fn compare(path: &Path, now: Stamp, then: &InputMemory, looked: f64, max_bytes: u64) -> Verdict {
    compare_by(now, then, looked, |algorithm| algorithm.hash(path, max_bytes))
}

/// As [`compare`], with the hash of the file's content from elsewhere, should it be needed.
pub fn compare_by(
    now: Stamp,
    then: &InputMemory,
    looked: f64,
    hash: impl FnOnce(Algorithm) -> Option<String>,
) -> Verdict {
    let is_same_stamp = then.time == Some(now.target_ns) && then.size == Some(now.size);
    if is_same_stamp && !is_racy(now.target_ns, looked) {
        return Verdict::Same;
    }
    if then.size.is_some_and(|size| size != now.size) && !now.is_directory {
        return Verdict::Changed;
    }
    let Some(recorded) = &then.content else {
        return if is_same_stamp { Verdict::Same } else { Verdict::Open };
    };
    match hash(Algorithm::of(recorded)) {
        Some(found) if found == *recorded => Verdict::SameContent,
        Some(_) => Verdict::Changed,
        None => Verdict::Open,
    }
}

/// Whether a file that shows this time at a moment (in nanoseconds since 1970) will show another one, should it change from
/// then on. One from the future might be the clock of a server.
pub(super) fn is_settled(time_ns: i64, moment_ns: i64) -> bool {
    time_ns < moment_ns.saturating_sub(COARSE_NS)
}

/// Whether a file could have changed after it was looked at without its time showing it.
fn is_racy(time_ns: i64, looked: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and is compared only")]
    let looked_ns = (looked * 1e9) as i64;
    time_ns % 1_000_000_000 == 0 && looked_ns.saturating_sub(time_ns).abs() <= COARSE_NS
}

fn content(path: &Path, max_bytes: u64) -> Option<Vec<u8>> {
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > max_bytes {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.read_to_end(&mut content).ok()?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::stamp;

    #[test]
    fn time_and_size_decide_where_they_can_and_content_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "1").unwrap();
        let now = stamp(&path).unwrap();
        let content = content_hash(&path, 10);
        let then = |time: i64, size: u64, content: Option<String>| InputMemory {
            path: String::new(),
            content,
            time: Some(time),
            size: Some(size),
        };
        let other = Some(blake3::hash(b"2").to_hex().to_string());
        let fine = Stamp { target_ns: 1_000_000_000_000_000_001, ..now };
        let coarse = Stamp { target_ns: 1_000_000_000_000_000_000, ..now };
        for (now, then, looked, expected) in [
            (fine, then(fine.target_ns, 1, None), 1e9, Verdict::Same),
            // The stamp proves it: nobody looks into the file.
            (fine, then(fine.target_ns, 1, other.clone()), 1e9, Verdict::Same),
            (fine, then(5, 1, content.clone()), 1e9, Verdict::SameContent),
            (fine, then(5, 1, other.clone()), 1e9, Verdict::Changed),
            (fine, then(5, 1, None), 1e9, Verdict::Open),
            (fine, then(5, 2, None), 1e9, Verdict::Changed),
            // Within the second in which it was looked at, a time in whole seconds proves nothing.
            (coarse, then(coarse.target_ns, 1, other.clone()), 1e9 + 1.5, Verdict::Changed),
            (coarse, then(coarse.target_ns, 1, content.clone()), 1e9 + 1.5, Verdict::SameContent),
            (coarse, then(coarse.target_ns, 1, other), 1e9 + 60.0, Verdict::Same),
        ] {
            assert_eq!(compare(&path, now, &then, looked, 10), expected, "{now:?} {then:?} {looked}");
        }
        let snakemakes = format!("{SHA256}6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
        assert_eq!(Algorithm::of(&snakemakes).hash(&path, 10), Some(snakemakes));
    }
}
