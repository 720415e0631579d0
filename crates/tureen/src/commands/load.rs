//! From the settings to a planned workflow: find the Snakefile, read it, find the jobs, plan.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use tureen_workflow::adjust::adjust;
use tureen_workflow::cache;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::disk::Disk;
use tureen_workflow::job::{
    JobGraph, Rules, Target, find_further_targets, find_jobs, find_target_jobs, find_targets,
};
use tureen_workflow::nearest::nearest;
use tureen_workflow::plan::{Plan, plan, select, select_batch};
use tureen_workflow::progress::Progress;
use tureen_workflow::read::{Reading, Request, read};
use tureen_workflow::record::{FOLDER, Memories, Record, Remembered};
use tureen_workflow::rule::{Action, Param, Rule};
use tureen_workflow::run::Python;
use tureen_workflow::span::Sources;
use tureen_workflow::value::Value;

use super::Ended;
use crate::render;
use crate::run_log;
use crate::settings::{PLACES, Settings, Task};
use crate::talk;

/// Directives that change where a job's software comes from; without asking for that software they mean nothing.
const SOFTWARE: [&str; 5] = ["conda", "container", "containerized", "singularity", "envmodules"];

/// Marks of outputs that mean nothing for files on this machine.
const KNOWN_MARKS: [&str; 3] = ["report", "nodelocal", "local"];

/// Finds and reads the Snakefile, in the directory that the workflow runs in.
pub(crate) fn workflow(settings: &Settings) -> Result<Reading, Ended> {
    workflow_for(settings, false)
}

/// As [`workflow`]; on demand with an evaluator, even if it could be read without.
pub(crate) fn workflow_for(settings: &Settings, needs_python: bool) -> Result<Reading, Ended> {
    let snakefile = snakefile(settings)?;
    if let Some(directory) = &settings.directory {
        enter(directory)?;
    }
    let request = Request {
        snakefile,
        config_files: settings.config_files.clone(),
        config: settings.config.clone(),
        python: settings.python.clone(),
        replaces_config: settings.replaces_config,
        cores: settings.limits.cores.map(|cores| u32::try_from(cores).unwrap_or(u32::MAX)),
        needs_python: needs_python || settings.adjustments.need_python(),
        wrapper_prefix: settings.wrapper_prefix.clone(),
        scatter: settings.scatter.clone(),
        keeps_scripts: settings.keeps_scripts,
        source_folder: settings.source_folder.clone(),
        log_file: (settings.task == Task::Run).then(run_log::begin),
    };
    let mut reading =
        read(&request).map_err(|unreadable| Ended::Errors(unreadable.diagnostics, unreadable.sources))?;
    render::warnings(&reading.warnings, &reading.sources);
    if let Some(evaluator) = reading.evaluator.as_ref().filter(|_| reading.workflow.listens) {
        run_log::listen(evaluator.listener());
    }
    if let Err(faults) = adjust_rules(&mut reading, settings) {
        return Err(Ended::Errors(faults, reading.sources));
    }
    if let Some(directory) = &reading.workflow.workdir {
        enter(Path::new(directory))?;
    }
    Ok(reading)
}

/// What options say of rules instead of the Snakefile.
fn adjust_rules(reading: &mut Reading, settings: &Settings) -> Result<(), Vec<Diagnostic>> {
    let Reading { workflow, evaluator, .. } = reading;
    for rule in workflow.rules.iter_mut() {
        rule.is_cached |= settings.cache.as_ref().is_some_and(|cache| cache.rules.contains(&rule.name));
        if rule.hands_over {
            hand_over(rule, settings);
            workflow.local_rules.push(rule.name.clone());
        }
    }
    cache::check(workflow)?;
    adjust(workflow, &settings.adjustments, &mut |text, has_threads| {
        let evaluator = evaluator.as_ref().expect("expressions were announced when the workflow was read");
        evaluator
            .expression(text, has_threads)
            .map_err(|broken| Box::new(Diagnostic::from_text(&broken.to_string())))
    })
    .map_err(|fault| vec![*fault])
}

/// A rule that another workflow engine runs in has all there is, unless it says what it needs, and runs here.
fn hand_over(rule: &mut Rule, settings: &Settings) {
    if !rule.resources.is_empty() {
        return;
    }
    if let Some(cores) = settings.limits.cores {
        rule.threads = Param::Value(Value::Int(i64::try_from(cores).unwrap_or(i64::MAX)));
    }
    for (name, limit) in &settings.limits.named {
        let limit = Value::Int(i64::try_from(*limit).unwrap_or(i64::MAX));
        rule.resources.push((name.clone(), Param::Value(limit)));
    }
}

