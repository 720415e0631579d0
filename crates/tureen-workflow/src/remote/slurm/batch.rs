//! Jobs that are submitted by themselves: those that ask for the same go as one array. Each answers with a file of its own
//! in the run's folder. Knows no pilots.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::controller::{Controller, Question, States};
use super::state::{Meaning, meaning, words};
use super::{Settings, job_name, number_of, order, task_of, token, without_cluster};
use crate::fields::quote;
use crate::remote::folder::RunFolder;
use crate::remote::parcel::Parcel;
use crate::remote::place::{Loss, News, Order};
use crate::remote::replies::Replies;
use crate::remote::reply::{End, Reply, write_whole};

/// How names of these begin.
const TOKEN: &str = "b";

/// How long a reply may take to be seen here after Slurm has said that its job has ended, at least.
const REPLY_PATIENCE: Duration = Duration::from_secs(3);

/// A job that Slurm does not show so soon after it was submitted is not missed yet.
const SHOWING: Duration = Duration::from_secs(10);

/// What a job asks of Slurm, and its comment.
type Wants = (Vec<String>, String);

/// A parcel that was, or will be, submitted.
#[derive(Debug)]
struct Sent {
    token: String,
    /// Its place in the array.
    index: usize,
    n_jobs: usize,
    cores: u64,
    /// What Slurm says has become of it, and since when that is known.
    gone: Option<(Instant, String)>,
}

/// A call of `sbatch`.
#[derive(Debug)]
struct Call {
    ids: Vec<String>,
    /// The job's number, once it has one.
    job: Option<String>,
    since: Instant,
    n_open: usize,
    /// Whether an earlier run made it, and was ended before it knew the number.
    is_doubtful: bool,
}

/// The jobs.
pub(super) struct Batch {
    folder: Arc<RunFolder>,
    settings: Arc<Settings>,
    pending: Vec<(String, Vec<String>, String)>,
    sent: FxHashMap<String, Sent>,
    calls: FxHashMap<String, Call>,
    n_tokens: u64,
    last_call: Option<Instant>,
    replies: Replies,
    /// Where the logs of parcels that have ended are.
    logs: FxHashMap<String, PathBuf>,
}

impl Batch {
    pub(super) fn new(
        folder: Arc<RunFolder>,
        settings: Arc<Settings>,
        left: Vec<Parcel>,
        controller: &Controller,
    ) -> Self {
        let mut this = Self {
            replies: Replies::new(Arc::clone(&folder)),
            folder,
            settings,
            pending: Vec::new(),
            sent: FxHashMap::default(),
            calls: FxHashMap::default(),
            n_tokens: 0,
            last_call: None,
            logs: FxHashMap::default(),
        };
        this.adopt(&left, controller);
        this
    }

    /// Goes on with what an earlier run has submitted.
    fn adopt(&mut self, left: &[Parcel], controller: &Controller) {
        let n_jobs: FxHashMap<&str, usize> =
            left.iter().map(|parcel| (parcel.id.as_str(), parcel.jobs.len())).collect();
        let Ok(entries) = std::fs::read_dir(self.folder.file("batches")) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(token) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else {
                continue;
            };
            if path.extension().is_none_or(|end| end != "ids") {
                continue;
            }
            self.n_tokens = self.n_tokens.max(number_of(&token));
            let ids: Vec<String> =
                std::fs::read_to_string(&path).unwrap_or_default().lines().map(str::to_owned).collect();
            let open: Vec<usize> =
                (0..ids.len()).filter(|&index| n_jobs.contains_key(ids[index].as_str())).collect();
            if open.is_empty() {
                continue;
            }
            let job = std::fs::read_to_string(path.with_extension("sent")).ok().filter(|job| !job.is_empty());
            if job.is_none() {
                let name = job_name(&self.folder, &token);
                controller.ask(Question::Find { token: token.clone(), name });
            }
            for &index in &open {
                let n_jobs = n_jobs[ids[index].as_str()];
                let sent = Sent { token: token.clone(), index, n_jobs, cores: 1, gone: None };
                self.sent.insert(ids[index].clone(), sent);
            }
            let is_doubtful = job.is_none();
            let call = Call { n_open: open.len(), ids, job, since: Instant::now(), is_doubtful };
            self.calls.insert(token, call);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.sent.contains_key(id)
    }

