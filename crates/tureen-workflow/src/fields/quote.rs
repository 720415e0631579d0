//! Quoting for the shell, as Python's `shlex.quote`.

use std::borrow::Cow;

/// The text as one word of a shell command.
pub fn quote(text: &str) -> Cow<'_, str> {
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !text.is_empty() && text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\"'\"'")))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn words_stay_words() {
        assert_eq!(quote("a/b.c"), "a/b.c");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a'b"), "'a'\"'\"'b'");
    }
}
