//! Merging one config into another, dict by dict, as Snakemake's `update_config`.

use rustc_hash::FxHashMap;

use crate::value::Value;

/// Overwrites `config` with `other`, going into dicts; anything that is no dict is replaced whole.
pub(crate) fn update(config: &mut Value, other: &Value) {
    let Value::Dict(others) = other else { return };
    if !matches!(config, Value::Dict(_)) {
        if others.is_empty() {
            return;
        }
        *config = Value::Dict(Vec::new());
    }
    let Value::Dict(items) = config else { unreachable!("made a dict above") };
    let mut places: FxHashMap<String, usize> =
        items.iter().enumerate().map(|(index, (key, _))| (key_text(key), index)).collect();
    for (key, value) in others {
        let place = *places.entry(key_text(key)).or_insert_with(|| {
            items.push((key.clone(), Value::Dict(Vec::new())));
            items.len() - 1
        });
        if matches!(value, Value::Dict(_)) {
            update(&mut items[place].1, value);
        } else {
            items[place].1 = value.clone();
        }
    }
}

/// A text that is equal for keys that Python takes for equal (`1`, `1.0` and `True` are).
pub(crate) fn key_text(key: &Value) -> String {
    match key {
        Value::Str(text) => format!("s{text}"),
        Value::Bool(value) => format!("n{}", i64::from(*value)),
        Value::Int(value) => format!("n{value}"),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => format!("n{}", *value as i64),
        Value::Float(value) => format!("f{:x}", value.to_bits()),
        other => format!("o{other:?}"),
    }
}
