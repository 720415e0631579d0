//! Reads the lines of bytes, a chunk at a time, as Python's text files do.
//!
//! Chunks are small enough to stay in a core's cache while all steps go over them, and as long as a line where that is
//! longer. The bytes of a chunk become its text without being copied, unless ends of lines must be changed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

use crate::Declined;
use crate::column::{Column, Row};

const CHUNK: usize = 1 << 18;

/// What ends a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`, `\r\n` and `\r`, each read as `\n`: Python's `newline=None`.
    Universal,
    /// The same, left as they are: Python's `newline=""`.
    Any,
    /// Exactly this, which is not empty.
    Exactly(String),
}

/// The lines of a source of bytes, as columns. A line holds its end; the last may have none.
pub struct Lines<R> {
    source: R,
    end: LineEnd,
    /// What was read and given to nobody yet.
    held: Vec<u8>,
    /// How many bytes were given.
    n_given: u64,
    is_over: bool,
}

/// Why lines can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The place is counted from where reading began.
    #[error("byte {0} is no UTF-8 text")]
    NotUtf8(u64),
    #[error(transparent)]
    Declined(#[from] Declined),
}

/// A range of a file's bytes.
pub fn open(path: &Path, start: u64, end: u64) -> std::io::Result<std::io::Take<File>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    Ok(file.take(end.saturating_sub(start)))
}

/// Places that cut a range of a file in about equal parts, where lines start after `\n`. The first and the last are the
/// range's own ends.
pub fn cuts(path: &Path, start: u64, end: u64, n_parts: usize) -> std::io::Result<Vec<u64>> {
    let mut file = File::open(path)?;
    let mut places = vec![start];
    for part in 1..n_parts as u64 {
        let about = start + (end - start) / n_parts as u64 * part;
        let place = line_start(&mut file, about, end)?;
        if place > *places.last().expect("the start is there") && place < end {
            places.push(place);
        }
    }
    places.push(end);
    Ok(places)
}

/// Where the first line starts after a place; `end` if none does before it.
fn line_start(file: &mut File, mut place: u64, end: u64) -> std::io::Result<u64> {
    file.seek(SeekFrom::Start(place))?;
    let mut bytes = Vec::new();
    while place < end {
        bytes.clear();
        if file.by_ref().take(1 << 16).read_to_end(&mut bytes)? == 0 {
            break;
        }
        if let Some(at) = memchr(b'\n', &bytes) {
            return Ok(place + at as u64 + 1);
        }
        place += bytes.len() as u64;
    }
    Ok(end)
}

impl<R: Read> Lines<R> {
    /// The lines of a source.
    pub fn new(source: R, end: LineEnd) -> Self {
        Self { source, end, held: Vec::new(), n_given: 0, is_over: false }
    }

