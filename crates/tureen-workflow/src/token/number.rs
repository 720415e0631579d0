//! Where a number ends. What it is worth is `literal`'s business, and whether it is legal CPython's.

/// The offset just past the number that starts at `start` (a digit, or a dot before a digit).
pub(super) fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    if at(start) == b'0' {
        let is_digit: Option<fn(&u8) -> bool> = match at(start + 1) | 0x20 {
            b'x' => Some(u8::is_ascii_hexdigit),
            b'o' => Some(|byte| (b'0'..=b'7').contains(byte)),
            b'b' => Some(|byte| matches!(byte, b'0' | b'1')),
            _ => None,
        };
        if let Some(is_digit) = is_digit {
            let end = digits(bytes, start + 2, is_digit);
            return if end > start + 2 { end } else { start + 1 };
        }
    }
    let mut end = digits(bytes, start, u8::is_ascii_digit);
    if at(end) == b'.' {
        end = digits(bytes, end + 1, u8::is_ascii_digit);
    }
    if at(end) | 0x20 == b'e' {
        let sign = usize::from(matches!(at(end + 1), b'+' | b'-'));
        if at(end + 1 + sign).is_ascii_digit() {
            end = digits(bytes, end + 1 + sign, u8::is_ascii_digit);
        }
    }
    if at(end) | 0x20 == b'j' { end + 1 } else { end }
}

/// Skips digits; an underscore only between two of them (or before the first, as in `0x_f`).
fn digits(bytes: &[u8], mut index: usize, is_digit: fn(&u8) -> bool) -> usize {
    loop {
        match bytes.get(index) {
            Some(byte) if is_digit(byte) => index += 1,
            Some(b'_') if bytes.get(index + 1).is_some_and(is_digit) => index += 1,
            _ => return index,
        }
    }
}
