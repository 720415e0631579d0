//! The words of a Snakefile: Python 3.13's tokens with their exact byte offsets.
//!
//! Indentation aware and forgiving: an error is noted and scanning goes on, so that one pass finds them all.
//! An f-string is one token here, however deeply it nests (PEP 701). Knows no statement and no directive.

mod number;
mod quoted;
mod scan;

use crate::diagnostic::Diagnostic;
use crate::span::{SourceId, Span};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or a keyword.
    Name,
    /// A number, as far as it looks like one.
    Number,
    /// A string, bytes or f-string literal with its prefix and quotes.
    String,
    /// An operator, bracket or delimiter.
    Op,
    /// `#` to the end of the line, which is not part of it.
    Comment,
    /// The end of a logical line; empty at the end of a text without a last newline.
    Newline,
    /// A line end that ends no logical line: after a comment, on a blank line, inside brackets.
    Nl,
    /// The white space before the first line of a deeper block.
    Indent,
    /// The end of a block; empty.
    Dedent,
    /// A character that can start no token.
    Stray,
    /// The end of the text; empty.
    End,
}

/// One token: a kind and a stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Byte offset of its first byte.
    pub start: u32,
    /// Byte offset just past its last byte.
    pub end: u32,
}

impl Token {
    /// The token's text.
    pub fn text<'t>(&self, source: &'t str) -> &'t str {
        &source[self.start as usize..self.end as usize]
    }

    /// The token as a place in a file.
    pub fn span(&self, source: SourceId) -> Span {
        Span { source, start: self.start, end: self.end }
    }
}

/// The tokens of a text, and what was wrong with it.
#[derive(Debug)]
pub struct Tokens {
    /// In order, without gaps but for white space, continuations and the byte order mark; `End` last.
    pub tokens: Vec<Token>,
    /// Everything that CPython's tokenizer would refuse.
    pub errors: Vec<Diagnostic>,
}

/// Splits a text into tokens.
///
/// The text must be shorter than 4 GiB; a longer one gives a single error.
///
/// ```
/// # use tureen_workflow::{span::SourceId, token::{tokenize, Kind}};
/// let tokens = tokenize("rule a:\n    threads: 2\n", SourceId(0));
/// assert!(tokens.errors.is_empty());
/// assert_eq!(tokens.tokens[0].kind, Kind::Name);
/// ```
pub fn tokenize(text: &str, source: SourceId) -> Tokens {
    if u32::try_from(text.len()).is_err() {
        let end = Token { kind: Kind::End, start: 0, end: 0 };
        let errors = vec![Diagnostic::new("the file is larger than 4 GiB")];
        return Tokens { tokens: vec![end], errors };
    }
    scan::Scanner::new(text, source).scan()
}
