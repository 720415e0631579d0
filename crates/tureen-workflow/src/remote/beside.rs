//! What an earlier run's jobs at a cluster mean for a run that does not go on with them: which of its files are being made
//! there, and how all of them are given up. Sends nothing.

use std::path::PathBuf;

use rustc_hash::FxHashSet;

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
        waits.retain(|parcel| {
            let lives = token_of(folder, &parcel.id).is_none_or(|token| tokens.contains(&token));
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

/// The call of `sbatch` that a parcel was submitted with, if it was.
fn token_of(folder: &RunFolder, id: &str) -> Option<String> {
    let lists = std::fs::read_dir(folder.file("batches")).ok()?;
    let lists = lists.flatten().map(|entry| entry.path());
    let mut lists = lists.filter(|path| path.extension().is_some_and(|end| end == "ids"));
    let has =
        |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|ids| ids.lines().any(|known| known == id));
    Some(lists.find(has)?.file_stem()?.to_string_lossy().into_owned())
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
