//! Fills the `{fields}` of a shell command or message: Python's `str.format`, with Snakemake's lists
//! (`{input}` is all of them, `{input[0]}` and `{input.name}` one) and its `:q` for quoting.
//! Knows the job's own names, the config and the workflow's plain globals; what else a Snakefile may
//! define only the evaluator knows.

mod lookup;
mod quote;

use crate::evaluator::job::JobView;
use crate::rule::{Rule, Workflow};
use crate::value::Value;
use lookup::Thing;

pub use quote::quote;

/// Why a text can't be filled here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The job has no such name; the evaluator may.
    #[error("there is no name `{0}` here")]
    UnknownName(String),
    /// The thing has no such part.
    #[error("`{of}` has no {part}")]
    NoPart {
        /// The field up to the part.
        of: String,
        /// What was asked of it.
        part: String,
    },
    /// Braces that don't fit.
    #[error("{0}")]
    Syntax(String),
    /// A format after the colon that only Python knows.
    #[error("the format `{0}` is not known")]
    Format(String),
}

/// Names beyond the job's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Globals<'g> {
    /// `config`
    pub config: Option<&'g Value>,
    /// Plain names of the Snakefile.
    pub names: &'g [(String, Value)],
}

impl<'g> Globals<'g> {
    /// What the texts of a rule may name; a module's rules have names that only the evaluator knows.
    pub fn of(workflow: &'g Workflow, rule: &Rule) -> Self {
        if rule.has_own_names {
            return Self::default();
        }
        Self { config: workflow.config.as_ref(), names: &workflow.globals }
    }
}

/// Fills a text.
///
/// # Errors
/// The first field that can't be filled.
pub fn fill(text: &str, view: &JobView, globals: Globals<'_>) -> Result<String, FieldError> {
    fill_but(text, view, globals, &[])
}

/// Fills a text but for fields of some names, which stay as they are: what comes out is to be filled again.
///
/// # Errors
/// The first field that can't be filled.
pub fn fill_but(
    text: &str,
    view: &JobView,
    globals: Globals<'_>,
    kept: &[&str],
) -> Result<String, FieldError> {
    let brace_again = |text: &str| match kept {
        [] => text.to_owned(),
        _ => text.replace('{', "{{").replace('}', "}}"),
    };
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        filled.push_str(&rest[..brace]);
        let after = &rest[brace + 1..];
        let is_open = rest[brace..].starts_with('{');
        if after.starts_with(if is_open { '{' } else { '}' }) {
            filled.push_str(&brace_again(&after[..1]));
            rest = &after[1..];
            continue;
        }
        if !is_open {
            return Err(FieldError::Syntax(
                "a `}` stands alone; write `}}` for the character itself".to_owned(),
            ));
        }
        let end = closing_brace(after).ok_or_else(|| {
            FieldError::Syntax("a `{` is never closed; write `{{` for the character itself".to_owned())
        })?;
        let inside = &after[..end];
        let value = field(inside, view, globals)?;
        let name = &inside[..inside.find(['.', '[', '!', ':']).unwrap_or(inside.len())];
        if kept.contains(&name) {
            filled.push_str(&rest[brace..=brace + 1 + end]);
        } else {
            filled.push_str(&brace_again(&value));
        }
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Where the field that begins a text ends; braces inside it (in a format) count.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(place),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn field(field: &str, view: &JobView, globals: Globals<'_>) -> Result<String, FieldError> {
    let (path, format) = split_format(field);
    let (path, conversion) =
        path.rsplit_once('!').map_or((path, ""), |(path, conversion)| (path, conversion));
    let name_end = path.find(['.', '[']).unwrap_or(path.len());
    let name = &path[..name_end];
    if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldError::Syntax(format!(
            "the field `{{{field}}}` has no name; double the braces if they are meant as text"
        )));
    }
    let mut thing =
        lookup::named(name, view, globals).ok_or_else(|| FieldError::UnknownName(name.to_owned()))?;
    let mut place = name_end;
    while place < path.len() {
        let rest = &path[place..];
        if let Some(inside) = rest.strip_prefix('[') {
            let end =
                inside.find(']').ok_or_else(|| FieldError::Syntax(format!("`{{{field}}}` lacks a `]`")))?;
            let key = &inside[..end];
            thing = thing.item(key).ok_or_else(|| no_part(&path[..place], &format!("item `{key}`")))?;
            place += end + 2;
        } else {
            let rest = &rest[1..];
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let key = &rest[..end];
            thing =
                thing.attribute(key).ok_or_else(|| no_part(&path[..place], &format!("attribute `{key}`")))?;
            place += end + 1;
        }
    }
    finish(&thing, conversion, format)
}

