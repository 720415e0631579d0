//! The crash harness: a workflow is killed with SIGKILL again and again, at random moments and at each write of the
//! record, and the plain command is run again. In the end the files are those of an undisturbed run, no job ran again
//! that was told to have finished, and no process is left. After each kill the record tells the truth: what it says has
//! ended is whole, what the user was told has ended has ended there, and what is not whole is unfinished.
//!
//! While the record is written no job is half done, so a kill there alone would not show an end that is written too
//! early or a start that is not: in mode `half` the next job behind a write ends the command in its own middle.
//!
//! `cargo test` runs a short form; `make torture` the whole, and prints the figures.

mod seen;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tureen_workflow::record::Record;

use crate::folder::Folder;
use seen::{FOLDER, faults, processes_with, tree, wait};

/// Two hundred jobs of all kinds: each says to a file outside that it starts, and writes half of its output first.
const LARGE: (&str, &[&str]) = (
    r#"
rule all:
    input: "final"
rule first:
    output: "first/{i}"
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; sleep 0.00{wildcards.i}; echo {output} > {output}'
rule second:
    input: "first/{i}"
    output: "second/{i}"
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; cat {input} > {output}'
rule pair:
    input: "second/{i}"
    output: "pair/{i}.left", "pair/{i}.right"
    shell: 'echo {output[0]} >> "$TORTURE_LOG"; cat {input} > {output[0]}; cat {output[0]} > {output[1]}'
rule folder:
    input: "first/{i}"
    output: directory("folder/{i}")
    shell: 'echo {output} >> "$TORTURE_LOG"; mkdir {output}; cat {input} > {output}/1; cat {input} > {output}/2'
rule passing:
    input: "first/{i}"
    output: temp("passing/{i}")
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; cat {input} > {output}'
rule behind:
    input: "passing/{i}"
    output: "behind/{i}"
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; cat {input} {input} > {output}'
rule final:
    input:
        expand("second/{i}", i=range(10, 70)), expand("pair/{i}.left", i=range(10, 30)),
        expand("pair/{i}.right", i=range(10, 30)), expand("folder/{i}", i=range(10, 29)),
        expand("behind/{i}", i=range(10, 30))
    output: "final"
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; cat second/* pair/* folder/*/* behind/* > {output}'
"#,
    &["-c2"],
);

/// A few jobs one after the other: the same writes of the record in each run. Half done, each may end the command.
const SMALL: (&str, &[&str]) = (
    r#"
HALF = 'if [ -e "$FAULT_ARMED" ]; then kill -9 $(cat "$FAULT_ARMED"); sleep 60; fi'
rule all:
    input: "c", "d"
rule a:
    output: "a"
    params: half=HALF
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; {params.half}; echo {output} > {output}'
rule b:
    input: "a"
    output: temp("b")
    params: half=HALF
    shell: 'echo {output} >> "$TORTURE_LOG"; printf half > {output}; {params.half}; cat {input} > {output}'
rule c:
    input: "b"
    output: "c", "c2"
    params: half=HALF
    shell: 'echo {output[0]} >> "$TORTURE_LOG"; cat {input} > {output[0]}; {params.half}; cat {input} {input} > {output[1]}'
rule d:
    input: "c2"
    output: directory("d")
    params: half=HALF
    shell: 'echo {output} >> "$TORTURE_LOG"; mkdir {output}; {params.half}; cat {input} > {output}/1'
"#,
    &["-c1"],
);

/// How a fault at a write of the record ends the command.
const MODES: [&str; 4] = ["before", "torn", "after", "half"];

#[test]
fn killed_at_random_a_workflow_converges() {
    let mut figures = Figures::default();
    let mut random = Random(20_261_126);
    kill_at_random(&mut figures, &mut random, Duration::from_secs(6));
    figures.check();
}

#[test]
fn killed_at_writes_of_the_record_a_workflow_converges() {
    let mut figures = Figures::default();
    // Every mode, and all kinds of places: the steps have no common divisor with the writes of a job.
    kill_at_writes(&mut figures, 13);
    figures.check();
}

#[test]
#[ignore = "takes minutes: `make torture`"]
fn whole() {
    let mut figures = Figures::default();
    let minutes: u64 = std::env::var("TORTURE_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    let mut random = Random(seed);
    kill_at_random(&mut figures, &mut random, Duration::from_secs(60 * minutes));
    figures.print("killed at random moments, 200 jobs");
    let mut at_writes = Figures::default();
    kill_at_writes(&mut at_writes, 1);
    at_writes
        .print("killed at each write of the record, before, in the middle, after, and in the job behind it");
    figures.add(&at_writes);
    figures.print("all");
    figures.check();
}

#[test]
fn a_full_disk_under_the_record_is_an_error_and_no_more() {
    let small = Case::new(SMALL);
    let n_writes = small.count_writes();
    for at in (1..=n_writes).step_by(5) {
        let mut torture = small.begin();
        let ended = torture.run(Some(("full", at)), None);
        let said = fs::read_to_string(torture.said()).unwrap();
        assert_eq!(ended.signal(), None, "at {at}: {said}");
        assert!(!said.contains("panicked"), "at {at}: {said}");
        assert!(ended.success() || said.contains("\"event\":\"error\""), "at {at}: {said}");
        let ended = torture.run(None, None);
        assert!(ended.success(), "at {at}: {}", fs::read_to_string(torture.said()).unwrap());
        assert_eq!((torture.n_twice, torture.n_left, torture.n_wrong), (0, 0, 0), "at {at}");
        assert_eq!(Some(tree(&torture.folder.path(""))), small.expected, "at {at}");
    }
}

/// The harness itself: it sees records that say too much, or too little.
#[test]
fn a_record_that_does_not_tell_the_truth_is_noticed() {
    let small = Case::new(SMALL);
    for lie in ["UPDATE job SET ended = started", "DELETE FROM output"] {
        let mut torture = small.begin();
        assert!(torture.run(Some(("half", 1)), None).signal().is_some(), "killed in its first job");
        assert_eq!(torture.n_wrong, 0);
        torture.tamper(lie);
        torture.judge_record();
        torture.run(None, None);
        let mut figures = Figures::default();
        figures.end_of_round(&torture);
        assert!(torture.n_wrong > 0 && figures.n_converged == 0, "{lie}: {figures:?}");
    }
    let mut torture = small.begin();
    torture.run(None, None);
    torture.tamper("UPDATE job SET ended = NULL");
    torture.judge_record();
    assert_eq!(torture.n_wrong, 1, "finished jobs have not ended");
    torture.run(None, None);
    assert!(torture.n_twice > 0, "they run again");
}

#[derive(Debug, Default)]
struct Figures {
    n_kills: usize,
    n_rounds: usize,
    n_converged: usize,
    n_twice: usize,
    n_left: usize,
    n_wrong: usize,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.n_kills += other.n_kills;
        self.n_rounds += other.n_rounds;
        self.n_converged += other.n_converged;
        self.n_twice += other.n_twice;
        self.n_left += other.n_left;
        self.n_wrong += other.n_wrong;
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} kills, {} of {} workflows converged, {} jobs run twice, {} processes left, {} times the record was wrong",
            self.n_kills, self.n_converged, self.n_rounds, self.n_twice, self.n_left, self.n_wrong
        );
    }

    fn check(&self) {
        assert!(self.n_kills > 5 && self.n_rounds > 0, "enough was tried: {self:?}");
        assert_eq!(self.n_converged, self.n_rounds, "{self:?}");
        assert_eq!((self.n_twice, self.n_left, self.n_wrong), (0, 0, 0), "{self:?}");
    }
}

/// Rounds until the time is over; each kills the command until it gets through.
fn kill_at_random(figures: &mut Figures, random: &mut Random, time: Duration) {
    let began = Instant::now();
    let large = Case::new(LARGE);
    let whole_run = began.elapsed();
    while began.elapsed() < time {
        let mut torture = large.begin();
        let mut is_killed = true;
        while is_killed {
            // Late enough to get anywhere, early enough to come often.
            let delay = whole_run.mul_f64(random.share() * 0.4);
            is_killed = torture.run(None, Some(delay)).signal().is_some();
            figures.n_kills += usize::from(is_killed);
        }
        figures.end_of_round(&torture);
    }
}

/// A round for each write of the record (or each so many-th), in each mode.
fn kill_at_writes(figures: &mut Figures, step: usize) {
    let small = Case::new(SMALL);
    let n_writes = small.count_writes();
    assert!(n_writes > 20, "the record's writes are seen: {n_writes}");
    for (number, mode) in MODES.iter().enumerate() {
        for at in (1 + number..=n_writes).step_by(step) {
            let mut torture = small.begin();
            let ended = torture.run(Some((mode, at)), None);
            figures.n_kills += usize::from(ended.signal().is_some());
            if ended.signal().is_some() {
                torture.run(None, None);
            }
            figures.end_of_round(&torture);
        }
    }
}

impl Figures {
    fn end_of_round(&mut self, torture: &Torture<'_>) {
        let expected = torture.case.expected.as_ref().unwrap();
        let found = tree(&torture.folder.path(""));
        let (dry, _) = torture.folder.succeed(&["-n"]);
        let is_same = found == *expected && dry.contains("Nothing to be done");
        if !is_same {
            let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<HashSet<_>>();
            let (found_names, expected_names) = (names(&found), names(expected));
            let differing: Vec<_> =
                expected.iter().filter(|(path, text)| found.get(*path) != Some(text)).collect();
            println!(
                "not as undisturbed: more {:?}; differing {differing:?}; {dry}",
                found_names.difference(&expected_names)
            );
        }
        self.n_rounds += 1;
        self.n_converged += usize::from(is_same);
        self.n_twice += torture.n_twice;
        self.n_left += torture.n_left;
        self.n_wrong += torture.n_wrong;
    }
}

/// A workflow and the arguments of its plain command.
struct Case {
    snakefile: &'static str,
    arguments: Vec<&'static str>,
    /// The files of a run that nobody disturbs, once that is known.
    expected: Option<BTreeMap<PathBuf, Vec<u8>>>,
}

impl Case {
    fn new((snakefile, arguments): (&'static str, &[&'static str])) -> Self {
        let arguments = [arguments, &["--log", "json"]].concat();
        let mut case = Self { snakefile, arguments, expected: None };
        let mut torture = case.begin();
        let ended = torture.run(None, None);
        assert!(ended.success(), "{}", fs::read_to_string(torture.said()).unwrap());
        let expected = tree(&torture.folder.path(""));
        case.expected = Some(expected);
        case
    }

    fn begin(&self) -> Torture<'_> {
        let outside = Folder::new();
        outside.write("log", "");
        let token = format!("{}", outside.path("").display());
        let folder = Folder::with(self.snakefile);
        Torture {
            case: self,
            folder,
            outside,
            token,
            finished: HashSet::new(),
            n_logged: 0,
            n_twice: 0,
            n_left: 0,
            n_wrong: 0,
        }
    }

    /// How often an undisturbed run writes to the record, and so on.
    fn count_writes(&self) -> usize {
        let mut torture = self.begin();
        let ended = torture.run(Some(("before", 0)), None);
        assert!(ended.success(), "{}", fs::read_to_string(torture.said()).unwrap());
        torture.outside.read("count").lines().map(|line| line.parse::<usize>().unwrap()).sum()
    }
}

/// One folder that is tortured, and what is known of it.
struct Torture<'c> {
    case: &'c Case,
    folder: Folder,
    /// Where jobs say that they start, and where what the command says goes.
    outside: Folder,
    /// All processes have it in their environment.
    token: String,
    /// First outputs of jobs that the user was told have finished.
    finished: HashSet<String>,
    n_logged: usize,
    n_twice: usize,
    n_left: usize,
    n_wrong: usize,
}

impl Torture<'_> {
    fn said(&self) -> PathBuf {
        self.outside.path("said")
    }

    /// Runs the plain command, with a fault or a kill after a while; then looks at what there is.
    fn run(&mut self, fault: Option<(&str, usize)>, kill_after: Option<Duration>) -> ExitStatus {
        let mut command = self.folder.command(&self.case.arguments);
        command
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.said()).unwrap())
            .env("TORTURE_LOG", self.outside.path("log"))
            .env("TORTURE_TOKEN", &self.token)
            .env("FAULT_ARMED", self.outside.path("armed"));
        if let Some((mode, at)) = fault {
            command
                .env("LD_PRELOAD", faults())
                .env("FAULT_MODE", mode)
                .env("FAULT_AT", at.to_string())
                .env("FAULT_COUNT", self.outside.path("count"));
        }
        let mut child = command.spawn().unwrap();
        if let Some(delay) = kill_after {
            std::thread::sleep(delay);
            // It may be through already.
            let _ = child.kill();
        }
        let ended = wait(&mut child);
        // Its number means somebody else now.
        let _ = fs::remove_file(self.outside.path("armed"));
        self.n_left += self.wait_for_processes();
        self.judge_log();
        self.note_finished();
        self.judge_record();
        ended
    }

    /// Makes the record tell something else.
    fn tamper(&self, statement: &str) {
        let record = rusqlite::Connection::open(self.folder.path(".tureen/record.sqlite")).unwrap();
        record.execute(statement, []).unwrap();
    }

    /// Waits until no process of this run is left; gives how many are, should they stay.
    fn wait_for_processes(&self) -> usize {
        let entry = format!("TORTURE_TOKEN={}", self.token);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let n = processes_with(entry.as_bytes());
            if n == 0 || Instant::now() > deadline {
                return n;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// No job starts that had finished before this run, and none starts twice in it.
    fn judge_log(&mut self) {
        let log = self.outside.read("log");
        let mut started = HashSet::new();
        for name in log.lines().skip(self.n_logged) {
            if self.finished.contains(name) || !started.insert(name) {
                println!("`{name}` ran again");
                self.n_twice += 1;
            }
        }
        self.n_logged = log.lines().count();
    }

    /// The record tells the truth about what is there now. A copy is read: reading it may mend what a kill has left.
    fn judge_record(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.folder.path(".tureen")).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_file() {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        let memories = Record::read(copy.path()).unwrap();
        let mut wrong = Vec::from_iter(memories.damage);
        let has_ended = |name: &str| {
            memories.by_output.get(name).is_some_and(|memory| !memory.is_unfinished && !memory.has_failed)
        };
        for name in self.finished.iter().filter(|name| !has_ended(name)) {
            wrong.push(format!("`{name}` has finished, and the record does not know"));
        }
        if let Some(expected) = &self.case.expected {
            let found = tree(&self.folder.path(""));
            for name in memories.by_output.keys().filter(|name| has_ended(name)) {
                // What is temporary is not expected in the end.
                for (path, whole) in expected.iter().filter(|(path, _)| path.starts_with(name)) {
                    if found.get(path) != Some(whole) {
                        wrong.push(format!(
                            "`{name}` has ended on record, and `{}` is not whole",
                            path.display()
                        ));
                    }
                }
            }
            let differing = found.iter().filter(|(path, text)| {
                *text != FOLDER && expected.get(*path).is_none_or(|whole| whole != *text)
            });
            for (path, _) in differing {
                let owner = path.ancestors().find_map(|path| memories.by_output.get(path.to_str()?));
                let is_temporary = !expected.contains_key(path);
                if !owner.is_some_and(|memory| memory.is_unfinished || is_temporary) {
                    wrong.push(format!("`{}` is not whole, and not unfinished on record", path.display()));
                }
            }
        }
        wrong.iter().for_each(|what| println!("the record is wrong: {what}"));
        self.n_wrong += usize::from(!wrong.is_empty());
    }

    fn note_finished(&mut self) {
        for line in fs::read_to_string(self.said()).unwrap().lines() {
            // The last line may be torn.
            let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            if event["event"] == "job_finished"
                && let Some(output) = event["output"][0].as_str()
            {
                self.finished.insert(output.to_owned());
            }
        }
    }
}

/// Numbers that look random (xorshift), from a seed.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
