//! How a word ends. Knows no language.

/// The longest of the endings that the word has, none of it before the byte `from`, and what the table says of it.
pub(super) fn longest<'t, T>(
    word: &str,
    from: usize,
    table: &'t [(&'static str, T)],
) -> Option<&'t (&'static str, T)> {
    let region = word.get(from..)?;
    table.iter().filter(|(ending, _)| region.ends_with(ending)).max_by_key(|(ending, _)| ending.len())
}

/// Takes the last bytes of a word, which must be those of an ending, and puts something in their place.
pub(super) fn replace(word: &mut String, ending: &str, instead: &str) {
    word.truncate(word.len() - ending.len());
    word.push_str(instead);
}

/// Takes an apostrophe from the end of the word, if there is one.
pub(super) fn drop_apostrophe(word: &mut String) {
    if word.ends_with('\'') {
        word.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_ending_counts_and_only_behind_the_mark() {
        let table = [("a", 1), ("ana", 2), ("banana", 3)];
        assert_eq!(longest("banana", 0, &table), Some(&("banana", 3)));
        assert_eq!(longest("banana", 1, &table), Some(&("ana", 2)));
        assert_eq!(longest("banana", 5, &table), Some(&("a", 1)));
        assert_eq!(longest("banana", 6, &table), None);
        assert_eq!(longest("banana", 7, &table), None);
    }
}
