//! What a run whose process is gone has left at a cluster: what has ended since is written into the record; what has not is
//! told, to be gone on with.

use std::path::Path;
use std::time::{Duration, Instant};

use super::folder::RunFolder;
use super::parcel::Parcel;
use super::reply::{End, JobReply, Reply, Seen};
use crate::record::{InputMemory, Record, content_hash};

/// What has not ended.
#[derive(Debug, Default)]
pub struct Left {
    /// The parcels.
    pub parcels: Vec<Parcel>,
    /// The highest number among their names.
    pub last_id: u64,
}

/// Goes through a run's folder. `wait`: how long outputs may take to be seen here.
pub fn recover(folder: &RunFolder, record: &Record, wait: Duration, max_hashed_bytes: u64) -> Left {
    let mut left = Left::default();
    let names = folder.names();
    let deadline = Instant::now() + wait;
    for id in names.iter().filter_map(|name| name.strip_suffix(".json")) {
        left.last_id = left.last_id.max(id.parse().unwrap_or(0));
        // One that can't be read was never submitted.
        let Ok(parcel) = Parcel::read(&folder.of(id, "json")) else { continue };
        let is_revoked = names.contains(&format!("{id}.revoked"));
        let reply = std::fs::read(folder.of(id, "reply")).ok();
        match reply.and_then(|text| serde_json::from_slice::<Reply>(&text).ok()) {
            Some(reply) => {
                note(&parcel, &reply, record, deadline, max_hashed_bytes);
                folder.forget(id);
            }
            None if is_revoked => {}
            None => left.parcels.push(parcel),
        }
    }
    left
}

/// Writes down which jobs of a parcel have ended well.
pub(super) fn note(
    parcel: &Parcel,
    reply: &Reply,
    record: &Record,
    deadline: Instant,
    max_hashed_bytes: u64,
) {
    for (job, answer) in parcel.jobs.iter().zip(&reply.jobs) {
        let is_gone = |path: &Path| parcel.temporary.iter().any(|(known, _)| known == path);
        let lasting = || job.outputs.iter().filter(|(path, marks)| !marks.is_passing() && !is_gone(path));
        if answer.end != End::Done || !lasting().all(|(path, _)| is_seen(path, answer, deadline)) {
            continue;
        }
        let mut paths: Vec<&str> = job.inputs.iter().map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        let memory = |path: &str| InputMemory {
            path: path.to_owned(),
            content: content_hash(Path::new(path), max_hashed_bytes),
        };
        let inputs: Vec<InputMemory> = paths.into_iter().map(memory).collect();
        // Should it fail, the outputs count as unfinished and are made again.
        let _ = record.end_late(job.row, &inputs);
    }
}

fn is_seen(path: &Path, answer: &JobReply, deadline: Instant) -> bool {
    loop {
        let there = answer.outputs.iter().find(|seen| seen.path == path);
        let is_seen = match (Seen::look(path), there) {
            (Some(here), Some(there)) => here.is_as_new_as(there),
            (here, _) => here.is_some(),
        };
        if is_seen || Instant::now() >= deadline {
            return is_seen;
        }
        let _ = path.parent().map(std::fs::read_dir);
        std::thread::sleep(Duration::from_millis(50));
    }
}
