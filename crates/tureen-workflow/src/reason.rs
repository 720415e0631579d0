//! Why a job must run, and how Snakemake's users are used to reading it.

use rustc_hash::FxHashSet;

use crate::job::{FileId, Jobs};

/// All the reasons that one job has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// It was asked for by `-f`, `-F` or `-R`.
    pub is_forced: bool,
    /// Its rule has neither input nor output.
    pub has_no_files: bool,
    /// Its rule does something but has no output to judge by.
    pub has_no_output: bool,
    /// Needed outputs that are not there.
    pub missing: Vec<FileId>,
    /// Outputs whose job started and never ended.
    pub unfinished: Vec<FileId>,
    /// Inputs newer than an output.
    pub updated: Vec<FileId>,
    /// Inputs that another job of this plan makes anew.
    pub remade: Vec<FileId>,
    /// Its inputs are not the files they were.
    pub is_input_changed: bool,
    /// Its command or code is not what it was.
    pub is_code_changed: bool,
    /// Its input comes from a queue that is not at its end.
    pub awaits_queue: bool,
    /// It was in this run's plan before, and has not run yet.
    pub is_left_over: bool,
    /// How its params differ from what they were.
    pub params_change: Option<String>,
    /// It runs only because inputs are made anew: if they turn out to be what they were, it need not.
    pub may_stay: bool,
}

/// What the planner may take as a reason (`--rerun-triggers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triggers {
    /// Newer inputs.
    pub mtime: bool,
    /// Changed params.
    pub params: bool,
    /// A changed set of input files.
    pub input: bool,
    /// Changed code.
    pub code: bool,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { mtime: true, params: true, input: true, code: true }
    }
}

impl Reason {
    /// Whether there is any.
    pub fn is_some(&self) -> bool {
        *self != Self::default()
    }

    /// Whether there is no other reason than inputs that are made anew.
    pub fn is_remade_only(&self) -> bool {
        !self.remade.is_empty() && *self == Self { remade: self.remade.clone(), ..Self::default() }
    }

    /// Drops repetitions from the lists of files.
    pub(crate) fn name_each_file_once(&mut self) {
        for files in [&mut self.missing, &mut self.unfinished, &mut self.updated, &mut self.remade] {
            if files.len() > 1 {
                let mut seen = FxHashSet::default();
                files.retain(|&file| seen.insert(file));
            }
        }
    }

    /// The kinds of reasons, as a dry run sums them up.
    pub fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            (self.is_forced, "forced"),
            (self.has_no_files, "neither input nor output"),
            (self.has_no_output, "run or shell but no output"),
            (!self.missing.is_empty(), "output files have to be generated"),
            (!self.unfinished.is_empty(), "incomplete output files"),
            (!self.updated.is_empty(), "updated input files"),
            (!self.remade.is_empty(), "input files updated by another job"),
            (self.is_input_changed, "set of input files has changed since last execution"),
            (self.is_code_changed, "code has changed since last execution"),
            (self.params_change.is_some(), "params have changed since last execution"),
        ];
        kinds.into_iter().filter_map(|(is_so, kind)| is_so.then_some(kind)).collect()
    }

    /// One line, in the words of Snakemake 9.27.
    pub fn text(&self, jobs: &Jobs) -> String {
        if self.is_forced {
            return "Forced execution".to_owned();
        }
        if self.has_no_files {
            return "Rules with neither input nor output files are always executed.".to_owned();
        }
        if self.has_no_output {
            return "Rules with a run or shell declaration but no output are always executed.".to_owned();
        }
        let list =
            |files: &[FileId]| files.iter().map(|&file| jobs.path(file)).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        let mut name = |files: &[FileId], what: &str| {
            if !files.is_empty() {
                parts.push(format!("{what}: {}", list(files)));
            }
        };
        name(&self.missing, "Missing output files");
        name(&self.unfinished, "Incomplete output files");
        let remade: FxHashSet<FileId> = self.remade.iter().copied().collect();
        let updated: Vec<FileId> =
            self.updated.iter().copied().filter(|file| !remade.contains(file)).collect();
        name(&updated, "Updated input files");
        name(&self.remade, "Input files updated by another job");
        if self.is_input_changed {
            parts.push("Set of input files has changed since last execution".to_owned());
        }
        if self.is_code_changed {
            parts.push("Code has changed since last execution".to_owned());
        }
        if self.awaits_queue {
            parts.push("Unfinished queue input".to_owned());
        }
        if self.is_left_over {
            parts.push("Planned before the checkpoints ran".to_owned());
        }
        if let Some(change) = &self.params_change {
            parts.push(format!("Params have changed since last execution: {change}"));
        }
        parts.join("; ")
    }
}
