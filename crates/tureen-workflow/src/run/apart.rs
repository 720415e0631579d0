//! The part of a run that happens elsewhere: takes steps from the engine's run, sends them as parcels, and brings home how
//! they went. One thread does all of it; the record is written here and by nobody else.
//!
//! Knows no cluster: an [`Heir`] of one is asked to send and tells what it hears.

mod pack;
mod settle;
pub(crate) mod steps;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tureen_engine::{Lane, Limits, Next, Outcome, Report, Run, TaskId};

use super::failure::{Failure, What};
use super::job::{Attempt, Readiness};
use super::{Happening, Shared};
use crate::evaluator::Story;
use crate::job::JobId;
use crate::plan::Plan;
use crate::remote::heir::Heir;
use crate::remote::parcel::Parcel;
use crate::remote::place::{Loss, News};
use crate::remote::reply::{End, JobReply, Reply};
use settle::Settling;
use steps::Tasks;

/// How often a parcel that a machine has lost is sent again.
const MOST_LOSSES: u32 = 3;

/// The shortest and the longest pause between two looks, and which part of the time without news it is.
const PAUSES: (Duration, Duration, u32) = (Duration::from_millis(2), Duration::from_millis(100), 20);

/// Jobs elsewhere: where, and on what terms.
pub struct Apart {
    /// Where parcels are sent. It outlives the parts of a run.
    pub place: Mutex<Heir>,
    /// How many jobs may be there at once (`--jobs`).
    pub n_jobs: u64,
    /// Whether the place keeps to limits of jobs and cores by itself, and wants to have some more at hand.
    pub plans_ahead: bool,
    /// How many cores of this machine local rules may use (`--local-cores`).
    pub local_cores: u64,
    /// `--group-components`
    pub components: Vec<(String, u32)>,
    /// `--set-resource-scopes`
    pub scopes: Vec<(String, String)>,
    /// How long outputs may take to be seen, there and here.
    pub latency_wait: Duration,
    /// How the Snakefile was read, for jobs that need an interpreter.
    pub story: Option<Story>,
    /// Where that is written for nodes.
    pub story_file: PathBuf,
    /// Numbers of parcels.
    pub next_id: std::sync::atomic::AtomicU64,
}

impl std::fmt::Debug for Apart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Apart").field("n_jobs", &self.n_jobs).finish_non_exhaustive()
    }
}

impl Apart {
    /// How much is handed out, where so much may run.
    pub(super) fn ahead(&self, limit: u64) -> u64 {
        if self.plans_ahead { limit.saturating_mul(3).saturating_add(2) } else { limit }
    }

    /// The limits of a run that has jobs here.
    pub(super) fn limits(&self, limits: Limits) -> Limits {
        limits.with(steps::JOBS, self.ahead(self.n_jobs)).with(steps::LOCAL_CORES, self.local_cores)
    }

    /// Whether a limit is one of each machine, so that jobs elsewhere don't share it (as Snakemake 9.27). `declared` is
    /// what the Snakefile says.
    fn is_per_machine(&self, declared: &[(String, String)], name: &str) -> bool {
        let said = |scopes: &[(String, String)]| {
            let mine = |scope: &&(String, String)| crate::resources::standard_name(&scope.0) == name;
            scopes.iter().rev().find(mine).map(|(_, scope)| scope != "global")
        };
        let usual = matches!(name, "mem_mb" | "disk_mb" | "runtime" | "tmpdir");
        said(&self.scopes).or_else(|| said(declared)).unwrap_or(usual)
    }
}

/// A step that was sent.
struct Flight {
    task: TaskId,
    step: usize,
    /// Its jobs, in the parcel's order.
    jobs: Vec<Attempt>,
    /// Which attempt of the jobs it is.
    number: i64,
    n_losses: u32,
    /// Temporary outputs that the parcel's own end removes.
    gone: Vec<PathBuf>,
}

/// What the thread knows while it is at it.
pub(super) struct Sender<'a, 's, 'w> {
    pub(super) shared: &'a Shared<'s, 'w>,
    pub(super) run: &'a Run,
    pub(super) plan: &'a Plan,
    pub(super) tasks: &'a Tasks,
    pub(super) apart: &'a Apart,
    flights: FxHashMap<String, Flight>,
    settling: Vec<Settling>,
    /// What was heard and not dealt with.
    news: Vec<News>,
    story_is_written: bool,
}