    /// Takes a parcel, to be submitted with others that ask for the same.
    pub(super) fn take(&mut self, parcel: &Parcel, order: &Order, news: &mut Vec<News>) {
        let lose = |loss, why| News::Lost { id: parcel.id.clone(), loss, why };
        let options = match order::options(&order.view) {
            Ok(options) => options,
            Err(why) => return news.push(lose(Loss::Final, why)),
        };
        if let Err(error) = self.folder.write(&parcel.id, "json", &parcel.line()) {
            return news.push(lose(Loss::Final, format!("its parcel can't be written: {error}")));
        }
        let comment = match &order.group {
            Some(group) => format!("group_{group}"),
            None => format!("rule_{}", order.view.rule),
        };
        let sent = Sent {
            token: String::new(),
            index: 0,
            n_jobs: parcel.jobs.len(),
            cores: parcel.cores,
            gone: None,
        };
        self.sent.insert(parcel.id.clone(), sent);
        self.pending.push((parcel.id.clone(), options, comment));
    }

    pub(super) fn look(&mut self, controller: &Controller, news: &mut Vec<News>) {
        self.submit(controller, news);
        self.listen(news);
        self.bury(news);
    }

    /// Submits what is pending. What comes in a trickle is gathered for a moment.
    fn submit(&mut self, controller: &Controller, news: &mut Vec<News>) {
        const GATHERING: Duration = Duration::from_secs(1);
        if self.pending.is_empty() || self.last_call.is_some_and(|last| last.elapsed() < GATHERING) {
            return;
        }
        let pending = self.within_limits();
        let mut alike: Vec<(Wants, Vec<String>)> = Vec::new();
        let mut place: FxHashMap<Wants, usize> = FxHashMap::default();
        for (id, options, comment) in pending {
            let key = (options, comment);
            let number = *place.entry(key.clone()).or_insert_with(|| {
                alike.push((key, Vec::new()));
                alike.len() - 1
            });
            alike[number].1.push(id);
        }
        for ((options, comment), ids) in alike {
            for ids in ids.chunks(self.settings.array_limit.max(1)) {
                if let Err(error) = self.call(controller, &options, &comment, ids) {
                    for id in ids {
                        self.lose(id, Loss::Final, format!("it can't be submitted: {error}"), news);
                    }
                }
            }
        }
        self.last_call = Some(Instant::now());
    }

    /// What may be submitted now: runs that have pilots hand out more than may run at once.
    fn within_limits(&mut self) -> Vec<(String, Vec<String>, String)> {
        let at_slurm = self.sent.values().filter(|sent| !sent.token.is_empty());
        let (mut n_jobs, mut cores) = at_slurm.fold((0, 0), |(n, cores), sent| (n + 1, cores + sent.cores));
        let most_cores = self.settings.cores.unwrap_or(u64::MAX);
        let mut n_now = 0;
        for (id, ..) in &self.pending {
            let own = self.sent.get(id).map_or(1, |sent| sent.cores);
            if n_jobs > 0 && (n_jobs + 1 > self.settings.n_jobs || cores + own > most_cores) {
                break;
            }
            (n_jobs, cores, n_now) = (n_jobs + 1, cores + own, n_now + 1);
        }
        self.pending.drain(..n_now).collect()
    }

