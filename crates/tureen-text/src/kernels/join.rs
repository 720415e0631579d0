//! `join`, of lists of text.

use crate::Declined;
use crate::column::{Builder, Column};
use crate::values::Lists;

pub(crate) fn join(lists: &Lists, separator: &str) -> Result<Column, Declined> {
    let mut builder = Builder::with_capacity(lists.items.n_bytes() + lists.items.len(), lists.len());
    for at in 0..lists.len() {
        for (number, item) in lists.get(at).enumerate() {
            if number > 0 {
                builder.push_str(separator);
                builder.check()?;
            }
            builder.push_str(item);
        }
        builder.end_row()?;
    }
    builder.finish()
}
