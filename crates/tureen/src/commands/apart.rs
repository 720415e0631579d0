//! What a run needs to have jobs elsewhere: its folder, the cluster, and what an earlier run has left there.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::read::Reading;
use tureen_workflow::record::Record;
use tureen_workflow::remote::folder::RunFolder;
use tureen_workflow::remote::generic::Generic;
use tureen_workflow::remote::place::Place;
use tureen_workflow::remote::recover::{Left, recover};
use tureen_workflow::remote::slurm::{Settings as SlurmSettings, Slurm};
use tureen_workflow::run::Apart;

use crate::settings::clusters::{Cluster, Kind};

/// What is left of earlier runs, once what they have done is on record.
#[derive(Default)]
pub(super) struct Earlier {
    folder: Option<RunFolder>,
    left: Left,
}

/// Brings home what jobs of runs whose process is gone have done meanwhile.
///
/// # Errors
/// The record can't be opened.
pub(super) fn earlier(wait: Duration, max_hashed_bytes: u64) -> Result<Earlier, Diagnostic> {
    let orphans = RunFolder::orphans();
    if orphans.is_empty() {
        return Ok(Earlier::default());
    }
    let record = Record::open(std::path::Path::new(tureen_workflow::record::FOLDER), false)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let mut earlier = Earlier::default();
    for folder in orphans {
        let left = recover(&folder, &record, wait, max_hashed_bytes);
        if left.is_empty() {
            folder.remove();
        } else if earlier.folder.is_none() {
            (earlier.folder, earlier.left) = (Some(folder), left);
        } else {
            // One folder is gone on with; what is left in others is not waited for.
            left.revoke(&folder);
        }
    }
    Ok(earlier)
}

/// A run's jobs elsewhere, and the folder that is removed when all is done.
pub(super) struct Elsewhere {
    pub(super) apart: Apart,
    folder: Arc<RunFolder>,
}

impl Elsewhere {
    /// Gets ready to send jobs.
    ///
    /// # Errors
    /// The folder can't be made, or the cluster can't be used.
    pub(super) fn new(
        cluster: &Cluster,
        earlier: Earlier,
        reading: &Reading,
        latency_wait: Duration,
        n_planned: usize,
    ) -> Result<Self, Diagnostic> {
        let disk = |error: std::io::Error| {
            Diagnostic::new(format!("the folder for jobs elsewhere can't be made: {error}"))
                .hint("the workflow's folder must be writable, and shared with the cluster")
        };
        let Earlier { folder, left } = earlier;
        let last_id = left.last_id;
        let folder = Arc::new(folder.map_or_else(RunFolder::create, Ok).map_err(disk)?);
        let place: Box<dyn Place + Send> = match &cluster.kind {
            Kind::Generic(commands) => {
                let commands =
                    tureen_workflow::remote::generic::Commands { latency_wait, ..(**commands).clone() };
                Box::new(Generic::new(Arc::clone(&folder), commands, left.parcels).map_err(Diagnostic::new)?)
            }
            Kind::Slurm(settings) => {
                let settings = SlurmSettings { latency_wait, n_planned, ..(**settings).clone() };
                Box::new(Slurm::new(Arc::clone(&folder), settings, left))
            }
        };
        let apart = Apart {
            place: Mutex::new(place),
            n_jobs: cluster.n_jobs,
            plans_ahead: matches!(&cluster.kind, Kind::Slurm(settings) if settings.uses_pilots(n_planned)),
            local_cores: cluster.local_cores,
            components: cluster.components.clone(),
            scopes: cluster.scopes.clone(),
            story: reading.evaluator.as_ref().and_then(|evaluator| evaluator.story()),
            story_file: folder.file("story.json"),
            next_id: AtomicU64::new(last_id + 1),
        };
        Ok(Self { apart, folder })
    }

    /// The run is over. The folder is kept if something in it may still be looked at.
    pub(super) fn close(self, is_success: bool) {
        let Self { apart, folder } = self;
        let mut place = apart.place.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        place.close();
        drop(place);
        if is_success && let Some(folder) = Arc::into_inner(folder) {
            folder.remove();
        }
    }
}