impl<'a, 's, 'w> Sender<'a, 's, 'w> {
    pub(super) fn new(
        shared: &'a Shared<'s, 'w>,
        run: &'a Run,
        plan: &'a Plan,
        tasks: &'a Tasks,
        apart: &'a Apart,
    ) -> Self {
        let (flights, settling, news) = (FxHashMap::default(), Vec::new(), Vec::new());
        Self { shared, run, plan, tasks, apart, flights, settling, news, story_is_written: false }
    }

    /// Sends and brings home until nothing is left.
    pub(super) fn work(mut self) {
        let mut place = self.apart.place.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = &mut *place;
        let mut last_news = Instant::now();
        loop {
            if self.shared.stop.is_asked() {
                return self.give_up(place);
            }
            let is_drained = self.take(place, &mut last_news);
            place.look(&mut self.news);
            if !self.news.is_empty() {
                last_news = Instant::now();
            }
            for item in std::mem::take(&mut self.news) {
                self.hear(item, place);
            }
            if self.settle(place) {
                last_news = Instant::now();
            }
            if is_drained && self.flights.is_empty() && self.settling.is_empty() {
                return;
            }
            let (least, most, part) = PAUSES;
            let pause = (last_news.elapsed() / part).clamp(least, most).min(place.patience());
            std::thread::sleep(pause);
        }
    }

    /// Takes all that may start; whether nothing will ever start again.
    fn take(&mut self, place: &mut Heir, last_news: &mut Instant) -> bool {
        loop {
            if self.shared.pace.as_ref().is_some_and(|pace| !pace.has_room()) {
                return false;
            }
            match self.run.try_next_in(Lane::Aside) {
                Next::Finished => return true,
                Next::Wait => return false,
                Next::Start(task) => {
                    if let Some(pace) = &self.shared.pace {
                        pace.count();
                    }
                    *last_news = Instant::now();
                    let jobs = self.tasks.steps[task.index()].jobs.clone();
                    self.send(task, &jobs, 1, 0, false, place);
                }
            }
        }
    }

    fn retries(&self, step: usize) -> u32 {
        self.tasks.steps[step].jobs.iter().map(|&job| self.shared.retries(job)).max().unwrap_or(0)
    }

    /// Sends some jobs of a step.
    fn send(
        &mut self,
        task: TaskId,
        jobs: &[JobId],
        number: i64,
        n_losses: u32,
        goes_alone: bool,
        place: &mut Heir,
    ) {
        let step = task.index();
        let mut attempts = Vec::with_capacity(jobs.len());
        for &job in jobs {
            match self.shared.ready(job, number, true) {
                Ok(Readiness::Ready(attempt)) => attempts.push(*attempt),
                Ok(Readiness::Over) => {
                    self.shared.note_end(job, Ok(()));
                }
                Err(failure) => return self.fail(task, vec![*failure], attempts),
            }
        }
        if attempts.is_empty() {
            return self.report(task, Outcome::Done);
        }
        let (mut parcel, mut order) = match self.pack(step, &attempts) {
            Ok(packed) => packed,
            Err((number, what)) => {
                let attempt = attempts.swap_remove(number);
                let failure = self.shared.failed(attempt, what);
                return self.fail(task, vec![*failure], attempts);
            }
        };
        order.goes_alone = goes_alone;
        // What an earlier run has sent and what still is at work is not touched.
        let found = place.find(&parcel.fingerprint());
        let mut begun = Vec::with_capacity(attempts.len());
        let mut attempts = attempts.into_iter();
        while let Some(mut attempt) = attempts.next() {
            if found.is_none()
                && let Err(fault) = self.shared.prepare(&mut attempt)
            {
                let failure = self.shared.failed(attempt, What::Files(fault));
                return self.fail(task, vec![*failure], begun.into_iter().chain(attempts).collect());
            }
            match self.shared.write_start(attempt) {
                Ok(attempt) => begun.push(attempt),
                Err(failure) => {
                    return self.fail(task, vec![*failure], begun.into_iter().chain(attempts).collect());
                }
            }
        }
        for (job, attempt) in parcel.jobs.iter_mut().zip(&begun) {
            job.row = attempt.row;
        }
        let gone = parcel.temporary.iter().map(|(path, _)| path.clone()).collect();
        if let Some(group) = &order.group {
            let text = format!("Group job {group} (jobs in lexicogr. order): {}", parcel.title());
            (self.shared.tell)(Happening::Says(&text));
        }
        let id = match found {
            Some(id) => id,
            None => {
                let id = parcel.id.clone();
                place.send(parcel, order, &mut self.news);
                id
            }
        };
        self.flights.insert(id, Flight { task, step, jobs: begun, number, n_losses, gone });
    }

