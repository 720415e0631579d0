//! A pilot: this program in an allocation, which takes parcels from its inbox and answers in its outbox until nobody has
//! anything for it or its time is up. It does not know what a run is, and never starts a parcel twice.
//!
//! ```text
//! inbox  (the run writes)    give, end, stop
//! outbox (the pilot writes)  hello, reply, back, bye
//! beat   (the pilot writes)  a number that grows as long as it lives
//! ```

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::mail::{Inbox, add};
use super::node::{self, Node};
use super::parcel::Parcel;
use super::reply::{End, Reply, node_name, write_whole};
use crate::evaluator::Evaluator;
use crate::work::memory::Kills;
use crate::work::shell::Stream;
use crate::work::stop::Stop;

/// What a run says to a pilot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToPilot {
    /// Run this one.
    Give(Box<Parcel>),
    /// Nobody wants this one any more: end it.
    Drop(String),
    /// Nothing more will come: leave when all is done.
    End,
    /// Leave at once: nobody wants what is being done.
    Stop,
}

/// What a pilot says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromPilot {
    /// It is there.
    Hello {
        /// Where.
        node: String,
        /// How many cores it has.
        cores: u64,
        /// When its time is up, in seconds since 1970.
        until: Option<u64>,
    },
    /// A parcel has ended.
    Reply(Reply),
    /// These it has not begun, and will not.
    Back(Vec<String>),
    /// It leaves: why. What it has not answered has come to nothing.
    Bye(String),
}

/// How often a pilot says that it lives.
pub const BEAT: Duration = Duration::from_secs(2);

/// How long a pilot without work waits for a run that says nothing any more: time enough to start it again.
const LONELY: Duration = Duration::from_secs(180);

/// So long before its time is up a pilot begins nothing new.
const MARGIN: Duration = Duration::from_secs(20);

/// The shortest and longest pause between two looks into the inbox, and which part of the time without mail it is.
const PAUSES: (Duration, Duration, u32) = (Duration::from_millis(3), Duration::from_millis(250), 20);

/// The pilot.
pub struct Pilot<'p> {
    folder: PathBuf,
    cores: u64,
    /// In MB; 0 if nothing was said of it.
    mem_mb: u64,
    until: Option<SystemTime>,
    kills: Kills,
    stop: &'p Arc<Stop>,
    /// Where what jobs print goes, a parcel's in one piece.
    output: &'p (dyn Fn(&str, &[u8]) + Sync),
}

/// What a parcel holds of a pilot while it runs.
#[derive(Debug, Clone, Copy)]
struct Held {
    cores: u64,
    mem_mb: u64,
}

/// What the loop knows.
struct Desk<'d> {
    free: u64,
    free_mem: u64,
    queue: VecDeque<Parcel>,
    /// Parcels that are worked on.
    n_running: usize,
    seen: HashSet<String>,
    /// What ends those that are worked on, one by one.
    stops: HashMap<String, Arc<Stop>>,
    evaluator: Option<Arc<Evaluator>>,
    is_ending: bool,
    answers: Sender<(Held, Reply)>,
    out: &'d Path,
}

impl<'p> Pilot<'p> {
    /// A pilot whose inbox is in this folder.
    pub fn new(
        folder: PathBuf,
        (cores, mem_mb): (u64, u64),
        until: Option<SystemTime>,
        stop: &'p Arc<Stop>,
        output: &'p (dyn Fn(&str, &[u8]) + Sync),
    ) -> Self {
        Self { folder, cores: cores.max(1), mem_mb, until, kills: Kills::watch(), stop, output }
    }

    /// Works until there is nothing left to do.
    ///
    /// # Errors
    /// Its folder can't be written to.
    pub fn work(&self) -> std::io::Result<()> {
        let out = self.folder.join("outbox");
        let mut inbox = Inbox::new(self.folder.join("inbox"));
        let until = self.until.and_then(|until| until.duration_since(UNIX_EPOCH).ok());
        let hello = FromPilot::Hello {
            node: node_name(),
            cores: self.cores,
            until: until.map(|until| until.as_secs()),
        };
        say(&out, &[hello])?;
        let (answers, replies) = channel();
        std::thread::scope(|scope| {
            let mut desk = Desk {
                free: self.cores,
                free_mem: self.mem_mb,
                queue: VecDeque::new(),
                n_running: 0,
                seen: HashSet::new(),
                stops: HashMap::new(),
                evaluator: None,
                is_ending: false,
                answers,
                out: &out,
            };
            let why = self.serve(scope, &mut desk, &mut inbox, &replies)?;
            say(&out, &[FromPilot::Bye(why)])
        })
    }

