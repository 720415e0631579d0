//! `--list`: the names of the rules, one a line, with their docstrings.

use tureen_workflow::job::Rules;

use super::{Ended, load};
use crate::exit_code;
use crate::settings::Settings;
use crate::talk::data;

pub(super) fn list(settings: &Settings, only_targets: bool) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let rules = match Rules::new(&reading.workflow) {
        Ok(rules) => rules,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    };
    let mut entries: Vec<(&str, Option<&str>)> = Vec::new();
    for (rule, patterns) in reading.workflow.rules.iter().zip(&rules.patterns) {
        if !only_targets || !patterns.has_wildcards() {
            entries.push((&rule.name, rule.docstring.as_deref()));
        }
    }
    entries.sort_unstable();
    let mut text = String::new();
    for (name, docstring) in entries {
        match docstring.map(str::trim).filter(|docstring| !docstring.is_empty()) {
            Some(docstring) => text.push_str(&format!("{name} ({docstring})\n")),
            None => text.push_str(&format!("{name}\n")),
        }
    }
    data(text.as_bytes())?;
    Ok(exit_code::SUCCESS)
}
