//! Why a file can't be made, and how to say it: who needs it, where, and what was probably meant.

use super::Rules;
use super::explore::{Explored, Wanted};
use super::table::{FileId, JobId};
use crate::diagnostic::Diagnostic;
use crate::disk::Disk;
use crate::evaluator::job::Exception;
use crate::nearest::{nearest, nearest_within};
use crate::span::Span;
use crate::wildcards::InputPatterns;

/// One link of a chain of causes.
#[derive(Debug)]
pub(super) enum Failure {
    /// No rule makes it and it is not there.
    Missing { file: FileId },
    /// Rules match, but none of their jobs can be made; the first one's failure.
    Candidates { because: u32 },
    /// Two rules could make it and none is preferred.
    Ambiguous { file: FileId, first: JobId, other: JobId },
    /// An input of the job, by position, can't be made.
    Input { job: JobId, position: usize, because: u32 },
    /// The files need each other in this order.
    Cycle { files: Vec<FileId> },
    /// The rule can make its own input for ever.
    Periodic { job: JobId },
    /// An input function raised.
    Function { job: JobId },
}

/// The message for a target that can't be made.
pub(super) fn describe(
    rules: &Rules<'_>,
    explored: &Explored,
    failures: &[Failure],
    failure: &Failure,
    target: Wanted,
    disk: &mut Disk,
) -> Diagnostic {
    let jobs = &explored.jobs;
    let path = |file: FileId| jobs.path(file);
    let rule = |job: JobId| &rules.workflow.rules[jobs.rule(job)];
    // Down to the root cause, remembering the last job that needed something.
    let mut needed_by: Option<(JobId, usize)> = None;
    let mut root = failure;
    loop {
        match root {
            Failure::Candidates { because, .. } => root = &failures[*because as usize],
            Failure::Input { job, position, because } => {
                needed_by = Some((*job, *position));
                root = &failures[*because as usize];
            }
            _ => break,
        }
    }
    let place = needed_by.map(|(job, position)| input_span(rules, explored, job, position));
    match root {
        Failure::Missing { file } => missing(rules, explored, *file, needed_by, place, disk),
        Failure::Cycle { files } => {
            let mut names: Vec<String> = files.iter().map(|&file| format!("`{}`", path(file))).collect();
            names.extend(names.first().cloned());
            let diagnostic =
                Diagnostic::new(format!("the files need each other in a circle: {}", names.join(" needs ")));
            let diagnostic = match place {
                Some(span) => diagnostic.at(span, "closes the circle"),
                None => diagnostic,
            };
            let near = files.first().and_then(|&file| disk.nearest_beside(path(file)));
            diagnostic.hint(match near {
                Some(near) if files.len() == 1 => format!("did you mean `{near}`, which exists?"),
                _ => "a rule must not need, even through others, what it makes: give one of these files another name".to_owned(),
            })
        }
        Failure::Ambiguous { file, first, other } => {
            let (first, other) = (rule(*first), rule(*other));
            let span_of = |rule: &crate::rule::Rule| {
                rule.output
                    .iter()
                    .flat_map(|item| &item.value.files)
                    .next()
                    .map_or(rule.span, |file| file.span)
            };
            let mut diagnostic = Diagnostic::new(format!(
                "rules `{}` and `{}` can both make `{}`",
                first.name,
                other.name,
                path(*file)
            ))
            .at(span_of(first), format!("rule `{}`", first.name))
            .at(span_of(other), format!("rule `{}`", other.name));
            if let Some((job, _)) = needed_by {
                diagnostic = diagnostic.note(format!("{} needs it", job_name(rules, explored, job)));
            }
            diagnostic.hint(format!(
                "say which one to prefer with `ruleorder: {} > {}`, or make their outputs (or wildcard constraints) differ",
                first.name, other.name
            ))
        }
        Failure::Periodic { job } => {
            let rule = rule(*job);
            Diagnostic::new(format!("rule `{}` can make its own input, over and over", rule.name))
                .at(rule.span, "")
                .note(format!(
                    "the last file asked for was `{}`",
                    jobs.outputs(*job).first().map_or("", |&file| path(file))
                ))
                .hint("give its output a name or a wildcard constraint that its input does not match")
        }
        Failure::Function { job } => {
            let exception = jobs.failure(*job);
            function_failed(&rule(*job).name, &job_name(rules, explored, *job), rule(*job).span, exception)
        }
        Failure::Candidates { .. } | Failure::Input { .. } => {
            let wanted = match target {
                Wanted::File(file) => path(file).to_owned(),
                Wanted::Job(job) => rule(job).name.clone(),
            };
            Diagnostic::new(format!("`{wanted}` can't be made"))
        }
    }
}

/// An exception in a function of a rule, for the user.
pub(crate) fn function_failed(
    rule: &str,
    job: &str,
    span: Span,
    exception: Option<&Exception>,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(match exception {
        Some(exception) if exception.message.is_empty() => {
            format!("a function of rule `{rule}` raised {}", exception.class)
        }
        Some(exception) => {
            format!("a function of rule `{rule}` raised {}: {}", exception.class, exception.message)
        }
        None => format!("a function of rule `{rule}` failed"),
    })
    .at(span, "");
    diagnostic = diagnostic.note(format!("it was asked for {job}"));
    for frame in exception.iter().flat_map(|exception| &exception.frames) {
        diagnostic =
            diagnostic.note(format!("{}:{} in {}: {}", frame.file, frame.line, frame.function, frame.text));
    }
    diagnostic
}

