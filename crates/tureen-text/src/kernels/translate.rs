//! `translate`, by a table of single code points.

use rustc_hash::FxHashMap;

use crate::Declined;
use crate::column::Column;

/// What becomes of characters; those that are not in it stay.
#[derive(Clone, Debug)]
pub struct Table {
    /// For each ASCII character, whether it is in `becomes`: most text is looked up here only.
    has_ascii: [bool; 128],
    becomes: FxHashMap<char, Box<str>>,
}

impl Table {
    /// A table of what characters become: any text, nothing where it is empty.
    pub fn new(entries: impl IntoIterator<Item = (char, String)>) -> Self {
        let mut table = Self { has_ascii: [false; 128], becomes: FxHashMap::default() };
        for (c, text) in entries {
            if c.is_ascii() {
                table.has_ascii[c as usize] = true;
            }
            table.becomes.insert(c, text.into());
        }
        table
    }

    fn get(&self, c: char) -> Option<&str> {
        if c.is_ascii() && !self.has_ascii[c as usize] {
            return None;
        }
        self.becomes.get(&c).map(|text| &**text)
    }
}

pub(crate) fn translate(column: &Column, table: &Table) -> Result<Column, Declined> {
    column.rebuild(|row, out| {
        let mut start = 0;
        for (at, c) in row.char_indices() {
            if let Some(text) = table.get(c) {
                out.push_str(&row[start..at]);
                out.push_str(text);
                out.check()?;
                start = at + c.len_utf8();
            }
        }
        out.push_str(&row[start..]);
        Ok(())
    })
}
