//! `tureen why FILE`: why a file would be made now, with what has changed as a diff; or what it was made from, if it is
//! up to date.

use std::fmt::Write;
use std::path::Path;

use similar::{ChangeTag, TextDiff};
use tureen_workflow::code::{is_per_job, normalised, of_job};
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::disk::stamp;
use tureen_workflow::job::{FileId, JobId};
use tureen_workflow::params::{own_params, params_text};
use tureen_workflow::plan::{ParamsChange, is_code_changed, params_change};
use tureen_workflow::reason::Reason;
use tureen_workflow::record::{InputMemory, Origin, Remembered};
use tureen_workflow::rule::Action;
use tureen_workflow::run::Python;

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::exit_code;
use crate::settings::Settings;
use crate::talk::data;

pub(super) fn why(settings: &Settings) -> Result<u8, Ended> {
    if settings.targets.is_empty() {
        return Err(Diagnostic::new("it must be said which file")
            .hint("`tureen why out/a.txt`; `tureen -n` gives the reasons of all jobs that would run")
            .into());
    }
    let reading = load::workflow(settings)?;
    let told = with_python(&reading, |python| {
        let planned = planned(settings, &reading, python)?;
        let mut text: String = planned.notes().iter().map(|note| format!("note: {note}\n")).collect();
        for target in &settings.targets {
            text.push_str(&about_target(&planned, target, python)?);
        }
        Ok(text)
    });
    match told {
        Ok(text) => data(text.as_bytes())?,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    }
    Ok(exit_code::SUCCESS)
}

