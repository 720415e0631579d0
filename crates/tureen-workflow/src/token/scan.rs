//! The scanner: lines, indentation, brackets, and which token starts where.

use super::number::end_of_number;
use super::quoted::{Unclosed, end_of_string, prefix_length};
use super::{Kind, Token, Tokens};
use crate::diagnostic::Diagnostic;
use crate::span::{SourceId, Span};

/// CPython's limit of indentation levels.
const MAX_INDENTS: usize = 100;

/// How far a line is indented: with a tab reaching to the next multiple of eight, and with a tab as one column.
/// Two lines may only be compared when both ways agree.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Indentation {
    columns: usize,
    characters: usize,
}

pub(super) struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    source: SourceId,
    index: usize,
    indents: Vec<Indentation>,
    /// Open brackets with the indentation of the line they stand on.
    brackets: Vec<(u8, usize, usize)>,
    line_indentation: usize,
    tokens: Vec<Token>,
    errors: Vec<Diagnostic>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, source: SourceId) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            source,
            index: if text.starts_with('\u{feff}') { 3 } else { 0 },
            indents: Vec::new(),
            brackets: Vec::new(),
            line_indentation: 0,
            tokens: Vec::with_capacity(text.len() / 4),
            errors: Vec::new(),
        }
    }

    pub(super) fn scan(mut self) -> Tokens {
        while self.index < self.bytes.len() {
            self.line();
        }
        if let Some(&(bracket, open, _)) = self.brackets.last() {
            self.unclosed_bracket(bracket, open);
        }
        let is_open_line = self
            .tokens
            .iter()
            .rev()
            .find(|token| !matches!(token.kind, Kind::Comment | Kind::Nl))
            .is_some_and(|token| !matches!(token.kind, Kind::Newline | Kind::Dedent));
        if is_open_line {
            self.push(Kind::Newline, self.index, self.index);
        }
        for _ in 0..self.indents.len() {
            self.push(Kind::Dedent, self.index, self.index);
        }
        self.push(Kind::End, self.index, self.index);
        Tokens { tokens: self.tokens, errors: self.errors }
    }

    fn at(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.tokens.push(Token { kind, start: start as u32, end: end as u32 });
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: start as u32, end: end as u32 }
    }

    /// One logical line: its indentation, then tokens up to the newline outside brackets.
    fn line(&mut self) {
        let start = self.index;
        let mut indentation = Indentation { columns: 0, characters: 0 };
        let mut before_continuation = None;
        loop {
            match self.at(self.index) {
                b' ' => {
                    indentation.columns += 1;
                    indentation.characters += 1;
                }
                b'\t' => {
                    indentation.columns = (indentation.columns / 8 + 1) * 8;
                    indentation.characters += 1;
                }
                b'\x0c' => indentation = Indentation { columns: 0, characters: 0 },
                // A continuation in the white space: what stands before the first one counts, as in CPython.
                b'\\' if self.newline_length(self.index + 1) > 0 => {
                    before_continuation = before_continuation.or(Some(indentation));
                    self.index += self.newline_length(self.index + 1);
                }
                _ => break,
            }
            self.index += 1;
        }
        let is_blank = self.index >= self.bytes.len() || matches!(self.at(self.index), b'#' | b'\n' | b'\r');
        if !is_blank {
            let indentation = before_continuation.unwrap_or(indentation);
            self.indent(start, indentation);
            self.line_indentation = indentation.columns;
        }
        self.rest_of_line(is_blank);
    }

    fn indent(&mut self, start: usize, here: Indentation) {
        let current = |indents: &[Indentation]| {
            indents.last().copied().unwrap_or(Indentation { columns: 0, characters: 0 })
        };
        let last = current(&self.indents);
        let place = self.span(start, self.index);
        if here.columns > last.columns {
            if here.characters <= last.characters {
                self.mixed_tabs(place);
            }
            if self.indents.len() >= MAX_INDENTS {
                if self.indents.len() == MAX_INDENTS {
                    self.errors.push(Diagnostic::new("too many levels of indentation").at(place, ""));
                }
                return;
            }
            self.indents.push(here);
            self.push(Kind::Indent, start, self.index);
            return;
        }
        while here.columns < current(&self.indents).columns {
            self.indents.pop();
            self.push(Kind::Dedent, self.index, self.index);
        }
        let outer = current(&self.indents);
        if here.columns != outer.columns {
            self.errors.push(
                Diagnostic::new("this line's indentation matches no line above it")
                    .at(place, "")
                    .hint("indent it exactly as the block it belongs to"),
            );
        } else if here.characters != outer.characters {
            self.mixed_tabs(place);
        }
    }

    fn mixed_tabs(&mut self, place: Span) {
        self.errors.push(
            Diagnostic::new("tabs and spaces are mixed in this indentation")
                .at(place, "")
                .hint("use spaces only (or tabs only) to indent"),
        );
    }

    fn rest_of_line(&mut self, mut is_blank: bool) {
        while self.index < self.bytes.len() {
            let start = self.index;
            let byte = self.at(start);
            match byte {
                b' ' | b'\t' | b'\x0c' => self.index += 1,
                b'\n' | b'\r' => {
                    self.index += self.newline_length(start);
                    if self.brackets.is_empty() {
                        self.push(if is_blank { Kind::Nl } else { Kind::Newline }, start, self.index);
                        return;
                    }
                    self.push(Kind::Nl, start, self.index);
                    if self.is_rule_header(self.index) {
                        let (bracket, open, _) = *self.brackets.last().expect("checked above");
                        self.unclosed_bracket(bracket, open);
                        self.brackets.clear();
                        if let Some(token) = self.tokens.last_mut() {
                            token.kind = Kind::Newline;
                        }
                        return;
                    }
                }
                b'#' => {
                    let rest = self.bytes[start..].iter();
                    self.index += rest.take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                    self.push(Kind::Comment, start, self.index);
                }
                b'\\' => self.continuation(start),
                _ => {
                    is_blank = false;
                    self.token(start, byte);
                }
            }
        }
    }

    fn continuation(&mut self, start: usize) {
        let length = self.newline_length(start + 1);
        if length > 0 {
            self.index += 1 + length;
            if self.index >= self.bytes.len() {
                let place = self.span(start, start + 1);
                self.errors.push(Diagnostic::new("the file ends after a line continuation").at(place, ""));
            }
            return;
        }
        let place = self.span(start, start + 1);
        self.errors.push(
            Diagnostic::new("unexpected character after a line continuation")
                .at(place, "")
                .hint("a `\\` outside a string must be the last character of its line"),
        );
        self.index += 1;
        self.push(Kind::Stray, start, self.index);
    }

    fn token(&mut self, start: usize, byte: u8) {
        let is_digit_next = self.at(start + 1).is_ascii_digit();
        if let Some(prefix) = prefix_length(self.bytes, start) {
            self.string(start, prefix);
        } else if byte.is_ascii_digit() || (byte == b'.' && is_digit_next) {
            self.index = end_of_number(self.bytes, start);
            self.push(Kind::Number, start, self.index);
        } else if is_name_byte(byte) {
            let rest = self.text[start..].chars();
            let length = rest.take_while(|&c| is_name_char(c)).map(char::len_utf8).sum::<usize>();
            if length == 0 {
                self.stray(start);
            } else {
                self.index = start + length;
                self.push(Kind::Name, start, self.index);
            }
        } else {
            match operator_length(&self.bytes[start..]) {
                0 => self.stray(start),
                length => {
                    self.index = start + length;
                    self.bracket(start, byte);
                    self.push(Kind::Op, start, self.index);
                }
            }
        }
    }

    fn stray(&mut self, start: usize) {
        let c = self.text[start..].chars().next().expect("start is inside the text, at a character");
        self.index = start + c.len_utf8();
        let place = self.span(start, self.index);
        let shown =
            if c.is_control() || c.is_whitespace() { format!("U+{:04X}", c as u32) } else { c.to_string() };
        self.errors.push(Diagnostic::new(format!("unexpected character `{shown}`")).at(place, ""));
        self.push(Kind::Stray, start, self.index);
    }

    fn string(&mut self, start: usize, prefix: usize) {
        let (end, message, place) = match end_of_string(self.bytes, start, prefix, 0) {
            Ok(end) => {
                self.index = end;
                self.push(Kind::String, start, end);
                return;
            }
            Err(Unclosed::String(end)) => {
                (end, "this string is never closed", self.span(start, start + prefix + 1))
            }
            Err(Unclosed::Brace(open, end)) => {
                let message = "this `{` of an f-string is never closed";
                (end, message, self.span(open, open + 1))
            }
            Err(Unclosed::TooDeep(end)) => {
                (end, "f-strings are nested too deeply", self.span(start, start + prefix + 1))
            }
        };
        self.errors.push(Diagnostic::new(message).at(place, ""));
        // Go on after the line, so that what follows is still read; a triple-quoted one has taken the rest.
        let line_end = self.bytes[start..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
        let is_triple = self.bytes[start + prefix..].starts_with(&[self.bytes[start + prefix]; 3]);
        let end = if is_triple { end.max(start + line_end) } else { start + line_end };
        self.index = end.min(self.bytes.len());
        while !self.text.is_char_boundary(self.index) {
            self.index += 1;
        }
        self.push(Kind::String, start, self.index);
    }

    fn bracket(&mut self, start: usize, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => self.brackets.push((byte, start, self.line_indentation)),
            b')' | b']' | b'}' => {
                let place = self.span(start, start + 1);
                let closing = byte as char;
                match self.brackets.pop() {
                    None => self
                        .errors
                        .push(Diagnostic::new(format!("this `{closing}` closes nothing")).at(place, "")),
                    Some((open, at, _)) if !is_pair(open, byte) => {
                        let opened = self.span(at, at + 1);
                        let open = open as char;
                        self.errors.push(
                            Diagnostic::new(format!("`{closing}` does not close `{open}`"))
                                .at(place, "")
                                .at(opened, "opened here"),
                        );
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }

    fn unclosed_bracket(&mut self, bracket: u8, open: usize) {
        let place = self.span(open, open + 1);
        let bracket = bracket as char;
        self.errors.push(Diagnostic::new(format!("this `{bracket}` is never closed")).at(place, ""));
    }

    /// Whether a rule's first line stands at `index`, no deeper than the line of the open bracket: two names
    /// side by side and a colon are legal in no bracket, so the bracket was forgotten.
    fn is_rule_header(&self, index: usize) -> bool {
        let Some(&(_, _, indentation)) = self.brackets.last() else { return false };
        let line = &self.bytes[index..];
        let white = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let words = &line[white..];
        let Some(rest) = words.strip_prefix(b"rule ").or_else(|| words.strip_prefix(b"checkpoint ")) else {
            return false;
        };
        let name = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
        white <= indentation && name > 0 && rest.get(name) == Some(&b':')
    }

    fn newline_length(&self, index: usize) -> usize {
        match (self.at(index), self.at(index + 1)) {
            (b'\r', b'\n') => 2,
            (b'\r' | b'\n', _) if index < self.bytes.len() => 1,
            _ => 0,
        }
    }
}

fn is_pair(open: u8, close: u8) -> bool {
    matches!((open, close), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// CPython's tokenizer takes every non-ASCII character and checks later; white space and controls never pass.
fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
}

fn operator_length(bytes: &[u8]) -> usize {
    let three = bytes.get(..3).unwrap_or(&[]);
    let two = bytes.get(..2).unwrap_or(&[]);
    if matches!(three, b"**=" | b"//=" | b">>=" | b"<<=" | b"...") {
        return 3;
    }
    if matches!(
        two,
        b"**"
            | b"//"
            | b">>"
            | b"<<"
            | b"<="
            | b">="
            | b"=="
            | b"!="
            | b"->"
            | b"+="
            | b"-="
            | b"*="
            | b"/="
            | b"%="
            | b"&="
            | b"|="
            | b"^="
            | b"@="
            | b":="
    ) {
        return 2;
    }
    usize::from(bytes.first().is_some_and(|byte| b"+-*/%@&|^~<>()[]{},:;.=".contains(byte)))
}
