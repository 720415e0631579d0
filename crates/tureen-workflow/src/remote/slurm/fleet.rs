//! Pilots: a few allocations, each with this program in it, which takes the many small jobs of a run (see
//! [`pilot`](crate::remote::pilot)). Here is who asks for allocations, gives pilots work, and notices when one is gone.

mod recruit;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::controller::{Controller, NodeSize, Question, States};
use super::state::{Meaning, meaning, words};
use super::{Settings, job_name, number_of, order, task_of, without_cluster};
use crate::remote::folder::RunFolder;
use crate::remote::mail::{Inbox, add, mend};
use crate::remote::parcel::Parcel;
use crate::remote::pilot::{Beat, FromPilot, Life, ToPilot, cores_of};
use crate::remote::place::{Loss, News, Order};
use crate::remote::recover::LeftPilot;

/// How names of these begin.
pub(super) const TOKEN: &str = "p";

/// A pilot that says nothing for so long is asked after.
const SILENT: Duration = Duration::from_secs(8);

/// One that Slurm knows nothing of, and that has said nothing for so long, is gone.
const DEAD: Duration = Duration::from_secs(12);

/// One that Slurm believes alive, but that has said nothing for so long, is given up.
const HOPELESS: Duration = Duration::from_secs(900);

/// A job that Slurm does not show so soon after it was submitted is not missed yet.
const SHOWING: Duration = Duration::from_secs(10);

/// Jobs that take less on average are given ahead, so that no core waits for mail.
const SHORT: Duration = Duration::from_secs(5);

/// Pilots without work are let go after so long.
const IDLE: Duration = Duration::from_secs(60);

/// Where a pilot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Asked for.
    Asked,
    /// At work.
    Here,
    /// Told to leave when it is done.
    Leaving,
    /// Gone.
    Gone,
}

struct Given {
    parcel: Parcel,
    since: Instant,
}

struct Pilot {
    number: u64,
    token: String,
    /// Its place in the array.
    index: usize,
    phase: Phase,
    cores: u64,
    inbox: PathBuf,
    outbox: Inbox,
    life: Life,
    given: FxHashMap<String, Given>,
    last_busy: Instant,
    /// What Slurm says has become of it.
    gone: Option<String>,
}

impl Pilot {
    /// How many cores' worth of work it has.
    fn taken(&self) -> u64 {
        self.given.values().map(|given| cores_of(&given.parcel).min(self.cores)).sum()
    }
}

struct Call {
    job: Option<String>,
    n_pilots: usize,
    since: Instant,
    /// Whether an earlier run made it, and was ended before it knew the number.
    is_doubtful: bool,
    /// Whether it has to be asked for then.
    is_asked_after: bool,
}

impl Call {
    fn new(n_pilots: usize) -> Self {
        Self { job: None, n_pilots, since: Instant::now(), is_doubtful: false, is_asked_after: true }
    }
}

struct Waiting {
    parcel: Parcel,
}

/// The pilots of a run.
pub(super) struct Fleet {
    folder: Arc<RunFolder>,
    settings: Arc<Settings>,
    pilots: Vec<Pilot>,
    calls: FxHashMap<String, Call>,
    waiting: VecDeque<Waiting>,
    /// Account and partition: those of the first job.
    place: Option<(Option<String>, Option<String>)>,
    nodes: Option<Vec<NodeSize>>,
    asked_nodes: bool,
    n_tokens: u64,
    n_pilots: u64,
    beat: Beat,
    /// How long jobs take, on average.
    average: Option<Duration>,
    n_failed_calls: u32,
}

impl Fleet {
    pub(super) fn new(folder: Arc<RunFolder>, settings: Arc<Settings>, left: Vec<LeftPilot>) -> Self {
        let beat = Beat::new(folder.file("beat"));
        let mut this = Self {
            folder,
            settings,
            pilots: Vec::new(),
            calls: FxHashMap::default(),
            waiting: VecDeque::new(),
            place: None,
            nodes: None,
            asked_nodes: false,
            n_tokens: 0,
            n_pilots: 0,
            beat,
            average: None,
            n_failed_calls: 0,
        };
        for pilot in left {
            this.adopt(pilot);
        }
        this
    }

