//! `--lint`: weak points, for people or as JSON. A workflow that has some ends with a failure, as in Snakemake.

use std::fmt::Write;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::lint::{Found, Of, lint};
use tureen_workflow::span::Sources;

use super::{Ended, load};
use crate::settings::Settings;
use crate::talk::{Talk, data};
use crate::{exit_code, render};

pub(super) fn lint_workflow(settings: &Settings, is_json: bool) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let found = lint(&reading.workflow, &reading.sources);
    if is_json {
        data(json(&found, &reading.sources).as_bytes())?;
    } else {
        let talk = Talk { quiet: settings.quiet, to_stdout: false, print_commands: false };
        let text = if found.is_empty() {
            "Congratulations, your workflow is in a good condition!".to_owned()
        } else {
            found.iter().map(|found| text(found, &reading.sources)).collect::<Vec<_>>().join("\n\n")
        };
        talk.say(&text)?;
    }
    Ok(if found.is_empty() { exit_code::SUCCESS } else { exit_code::FAILURE })
}

fn text(found: &Found, sources: &Sources) -> String {
    let mut text = match &found.of {
        Of::File(path) => format!("Lints for snakefile {path}:"),
        Of::Rule(name, span) => {
            let path = sources.get(span.source).path.display();
            format!("Lints for rule {name} (line {}, {path}):", sources.line_column(*span).0)
        }
    };
    for lint in &found.lints {
        let diagnostic = Diagnostic::new(lint.title.clone()).at(lint.span, "").hint(lint.advice);
        let _ = write!(text, "\n{}", render::drawn_warning(&diagnostic, sources));
    }
    text
}

/// As Snakemake's, with the place of each.
fn json(found: &[Found], sources: &Sources) -> String {
    let (mut files, mut rules) = (Vec::new(), Vec::new());
    for Found { of, lints } in found {
        let lints: Vec<serde_json::Value> = lints
            .iter()
            .map(|lint| {
                let (line, column) = sources.line_column(lint.span);
                serde_json::json!({
                    "title": lint.title,
                    "body": lint.advice,
                    "links": [],
                    "snakefile": sources.get(lint.span.source).path,
                    "line": line,
                    "column": column,
                })
            })
            .collect();
        match of {
            Of::File(path) => files.push(serde_json::json!({ "for": { "snakefile": path }, "lints": lints })),
            Of::Rule(name, span) => {
                let (line, _) = sources.line_column(*span);
                let snakefile = &sources.get(span.source).path;
                let of = serde_json::json!({ "rule": name, "line": line, "snakefile": snakefile });
                rules.push(serde_json::json!({ "for": of, "lints": lints }));
            }
        }
    }
    let all = serde_json::json!({ "snakefiles": files, "rules": rules });
    format!("{all:#}\n")
}