    fn call(
        &mut self,
        controller: &Controller,
        options: &[String],
        comment: &str,
        ids: &[String],
    ) -> std::io::Result<()> {
        self.n_tokens += 1;
        let title = comment.split_once('_').map_or(comment, |(_, title)| title);
        let token = token(TOKEN, self.n_tokens, self.settings.prefix.as_deref(), title);
        let place = self.folder.file("batches");
        std::fs::create_dir_all(&place)?;
        std::fs::create_dir_all(self.log_folder())?;
        let list = place.join(format!("{token}.ids"));
        let script = place.join(format!("{token}.sh"));
        let program = self.settings.program.to_string_lossy();
        let text = format!(
            "#!/bin/sh\nexec {} {} {}\n",
            quote(&program),
            crate::remote::JOB,
            quote(&list.to_string_lossy())
        );
        std::fs::write(&script, text)?;
        let name = job_name(&self.folder, &token);
        let is_array = ids.len() > 1;
        let log = self.log_folder().join(if is_array { "%x-%A_%a.log" } else { "%x-%j.log" });
        let mut words = vec![
            "--parsable".to_owned(),
            format!("--job-name={name}"),
            format!("--output={}", log.display()),
            "--export=ALL".to_owned(),
            format!("--comment={comment}"),
            format!("--chdir={}", std::env::current_dir()?.display()),
        ];
        if is_array {
            words.push(format!("--array=0-{}", ids.len() - 1));
        }
        words.extend_from_slice(&self.settings.options);
        words.extend_from_slice(options);
        words.push(script.to_string_lossy().into_owned());
        // Written last: with it an earlier run's calls are found again.
        write_whole(&list, (ids.join("\n") + "\n").as_bytes())?;
        for (index, id) in ids.iter().enumerate() {
            if let Some(sent) = self.sent.get_mut(id) {
                (sent.token, sent.index) = (token.clone(), index);
            }
        }
        let call = Call {
            ids: ids.to_vec(),
            job: None,
            since: Instant::now(),
            n_open: ids.len(),
            is_doubtful: false,
        };
        self.calls.insert(token.clone(), call);
        controller.ask(Question::Submit { token, words, name });
        Ok(())
    }

    fn log_folder(&self) -> PathBuf {
        self.settings.logs.clone().unwrap_or_else(|| self.folder.file("logs"))
    }

    /// The controller has answered a call.
    pub(super) fn submitted(&mut self, token: &str, job: Result<String, String>, news: &mut Vec<News>) {
        let Some(call) = self.calls.get_mut(token) else { return };
        match job {
            Ok(job) => {
                let what = if call.ids.len() > 1 {
                    format!("{} jobs as array", call.ids.len())
                } else {
                    "job".to_owned()
                };
                news.push(News::Say(format!("Submitted {what} {job} to Slurm.")));
                let _ = write_whole(&self.folder.file(&format!("batches/{token}.sent")), job.as_bytes());
                call.job = Some(job);
                call.since = Instant::now();
            }
            Err(why) => {
                let loss = if call.is_doubtful { Loss::Machine } else { Loss::Final };
                let ids: Vec<String> =
                    call.ids.iter().filter(|id| self.sent.contains_key(*id)).cloned().collect();
                for id in ids {
                    self.lose(&id, loss, format!("it can't be submitted: {why}"), news);
                }
            }
        }
    }

    fn listen(&mut self, news: &mut Vec<News>) {
        for id in self.replies.look(self.sent.len()).unwrap_or_default() {
            if self.sent.contains_key(&id)
                && let Some(reply) = self.replies.read(&id)
            {
                self.deliver(&id, reply, news);
            }
        }
    }

    fn deliver(&mut self, id: &str, reply: Reply, news: &mut Vec<News>) {
        if let Some(log) = self.current_log(id) {
            if reply.is_good() && !self.settings.keeps_logs {
                let _ = std::fs::remove_file(&log);
            } else {
                self.logs.insert(id.to_owned(), log);
            }
        }
        self.close_one(id);
        news.push(News::Reply(reply));
    }

    fn close_one(&mut self, id: &str) {
        let Some(sent) = self.sent.remove(id) else { return };
        if let Some(call) = self.calls.get_mut(&sent.token) {
            call.n_open -= 1;
            if call.n_open == 0 {
                self.calls.remove(&sent.token);
            }
        }
    }

    fn lose(&mut self, id: &str, loss: Loss, why: String, news: &mut Vec<News>) {
        if let Some(log) = self.current_log(id) {
            self.logs.insert(id.to_owned(), log);
        }
        // Whoever comes with it later is sent away.
        self.folder.revoke(id);
        self.close_one(id);
        news.push(News::Lost { id: id.to_owned(), loss, why });
    }

