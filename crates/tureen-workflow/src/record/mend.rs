//! A record that is damaged: set aside under another name, and read as far as it can be.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rustc_hash::FxHashMap;

use super::memory::Remembered;
use super::store::{Memories, RecordError, read_into};

/// Whether an error says that the file is no database, or a broken one.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        // Tables that should be there are not: somebody else's file, or half of ours.
        || matches!(error, rusqlite::Error::SqliteFailure(_, Some(why)) if why.starts_with("no such"))
        || matches!(error, rusqlite::Error::SqlInputError { msg, .. } if msg.starts_with("no such"))
}

/// Moves a damaged record (and its log) out of the way; gives what could be read, and where it is now.
pub(super) fn set_aside(path: &Path) -> Result<(FxHashMap<String, Remembered>, PathBuf), RecordError> {
    let mut salvaged = Memories::default();
    // What came before the damage is kept; the error is the one that brought us here.
    let _ = read_into(path, &mut salvaged);
    let aside = (1..)
        .map(|number| path.with_file_name(format!("record.damaged-{number}.sqlite")))
        .find(|aside| !aside.exists())
        .expect("some number is free");
    for end in ["-wal", "-shm", ""] {
        let with_end = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        match std::fs::rename(with_end(path), with_end(&aside)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(RecordError::Folder { folder: path.to_owned(), source });
            }
            _ => {}
        }
    }
    Ok((salvaged.by_output, aside))
}
