//! What is typed about resources: `--resources`, `--set-resources`, `--default-resources` and `--set-threads`. Knows no rule.

use super::{amount, standard_name};
use crate::value::Value;

/// Why something typed is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSupported {
    /// It has not the form it should have.
    #[error("`{0}` should be {1}")]
    Form(String, &'static str),
}

/// A value as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// Plain.
    Value(Value),
    /// For the Snakefile's interpreter to make sense of: an expression, or a word that is none.
    Expression(String),
}

/// `rule:resource=value`, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleResource {
    /// The rule.
    pub rule: String,
    /// The resource, as typed.
    pub name: String,
    /// Its value for all jobs of the rule.
    pub value: Typed,
}

/// The limits of `--resources`, by standard names.
///
/// # Errors
/// A word that is not `name=number`, or a resource limited twice.
pub fn limits(words: &[String]) -> Result<Vec<(String, u64)>, NotSupported> {
    let mut limits: Vec<(String, u64)> = Vec::new();
    for word in words {
        let form = || NotSupported::Form(word.clone(), "`name=number`, as `gpu=1` or `mem_mb=8000`");
        let (name, value) = word.split_once('=').ok_or_else(form)?;
        if !is_name(name) || name == "_cores" {
            return Err(form());
        }
        let amount = match number(name, value) {
            Some(Value::Int(amount)) => u64::try_from(amount).map_err(|_| form())?,
            _ => return Err(form()),
        };
        let amount = match name {
            "mem_mib" | "disk_mib" => {
                let mib = i64::try_from(amount).unwrap_or(i64::MAX);
                u64::try_from(amount::mb_of_mib(mib)).unwrap_or(0)
            }
            _ => amount,
        };
        let name = standard_name(name).to_owned();
        if limits.iter().any(|(known, _)| *known == name) {
            return Err(NotSupported::Form(word.clone(), "the only limit of this resource"));
        }
        limits.push((name, amount));
    }
    Ok(limits)
}

/// One word of `--set-resources`.
///
/// # Errors
/// A word of another form.
pub fn rule_resource(word: &str) -> Result<RuleResource, NotSupported> {
    let form = || NotSupported::Form(word.to_owned(), "`rule:resource=value`, as `sort:mem_mb=2000`");
    let (rule, rest) = word.split_once(':').filter(|(rule, _)| !rule.is_empty()).ok_or_else(form)?;
    let (name, value) = named(rest).ok_or_else(form)?;
    Ok(RuleResource { rule: rule.to_owned(), name, value })
}

/// One word of `--default-resources`.
///
/// # Errors
/// A word of another form.
pub fn default_resource(word: &str) -> Result<(String, Typed), NotSupported> {
    named(word).ok_or_else(|| NotSupported::Form(word.to_owned(), "`resource=value`, as `mem_mb=2000`"))
}

/// One word of `--set-threads`: the rule and its threads.
///
/// # Errors
/// A word of another form.
pub fn rule_threads(word: &str) -> Result<(String, Typed), NotSupported> {
    let form = || NotSupported::Form(word.to_owned(), "`rule=number`, as `sort=4`");
    let (rule, threads) = word.split_once('=').filter(|(_, threads)| !threads.is_empty()).ok_or_else(form)?;
    let threads = match threads.parse::<i64>() {
        Ok(threads) if threads < 0 => return Err(form()),
        Ok(threads) => Typed::Value(Value::Int(threads)),
        Err(_) => Typed::Expression(threads.to_owned()),
    };
    Ok((rule.to_owned(), threads))
}

/// `name=value`
fn named(word: &str) -> Option<(String, Typed)> {
    let (name, value) = word.split_once('=')?;
    if !is_name(name) || name == "_cores" || value.is_empty() {
        return None;
    }
    let value = match number(name, value) {
        Some(Value::Int(amount)) if amount < 0 => return None,
        Some(number) => Typed::Value(number),
        None => literal(value)
            .map_or_else(|| Typed::Expression(value.to_owned()), |text| Typed::Value(Value::Str(text))),
    };
    Some((name.to_owned(), value))
}

/// A whole number, or what the resource's name makes one.
fn number(name: &str, value: &str) -> Option<Value> {
    let friendly = match name {
        "mem" | "disk" => amount::megabytes(value),
        "runtime" => amount::minutes(value),
        _ => None,
    };
    friendly.or_else(|| value.parse().ok()).map(Value::Int)
}

/// A quoted text, or a bare word that is no expression.
fn literal(value: &str) -> Option<String> {
    for quote in ['\'', '"'] {
        let inside = value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
        if let Some(inside) = inside {
            return (!inside.contains([quote, '\\'])).then(|| inside.to_owned());
        }
    }
    // With a name that Snakemake doesn't know, this is a text there as well.
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let begins_as_name = value.starts_with(|first: char| first.is_ascii_alphabetic());
    (is_word && begins_as_name && !KNOWN.contains(&value)).then(|| value.to_owned())
}

/// Names that mean something in an expression there.
const KNOWN: [&str; 8] =
    ["wildcards", "input", "attempt", "threads", "system_tmpdir", "True", "False", "None"];

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_in_standard_units() {
        let words: Vec<String> = ["mem=2GB", "gpu=1", "runtime=1h"].map(str::to_owned).to_vec();
        let expected = [("mem_mb", 2000), ("gpu", 1), ("runtime", 60)];
        assert_eq!(limits(&words), Ok(expected.map(|(name, n)| (name.to_owned(), n)).to_vec()));
        for wrong in ["gpu", "gpu=", "gpu=-1", "gpu=one", "_cores=2", "1a=3", "=1", "mem=lots"] {
            assert!(limits(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(limits(&["mem=2GB".to_owned(), "mem_mb=1".to_owned()]).is_err());
    }

    #[test]
    fn texts_are_taken_and_expressions_are_kept() {
        let value = |word: &str| rule_resource(word).map(|resource| resource.value);
        let text = |text: &str| Ok(Typed::Value(Value::Str(text.to_owned())));
        assert_eq!(value("a:mem=2GB"), Ok(Typed::Value(Value::Int(2000))));
        assert_eq!(value("a:machine=n1-standard-4"), text("n1-standard-4"));
        assert_eq!(value("a:opts='--nice=100'"), text("--nice=100"));
        for expression in ["2*input.size_mb", "threads", "max(1, 2)", "'a' + 'b'", "/scratch"] {
            assert_eq!(value(&format!("a:x={expression}")), Ok(Typed::Expression(expression.to_owned())));
        }
        assert!(matches!(value("a:x=-3"), Err(NotSupported::Form(..))));
        assert!(matches!(value("x=3"), Err(NotSupported::Form(..))));
        assert_eq!(rule_threads("a=4"), Ok(("a".to_owned(), Typed::Value(Value::Int(4)))));
        assert!(rule_threads("a=").is_err() && rule_threads("a=-1").is_err());
    }
}
