//! What a node does with a parcel: prepares each job's files, works, judges what was made, and says how it went.
//! Knows no rules, no graph and no record: only the parcel.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tureen_engine::{Demand, GraphBuilder, Limits, OnFailure, Outcome, Run, Schedule, TaskId, threads};

use super::known::{command, view};
use super::parcel::{Parcel, ParcelJob, Work};
use super::reply::{End, JobReply, Reply, Seen, node_name};
use crate::evaluator::job::{JobView, RunEnd};
use crate::evaluator::{Evaluator, Story};
use crate::rule::{Checksum, Expected};
use crate::run::benchmark;
use crate::run::tail::Tail;
use crate::work::block;
use crate::work::checksum::checksum;
use crate::work::files::{self, FileFault, Output};
use crate::work::memory::{Kills, memory_limit};
use crate::work::shadow::ShadowFolder;
use crate::work::shell::{self, Exit, Stream};
use crate::work::stop::Stop;
use crate::work::usage::Usage;

/// How long a service has to come up, at least (as Snakemake 9.27 by default).
const SERVICE_PATIENCE: Duration = Duration::from_secs(5);

/// So long after its job a node's program may hear the signal that both are sent.
const SIGNALS_APART: Duration = Duration::from_secs(1);

/// Whoever runs parcels on a node.
pub struct Node<'n> {
    /// The interpreter that has read the Snakefile, if a job needs one.
    pub evaluator: Option<&'n Evaluator>,
    /// Knows whom the system has ended for memory.
    pub kills: &'n Kills,
    /// Ends everything at once.
    pub stop: &'n Arc<Stop>,
    /// Where what jobs print goes.
    pub output: &'n (dyn Fn(Stream, &[u8]) + Sync),
}

/// Goes to the folder that a parcel works in.
///
/// # Errors
/// It is not there: is it shared with this machine?
pub fn enter(parcel: &Parcel) -> Result<(), String> {
    let folder = &parcel.folder;
    std::env::set_current_dir(folder).map_err(|error| {
        format!("the folder `{}` can't be entered on {}: {error}", folder.display(), node_name())
    })
}

/// An interpreter that has read the Snakefile as the run did, if a parcel needs one.
///
/// # Errors
/// It can't be started, or the Snakefile raises here.
pub fn evaluator(parcel: &Parcel) -> Result<Option<Evaluator>, String> {
    if !parcel.needs_python() {
        return Ok(None);
    }
    let path = parcel.story.as_ref().ok_or("it needs an interpreter, and nothing is said of one")?;
    let read = || -> std::io::Result<Story> { Ok(serde_json::from_slice(&std::fs::read(path)?)?) };
    let story = read().map_err(|error| format!("`{}`: {error}", path.display()))?;
    Evaluator::replay(&story).map(Some)
}

