//! A shell command as its words: comments, line continuations and white space between words are gone. What is quoted
//! stays as it is, and so does the whole of a command that holds what we don't read: here-documents, substitutions
//! inside quotations, old ones in backquotes, and arithmetic.
//!
//! The price of looking at the command before its fields are filled: a field whose value holds half a quotation is taken
//! for a plain word.

use std::iter::Peekable;
use std::str::Chars;

/// The words, one space between two, line ends where there are some; `None` if it holds what we don't read.
pub(super) fn words(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    // What stands between this word and the one before, if anything does.
    let mut gap: Option<char> = None;
    let mut is_word = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => {
                gap = Some('\n');
                is_word = false;
                continue;
            }
            ' ' | '\t' => {
                gap = gap.or(Some(' '));
                is_word = false;
                continue;
            }
            '\\' if letters.peek() == Some(&'\n') => {
                letters.next();
                continue;
            }
            '#' if !is_word => {
                while letters.next_if(|&letter| letter != '\n').is_some() {}
                continue;
            }
            _ => {}
        }
        if let Some(space) = gap.take().filter(|_| !out.is_empty()) {
            out.push(space);
        }
        out.push(letter);
        // Behind these a comment may begin.
        is_word = !matches!(letter, ';' | '&' | '|' | '(' | ')');
        match letter {
            '\\' => out.push(letters.next()?),
            '\'' => {
                let has_escapes = out.ends_with("$'");
                quoted(&mut letters, &mut out, '\'', has_escapes)?;
            }
            '"' => quoted(&mut letters, &mut out, '"', true)?,
            '`' => return None,
            '<' if letters.peek() == Some(&'<') => {
                out.push(letters.next()?);
                // Three of them are a string, not a document.
                out.push(letters.next_if_eq(&'<')?);
            }
            '(' if letters.peek() == Some(&'(') => return None,
            '$' if letters.peek() == Some(&'[') => return None,
            // A parameter: `#` in it begins no comment, and white space may be a part of a pattern.
            '$' if letters.peek() == Some(&'{') => parameter(&mut letters, &mut out)?,
            _ => {}
        }
    }
    Some(out)
}

/// The rest of a quotation, as it is. `None` if it is never closed, or runs a command of its own.
fn quoted(letters: &mut Peekable<Chars<'_>>, out: &mut String, quote: char, has_escapes: bool) -> Option<()> {
    loop {
        let letter = letters.next()?;
        out.push(letter);
        match letter {
            '\\' if has_escapes => out.push(letters.next()?),
            '`' if quote == '"' => return None,
            '$' if quote == '"' && matches!(letters.peek(), Some('(' | '{' | '[')) => return None,
            _ if letter == quote => return Some(()),
            _ => {}
        }
    }
}

/// `${...}`, as it is. `None` if it holds quotations or further parameters.
fn parameter(letters: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    loop {
        let letter = letters.next()?;
        out.push(letter);
        match letter {
            '\'' | '"' | '`' | '\\' | '$' => return None,
            // A brace of the command stands twice in a text that is still to be formatted.
            '}' if letters.peek() != Some(&'}') => return Some(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn layout_and_comments_are_no_code() {
        let same = |one: &str, other: &str| {
            assert!(words(one).is_some(), "{one:?} is not read");
            assert_eq!(words(one), words(other), "{one:?} {other:?}");
        };
        same("\n        a  b\n\n        # why\n        c\n", "a b\nc");
        same("a \\\n   b", "a b");
        same("a b # why", "a b");
        same("a; # why\nb", "a;\nb");
        same("cat <<< {input}  > {output}", "cat <<< {input} > {output}");
        same("echo 'a  b'   \"c  d\"", "echo 'a  b' \"c  d\"");
        same("(a | b)   # c", "(a | b)");
        same("echo ${{x#a}}  b", "echo ${{x#a}} b");
    }

    #[test]
    fn what_means_something_else_is_something_else() {
        let read = |text: &str| words(text).unwrap_or_else(|| text.to_owned());
        let other = |one: &str, other: &str| assert_ne!(read(one), read(other), "{one:?} {other:?}");
        other("echo 'a  b'", "echo 'a b'");
        other("echo \"a  b\"", "echo \"a b\"");
        other("echo a\\  b", "echo a\\ b");
        other("echo a#b", "echo a");
        other("echo $#", "echo $");
        other("a\nb", "a b");
        other("echo $'a\\'  b'", "echo $'a\\' b'");
        other("cat <<E\n a\nE", "cat <<E\na\nE");
        other("echo \"$(echo \"a  b\")\"", "echo \"$(echo \"a b\")\"");
        other("echo `a  b`", "echo `a b`");
        other("echo ${{x#a  b}}", "echo ${{x#a b}}");
        other("ab", "a\\\n b");
        other("echo 'a\n# b\n'", "echo 'a\n'");
    }

    #[test]
    fn what_is_not_read_is_nothing() {
        for text in ["echo 'a", "a \"b", "cat << E", "$((1 + 2))", "a\\"] {
            assert_eq!(words(text), None, "{text:?}");
        }
    }
}
