//! Python's `str()` and `repr()` of plain values.

use crate::value::Value;

/// `str(value)`
pub fn text(value: &Value) -> String {
    match value {
        Value::Str(text) | Value::Opaque { text, .. } => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`
pub fn repr(value: &Value) -> String {
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::Str(text) => repr_str(text),
        Value::List(values) => format!("[{}]", join(values)),
        Value::Tuple(values) if values.len() == 1 => format!("({},)", repr(&values[0])),
        Value::Tuple(values) => format!("({})", join(values)),
        Value::Dict(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{}: {}", repr(key), repr(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Opaque { repr, .. } => repr.clone(),
    }
}

fn join(values: &[Value]) -> String {
    values.iter().map(repr).collect::<Vec<_>>().join(", ")
}

/// The shortest digits that give the number back, laid out as CPython does: plain from 1e-4 up to 1e16.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    let size = number.abs();
    if number == 0.0 || (1e-4..1e16).contains(&size) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A str in quotes: single ones, unless it holds those and no double ones.
fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut repr = String::with_capacity(text.len() + 2);
    repr.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => repr.push_str("\\\\"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            _ if letter == quote => {
                repr.push('\\');
                repr.push(quote);
            }
            _ if letter.is_control() && (letter as u32) < 0x100 => {
                repr.push_str(&format!("\\x{:02x}", letter as u32))
            }
            _ => repr.push(letter),
        }
    }
    repr.push(quote);
    repr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_python_prints_them() {
        let check = |value: Value, expected: &str| assert_eq!(repr(&value), expected);
        check(Value::Float(1.0), "1.0");
        check(Value::Float(1e16), "1e+16");
        check(Value::Float(1.5e-7), "1.5e-07");
        check(Value::Float(-0.0), "-0.0");
        check(Value::Float(0.1), "0.1");
        check(Value::Str("a'b".into()), "\"a'b\"");
        check(Value::Str("a'b\"\n".into()), "'a\\'b\"\\n'");
        check(Value::Tuple(vec![Value::Int(1)]), "(1,)");
        check(Value::List(vec![Value::None, Value::Bool(true)]), "[None, True]");
        check(Value::Dict(vec![(Value::Str("k".into()), Value::Int(2))]), "{'k': 2}");
        assert_eq!(text(&Value::Str("plain".into())), "plain");
    }
}
