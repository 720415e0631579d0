//! Any cluster that has a command to submit a script: Snakemake's cluster-generic executor, with its commands,
//! placeholders and job scripts. Knows no cluster in particular.

mod calls;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use rustix::process::{Pid, Signal, kill_process_group};

use super::folder::RunFolder;
use super::jobscript::{self, exec_line};
use super::parcel::Parcel;
use super::place::{Loss, News, Order, Place};
use super::replies::Replies;
use super::reply::Reply;
use crate::fields::{Globals, fill};
use calls::{Answer, Question, Status, cancel, serve, start_sidecar};

/// How to talk to the cluster.
#[derive(Debug, Clone)]
pub struct Commands {
    /// `--cluster-generic-submit-cmd`
    pub submit: String,
    /// `--cluster-generic-status-cmd`
    pub status: Option<String>,
    /// `--cluster-generic-cancel-cmd`
    pub cancel: Option<String>,
    /// `--cluster-generic-cancel-nargs`
    pub cancel_nargs: usize,
    /// `--cluster-generic-sidecar-cmd`
    pub sidecar: Option<String>,
    /// `--jobname`
    pub jobname: String,
    /// The text of `--jobscript`.
    pub jobscript: Option<String>,
    /// `--seconds-between-status-checks`
    pub status_interval: Duration,
    /// `--max-status-checks-per-second`
    pub status_rate: f64,
    /// Seconds to wait for the reply of a job that has ended.
    pub latency_wait: Duration,
    /// This program, as nodes start it.
    pub program: PathBuf,
}

/// Names of job scripts, unless `--jobname` says otherwise (as Snakemake 9.27).
pub const JOBNAME: &str = "snakejob.{name}.{jobid}.sh";

/// How long a reply may take to be seen here after the cluster has said that its job has ended.
const REPLY_PATIENCE: Duration = Duration::from_secs(1);

/// What to say if only jobs themselves tell how they ended; Snakemake's plugin waits as long, and says nothing.
const NO_STATUS: &str = "without --cluster-generic-status-cmd a job that is lost with its node is waited for until you press Ctrl-C";

/// A parcel that is at the cluster.
#[derive(Debug)]
struct Known {
    n_jobs: usize,
    external: Option<String>,
    next_status: Instant,
    is_asked: bool,
    /// What the status command said last, and when; if that is an end.
    ended: Option<(Status, Instant)>,
}

/// The cluster.
pub struct Generic {
    folder: Arc<RunFolder>,
    commands: Commands,
    environment: Vec<(String, String)>,
    known: FxHashMap<String, Known>,
    replies: Replies,
    /// Outputs, and the cluster's name for the job that makes them.
    makers: FxHashMap<String, String>,
    outputs: FxHashMap<String, Vec<String>>,
    submitter: Sender<Question>,
    asker: Sender<Question>,
    answers: Receiver<Answer>,
    at_work: Arc<Mutex<Vec<Pid>>>,
    last_status: Option<Instant>,
    is_warned: bool,
    sidecar: Option<Child>,
    news: Vec<News>,
}

impl Generic {
    /// Gets ready to submit. `left` are parcels of an earlier run that have not answered.
    ///
    /// # Errors
    /// The sidecar can't be started.
    pub fn new(folder: Arc<RunFolder>, commands: Commands, left: Vec<Parcel>) -> Result<Self, String> {
        let mut environment = Vec::new();
        // Scripts that submit read what a job is with Snakemake's own functions: ours, if Snakemake is not there.
        if let Some(modules) = crate::evaluator::modules_folder() {
            let mut paths = std::env::var("PYTHONPATH").map(|known| known + ":").unwrap_or_default();
            paths.push_str(&modules.to_string_lossy());
            environment.push(("PYTHONPATH".to_owned(), paths));
        }
        let sidecar = match &commands.sidecar {
            None => None,
            Some(command) => {
                let (child, variables) = start_sidecar(command)?;
                environment.push(("SNAKEMAKE_CLUSTER_SIDECAR_VARS".to_owned(), variables));
                Some(child)
            }
        };
        let (answer, answers) = channel();
        let at_work = Arc::new(Mutex::new(Vec::new()));
        let start = || {
            let (question, questions) = channel();
            let (answer, environment, at_work) = (answer.clone(), environment.clone(), Arc::clone(&at_work));
            std::thread::spawn(move || serve(&questions, &answer, &environment, &at_work));
            question
        };
        let (submitter, asker) = (start(), start());
        let mut this = Self {
            replies: Replies::new(Arc::clone(&folder)),
            folder,
            commands,
            environment,
            known: FxHashMap::default(),
            makers: FxHashMap::default(),
            outputs: FxHashMap::default(),
            submitter,
            asker,
            answers,
            at_work,
            last_status: None,
            is_warned: false,
            sidecar,
            news: Vec::new(),
        };
        this.adopt(left);
        Ok(this)
    }

