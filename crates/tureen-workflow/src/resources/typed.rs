//! What is typed about resources: `--resources`, `--set-resources` and `--set-threads`. Knows no rule.

use super::{amount, standard_name};
use crate::value::Value;

/// Why something typed is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSupported {
    /// It has not the form it should have.
    #[error("`{0}` should be {1}")]
    Form(String, &'static str),
    /// It needs Python to be understood.
    #[error("`{0}` looks like a Python expression, which is not supported yet")]
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
    pub value: Value,
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
/// A word of another form, or with an expression.
pub fn rule_resource(word: &str) -> Result<RuleResource, NotSupported> {
    let form = || NotSupported::Form(word.to_owned(), "`rule:resource=value`, as `sort:mem_mb=2000`");
    let (rule, rest) = word.split_once(':').ok_or_else(form)?;
    let (name, value) = rest.split_once('=').ok_or_else(form)?;
    if rule.is_empty() || !is_name(name) || name == "_cores" {
        return Err(form());
    }
    let value = match number(name, value) {
        Some(Value::Int(amount)) if amount < 0 => return Err(form()),
        Some(number) => number,
        None => Value::Str(literal(value).ok_or_else(|| NotSupported::Expression(word.to_owned()))?),
    };
    Ok(RuleResource { rule: rule.to_owned(), name: name.to_owned(), value })
}

/// One word of `--set-threads`: the rule and its threads.
///
/// # Errors
/// A word of another form.
pub fn rule_threads(word: &str) -> Result<(String, i64), NotSupported> {
    let form = || NotSupported::Form(word.to_owned(), "`rule=number`, as `sort=4`");
    let (rule, threads) = word.split_once('=').ok_or_else(form)?;
    let threads = threads.parse().ok().filter(|&threads| threads >= 0).ok_or_else(form)?;
    Ok((rule.to_owned(), threads))
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
    fn texts_are_taken_and_expressions_are_not() {
        let value = |word: &str| rule_resource(word).map(|resource| resource.value);
        assert_eq!(value("a:mem=2GB"), Ok(Value::Int(2000)));
        assert_eq!(value("a:machine=n1-standard-4"), Ok(Value::Str("n1-standard-4".to_owned())));
        assert_eq!(value("a:opts='--nice=100'"), Ok(Value::Str("--nice=100".to_owned())));
        for expression in ["a:mem_mb=2*input.size_mb", "a:x=threads", "a:x=max(1, 2)", "a:x='a' + 'b'"] {
            assert_eq!(value(expression), Err(NotSupported::Expression(expression.to_owned())));
        }
        assert!(matches!(value("a:x=-3"), Err(NotSupported::Form(..))));
        assert!(matches!(value("x=3"), Err(NotSupported::Form(..))));
        assert_eq!(rule_threads("a=4"), Ok(("a".to_owned(), 4)));
        assert!(rule_threads("a=").is_err());
    }
}
