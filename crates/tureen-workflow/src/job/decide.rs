//! Chooses the job that makes each file, depth first from the targets, with a stack of its own (a chain of a
//! million jobs is no deeper than a chain of three).
//!
//! As Snakemake 9.27: a candidate whose inputs can't be made is dropped; if several remain, rule order decides,
//! and if it doesn't, that is an error; a file that nobody can make but that exists is simply an input. A failure
//! that hangs on a circle through an unfinished job is remembered only while that job is unfinished.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use super::choice::{Choice, Chosen};
use super::explore::{Explored, Wanted};
use super::failure::{Failure, describe};
use super::table::{FileId, JobId};
use super::{JobGraph, Rules};
use crate::diagnostic::Diagnostic;
use crate::disk::Disk;

/// How often a failure that hung on a circle is tried anew.
const RETRIES: u8 = 3;

/// What is known of a job or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Not looked at yet.
    Unknown,
    /// On the stack, at this depth.
    Active(u32),
    /// It can be made (a job), or is made by the job noted as its maker, or is just there (a file).
    Good,
    /// It can't be made, by the failure of this number.
    Bad(u32),
}

/// A job or a file that is being looked at.
enum Frame {
    Job { job: JobId, next: usize },
    File { file: FileId, next: usize, good: Vec<JobId>, first_bad: Option<u32> },
}

/// A job or file whose failure hangs on a job that is still on the stack.
#[derive(Clone, Copy)]
enum Tainted {
    Job(JobId),
    File(FileId),
}

struct Decider<'d, 'w> {
    rules: &'d Rules<'w>,
    explored: &'d Explored,
    disk: &'d mut Disk,
    job_verdicts: Vec<Verdict>,
    file_verdicts: Vec<Verdict>,
    maker: Vec<Option<JobId>>,
    order: Vec<JobId>,
    cuts: FxHashSet<(JobId, FileId)>,
    failures: Vec<Failure>,
    stack: Vec<Frame>,
    /// What hangs on which depth of the stack.
    tainted: Vec<(Tainted, u32)>,
    tries: Vec<u8>,
}

pub(super) fn decide(
    rules: &Rules<'_>,
    explored: Explored,
    disk: &mut Disk,
) -> Result<JobGraph, Vec<Diagnostic>> {
    let n_jobs = explored.jobs.len();
    let n_files = explored.jobs.n_files();
    let mut decider = Decider {
        rules,
        explored: &explored,
        disk,
        job_verdicts: vec![Verdict::Unknown; n_jobs],
        file_verdicts: vec![Verdict::Unknown; n_files],
        maker: vec![None; n_files],
        order: Vec::new(),
        cuts: FxHashSet::default(),
        failures: Vec::new(),
        stack: Vec::new(),
        tainted: Vec::new(),
        tries: vec![0; n_jobs],
    };
    let mut faults = Vec::new();
    let mut targets = Vec::new();
    let mut target_files = Vec::new();
    for &wanted in &explored.targets {
        let verdict = match wanted {
            Wanted::Job(job) => decider.settle_job(job),
            Wanted::File(file) => decider.settle_file(file),
        };
        match (verdict, wanted) {
            (Verdict::Bad(failure), _) => {
                let failures = &decider.failures;
                faults.push(describe(
                    rules,
                    &explored,
                    failures,
                    &failures[failure as usize],
                    wanted,
                    decider.disk,
                ));
            }
            (_, Wanted::Job(job)) => targets.push(job),
            (_, Wanted::File(file)) => {
                targets.extend(decider.maker[file.index()]);
                target_files.push(file);
            }
        }
    }
    if !faults.is_empty() {
        faults.dedup();
        return Err(faults);
    }
    let Decider { maker, order, cuts, .. } = decider;
    let mut graph = JobGraph { jobs: explored.jobs, order, targets, target_files, maker, cuts };
    keep_reachable(&mut graph);
    Ok(graph)
}

/// Drops the jobs that were found makeable but that no target needs.
fn keep_reachable(graph: &mut JobGraph) {
    let mut is_needed = vec![false; graph.jobs.len()];
    for target in &graph.targets {
        is_needed[target.index()] = true;
    }
    for position in (0..graph.order.len()).rev() {
        let job = graph.order[position];
        if is_needed[job.index()] {
            let needs: Vec<usize> = graph.needs(job).map(|(need, _)| need.index()).collect();
            needs.into_iter().for_each(|need| is_needed[need] = true);
        }
    }
    graph.order.retain(|job| is_needed[job.index()]);
}

impl Decider<'_, '_> {
    fn settle_job(&mut self, job: JobId) -> Verdict {
        if self.job_verdicts[job.index()] == Verdict::Unknown {
            self.push_job(job);
            self.walk();
        }
        self.job_verdicts[job.index()]
    }

    fn settle_file(&mut self, file: FileId) -> Verdict {
        if self.file_verdicts[file.index()] == Verdict::Unknown {
            self.push_file(file);
            self.walk();
        }
        self.file_verdicts[file.index()]
    }