/// Splits at the colon that begins the format; one inside `[...]` does not.
fn split_format(field: &str) -> (&str, &str) {
    let mut depth = 0;
    for (place, byte) in field.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b':' if depth == 0 => return (&field[..place], &field[place + 1..]),
            _ => {}
        }
    }
    (field, "")
}

fn no_part(of: &str, part: &str) -> FieldError {
    FieldError::NoPart { of: of.to_owned(), part: part.to_owned() }
}

fn finish(thing: &Thing, conversion: &str, format: &str) -> Result<String, FieldError> {
    match conversion {
        "" | "s" => {}
        "r" => return Ok(thing.repr()),
        other => return Err(FieldError::Format(format!("!{other}"))),
    }
    match format {
        "" => Ok(thing.text(false)),
        "q" => Ok(thing.text(true)),
        "u" => Ok(thing.text(false)),
        _ => thing.formatted(format).ok_or_else(|| FieldError::Format(format.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluator::job::Entry;

    fn check(text: &str, expected: &str) {
        let one = |name: Option<&str>, value| Entry { name: name.map(str::to_owned), value };
        let files =
            |names: &[&str]| Value::List(names.iter().map(|name| Value::Str((*name).to_owned())).collect());
        let view = JobView {
            rule: "boil".into(),
            wildcards: vec![("x".into(), "7".into())],
            input: vec![one(None, Value::Str("a b".into())), one(Some("more"), files(&["c", "d"]))],
            output: vec![one(None, Value::Str("out".into()))],
            params: vec![one(Some("k"), Value::Int(3)), one(None, files(&["p", "q"]))],
            threads: 2,
            ..JobView::default()
        };
        let config = Value::Dict(vec![(Value::Str("a".into()), files(&["z"]))]);
        let globals = Globals { config: Some(&config), names: &[] };
        let filled = fill(text, &view, globals).unwrap_or_else(|error| format!("error: {error}"));
        assert_eq!(filled, expected, "{text}");
    }

    #[test]
    fn what_is_filled_but_for_some_names_can_be_filled_again() {
        let resources = |folder: &str| vec![("tmpdir".to_owned(), Value::Str(folder.to_owned()))];
        let view =
            |folder| JobView { rule: "{x}".into(), resources: resources(folder), ..JobView::default() };
        let text = "{{{rule}}} {resources.tmpdir:q} {resources[tmpdir]}";
        let half = fill_but(text, &view("?"), Globals::default(), &["resources"]).expect("all is known");
        assert_eq!(half, "{{{{x}}}} {resources.tmpdir:q} {resources[tmpdir]}");
        let whole = fill(&half, &view("a b"), Globals::default());
        assert_eq!(whole.as_deref(), Ok("{{x}} 'a b' a b"));
    }

    #[test]
    fn fields_are_filled_as_snakemake_does() {
        check("cat {input} > {output}", "cat a b c d > out");
        check("{input[0]} {input[2]} {input.more} {input.more[1]}", "a b d c d d");
        check("{input:q}", "'a b' c d");
        check("{input[0]:q}", "'a b'");
        check("{params.k} {params} {params[1]}", "3 3 p q p q");
        check("{wildcards.x} {wildcards} {threads} {rule}", "7 x=7 2 boil");
        check("awk '{{print $1}}'", "awk '{print $1}'");
        check("{config[a][0]} {config[a]}", "z z");
        check("{threads:03d}", "002");
        check("{rule!r}", "'boil'");
        check("{nobody}", "error: there is no name `nobody` here");
        check("{input.nobody}", "error: `input` has no attribute `nobody`");
        check("{output[1]}", "error: `output` has no item `1`");
        check("{input", "error: a `{` is never closed; write `{{` for the character itself");
        check("}", "error: a `}` stands alone; write `}}` for the character itself");
        check("{}", "error: the field `{}` has no name; double the braces if they are meant as text");
    }
}