fn missing(
    rules: &Rules<'_>,
    explored: &Explored,
    file: FileId,
    needed_by: Option<(JobId, usize)>,
    place: Option<Span>,
    disk: &mut Disk,
) -> Diagnostic {
    let jobs = &explored.jobs;
    let path = jobs.path(file);
    let Some((job, _)) = needed_by else {
        let names = rules.workflow.rules.iter().map(|rule| rule.name.as_str());
        let diagnostic = Diagnostic::new(format!("no rule makes `{path}`, and no such file or rule exists"));
        let by_name = nearest(path, names).map(|name| format!("did you mean rule `{name}`?"));
        return match by_name.or_else(|| suggestion(rules, path, disk)) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic.hint("`tureen --list` shows the rules"),
        };
    };
    let rule = &rules.workflow.rules[jobs.rule(job)];
    // All that this job lacks, not just the first.
    let mut lacking: Vec<&str> = Vec::new();
    for input in jobs.inputs(job) {
        let name = jobs.path(input.file);
        if explored.candidates(input.file).is_empty() && !disk.exists(name) && !lacking.contains(&name) {
            lacking.push(name);
            if lacking.len() == 5 {
                break;
            }
        }
    }
    let mut diagnostic = Diagnostic::new(format!("no rule makes `{path}`, and it does not exist"));
    diagnostic =
        diagnostic.at(place.unwrap_or(rule.span), format!("{} needs it", job_name(rules, explored, job)));
    if lacking.len() > 1 {
        let others: Vec<String> =
            lacking.iter().filter(|&&name| name != path).map(|name| format!("`{name}`")).collect();
        diagnostic = diagnostic.note(format!("the same job lacks {} as well", others.join(", ")));
    }
    match suggestion(rules, path, disk) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic.hint("check the name, or add a rule with it as output"),
    }
}

/// The nearest thing that could be made or is there.
fn suggestion(rules: &Rules<'_>, path: &str, disk: &mut Disk) -> Option<String> {
    if let Some(near) = disk.nearest_beside(path) {
        return Some(format!("did you mean `{near}`, which exists?"));
    }
    let mut candidates = Vec::new();
    for (number, patterns) in rules.patterns.iter().enumerate() {
        for (output, pattern) in
            crate::wildcards::files_of(&rules.workflow.rules[number].output).zip(&patterns.outputs)
        {
            if pattern.pattern.is_literal() {
                candidates.push((number, output.text.clone(), None));
            } else if n_literal(&output.text) >= 3
                && let Some(fitted) = pattern.pattern.fit(path)
            {
                candidates.push((number, fitted, Some(&output.text)));
            }
        }
    }
    // An ending may differ more than a slip of the fingers: `b.sort` for `b.sorted.txt`.
    let limit = (path.chars().count() / 2).clamp(1, 12);
    let texts = candidates.iter().map(|(_, text, _)| text.as_str()).filter(|text| *text != path);
    let near = nearest_within(path, limit, texts)?;
    let (number, _, pattern) = candidates.iter().find(|(_, text, _)| text == near)?;
    let name = &rules.workflow.rules[*number].name;
    Some(match pattern {
        Some(pattern) => format!("rule `{name}` makes `{pattern}`; did you mean `{near}`?"),
        None => format!("did you mean `{near}`, which rule `{name}` makes?"),
    })
}

/// How many characters of a pattern are no wildcards'. With one or two, anything is similar to it.
fn n_literal(pattern: &str) -> usize {
    let mut depth = 0usize;
    let is_outside = |letter: &char| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    pattern.chars().filter(is_outside).count()
}

/// `rule \`boil\` (sample: a)`
fn job_name(rules: &Rules<'_>, explored: &Explored, job: JobId) -> String {
    let number = explored.jobs.rule(job);
    let names = &rules.patterns[number].wildcards;
    let mut name = format!("rule `{}`", rules.workflow.rules[number].name);
    if !names.is_empty() {
        let values: Vec<String> = names
            .iter()
            .zip(explored.jobs.values(job))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        name.push_str(&format!(" ({})", values.join(", ")));
    }
    name
}

/// Where an input of a job is written.
fn input_span(rules: &Rules<'_>, explored: &Explored, job: JobId, position: usize) -> Span {
    let rule = explored.jobs.rule(job);
    let input = explored.jobs.inputs(job)[position];
    let item = match explored.jobs.dynamic_items(job) {
        Some(items) => items[input.item as usize].rule_item,
        None => input.item,
    };
    let first =
        explored.jobs.inputs(job).iter().position(|other| other.item == input.item).unwrap_or(position);
    match &rules.patterns[rule].inputs[item as usize] {
        InputPatterns::Files(files) => files[position - first].span,
        InputPatterns::Function => rules.workflow.rules[rule].input[item as usize].span,
    }
}