impl Node<'_> {
    /// Runs a parcel to its end.
    pub fn work(&self, parcel: &Parcel) -> Reply {
        let n_sets = parcel.jobs.iter().map(|job| job.set + 1).max().unwrap_or(0);
        let mut sets: Vec<Vec<usize>> = vec![Vec::new(); n_sets];
        for (number, job) in parcel.jobs.iter().enumerate() {
            sets[job.set].push(number);
        }
        let not_begun =
            JobReply { end: End::NotBegun, outputs: Vec::new(), usage: None, tail: String::new() };
        let replies = Mutex::new(vec![not_begun; parcel.jobs.len()]);
        let note = |number: usize, reply: JobReply| {
            let is_good = reply.end == End::Done;
            let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
            replies[number] = reply;
            let is_done = |number: &usize| replies[*number].end == End::Done;
            for (path, readers) in &parcel.temporary {
                if readers.contains(&number) && readers.iter().all(is_done) {
                    // What can't be removed does no harm.
                    let _ = files::remove_temporary(path);
                }
            }
            is_good
        };
        let run = Run::new(schedule(parcel, &sets));
        let work = |task: TaskId| {
            if self.stop.is_asked() {
                return Outcome::Failed;
            }
            let is_good = match sets[task.index()].as_slice() {
                [number] => note(*number, self.job(parcel, &parcel.jobs[*number], self.stop)),
                numbers => self.together(parcel, numbers, &note),
            };
            if is_good { Outcome::Done } else { Outcome::Failed }
        };
        let n_threads = usize::try_from(parcel.cores).unwrap_or(usize::MAX).clamp(1, n_sets.max(1));
        threads::run(&run, n_threads, work, |_| ());
        let jobs = replies.into_inner().unwrap_or_else(PoisonError::into_inner);
        Reply { id: parcel.id.clone(), node: node_name(), jobs }
    }

    /// Runs the jobs of a set at the same time: one fails, all end; services end when all others have.
    fn together(
        &self,
        parcel: &Parcel,
        numbers: &[usize],
        note: &(dyn Fn(usize, JobReply) -> bool + Sync),
    ) -> bool {
        for &number in numbers {
            for (path, marks) in parcel.jobs[number].outputs.iter().filter(|(_, marks)| marks.is_pipe) {
                if let Err(fault) = files::make_pipe(path) {
                    debug_assert!(marks.is_pipe);
                    return note(number, failed(End::Files(fault.to_string())));
                }
            }
        }
        let all = self.stop.for_some();
        let services = all.for_some();
        let run = |number: usize, stop: &Arc<Stop>| {
            let is_good = note(number, self.job(parcel, &parcel.jobs[number], stop));
            if !is_good {
                all.stop();
            }
            is_good
        };
        let is_good = std::thread::scope(|scope| {
            let is_service = |number: &&usize| is_service(&parcel.jobs[**number]);
            let (serving, others): (Vec<usize>, Vec<usize>) =
                numbers.iter().partition(|number| is_service(number));
            let (run, all, services) = (&run, &all, &services);
            let serving: Vec<_> =
                serving.into_iter().map(|number| scope.spawn(move || run(number, services))).collect();
            let others: Vec<_> =
                others.into_iter().map(|number| scope.spawn(move || run(number, all))).collect();
            let mut is_good = true;
            for thread in others {
                is_good &= thread.join().unwrap_or(false);
            }
            services.stop();
            for thread in serving {
                is_good &= thread.join().unwrap_or(false);
            }
            is_good
        });
        for &number in numbers {
            for (path, _) in parcel.jobs[number].outputs.iter().filter(|(_, marks)| marks.is_passing()) {
                // What is left of it is taken for nothing in any case.
                let _ = files::remove(path, true);
            }
        }
        is_good
    }

    fn job(&self, parcel: &Parcel, job: &ParcelJob, stop: &Arc<Stop>) -> JobReply {
        let (tail, usages) = (Tail::default(), Vec::new());
        let mut hand = Hand { node: self, parcel, job, view: JobView::default(), stop, tail, usages };
        let end = match hand.work() {
            Ok(()) => End::Done,
            Err(_) if stop.is_over() && is_service(job) => End::Done,
            Err(end) if stop.is_asked() || (is_polite_kill(&end) && is_asked_soon(stop)) => End::Stopped,
            Err(end) => end,
        };
        let lasting = job.outputs.iter().filter(|(_, marks)| !marks.is_passing());
        let outputs = if end == End::Done {
            lasting.filter_map(|(path, _)| Seen::look(path)).collect()
        } else {
            Vec::new()
        };
        let usage = hand.usages.last().copied().map(Into::into);
        JobReply { end, outputs, usage, tail: hand.tail.lines() }
    }
}

/// Whether a job was ended by the signal that clusters send when they want an end: to us, too, but the job may be faster.
fn is_polite_kill(end: &End) -> bool {
    matches!(end, End::Command(Exit::Signal(15) | Exit::Status(143)) | End::Block(RunEnd::Killed(15)))
}

fn is_asked_soon(stop: &Stop) -> bool {
    let deadline = Instant::now() + SIGNALS_APART;
    while !stop.is_asked() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    stop.is_asked()
}

fn is_service(job: &ParcelJob) -> bool {
    job.outputs.iter().any(|(_, marks)| marks.is_service)
}