    /// Jobs that have ended without an answer that could be seen in time.
    fn bury(&mut self, news: &mut Vec<News>) {
        let patience = self.settings.latency_wait.max(REPLY_PATIENCE);
        let gone: Vec<(String, String)> = self
            .sent
            .iter()
            .filter_map(|(id, sent)| {
                let (since, state) = sent.gone.as_ref()?;
                (since.elapsed() >= patience).then(|| (id.clone(), state.clone()))
            })
            .collect();
        for (id, state) in gone {
            if state.starts_with("COMPLETED") {
                // It ended well, or its exit code would not be 0: its files tell the rest.
                let n_jobs = self.sent.get(&id).map_or(0, |sent| sent.n_jobs);
                self.deliver(&id, Reply::of_all(&id, n_jobs, &End::Done), news);
                continue;
            }
            let loss = match meaning(&state) {
                Meaning::Ended(loss) => loss,
                Meaning::Alive => Loss::Machine,
            };
            self.lose(&id, loss, words(&state), news);
        }
    }

    /// How Slurm names a parcel's job.
    fn key(&self, sent: &Sent) -> Option<String> {
        let call = self.calls.get(&sent.token)?;
        let job = call.job.as_ref()?;
        Some(if call.ids.len() > 1 { task_of(job, sent.index) } else { job.clone() })
    }

    pub(super) fn names(&self) -> Vec<String> {
        let known = self.calls.iter().filter(|(_, call)| call.job.is_some());
        known.map(|(token, _)| job_name(&self.folder, token)).collect()
    }

    /// The clusters that jobs are at; `None` is our own.
    pub(super) fn clusters(&self) -> Vec<Option<String>> {
        let jobs = self.calls.values().filter_map(|call| call.job.as_deref());
        let mut clusters: Vec<Option<String>> =
            jobs.map(|job| job.split_once(';').map(|(_, cluster)| cluster.to_owned())).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters
    }

    pub(super) fn keys(&self) -> Vec<String> {
        let old =
            |sent: &&Sent| self.calls.get(&sent.token).is_some_and(|call| call.since.elapsed() >= SHOWING);
        self.sent.values().filter(old).filter_map(|sent| self.key(sent)).collect()
    }

    /// What Slurm says of its jobs. `asked`: when it was asked.
    pub(super) fn states(&mut self, states: &States, asked: Instant) {
        let keys: Vec<(String, String)> =
            self.sent.iter().filter_map(|(id, sent)| Some((id.clone(), self.key(sent)?))).collect();
        for (id, key) in keys {
            let is_new = self
                .sent
                .get(&id)
                .and_then(|sent| self.calls.get(&sent.token))
                .is_none_or(|call| asked < call.since + SHOWING);
            let Some(sent) = self.sent.get_mut(&id) else { continue };
            let state = match states.get(&key) {
                Some(state) => state.as_str(),
                None if is_new => continue,
                None => "UNKNOWN",
            };
            let is_alive = state != "UNKNOWN" && meaning(state) == Meaning::Alive;
            if is_alive {
                sent.gone = None;
            } else if sent.gone.is_none() {
                sent.gone = Some((Instant::now(), state.to_owned()));
            }
        }
    }

    fn current_log(&self, id: &str) -> Option<PathBuf> {
        let sent = self.sent.get(id)?;
        let name = job_name(&self.folder, &sent.token);
        Some(self.log_folder().join(format!("{name}-{}.log", without_cluster(&self.key(sent)?))))
    }

    pub(super) fn log_of(&self, id: &str) -> Option<PathBuf> {
        self.logs.get(id).cloned().or_else(|| self.current_log(id))
    }

    /// Nobody wants any of them: gives the jobs to be cancelled.
    pub(super) fn stop(&mut self) -> Vec<String> {
        self.sent.keys().for_each(|id| self.folder.revoke(id));
        self.calls.values().filter_map(|call| call.job.clone()).collect()
    }

    /// Nobody wants this one: gives the job to be cancelled.
    pub(super) fn give_up(&mut self, id: &str, news: &mut Vec<News>) -> Vec<String> {
        let Some(sent) = self.sent.get(id) else { return Vec::new() };
        let job = self.key(sent);
        let is_free = self.folder.take_back(id);
        self.folder.revoke(id);
        if is_free {
            self.lose(id, Loss::Final, "it was not wanted any more".to_owned(), news);
        }
        job.into_iter().collect()
    }
}
