//! `--list-changes`: outputs that were made otherwise than they would be made now. `--list-untracked`: files that the
//! workflow doesn't know.

use std::path::Path;

use rustc_hash::FxHashSet;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::plan::{Changes, ParamsChange, params_change};
use tureen_workflow::run::Python;

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::exit_code;
use crate::settings::{Change, Settings};
use crate::talk::data;

pub(super) fn changes(settings: &Settings, change: Change) -> Result<u8, Ended> {
    list(settings, |planned, python| changed(planned, change, python))
}

pub(super) fn untracked(settings: &Settings) -> Result<u8, Ended> {
    list(settings, |planned, _| Ok(unknown_files(planned)))
}

fn list(
    settings: &Settings,
    find: impl Fn(&Planned<'_>, &Python<'_>) -> Result<Vec<String>, Vec<Diagnostic>>,
) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let found = with_python(&reading, |python| {
        let planned = planned(settings, &reading, python)?;
        find(&planned, python)
    });
    let found = match found {
        Ok(found) => found,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    };
    let text: String = found.into_iter().map(|path| path + "\n").collect();
    data(text.as_bytes())?;
    Ok(exit_code::SUCCESS)
}

fn changed(
    planned: &Planned<'_>,
    change: Change,
    python: &Python<'_>,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let Planned { rules, graph, remembered, .. } = planned;
    let mut changes = Changes::new(rules, graph, remembered);
    let mut ask = |calls: &[_]| (python.ask)(calls);
    let mut found = Vec::new();
    for &job in &graph.order {
        let mut params = None;
        for &file in graph.jobs.outputs(job) {
            let path = graph.jobs.path(file);
            let Some(memory) = changes.memory(path) else { continue };
            let is_changed = match change {
                Change::Code => changes.is_code_changed(job, memory),
                Change::Input => changes.is_input_changed(job, memory),
                Change::Params => {
                    if params.is_none() {
                        params = Some(changes.params(job, &mut ask).map_err(|fault| vec![*fault])?);
                    }
                    let now = params.as_deref().unwrap_or_default();
                    matches!(params_change(memory, now), ParamsChange::Lines(..))
                }
            };
            if is_changed {
                found.push(path.to_owned());
            }
        }
    }
    Ok(found)
}

/// Files below this folder that no job reads or writes; hidden ones are left out.
fn unknown_files(planned: &Planned<'_>) -> Vec<String> {
    let Planned { rules, graph, .. } = planned;
    let here = std::env::current_dir().unwrap_or_default();
    let mut known = FxHashSet::default();
    let mut know = |path: &str| {
        // Absolute paths into this folder are the same files.
        let path = Path::new(path);
        known.insert(path.strip_prefix(&here).unwrap_or(path).components().collect::<std::path::PathBuf>());
    };
    for &job in &graph.order {
        graph.jobs.inputs(job).iter().for_each(|input| know(graph.jobs.path(input.file)));
        graph.jobs.outputs(job).iter().for_each(|&file| know(graph.jobs.path(file)));
        graph.logs(rules, job).iter().for_each(|path| know(path));
    }
    let mut found = Vec::new();
    let mut folders = vec![std::path::PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let place = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let Ok(entries) = std::fs::read_dir(place) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = folder.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if !path.is_dir() && !known.contains(&path) {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort_unstable();
    found
}