fn snakefile(settings: &Settings) -> Result<PathBuf, Ended> {
    if let Some(path) = &settings.snakefile {
        if path.exists() {
            return Ok(path.clone());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let names: Vec<String> = std::fs::read_dir(folder)
            .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
            .unwrap_or_default();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let diagnostic = Diagnostic::new(format!("there is no Snakefile `{}`", path.display()));
        return Err(match nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => diagnostic.hint(format!("did you mean `{}`?", folder.join(near).display())).into(),
            None => diagnostic.into(),
        });
    }
    let Some(place) = PLACES.iter().find(|place| Path::new(place).exists()) else {
        return Err(Diagnostic::new("there is no Snakefile here")
            .note(format!("looked for `{}`", PLACES.join("`, `")))
            .hint("go to the workflow's folder, or name its file with `--snakefile`")
            .into());
    };
    let path = PathBuf::from(place);
    Ok(if settings.directory.is_some() { std::path::absolute(&path).unwrap_or(path) } else { path })
}

/// Makes a directory, if need be, and goes there.
pub(super) fn enter(directory: &Path) -> Result<(), Ended> {
    std::fs::create_dir_all(directory).and_then(|()| std::env::set_current_dir(directory)).map_err(|error| {
        Diagnostic::new(format!("can't work in the directory `{}`: {error}", directory.display())).into()
    })
}

/// A workflow with its jobs and plan.
pub(crate) struct Planned<'w> {
    pub(crate) rules: Rules<'w>,
    pub(crate) graph: JobGraph,
    pub(crate) plan: Plan,
    pub(crate) disk: Disk,
    pub(crate) remembered: FxHashMap<String, Remembered>,
    /// What is wrong with the record, if something is.
    pub(crate) damage: Option<String>,
    /// Whether Snakemake remembers, and we don't.
    pub(crate) is_snakemakes: bool,
    /// Runs that have not ended, as far as the record knows: the process, and when it began.
    pub(crate) unended_runs: Vec<(u32, f64)>,
}

impl Planned<'_> {
    /// What should be known of how this was planned, line by line.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(damage) = &self.damage {
            notes.push(format!(
                "the record `{FOLDER}/record.sqlite` is damaged ({damage}): what could be read of it counts, and times of files for the rest"
            ));
        }
        if self.is_snakemakes {
            let n = self.remembered.len();
            notes.push(format!("taking over what Snakemake remembers of {n} files in `.snakemake/metadata`"));
        }
        for &number in &self.plan.unstable_rules {
            let name = &self.rules.workflow.rules[number].name;
            notes.push(format!(
                "the params of rule `{name}` are another text in each process (an address in memory, or the order of a set): that alone is no reason to run again"
            ));
        }
        notes
    }
}

/// Finds the jobs of the targets and plans them.
///
/// # Errors
/// Everything that keeps the targets from being made; without the texts, which the caller has.
pub(crate) fn planned<'w>(
    settings: &Settings,
    reading: &'w Reading,
    python: &Python<'_>,
) -> Result<Planned<'w>, Vec<Diagnostic>> {
    planned_after(settings, reading, python, &mut Progress::default())
}

