//! Profiles: YAML files whose entries stand for options that were not typed (`--profile`, `--workflow-profile`).
//! Knows options only by their names and whether they take values.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};
use tureen_workflow::config;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::format::{repr, text};
use tureen_workflow::value::Value;

use crate::args::Args;

/// The version of Snakemake whose profiles we take, for names as `config.v9+.yaml`.
const MAJOR: u32 = 9;

/// Entries that may be written as a mapping: each pair is one value, `key=value`.
const MAPPINGS: [&str; 10] = [
    "set-threads",
    "resources",
    "set-scatter",
    "batch",
    "set-resource-scopes",
    "default-resources",
    "config",
    "groups",
    "group-components",
    "consider-ancient",
];

/// The profiles that apply, the more general first.
///
/// # Errors
/// A profile that was asked for and is not there.
pub(crate) fn find(args: &Args) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut files = Vec::new();
    let from_environment = std::env::var("SNAKEMAKE_PROFILE").ok().filter(|name| !name.is_empty());
    let named =
        if args.profile.is_empty() { from_environment.into_iter().collect() } else { args.profile.clone() };
    match named.as_slice() {
        [only] if only == "none" => {}
        names if names.iter().any(|name| name == "none") => {
            return Err(Diagnostic::new("`--profile none` can't be combined with other profiles"));
        }
        names => {
            for name in names {
                files.push(file_of(name).ok_or_else(|| not_found(name))?);
            }
        }
    }
    match args.workflow_profile.as_deref() {
        Some("none") => {}
        Some(name) => match of_workflow(args, name) {
            Some(place) => files.push(file_of(&place.to_string_lossy()).ok_or_else(|| not_found(name))?),
            None => return Err(not_found(name)),
        },
        None => {
            if let Some(place) = of_workflow(args, "default") {
                files.push(file_of(&place.to_string_lossy()).ok_or_else(|| not_found("profiles/default"))?);
            }
        }
    }
    Ok(files)
}

fn not_found(name: &str) -> Diagnostic {
    Diagnostic::new(format!("there is no profile `{name}`")).hint(
        "a profile is a YAML file, or a folder with a `profile.yaml` or `config.yaml`, given by its path or by its name in `~/.config/snakemake`",
    )
}

/// Where a workflow's own profile of this name is; the implicit one only in the `profiles` folders.
fn of_workflow(args: &Args, name: &str) -> Option<PathBuf> {
    let is_implicit = args.workflow_profile.is_none();
    let snakefile = crate::settings::snakefile_of(args)?;
    let folder = snakefile.parent().map(Path::to_owned).unwrap_or_default();
    let in_profiles = Path::new("profiles").join(name);
    let mut places = vec![in_profiles.clone(), folder.join(in_profiles)];
    if !is_implicit {
        places.insert(0, PathBuf::from(name));
    } else {
        places.insert(0, PathBuf::from("default"));
    }
    places.into_iter().find(|place| place.exists())
}

/// The file of a profile that is named by a path, or by a name in one of the places for profiles.
fn file_of(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Some(path.to_owned());
    }
    if path.exists() {
        return within(path);
    }
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")));
    let places =
        home.into_iter().chain([PathBuf::from("/etc/xdg")]).map(|place| place.join("snakemake").join(name));
    places.into_iter().find_map(|place| if place.is_file() { Some(place) } else { within(&place) })
}

/// In a folder, the file for the newest version that is not newer than ours.
fn within(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let rated = names.filter_map(|name| Some((least_version(&name).filter(|&least| least <= MAJOR)?, name)));
    // Of two for one version, the newer name wins, as the documents have it.
    let best = rated.max_by(|(a, a_name), (b, b_name)| a.cmp(b).then_with(|| a_name.cmp(b_name)))?;
    Some(folder.join(best.1))
}

/// `profile.v9+.yaml` is for version 9 and later; a file of another name is no profile.
fn least_version(name: &str) -> Option<u32> {
    let rest = name.strip_prefix("profile").or_else(|| name.strip_prefix("config"))?;
    match rest.strip_suffix(".yaml")? {
        "" => Some(0),
        version => version.strip_prefix(".v")?.strip_suffix('+')?.parse().ok(),
    }
}

/// What the profiles add to the command line: the options of theirs that were not typed.
///
/// # Errors
/// A profile that can't be read, or an entry that is no option.
pub(crate) fn options(
    files: &[PathBuf],
    command: &Command,
    typed: &ArgMatches,
) -> Result<Vec<String>, Diagnostic> {
    let mut entries: Vec<(String, Vec<String>)> = Vec::new();
    for file in files {
        let value = config::load(file).map_err(|error| Diagnostic::from_text(&error.to_string()))?;
        let Value::Dict(pairs) = value else { continue };
        for (key, value) in pairs {
            let key = text(&key);
            let words = words(file, key.trim_start_matches("--"), value, command, typed)?;
            // The later profile's entry replaces the earlier one's as a whole.
            entries.retain(|(known, _)| *known != key);
            entries.push((key, words));
        }
    }
    Ok(entries.into_iter().flat_map(|(_, words)| words).collect())
}