fn failed(end: End) -> JobReply {
    JobReply { end, outputs: Vec::new(), usage: None, tail: String::new() }
}

/// The sets as the engine's tasks. Jobs hold the cores they were promised, as far as there are so many.
fn schedule(parcel: &Parcel, sets: &[Vec<usize>]) -> Schedule {
    let mut graph = GraphBuilder::with_capacity(sets.len(), sets.len());
    let mut tasks: Vec<TaskId> = Vec::with_capacity(sets.len());
    let cores = parcel.cores.max(1);
    for set in sets {
        let jobs = || set.iter().map(|&number| &parcel.jobs[number]);
        let needs = jobs().flat_map(|job| &job.needs).filter_map(|&need| tasks.get(need).copied());
        let task = graph.add(needs);
        let threads: u64 = jobs().map(|job| u64::try_from(job.view.threads).unwrap_or(0)).sum();
        graph.set_demand(task, Demand::cores(threads.min(cores)));
        tasks.push(task);
    }
    Schedule::new(Arc::new(graph.build()), Limits::cores(cores), OnFailure::KeepGoing)
        .expect("what sets hold is clipped to the cores")
}

/// One job while it is worked on.
struct Hand<'h> {
    node: &'h Node<'h>,
    parcel: &'h Parcel,
    job: &'h ParcelJob,
    /// Its files, params and so on, as this machine knows them.
    view: JobView,
    stop: &'h Arc<Stop>,
    tail: Tail,
    usages: Vec<Usage>,
}

