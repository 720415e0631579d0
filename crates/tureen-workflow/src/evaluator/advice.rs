//! What to try when a Snakefile raised: for the slips that Python's own words don't explain. Knows texts only.

use serde_json::Value as Json;

use crate::nearest::nearest;

/// A hint for an exception: its class and message, the line that raised it, the names that would have been right
/// (of a config), and the files that were read.
pub(super) fn on(class: &str, message: &str, line: &str, known: &Json, texts: &[&str]) -> Option<String> {
    let quoted = message.split('\'').nth(1).unwrap_or("");
    match class {
        "NameError" if line.contains(&format!("{{{quoted}}}")) => {
            Some(format!("in an f-string, the braces of a wildcard are doubled: `{{{{{quoted}}}}}`"))
        }
        "NameError" if line.contains(&format!("[{quoted}]")) => {
            Some(format!("a key is written in quotes: `[\"{quoted}\"]`"))
        }
        "WildcardError" if message.starts_with("No values given for wildcard") => Some(format!(
            "give its values, as in `{quoted}=[...]`, or double its braces (`{{{{{quoted}}}}}`) where it stays a wildcard"
        )),
        "KeyError" if line.contains("config") => {
            let names: Vec<&str> = known.as_array()?.iter().filter_map(Json::as_str).collect();
            match nearest(quoted, names.iter().copied()) {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if names.is_empty() => {
                    Some("the config is empty: name its file with `configfile:` or `--configfile`".to_owned())
                }
                None => Some(format!("the config has `{}`", names.join("`, `"))),
            }
        }
        "WorkflowError" if message.contains("is not defined in this workflow") => {
            let rule = message.split_whitespace().nth(1)?;
            let is_there = |word: &str| {
                let header = format!("{word} {rule}:");
                texts.iter().any(|text| text.lines().any(|line| line.trim_start().starts_with(&header)))
            };
            (is_there("rule") || is_there("checkpoint"))
                .then(|| format!("`rules.{rule}` can be named only below rule `{rule}`: move one of them"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::on;

    #[test]
    fn slips_are_recognised() {
        let hint =
            |class, message, line| on(class, message, line, &json!(["samples", "out"]), &["rule b:\n"]);
        let name = |line| hint("NameError", "name 'sample' is not defined", line).unwrap();
        assert!(name("input: f\"{sample}.txt\"").contains("`{{sample}}`"));
        assert!(name("output: config[sample]").contains("`[\"sample\"]`"));
        assert_eq!(hint("NameError", "name 'x' is not defined", "x"), None);
        let key = hint("KeyError", "'sample'", "config['sample']");
        assert_eq!(key.as_deref(), Some("did you mean `samples`?"));
        let before = "Rule b is not defined in this workflow. Available rules: ";
        assert!(hint("WorkflowError", before, "").unwrap().contains("below rule `b`"));
        let lacking = hint("WildcardError", "No values given for wildcard 'r'.", "").unwrap();
        assert!(lacking.contains("`r=[...]`") && lacking.contains("`{{r}}`"));
    }
}
