//! What a run needs to have jobs elsewhere: its folder, the cluster, and what earlier runs have left there.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustc_hash::FxHashSet;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::read::Reading;
use tureen_workflow::record::{Files, Record};
use tureen_workflow::remote::beside::{being_made, give_up};
use tureen_workflow::remote::folder::RunFolder;
use tureen_workflow::remote::generic::Generic;
use tureen_workflow::remote::heir::Heir;
use tureen_workflow::remote::place::Place;
use tureen_workflow::remote::recover::{Left, recover};
use tureen_workflow::remote::slurm::{Settings as SlurmSettings, Slurm};
use tureen_workflow::run::Apart;

use crate::settings::clusters::{Cluster, Kind};

/// How long files may take to be seen that another machine has made (as Snakemake 9.27 by default).
pub(super) const USUAL_WAIT: Duration = Duration::from_secs(5);

/// How long nodes may take to notice that nobody wants their work any more.
const NODES_LOOK: Duration = Duration::from_secs(4);

/// What is left of earlier runs, once what they have done is on record: the folders in which something is left.
#[derive(Default)]
pub(super) struct Earlier {
    found: Vec<(RunFolder, Left)>,
}

/// Brings home what jobs of runs whose process is gone have done meanwhile.
///
/// # Errors
/// The record can't be opened.
pub(super) fn earlier(wait: Option<Duration>, max_hashed_bytes: u64) -> Result<Earlier, Diagnostic> {
    let orphans = RunFolder::orphans();
    if orphans.is_empty() {
        return Ok(Earlier::default());
    }
    let record = Record::open(std::path::Path::new(tureen_workflow::record::FOLDER), false)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let mut earlier = Earlier::default();
    for folder in orphans {
        let left = recover(&folder, &record, wait.unwrap_or(USUAL_WAIT), max_hashed_bytes);
        if left.is_empty() {
            folder.remove();
        } else {
            earlier.found.push((folder, left));
        }
    }
    Ok(earlier)
}

impl Earlier {
    /// The folder that a run goes on with: the first of its kind of cluster.
    fn inherit(&mut self, cluster: &Cluster) -> Option<(RunFolder, Left)> {
        let is_slurm = matches!(cluster.kind, Kind::Slurm(_));
        let place = self.found.iter().position(|(folder, _)| folder.is_of_slurm() == is_slurm)?;
        Some(self.found.remove(place))
    }

    /// Sees that nobody makes the files of a run which does not go on with what is left.
    ///
    /// # Errors
    /// Somebody may.
    fn check(&self, files: &Files<'_>) -> Result<(), Diagnostic> {
        let wanted: FxHashSet<&str> = files.writes.iter().copied().collect();
        for (folder, left) in &self.found {
            let making = being_made(folder, left, &|path| wanted.contains(path));
            if making.is_empty() {
                continue;
            }
            let executor = if folder.is_of_slurm() { "slurm" } else { "cluster-generic" };
            let some: Vec<String> =
                making.iter().take(3).map(|path| format!("`{}`", path.display())).collect();
            let more = if making.len() > some.len() { ", ..." } else { "" };
            return Err(Diagnostic::new(format!(
                "jobs that an earlier run has left at a cluster are making files of this run: {}{more}",
                some.join(", ")
            ))
            .hint(format!(
                "`--executor {executor}` goes on with them, `--unlock` gives them up; or wait until they have ended"
            )));
        }
        Ok(())
    }
}

/// `--unlock`: gives up what earlier runs have left at a cluster.
///
/// # Errors
/// The record can't be opened.
pub(super) fn unlock(max_hashed_bytes: u64) -> Result<String, Diagnostic> {
    let earlier = earlier(None, max_hashed_bytes)?;
    let (mut n_jobs, mut n_at_work) = (0, 0);
    for (folder, left) in &earlier.found {
        n_jobs += left.all_parcels().len();
        n_at_work += give_up(folder, left);
    }
    if n_at_work > 0 {
        std::thread::sleep(NODES_LOOK);
    }
    Ok(match n_jobs {
        0 => "nothing to unlock: a lock ends with the process that holds it".to_owned(),
        n => format!("{n} jobs that an earlier run has left at a cluster are given up"),
    })
}

/// A run's jobs elsewhere, and the folder that is removed when all is done.
pub(super) struct Elsewhere {
    pub(super) apart: Apart,
    folder: Arc<RunFolder>,
}

impl Elsewhere {
    /// Gets ready to send jobs; `None` if all run here.
    ///
    /// # Errors
    /// The folder can't be made, the cluster can't be used, or jobs of an earlier run are in the way.
    pub(super) fn new(
        cluster: Option<&Cluster>,
        mut earlier: Earlier,
        reading: &Reading,
        latency_wait: Option<Duration>,
        (n_planned, files): (usize, &Files<'_>),
    ) -> Result<Option<Self>, Diagnostic> {
        let latency_wait = latency_wait.unwrap_or(USUAL_WAIT);
        let disk = |error: std::io::Error| {
            Diagnostic::new(format!("the folder for jobs elsewhere can't be made: {error}"))
                .hint("the workflow's folder must be writable, and shared with the cluster")
        };
        let inherited = cluster.and_then(|cluster| earlier.inherit(cluster));
        earlier.check(files)?;
        let Some(cluster) = cluster else { return Ok(None) };
        let (folder, left) = match inherited {
            Some((folder, left)) => (Some(folder), left),
            None => (None, Left::default()),
        };
        let last_id = left.last_id;
        let all_left = left.all_parcels();
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
            place: Mutex::new(Heir::new(place, &all_left)),
            n_jobs: cluster.n_jobs,
            plans_ahead: matches!(&cluster.kind, Kind::Slurm(settings) if settings.uses_pilots(n_planned)),
            local_cores: cluster.local_cores,
            components: cluster.components.clone(),
            scopes: cluster.scopes.clone(),
            latency_wait,
            story: reading.evaluator.as_ref().and_then(|evaluator| evaluator.story()),
            story_file: folder.file("story.json"),
            next_id: AtomicU64::new(last_id + 1),
        };
        Ok(Some(Self { apart, folder }))
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
