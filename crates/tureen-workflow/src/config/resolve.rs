//! What a plain YAML 1.1 scalar is, by PyYAML's rules: `yes` is true, `010` is eight, `1:30` is ninety.

use std::sync::LazyLock;

use fancy_regex::Regex;

use crate::value::Value;

struct Patterns {
    float: Regex,
    int: Regex,
    date: Regex,
    time: Regex,
}

/// The forms of PyYAML's resolver.
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let compile = |pattern: &str| {
        Regex::new(&format!("^(?:{pattern})$")).expect("a constant pattern that the tests compile")
    };
    Patterns {
        float: compile(
            r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        ),
        int: compile(
            r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
        ),
        date: compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        time: compile(
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
        ),
    }
});

/// A plain scalar's value.
///
/// # Errors
/// If it has the form of a number or date but is none, where PyYAML raises.
pub(super) fn resolve(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::None,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "=" => Value::Str(text.to_owned()),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c)) => {
            let is_form = |regex: &Regex| regex.is_match(text).unwrap_or(false);
            if is_form(&PATTERNS.float) {
                float(text)?
            } else if is_form(&PATTERNS.int) {
                int(text)?
            } else if is_form(&PATTERNS.date) {
                date(text)?
            } else if is_form(&PATTERNS.time) {
                Value::Opaque { text: text.to_owned(), repr: "datetime.datetime".to_owned(), held: None }
            } else {
                Value::Str(text.to_owned())
            }
        }
        _ => Value::Str(text.to_owned()),
    })
}

/// A scalar tagged `!!int`.
pub(super) fn int(text: &str) -> Result<Value, String> {
    let bad = || format!("`{text}` is not a whole number");
    let digits = text.replace('_', "");
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let value: i128 = if digits == "0" {
        0
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).map_err(|_| bad())?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).map_err(|_| bad())?
    } else if digits.starts_with('0') {
        i128::from_str_radix(digits, 8).map_err(|_| bad())?
    } else if digits.contains(':') {
        let mut total = 0i128;
        for part in digits.split(':') {
            let part: i128 = part.parse().map_err(|_| bad())?;
            total = total.checked_mul(60).and_then(|t| t.checked_add(part)).ok_or_else(bad)?;
        }
        total
    } else {
        match digits.parse() {
            Ok(value) => value,
            Err(_) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let text = if sign < 0 { format!("-{digits}") } else { digits.to_owned() };
                return Ok(Value::Opaque { repr: text.clone(), text, held: None });
            }
            Err(_) => return Err(bad()),
        }
    };
    Ok(match i64::try_from(sign * value) {
        Ok(value) => Value::Int(value),
        Err(_) => {
            let text = (sign * value).to_string();
            Value::Opaque { repr: text.clone(), text, held: None }
        }
    })
}

/// A scalar tagged `!!float`.
pub(super) fn float(text: &str) -> Result<Value, String> {
    let lower = text.replace('_', "").to_lowercase();
    let (sign, digits) = match lower.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, lower.strip_prefix('+').unwrap_or(&lower)),
    };
    let bad = || format!("`{text}` is not a number");
    let value = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        _ if digits.contains(':') => {
            let mut base = 1.0;
            let mut total = 0.0;
            for part in digits.rsplit(':') {
                total += part.parse::<f64>().map_err(|_| bad())? * base;
                base *= 60.0;
            }
            total
        }
        _ => digits.parse::<f64>().map_err(|_| bad())?,
    };
    Ok(Value::Float(sign * value))
}

fn date(text: &str) -> Result<Value, String> {
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let n_days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if year == 0 || day == 0 || day > n_days {
        return Err(format!("`{text}` has the form of a date, but there is no such day"));
    }
    Ok(Value::Opaque {
        text: text.to_owned(),
        repr: format!("datetime.date({year}, {month}, {day})"),
        held: None,
    })
}

/// What Python's `int(text)` or else `float(text)` gives, for ASCII text.
pub(super) fn python_number(text: &str) -> Option<Value> {
    let text = text.trim();
    let has_good_underscores = !text.starts_with('_')
        && !text.ends_with('_')
        && text.as_bytes().windows(2).all(|pair| {
            (pair[0] != b'_' || pair[1].is_ascii_digit()) && (pair[1] != b'_' || pair[0].is_ascii_digit())
        });
    if !has_good_underscores {
        return None;
    }
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return match plain.parse::<i64>() {
            Ok(value) => Some(Value::Int(value)),
            Err(_) => int(unsigned.trim_start_matches('0')).ok(),
        };
    }
    let is_special = matches!(unsigned.to_ascii_lowercase().as_str(), "inf" | "infinity" | "nan");
    let is_decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if is_special || is_decimal { plain.parse().ok().map(Value::Float) } else { None }
}