/// A target is a file, or a rule that stands for its jobs.
fn about_target(planned: &Planned<'_>, target: &str, python: &Python<'_>) -> Result<String, Vec<Diagnostic>> {
    let Planned { rules, graph, .. } = planned;
    // A rule's name counts first, as it does where targets are made.
    let mut text = String::new();
    for &job in &graph.targets {
        let name = &rules.workflow.rules[graph.jobs.rule(job)].name;
        if name == target {
            text.push_str(&about_job(planned, job, &format!("rule {name}"), python)?);
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    if let Some(file) = graph.jobs.find_file(target) {
        return match graph.any_maker(file) {
            Some(job) => about_job(planned, job, target, python),
            None => Ok(format!("{target}: no rule makes it; it is there\n")),
        };
    }
    Ok(text)
}

fn about_job(
    planned: &Planned<'_>,
    job: JobId,
    name: &str,
    python: &Python<'_>,
) -> Result<String, Vec<Diagnostic>> {
    let Planned { rules, graph, plan, remembered, .. } = planned;
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    let memory = graph.jobs.outputs(job).iter().find_map(|&file| remembered.get(graph.jobs.path(file)));
    let Some(reason) = plan.reason(job) else {
        let mut text = format!("{name}: up to date\n");
        match memory.filter(|memory| !memory.has_failed) {
            Some(memory) => {
                let whose = if memory.origin == Origin::Snakemake { ", by Snakemake" } else { "" };
                let _ = writeln!(text, "made by rule `{}` at {}{whose}", memory.rule, date(memory.ended));
                text.push_str(&cost(memory));
                for input in &memory.inputs {
                    let _ = writeln!(text, "from {}", input.path);
                }
            }
            None => text.push_str("nothing is on record of it: times of files decide\n"),
        }
        return Ok(text);
    };
    let mut text = format!("{name}: would be made by rule `{}`\n{}\n", rule.name, reason.text(&graph.jobs));
    text.push_str(&details(planned, job, python)?);
    text.push_str(&behind(planned, job, reason));
    Ok(text)
}

/// How long it took, and what it used, as far as that is known.
fn cost(memory: &Remembered) -> String {
    let seconds = memory.ended - memory.started;
    if memory.origin == Origin::Snakemake || seconds < 0.0 {
        return String::new();
    }
    let mut text = format!("in {seconds:.1} s");
    if let Some(cpu) = memory.cpu {
        let _ = write!(text, ", computing {cpu:.1} s");
    }
    if let Some(peak) = memory.peak {
        let _ = write!(text, ", with at most {:.0} MiB in one process", peak as f64 / f64::from(1 << 20));
    }
    text + "\n"
}

/// What a job's reason says only in general: what has changed since its outputs were made, line by line.
///
/// # Errors
/// A params function that raised.
pub(super) fn details(
    planned: &Planned<'_>,
    job: JobId,
    python: &Python<'_>,
) -> Result<String, Vec<Diagnostic>> {
    let Planned { rules, graph, plan, remembered, .. } = planned;
    let (Some(reason), Some(memory)) = (
        plan.reason(job),
        graph.jobs.outputs(job).iter().find_map(|&file| remembered.get(graph.jobs.path(file))),
    ) else {
        return Ok(String::new());
    };
    let mut text = String::new();
    for &file in &reason.updated {
        text.push_str(&about_input(graph.jobs.path(file), memory));
    }
    if memory.has_failed {
        return Ok(text);
    }
    let rule = &rules.workflow.rules[graph.jobs.rule(job)];
    // Whichever reason decided, all that differs is shown.
    let recorded = |file| rules.workflow.recorded(graph.jobs.path(file));
    let mut now: Vec<&str> = graph.jobs.inputs(job).iter().map(|input| recorded(input.file)).collect();
    now.sort_unstable();
    now.dedup();
    if !memory.has_inputs(&now) {
        let then: Vec<&str> = memory.inputs.iter().map(|input| input.path.as_str()).collect();
        text.push_str(&diff("input files", &then.join("\n"), &now.join("\n")));
    }
    let mut ask = |calls: &[_]| (python.ask)(calls);
    let mut view = graph.view(rules, job);
    view.threads = 1;
    view.params = own_params(rules, graph, job, &view, &mut ask).map_err(|fault| vec![*fault])?;
    let shell = &rules.workflow.shell;
    let code = if is_per_job(&rule.action) {
        of_job(&rule.action, shell, &view)
    } else {
        normalised(&rule.action, shell)
    };
    if is_code_changed(memory, rule, shell, &code) {
        let now = match (&rule.action, memory.origin) {
            // As Snakemake keeps it.
            (Action::Shell { command, .. }, Origin::Snakemake) => command.clone(),
            _ => code,
        };
        text.push_str(&diff("code", &memory.code, &now));
    }
    if let ParamsChange::Lines(before, now) = params_change(memory, &view.params) {
        let all = |lines: &[String]| lines.join("\n");
        text.push_str(&match memory.origin {
            Origin::Own => diff("params", &memory.params, &params_text(&view.params)),
            Origin::Snakemake => diff("params", &all(&before), &all(&now)),
        });
    }
    Ok(text)
}

/// How an input differs from what is remembered of it.
fn about_input(path: &str, memory: &Remembered) -> String {
    let (Some(then), Some(now)) = (memory.input(path), stamp(Path::new(path))) else {
        let what = if memory.inputs.is_empty() {
            "newer than what was made of it"
        } else {
            "newer, and not what it was made of"
        };
        return format!("    {path}: {what}\n");
    };
    let InputMemory { content, time, size, .. } = then;
    let mut text = format!("    {path}:");
    if let Some(size) = size.filter(|&size| size != now.size) {
        let _ = write!(text, " {size} bytes, now {};", now.size);
    } else if content.is_some() {
        text.push_str(" other content;");
    }
    if let Some(time) = time.filter(|&time| time != now.target_ns) {
        let seconds = |nanoseconds: i64| date(nanoseconds as f64 / 1e9);
        let _ = write!(text, " changed at {} (was {})", seconds(now.target_ns), seconds(time));
    }
    text.trim_end_matches(';').to_owned() + "\n"
}

/// For inputs that are made anew: which job that starts with, and why.
fn behind(planned: &Planned<'_>, job: JobId, reason: &Reason) -> String {
    let Planned { rules, graph, plan, .. } = planned;
    let mut text = String::new();
    let maker = |job: JobId, file: FileId| {
        graph.needs(job).find(|(_, input)| input.file == file).map(|(need, _)| need)
    };
    // One way back is enough to see where it comes from; graphs have no circles, so it ends.
    let mut next = reason.remade.first().and_then(|&file| Some((file, maker(job, file)?)));
    while let Some((file, need)) = next {
        let Some(reason) = plan.reason(need) else { break };
        let rule = &rules.workflow.rules[graph.jobs.rule(need)].name;
        let _ = writeln!(
            text,
            "{} is made anew by rule `{rule}`: {}",
            graph.jobs.path(file),
            reason.text(&graph.jobs)
        );
        next = if reason.is_remade_only() || reason.may_stay {
            reason.remade.first().and_then(|&file| Some((file, maker(need, file)?)))
        } else {
            None
        };
    }
    text
}

/// What has changed, line by line, each marked with `-` or `+`.
fn diff(what: &str, before: &str, now: &str) -> String {
    let mut text = format!("    {what}:\n");
    for change in TextDiff::from_lines(&whole_lines(before), &whole_lines(now)).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let _ = writeln!(text, "    {sign} {}", change.value().trim_end_matches('\n'));
    }
    text
}

/// Lines that all end, the last one too.
fn whole_lines(text: &str) -> String {
    let text = text.trim_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// A time, in this machine's time zone.
fn date(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and is then no date")]
    let Ok(timestamp) = jiff::Timestamp::from_second(seconds as i64) else {
        return "an unknown time".to_owned();
    };
    timestamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
