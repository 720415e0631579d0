//! Jobs as rows: a rule number and three stretches of flat arrays. A (rule, wildcards) pair is one job.

use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use crate::evaluator::job::Exception;
use crate::intern::Interner;
use crate::wildcards::RulePatterns;

/// A job, by row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u32);

/// A path, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

impl JobId {
    /// The row.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The job of a row.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 jobs"))
    }
}

impl FileId {
    /// The number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An input file of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputFile {
    /// The path.
    pub file: FileId,
    /// Which entry of `input:` it comes from: a number into the rule's items, or, if the job has
    /// dynamic items, into those.
    pub item: u16,
    /// Whether its time does not matter.
    pub is_ancient: bool,
    /// Whether it is taken as it is there: nobody is asked to make it.
    pub is_before_update: bool,
}

/// An entry of `input:` as functions gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct DynamicItem {
    /// Its keyword.
    pub name: Option<String>,
    /// Whether the entry is a list.
    pub is_list: bool,
    /// The item of the rule it stands for.
    pub rule_item: u16,
    /// What its function waits for, so that its files are not all known yet.
    pub awaits: Option<Awaits>,
}

/// What an input function waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// The output of a checkpoint that has not run; it is the only file so far.
    Checkpoint,
    /// More from a queue.
    Queue,
}

/// All jobs considered.
#[derive(Debug, Default)]
pub struct Jobs {
    files: Interner,
    values: Interner,
    rows: Vec<Row>,
    wildcard_values: Vec<u32>,
    inputs: Vec<InputFile>,
    outputs: Vec<FileId>,
    dynamic: FxHashMap<JobId, Vec<DynamicItem>>,
    failed: FxHashMap<JobId, Exception>,
    by_key: HashTable<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    rule: u32,
    values: (u32, u32),
    inputs: (u32, u32),
    outputs: (u32, u32),
}

fn part<T>(all: &[T], (start, end): (u32, u32)) -> &[T] {
    &all[start as usize..end as usize]
}

impl Jobs {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many paths are known.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// The path of a file.
    pub fn path(&self, file: FileId) -> &str {
        self.files.get(file.0)
    }

    /// The number of a path that a job mentions.
    pub fn find_file(&self, path: &str) -> Option<FileId> {
        self.files.find(path).map(FileId)
    }

    /// The rule number of a job.
    pub fn rule(&self, job: JobId) -> usize {
        self.rows[job.index()].rule as usize
    }

    /// The wildcard values of a job, in its rule's order.
    pub fn values(&self, job: JobId) -> impl ExactSizeIterator<Item = &str> {
        part(&self.wildcard_values, self.rows[job.index()].values).iter().map(|&value| self.values.get(value))
    }

    /// The input files, in order, repetitions included.
    pub fn inputs(&self, job: JobId) -> &[InputFile] {
        part(&self.inputs, self.rows[job.index()].inputs)
    }

    /// The output files, in the order of the rule's patterns.
    pub fn outputs(&self, job: JobId) -> &[FileId] {
        part(&self.outputs, self.rows[job.index()].outputs)
    }

    /// The entries of `input:` if functions made some of them.
    pub fn dynamic_items(&self, job: JobId) -> Option<&[DynamicItem]> {
        self.dynamic.get(&job).map(Vec::as_slice)
    }

    /// What has to come before all of its inputs are known.
    pub fn awaits(&self, job: JobId) -> Option<Awaits> {
        self.dynamic_items(job)?.iter().find_map(|item| item.awaits)
    }

    /// Why its input function failed, if it did.
    pub fn failure(&self, job: JobId) -> Option<&Exception> {
        self.failed.get(&job)
    }

    /// The job of a rule with these wildcard values.
    pub(crate) fn find_job(&self, rule: usize, values: &[String]) -> Option<JobId> {
        let key: Option<Vec<u32>> = values.iter().map(|value| self.values.find(value)).collect();
        let (rule, key) = (rule as u32, key?);
        let known = self.by_key.find(hash_of(rule, &key), |&row| {
            let row = &self.rows[row as usize];
            row.rule == rule && part(&self.wildcard_values, row.values) == key
        });
        known.map(|&row| JobId(row))
    }

    pub(super) fn add_file(&mut self, path: &str) -> FileId {
        FileId(self.files.add(path))
    }

    /// The job of a rule with these values; true if it is new (it then has outputs, but no inputs yet).
    pub(super) fn add_job(&mut self, rule: u32, patterns: &RulePatterns, values: &[&str]) -> (JobId, bool) {
        let start = self.wildcard_values.len() as u32;
        for value in values {
            let id = self.values.add(value);
            self.wildcard_values.push(id);
        }
        let key = &self.wildcard_values[start as usize..];
        let hash = hash_of(rule, key);
        let known = self.by_key.find(hash, |&row| {
            let row = &self.rows[row as usize];
            row.rule == rule && part(&self.wildcard_values, row.values) == key
        });
        if let Some(&row) = known {
            self.wildcard_values.truncate(start as usize);
            return (JobId(row), false);
        }
        let first_output = self.outputs.len() as u32;
        let mut path = String::new();
        for output in &patterns.outputs {
            path.clear();
            output.pattern.fill(values, &mut path);
            let file = self.add_file(&path);
            self.outputs.push(file);
        }
        let id = u32::try_from(self.rows.len()).expect("fewer than 2^32 jobs");
        self.rows.push(Row {
            rule,
            values: (start, self.wildcard_values.len() as u32),
            inputs: (0, 0),
            outputs: (first_output, self.outputs.len() as u32),
        });
        let (rows, values) = (&self.rows, &self.wildcard_values);
        self.by_key.insert_unique(hash, id, |&row| {
            let row = &rows[row as usize];
            hash_of(row.rule, part(values, row.values))
        });
        (JobId(id), true)
    }

    pub(super) fn set_inputs(&mut self, job: JobId, inputs: impl IntoIterator<Item = InputFile>) {
        let start = self.inputs.len() as u32;
        self.inputs.extend(inputs);
        self.rows[job.index()].inputs = (start, self.inputs.len() as u32);
    }

    pub(super) fn set_dynamic_items(&mut self, job: JobId, items: Vec<DynamicItem>) {
        self.dynamic.insert(job, items);
    }

    pub(super) fn set_failed(&mut self, job: JobId, exception: Exception) {
        self.failed.insert(job, exception);
    }
}

fn hash_of(rule: u32, values: &[u32]) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one((rule, values))
}