    /// A new name for a parcel.
    fn new_id(&self) -> String {
        self.apart.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string()
    }

    /// Writes how the Snakefile was read, for nodes, once; where it is.
    fn story(&mut self) -> Result<PathBuf, What> {
        let path = &self.apart.story_file;
        if !self.story_is_written
            && let Some(story) = &self.apart.story
        {
            let text = serde_json::to_vec(story).expect("texts and lists of them are always JSON");
            crate::remote::reply::write_whole(path, &text).map_err(|source| {
                What::Files(crate::work::files::FileFault::Disk { path: path.clone(), source })
            })?;
            self.story_is_written = true;
        }
        Ok(path.clone())
    }

    fn hear(&mut self, news: News, place: &mut Heir) {
        match news {
            News::Say(text) => (self.shared.tell)(Happening::Says(&text)),
            News::Reply(reply) => {
                // What nobody waits for was sent by somebody else, or was given up.
                if let Some(flight) = self.flights.remove(&reply.id) {
                    self.settling.push(Settling::new(flight, reply, self.apart.latency_wait));
                }
            }
            News::Lost { id, loss, why } => {
                let Some(flight) = self.flights.remove(&id) else { return };
                let n_losses = flight.n_losses + 1;
                let jobs: Vec<JobId> = flight.jobs.iter().map(|attempt| attempt.job).collect();
                if matches!(loss, Loss::Machine | Loss::Shared) && n_losses <= MOST_LOSSES {
                    let rule = &flight.jobs[0].view.rule;
                    let text = format!("rule {rule} was lost ({why}) and is sent again");
                    (self.shared.tell)(Happening::Says(&text));
                    self.drop_quietly(flight.jobs);
                    let goes_alone = loss == Loss::Shared;
                    return self.send(flight.task, &jobs, flight.number, n_losses, goes_alone, place);
                }
                let may_be_tried_again = loss == Loss::Job;
                let end = End::NotBegun;
                let reply = Reply::of_all(&id, flight.jobs.len(), &end);
                self.conclude(flight, reply, Some(What::Elsewhere { why, may_be_tried_again }), place);
            }
        }
    }

    /// Looks at what was made elsewhere; whether anything could be concluded.
    fn settle(&mut self, place: &mut Heir) -> bool {
        let concluded = settle::concluded(&mut self.settling);
        let is_any = !concluded.is_empty();
        for (flight, reply) in concluded {
            self.conclude(flight, reply, None, place);
        }
        is_any
    }

    /// Writes down how the jobs of a parcel have ended, and tries those again that may be.
    fn conclude(&mut self, flight: Flight, reply: Reply, loss: Option<What>, place: &mut Heir) {
        let Flight { task, step, jobs, number, .. } = flight;
        let all: Vec<JobId> = jobs.iter().map(|attempt| attempt.job).collect();
        let log = place.log_of(&reply.id);
        let (is_lost, mut loss) = (loss.is_some(), loss);
        let (mut failures, mut left, mut not_begun) = (Vec::new(), Vec::new(), Vec::new());
        for (mut attempt, answer) in jobs.into_iter().zip(reply.jobs) {
            let job = attempt.job;
            let JobReply { end, tail, .. } = answer;
            attempt.tail.add(tail.as_bytes());
            if end != End::Done {
                attempt.logs_elsewhere = log.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            }
            let end = match end {
                End::Done => self.compare_late_checksums(&attempt),
                End::NotBegun => match loss.take() {
                    Some(what) => Err(what),
                    None => {
                        left.push(job);
                        not_begun.push(attempt);
                        continue;
                    }
                },
                bad => Err(what_of(bad, &reply.node)),
            };
            match self.shared.write_end(attempt, end) {
                Ok(()) => {
                    self.shared.note_end(job, Ok(()));
                }
                Err(failure) => {
                    left.push(job);
                    failures.push(*failure);
                }
            }
        }
        self.drop_quietly(not_begun);
        // A lost one stays revoked, should somebody come with it after all.
        if !is_lost {
            place.forget(&reply.id);
        }
        if failures.is_empty() && left.is_empty() {
            return self.report(task, Outcome::Done);
        }
        let is_last = number > i64::from(self.retries(step));
        let may_try = failures.iter().all(|failure| failure.what.may_be_tried_again());
        if !is_last && may_try && !self.shared.stop.is_asked() {
            failures.iter().for_each(|failure| (self.shared.tell)(Happening::Retries(failure)));
            let again: Vec<JobId> = all.into_iter().filter(|job| left.contains(job)).collect();
            return self.send(task, &again, number + 1, 0, true, place);
        }
        if let Some(group) = self.tasks.groups[step].as_ref().filter(|_| all.len() > 1) {
            (self.shared.tell)(Happening::Says(&format!("Error in group {group}:")));
        }
        self.fail(task, failures, Vec::new());
    }

