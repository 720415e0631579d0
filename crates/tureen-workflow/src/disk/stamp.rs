//! Time and size of one file, as an up-to-date check sees them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The file in a `directory()` output whose time stands for the directory (as Snakemake 9.27's, by the same
/// name, so that both programs agree about a folder).
pub const DIRECTORY_STAMP: &str = ".snakemake_timestamp";

/// When a file was last changed, and how big it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970 of the file itself (of the link, if it is one): what counts for an output.
    pub own_ns: i64,
    /// Nanoseconds since 1970 of what a link points to; of the file itself if it is none: what counts for an input.
    pub target_ns: i64,
    /// Bytes.
    pub size: u64,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// Asks the disk; `None` if there is no such file.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let own = fs::symlink_metadata(path).ok()?;
    let target = if own.is_symlink() { fs::metadata(path).ok()? } else { own.clone() };
    let target_ns = if target.is_dir() {
        fs::metadata(path.join(DIRECTORY_STAMP))
            .map_or_else(|_| nanoseconds(&target), |stamp| nanoseconds(&stamp))
    } else {
        nanoseconds(&target)
    };
    let own_ns = if own.is_symlink() { nanoseconds(&own) } else { target_ns };
    Some(Stamp { own_ns, target_ns, size: target.size(), is_directory: target.is_dir() })
}

fn nanoseconds(metadata: &fs::Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}
