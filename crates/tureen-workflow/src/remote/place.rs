//! Where parcels are sent: what a run asks of a cluster, and what it hears from it. Knows no cluster in particular.

use std::path::PathBuf;
use std::time::Duration;

use super::parcel::Parcel;
use super::reply::Reply;
use crate::evaluator::job::JobView;

/// A cluster, or a part of it.
pub trait Place {
    /// Takes a parcel; it is sent when [`Place::look`] is called, at the latest.
    fn send(&mut self, parcel: Parcel, order: Order);

    /// Whether it knows a parcel that has not answered.
    fn has(&self, id: &str) -> bool;

    /// Ends a parcel that nobody wants any more. Whether it has ended is heard as of all others.
    fn give_up(&mut self, id: &str);

    /// Sends what is to be sent, and looks at what has come back.
    fn look(&mut self, news: &mut Vec<News>);

    /// What a parcel has answered is on record: nothing of it is needed any more.
    fn forget(&mut self, id: &str);

    /// How soon to look again.
    fn patience(&self) -> Duration;

    /// Ends everything that is at work or waits.
    fn cancel(&mut self, news: &mut Vec<News>);

    /// Where the cluster keeps what a parcel's process said.
    fn log_of(&self, id: &str) -> Option<PathBuf>;

    /// The run is over: nothing is at work, nothing will be sent.
    fn close(&mut self);
}

/// What the cluster has to know of a parcel to find room for it.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The job, or the group as if it were one: all files, and threads and resources of the whole.
    pub view: JobView,
    /// The group, if it is one.
    pub group: Option<String>,
    /// What Snakemake's job scripts say of it, as JSON.
    pub properties: String,
    /// Whether it was lost to a limit of a place that it shared: it goes by itself.
    pub goes_alone: bool,
}

/// What is heard of parcels.
#[derive(Debug)]
pub enum News {
    /// It has ended, one way or the other.
    Reply(Reply),
    /// It will never answer.
    Lost {
        /// The parcel.
        id: String,
        /// Why.
        loss: Loss,
        /// What to say of it.
        why: String,
    },
    /// Something to be told.
    Say(String),
}

/// What became of a parcel that never answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The machine or the cluster's operators are to blame: it is sent again, which is not counted as an attempt.
    Machine,
    /// It shared a place whose time or memory was up: it is sent again, by itself.
    Shared,
    /// The job is to blame: it counts as an attempt that failed.
    Job,
    /// It makes no sense to try again: it can't be sent, or somebody does not want it.
    Final,
}