impl Hand<'_> {
    fn work(&mut self) -> Result<(), End> {
        let job = self.job;
        let outputs: Vec<Output> = job
            .outputs
            .iter()
            .map(|(path, marks)| Output { path: path.clone(), marks: marks.clone() })
            .collect();
        let beside: Vec<String> = job
            .logs
            .iter()
            .cloned()
            .chain(job.benchmark.iter().map(|(path, _)| path.to_string_lossy().into_owned()))
            .collect();
        files::prepare(&outputs, &beside).map_err(about_files)?;
        self.await_services()?;
        self.view = view(self.node.evaluator, job)?;
        let shadow = match job.shadow {
            None => None,
            Some(kind) => {
                let inputs: Vec<&str> = job.inputs.iter().map(String::as_str).collect();
                let products: Vec<String> = outputs
                    .iter()
                    .map(|output| output.path.to_string_lossy().into_owned())
                    .chain(job.logs.iter().cloned())
                    .collect();
                let products: Vec<&str> = products.iter().map(String::as_str).collect();
                let made = ShadowFolder::make(kind, &self.parcel.shadow_base, &inputs, &products);
                Some(made.map_err(about_files)?)
            }
        };
        let end = self.repeat(shadow.as_ref()).and_then(|()| self.judge(&outputs, shadow.as_ref()));
        self.create_logs(shadow.as_ref());
        if let Some(shadow) = shadow {
            let logs = job.logs.iter().map(Path::new);
            let delivered = if end.is_ok() {
                shadow.deliver(outputs.iter().map(|output| output.path.as_path()).chain(logs))
            } else {
                // The logs are a help, no more: the job has failed in any case.
                let _ = shadow.deliver(logs);
                Ok(())
            };
            if end.is_ok() || !self.parcel.keep_incomplete {
                shadow.remove();
            }
            delivered.map_err(about_files)?;
        }
        end?;
        files::protect_outputs(&outputs).map_err(about_files)
    }

    fn await_services(&self) -> Result<(), End> {
        let patience = Duration::from_secs_f64(self.parcel.latency_wait).max(SERVICE_PATIENCE);
        let deadline = Instant::now() + patience;
        while let Some(path) = self.job.services.iter().find(|path| !path.exists()) {
            if Instant::now() >= deadline || self.stop.is_asked() {
                return Err(about_files(FileFault::NoService(path.clone())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Works as often as the job is to be benchmarked: usually once.
    fn repeat(&mut self, shadow: Option<&ShadowFolder>) -> Result<(), End> {
        let repeats = self.job.benchmark.as_ref().map_or(1, |(_, repeats)| *repeats);
        for iteration in 0..repeats {
            let mut usage = Usage::default();
            self.once(iteration, shadow, &mut usage)?;
            self.usages.push(usage);
        }
        let Some((path, _)) = &self.job.benchmark else { return Ok(()) };
        benchmark::write(path, &self.usages)
            .map_err(|source| about_files(FileFault::Disk { path: path.clone(), source }))
    }

    fn once(&mut self, iteration: i64, shadow: Option<&ShadowFolder>, usage: &mut Usage) -> Result<(), End> {
        let Self { node, parcel, job, view, stop, tail, .. } = self;
        view.bench_iteration = job.benchmark.as_ref().map(|_| iteration);
        let mut output = |stream, bytes: &[u8]| {
            tail.add(bytes);
            (node.output)(stream, bytes);
        };
        let usage = job.benchmark.is_some().then_some(usage);
        match &job.work {
            Work::Nothing => Ok(()),
            Work::Shell(_) | Work::Template { .. } => {
                let command = command(node.evaluator, job, view)?;
                let environment = shell::environment(view, &parcel.environment);
                let folder = shadow.map(ShadowFolder::path);
                let shell = shell::of_job(view, &parcel.shell);
                match shell::run(&command, folder, &shell, &environment, stop, &mut output, usage) {
                    Ok((Exit::Status(0), _)) => Ok(()),
                    Ok((exit, spent)) if exit.is_kill() && node.kills.has_grown() => {
                        Err(End::OutOfMemory { peak: spent.peak, limit: memory_limit() })
                    }
                    Ok((exit, _)) => Err(End::Command(exit)),
                    Err(error) => Err(End::NoStart(error.to_string())),
                }
            }
            Work::Python => {
                let Some(evaluator) = node.evaluator else {
                    return Err(End::NotReady("there is no interpreter for it".to_owned()));
                };
                view.folder = shadow.map(|shadow| shadow.path().to_string_lossy().into_owned());
                match block::run(evaluator, view, stop, &mut output, usage) {
                    Ok((RunEnd::Done | RunEnd::Exited(0), _)) => Ok(()),
                    Ok((end, spent)) if end.is_kill() && node.kills.has_grown() => {
                        Err(End::OutOfMemory { peak: spent.peak, limit: memory_limit() })
                    }
                    Ok((end, _)) => Err(End::Block(end)),
                    Err(broken) => Err(End::NotReady(broken.to_string())),
                }
            }
        }
    }

    fn judge(&self, outputs: &[Output], shadow: Option<&ShadowFolder>) -> Result<(), End> {
        let written: Vec<Output> = outputs
            .iter()
            .map(|output| Output {
                path: shadow.map_or_else(|| output.path.clone(), |shadow| shadow.inside(&output.path)),
                marks: output.marks.clone(),
            })
            .collect();
        // What its job has others write, it may see late.
        let wait = Duration::from_secs_f64(self.parcel.latency_wait);
        files::finish(&written, wait).map_err(about_files)?;
        for Output { path, marks } in &written {
            let Some(Checksum { algorithm, expected: Expected::Text(expected) }) = &marks.checksum else {
                continue;
            };
            let found = checksum(path, *algorithm)
                .map_err(|source| about_files(FileFault::Disk { path: path.clone(), source }))?;
            if found != *expected {
                let expected = expected.clone();
                return Err(about_files(FileFault::Checksum { path: path.clone(), expected, found }));
            }
        }
        Ok(())
    }

    /// Logs that the job did not write are there, and empty.
    fn create_logs(&self, shadow: Option<&ShadowFolder>) {
        for log in self.job.logs.iter().map(Path::new) {
            let log: PathBuf = shadow.map_or(log.to_owned(), |shadow| shadow.inside(log));
            // A log is a help, no more: the job has ended as it has ended.
            let _ = files::create(&log);
        }
    }
}

fn about_files(fault: FileFault) -> End {
    match fault {
        FileFault::Missing(paths) => End::Missing(paths),
        other => End::Files(other.to_string()),
    }
}
