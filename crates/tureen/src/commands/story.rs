//! The whole story of a failed job: what it was, where it stands, what it said last, what was removed.

use std::fmt::Write;
use std::path::PathBuf;

use tureen_workflow::cache::LOCATION;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::evaluator::job::{Exception, Frame, RunEnd};
use tureen_workflow::run::{Failure, What};
use tureen_workflow::span::{Source, Sources, Span};
use tureen_workflow::work::files::FileFault;
use tureen_workflow::work::shell::Exit;

pub(super) fn story(failure: &Failure, sources: &Sources, shows_logs: bool) -> Diagnostic {
    let name = name(failure);
    let mut diagnostic = match &failure.what {
        What::Command(exit) => Diagnostic::new(format!("{name} failed: its command {}", ended(*exit))),
        What::OutOfMemory { peak, limit, frames } => traced(out_of_memory(&name, *peak, *limit), frames),
        What::NoStart(error) => {
            Diagnostic::new(format!("{name} failed: its command can't be started: {error}"))
        }
        What::Files(fault) => about_files(&name, fault),
        What::Cache(fault) => Diagnostic::new(format!("the results of {name} can't be shared: {fault}"))
            .hint(format!(
                "${LOCATION} has to be a folder that you may write to; without `--cache` none is needed"
            )),
        What::Block(end) => about_block(&name, end),
        What::NotReady(diagnostic) => return (**diagnostic).clone(),
        What::Record(error) => {
            Diagnostic::new(format!("{name} failed: it can't be recorded: {error}")).hint("is the disk full?")
        }
        What::Elsewhere { why, .. } => Diagnostic::new(format!("{name} failed: {why}")),
        What::Stopped => Diagnostic::new(format!("{name} was stopped")),
    };
    if let Some(span) = raising_line(failure, sources).or(failure.span) {
        diagnostic = diagnostic.at(span, "");
    }
    if let Some(command) = &failure.command {
        diagnostic = diagnostic.note(format!("the command was\n{}", command.trim_matches('\n')));
    }
    if !failure.tail.is_empty() {
        diagnostic = diagnostic.note(format!("it said last\n{}", failure.tail));
    }
    for log in failure.logs.iter().filter(|log| std::path::Path::new(log).exists()) {
        diagnostic = diagnostic.note(format!("its log is `{log}`"));
        // A job that said nothing has said it there.
        if (shows_logs || failure.tail.is_empty())
            && let Ok(text) = std::fs::read(log)
        {
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.trim_end().lines().collect();
            let last = lines[lines.len().saturating_sub(20)..].join("\n");
            if !last.is_empty() {
                diagnostic = diagnostic.note(format!("which ends with\n{last}"));
            }
        }
    }
    let list = |paths: &[PathBuf]| {
        paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
    };
    if !failure.removed.is_empty() {
        let removed = list(&failure.removed);
        diagnostic = diagnostic.note(format!("removed {removed}, which may be incomplete"));
    }
    if !failure.kept.is_empty() {
        let kept = list(&failure.kept);
        diagnostic = diagnostic
            .note(format!("kept {kept}, which may be incomplete, and is made anew by the next run"));
    }
    diagnostic
}

/// The line of the user's files where a `run:` block went wrong.
fn raising_line(failure: &Failure, sources: &Sources) -> Option<Span> {
    let frames = match &failure.what {
        What::Block(end) => end.frames(),
        What::OutOfMemory { frames, .. } => frames,
        _ => return None,
    };
    let source = failure.span?.source;
    let Source { path, text } = sources.get(source);
    let frame = frames.iter().rev().find(|frame| std::path::Path::new(&frame.file) == path)?;
    let mut start = 0;
    let mut lines = text.split_inclusive('\n');
    for line in lines.by_ref().take(frame.line.saturating_sub(1) as usize) {
        start += line.len();
    }
    let line = lines.next()?;
    let start = start + (line.len() - line.trim_start().len());
    let end = start + line.trim().len();
    Some(Span { source, start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
}

fn name(failure: &Failure) -> String {
    let mut name = format!("rule `{}`", failure.view.rule);
    let wildcards: Vec<String> =
        failure.view.wildcards.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !wildcards.is_empty() {
        // Writing to a string can't fail.
        let _ = write!(name, " ({})", wildcards.join(", "));
    }
    name
}

fn ended(exit: Exit) -> String {
    match exit {
        Exit::Status(status @ 129..=192) => {
            format!("ended with exit status {status} (a program in it was ended by {})", signal(status - 128))
        }
        Exit::Status(127) => "ended with exit status 127 (a program in it was not found)".to_owned(),
        Exit::Status(status) => format!("ended with exit status {status}"),
        Exit::Signal(number) => format!("was ended by {}", signal(number)),
    }
}

fn out_of_memory(name: &str, peak: Option<u64>, limit: Option<u64>) -> Diagnostic {
    let mut text = format!("{name} failed: the system ended it because memory was used up");
    if let Some(peak) = peak {
        let _ = write!(text, "; its largest process had {}", amount(peak));
    }
    if let Some(limit) = limit {
        let _ = write!(text, "; all processes here may have {} together", amount(limit));
    }
    Diagnostic::new(text)
        .hint("run fewer jobs at once, or say what each needs (`resources: mem_mb=...`) and what there is (`--resources mem_mb=...`)")
}

/// An amount of memory, as one says it.
fn amount(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1024.0 { format!("{mebibytes:.0} MiB") } else { format!("{:.1} GiB", mebibytes / 1024.0) }
}

fn signal(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    format!("signal {number}, {name}")
}

fn about_files(name: &str, fault: &FileFault) -> Diagnostic {
    let diagnostic = Diagnostic::new(format!("{name} failed: {fault}"));
    match fault {
        FileFault::Protected(_) => diagnostic.hint("make it writable (`chmod u+w`) or move it away, if it may be made anew"),
        FileFault::Missing(_) => diagnostic
            .hint("compare the paths its command writes with those under `output:`; on a slow file system try `--latency-wait 30`"),
        FileFault::IsDirectory(_) => diagnostic.hint("mark it: `directory(\"...\")`"),
        _ => diagnostic,
    }
}

pub(super) fn about_block(name: &str, end: &RunEnd) -> Diagnostic {
    match end {
        RunEnd::Raised(Exception { class, message, frames }) => {
            let message = if message.is_empty() { class.clone() } else { format!("{class}: {message}") };
            traced(Diagnostic::new(format!("{name} failed: {message}")), frames)
        }
        RunEnd::ShellFailed { command, status, frames } => {
            let how = ended(if *status < 0 { Exit::Signal(-status) } else { Exit::Status(*status) });
            let diagnostic = Diagnostic::new(format!("{name} failed: a shell command in it {how}"));
            traced(diagnostic.note(format!("the command was\n{}", command.trim())), frames)
        }
        RunEnd::Exited(status) => {
            Diagnostic::new(format!("{name} failed: it left with exit status {status}"))
        }
        RunEnd::Killed(number) => {
            Diagnostic::new(format!("{name} failed: it was ended by {}", signal(*number)))
        }
        RunEnd::Done => Diagnostic::new(format!("{name} failed")),
    }
}

fn traced(mut diagnostic: Diagnostic, frames: &[Frame]) -> Diagnostic {
    for Frame { file, line, function, text } in frames {
        let within = if function.starts_with('<') { String::new() } else { format!(", in `{function}`") };
        diagnostic = diagnostic.note(format!("{file}:{line}{within}\n{text}"));
    }
    diagnostic
}