    /// `ensure()` with a function: asked here, where the Snakefile is.
    fn compare_late_checksums(&self, attempt: &Attempt) -> Result<(), What> {
        let is_late = |output: &&crate::work::files::Output| {
            let checksum = output.marks.checksum.as_ref();
            checksum.is_some_and(|checksum| matches!(checksum.expected, crate::rule::Expected::Function(_)))
        };
        let late: Vec<_> = attempt.outputs.iter().filter(is_late).cloned().collect();
        self.shared.compare_checksums(&attempt.view, &late)
    }

    /// Ends a task whose jobs could not all be done; `others` are attempts that came to nothing because of that.
    fn fail(&mut self, task: TaskId, failures: Vec<Failure>, others: Vec<Attempt>) {
        self.drop_quietly(others);
        let first = failures.first().map_or(self.tasks.steps[task.index()].jobs[0], |failure| failure.job);
        self.shared.note_end(first, Err(failures));
        self.report(task, Outcome::Failed);
    }

    /// Attempts that have come to nothing, of which nothing is to be said.
    fn drop_quietly(&self, attempts: Vec<Attempt>) {
        for attempt in attempts.into_iter().filter(|attempt| attempt.row != 0) {
            drop(self.shared.write_end(attempt, Err(What::Stopped)));
        }
    }

    fn report(&self, task: TaskId, outcome: Outcome) {
        self.run.report(Report { task, outcome }, &mut Vec::new());
    }

    /// The user wants an end: all that is elsewhere is asked to stop. What was begun stays on record as unfinished.
    fn give_up(mut self, place: &mut Heir) {
        let mut news = Vec::new();
        place.cancel(&mut news);
        for item in news {
            if let News::Say(text) = item {
                (self.shared.tell)(Happening::Says(&text));
            }
        }
        let settling = std::mem::take(&mut self.settling).into_iter().map(|settling| settling.flight);
        let flights = std::mem::take(&mut self.flights).into_values().chain(settling);
        for flight in flights.collect::<Vec<_>>() {
            self.report(flight.task, Outcome::Failed);
        }
    }
}

fn what_of(end: End, node: &str) -> What {
    use crate::work::files::FileFault;
    match end {
        End::Command(exit) => What::Command(exit),
        End::Block(end) => What::Block(end),
        End::Missing(paths) => What::Files(FileFault::Missing(paths)),
        End::Stopped => What::Elsewhere {
            why: format!(
                "it was asked to end on {node} (a limit of time or memory, or somebody cancelled it)"
            ),
            may_be_tried_again: true,
        },
        End::OutOfMemory { peak, limit } => {
            let gigabytes = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
            let peak = peak.map(|peak| format!("; its largest process that ended had {}", gigabytes(peak)));
            let limit = limit.map(|limit| format!("; all together may have {}", gigabytes(limit)));
            let (peak, limit) = (peak.unwrap_or_default(), limit.unwrap_or_default());
            What::Elsewhere {
                why: format!(
                    "the system of {node} ended it because memory was used up{peak}{limit}; give it more `mem_mb`"
                ),
                may_be_tried_again: true,
            }
        }
        End::Files(why) => What::Elsewhere { why: format!("{why} (on {node})"), may_be_tried_again: true },
        End::NoStart(why) => What::Elsewhere {
            why: format!("its command can't be started on {node}: {why}"),
            may_be_tried_again: false,
        },
        End::NotReady(why) => {
            What::Elsewhere { why: format!("{why} (on {node})"), may_be_tried_again: false }
        }
        End::Done | End::NotBegun => What::Stopped,
    }
}

/// A parcel, and what it takes to send it; or which job can't be sent, and why.
type Packed = Result<(Parcel, crate::remote::place::Order), (usize, What)>;