    fn push_job(&mut self, job: JobId) {
        self.job_verdicts[job.index()] = Verdict::Active(self.stack.len() as u32);
        self.stack.push(Frame::Job { job, next: 0 });
    }

    fn push_file(&mut self, file: FileId) {
        self.file_verdicts[file.index()] = Verdict::Active(self.stack.len() as u32);
        self.stack.push(Frame::File { file, next: 0, good: Vec::new(), first_bad: None });
    }

    fn walk(&mut self) {
        while let Some(frame) = self.stack.last() {
            match frame {
                Frame::Job { job, next } => self.step_job(*job, *next),
                Frame::File { .. } => self.step_file(),
            }
        }
    }

    fn step_job(&mut self, job: JobId, next: usize) {
        if next == 0 {
            if self.explored.periodic.contains(&job) {
                return self.end_job(job, Err(Failure::Periodic { job }));
            }
            if self.explored.jobs.failure(job).is_some() {
                return self.end_job(job, Err(Failure::Function { job }));
            }
        }
        let inputs = self.explored.jobs.inputs(job);
        for (position, input) in inputs.iter().enumerate().skip(next) {
            if input.is_before_update {
                // It is taken as it is there, so it has to be.
                if self.disk.exists(self.explored.jobs.path(input.file)) {
                    self.cuts.insert((job, input.file));
                    continue;
                }
                self.failures.push(Failure::Missing { file: input.file });
                let because = self.failures.len() as u32 - 1;
                return self.end_job(job, Err(Failure::Input { job, position, because }));
            }
            match self.file_verdicts[input.file.index()] {
                Verdict::Good => {}
                Verdict::Bad(failure) => {
                    return self.end_job(job, Err(Failure::Input { job, position, because: failure }));
                }
                Verdict::Active(depth) => {
                    // A circle. A file that is there already can be taken as it is.
                    if self.disk.exists(self.explored.jobs.path(input.file)) {
                        self.cuts.insert((job, input.file));
                        continue;
                    }
                    let circle = self.circle_from(depth);
                    let here = self.stack.len() as u32 - 1;
                    self.failures.push(Failure::Cycle { files: circle });
                    let because = self.failures.len() as u32 - 1;
                    if depth < here {
                        self.taint(Tainted::Job(job), depth);
                    }
                    return self.end_job(job, Err(Failure::Input { job, position, because }));
                }
                Verdict::Unknown => {
                    if let Some(Frame::Job { next, .. }) = self.stack.last_mut() {
                        *next = position;
                    }
                    return self.push_file(input.file);
                }
            }
        }
        self.end_job(job, Ok(()));
    }

    fn step_file(&mut self) {
        let depth = self.stack.len() - 1;
        let Frame::File { file, next, good, first_bad } = &mut self.stack[depth] else { return };
        let file = *file;
        let candidates = self.explored.candidates(file);
        let jobs = &self.explored.jobs;
        // Best first; stable, so rules of equal rank stay in order of declaration.
        let sorted = |position: usize| -> JobId {
            if candidates.len() == 1 {
                return candidates[0];
            }
            let mut all: Vec<JobId> = candidates.to_vec();
            all.sort_by(|&a, &b| self.rules.order.compare(jobs.rule(a), jobs.rule(b)));
            all[position]
        };
        while *next < candidates.len() {
            let job = sorted(*next);
            match self.job_verdicts[job.index()] {
                Verdict::Unknown => {
                    self.tell(|decider| Choice::Candidate(decider.chosen(job)));
                    return self.push_job(job);
                }
                Verdict::Good => {
                    good.push(job);
                    let is_best = (*next + 1..candidates.len()).all(|other| {
                        self.rules.order.compare(jobs.rule(job), jobs.rule(sorted(other))) == Ordering::Less
                    });
                    *next = if is_best { candidates.len() } else { *next + 1 };
                }
                Verdict::Bad(failure) => {
                    first_bad.get_or_insert(failure);
                    *next += 1;
                }
                Verdict::Active(at) => {
                    let files = circle(&self.stack, at);
                    let Some(Frame::File { next, first_bad, .. }) = self.stack.last_mut() else { return };
                    *next += 1;
                    self.failures.push(Failure::Cycle { files });
                    first_bad.get_or_insert(self.failures.len() as u32 - 1);
                    return self.taint(Tainted::File(file), at);
                }
            }
        }
        let good = std::mem::take(good);
        let first_bad = *first_bad;
        self.end_file(file, &good, first_bad);
    }

