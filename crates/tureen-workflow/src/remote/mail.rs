//! Lines between two machines through one file: one end only adds, the other only reads. A line counts when it is whole.
//! The file is opened anew each time, which is when network file systems look for what is new.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The reading end.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    place: u64,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
}

impl Inbox {
    /// Reads from the beginning.
    pub fn new(path: PathBuf) -> Self {
        Self { path, place: 0, rest: Vec::new() }
    }

    /// The lines that have come since the last time; none if there is no such file yet.
    pub fn read(&mut self) -> Vec<Vec<u8>> {
        let mut new = Vec::new();
        let mut read = || -> io::Result<()> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.place))?;
            file.read_to_end(&mut new)?;
            Ok(())
        };
        // What can't be read now can be read later.
        let _ = read();
        self.place += new.len() as u64;
        self.rest.extend_from_slice(&new);
        let Some(end) = self.rest.iter().rposition(|&byte| byte == b'\n') else { return Vec::new() };
        let left = self.rest.split_off(end + 1);
        let lines = std::mem::replace(&mut self.rest, left);
        lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }
}

/// Adds lines.
///
/// # Errors
/// The disk says no.
pub fn add(path: &Path, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    // Closing it hands it to the server.
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// Ends the line that somebody who is gone may have left in the middle.
///
/// # Errors
/// The disk says no.
pub fn mend(path: &Path) -> io::Result<()> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if text.last().is_some_and(|&byte| byte != b'\n') {
        OpenOptions::new().append(true).open(path)?.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_read_and_each_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("box");
        let mut inbox = Inbox::new(path.clone());
        assert!(inbox.read().is_empty());
        add(&path, &["one".to_owned(), "two".to_owned()]).expect("a disk");
        assert_eq!(inbox.read(), [b"one".to_vec(), b"two".to_vec()]);
        OpenOptions::new().append(true).open(&path).expect("it is there").write_all(b"thr").expect("a disk");
        assert!(inbox.read().is_empty());
        OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("it is there")
            .write_all(b"ee\nfo")
            .expect("a disk");
        assert_eq!(inbox.read(), [b"three".to_vec()]);
        mend(&path).expect("a disk");
        assert_eq!(inbox.read(), [b"fo".to_vec()]);
    }
}
