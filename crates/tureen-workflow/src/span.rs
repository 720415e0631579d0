//! Places in the user's files, and the texts they point into.
//! Knows nothing of Snakefile syntax; a span is two byte offsets.

use std::path::{Path, PathBuf};

/// One of the source files of a workflow: an index into [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A stretch of one source file, in bytes, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset just past the last byte.
    pub end: u32,
}

/// A source file: its path as the user would name it, and its text.
#[derive(Debug)]
pub struct Source {
    /// The path, as given or as found; what messages print.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Every file that the workflow was read from, in the order in which they were first read.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, path: &Path, text: String) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).expect("fewer than 2^32 source files"));
        self.files.push(Source { path: path.to_owned(), text });
        id
    }

    /// Whether an id is one of these files.
    pub fn contains(&self, id: SourceId) -> bool {
        (id.0 as usize) < self.files.len()
    }

    /// The file that was read first: the main one.
    pub fn main(&self) -> Option<&Source> {
        self.files.first()
    }

    /// The file behind an id.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.source).text[span.start as usize..span.end as usize]
    }

    /// Line and column (both from 1, the column in characters) where a span starts.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let before = &self.get(span.source).text[..span.start as usize];
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line as u32, column as u32)
    }
}
