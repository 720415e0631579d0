//! What a string literal is worth: its escapes undone, its f-string fields found.

/// A piece of a string literal.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Text, escapes undone.
    Text(String),
    /// A field of an f-string: the offsets of its expression within the literal.
    Field { start: usize, end: usize },
}

/// A string literal in pieces; `None` for bytes, for escapes that we leave to Python (`\N{...}`, surrogates, unknown
/// ones, which are deprecated), and for fields with conversions or format specifications.
pub(super) fn pieces(literal: &str) -> Option<Vec<Piece>> {
    let quote_at = literal.find(['"', '\''])?;
    let prefix = literal[..quote_at].to_ascii_lowercase();
    if prefix.contains('b') {
        return None;
    }
    let quote = &literal[quote_at..=quote_at];
    let width = if literal[quote_at..].starts_with(&quote.repeat(3)) { 3 } else { 1 };
    let (start, end) = (quote_at + width, literal.len().checked_sub(width)?);
    if end < start || !literal.ends_with(quote) {
        return None;
    }
    let is_raw = prefix.contains('r');
    if !prefix.contains('f') {
        return Some(vec![Piece::Text(unescape(&literal[start..end], is_raw)?)]);
    }
    let mut pieces = Vec::new();
    let mut text_start = start;
    let mut index = start;
    let bytes = literal.as_bytes();
    while index < end {
        let byte = bytes[index];
        let is_double = index + 1 < end && bytes[index + 1] == byte;
        match byte {
            b'\\' => index += if index + 1 < end && !matches!(bytes[index + 1], b'{' | b'}') { 2 } else { 1 },
            b'{' | b'}' if is_double => {
                pieces.push(Piece::Text(unescape(&literal[text_start..=index], is_raw)?));
                index += 2;
                text_start = index;
            }
            b'{' => {
                pieces.push(Piece::Text(unescape(&literal[text_start..index], is_raw)?));
                let close = plain_field_end(&bytes[index + 1..end])? + index + 1;
                pieces.push(Piece::Field { start: index + 1, end: close });
                index = close + 1;
                text_start = index;
            }
            b'}' => return None,
            _ => index += 1,
        }
    }
    pieces.push(Piece::Text(unescape(&literal[text_start..end], is_raw)?));
    Some(pieces)
}

/// Where a field with neither conversion, specification, braces nor comment ends.
fn plain_field_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (index, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (_, b'\\') => return None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'}') => return Some(index),
            (None, b'!' | b':' | b'{' | b'=' | b'#' | b'\n' | b'\r') => return None,
            (None, _) => {}
        }
    }
    None
}

fn unescape(text: &str, is_raw: bool) -> Option<String> {
    // Python reads a file with universal newlines.
    let text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    if is_raw || !text.contains('\\') {
        return Some(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let code = match chars.next()? {
            '\n' => continue,
            '\\' => '\\',
            '\'' => '\'',
            '"' => '"',
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => hex(&mut chars, 2)?,
            'u' => hex(&mut chars, 4)?,
            'U' => hex(&mut chars, 8)?,
            first @ '0'..='7' => {
                let mut value = first.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    chars.next();
                }
                if value > 0o377 {
                    return None;
                }
                char::from_u32(value)?
            }
            _ => return None,
        };
        out.push(code);
    }
    Some(out)
}

fn hex(chars: &mut impl Iterator<Item = char>, n_digits: usize) -> Option<char> {
    let mut value = 0u32;
    for _ in 0..n_digits {
        value = value.checked_mul(16)? + chars.next()?.to_digit(16)?;
    }
    char::from_u32(value)
}
