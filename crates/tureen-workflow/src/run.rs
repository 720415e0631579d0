//! Runs a plan: threads pull jobs from the engine's run, each job is prepared, worked, judged and recorded.
//! Prints nothing: what happens is told to the caller, from whichever thread it happens on.

mod apart;
mod around;
pub(crate) mod benchmark;
mod cached;
mod failure;
mod fill;
mod group;
mod inputs;
mod job;
mod pace;
pub(crate) mod tail;
mod temporary;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};
use tureen_engine::{Lane, Limits, OnFailure, Outcome, Run, Schedule, TaskId, threads};

use crate::cache::{Cache, Entry as CacheEntry};
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::{Answer, Call, Exception, Format, JobView, RunEnd};
use crate::graph::{Tasks, engine_graph};
use crate::job::{JobGraph, JobId, Rules};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::record::{Record, Remembered};
use crate::resources::RunLimits;
use crate::rule::Action;
use crate::work::guard::Guard;
use crate::work::memory::Kills;
use crate::work::reap::Spent;
use crate::work::shell::Stream;
use crate::work::stop::Stop;
use crate::work::usage::Usage;
use temporary::Killed;

pub use apart::Apart;
pub use failure::{Failure, What};
pub use pace::Pace;

/// How to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cores (at least 1) and other things to use at once.
    pub limits: RunLimits,
    /// `-k`: after a failure go on with what does not depend on it.
    pub keep_going: bool,
    /// How long to wait for outputs to appear once their job has ended.
    pub latency_wait: Duration,
    /// `--touch`: give outputs the time of now instead of working.
    pub touch: bool,
    /// Attempts after the first, for rules that don't say.
    pub retries: u32,
    /// `--notemp`: keep temporary outputs.
    pub keep_temporary: bool,
    /// Which attempt the first one of each job is (1, unless somebody counts on).
    pub first_attempt: u32,
    /// `--drop-metadata`: what was made is forgotten at once.
    pub drops_record: bool,
    /// Inputs up to this size are remembered with their content.
    pub max_hashed_bytes: u64,
    /// `--shadow-prefix`: where shadowed jobs get their folders.
    pub shadow_prefix: Option<PathBuf>,
    /// How fast jobs may start.
    pub pace: Option<Pace>,
    /// `--prioritize`: rules and files that come first, with what they need.
    pub priority_targets: Vec<String>,
    /// The cache between workflows, if it is to be used.
    pub cache: Option<PathBuf>,
    /// `--keep-incomplete`: keep the outputs of failed jobs (they still count as unfinished).
    pub keep_incomplete: bool,
}

/// What the evaluator does for a run; without one, a workflow has no functions and no `run:` blocks.
pub struct Python<'p> {
    /// Asks functions.
    pub ask: &'p AskAll<'p>,
    /// Says which files checkpoints have made.
    pub made: &'p Made<'p>,
    /// Fills texts that name what only the Snakefile knows.
    pub format: Option<&'p FillText<'p>>,
    /// Runs the `run:` block of a job.
    pub block: Option<&'p Block<'p>>,
    /// Gives the text of a job's script.
    pub source: Option<&'p Source<'p>>,
}

/// Asks a batch of functions; one answer per call, in order.
pub type AskAll<'a> = dyn Fn(&[Call]) -> Vec<Result<Answer, Exception>> + Sync + 'a;

/// Tells which files checkpoints have made, before functions are asked again.
pub type Made<'m> = dyn Fn(&[String]) + Sync + 'm;

/// Fills one text.
pub type FillText<'f> = dyn Fn(&Format) -> Result<String, Exception> + Sync + 'f;

/// Runs a `run:` block: the job, where to stop, where its output goes, what it used; how it ended and what the system says that
/// it has used, or why it couldn't start.
pub type Block<'b> = dyn Fn(
        &JobView,
        &Stop,
        &mut dyn FnMut(Stream, &[u8]),
        Option<&mut Usage>,
    ) -> Result<(RunEnd, Spent), Box<Diagnostic>>
    + Sync
    + 'b;

/// Gives the text of a job's script.
pub type Source<'s> = dyn Fn(&JobView) -> Result<String, Box<Diagnostic>> + Sync + 's;

