//! The script that is submitted for a parcel, as Snakemake's cluster-generic plugin has it: a comment that tells what the
//! job is, for submit commands that read it, and the line that runs it. Knows no cluster.

use std::path::Path;

use rustc_hash::FxHashSet;
use serde_json::{Map, Value as Json, json};
use sha1::{Digest, Sha1};

use crate::evaluator::job::{Entry, JobView};
use crate::fields::quote;
use crate::value::Value;

/// Used unless `--jobscript` names another one.
pub const TEMPLATE: &str = "#!/bin/sh\n# properties = {properties}\n{exec_job}\n\n";

/// Longer lists of files are left out of the properties (as Snakemake 9.27).
const MOST_FILES: usize = 100;

/// What job scripts tell of a group besides what they tell of a job.
#[derive(Debug)]
pub struct Group<'g> {
    /// Its name.
    pub name: &'g str,
    /// What its own jobs read of what they make.
    pub inner: FxHashSet<String>,
    /// The job that comes last in it.
    pub last: &'g JobView,
}

impl Group<'_> {
    /// What tells it from all others, now and in later runs: a UUID made of its last job (as Snakemake 9.27).
    fn id(&self) -> String {
        let mut values: Vec<String> =
            self.last.wildcards.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        values.sort_unstable();
        let ours = uuid(&URLS, "https://snakemake.readthedocs.io");
        let bytes = uuid(&ours, &format!("{}:{}", self.last.rule, values.join(",")));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

/// The namespace of addresses (RFC 9562).
const URLS: [u8; 16] =
    [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// A UUID of a name (version 5).
fn uuid(space: &[u8; 16], name: &str) -> [u8; 16] {
    let digest = Sha1::new().chain_update(space).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

/// What job scripts tell of a job or group.
pub fn properties(view: &JobView, group: Option<&Group<'_>>) -> String {
    let input = files(&view.input);
    let mut output = files(&view.output);
    if let Some(group) = group {
        output.retain(|path| !group.inner.contains(path));
    }
    let resources: Map<String, Json> = view
        .resources
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "_cores" | "_nodes"))
        .map(|(name, value)| (name.clone(), plain(value).unwrap_or(Json::Null)))
        .collect();
    let mut properties = Map::new();
    let mut add = |name: &str, value: Json| properties.insert(name.to_owned(), value);
    match group {
        Some(group) => {
            add("type", json!("group"));
            add("groupid", json!(group.name));
        }
        None => {
            add("type", json!("single"));
            add("rule", json!(view.rule));
        }
    }
    add("local", json!(false));
    add("input", some(input));
    add("output", some(output));
    if group.is_none() {
        let wildcards: Map<String, Json> =
            view.wildcards.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        add("wildcards", Json::Object(wildcards));
        let named = |entry: &Entry| Some((entry.name.clone()?, plain(&entry.value)?));
        // Params that are no plain data are left out, all of them (as Snakemake 9.27).
        let n_named = view.params.iter().filter(|entry| entry.name.is_some()).count();
        let params: Map<String, Json> = view.params.iter().filter_map(named).collect();
        if params.len() == n_named {
            add("params", Json::Object(params));
        }
        add("log", json!(files(&view.log)));
    }
    add("threads", json!(view.threads));
    add("resources", Json::Object(resources));
    match group {
        Some(group) => add("jobid", json!(group.id())),
        None => add("jobid", json!(view.jobid)),
    };
    Json::Object(properties).to_string()
}

fn some(files: Vec<String>) -> Json {
    if files.len() > MOST_FILES { Json::Null } else { json!(files) }
}

fn files(entries: &[Entry]) -> Vec<String> {
    let each = |entry: &Entry| match &entry.value {
        Value::List(values) => values.iter().map(crate::format::text).collect(),
        value => vec![crate::format::text(value)],
    };
    entries.iter().flat_map(each).collect()
}

fn plain(value: &Value) -> Option<Json> {
    Some(match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Str(text) => json!(text),
        Value::List(items) | Value::Tuple(items) => {
            Json::Array(items.iter().map(plain).collect::<Option<_>>()?)
        }
        Value::Dict(pairs) => {
            let pair = |(key, value): &(Value, Value)| Some((crate::format::text(key), plain(value)?));
            Json::Object(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        Value::Opaque { .. } => return None,
    })
}

/// The line that runs a parcel. With a status command the script's own end has to say how it went.
pub fn exec_line(program: &Path, folder: &Path, parcel: &Path) -> String {
    let quoted = |path: &Path| quote(&path.to_string_lossy()).into_owned();
    format!(
        "cd {} && {} {} {} && exit 0 || exit 1",
        quoted(folder),
        quoted(program),
        super::JOB,
        quoted(parcel)
    )
}

/// Fills a template: `{exec_job}`, `{properties}`, `{jobid}`, `{workdir}`; doubled braces stand for themselves.
///
/// # Errors
/// A field that nobody knows, or braces that don't fit.
pub fn fill(template: &str, fields: &[(&str, &str)]) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        filled.push_str(&rest[..brace]);
        let after = &rest[brace + 1..];
        let same = if rest[brace..].starts_with('{') { '{' } else { '}' };
        if let Some(behind) = after.strip_prefix(same) {
            filled.push(same);
            rest = behind;
            continue;
        }
        let end = after
            .find('}')
            .filter(|_| same == '{')
            .ok_or("a brace stands alone; double it to mean itself")?;
        let name = &after[..end];
        let (_, value) = fields
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("it has the field `{{{name}}}`, which is not known; double the braces if they are meant as text"))?;
        filled.push_str(value);
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_and_braces_kept() {
        let fields = [("exec_job", "run it"), ("jobid", "3")];
        assert_eq!(fill("a{{b}} {exec_job} {jobid}", &fields).as_deref(), Ok("a{b} run it 3"));
        assert!(fill("${HOME}", &fields).expect_err("no such field").contains("{HOME}"));
        assert!(fill("a } b", &fields).is_err());
    }

    #[test]
    fn properties_are_those_of_snakemake() {
        let view = JobView {
            rule: "a".to_owned(),
            output: vec![Entry { name: None, value: Value::Str("x".to_owned()) }],
            threads: 1,
            resources: vec![("_cores".to_owned(), Value::Int(1)), ("mem_mb".to_owned(), Value::Int(5))],
            jobid: 2,
            ..JobView::default()
        };
        assert_eq!(
            properties(&view, None),
            r#"{"type":"single","rule":"a","local":false,"input":[],"output":["x"],"wildcards":{},"params":{},"log":[],"threads":1,"resources":{"mem_mb":5},"jobid":2}"#
        );
        let last = JobView { rule: "c".to_owned(), ..JobView::default() };
        let group = Group { name: "g", inner: std::iter::once("x".to_owned()).collect(), last: &last };
        assert_eq!(
            properties(&view, Some(&group)),
            r#"{"type":"group","groupid":"g","local":false,"input":[],"output":[],"threads":1,"resources":{"mem_mb":5},"jobid":"ca808728-0a56-52cc-af22-f1ba7bd8f8d6"}"#
        );
    }
}