    fn adopt(&mut self, left: Vec<Parcel>) {
        for parcel in left {
            let external = std::fs::read_to_string(self.folder.of(&parcel.id, "sent")).ok();
            // Where nobody knows whether it was submitted: whoever comes with it is sent away.
            if external.is_none() && self.folder.take_back(&parcel.id) {
                continue;
            }
            self.known.insert(parcel.id.clone(), Known::new(parcel.jobs.len(), external));
        }
    }

    /// Writes what is submitted for a parcel; gives the command line for it.
    fn prepare(&mut self, parcel: &Parcel, order: &Order) -> Result<String, String> {
        let disk = |error: std::io::Error| format!("its job script can't be written: {error}");
        self.folder.write(&parcel.id, "json", &parcel.line()).map_err(disk)?;
        let exec = exec_line(&self.commands.program, &parcel.folder, &self.folder.of(&parcel.id, "json"));
        let jobid = order.view.jobid.to_string();
        let template = self.commands.jobscript.as_deref().unwrap_or(jobscript::TEMPLATE);
        let workdir = parcel.folder.to_string_lossy();
        let fields = [
            ("exec_job", exec.as_str()),
            ("properties", &order.properties),
            ("jobid", &jobid),
            ("workdir", &workdir),
        ];
        let text = jobscript::fill(template, &fields)
            .map_err(|why| format!("the job script can't be filled: {why}"))?;
        let name = fill(&self.commands.jobname, &order.view, Globals::default())
            .map_err(|error| format!("--jobname can't be filled: {error}"))?;
        let place = self.folder.file("scripts").join(&parcel.id);
        std::fs::create_dir_all(&place).map_err(disk)?;
        let script = place.join(name.replace('/', "_"));
        std::fs::write(&script, text).map_err(disk)?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).map_err(disk)?;
        let mut makers: Vec<&str> = parcel
            .jobs
            .iter()
            .flat_map(|job| &job.inputs)
            .filter_map(|input| Some(self.makers.get(input)?.as_str()))
            .collect();
        makers.sort_unstable();
        makers.dedup();
        let submit = self.commands.submit.replace("{dependencies}", &makers.join(" "));
        let submit = fill(&submit, &order.view, Globals::default()).map_err(|error| {
            format!("the submit command can't be filled: {error} (--cluster-generic-submit-cmd)")
        })?;
        Ok(format!("{submit} \"{}\"", script.display()))
    }

    fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Submitted { id, external } => {
                let Some(known) = self.known.get_mut(&id) else { return };
                match external {
                    Ok(external) if external.is_empty() => {
                        // It has no name at the cluster, so nothing but its reply can tell of it.
                        let _ = self.folder.write(&id, "sent", "");
                    }
                    Ok(external) => {
                        let _ = self.folder.write(&id, "sent", &external);
                        self.news
                            .push(News::Say(format!("Submitted job {id} with external jobid '{external}'.")));
                        for output in self.outputs.remove(&id).unwrap_or_default() {
                            self.makers.insert(output, external.clone());
                        }
                        known.external = Some(external);
                        known.next_status = Instant::now() + self.commands.status_interval;
                    }
                    Err(why) => self.lose(&id, Loss::Job, why),
                }
            }
            Answer::Status { id, status } => {
                let Some(known) = self.known.get_mut(&id) else { return };
                known.is_asked = false;
                known.next_status = Instant::now() + self.commands.status_interval;
                match status {
                    Ok(Status::Running) => {}
                    Ok(status) => known.ended = Some((status, Instant::now())),
                    Err(why) => self.lose(&id, Loss::Final, why),
                }
            }
        }
    }

    fn lose(&mut self, id: &str, loss: Loss, why: String) {
        self.known.remove(id);
        self.folder.revoke(id);
        self.news.push(News::Lost { id: id.to_owned(), loss, why });
    }

    fn listen(&mut self) {
        let Some(answered) = self.replies.look(self.known.len()) else { return };
        let mut ended: Vec<(String, Option<Status>, bool)> = Vec::new();
        for (id, known) in &mut self.known {
            let has_reply = answered.contains(id);
            if self.commands.status.is_none() {
                if has_reply {
                    ended.push((id.clone(), None, true));
                }
            } else if let Some((status, since)) = known.ended {
                let patience = self.commands.latency_wait.max(REPLY_PATIENCE);
                if has_reply || since.elapsed() >= patience {
                    ended.push((id.clone(), Some(status), has_reply));
                }
            } else if has_reply && !known.is_asked && known.external.is_some() {
                // It says that it has ended; the status command has the last word.
                known.next_status = known.next_status.min(Instant::now());
            }
        }
        ended.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for (id, status, has_reply) in ended {
            self.end(&id, status, has_reply);
        }
    }

    fn end(&mut self, id: &str, status: Option<Status>, has_reply: bool) {
        let reply = if has_reply { self.replies.read(id) } else { None };
        let Some(known) = self.known.get(id) else { return };
        let external = known.external.clone().unwrap_or_default();
        match (status, reply) {
            (None, None) => return,
            (None | Some(Status::Success), Some(reply)) => self.deliver(id, reply),
            (Some(Status::Failed), Some(reply)) if !reply.is_good() => self.deliver(id, reply),
            (Some(Status::Success), None) => {
                // Its files will tell.
                let reply = Reply::of_all(id, known.n_jobs, &super::reply::End::Done);
                self.deliver(id, reply);
            }
            (Some(_), _) => {
                let why =
                    format!("the cluster says that job {external} failed (--cluster-generic-status-cmd)");
                self.lose(id, Loss::Job, why);
                return;
            }
        }
        self.known.remove(id);
    }

    fn deliver(&mut self, id: &str, reply: Reply) {
        // Its script has done its work.
        let _ = std::fs::remove_dir_all(self.folder.file("scripts").join(id));
        self.news.push(News::Reply(reply));
    }

    fn ask(&mut self) {
        let Some(command) = &self.commands.status else { return };
        let now = Instant::now();
        let gap = Duration::from_secs_f64(1.0 / self.commands.status_rate.max(0.01));
        for (id, known) in &mut self.known {
            let Some(external) = &known.external else { continue };
            if known.is_asked || known.ended.is_some() || known.next_status > now {
                continue;
            }
            if self.last_status.is_some_and(|last| now.duration_since(last) < gap) {
                return;
            }
            known.is_asked = true;
            self.last_status = Some(now);
            let line = format!("{command} '{external}'");
            // The thread lives as long as this does.
            let _ = self.asker.send(Question::Status { id: id.clone(), line });
        }
    }
}