    /// The loop; why it ended.
    fn serve<'s, 'e: 's>(
        &'e self,
        scope: &'s std::thread::Scope<'s, 'e>,
        desk: &mut Desk<'_>,
        inbox: &mut Inbox,
        replies: &Receiver<(Held, Reply)>,
    ) -> std::io::Result<String> {
        let mut last_mail = Instant::now();
        let mut beat = Beat::new(self.folder.join("beat"));
        let mut run = Life::new(self.folder.join("../../beat"));
        loop {
            beat.tick();
            for line in inbox.read() {
                last_mail = Instant::now();
                match serde_json::from_slice(&line) {
                    Ok(ToPilot::Give(parcel)) => {
                        // A run that was started again may say again what it has said.
                        if desk.seen.insert(parcel.id.clone()) {
                            desk.queue.push_back(*parcel);
                        }
                    }
                    Ok(ToPilot::Drop(id)) => desk.drop_one(&id)?,
                    Ok(ToPilot::End) => desk.is_ending = true,
                    Ok(ToPilot::Stop) => {
                        self.stop.stop();
                        return Ok("it was told to stop".to_owned());
                    }
                    // The line of somebody who was ended in the middle of it.
                    Err(_) => {}
                }
            }
            if self.stop.is_asked() {
                return Ok("it was asked to end".to_owned());
            }
            if self.is_late() {
                if !desk.queue.is_empty() {
                    let back = desk.queue.drain(..).map(|parcel| parcel.id).collect();
                    say(desk.out, &[FromPilot::Back(back)])?;
                }
                if desk.n_running == 0 {
                    return Ok("its time is up".to_owned());
                }
            }
            self.begin(scope, desk);
            if desk.n_running == 0 && desk.queue.is_empty() {
                if desk.is_ending {
                    return Ok("there is nothing left to do".to_owned());
                }
                if last_mail.elapsed() > LONELY && run.silence() > LONELY {
                    return Ok("its run is silent".to_owned());
                }
            }
            let (least, most, part) = PAUSES;
            let pause = (last_mail.elapsed() / part).clamp(least, most);
            let mut ended = Vec::new();
            match replies.recv_timeout(pause) {
                Ok(reply) => ended.push(reply),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            ended.extend(replies.try_iter());
            if self.stop.is_asked() {
                return Ok("it was asked to end".to_owned());
            }
            if !ended.is_empty() {
                last_mail = Instant::now();
                let mut words = Vec::with_capacity(ended.len());
                for (held, reply) in ended {
                    desk.free += held.cores;
                    desk.free_mem += held.mem_mb;
                    desk.n_running -= 1;
                    desk.stops.remove(&reply.id);
                    words.push(FromPilot::Reply(reply));
                }
                self.begin(scope, desk);
                say(desk.out, &words)?;
            }
        }
    }

    fn is_late(&self) -> bool {
        self.until
            .is_some_and(|until| until.duration_since(SystemTime::now()).map_or(true, |left| left < MARGIN))
    }

    /// Begins what fits, in the order that it came.
    fn begin<'s, 'e: 's>(&'e self, scope: &'s std::thread::Scope<'s, 'e>, desk: &mut Desk<'_>) {
        let mut place = 0;
        while desk.free > 0 && place < desk.queue.len() {
            let held = Held {
                cores: cores_of(&desk.queue[place]).min(self.cores),
                mem_mb: desk.queue[place].mem_mb.min(self.mem_mb),
            };
            if held.cores > desk.free || held.mem_mb > desk.free_mem {
                place += 1;
                continue;
            }
            let Some(parcel) = desk.queue.remove(place) else { return };
            desk.free -= held.cores;
            desk.free_mem -= held.mem_mb;
            desk.n_running += 1;
            let evaluator = match self.ready(desk, &parcel) {
                Ok(evaluator) => evaluator,
                Err(why) => {
                    let reply = Reply::of_all(&parcel.id, parcel.jobs.len(), &End::NotReady(why));
                    // The other end is this thread.
                    let _ = desk.answers.send((held, reply));
                    continue;
                }
            };
            let answers = desk.answers.clone();
            let stop = self.stop.for_some();
            desk.stops.insert(parcel.id.clone(), Arc::clone(&stop));
            scope.spawn(move || {
                let printed = std::sync::Mutex::new(Vec::new());
                let output = |_: Stream, bytes: &[u8]| {
                    printed
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .extend_from_slice(bytes);
                };
                let (evaluator, kills) = (evaluator.as_deref(), &self.kills);
                let node = Node { evaluator, kills, stop: &stop, output: &output };
                let reply = node.work(&parcel);
                let printed = printed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
                if !printed.is_empty() {
                    (self.output)(&parcel.title(), &printed);
                }
                // If nobody listens any more the pilot is leaving.
                let _ = answers.send((held, reply));
            });
        }
    }

    /// Goes where a parcel works, with the interpreter that it needs. One run has one folder and one Snakefile.
    fn ready(&self, desk: &mut Desk<'_>, parcel: &Parcel) -> Result<Option<Arc<Evaluator>>, String> {
        node::enter(parcel)?;
        if !parcel.needs_python() {
            return Ok(None);
        }
        if desk.evaluator.is_none() {
            desk.evaluator = node::evaluator(parcel)?.map(Arc::new);
        }
        Ok(desk.evaluator.clone())
    }
}

