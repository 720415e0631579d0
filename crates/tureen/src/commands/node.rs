//! This program on a node: runs one parcel, and leaves a reply beside it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tureen_workflow::remote::folder::{Claim, claim};
use tureen_workflow::remote::node::{Node, enter, evaluator};
use tureen_workflow::remote::parcel::Parcel;
use tureen_workflow::remote::pilot::Pilot;
use tureen_workflow::remote::reply::{End, Reply, node_name, write_whole};
use tureen_workflow::remote::{JOB, PILOT};
use tureen_workflow::work::memory::Kills;
use tureen_workflow::work::shell::Stream;
use tureen_workflow::work::stop::Stop;

use super::run::watch_signals;
use crate::exit_code;
use crate::talk;

/// How long a parcel may take to be seen here.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a node looks whether its parcel is still wanted.
const LOOKS: Duration = Duration::from_secs(2);

/// Does what a cluster has started this program for, if that is so: the exit code.
pub(crate) fn node_word() -> Option<u8> {
    let mut words = std::env::args_os().skip(1);
    let word = words.next()?;
    if word == JOB {
        let path = PathBuf::from(words.next()?);
        // Slurm itself tells why it ended a job, so there is no need to answer then.
        let tells_end = path.extension().is_none_or(|end| end != "ids");
        return Some(job(&one_of(&path), tells_end));
    }
    if word == PILOT {
        let folder = PathBuf::from(words.next()?);
        let numbers: Vec<u64> = words.filter_map(|word| word.to_str()?.parse().ok()).collect();
        let [cores, mem_mb, minutes] = numbers.as_slice() else { return Some(exit_code::USAGE) };
        return Some(pilot(folder, *cores, *mem_mb, *minutes));
    }
    None
}

/// The parcel of an array's task: a list names one a line.
fn one_of(path: &Path) -> PathBuf {
    if path.extension().is_none_or(|end| end != "ids") {
        return path.to_owned();
    }
    let index = std::env::var("SLURM_ARRAY_TASK_ID").ok().and_then(|word| word.parse().ok()).unwrap_or(0);
    let deadline = Instant::now() + PATIENCE;
    let id = loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        match text.lines().nth(index) {
            Some(id) => break id.to_owned(),
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(200)),
            None => break String::new(),
        }
    };
    let run = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    run.join("jobs").join(format!("{id}.json"))
}

/// Takes parcels until none is left, or its time is up.
fn pilot(folder: PathBuf, cores: u64, mem_mb: u64, minutes: u64) -> u8 {
    let stop = Arc::new(Stop::default());
    watch_signals(&stop);
    // Slurm says when it ends, if it is new enough; else it ends so long after now.
    let end = std::env::var("SLURM_JOB_END_TIME").ok().and_then(|word| word.parse().ok());
    let until = match end {
        Some(seconds) => UNIX_EPOCH + Duration::from_secs(seconds),
        None => SystemTime::now() + Duration::from_secs(60 * minutes),
    };
    let output = |title: &str, bytes: &[u8]| {
        let head = format!("== {title}\n");
        // What jobs print goes to the cluster's log, as far as that can be written.
        let _ = talk::data(&[head.as_bytes(), bytes].concat());
    };
    match Pilot::new(folder.clone(), (cores, mem_mb), Some(until), &stop, &output).work() {
        Ok(()) => exit_code::SUCCESS,
        Err(error) => {
            say(&format!("`{}` can't be written on {}: {error}", folder.display(), node_name()));
            exit_code::FAILURE
        }
    }
}

/// Runs a parcel.
fn job(path: &Path, tells_end: bool) -> u8 {
    let stem = path.with_extension("");
    let parcel = match seen(path) {
        Ok(parcel) => parcel,
        Err(why) => {
            say(&format!("tureen on {}: {why}", node_name()));
            return exit_code::FAILURE;
        }
    };
    match claim(&stem, &who()) {
        Ok(Claim::Mine) => {}
        Ok(Claim::Revoked) => {
            say(&format!("job {} is not wanted any more", parcel.id));
            return exit_code::SUCCESS;
        }
        Ok(Claim::Theirs(other)) => {
            say(&format!("job {} is {other}'s", parcel.id));
            return exit_code::SUCCESS;
        }
        Err(error) => {
            say(&format!("`{}` can't be written on {}: {error}", stem.display(), node_name()));
            return exit_code::FAILURE;
        }
    }
    let stop = Arc::new(Stop::default());
    watch_signals(&stop);
    watch_revocation(&stop, stem.with_extension("revoked"));
    let reply = match enter(&parcel).and_then(|()| evaluator(&parcel)) {
        Err(why) => Reply::of_all(&parcel.id, parcel.jobs.len(), &End::NotReady(why)),
        Ok(evaluator) => {
            let output = |stream, bytes: &[u8]| pass_on(stream, bytes);
            let (evaluator, kills) = (evaluator.as_ref(), &Kills::watch());
            Node { evaluator, kills, stop: &stop, output: &output }.work(&parcel)
        }
    };
    if !tells_end && stop.is_asked() && !reply.is_good() {
        return exit_code::FAILURE;
    }
    if let Err(error) = write_whole(&stem.with_extension("reply"), reply.line().as_bytes()) {
        say(&format!("the reply of job {} can't be written on {}: {error}", parcel.id, node_name()));
        return exit_code::FAILURE;
    }
    if reply.is_good() { exit_code::SUCCESS } else { exit_code::FAILURE }
}

/// Reads a parcel, once it can be seen here.
fn seen(path: &Path) -> Result<Parcel, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Parcel::read(path) {
            Err(_) if !path.exists() && Instant::now() < deadline => {
                // Listing a folder makes a network file system ask its server again.
                let _ = path.parent().map(std::fs::read_dir);
                std::thread::sleep(Duration::from_millis(200));
            }
            other => return other,
        }
    }
}

/// What tells this start of the program from all others; the same if Slurm has requeued its job.
fn who() -> String {
    let variable = |name: &str| std::env::var(name).ok();
    match (variable("SLURM_JOB_ID"), variable("SLURM_ARRAY_JOB_ID"), variable("SLURM_ARRAY_TASK_ID")) {
        (_, Some(array), Some(task)) => format!("slurm job {array}_{task}"),
        (Some(job), ..) => format!("slurm job {job}"),
        _ => format!("process {} on {}", std::process::id(), node_name()),
    }
}

fn watch_revocation(stop: &Arc<Stop>, path: PathBuf) {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        while !path.exists() {
            std::thread::sleep(LOOKS);
        }
        stop.stop();
    });
}

fn pass_on(stream: Stream, bytes: &[u8]) {
    // What a job prints goes to the cluster's log, as far as that can be written.
    let _ = match stream {
        Stream::Out => talk::data(bytes),
        Stream::Error => std::io::stderr().lock().write_all(bytes),
    };
}

#[expect(clippy::print_stderr, reason = "this crate is the one that talks")]
fn say(text: &str) {
    eprintln!("{text}");
}
