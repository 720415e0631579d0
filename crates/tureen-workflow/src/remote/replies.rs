//! The replies in a run's folder, as they come: one `readdir` for all, less often the more there is to list. Knows no cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use super::folder::RunFolder;
use super::reply::Reply;

/// How much longer the pause between two looks is for each job that is waited for.
const PAUSE_EACH: Duration = Duration::from_micros(10);

/// Who listens for replies.
#[derive(Debug)]
pub(super) struct Replies {
    folder: Arc<RunFolder>,
    last: Option<Instant>,
}

impl Replies {
    pub(super) fn new(folder: Arc<RunFolder>) -> Self {
        Self { folder, last: None }
    }

    /// The parcels that have answered, if it is time to look; so many are waited for.
    pub(super) fn look(&mut self, n_waiting: usize) -> Option<FxHashSet<String>> {
        let pause = PAUSE_EACH * u32::try_from(n_waiting).unwrap_or(u32::MAX);
        if n_waiting == 0 || self.last.is_some_and(|last| last.elapsed() < pause) {
            return None;
        }
        self.last = Some(Instant::now());
        let names = self.folder.names().into_iter();
        Some(names.filter_map(|name| Some(name.strip_suffix(".reply")?.to_owned())).collect())
    }

    /// What a parcel has answered. A reply is written whole, so one that can't be read is one that can't be seen yet.
    pub(super) fn read(&self, id: &str) -> Option<Reply> {
        serde_json::from_slice(&std::fs::read(self.folder.of(id, "reply")).ok()?).ok()
    }
}