impl Known {
    fn new(n_jobs: usize, external: Option<String>) -> Self {
        let external = external.filter(|external| !external.is_empty());
        Self { n_jobs, external, next_status: Instant::now(), is_asked: false, ended: None }
    }
}

impl Place for Generic {
    fn send(&mut self, parcel: Parcel, order: Order) {
        if self.commands.status.is_none() && !std::mem::replace(&mut self.is_warned, true) {
            self.news.push(News::Say(NO_STATUS.to_owned()));
        }
        self.known.insert(parcel.id.clone(), Known::new(parcel.jobs.len(), None));
        let outputs = parcel.jobs.iter().flat_map(|job| &job.outputs);
        let outputs = outputs.map(|(path, _)| path.to_string_lossy().into_owned()).collect();
        self.outputs.insert(parcel.id.clone(), outputs);
        match self.prepare(&parcel, &order) {
            Ok(line) => {
                // The thread lives as long as this does.
                let _ = self.submitter.send(Question::Submit { id: parcel.id, line });
            }
            Err(why) => self.lose(&parcel.id, Loss::Final, why),
        }
    }

    fn has(&self, id: &str) -> bool {
        self.known.contains_key(id)
    }

    fn give_up(&mut self, id: &str) {
        let is_free = self.folder.take_back(id);
        self.folder.revoke(id);
        let Some(known) = self.known.get(id) else { return };
        if let (Some(command), Some(external)) = (&self.commands.cancel, &known.external) {
            // Should that fail, its node finds that nobody wants it.
            cancel(command, std::slice::from_ref(external), &self.environment);
        }
        if is_free {
            self.lose(id, Loss::Final, "it was not wanted any more".to_owned());
        }
    }

    fn look(&mut self, news: &mut Vec<News>) {
        while let Ok(answer) = self.answers.try_recv() {
            self.hear(answer);
        }
        self.listen();
        self.ask();
        news.append(&mut self.news);
    }

    fn forget(&mut self, id: &str) {
        self.folder.forget(id);
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn log_of(&self, _id: &str) -> Option<PathBuf> {
        None
    }

    fn cancel(&mut self, news: &mut Vec<News>) {
        for group in self.at_work.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // It may have ended by itself.
            let _ = kill_process_group(*group, Signal::TERM);
        }
        self.known.keys().for_each(|id| self.folder.revoke(id));
        let names: Vec<String> = self.known.values().filter_map(|known| known.external.clone()).collect();
        let Some(command) = &self.commands.cancel else {
            if !names.is_empty() {
                news.push(News::Say("no cancel command is given (--cluster-generic-cancel-cmd): jobs at the cluster are asked to end through their folder".to_owned()));
            }
            return;
        };
        let size =
            if self.commands.cancel_nargs == 0 { names.len().max(1) } else { self.commands.cancel_nargs };
        let n_failed = names.chunks(size).filter(|chunk| !cancel(command, chunk, &self.environment)).count();
        if n_failed > 0 {
            news.push(News::Say(format!(
                "{n_failed} calls of `{command}` failed: look whether jobs are left at the cluster"
            )));
        }
    }

    fn close(&mut self) {
        if let Some(mut child) = self.sidecar.take() {
            let _ = rustix::process::kill_process(Pid::from_child(&child), Signal::TERM);
            let _ = child.wait();
        }
    }
}

impl Drop for Generic {
    fn drop(&mut self) {
        self.close();
    }
}