    /// The next chunk of whole lines. None at the end.
    pub fn next_chunk(&mut self) -> Result<Option<Column>, ReadError> {
        while !self.is_over {
            // A long line is looked through again each time more of it is there, so each time more is read.
            let wanted = CHUNK.max(self.held.len());
            let n = self.source.by_ref().take(wanted as u64).read_to_end(&mut self.held)?;
            self.is_over = n < wanted;
            let cut = if self.is_over { self.held.len() } else { self.end.last_in(&self.held) };
            if cut > 0 {
                let mut tail = Vec::with_capacity(CHUNK + self.held.len() - cut);
                tail.extend_from_slice(&self.held[cut..]);
                self.held.truncate(cut);
                let bytes = std::mem::replace(&mut self.held, tail);
                return self.column(bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn column(&mut self, mut bytes: Vec<u8>) -> Result<Column, ReadError> {
        let n_read = bytes.len() as u64;
        if let Err(error) = std::str::from_utf8(&bytes) {
            return Err(ReadError::NotUtf8(self.n_given + error.valid_up_to() as u64));
        }
        self.n_given += n_read;
        if self.end == LineEnd::Universal {
            unify(&mut bytes);
        }
        let text =
            String::from_utf8(bytes).expect("it was looked through, and no byte of a letter was touched");
        let rows = self.end.rows(&text);
        Ok(Column::of(text, rows)?)
    }
}

impl LineEnd {
    /// Where the last whole line of these bytes ends, when more may follow; 0 if there is none.
    fn last_in(&self, bytes: &[u8]) -> usize {
        match self {
            LineEnd::Universal | LineEnd::Any => {
                let after_new_line = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
                // The very last byte may be the first half of `\r\n`.
                let whole = &bytes[..bytes.len().saturating_sub(1)];
                after_new_line.max(memrchr(b'\r', whole).map_or(0, |at| at + 1))
            }
            LineEnd::Exactly(end) if end == "\n" => memrchr(b'\n', bytes).map_or(0, |at| at + 1),
            // One that can overlap itself must be counted from the front.
            LineEnd::Exactly(end) => Finder::new(end).find_iter(bytes).last().map_or(0, |at| at + end.len()),
        }
    }

    fn rows(&self, text: &str) -> Vec<Row> {
        let bytes = text.as_bytes();
        match self {
            LineEnd::Universal => rows_of(bytes.len(), memchr_iter(b'\n', bytes).map(|at| at + 1)),
            LineEnd::Exactly(end) if end == "\n" => {
                rows_of(bytes.len(), memchr_iter(b'\n', bytes).map(|at| at + 1))
            }
            LineEnd::Exactly(end) => {
                rows_of(bytes.len(), Finder::new(end).find_iter(bytes).map(|at| at + end.len()))
            }
            LineEnd::Any => {
                // A `\r` before `\n` ends nothing yet.
                let ends = memchr2_iter(b'\n', b'\r', bytes)
                    .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
                rows_of(bytes.len(), ends.map(|at| at + 1))
            }
        }
    }
}

fn rows_of(length: usize, ends: impl Iterator<Item = usize>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(length / 32);
    let mut start = 0;
    for end in ends {
        rows.push(Row::new(start, end));
        start = end;
    }
    if start < length {
        rows.push(Row::new(start, length));
    }
    rows
}

/// Makes `\n` of `\r\n` and of `\r`.
fn unify(bytes: &mut Vec<u8>) {
    let Some(first) = memchr(b'\r', bytes) else { return };
    let (mut from, mut to) = (first, first);
    while from < bytes.len() {
        let byte = bytes[from];
        if byte == b'\r' {
            bytes[to] = b'\n';
            from += if bytes.get(from + 1) == Some(&b'\n') { 2 } else { 1 };
        } else {
            bytes[to] = byte;
            from += 1;
        }
        to += 1;
    }
    bytes.truncate(to);
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use proptest::prelude::*;

    use super::{LineEnd, Lines, ReadError, cuts, open};

    /// Gives a few bytes at a time.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = out.len().min(self.1);
            self.0.read(&mut out[..n])
        }
    }

    fn lines_of(source: impl Read, end: &LineEnd) -> Vec<String> {
        let mut lines = Lines::new(source, end.clone());
        let mut all = Vec::new();
        while let Some(chunk) = lines.next_chunk().expect("it is UTF-8") {
            all.extend(chunk.iter().map(str::to_owned));
        }
        all
    }

    fn oracle(text: &str, end: &LineEnd) -> Vec<String> {
        let exactly = |text: &str, end: &str| text.split_inclusive(end).map(str::to_owned).collect();
        match end {
            LineEnd::Universal => exactly(&text.replace("\r\n", "\n").replace('\r', "\n"), "\n"),
            LineEnd::Exactly(end) => exactly(text, end),
            LineEnd::Any => {
                // A letter that isn't in the text stands for `\r\n` meanwhile.
                let marked = text.replace("\r\n", "\u{1}");
                let lines = marked.split_inclusive(['\n', '\r', '\u{1}']);
                lines.map(|line| line.replace('\u{1}', "\r\n")).collect()
            }
        }
    }

    proptest! {
        #[test]
        fn lines_end_where_they_should(
            text in "([a-c$é🍲]{0,3}(\r|\n|\r\n|\\$){0,2}){0,12}",
            n in 1..9_usize,
            end in prop_oneof![
                Just(LineEnd::Universal),
                Just(LineEnd::Any),
                "\n|\r|\r\n|\\$|\\$\\$|é".prop_map(LineEnd::Exactly),
            ],
        ) {
            prop_assert_eq!(lines_of(Dripping(text.as_bytes(), n), &end), oracle(&text, &end));
        }
    }

    #[test]
    fn lines_longer_than_a_chunk() {
        let lines: Vec<String> = [0, super::CHUNK - 1, super::CHUNK, 3 * super::CHUNK, 5, 1]
            .map(|n| "x".repeat(n) + "\r\n")
            .to_vec();
        let text = lines.concat();
        for end in [LineEnd::Any, LineEnd::Exactly("\r\n".to_owned())] {
            assert!(lines_of(text.as_bytes(), &end) == lines);
        }
        assert!(lines_of(text.as_bytes(), &LineEnd::Universal) == oracle(&text, &LineEnd::Universal));
    }

    #[test]
    fn the_byte_that_is_no_text_is_told() {
        let mut bytes = b"abc\r\n".repeat(200_000);
        bytes.extend(b"Jos\xe9\n");
        let mut lines = Lines::new(bytes.as_slice(), LineEnd::Universal);
        let error = loop {
            match lines.next_chunk() {
                Ok(chunk) => assert!(chunk.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, ReadError::NotUtf8(1_000_003)), "{error}");
    }

    #[test]
    fn parts_of_a_file_hold_every_line_once() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("a.txt");
        let lines: Vec<String> = (0..5000).map(|n| format!("{}{n}\n", "x".repeat(n % 90))).collect();
        std::fs::write(&path, lines.concat()).expect("there is room");
        let size = lines.concat().len() as u64;
        for n_parts in [1, 2, 7, 100] {
            let places = cuts(&path, 0, size, n_parts).expect("the file is there");
            assert!(places.len() > n_parts / 2);
            let mut read = Vec::new();
            for ends in places.windows(2) {
                let part = open(&path, ends[0], ends[1]).expect("the file is there");
                read.extend(lines_of(part, &LineEnd::Universal));
            }
            assert!(read == lines);
        }
    }
}
