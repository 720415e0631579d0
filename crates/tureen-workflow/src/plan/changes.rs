//! How outputs on the disk differ from what their rules would make now: by code, set of inputs and params.
//! Looks only at the record and the job graph; decides nothing.

use rustc_hash::FxHashMap;

use super::compare::is_code_changed;
use crate::code::normalised;
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::Entry;
use crate::job::{Ask, JobGraph, JobId, Rules};
use crate::params::own_params;
use crate::record::Remembered;

/// Answers for the outputs of one job at a time.
pub struct Changes<'c, 'w> {
    rules: &'c Rules<'w>,
    graph: &'c JobGraph,
    remembered: &'c FxHashMap<String, Remembered>,
    codes: Vec<Option<String>>,
}

impl<'c, 'w> Changes<'c, 'w> {
    /// Over what is remembered.
    pub fn new(
        rules: &'c Rules<'w>,
        graph: &'c JobGraph,
        remembered: &'c FxHashMap<String, Remembered>,
    ) -> Self {
        Self { rules, graph, remembered, codes: vec![None; rules.patterns.len()] }
    }

    /// What is remembered of an output whose job ended well.
    pub fn memory(&self, path: &str) -> Option<&'c Remembered> {
        self.remembered.get(path).filter(|memory| !memory.has_failed)
    }

    /// Whether an output was made by other code than the job's rule has now.
    pub fn is_code_changed(&mut self, job: JobId, memory: &Remembered) -> bool {
        let rule = self.graph.jobs.rule(job);
        let recipe = &self.rules.workflow.rules[rule];
        let shell = &self.rules.workflow.shell;
        let code = self.codes[rule].get_or_insert_with(|| normalised(&recipe.action, shell));
        is_code_changed(memory, recipe, shell, code)
    }

    /// Whether an output was made from other files than the job has now.
    pub fn is_input_changed(&self, job: JobId, memory: &Remembered) -> bool {
        let inputs = self.graph.jobs.inputs(job).iter();
        let mut inputs: Vec<&str> =
            inputs.map(|input| self.rules.workflow.recorded(self.graph.jobs.path(input.file))).collect();
        inputs.sort_unstable();
        inputs.dedup();
        !memory.has_inputs(&inputs)
    }

    /// The params of a job as the record would keep them now.
    ///
    /// # Errors
    /// A params function that raised.
    pub fn params(&self, job: JobId, ask: &mut Ask<'_>) -> Result<Vec<Entry>, Box<Diagnostic>> {
        if self.rules.workflow.rules[self.graph.jobs.rule(job)].params.is_empty() {
            return Ok(Vec::new());
        }
        let mut view = self.graph.view(self.rules, job);
        view.threads = 1;
        own_params(self.rules, self.graph, job, &view, ask)
    }
}
