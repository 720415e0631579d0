//! Config files, against what PyYAML 6 made of the same texts (`yaml/record.py`), and how configs are merged.

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tureen_workflow::config::{Error, Overrides, load, parse};
use tureen_workflow::value::Value;

fn shown(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!({ "f": value.to_bits().to_string() }),
        Value::Str(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(shown).collect()),
        Value::Tuple(items) => json!({ "t": items.iter().map(shown).collect::<Vec<_>>() }),
        Value::Dict(items) => {
            json!({ "d": items.iter().map(|(key, value)| json!([shown(key), shown(value)])).collect::<Vec<_>>() })
        }
        Value::Opaque { repr, .. } if repr == "datetime.datetime" => json!({ "o": "datetime" }),
        Value::Opaque { text, .. } => json!({ "o": text }),
    }
}

/// The recorded floats are Python's `repr`: compared by their bits.
fn with_float_bits(json: &mut Json) {
    match json {
        Json::Object(object) => {
            if let Some(Json::String(text)) = object.get_mut("f") {
                let value: f64 = text.parse().unwrap();
                *text = value.to_bits().to_string();
            }
            object.values_mut().for_each(with_float_bits);
        }
        Json::Array(items) => items.iter_mut().for_each(with_float_bits),
        _ => {}
    }
}

#[test]
fn yaml_is_read_as_pyyaml_reads_it() {
    let cases: Vec<(String, Json)> = serde_json::from_str(include_str!("yaml/cases.json")).unwrap();
    assert!(cases.len() > 300);
    let mut wrong = String::new();
    for (text, mut expected) in cases {
        with_float_bits(&mut expected);
        let ours = match parse(&text) {
            Ok(value) => shown(&value),
            Err(_) => json!({ "error": null }),
        };
        if ours != expected {
            wrong += &format!("{text:?}\n  ours   {ours}\n  PyYAML {expected}\n");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn json_comes_first() {
    let value = parse("{\"a\": 010}").unwrap();
    assert_eq!(value, Value::Dict(vec![(Value::Str("a".into()), Value::Int(8))]), "not JSON, so YAML");
    let value = parse("{\"a\": \"yes\", \"b\": 1e5, \"c\": [true, null]}").unwrap();
    let Value::Dict(items) = value else { panic!() };
    assert_eq!(items[1].1, Value::Float(100_000.0));
    assert!(parse("{\"a\": 123456789012345678901234567890}").is_err(), "better refused than rounded");
}

#[test]
fn wrong_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    assert!(matches!(load(&folder.path().join("nope")), Err(Error::Missing(_))));
    assert!(matches!(load(folder.path()), Err(Error::Unreadable(..))));
    assert!(matches!(load(&write("a", b"- 1\n")), Err(Error::NotADict(_))));
    assert!(matches!(load(&write("b", b"")), Err(Error::NotADict(_))));
    assert!(matches!(load(&write("c", b"\xff")), Err(Error::Malformed(..))));
    assert!(matches!(load(&write("d", b"a: 1\nb: [\n")), Err(Error::Malformed(..))));
    assert!(matches!(load(&write("e", b"__use_yte__: true\n")), Err(Error::Template(_))));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    assert!(matches!(load(&write("f", bomb.as_bytes())), Err(Error::Malformed(..))));
    let deep = format!("a: {}", "[".repeat(100_000));
    assert!(matches!(load(&write("g", deep.as_bytes())), Err(Error::Malformed(..))));
}

fn dict(text: &str) -> Value {
    parse(text).unwrap()
}

#[test]
fn the_command_line_wins() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = [write("a.yaml", "aa: 1\nbb: {x: 1, y: 2}\n"), write("b.json", "{\"bb\": {\"y\": 3}}")];
    let entries: Vec<String> =
        ["cc=4", "bb={z: 5}", "dd=", "ee=True", "ff=1.5", "gg=yes", "hh='quoted'", "ii=[1, x]", "jj=a=b"]
            .map(str::to_owned)
            .into();
    let overrides = Overrides::read(&files, &entries).unwrap();
    let mut config = overrides.initial();
    overrides.merge_configfile(&mut config, &dict("aa: 9\nkk: 1\nbb: {w: 0, x: 7}\n"));
    let expected = "aa: 1\nbb: {x: 1, y: 3, z: '5', w: 0}\ncc: 4\ndd:\nee: true\nff: 1.5\ngg: 'yes'\nhh: quoted\n\
                    ii: ['1', x]\njj: a=b\nkk: 1\n";
    assert_eq!(config, dict(expected));
    for entry in ["x", "=1", "1a=2", "a=1", "a b=1"] {
        assert!(matches!(Overrides::read(&[], &[entry.to_owned()]), Err(Error::BadEntry(_))), "{entry}");
    }
}