impl Desk<'_> {
    /// Ends one parcel, whether it has begun or not.
    fn drop_one(&mut self, id: &str) -> std::io::Result<()> {
        if let Some(place) = self.queue.iter().position(|parcel| parcel.id == id)
            && let Some(parcel) = self.queue.remove(place)
        {
            let reply = Reply::of_all(&parcel.id, parcel.jobs.len(), &End::Stopped);
            return say(self.out, &[FromPilot::Reply(reply)]);
        }
        if let Some(stop) = self.stops.get(id) {
            stop.stop();
        }
        Ok(())
    }
}

/// How many cores of a pilot a parcel takes.
pub fn cores_of(parcel: &Parcel) -> u64 {
    parcel.cores.max(1)
}

fn say(path: &Path, words: &[FromPilot]) -> std::io::Result<()> {
    let lines: Vec<String> = words
        .iter()
        .map(|word| serde_json::to_string(word).expect("texts, numbers and lists of them are always JSON"))
        .collect();
    add(path, &lines)
}

/// A file that says that somebody lives.
#[derive(Debug)]
pub struct Beat {
    path: PathBuf,
    number: u64,
    last: Option<Instant>,
}

impl Beat {
    /// Nothing is written yet.
    pub fn new(path: PathBuf) -> Self {
        let number = UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
        Self { path, number, last: None }
    }

    /// Writes, if it is time to.
    pub fn tick(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() < BEAT) {
            return;
        }
        self.last = Some(Instant::now());
        self.number += 1;
        // If it can't be written now, it can the next time.
        let _ = write_whole(&self.path, self.number.to_string().as_bytes());
    }
}

/// Somebody else's beat.
#[derive(Debug)]
pub struct Life {
    path: PathBuf,
    known: Vec<u8>,
    changed: Instant,
    looked: Option<Instant>,
}

impl Life {
    /// Nothing is known yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, known: Vec::new(), changed: Instant::now(), looked: None }
    }

    /// For how long nothing was heard. Times of other machines don't matter: only that the file changes.
    pub fn silence(&mut self) -> Duration {
        if self.looked.is_none_or(|looked| looked.elapsed() >= BEAT / 2) {
            self.looked = Some(Instant::now());
            if let Ok(now) = std::fs::read(&self.path)
                && now != self.known
            {
                self.known = now;
                self.changed = Instant::now();
            }
        }
        self.changed.elapsed()
    }
}