    fn end_file(&mut self, file: FileId, good: &[JobId], first_bad: Option<u32>) {
        let jobs = &self.explored.jobs;
        let compare = |a: JobId, b: JobId| self.rules.order.compare(jobs.rule(a), jobs.rule(b));
        let rivals = if self.rules.allows_ambiguity { &[] } else { good };
        let rival = rivals.iter().skip(1).find(|&&other| compare(good[0], other) == Ordering::Equal);
        let failure = match (good.first(), rival) {
            (Some(&first), Some(&other)) => Some(Failure::Ambiguous { file, first, other }),
            (Some(&maker), None) => {
                self.maker[file.index()] = Some(maker);
                None
            }
            (None, _) => match first_bad {
                Some(because) => Some(Failure::Candidates { because }),
                None => Some(Failure::Missing { file }),
            },
        };
        let verdict = match failure {
            Some(_) if self.disk.exists(self.explored.jobs.path(file)) => Verdict::Good,
            Some(failure) => {
                self.failures.push(failure);
                Verdict::Bad(self.failures.len() as u32 - 1)
            }
            None => Verdict::Good,
        };
        self.tell_end(file, verdict, first_bad);
        self.stack.pop();
        if verdict == Verdict::Good {
            self.tainted.retain(|(node, _)| !matches!(node, Tainted::File(other) if *other == file));
        } else {
            self.inherit_taint(Tainted::File(file));
        }
        self.file_verdicts[file.index()] = verdict;
    }

    /// Says who makes a file, or that it is taken as it is.
    fn tell_end(&mut self, file: FileId, verdict: Verdict, first_bad: Option<u32>) {
        if self.rules.watch.is_none() || verdict != Verdict::Good {
            return;
        }
        let why = first_bad.map(|failure| {
            let failure = &self.failures[failure as usize];
            describe(self.rules, self.explored, &self.failures, failure, Wanted::File(file), self.disk)
                .message
        });
        let maker = self.maker[file.index()];
        self.tell(|decider| {
            let path = decider.explored.jobs.path(file);
            match (maker, &why) {
                (Some(maker), None) => Choice::Selected(decider.chosen(maker)),
                (Some(_), Some(why)) => Choice::Passed { path, why: why.clone() },
                (None, why) => Choice::Found { path, why: why.clone() },
            }
        });
        if let (Some(maker), Some(_)) = (maker, why) {
            self.tell(|decider| Choice::Selected(decider.chosen(maker)));
        }
    }

    fn tell<'a>(&'a self, choice: impl FnOnce(&'a Self) -> Choice<'a>) {
        if let Some(watch) = self.rules.watch {
            watch(&choice(self));
        }
    }

    fn chosen(&self, job: JobId) -> Chosen<'_> {
        let number = self.explored.jobs.rule(job);
        let names = self.rules.patterns[number].wildcards.iter().map(String::as_str);
        Chosen {
            rule: &self.rules.workflow.rules[number].name,
            wildcards: names.zip(self.explored.jobs.values(job)).collect(),
        }
    }

    fn end_job(&mut self, job: JobId, end: Result<(), Failure>) {
        let depth = self.stack.len() as u32 - 1;
        self.stack.pop();
        let is_good = end.is_ok();
        self.job_verdicts[job.index()] = match end {
            Ok(()) => {
                self.order.push(job);
                Verdict::Good
            }
            Err(failure) => {
                self.failures.push(failure);
                Verdict::Bad(self.failures.len() as u32 - 1)
            }
        };
        if self.tainted.is_empty() {
            return;
        }
        if !is_good {
            self.inherit_taint(Tainted::Job(job));
            // What hung on this job, or on the file above it, is as bad as it.
            return self.tainted.retain(|&(_, on)| on < depth);
        }
        // It could be made after all: what failed only because it was unfinished gets another chance.
        for (node, on) in std::mem::take(&mut self.tainted) {
            match node {
                _ if on + 1 < depth => self.tainted.push((node, on)),
                Tainted::Job(other) if other != job && self.tries[other.index()] < RETRIES => {
                    self.tries[other.index()] += 1;
                    self.job_verdicts[other.index()] = Verdict::Unknown;
                }
                Tainted::File(file) if matches!(self.file_verdicts[file.index()], Verdict::Bad(_)) => {
                    self.file_verdicts[file.index()] = Verdict::Unknown;
                }
                _ => {}
            }
        }
    }

    fn taint(&mut self, node: Tainted, depth: u32) {
        self.tainted.push((node, depth));
    }

    /// What fails above something tainted hangs on the same depth.
    fn inherit_taint(&mut self, node: Tainted) {
        let here = self.stack.len() as u32;
        if let Some(depth) = self.tainted.iter().map(|&(_, depth)| depth).min()
            && depth < here
        {
            self.tainted.push((node, depth));
        }
    }

    fn circle_from(&self, depth: u32) -> Vec<FileId> {
        circle(&self.stack, depth)
    }
}

/// The files on the stack from a depth on: a circle, once the last is seen to lead to the first.
fn circle(stack: &[Frame], depth: u32) -> Vec<FileId> {
    // A job on the stack stands just above the file it is a candidate for.
    let start = match stack.get(depth as usize) {
        Some(Frame::Job { .. }) => (depth as usize).saturating_sub(1),
        _ => depth as usize,
    };
    let on_stack = stack[start..].iter();
    on_stack
        .filter_map(|frame| if let Frame::File { file, .. } = frame { Some(*file) } else { None })
        .collect()
}

impl Explored {
    /// The jobs that could make a file, in order of declaration of their rules.
    pub(super) fn candidates(&self, file: FileId) -> &[JobId] {
        let (start, end) = self.candidates_of[file.index()];
        &self.candidates[start as usize..end as usize]
    }
}
