//! Python's numbers: what a literal is worth, and how a float is written.

use super::datum::Datum;

/// The value of a number literal; `None` if it does not fit or is not legal.
pub(super) fn number(text: &str) -> Option<Datum> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let radix = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    if radix != 10 {
        return i64::from_str_radix(&digits[2..], radix).ok().map(Datum::Int);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // `012` is an error in Python, `00` is not.
        let is_legal = !digits.starts_with('0') || digits.bytes().all(|byte| byte == b'0');
        return if is_legal { digits.parse().ok().map(Datum::Int) } else { None };
    }
    if digits.ends_with(['j', 'J']) {
        return None;
    }
    digits.parse().ok().map(Datum::Float)
}

/// A float as Python's `repr()` writes it: the shortest digits that read back the same.
pub(crate) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if !(-4..16).contains(&exponent) {
        let point = if digits.len() > 1 { "." } else { "" };
        let (first, rest) = digits.split_at(1);
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let n_whole = exponent as usize + 1;
    if digits.len() <= n_whole {
        format!("{sign}{digits}{}.0", "0".repeat(n_whole - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..n_whole], &digits[n_whole..])
    }
}