/// What is told while a plan runs.
pub enum Happening<'h> {
    /// A job starts.
    Starts {
        /// The job.
        job: JobId,
        /// Its files, params and so on.
        view: &'h JobView,
        /// Its shell command, filled.
        command: Option<&'h str>,
        /// Its `message:`, filled.
        message: Option<&'h str>,
    },
    /// A job printed something.
    Output {
        /// The job.
        job: JobId,
        /// Where.
        stream: Stream,
        /// What.
        bytes: &'h [u8],
    },
    /// A job ended well.
    Ended {
        /// The job.
        job: JobId,
        /// Its rule.
        rule: &'h str,
        /// How many have, with this one.
        n_done: usize,
    },
    /// The results of a job that starts come from the cache between workflows.
    FromCache {
        /// The job's outputs.
        outputs: &'h [CacheEntry],
    },
    /// A job need not run: its inputs, made anew, are what they were. It counts as one that ended well.
    Stays {
        /// The job.
        job: JobId,
        /// Its rule.
        rule: &'h str,
    },
    /// A job failed.
    Failed(&'h Failure),
    /// A temporary output was removed: nobody needs it any more.
    RemovedTemporary(&'h Path),
    /// A job failed, and is tried once more.
    Retries(&'h Failure),
    /// Something about the cluster.
    Says(&'h str),
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct End {
    /// The failures, in order of time.
    pub failures: Vec<Failure>,
    /// Jobs that ended well.
    pub done: Vec<JobId>,
}

/// All that the jobs of a run share.
pub(crate) struct Shared<'s, 'w> {
    pub(crate) rules: &'s Rules<'w>,
    pub(crate) graph: &'s JobGraph,
    pub(crate) record: &'s Record,
    pub(crate) settings: &'s Settings,
    pub(crate) python: &'s Python<'s>,
    pub(crate) stop: &'s Arc<Stop>,
    pub(crate) tell: &'s (dyn Fn(Happening<'_>) + Sync),
    pub(crate) temporary: temporary::Temporary,
    pub(crate) codes: Vec<String>,
    pub(crate) cache: Option<Cache>,
    plan: &'s Plan,
    remembered: &'s FxHashMap<String, Remembered>,
    hashes: inputs::Hashes,
    kills: Kills,
    pace: Option<pace::Starts>,
    done: Mutex<Vec<JobId>>,
    /// The run, and how many checkpoints are left of it, if it ends with them.
    part: Option<(Arc<Run>, AtomicUsize)>,
    failures: Mutex<Vec<Failure>>,
}

/// Everything a run needs to know.
pub struct Input<'i, 'w> {
    /// The rules.
    pub rules: &'i Rules<'w>,
    /// The jobs.
    pub graph: &'i JobGraph,
    /// Which of them run.
    pub plan: &'i Plan,
    /// What was remembered when it was planned.
    pub remembered: &'i FxHashMap<String, Remembered>,
    /// When the first run began that was killed and has not been cleared up after, in seconds since 1970.
    pub killed_since: Option<f64>,
    /// What has been done before this plan.
    pub progress: &'i Progress,
    /// Whether there will be another plan when this one's checkpoints have run.
    pub is_part: bool,
    /// Where it is written down.
    pub record: &'i Record,
    /// How.
    pub settings: &'i Settings,
    /// The evaluator.
    pub python: &'i Python<'i>,
    /// How to stop it.
    pub stop: &'i Arc<Stop>,
    /// The process that ends our jobs should we be killed.
    pub guard: Option<Guard>,
    /// Where jobs go that don't run on this machine.
    pub apart: Option<&'i Apart>,
}

/// Runs the plan to its end.
///
/// # Errors
/// The plan can't be started: a threads function raised. Failures of jobs are in [`End`].
pub fn run(input: Input<'_, '_>, tell: &(dyn Fn(Happening<'_>) + Sync)) -> Result<End, Box<Diagnostic>> {
    let Input {
        rules,
        graph,
        plan,
        remembered,
        progress,
        is_part,
        record,
        settings,
        python,
        stop,
        guard,
        apart,
        ..
    } = input;
    let killed = Killed { since: input.killed_since, remembered };
    let mut ask = |calls: &[_]| (python.ask)(calls);
    let urgent = &settings.priority_targets;
    let on_failure = if settings.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop };
    let cores = match apart {
        Some(apart) => settings.limits.cores.map_or(apart::steps::ENOUGH, |cores| apart.ahead(cores)),
        None => settings.limits.cores.unwrap_or(1),
    };
    let mut limits = settings
        .limits
        .named
        .iter()
        .fold(Limits::cores(cores), |limits, (name, amount)| limits.with(name.clone(), *amount));
    let mut sent = None;
    let (engine, steps) = match apart {
        None => {
            let Tasks { graph: engine, steps } =
                engine_graph(rules, graph, plan, &settings.limits, urgent, &mut ask)?;
            (engine, steps)
        }
        Some(apart) => {
            let (engine, tasks) =
                apart::steps::tasks(rules, graph, plan, &settings.limits, apart, urgent, &mut ask)?;
            limits = apart.limits(limits);
            let steps = Some(tasks.steps.clone());
            sent = Some((apart, tasks));
            (engine, steps)
        }
    };
    let schedule =
        Schedule::new(Arc::new(engine), limits, on_failure).expect("what jobs hold is clipped to the limits");
    let run = Arc::new(Run::new(schedule));
    if let Some((_, tasks)) = &sent {
        run.divide(|task| if tasks.is_apart[task.index()] { Lane::Aside } else { Lane::Main });
    }
    stop.watch(Arc::clone(&run), guard);
    let is_checkpoint = |job: &&JobId| rules.workflow.rules[graph.jobs.rule(**job)].is_checkpoint;
    let n_checkpoints = plan.order.iter().filter(is_checkpoint).count();
    let shared = Shared {
        rules,
        graph,
        record,
        settings,
        python,
        stop,
        tell,
        // What comes behind checkpoints may need any temporary file.
        temporary: if is_part {
            temporary::Temporary::default()
        } else {
            temporary::Temporary::new(rules, graph, plan, progress, killed)
        },
        codes: rules
            .workflow
            .rules
            .iter()
            .map(|rule| crate::code::normalised(&rule.action, &rules.workflow.shell))
            .collect(),
        cache: settings.cache.as_deref().map(Cache::new),
        plan,
        remembered,
        hashes: inputs::Hashes::default(),
        kills: Kills::watch(),
        pace: settings.pace.map(pace::Starts::new),
        done: Mutex::default(),
        part: is_part.then(|| (Arc::clone(&run), AtomicUsize::new(n_checkpoints))),
        failures: Mutex::new(Vec::new()),
    };
    shared.drop_temporary(shared.temporary.leftovers().iter().map(PathBuf::from));
    let cores = apart.map_or(cores, |apart| apart.local_cores);
    let n_threads = usize::try_from(cores).unwrap_or(usize::MAX).min(plan.order.len()).clamp(1, MOST_THREADS);
    let work = |task: TaskId| match &steps {
        Some(steps) => shared.work_together(&steps[task.index()].jobs),
        None => shared.work(plan.order[task.index()]),
    };
    std::thread::scope(|scope| {
        if let Some((apart, tasks)) = &sent {
            let sender = apart::Sender::new(&shared, &run, plan, tasks, apart);
            scope.spawn(move || sender.work());
        }
        threads::run(&run, n_threads, work, |_| ());
    });
    stop.unwatch();
    if !is_part && !settings.touch {
        remove_empty_folders(rules, graph, plan);
    }
    // A record that can't be tidied is only longer than it needs to be.
    let _ = record.tidy();
    let failures = shared.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    let done = shared.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(End { failures, done })
}

/// Clears up after runs that were killed when all was made, and nothing was left to do but that: removes temporary
/// outputs that nobody reads, and empty folders.
pub fn clear_up(
    rules: &Rules<'_>,
    graph: &JobGraph,
    plan: &Plan,
    remembered: &FxHashMap<String, Remembered>,
    killed_since: f64,
    keeps_temporary: bool,
) {
    if !keeps_temporary {
        let killed = Killed { since: Some(killed_since), remembered };
        let temporary = temporary::Temporary::new(rules, graph, plan, &Progress::default(), killed);
        for path in temporary.leftovers() {
            // It may be gone already; what can't be removed does no harm.
            let _ = crate::work::files::remove_temporary(Path::new(path));
        }
    }
    remove_empty_folders(rules, graph, plan);
}

/// Folders that were made for outputs and are empty, as those of temporary files (as Snakemake 9.27), also of those that
/// a run before this one made, before it was killed.
fn remove_empty_folders(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) {
    let is_temporary =
        |job: &JobId| rules.patterns[graph.jobs.rule(*job)].outputs.iter().any(|output| output.marks.is_temp);
    let before = graph.order.iter().filter(|job| !plan.runs(**job) && is_temporary(job));
    let outputs = plan.order.iter().chain(before).flat_map(|&job| graph.jobs.outputs(job));
    let parents = outputs.filter_map(|&file| Path::new(graph.jobs.path(file)).parent());
    let folders: FxHashSet<&Path> = parents.filter(|folder| !folder.as_os_str().is_empty()).collect();
    for folder in folders {
        let mut folder = Some(folder);
        // The system refuses to remove what is not empty.
        while let Some(empty) = folder.filter(|folder| std::fs::remove_dir(folder).is_ok()) {
            folder = empty.parent().filter(|parent| !parent.as_os_str().is_empty());
        }
    }
}

/// More jobs at once than this are not started, whatever `--cores` says.
const MOST_THREADS: usize = 4096;

impl Shared<'_, '_> {
    fn work(&self, job: JobId) -> Outcome {
        if self.stays(job) {
            (self.tell)(Happening::Stays { job, rule: &self.rule(job).name });
            return self.note_end(job, Ok(()));
        }
        if let Some(pace) = &self.pace
            && self.rule(job).action != Action::None
        {
            pace.wait(self.stop);
        }
        let end = self.run_job(job);
        self.note_end(job, end.map_err(|failure| vec![*failure]))
    }

    /// Works on the jobs of one step.
    fn work_together(&self, jobs: &[JobId]) -> Outcome {
        let [first, .., last] = jobs else { return self.work(jobs[0]) };
        if let Some(pace) = &self.pace {
            pace.wait(self.stop);
        }
        match self.run_group(jobs) {
            Ok(()) => {
                jobs.iter().map(|&job| self.note_end(job, Ok(()))).fold(Outcome::Done, |_, outcome| outcome)
            }
            Err(failures) => {
                // What failed is told; none of the others has made anything that counts.
                jobs.iter().filter(|job| *job != last).for_each(|&job| self.end_part_after(job));
                self.note_end(failures.first().map_or(*first, |failure| failure.job), Err(failures))
            }
        }
    }

    fn note_end(&self, job: JobId, end: Result<(), Vec<Failure>>) -> Outcome {
        match end {
            Ok(()) => {
                let n_done = {
                    let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push(job);
                    done.len()
                };
                (self.tell)(Happening::Ended { job, rule: &self.rule(job).name, n_done });
                let unneeded = self.temporary.unneeded_after(job, self.graph);
                self.drop_temporary(unneeded.iter().map(|&file| PathBuf::from(self.graph.jobs.path(file))));
                self.end_part_after(job);
                Outcome::Done
            }
            Err(failures) => {
                failures.iter().for_each(|failure| (self.tell)(Happening::Failed(failure)));
                self.failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failures);
                self.end_part_after(job);
                Outcome::Failed
            }
        }
    }

    /// When the last checkpoint has ended nothing more starts: what is behind it is planned first.
    fn end_part_after(&self, job: JobId) {
        if let Some((run, n_left)) = &self.part
            && self.rule(job).is_checkpoint
            && n_left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            run.cancel();
        }
    }

    fn drop_temporary(&self, paths: impl Iterator<Item = PathBuf>) {
        if self.settings.keep_temporary || self.settings.touch {
            return;
        }
        for path in paths {
            // It may be gone already; what can't be removed does no harm.
            if path.exists() && crate::work::files::remove_temporary(&path).is_ok() {
                (self.tell)(Happening::RemovedTemporary(&path));
            }
        }
    }
}
