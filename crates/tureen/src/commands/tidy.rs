//! What removes: `--delete-all-output` and `--delete-temp-output`, `--cleanup-metadata`, `--cleanup-shadow`.

use std::path::Path;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::record::{FOLDER, Record};
use tureen_workflow::work::{files, shadow};

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::exit_code;
use crate::settings::Settings;
use crate::talk::Talk;

/// Removes outputs, or says which would be; write-protected ones stay.
pub(super) fn delete(settings: &Settings, only_temporary: bool, is_dry: bool) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let talk = Talk { quiet: settings.quiet, to_stdout: is_dry, print_commands: false };
    let done = with_python(&reading, |python| {
        let Planned { rules, graph, .. } = planned(settings, &reading, python)?;
        let mut faults = Vec::new();
        for &job in &graph.order {
            let outputs = graph.jobs.outputs(job).iter().zip(&rules.patterns[graph.jobs.rule(job)].outputs);
            for (&file, pattern) in outputs.filter(|(_, pattern)| !only_temporary || pattern.marks.is_temp) {
                let path = Path::new(graph.jobs.path(file));
                if std::fs::symlink_metadata(path).is_err() {
                    continue;
                }
                let shown = path.display();
                if files::is_read_only(path) {
                    let _ = talk.say(&format!("Skipping write-protected file {shown}."));
                } else if is_dry {
                    let _ = talk.say(&format!("Would delete {shown}"));
                } else {
                    let _ = talk.say(&format!("Deleting {shown}"));
                    let may_be_full = only_temporary || pattern.marks.is_directory;
                    if let Err(fault) = files::remove(path, may_be_full) {
                        faults.push(Diagnostic::new(fault.to_string()));
                    }
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    });
    match done {
        Ok(()) => Ok(exit_code::SUCCESS),
        Err(faults) => Err(load::ended(faults, reading.sources)),
    }
}

/// Forgets how files were made, so that only their times count.
pub(super) fn forget(settings: &Settings) -> Result<u8, Ended> {
    load::workflow(settings)?;
    let folder = Path::new(FOLDER);
    let mut unknown = Vec::new();
    if folder.exists() {
        let record = Record::open(folder, false).map_err(|error| Diagnostic::new(error.to_string()))?;
        for path in &settings.forgotten {
            let is_known = record.forget(path).map_err(|error| Diagnostic::new(error.to_string()))?;
            if !is_known {
                unknown.push(path);
            }
        }
        // A record that can't be tidied is only longer than it needs to be.
        let _ = record.tidy();
    } else {
        unknown.extend(&settings.forgotten);
    }
    if unknown.is_empty() {
        return Ok(exit_code::SUCCESS);
    }
    let names: Vec<String> = unknown.into_iter().map(|path| format!("`{path}`")).collect();
    Err(Diagnostic::new(format!("nothing is on record of {}", names.join(", "))).into())
}

/// Removes the folders of shadowed jobs that were killed.
pub(super) fn clean_shadow(settings: &Settings) -> Result<u8, Ended> {
    load::workflow(settings)?;
    let folder = shadow::folder(settings.shadow_prefix.as_deref());
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Diagnostic::new(format!("`{}` can't be removed: {error}", folder.display())).into())
        }
        _ => Ok(exit_code::SUCCESS),
    }
}
