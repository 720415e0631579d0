//! Python code as its tokens: comments, empty lines, the width of indentations and white space between tokens are gone.
//! What stands inside a string stays as it is. Knows no rule.

use crate::span::SourceId;
use crate::token::{Kind, tokenize};

/// The tokens as text; the text itself if it is no Python.
pub(super) fn tokens(text: &str) -> String {
    let found = tokenize(text, SourceId(0));
    if !found.errors.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for token in &found.tokens {
        match token.kind {
            Kind::Comment | Kind::Nl | Kind::End => {}
            Kind::Newline => out.push('\n'),
            // Blocks are told by words that no Python has.
            Kind::Indent => out.push_str("{> "),
            Kind::Dedent => out.push_str("<} "),
            _ => {
                out.push_str(token.text(text));
                out.push(' ');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn layout_and_comments_are_no_code() {
        let same = |one: &str, other: &str| assert_eq!(tokens(one), tokens(other), "{one:?} {other:?}");
        same("\n    a = f(1,\n        2)  # why\n\n    b\n", "\n  # other\n  a=f( 1, 2 )\n  b\n");
        same("if a:\n  b\nc\n", "if a:\n\n\n        b\n# d\nc\n");
        same("a = 1", "a = 1\n");
        same("a = \\\n  1\n", "a = 1\n");
        same(" f(x)", "\n    f(x)\n    # done\n");
    }

    #[test]
    fn what_means_something_else_is_something_else() {
        let other = |one: &str, other: &str| assert_ne!(tokens(one), tokens(other), "{one:?} {other:?}");
        other("x = 'a  b'", "x = 'a b'");
        other("x = '''a\n# b'''", "x = '''a\n'''");
        other("if a:\n  b\nc\n", "if a:\n  b\n  c\n");
        other("a\nb\n", "a; b\n");
        other("ab", "a b");
        other("f'{a}  '", "f'{a} '");
        other("x = 1.5", "x = 1 .5");
    }

    #[test]
    fn what_is_no_python_stays() {
        assert_eq!(tokens("x = 'never closed\n"), "x = 'never closed\n");
    }
}
