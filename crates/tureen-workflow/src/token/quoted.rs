//! Where a string literal ends, f-strings with everything nested in them included (PEP 701).
//! Knows quotes, escapes and brackets; nothing of lines or indentation.

/// Why a string has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// The line (or the text, for triple quotes) ends before the closing quote. Offset of where it broke off.
    String(usize),
    /// A `{` of an f-string is never closed: offset of the brace, offset of where it broke off.
    Brace(usize, usize),
    /// More than [`MAX_DEPTH`] f-strings or brackets inside one another.
    TooDeep(usize),
}

/// CPython allows 150 nested f-strings; more is refused by it too.
pub(super) const MAX_DEPTH: usize = 150;

/// The length of the string prefix (`rb`, `F`, none) at `start` if a string literal starts there.
pub(super) fn prefix_length(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().take(3).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let is_quote = matches!(bytes.get(start + length), Some(b'"' | b'\''));
    let mut prefix = [0u8; 2];
    if !is_quote || length > 2 {
        return None;
    }
    for (slot, byte) in prefix.iter_mut().zip(&bytes[start..start + length]) {
        *slot = byte.to_ascii_lowercase();
    }
    let known = matches!(&prefix[..length], b"" | b"r" | b"b" | b"u" | b"f" | b"rb" | b"br" | b"rf" | b"fr");
    known.then_some(length)
}

/// The offset just past the string literal at `start`, which has a prefix of `prefix` bytes.
pub(super) fn end_of_string(
    bytes: &[u8],
    start: usize,
    prefix: usize,
    depth: usize,
) -> Result<usize, Unclosed> {
    let has = |letter: u8| bytes[start..start + prefix].iter().any(|byte| byte | 0x20 == letter);
    let quote = bytes[start + prefix];
    let is_triple = bytes[start + prefix..].starts_with(&[quote; 3]);
    let body = start + prefix + if is_triple { 3 } else { 1 };
    let string = Quoted { bytes, quote, is_triple, is_raw: has(b'r'), depth };
    if has(b'f') { string.formatted(body) } else { string.plain(body) }
}

struct Quoted<'t> {
    bytes: &'t [u8],
    quote: u8,
    is_triple: bool,
    is_raw: bool,
    depth: usize,
}

impl Quoted<'_> {
    /// If the closing quote is at `index`: the offset past it.
    fn close(&self, index: usize) -> Option<usize> {
        if self.is_triple {
            self.bytes[index..].starts_with(&[self.quote; 3]).then_some(index + 3)
        } else {
            (self.bytes.get(index) == Some(&self.quote)).then_some(index + 1)
        }
    }

    fn plain(&self, mut index: usize) -> Result<usize, Unclosed> {
        loop {
            match self.bytes.get(index) {
                None => return Err(Unclosed::String(index)),
                Some(b'\\') => index += self.escape_length(index),
                Some(b'\n' | b'\r') if !self.is_triple => return Err(Unclosed::String(index)),
                Some(_) => match self.close(index) {
                    Some(end) => return Ok(end),
                    None => index += 1,
                },
            }
        }
    }

    /// A backslash and what it protects; `\` before CRLF protects both.
    fn escape_length(&self, index: usize) -> usize {
        match (self.bytes.get(index + 1), self.bytes.get(index + 2)) {
            (Some(b'\r'), Some(b'\n')) => 3,
            (Some(_), _) => 2,
            (None, _) => 1,
        }
    }

    fn formatted(&self, mut index: usize) -> Result<usize, Unclosed> {
        if self.depth > MAX_DEPTH {
            return Err(Unclosed::TooDeep(index));
        }
        loop {
            match self.bytes.get(index) {
                None => return Err(Unclosed::String(index)),
                Some(b'\\') => index += self.formatted_escape_length(index),
                Some(b'\n' | b'\r') if !self.is_triple => return Err(Unclosed::String(index)),
                Some(b'{') if self.bytes.get(index + 1) == Some(&b'{') => index += 2,
                Some(b'{') => index = self.field(index)?,
                Some(_) => match self.close(index) {
                    Some(end) => return Ok(end),
                    None => index += 1,
                },
            }
        }
    }

    fn formatted_escape_length(&self, index: usize) -> usize {
        match self.bytes.get(index + 1) {
            // The brace opens a field even after a backslash.
            Some(b'{' | b'}') => 1,
            Some(b'N') if !self.is_raw && self.bytes.get(index + 2) == Some(&b'{') => {
                let name = self.bytes[index + 3..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'));
                let length = 3 + name.count();
                if self.bytes.get(index + length) == Some(&b'}') { length + 1 } else { 2 }
            }
            _ => self.escape_length(index),
        }
    }

    /// A replacement field whose `{` is at `open`: the offset past its `}`.
    fn field(&self, open: usize) -> Result<usize, Unclosed> {
        let mut brackets = 0usize;
        let mut index = open + 1;
        while let Some(&byte) = self.bytes.get(index) {
            match byte {
                b'(' | b'[' | b'{' => brackets += 1,
                b'}' if brackets == 0 => return Ok(index + 1),
                b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
                b'!' if brackets == 0 && self.bytes.get(index + 1) == Some(&b'=') => index += 1,
                b':' if brackets == 0 => return self.format_spec(open, index + 1),
                b'#' => {
                    let rest = self.bytes[index..].iter();
                    index += rest.take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                    continue;
                }
                b'"' | b'\'' => {
                    // Under the rules before 3.12 the same quote would end the string; so it does when the
                    // field is left open.
                    index = match end_of_string(self.bytes, index, 0, self.depth + 1) {
                        Ok(end) => end,
                        Err(too_deep @ Unclosed::TooDeep(_)) => return Err(too_deep),
                        Err(_) => return Err(Unclosed::Brace(open, index)),
                    };
                    continue;
                }
                _ if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                    index = self.word(index)?;
                    continue;
                }
                _ => {}
            }
            index += 1;
        }
        Err(Unclosed::Brace(open, index))
    }

    /// A name or number inside a field, or a string with a prefix.
    fn word(&self, start: usize) -> Result<usize, Unclosed> {
        if let Some(prefix) = prefix_length(self.bytes, start) {
            return end_of_string(self.bytes, start, prefix, self.depth + 1);
        }
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        Ok(start + self.bytes[start..].iter().take_while(|byte| is_word(byte)).count())
    }

    /// The part after a field's colon, which may hold fields itself: the offset past the closing `}`.
    fn format_spec(&self, open: usize, mut index: usize) -> Result<usize, Unclosed> {
        if self.depth > MAX_DEPTH {
            return Err(Unclosed::TooDeep(index));
        }
        let inner = Quoted { depth: self.depth + 1, ..*self };
        while let Some(&byte) = self.bytes.get(index) {
            match byte {
                b'}' => return Ok(index + 1),
                b'{' => index = inner.field(index)?,
                b'\\' => index += self.formatted_escape_length(index),
                b'\n' | b'\r' if !self.is_triple => return Err(Unclosed::Brace(open, index)),
                _ if self.close(index).is_some() => return Err(Unclosed::Brace(open, index)),
                _ => index += 1,
            }
        }
        Err(Unclosed::Brace(open, index))
    }
}
