//! `splitlines`, which knows more ends of lines than files do: vertical tabs, form feeds, separators of records ...

use crate::characters::{Characters, flags};
use crate::column::{Column, Row};
use crate::kernels::split::each;
use crate::values::Lists;

pub(crate) fn split_lines(column: &Column, keep_ends: bool, characters: &Characters) -> Lists {
    each(column, |text, row, out| {
        let mut start = 0;
        let mut letters = text.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            if !characters.has(c, flags::LINE_END) {
                continue;
            }
            let mut end = at + c.len_utf8();
            if c == '\r' && letters.next_if(|&(_, next)| next == '\n').is_some() {
                end += 1;
            }
            push(row, start, if keep_ends { end } else { at }, out);
            start = end;
        }
        if start < text.len() {
            push(row, start, text.len(), out);
        }
    })
}

fn push(row: Row, start: usize, end: usize, out: &mut Vec<Row>) {
    out.push(Row::new(row.start as usize + start, row.start as usize + end));
}
