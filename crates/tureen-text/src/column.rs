//! A column of text: one string, and where in it each row starts and ends.
//!
//! Rows needn't touch, so that what only takes parts of rows (split, strip, slices, filters) copies no text. Rows of one
//! column lie in less than 4 GiB; what would make more is declined.

use std::sync::Arc;

use crate::Declined;

/// Where a row is: bytes of the column's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Row {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // A column's text is shorter than `u32::MAX`: see `Column::of` and `Builder`.
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Rows of text.
#[derive(Clone, Debug)]
pub struct Column {
    text: Arc<String>,
    rows: Vec<Row>,
    /// Whether the whole text is ASCII, also what is in no row.
    is_ascii: bool,
}

impl Column {
    /// The column of these rows of a text.
    pub(crate) fn of(text: String, rows: Vec<Row>) -> Result<Self, Declined> {
        if text.len() >= u32::MAX as usize {
            return Err(Declined::new("one piece of text is longer than 4 GiB"));
        }
        let is_ascii = text.is_ascii();
        Ok(Self { text: Arc::new(text), rows, is_ascii })
    }

    /// The column of rows that follow each other in a text and end at these bytes.
    pub fn of_ends(text: String, ends: impl IntoIterator<Item = usize>) -> Result<Self, Declined> {
        let mut start = 0;
        let mut rows = Vec::new();
        for end in ends {
            // Whoever counts wrong is told at once, and not by a kernel later.
            assert!(text.is_char_boundary(end) && start <= end, "rows end where characters end");
            rows.push(Row::new(start, end));
            start = end;
        }
        Self::of(text, rows)
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at a place, which must be there.
    pub fn get(&self, at: usize) -> &str {
        &self.text[self.rows[at].range()]
    }

    /// All rows.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(|row| &self.text[row.range()])
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// Other rows of the same text.
    pub(crate) fn with_rows(&self, rows: Vec<Row>) -> Self {
        Self { text: self.text.clone(), rows, is_ascii: self.is_ascii }
    }

    /// Changes each row's place; its text stays.
    pub(crate) fn map_rows(mut self, mut change: impl FnMut(&str, Row) -> Row) -> Self {
        let text = &self.text;
        for row in &mut self.rows {
            *row = change(&text[row.range()], *row);
        }
        self
    }

    /// Keeps the rows for which the mask says so.
    pub(crate) fn keep(&mut self, mask: &[bool]) {
        let mut mask = mask.iter();
        self.rows.retain(|_| *mask.next().expect("a mask is as long as its column"));
    }

    /// The text itself, to be changed byte by byte to other ASCII.
    pub(crate) fn ascii_mut(&mut self) -> &mut str {
        Arc::make_mut(&mut self.text).as_mut_str()
    }

    /// Builds a column with as many rows, each made from one of ours.
    pub(crate) fn rebuild(
        &self,
        mut make: impl FnMut(&str, &mut Builder) -> Result<(), Declined>,
    ) -> Result<Self, Declined> {
        let mut builder = Builder::with_capacity(self.n_bytes(), self.len());
        for row in self.iter() {
            make(row, &mut builder)?;
            builder.end_row()?;
        }
        builder.finish()
    }

    /// The rows, with no text between them.
    pub(crate) fn compact(self) -> Result<Self, Declined> {
        if self.n_bytes() * 2 >= self.text.len() {
            return Ok(self);
        }
        self.rebuild(|row, out| {
            out.push_str(row);
            Ok(())
        })
    }

    /// The number of bytes of all rows.
    pub(crate) fn n_bytes(&self) -> usize {
        self.rows.iter().map(|row| row.len()).sum()
    }
}

/// A column in the making. What is pushed belongs to the row that `end_row` ends.
pub(crate) struct Builder {
    text: String,
    rows: Vec<Row>,
    start: usize,
}

impl Builder {
    pub(crate) fn with_capacity(n_bytes: usize, n_rows: usize) -> Self {
        Self { text: String::with_capacity(n_bytes), rows: Vec::with_capacity(n_rows), start: 0 }
    }

    /// The text so far, to be appended to.
    pub(crate) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub(crate) fn push(&mut self, c: char) {
        self.text.push(c);
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Pushes a character many times, if a column has room for them.
    pub(crate) fn fill(&mut self, fill: &Fill, n: usize) -> Result<(), Declined> {
        let n_bytes = n.saturating_mul(fill.width);
        if self.text.len().saturating_add(n_bytes) >= u32::MAX as usize
            || self.text.try_reserve(n_bytes).is_err()
        {
            return Err(too_long());
        }
        let mut n_left = n_bytes;
        while n_left > 0 {
            let n = n_left.min(fill.run.len());
            self.text.push_str(&fill.run[..n]);
            n_left -= n;
        }
        Ok(())
    }

    pub(crate) fn end_row(&mut self) -> Result<(), Declined> {
        self.check()?;
        self.rows.push(Row::new(self.start, self.text.len()));
        self.start = self.text.len();
        Ok(())
    }

    /// Fails if there is more text than a column holds. To be asked in between where one row may become very long.
    pub(crate) fn check(&self) -> Result<(), Declined> {
        if self.text.len() >= u32::MAX as usize { Err(too_long()) } else { Ok(()) }
    }

    pub(crate) fn finish(self) -> Result<Column, Declined> {
        Column::of(self.text, self.rows)
    }
}

/// A character to fill with, many times over, so that it is pushed in runs.
pub(crate) struct Fill {
    run: String,
    width: usize,
}

impl Fill {
    pub(crate) fn new(c: char) -> Self {
        Self { run: c.to_string().repeat(64), width: c.len_utf8() }
    }
}

fn too_long() -> Declined {
    Declined::new("the text becomes longer than 4 GiB")
}