    /// Goes on with a pilot of an earlier run.
    fn adopt(&mut self, left: LeftPilot) {
        let LeftPilot { number, token, index, job, cores, given } = left;
        self.n_pilots = self.n_pilots.max(number);
        self.n_tokens = self.n_tokens.max(number_of(&token));
        let mut pilot = self.pilot(number, token.clone(), index, cores);
        // If it can't be mended, the line is lost, and with it a parcel that the pilot has never seen.
        let _ = mend(&pilot.inbox);
        for parcel in given {
            pilot.given.insert(parcel.id.clone(), Given { parcel, since: Instant::now() });
        }
        self.pilots.push(pilot);
        let call = self.calls.entry(token).or_insert(Call::new(0));
        call.n_pilots = call.n_pilots.max(index + 1);
        call.is_doubtful = job.is_none();
        call.job = job;
    }

    fn pilot(&self, number: u64, token: String, index: usize, cores: u64) -> Pilot {
        let folder = self.folder.file(&format!("pilots/{number}"));
        Pilot {
            number,
            token,
            index,
            phase: Phase::Asked,
            cores,
            inbox: folder.join("inbox"),
            outbox: Inbox::new(folder.join("outbox")),
            life: Life::new(folder.join("beat")),
            given: FxHashMap::default(),
            last_busy: Instant::now(),
            gone: None,
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.pilots.iter().any(|pilot| pilot.phase != Phase::Gone && pilot.given.contains_key(id))
    }

    /// Nobody wants this one: its pilot ends it and says so.
    pub(super) fn give_up(&mut self, id: &str) {
        for pilot in self.pilots.iter().filter(|pilot| pilot.given.contains_key(id)) {
            let _ = say(&pilot.inbox, &[ToPilot::Drop(id.to_owned())]);
        }
    }

    /// Whether a parcel can go with those that are here already.
    pub(super) fn can_take(&self, parcel: &Parcel, order: &Order) -> bool {
        let place = order::place(&order.view);
        let fits = self.settings.pilot_cores.is_none_or(|cores| cores_of(parcel) <= cores);
        let fits_nodes = self.nodes.as_ref().is_none_or(|nodes| {
            nodes.is_empty()
                || nodes
                    .iter()
                    .any(|node| cores_of(parcel) <= node.cpus && order::memory(&order.view) <= node.mem_mb)
        });
        self.n_failed_calls < 3
            && fits
            && fits_nodes
            && self.place.as_ref().is_none_or(|known| *known == place)
    }

    pub(super) fn take(&mut self, mut parcel: Parcel, order: &Order) {
        self.place.get_or_insert_with(|| order::place(&order.view));
        parcel.mem_mb = order::memory(&order.view);
        self.waiting.push_back(Waiting { parcel });
    }

    pub(super) fn nodes(&mut self, nodes: Vec<NodeSize>) {
        self.nodes = Some(nodes);
    }

    pub(super) fn look(&mut self, controller: &Controller, others_wait: bool, news: &mut Vec<News>) {
        if self.waiting.is_empty() && self.pilots.is_empty() {
            return;
        }
        self.beat.tick();
        for (token, call) in &mut self.calls {
            if call.is_doubtful && call.job.is_none() && std::mem::take(&mut call.is_asked_after) {
                let name = job_name(&self.folder, token);
                controller.ask(Question::Find { token: token.clone(), name });
            }
        }
        for number in 0..self.pilots.len() {
            self.listen(number, news);
            self.judge(number, news);
        }
        self.give(news);
        self.recruit(controller, news);
        self.let_go(others_wait);
    }

    fn listen(&mut self, number: usize, news: &mut Vec<News>) {
        let pilot = &mut self.pilots[number];
        if pilot.phase == Phase::Gone {
            return;
        }
        for line in pilot.outbox.read() {
            match serde_json::from_slice(&line) {
                Ok(FromPilot::Hello { node, cores, .. }) => {
                    pilot.cores = cores;
                    if pilot.phase == Phase::Asked {
                        pilot.phase = Phase::Here;
                        pilot.last_busy = Instant::now();
                        news.push(News::Say(format!(
                            "Pilot {} has come up on {node}, with {cores} cores.",
                            pilot.number
                        )));
                    }
                }
                Ok(FromPilot::Reply(reply)) => {
                    if let Some(given) = pilot.given.remove(&reply.id) {
                        let took = given.since.elapsed();
                        self.average = Some(self.average.map_or(took, |average| (average * 15 + took) / 16));
                        pilot.last_busy = Instant::now();
                        news.push(News::Reply(reply));
                    }
                }
                Ok(FromPilot::Back(ids)) => {
                    pilot.phase = Phase::Leaving;
                    for id in ids.iter().rev() {
                        if let Some(given) = pilot.given.remove(id) {
                            self.waiting.push_front(Waiting { parcel: given.parcel });
                        }
                    }
                }
                Ok(FromPilot::Bye(why)) => {
                    pilot.gone.get_or_insert(why);
                    Self::bury(pilot, news);
                    return;
                }
                // The line of one that was ended in the middle of it.
                Err(_) => {}
            }
        }
    }

    /// Whether a pilot is still there.
    fn judge(&mut self, number: usize, news: &mut Vec<News>) {
        let pilot = &mut self.pilots[number];
        if pilot.phase == Phase::Gone {
            return;
        }
        let silence = pilot.life.silence();
        if let Some(state) = &pilot.gone {
            if pilot.phase == Phase::Asked && pilot.given.is_empty() {
                // It never came up.
                news.push(News::Say(format!("Pilot {} never came up: {}", pilot.number, words(state))));
                pilot.phase = Phase::Gone;
                self.n_failed_calls += 1;
            } else if silence >= DEAD {
                Self::bury(pilot, news);
            } else if pilot.phase == Phase::Here {
                // Slurm has given it up, but it lives: it ends what it has, and is given nothing more.
                pilot.phase = Phase::Leaving;
                let _ = say(&pilot.inbox, &[ToPilot::End]);
            }
        } else if pilot.phase != Phase::Asked && silence >= HOPELESS {
            let _ = say(&pilot.inbox, &[ToPilot::Stop]);
            pilot.gone = Some("UNKNOWN".to_owned());
            Self::bury(pilot, news);
        }
    }

    /// What a pilot that is gone had not answered has come to nothing.
    fn bury(pilot: &mut Pilot, news: &mut Vec<News>) {
        pilot.phase = Phase::Gone;
        let state = pilot.gone.clone().unwrap_or_default();
        // Should it live after all, it stops.
        let _ = say(&pilot.inbox, &[ToPilot::Stop]);
        let is_state =
            state.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') && !state.is_empty();
        // What Slurm ends for its time or memory, it ends for what was done in it.
        let is_machine = is_state && meaning(&state) != Meaning::Ended(Loss::Job);
        let loss = if is_machine { Loss::Machine } else { Loss::Shared };
        let why = if is_state { words(&state) } else { state };
        for id in std::mem::take(&mut pilot.given).into_keys() {
            let why = format!("its pilot is gone: {why}");
            news.push(News::Lost { id, loss, why });
        }
    }

    /// Gives pilots as much as they can do, and a little more if jobs are short.
    fn give(&mut self, news: &mut Vec<News>) {
        let total: u64 =
            self.pilots.iter().filter(|pilot| pilot.phase == Phase::Here).map(|pilot| pilot.cores).sum();
        let is_short = match self.average {
            Some(average) => average < SHORT,
            None => self.waiting.len() as u64 > 4 * total,
        };
        let mut words: FxHashMap<usize, Vec<ToPilot>> = FxHashMap::default();
        while let Some(waiting) = self.waiting.front() {
            let wanted = cores_of(&waiting.parcel);
            // To the one with the least to do, if it has room.
            let room = |pilot: &Pilot| {
                let cores = wanted.min(pilot.cores);
                let most = if is_short { 2 * pilot.cores + 1 } else { pilot.cores };
                (pilot.taken() + cores <= most).then(|| (pilot.taken() + cores) * 1000 / pilot.cores.max(1))
            };
            let open = self.pilots.iter().enumerate();
            let open = open.filter(|(_, pilot)| pilot.phase == Phase::Here && pilot.gone.is_none());
            let best = open.filter_map(|(number, pilot)| Some((room(pilot)?, number))).min();
            let Some((_, number)) = best else { break };
            let Some(Waiting { parcel }) = self.waiting.pop_front() else { break };
            words.entry(number).or_default().push(ToPilot::Give(Box::new(parcel.clone())));
            let given = Given { parcel, since: Instant::now() };
            self.pilots[number].given.insert(given.parcel.id.clone(), given);
        }
        for (number, words) in words {
            let pilot = &mut self.pilots[number];
            pilot.last_busy = Instant::now();
            if let Err(error) = say(&pilot.inbox, &words) {
                news.push(News::Say(format!("`{}` can't be written: {error}", pilot.inbox.display())));
            }
        }
    }

    /// No pilots can be had: what waits for them goes by itself.
    fn disband(&mut self, news: &mut Vec<News>) {
        if self.pilots.iter().any(|pilot| matches!(pilot.phase, Phase::Here | Phase::Asked)) {
            return;
        }
        for Waiting { parcel } in self.waiting.drain(..) {
            news.push(News::Lost {
                id: parcel.id,
                loss: Loss::Shared,
                why: "no pilots can be had".to_owned(),
            });
        }
    }

    /// Pilots without work leave; soon, if others wait for the room.
    fn let_go(&mut self, others_wait: bool) {
        if !self.waiting.is_empty() {
            return;
        }
        for pilot in self.pilots.iter_mut().filter(|pilot| pilot.phase == Phase::Here) {
            if pilot.given.is_empty()
                && pilot.last_busy.elapsed() >= if others_wait { IDLE / 20 } else { IDLE }
            {
                pilot.phase = Phase::Leaving;
                let _ = say(&pilot.inbox, &[ToPilot::End]);
            }
        }
    }

    /// Whether Slurm should be asked soon.
    pub(super) fn has_silent(&mut self) -> bool {
        self.pilots
            .iter_mut()
            .filter(|pilot| matches!(pilot.phase, Phase::Here | Phase::Leaving) && !pilot.given.is_empty())
            .any(|pilot| pilot.life.silence() >= SILENT)
    }

    fn key(&self, pilot: &Pilot) -> Option<String> {
        let job = self.calls.get(&pilot.token)?.job.as_ref()?;
        Some(task_of(job, pilot.index))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut tokens: Vec<&str> =
            self.live().filter(|pilot| self.key(pilot).is_some()).map(|pilot| pilot.token.as_str()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.into_iter().map(|token| job_name(&self.folder, token)).collect()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        let old =
            |pilot: &&Pilot| self.calls.get(&pilot.token).is_some_and(|call| call.since.elapsed() >= SHOWING);
        self.live().filter(old).filter_map(|pilot| self.key(pilot)).collect()
    }

    fn live(&self) -> impl Iterator<Item = &Pilot> {
        self.pilots.iter().filter(|pilot| pilot.phase != Phase::Gone)
    }

    pub(super) fn states(&mut self, states: &States, asked: Instant) {
        let keys: Vec<Option<String>> = self.pilots.iter().map(|pilot| self.key(pilot)).collect();
        for (pilot, key) in self.pilots.iter_mut().zip(keys) {
            let Some(key) = key.filter(|_| pilot.phase != Phase::Gone) else { continue };
            let is_new = self.calls.get(&pilot.token).is_none_or(|call| asked < call.since + SHOWING);
            match states.get(&key) {
                Some(state) if meaning(state) == Meaning::Alive => pilot.gone = None,
                Some(state) => pilot.gone = Some(state.clone()),
                None if is_new => {}
                None => pilot.gone = Some("UNKNOWN".to_owned()),
            }
        }
    }

    pub(super) fn log_of(&self, id: &str) -> Option<PathBuf> {
        let pilot = self.pilots.iter().find(|pilot| pilot.given.contains_key(id))?;
        let name = job_name(&self.folder, &pilot.token);
        Some(self.log_folder().join(format!("{name}-{}.log", without_cluster(&self.key(pilot)?))))
    }

    /// Nobody wants what they do: gives the jobs to be cancelled.
    pub(super) fn stop(&mut self) -> Vec<String> {
        for pilot in self.pilots.iter_mut().filter(|pilot| pilot.phase != Phase::Gone) {
            let _ = say(&pilot.inbox, &[ToPilot::Stop]);
            pilot.phase = Phase::Gone;
        }
        self.calls.values().filter_map(|call| call.job.clone()).collect()
    }

    /// The run is over: all leave. Those that never came up are cancelled; the others are waited for a moment.
    pub(super) fn close(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        for pilot in self.pilots.iter_mut().filter(|pilot| matches!(pilot.phase, Phase::Asked | Phase::Here))
        {
            let _ = say(&pilot.inbox, &[ToPilot::End]);
        }
        let unborn: Vec<String> = self
            .pilots
            .iter()
            .filter(|pilot| pilot.phase == Phase::Asked)
            .filter_map(|pilot| self.key(pilot))
            .collect();
        if !unborn.is_empty() {
            super::controller::cancel_now(&unborn);
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline
            && self.pilots.iter().any(|pilot| matches!(pilot.phase, Phase::Here | Phase::Leaving))
        {
            for number in 0..self.pilots.len() {
                self.listen(number, &mut Vec::new());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn say(inbox: &std::path::Path, words: &[ToPilot]) -> std::io::Result<()> {
    let lines: Vec<String> = words
        .iter()
        .map(|word| serde_json::to_string(word).expect("texts, numbers and lists of them are always JSON"))
        .collect();
    add(inbox, &lines)
}