/// One entry as words of a command line; none if the option was typed, or is switched off.
fn words(
    file: &Path,
    key: &str,
    value: Value,
    command: &Command,
    typed: &ArgMatches,
) -> Result<Vec<String>, Diagnostic> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let wrong = |what: String| Diagnostic::new(format!("profile `{}`: {what}", file.display()));
    let is_named = |arg: &&clap::Arg| {
        arg.get_long() == Some(key) || arg.get_all_aliases().is_some_and(|names| names.contains(&key))
    };
    let Some(option) = command.get_arguments().find(is_named) else {
        let names = command.get_arguments().filter_map(clap::Arg::get_long);
        let diagnostic = wrong(format!("`{key}` is no option"));
        return Err(match tureen_workflow::nearest::nearest(key, names) {
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    };
    if typed.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine) {
        return Ok(Vec::new());
    }
    let long = format!("--{}", option.get_long().unwrap_or(key));
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return match text(&value).to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(vec![long]),
            "false" | "no" | "0" | "none" => Ok(Vec::new()),
            _ => Err(wrong(format!("`{key}` is {}, but should be true or false", repr(&value)))),
        };
    }
    let takes_many = option.get_num_args().is_some_and(|range| range.max_values() > 1);
    let values: Vec<String> = match value {
        Value::None => return Ok(Vec::new()),
        Value::List(items) | Value::Tuple(items) => {
            if !takes_many {
                return Err(wrong(format!("`{key}` takes one value, but this is a list")));
            }
            items.iter().map(text).collect()
        }
        Value::Dict(pairs) if key == "set-resources" => {
            let mut values = Vec::new();
            for (rule, resources) in &pairs {
                let Value::Dict(resources) = resources else {
                    return Err(wrong(format!("`{key}` should have rules, and under each its resources")));
                };
                let of = |(name, value): &(Value, Value)| {
                    format!("{}:{}={}", text(rule), text(name), shown(value))
                };
                values.extend(resources.iter().map(of));
            }
            values
        }
        Value::Dict(pairs) if MAPPINGS.contains(&key) => {
            pairs.iter().map(|(key, value)| format!("{}={}", text(key), shown(value))).collect()
        }
        Value::Dict(_) => return Err(wrong(format!("`{key}` can't be given as a mapping"))),
        plain => {
            let expanded = expand(&text(&plain));
            let beside = folder.join(&expanded);
            vec![if !expanded.is_empty() && beside.exists() {
                beside.to_string_lossy().into_owned()
            } else {
                expanded
            }]
        }
    };
    match values.as_slice() {
        // One word, so that nothing that follows is taken for a value.
        [only] => Ok(vec![format!("{long}={only}")]),
        [] => Ok(Vec::new()),
        _ => Ok(std::iter::once(long).chain(values).collect()),
    }
}

/// A value of a mapping. What looks like a number but is a text stays one.
fn shown(value: &Value) -> String {
    match value {
        Value::Str(word) if word.trim().parse::<f64>().is_ok() => repr(value),
        other => text(other),
    }
}

/// `~` and `$NAME`, as a shell would.
fn expand(word: &str) -> String {
    let mut out = String::new();
    let home = || std::env::var("HOME").ok();
    let rest = match word.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => {
            out.push_str(&home().unwrap_or_else(|| "~".to_owned()));
            rest
        }
        None => word,
    };
    let mut rest = rest;
    while let Some(start) = rest.find('$') {
        out.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, left) = braced.unwrap_or((&after[..end], &after[end..]));
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(&rest[start..rest.len() - left.len()]),
        }
        rest = left;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_names() {
        for (name, least) in [
            ("profile.yaml", Some(0)),
            ("config.yaml", Some(0)),
            ("config.v8+.yaml", Some(8)),
            ("config.yml", None),
            ("config.v8.yaml", None),
            ("other.yaml", None),
        ] {
            assert_eq!(least_version(name), least, "{name}");
        }
    }

    #[test]
    fn only_known_names_are_expanded() {
        assert_eq!(expand("a$NO_SUCH_NAME_HERE/b"), "a$NO_SUCH_NAME_HERE/b");
        assert_eq!(expand("${NO_SUCH_NAME_HERE}x"), "${NO_SUCH_NAME_HERE}x");
        assert_eq!(expand("1$"), "1$");
        assert_eq!(expand("$PATH"), std::env::var("PATH").unwrap());
    }
}
