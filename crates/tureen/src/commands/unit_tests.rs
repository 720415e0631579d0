//! `--generate-unit-tests`: for each rule a pytest file that runs it on what is here now, with copies of what it reads and
//! what it made. What is there already stays.

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::format::repr;
use tureen_workflow::job::{JobGraph, JobId};
use tureen_workflow::read::Reading;
use tureen_workflow::rule::Action;
use tureen_workflow::value::Value;

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::exit_code;
use crate::settings::Settings;
use crate::talk::Talk;

/// What the tests share, in a file of its own.
const COMMON: &str = include_str!("unit_tests/shared.py");

pub(super) fn generate(settings: &Settings, folder: &Path) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    match with_python(&reading, |python| {
        let planned = planned(settings, &reading, python)?;
        write_all(settings, &reading, &planned, folder).map_err(|(path, error)| {
            vec![Diagnostic::new(format!("`{}` can't be written: {error}", path.display()))]
        })
    }) {
        Ok(()) => Ok(exit_code::SUCCESS),
        Err(faults) => Err(load::ended(faults, reading.sources)),
    }
}

/// Which file could not be written, and why.
type Fault = (PathBuf, io::Error);

fn write_all(
    settings: &Settings,
    reading: &Reading,
    planned: &Planned<'_>,
    folder: &Path,
) -> Result<(), Fault> {
    let talk = Talk { quiet: settings.quiet, to_stdout: false, print_commands: false };
    let Planned { rules, graph, .. } = planned;
    let common = folder.join("common.py");
    make_folder(folder)?;
    if !common.exists() {
        fs::write(&common, COMMON).map_err(|error| (common, error))?;
    }
    let mut tested: HashSet<usize> = HashSet::new();
    let mut wanting: Vec<usize> = Vec::new();
    for &job in &graph.order {
        let number = graph.jobs.rule(job);
        let rule = &rules.workflow.rules[number];
        if rule.action == Action::None || tested.contains(&number) {
            continue;
        }
        let test = folder.join(format!("test_{}.py", rule.name));
        if test.exists() {
            tested.insert(number);
            let _ = talk.say(&format!("Rule {} has a test already: {}", rule.name, test.display()));
        } else if is_whole(graph, job) {
            tested.insert(number);
            let _ = talk.say(&format!("Rule {}: {}", rule.name, test.display()));
            write_data(graph, job, &folder.join(&rule.name))?;
            let text = test_of(settings, reading, graph, job, &rule.name, folder);
            fs::write(&test, text).map_err(|error| (test, error))?;
        } else {
            wanting.push(number);
        }
    }
    wanting.retain(|number| !tested.contains(number));
    wanting.dedup();
    for number in wanting {
        let name = &rules.workflow.rules[number].name;
        let _ = talk.say(&format!(
            "Rule {name} gets no test: not all files of one of its jobs are there. After a run with --notemp they are."
        ));
    }
    Ok(())
}

/// Whether all files of a job are there.
fn is_whole(graph: &JobGraph, job: JobId) -> bool {
    let inputs = graph.jobs.inputs(job).iter().map(|input| input.file);
    let mut files = inputs.chain(graph.jobs.outputs(job).iter().copied());
    files.all(|file| Path::new(graph.jobs.path(file)).exists())
}

/// Copies of the config, of what the job reads and of what it has made.
fn write_data(graph: &JobGraph, job: JobId, folder: &Path) -> Result<(), Fault> {
    let here = fs::read_dir(".").map_err(|error| (PathBuf::from("."), error))?;
    let configs: Vec<PathBuf> = here
        .filter_map(|entry| Some(PathBuf::from(entry.ok()?.file_name())))
        .filter(|name| name.to_string_lossy().starts_with("config"))
        .collect();
    let path = |file| PathBuf::from(graph.jobs.path(file));
    let inputs: Vec<PathBuf> = graph.jobs.inputs(job).iter().map(|input| path(input.file)).collect();
    let outputs: Vec<PathBuf> = graph.jobs.outputs(job).iter().map(|&file| path(file)).collect();
    for (part, files) in [("config", configs), ("data", inputs), ("expected", outputs)] {
        let part = folder.join(part);
        make_folder(&part)?;
        if files.is_empty() {
            // Git keeps no empty folders.
            let keep = part.join(".gitempty");
            fs::write(&keep, "").map_err(|error| (keep, error))?;
        }
        for file in files {
            copy(&file, &part.join(inside(&file)))?;
        }
    }
    Ok(())
}

/// A path below another folder: without what leads up or to the root.
fn inside(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    if from.is_dir() {
        make_folder(to)?;
        let parts = fs::read_dir(from).map_err(|error| (from.to_owned(), error))?;
        for part in parts {
            let part = part.map_err(|error| (from.to_owned(), error))?;
            copy(&part.path(), &to.join(part.file_name()))?;
        }
        return Ok(());
    }
    to.parent().map_or(Ok(()), make_folder)?;
    if to.exists() {
        return Ok(());
    }
    let copied = fs::copy(from, to).and_then(|_| fs::set_permissions(to, Permissions::from_mode(0o444)));
    copied.map_err(|error| (to.to_owned(), error))
}

fn make_folder(folder: &Path) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|error| (folder.to_owned(), error))
}

/// The test file of a rule.
fn test_of(
    settings: &Settings,
    reading: &Reading,
    graph: &JobGraph,
    job: JobId,
    rule: &str,
    folder: &Path,
) -> String {
    let quoted = |path: &Path| repr(&Value::Str(path.to_string_lossy().into_owned()));
    let list = |texts: Vec<String>| repr(&Value::List(texts.into_iter().map(Value::Str).collect()));
    let here = std::env::current_dir().unwrap_or_default();
    let seen_from_here = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path)
    };
    let outputs = graph.jobs.outputs(job).iter().map(|&file| graph.jobs.path(file).to_owned());
    let targets: Vec<String> = outputs.collect();
    let targets = if targets.is_empty() { vec![rule.to_owned()] } else { targets };
    let mut options = Vec::new();
    if !settings.config_files.is_empty() {
        options.push("--configfile".to_owned());
        let files = settings.config_files.iter();
        options.extend(files.map(|file| seen_from_here(file).to_string_lossy().into_owned()));
    }
    let depth = inside(&seen_from_here(folder)).components().count();
    let root = match seen_from_here(folder) {
        folder if folder.is_absolute() => format!("Path({})", quoted(&here)),
        _ => format!("Path(__file__).resolve().parents[{depth}]"),
    };
    let snakefile = reading.sources.main().map(|source| source.path.clone()).unwrap_or_default();
    let function: String = rule.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let program = std::env::current_exe().unwrap_or_else(|_| "tureen".into());
    let name = repr(&Value::Str(rule.to_owned()));
    format!(
        "\"\"\"Rule {rule}: from what is in `{rule}/data` it makes what is in `{rule}/expected`.\"\"\"\n\n\
         from pathlib import Path\n\nfrom common import check_rule\n\n\n\
         def test_{function}():\n    check_rule(\n        {name},\n        targets={targets},\n        \
         root={root},\n        snakefile={snakefile},\n        options={options},\n        \
         program={program},\n    )\n",
        targets = list(targets),
        snakefile = quoted(&seen_from_here(&snakefile)),
        options = list(options),
        program = quoted(&program),
    )
}
