//! What a run whose process is gone has left at a cluster: what has ended since is written into the record; what has not is
//! told, to be gone on with.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::folder::RunFolder;
use super::mail::{Inbox, add, mend};
use super::parcel::Parcel;
use super::pilot::{FromPilot, ToPilot};
use super::reply::{End, JobReply, Reply, Seen};
use crate::disk::stamp;
use crate::record::{Record, state};

/// What has not ended.
#[derive(Debug, Default)]
pub struct Left {
    /// The parcels.
    pub parcels: Vec<Parcel>,
    /// Pilots that may still be there.
    pub pilots: Vec<LeftPilot>,
    /// The highest number among the names of parcels.
    pub last_id: u64,
}

/// A pilot that has not said good-bye.
#[derive(Debug)]
pub struct LeftPilot {
    /// Its number.
    pub number: u64,
    /// The call that it was asked for with.
    pub token: String,
    /// Its place in that.
    pub index: usize,
    /// Slurm's number for the call.
    pub job: Option<String>,
    /// Its cores.
    pub cores: u64,
    /// What it was given and has not answered.
    pub given: Vec<Parcel>,
}

impl Left {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.pilots.is_empty()
    }

    /// Says that nobody wants any of it.
    pub fn revoke(&self, folder: &RunFolder) {
        self.parcels.iter().for_each(|parcel| folder.revoke(&parcel.id));
        for pilot in &self.pilots {
            let inbox = folder.file(&format!("pilots/{}/inbox", pilot.number));
            let word = serde_json::to_string(&ToPilot::Stop).expect("a word is always JSON");
            // A pilot that can't be told leaves when nobody has work for it.
            let _ = mend(&inbox).and_then(|()| add(&inbox, &[word]));
        }
    }
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
    let Ok(entries) = std::fs::read_dir(folder.file("pilots")) else { return left };
    let pilots = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    for path in pilots {
        let mut found = Found { record, deadline, max_hashed_bytes, last_id: &mut left.last_id };
        left.pilots.extend(found.pilot(&path));
    }
    left.pilots.sort_unstable_by_key(|pilot| pilot.number);
    left
}

struct Found<'f> {
    record: &'f Record,
    deadline: Instant,
    max_hashed_bytes: u64,
    last_id: &'f mut u64,
}

impl Found<'_> {
    /// Reads what was said to a pilot and what it said; `None` if it is gone.
    fn pilot(&mut self, path: &Path) -> Option<LeftPilot> {
        let who = std::fs::read_to_string(path.join("who")).ok()?;
        let mut words = who.split_whitespace();
        let token = words.next()?.to_owned();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (index, cores) = (number()?, number()?);
        let mut given: FxHashMap<String, Parcel> = FxHashMap::default();
        for line in Inbox::new(path.join("inbox")).read() {
            if let Ok(ToPilot::Give(parcel)) = serde_json::from_slice(&line) {
                *self.last_id = (*self.last_id).max(parcel.id.parse().unwrap_or(0));
                given.insert(parcel.id.clone(), *parcel);
            }
        }
        let mut is_gone = false;
        for line in Inbox::new(path.join("outbox")).read() {
            match serde_json::from_slice(&line) {
                Ok(FromPilot::Reply(reply)) => {
                    if let Some(parcel) = given.remove(&reply.id) {
                        note(&parcel, &reply, self.record, self.deadline, self.max_hashed_bytes);
                    }
                }
                Ok(FromPilot::Back(ids)) => ids.iter().for_each(|id| drop(given.remove(id))),
                Ok(FromPilot::Bye(_)) => is_gone = true,
                Ok(FromPilot::Hello { .. }) | Err(_) => {}
            }
        }
        let job = std::fs::read_to_string(path.with_file_name(format!("{token}.sent"))).ok();
        let left = LeftPilot {
            number: path.file_name()?.to_str()?.parse().ok()?,
            token,
            index: usize::try_from(index).ok()?,
            job: job.filter(|job| !job.is_empty()),
            cores,
            given: given.into_values().collect(),
        };
        (!is_gone).then_some(left)
    }
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
        let now = |path: &str| {
            let path = (Path::new(path), path);
            Arc::new(state(path.0, path.1, stamp(path.0), max_hashed_bytes))
        };
        let inputs: Vec<_> = paths.into_iter().map(now).collect();
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
