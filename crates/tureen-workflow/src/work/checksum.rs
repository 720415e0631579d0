//! `ensure(..., sha256=...)`: what an output should hash to. Knows no job.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A way of hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// SHA-256
    Sha256,
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
}

impl Algorithm {
    /// By the keyword of `ensure()`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "sha256" => Self::Sha256,
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            _ => return None,
        })
    }
}

/// The hash of a file, in hexadecimal digits.
///
/// # Errors
/// It can't be read.
pub fn checksum(path: &Path, algorithm: Algorithm) -> io::Result<String> {
    let file = File::open(path)?;
    match algorithm {
        Algorithm::Sha256 => hash::<Sha256>(file),
        Algorithm::Md5 => hash::<Md5>(file),
        Algorithm::Sha1 => hash::<Sha1>(file),
    }
}

fn hash<D: Digest>(mut file: File) -> io::Result<String> {
    let mut digest = D::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_bytes) => digest.update(&buffer[..n_bytes]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        for (algorithm, expected) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            assert_eq!(checksum(file.path(), algorithm).unwrap(), expected);
        }
    }
}