/// As [`planned`], in a run that has done something already. Plans until no checkpoint that is made tells more.
pub(crate) fn planned_after<'w>(
    settings: &Settings,
    reading: &'w Reading,
    python: &Python<'_>,
    progress: &mut Progress,
) -> Result<Planned<'w>, Vec<Diagnostic>> {
    let mut rules = Rules::new(&reading.workflow)?;
    rules.allows_ambiguity = settings.allows_ambiguity;
    rules.watch = settings.tells_choices.then_some(talk::choice);
    let targets = targets(settings, &rules)?;
    let mut disk = Disk::default();
    let Memories { by_output: remembered, damage, is_snakemakes, unended_runs } =
        Record::read(Path::new(FOLDER)).map_err(|error| vec![Diagnostic::new(error.to_string())])?;
    let has_checkpoints = reading.workflow.rules.iter().any(|rule| rule.is_checkpoint);
    let (graph, plan) = loop {
        let answers = &mut progress.answers;
        let mut ask = |calls: &[_]| {
            let mut ask = |calls: &[_]| (python.ask)(calls);
            if has_checkpoints { answers.ask(calls, &mut ask) } else { ask(calls) }
        };
        let mut graph = find_jobs(&rules, &targets, &mut disk, &mut ask)?;
        if let Some(batch) = &settings.batch {
            select_batch(&rules, &mut graph, batch, &mut disk)?;
        }
        select(&rules, &mut graph, &settings.selection)?;
        let mut ask = |calls: &[_]| (python.ask)(calls);
        let plan = plan(&rules, &graph, &mut disk, &remembered, &settings.wishes, progress, &mut ask)?;
        let made = progress.newly_made(&rules, &graph, &plan, &mut disk, &remembered);
        if made.is_empty() {
            break (graph, plan);
        }
        (python.made)(&made);
    };
    refuse_unsupported(settings, &rules, &graph, &plan)?;
    Ok(Planned { rules, graph, plan, disk, remembered, damage, is_snakemakes, unended_runs })
}

/// What is asked for, by name and through options that name something.
fn targets(settings: &Settings, rules: &Rules<'_>) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let mut targets = find_target_jobs(rules, &settings.target_jobs)?;
    if !settings.targets.is_empty() || targets.is_empty() {
        targets.extend(find_targets(rules, &settings.targets)?);
    }
    let named = [&settings.wishes.force, &settings.selection.until, &settings.priority_targets];
    for target in named.into_iter().flat_map(|words| find_further_targets(rules, words)) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// Jobs that would need something that can't be done yet are refused before anything runs.
fn refuse_unsupported(
    settings: &Settings,
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
) -> Result<(), Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut is_seen = vec![false; rules.workflow.rules.len()];
    for &job in &plan.order {
        let number = graph.jobs.rule(job);
        if std::mem::replace(&mut is_seen[number], true) {
            continue;
        }
        let rule = &rules.workflow.rules[number];
        if let Action::Script { directive, span, .. } = &rule.action
            && directive == "cwl"
        {
            let message = format!("`{directive}:` is not supported yet, and rule `{}` has to run", rule.name);
            faults.push(Diagnostic::new(message).at(*span, ""));
        }
        for (directive, span) in rule.unsupported.iter().filter(|(directive, _)| {
            let directive = directive.as_str();
            !SOFTWARE.contains(&directive) || settings.software.contains(&directive)
        }) {
            let message = format!("`{directive}:` is not supported yet, and rule `{}` has to run", rule.name);
            faults.push(Diagnostic::new(message).at(*span, ""));
        }
        for pattern in &rules.patterns[number].outputs {
            // Files are where they are: there is nothing to fetch them from, or to keep them for.
            let unknown = pattern.marks.other.iter().filter(|mark| !KNOWN_MARKS.contains(&mark.as_str()));
            for mark in unknown {
                let message = format!("`{mark}()` is not supported yet, and rule `{}` has to run", rule.name);
                faults.push(Diagnostic::new(message).at(pattern.span, ""));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Whether a job of the plan executes a script, for which there must be an evaluator.
pub(crate) fn has_scripts(planned: &Planned<'_>) -> bool {
    let rules = &planned.rules.workflow.rules;
    let action = |&job| &rules[planned.graph.jobs.rule(job)].action;
    planned.plan.order.iter().map(action).any(|action| matches!(action, Action::Script { .. }))
}

/// Whether the place is a string that goes on as another one on the next line.
fn is_joined(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let Some(span) = diagnostic.labels.first().map(|label| label.span) else { return false };
    let text = sources.get(span.source).text.get(span.start as usize..span.end as usize).unwrap_or("");
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line.ends_with(['"', '\'']) && lines.peek().is_some_and(|next| next.starts_with(['"', '\''])) {
            return true;
        }
    }
    false
}

/// Errors with the texts they point into.
pub(crate) fn ended(mut diagnostics: Vec<Diagnostic>, sources: Sources) -> Ended {
    for diagnostic in &mut diagnostics {
        if diagnostic.message.starts_with("no rule makes") && is_joined(diagnostic, &sources) {
            diagnostic.hint =
                Some("is a comma missing between two lines? strings with none are joined".to_owned());
        }
    }
    run_log::errors(&diagnostics, &sources);
    Ended::Errors(diagnostics, sources)
}
