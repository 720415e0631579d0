//! What an earlier run's jobs at a cluster mean for a run that does not go on with them: which of its files are being made
//! there, and how all of them are given up. Sends nothing.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::folder::RunFolder;
use super::parcel::Parcel;
use super::recover::Left;
use super::slurm;

/// Files among those that are wanted which jobs of an earlier run may be making now. Those of its jobs that no node has begun
/// never will begin.
pub fn being_made(folder: &RunFolder, left: &Left, is_wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let makes = |parcel: &&Parcel| !wanted_outputs(parcel, is_wanted).is_empty();
    let mut waits: Vec<&Parcel> = left.parcels.iter().filter(makes).collect();
    waits.retain(|parcel| !folder.take_back(&parcel.id));
    let mut given: Vec<(&str, &Parcel)> = Vec::new();
    for pilot in &left.pilots {
        given.extend(pilot.given.iter().filter(makes).map(|parcel| (pilot.token.as_str(), parcel)));
    }
    if waits.is_empty() && given.is_empty() {
        return Vec::new();
    }
    // Where Slurm can't be asked, or it is another cluster, they may be there.
    if let Some(tokens) = slurm::living_tokens(folder) {
        let submitted = submitted(folder);
        waits.retain(|parcel| {
            let lives = submitted.get(&parcel.id).is_none_or(|token| tokens.contains(token));
            if !lives {
                folder.revoke(&parcel.id);
            }
            lives
        });
        given.retain(|(token, _)| tokens.contains(*token));
    }
    let parcels = waits.into_iter().chain(given.into_iter().map(|(_, parcel)| parcel));
    parcels.flat_map(|parcel| wanted_outputs(parcel, is_wanted)).collect()
}

fn wanted_outputs(parcel: &Parcel, is_wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let outputs = parcel.jobs.iter().flat_map(|job| &job.outputs);
    let wanted = outputs.filter(|(path, _)| path.to_str().is_some_and(is_wanted));
    wanted.map(|(path, _)| path.clone()).collect()
}

/// The call of `sbatch` that each parcel was submitted with.
fn submitted(folder: &RunFolder) -> FxHashMap<String, String> {
    let mut calls = FxHashMap::default();
    for entry in std::fs::read_dir(folder.file("batches")).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "ids")
            && let Some(token) = path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
            && let Ok(ids) = std::fs::read_to_string(&path)
        {
            calls.extend(ids.lines().map(|id| (id.to_owned(), token.clone())));
        }
    }
    calls
}

/// Gives up all jobs of an earlier run: none begins any more, those at work end. Gives how many are at work.
pub fn give_up(folder: &RunFolder, left: &Left) -> usize {
    let mut at_work = FxHashSet::default();
    at_work.extend(left.parcels.iter().map(|parcel| &parcel.id).filter(|id| !folder.take_back(id)));
    at_work.extend(left.pilots.iter().flat_map(|pilot| &pilot.given).map(|parcel| &parcel.id));
    left.revoke(folder);
    slurm::cancel_all(folder);
    at_work.len()
}
