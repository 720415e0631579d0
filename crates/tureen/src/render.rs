//! Diagnostics for a person: the message, the marked lines of the user's file, notes, and the hint on its own line.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use tureen_workflow::diagnostic::{Diagnostic, Label};
use tureen_workflow::span::{SourceId, Sources};

/// `--nocolor` was typed.
static IS_PLAIN: AtomicBool = AtomicBool::new(false);

/// `--log json` was typed.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// From here on errors are events.
pub(crate) fn as_events() {
    IS_JSON.store(true, Ordering::Relaxed);
    without_colours();
}

/// From here on nothing is coloured.
pub(crate) fn without_colours() {
    IS_PLAIN.store(true, Ordering::Relaxed);
}

/// Says an error that points nowhere.
pub(crate) fn error(diagnostic: &Diagnostic) {
    errors(std::slice::from_ref(diagnostic), &Sources::default());
}

/// Says errors, each with its lines.
pub(crate) fn errors(diagnostics: &[Diagnostic], sources: &Sources) {
    if IS_JSON.load(Ordering::Relaxed) {
        for diagnostic in diagnostics {
            crate::show::error_event(&diagnostic.message, &drawn(diagnostic, sources, false));
        }
        return;
    }
    let has_colour = has_colour();
    let mut texts: Vec<String> = Vec::new();
    for diagnostic in diagnostics {
        texts.push(drawn(diagnostic, sources, has_colour));
    }
    // If nobody reads our talk there is nobody to tell that to.
    let _ = writeln!(std::io::stderr(), "{}", texts.join("\n\n"));
}

/// Says warnings, each with its lines; as events they are not told.
pub(crate) fn warnings(diagnostics: &[Diagnostic], sources: &Sources) {
    if IS_JSON.load(Ordering::Relaxed) {
        return;
    }
    for diagnostic in diagnostics {
        // If nobody reads our talk there is nobody to tell that to.
        let _ = writeln!(std::io::stderr(), "{}", drawn_warning(diagnostic, sources));
    }
}

/// A warning as text, without a final newline.
pub(crate) fn drawn_warning(diagnostic: &Diagnostic, sources: &Sources) -> String {
    drawn_at(&Level::WARNING, diagnostic, sources, has_colour())
}

fn has_colour() -> bool {
    let is_plain = IS_PLAIN.load(Ordering::Relaxed) || std::env::var_os("NO_COLOR").is_some();
    std::io::stderr().is_terminal() && !is_plain
}

/// One error as text, without a final newline.
pub(crate) fn drawn(diagnostic: &Diagnostic, sources: &Sources, has_colour: bool) -> String {
    drawn_at(&Level::ERROR, diagnostic, sources, has_colour)
}

fn drawn_at(level: &Level<'_>, diagnostic: &Diagnostic, sources: &Sources, has_colour: bool) -> String {
    let renderer = if has_colour { Renderer::styled() } else { Renderer::plain() };
    let mut group = Group::with_title(level.clone().primary_title(diagnostic.message.as_str()));
    let mut seen: Vec<SourceId> = Vec::new();
    for label in &diagnostic.labels {
        let id = label.span.source;
        if !seen.contains(&id) && sources.contains(id) {
            seen.push(id);
            group = group.element(snippet(id, &diagnostic.labels, sources));
        }
    }
    let mut text = renderer.render(&[group]);
    for note in &diagnostic.notes {
        text.push_str("\nnote: ");
        text.push_str(&note.replace('\n', "\n    "));
    }
    if let Some(hint) = &diagnostic.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}

fn snippet<'s>(
    id: SourceId,
    labels: &'s [Label],
    sources: &'s Sources,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let source = sources.get(id);
    let mut snippet = Snippet::source(source.text.as_str()).path(source.path.to_string_lossy());
    for (number, label) in labels.iter().enumerate().filter(|(_, label)| label.span.source == id) {
        let kind = if number == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let end = source.text.len();
        let range = (label.span.start as usize).min(end)..(label.span.end as usize).min(end);
        let annotation = kind.span(range);
        snippet = snippet.annotation(if label.text.is_empty() {
            annotation
        } else {
            annotation.label(label.text.as_str())
        });
    }
    snippet
}
