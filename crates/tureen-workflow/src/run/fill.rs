//! Commands and messages with their fields filled: here if it can be, else by the Snakefile's interpreter.

use super::Shared;
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Exception, Format, JobView};
use crate::fields::{FieldError, Globals, fill};
use crate::job::JobId;
use crate::rule::{Action, Rule};

impl Shared<'_, '_> {
    pub(super) fn fill_command(&self, job: JobId, view: &JobView) -> Result<Option<String>, Box<Diagnostic>> {
        let rule = self.rule(job);
        let Action::Shell { command, span } = &rule.action else { return Ok(None) };
        let filled = match self.python.format.filter(|_| rule.has_late_command) {
            Some(format) => {
                let request = Format { text: command.clone(), is_late_command: true, job: view.clone() };
                format(&request).map_err(raised)
            }
            None => self.fill(rule, command, view),
        };
        filled.map(Some).map_err(|error| {
            let diagnostic =
                Diagnostic::new(format!("the command of rule `{}` can't be filled: {error}", view.rule));
            Box::new(hint_for(&error, diagnostic.at(*span, ""), view))
        })
    }

    /// A message that can't be filled is shown as it stands.
    pub(super) fn fill_message(&self, job: JobId, view: &JobView) -> Option<String> {
        let message = self.rule(job).message.as_ref()?;
        Some(self.fill(self.rule(job), message, view).unwrap_or_else(|_| message.clone()))
    }

    fn fill(&self, rule: &Rule, text: &str, view: &JobView) -> Result<String, FieldError> {
        let globals = Globals::of(self.rules.workflow, rule);
        match (fill(text, view, globals), self.python.format) {
            (
                Err(FieldError::UnknownName(_) | FieldError::NoPart { .. } | FieldError::Format(_)),
                Some(format),
            ) => {
                let request = Format { text: text.to_owned(), is_late_command: false, job: view.clone() };
                format(&request).map_err(raised)
            }
            (filled, _) => filled,
        }
    }
}

/// What the evaluator says of a text that it can't fill.
fn raised(exception: Exception) -> FieldError {
    FieldError::Syntax(format!("{}: {}", exception.class, exception.message))
}

/// What was probably meant by a name that nobody knows.
fn hint_for(error: &FieldError, diagnostic: Diagnostic, view: &JobView) -> Diagnostic {
    let FieldError::UnknownName(name) = error else { return diagnostic };
    if view.wildcards.iter().any(|(known, _)| known == name) {
        return diagnostic.hint(format!("did you mean `{{wildcards.{name}}}`?"));
    }
    for (list, entries) in [("input", &view.input), ("output", &view.output), ("params", &view.params)] {
        if entries.iter().any(|entry| entry.name.as_ref() == Some(name)) {
            return diagnostic.hint(format!("did you mean `{{{list}.{name}}}`?"));
        }
    }
    let known = ["input", "output", "params", "wildcards", "threads", "resources", "log", "config", "rule"];
    match crate::nearest::nearest(name, known.into_iter()) {
        Some(near) => diagnostic.hint(format!("did you mean `{{{near}}}`?")),
        None => diagnostic.hint(format!("double the braces (`{{{{{name}}}}}`) if they are meant as text")),
    }
}
