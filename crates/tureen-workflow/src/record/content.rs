//! Hashes of small files, to prove that a newer file has the same content.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Larger files are not hashed, unless `--max-checksum-file-size` says so (Snakemake 9.27's limit): their time decides.
pub const MAX_HASHED_BYTES: u64 = 1_000_000;

/// The hash of a regular file of at most so many bytes; `None` for anything else.
pub fn content_hash(path: &Path, max_bytes: u64) -> Option<String> {
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > max_bytes {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.read_to_end(&mut content).ok()?;
    Some(blake3::hash(&content).to_hex().to_string())
}
