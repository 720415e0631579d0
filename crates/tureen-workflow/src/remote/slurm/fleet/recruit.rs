//! How many pilots are asked for, how large they are, and how they are submitted. Knows nothing of what they do.

use std::path::PathBuf;
use std::time::Instant;

use super::{Call, Fleet, Phase, Pilot, TOKEN};
use crate::fields::quote;
use crate::remote::pilot::cores_of;
use crate::remote::place::News;
use crate::remote::slurm::controller::{Controller, NodeSize, Question};
use crate::remote::slurm::{job_name, token};

/// A pilot is not asked for with more cores than this, unless a job needs them: large allocations wait long.
const USUAL_CORES: u64 = 16;

impl Fleet {
    /// Asks for as many pilots as there is work for.
    pub(super) fn recruit(&mut self, controller: &Controller, news: &mut Vec<News>) {
        if self.waiting.is_empty() || self.n_failed_calls >= 3 {
            if self.n_failed_calls >= 3 {
                self.disband(news);
            }
            return;
        }
        if !std::mem::replace(&mut self.asked_nodes, true) {
            let partition = self.place.clone().and_then(|(_, partition)| partition);
            controller.ask(Question::Nodes(partition));
        }
        let Some(nodes) = &self.nodes else { return };
        let live: Vec<&Pilot> =
            self.pilots.iter().filter(|pilot| matches!(pilot.phase, Phase::Asked | Phase::Here)).collect();
        let live_cores: u64 = live.iter().map(|pilot| pilot.cores).sum();
        let most = self.settings.cores.unwrap_or(self.settings.n_jobs).max(1);
        let waiting: u64 =
            self.waiting.iter().map(|waiting| cores_of(&waiting.parcel)).fold(0, u64::saturating_add);
        let busy: u64 = self
            .pilots
            .iter()
            .flat_map(|pilot| pilot.given.values())
            .map(|given| cores_of(&given.parcel))
            .sum();
        let wanted = waiting.saturating_add(busy).min(most);
        if live_cores >= wanted {
            return;
        }
        let largest = self.waiting.iter().map(|waiting| cores_of(&waiting.parcel)).max().unwrap_or(1);
        let mem = self
            .waiting
            .iter()
            .map(|waiting| waiting.parcel.mem_mb.div_ceil(cores_of(&waiting.parcel)))
            .max()
            .unwrap_or(0);
        let node = usual_node(nodes);
        let usual = USUAL_CORES.min(node.map_or(4, |node| node.cpus)).min(wanted - live_cores);
        let cores = self.settings.pilot_cores.unwrap_or_else(|| usual.max(largest)).max(1);
        let mem_mb = (mem * cores).min(node.map_or(u64::MAX, |node| node.mem_mb));
        let n_left = self.settings.pilots.map_or(u64::MAX, |most| most.saturating_sub(live.len() as u64));
        let n_new = (wanted - live_cores).div_ceil(cores).min(n_left);
        if n_new > 0 {
            self.call(controller, n_new, cores, mem_mb, news);
        }
    }

    fn call(&mut self, controller: &Controller, n_new: u64, cores: u64, mem_mb: u64, news: &mut Vec<News>) {
        self.n_tokens += 1;
        let token = token(TOKEN, self.n_tokens, self.settings.prefix.as_deref(), "tureen");
        match self.write_call(&token, n_new, cores, mem_mb) {
            Ok(words) => {
                let name = job_name(&self.folder, &token);
                controller.ask(Question::Submit { token, words, name });
            }
            Err(error) => {
                news.push(News::Say(format!("a pilot can't be submitted: {error}")));
                self.n_failed_calls = 3;
            }
        }
    }

    fn write_call(
        &mut self,
        token: &str,
        n_new: u64,
        cores: u64,
        mem_mb: u64,
    ) -> std::io::Result<Vec<String>> {
        let first = self.n_pilots + 1;
        for index in 0..n_new {
            let number = first + index;
            let folder = self.folder.file(&format!("pilots/{number}"));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("who"), format!("{token} {index} {cores} {mem_mb}"))?;
            let pilot = self.pilot(number, token.to_owned(), usize::try_from(index).unwrap_or(0), cores);
            self.pilots.push(pilot);
        }
        self.n_pilots += n_new;
        let logs = self.log_folder();
        std::fs::create_dir_all(&logs)?;
        let script = self.folder.file(&format!("pilots/{token}.sh"));
        let program = self.settings.program.to_string_lossy();
        let folder = self.folder.file("pilots");
        let text = format!(
            "#!/bin/sh\nexec {} {} {}/$(({first} + ${{SLURM_ARRAY_TASK_ID:-0}})) {cores} {mem_mb} {}\n",
            quote(&program),
            crate::remote::PILOT,
            quote(&folder.to_string_lossy()),
            self.settings.pilot_minutes,
        );
        std::fs::write(&script, text)?;
        let mut words = vec![
            "--parsable".to_owned(),
            format!("--job-name={}", job_name(&self.folder, token)),
            format!("--output={}", logs.join("%x-%A_%a.log").display()),
            "--export=ALL".to_owned(),
            "--comment=tureen_pilot".to_owned(),
            format!("--chdir={}", std::env::current_dir()?.display()),
            format!("--array=0-{}", n_new - 1),
            "--ntasks=1".to_owned(),
            format!("--cpus-per-task={cores}"),
            format!("--time={}", self.settings.pilot_minutes.max(1)),
            // One that comes again would not know what has become of its work meanwhile.
            "--no-requeue".to_owned(),
        ];
        if mem_mb > 0 {
            words.push(format!("--mem={mem_mb}M"));
        }
        let (account, partition) = self.place.clone().unwrap_or_default();
        words.extend(account.map(|account| format!("--account={account}")));
        words.extend(partition.map(|partition| format!("--partition={partition}")));
        words.extend(self.settings.options.iter().filter(|option| !option.contains("requeue")).cloned());
        words.push(script.to_string_lossy().into_owned());
        let n_pilots = usize::try_from(n_new).unwrap_or(usize::MAX);
        self.calls.insert(token.to_owned(), Call::new(n_pilots));
        Ok(words)
    }

    pub(super) fn log_folder(&self) -> PathBuf {
        self.settings.logs.clone().unwrap_or_else(|| self.folder.file("logs"))
    }

    pub(in crate::remote::slurm) fn submitted(
        &mut self,
        token: &str,
        job: Result<String, String>,
        news: &mut Vec<News>,
    ) {
        let Some(call) = self.calls.get_mut(token) else { return };
        match job {
            Ok(job) => {
                news.push(News::Say(format!("Submitted {} pilots to Slurm, as {job}.", call.n_pilots)));
                let path = self.folder.file(&format!("pilots/{token}.sent"));
                let _ = crate::remote::reply::write_whole(&path, job.as_bytes());
                call.job = Some(job);
                call.since = Instant::now();
            }
            Err(why) => {
                if !call.is_doubtful {
                    news.push(News::Say(format!("No pilots can be had: {why}")));
                    self.n_failed_calls = 3;
                }
                self.pilots
                    .iter_mut()
                    .filter(|pilot| pilot.token == token)
                    .for_each(|pilot| pilot.phase = Phase::Gone);
                self.calls.remove(token);
            }
        }
    }
}

/// The size that most nodes have.
fn usual_node(nodes: &[NodeSize]) -> Option<NodeSize> {
    nodes.iter().copied().max_by_key(|node| (node.count, node.cpus))
}
