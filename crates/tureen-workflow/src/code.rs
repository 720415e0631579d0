//! What a job does, as text that changes only when the meaning may: Python as its tokens, shell commands as their words,
//! other languages line by line. Comments and layout are no part of it.
//!
//! The record keeps this text, and a job whose code is another one now runs again. Both ways of reading a Snakefile give
//! the same commands and blocks, so they give the same text, too.

mod lines;
mod python;
mod shell;

use std::path::Path;

use crate::evaluator::job::JobView;
use crate::fields::{Globals, fill};
use crate::rule::{Action, ShellSettings};

/// The normalised code of an action; empty for a rule that only gathers. Scripts in files are read.
pub fn normalised(action: &Action, shell: &ShellSettings) -> String {
    match action {
        Action::None => String::new(),
        Action::Shell { command, .. } if is_shell(shell) => command_of(command),
        // What white space means in another language only that language knows.
        Action::Shell { command, .. } => command.clone(),
        Action::Run { code, .. } => python::tokens(code),
        Action::Script { directive, path, folder, .. } => script(directive, path, folder),
    }
}

/// Whether commands are in the language of POSIX shells.
fn is_shell(shell: &ShellSettings) -> bool {
    let Some(program) = &shell.executable else { return true };
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    matches!(&*name, "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh")
}

/// Whether the code is another one for each job: its path names the job's wildcards or params.
pub fn is_per_job(action: &Action) -> bool {
    matches!(action, Action::Script { path, .. } if path.contains('{'))
}

/// As [`normalised`], for one job. Its view needs wildcards and params.
pub fn of_job(action: &Action, shell: &ShellSettings, view: &JobView) -> String {
    match action {
        Action::Script { directive, path, folder, .. } => {
            let filled = fill(path, view, Globals::default());
            script(directive, filled.as_deref().unwrap_or(path), folder)
        }
        action => normalised(action, shell),
    }
}

/// A command that we can't read word by word is read line by line.
fn command_of(command: &str) -> String {
    shell::words(command).unwrap_or_else(|| lines::lines(command))
}

/// What a script says, if it is a file here; else only where it is.
fn script(directive: &str, path: &str, folder: &Path) -> String {
    let name = format!("{directive}: {path}");
    if !matches!(directive, "script" | "notebook") {
        return name;
    }
    let path = path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path);
    let Ok(text) = std::fs::read_to_string(folder.join(path)) else { return name };
    let ending = Path::new(path).extension().map(|ending| ending.to_string_lossy()).unwrap_or_default();
    let code = match &*ending {
        "py" => python::tokens(&text),
        "sh" => command_of(&text),
        "ipynb" => cells(&text),
        "R" => lines::lines(&text),
        "jl" if !text.contains("#=") => lines::lines(&text),
        // In Markdown and Rust a line that begins with `#` means something.
        _ => text,
    };
    format!("{name}\n{code}")
}

/// The sources of a notebook's cells: its outputs are no code.
fn cells(notebook: &str) -> String {
    let Ok(notebook) = serde_json::from_str::<serde_json::Value>(notebook) else {
        return notebook.to_owned();
    };
    let cells = notebook["cells"].as_array().map_or(&[][..], Vec::as_slice);
    cells.iter().map(|cell| format!("{}\n", cell["source"])).collect()
}
