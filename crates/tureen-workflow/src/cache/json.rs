//! Values as Python's `json.dumps(value, sort_keys=True)` writes them, byte by byte. `None`: what it raises for.

use crate::format::repr;
use crate::value::Value;

/// The text.
pub(super) fn dumps(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Str(text) => write_string(text, out),
        Value::List(items) | Value::Tuple(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push_str(", ");
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Dict(pairs) => {
            let mut named: Vec<(String, &Value)> =
                pairs.iter().map(|(key, value)| Some((key_text(key)?, value))).collect::<Option<_>>()?;
            // Python sorts keys before it makes text of them, and refuses keys of several types.
            let is_of_texts = pairs.iter().all(|(key, _)| matches!(key, Value::Str(_)));
            if is_of_texts {
                named.sort_by(|one, other| one.0.cmp(&other.0));
            } else {
                let mut order: Vec<i64> = Vec::with_capacity(pairs.len());
                for (key, _) in pairs {
                    let Value::Int(number) = key else {
                        return (pairs.len() == 1).then(|| write_pairs(&named, out))?;
                    };
                    order.push(*number);
                }
                let mut sorted: Vec<(i64, (String, &Value))> = order.into_iter().zip(named).collect();
                sorted.sort_by_key(|(number, _)| *number);
                named = sorted.into_iter().map(|(_, pair)| pair).collect();
            }
            write_pairs(&named, out)?;
        }
        Value::Opaque { repr, held: None, .. } if is_int(repr) => out.push_str(repr),
        Value::Opaque { .. } => return None,
        plain => out.push_str(&scalar(plain)),
    }
    Some(())
}

fn write_pairs(pairs: &[(String, &Value)], out: &mut String) -> Option<()> {
    out.push('{');
    for (number, (key, value)) in pairs.iter().enumerate() {
        if number > 0 {
            out.push_str(", ");
        }
        write_string(key, out);
        out.push_str(": ");
        write(value, out)?;
    }
    out.push('}');
    Some(())
}

fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Str(text) => Some(text.clone()),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(scalar(key)),
        _ => None,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::None => "null".to_owned(),
        Value::Bool(is_so) => is_so.to_string(),
        Value::Float(number) if number.is_nan() => "NaN".to_owned(),
        Value::Float(number) if number.is_infinite() => {
            if *number > 0.0 {
                "Infinity".to_owned()
            } else {
                "-Infinity".to_owned()
            }
        }
        other => repr(other),
    }
}

fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(letter),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        let check = |value: Value, expected: &str| assert_eq!(dumps(&value).as_deref(), Some(expected));
        check(Value::Float(1.5), "1.5");
        check(Value::Float(1e16), "1e+16");
        check(Value::Float(f64::INFINITY), "Infinity");
        check(text("a\"\u{e4}\u{1f600}\u{7f}"), r#""a\"\u00e4\ud83d\ude00\u007f""#);
        check(Value::Tuple(vec![Value::None, Value::Bool(true), Value::Int(-3)]), "[null, true, -3]");
        check(
            Value::Dict(vec![(text("b"), Value::Int(1)), (text("a"), Value::List(vec![]))]),
            r#"{"a": [], "b": 1}"#,
        );
        check(
            Value::Dict(vec![(Value::Int(10), Value::Int(1)), (Value::Int(9), Value::Int(2))]),
            r#"{"9": 2, "10": 1}"#,
        );
        check(Value::Dict(vec![(Value::None, Value::Int(1))]), r#"{"null": 1}"#);
    }

    #[test]
    fn what_python_raises_for_is_nothing() {
        let opaque = Value::Opaque { text: "x".into(), repr: "<x>".into(), held: Some(0) };
        assert_eq!(dumps(&opaque), None);
        assert_eq!(dumps(&Value::Dict(vec![(text("a"), Value::None), (Value::Int(1), Value::None)])), None);
    }
}
