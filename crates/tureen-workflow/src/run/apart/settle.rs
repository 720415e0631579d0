//! Waits until this machine sees what a node has made: on a shared file system that may take a while. Each directory is
//! looked at once for all that is expected in it, which also makes a network file system ask its server again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use super::Flight;
use crate::remote::reply::{End, Reply, Seen};

/// A parcel that has answered, and whose outputs are not all seen yet.
pub(super) struct Settling {
    pub(super) flight: Flight,
    reply: Reply,
    deadline: Instant,
    next_look: Instant,
    pause: Duration,
}

/// The first pause between two looks, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

impl Settling {
    pub(super) fn new(flight: Flight, reply: Reply, wait: Duration) -> Self {
        let now = Instant::now();
        Self { flight, reply, deadline: now + wait, next_look: now, pause: PAUSES.0 }
    }

    /// What can't be seen yet, by job: not there, or not as the node saw it.
    fn unseen(&self) -> Vec<(usize, PathBuf)> {
        let mut unseen = Vec::new();
        for (number, (attempt, answer)) in self.flight.jobs.iter().zip(&self.reply.jobs).enumerate() {
            if answer.end != End::Done {
                continue;
            }
            for output in &attempt.outputs {
                let stays_there = output.marks.other.iter().any(|mark| mark == "nodelocal");
                if output.marks.is_passing() || stays_there || self.flight.gone.contains(&output.path) {
                    continue;
                }
                let there = answer.outputs.iter().find(|seen| seen.path == output.path);
                let is_seen = match (Seen::look(&output.path), there) {
                    (Some(here), Some(there)) => here.is_as_new_as(there),
                    (here, _) => here.is_some(),
                };
                if !is_seen {
                    unseen.push((number, output.path.clone()));
                }
            }
        }
        unseen
    }
}

/// Those of which everything is seen, and those that were waited for long enough: their jobs have failed.
pub(super) fn concluded(settling: &mut Vec<Settling>) -> Vec<(Flight, Reply)> {
    let mut done = Vec::new();
    let mut looked: FxHashSet<PathBuf> = FxHashSet::default();
    let mut left = Vec::with_capacity(settling.len());
    let now = Instant::now();
    for mut one in settling.drain(..) {
        if now < one.next_look {
            left.push(one);
            continue;
        }
        let mut unseen = one.unseen();
        for folder in unseen.iter().filter_map(|(_, path)| path.parent()).map(Path::to_owned) {
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            if looked.insert(folder.clone())
                && let Ok(entries) = std::fs::read_dir(&folder)
            {
                entries.for_each(drop);
            }
        }
        if !unseen.is_empty() {
            unseen = one.unseen();
        }
        if unseen.is_empty() {
            done.push((one.flight, one.reply));
        } else if now >= one.deadline {
            for (number, path) in unseen {
                let answer = &mut one.reply.jobs[number];
                answer.end = match std::mem::replace(&mut answer.end, End::Done) {
                    End::Missing(mut paths) => {
                        paths.push(path);
                        End::Missing(paths)
                    }
                    _ if Seen::look(&path).is_some() => End::Files(format!(
                        "`{}` does not look here as it did there: is the folder shared, and seen in time? `--latency-wait 60` waits longer",
                        path.display()
                    )),
                    _ => End::Missing(vec![path]),
                };
            }
            done.push((one.flight, one.reply));
        } else {
            one.pause = (one.pause * 2).min(PAUSES.1);
            one.next_look = now + one.pause;
            left.push(one);
        }
    }
    *settling = left;
    done
}
