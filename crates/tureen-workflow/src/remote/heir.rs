//! A cluster with what an earlier run has left at it. Parcels of that run are gone on with when this run comes to their jobs;
//! those that would make the same files in another way are ended before the new ones are sent. Knows no cluster.

use std::path::PathBuf;
use std::time::Duration;

use super::parcel::Parcel;
use super::place::{News, Order, Place};
use super::recover::Left;
use super::unclaimed::Unclaimed;

/// A parcel that waits until others, which make the same files, have ended.
struct Waiting {
    parcel: Parcel,
    order: Order,
    rivals: Vec<String>,
}

/// The cluster, and what is left.
pub struct Heir {
    place: Box<dyn Place + Send>,
    unclaimed: Unclaimed,
    waiting: Vec<Waiting>,
    /// Answers to parcels that were claimed when they had answered already.
    claimed: Vec<News>,
}

impl Heir {
    /// `place` has been told of the same.
    pub fn new(place: Box<dyn Place + Send>, left: &[Parcel]) -> Self {
        let mut unclaimed = Unclaimed::default();
        left.iter().filter(|parcel| place.has(&parcel.id)).for_each(|parcel| unclaimed.add(parcel));
        Self { place, unclaimed, waiting: Vec::new(), claimed: Vec::new() }
    }

    /// Finds a parcel that an earlier run has sent and that still is at work or waits, or has answered meanwhile: gives its
    /// name.
    pub fn find(&mut self, fingerprint: &str) -> Option<String> {
        self.unclaimed.claim(fingerprint, &mut self.claimed)
    }

    /// Takes a parcel; it is sent when [`Heir::look`] is called, at the latest, or when those have ended that an earlier
    /// run has sent for the same files.
    pub fn send(&mut self, parcel: Parcel, order: Order, news: &mut Vec<News>) {
        let rivals = self.unclaimed.rivals(&parcel);
        if rivals.is_empty() {
            return self.place.send(parcel, order);
        }
        news.push(News::Say(format!(
            "an earlier run has sent {} that would make the files of rule {} in another way: this is ended first",
            if rivals.len() == 1 { "a job".to_owned() } else { format!("{} jobs", rivals.len()) },
            parcel.title(),
        )));
        for id in &rivals {
            self.place.give_up(id);
        }
        self.waiting.push(Waiting { parcel, order, rivals });
    }

    /// Sends what is to be sent, and looks at what has come back.
    pub fn look(&mut self, news: &mut Vec<News>) {
        let mut heard = Vec::new();
        self.place.look(&mut heard);
        self.unclaimed.sift(&mut heard);
        for mut one in std::mem::take(&mut self.waiting) {
            one.rivals.retain(|id| self.unclaimed.is_open(id));
            if one.rivals.is_empty() {
                self.place.send(one.parcel, one.order);
            } else {
                self.waiting.push(one);
            }
        }
        news.append(&mut self.claimed);
        news.append(&mut heard);
    }

    /// What a parcel has answered is on record: nothing of it is needed any more.
    pub fn forget(&mut self, id: &str) {
        self.place.forget(id);
    }

    /// How soon to look again.
    pub fn patience(&self) -> Duration {
        self.place.patience()
    }

    /// Where the cluster keeps what a parcel's process said.
    pub fn log_of(&self, id: &str) -> Option<PathBuf> {
        self.place.log_of(id)
    }

    /// Ends everything that is at work or waits.
    pub fn cancel(&mut self, news: &mut Vec<News>) {
        self.waiting.clear();
        self.place.cancel(news);
    }

    /// The run is over: nothing is at work, nothing will be sent, and nobody wants what an earlier run has left.
    pub fn close(&mut self) {
        for id in self.unclaimed.left() {
            self.place.give_up(&id);
        }
        self.place.close();
    }
}

impl Left {
    /// All parcels that have not answered.
    pub fn all_parcels(&self) -> Vec<Parcel> {
        let given = self.pilots.iter().flat_map(|pilot| &pilot.given);
        self.parcels.iter().chain(given).cloned().collect()
    }
}
