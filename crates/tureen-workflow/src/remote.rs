//! Jobs on other machines that share the workflow's folder: what is sent, what runs it there, what comes back, and
//! who is asked to send it.
//!
//! `parcel → (generic | batch | fleet) → node → reply`
//!
//! All communication is files in the run's folder (`.tureen/cluster/...`), so that it works through any shared file
//! system, needs no port, and outlives both ends. Knows no rules, no plan and no record.

pub mod parcel;
pub mod reply;
pub mod node;
pub mod beside;
pub mod folder;
pub mod place;
pub mod generic;
pub mod heir;
pub mod jobscript;
pub mod mail;
pub mod pilot;
pub mod recover;
pub mod slurm;
mod known;
mod replies;
mod unclaimed;

/// The first argument that makes this program run one parcel: see [`node`].
pub const JOB: &str = "__job";
/// The first argument that makes this program take parcels until none is left.
pub const PILOT: &str = "__pilot";
