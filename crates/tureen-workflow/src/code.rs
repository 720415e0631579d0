//! What a job does, as text that changes only when the meaning may: white space at line ends, indentation of
//! the whole, empty lines and comment lines are left out. Texts in which a line may stand inside a quotation
//! or a here-document are only dedented.

use std::path::Path;

use crate::evaluator::job::JobView;
use crate::fields::{Globals, fill};
use crate::rule::Action;

/// The normalised code of an action; empty for a rule that only gathers. Scripts in files are read.
pub fn normalised(action: &Action) -> String {
    match action {
        Action::None => String::new(),
        Action::Shell { command, .. } => lines(command),
        Action::Run { code, .. } => lines(code),
        Action::Script { directive, path, folder, .. } => script(directive, path, folder),
    }
}

/// Whether the code is another one for each job: its path names the job's wildcards or params.
pub fn is_per_job(action: &Action) -> bool {
    matches!(action, Action::Script { path, .. } if path.contains('{'))
}

/// As [`normalised`], for one job. Its view needs wildcards and params.
pub fn of_job(action: &Action, view: &JobView) -> String {
    match action {
        Action::Script { directive, path, folder, .. } => {
            let filled = fill(path, view, Globals::default());
            script(directive, filled.as_deref().unwrap_or(path), folder)
        }
        action => normalised(action),
    }
}

/// What a script says, if it is a file here; else only where it is.
fn script(directive: &str, path: &str, folder: &Path) -> String {
    let name = format!("{directive}: {path}");
    if matches!(directive, "script" | "notebook") {
        let path = path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path);
        match std::fs::read_to_string(folder.join(path)) {
            Ok(text) if path.ends_with(".ipynb") => return format!("{name}\n{}", cells(&text)),
            Ok(text) => return format!("{name}\n{}", lines(&text)),
            Err(_) => {}
        }
    }
    name
}

/// The sources of a notebook's cells: its outputs are no code.
fn cells(notebook: &str) -> String {
    let Ok(notebook) = serde_json::from_str::<serde_json::Value>(notebook) else {
        return notebook.to_owned();
    };
    let cells = notebook["cells"].as_array().map_or(&[][..], Vec::as_slice);
    cells.iter().map(|cell| format!("{}\n", cell["source"])).collect()
}

fn lines(text: &str) -> String {
    let is_plain =
        !text.contains("<<") && !text.contains("\"\"\"") && !text.contains("'''") && !has_open_quotes(text);
    let margin = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let mut normalised = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.get(margin..).unwrap_or("").trim_end();
        if is_plain && (line.is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        normalised.push_str(line);
        normalised.push('\n');
    }
    normalised.trim_matches('\n').to_owned()
}

/// Whether a quotation runs past the end of a line.
fn has_open_quotes(text: &str) -> bool {
    text.lines().any(|line| {
        let mut open = None;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (open, letter) {
                (Some('\''), '\\') => {}
                (_, '\\') => {
                    letters.next();
                }
                (None, '\'' | '"') => open = Some(letter),
                (None, '#') => break,
                (Some(quote), _) if quote == letter => open = None,
                _ => {}
            }
        }
        open.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_what_may_matter_is_kept() {
        assert_eq!(lines("\n    a  \n\n    # why\n      b\n"), "a\n  b");
        assert_eq!(lines("echo 'x\n# y'\n"), "echo 'x\n# y'");
        assert_eq!(lines("cat <<E\n\n# y\nE"), "cat <<E\n\n# y\nE");
        assert_ne!(lines("echo 'a  b'"), lines("echo 'a b'"));
        assert_eq!(lines(""), "");
    }
}
