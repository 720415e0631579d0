//! Answers of input functions, kept while a run plans again behind its checkpoints: as under Snakemake a function
//! is asked once per job, and once more only when it waited for a checkpoint.

use rustc_hash::FxHashMap;

use super::ask::Ask;
use crate::evaluator::job::{Answer, Call, Exception, Role};
use crate::rule::FunctionId;

/// A function asked for a job: the rule's name and the wildcards say which.
type Asked = (FunctionId, String, Vec<(String, String)>);

/// What input functions have answered.
#[derive(Debug, Default)]
pub struct Answers {
    known: FxHashMap<Asked, Answer>,
}

impl Answers {
    /// Asks what is not known yet; other roles than inputs are passed on as they are.
    pub fn ask(&mut self, calls: &[Call], ask: &mut Ask<'_>) -> Vec<Result<Answer, Exception>> {
        let known: Vec<Option<Answer>> = calls.iter().map(|call| self.find(call)).collect();
        let open: Vec<Call> = calls
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(call, _)| call.clone())
            .collect();
        let answers = if open.is_empty() { Vec::new() } else { ask(&open) };
        self.keep(&open, &answers);
        let mut answers = answers.into_iter();
        let gone = || {
            Err(Exception {
                class: "an error".to_owned(),
                message: "no answer".to_owned(),
                frames: Vec::new(),
            })
        };
        known.into_iter().map(|known| known.map_or_else(|| answers.next().unwrap_or_else(gone), Ok)).collect()
    }

    fn find(&self, call: &Call) -> Option<Answer> {
        if self.known.is_empty() || !is_input(call) {
            return None;
        }
        self.known.get(&asked(call)).cloned()
    }

    /// Keeps the answers of jobs none of whose functions waits.
    fn keep(&mut self, calls: &[Call], answers: &[Result<Answer, Exception>]) {
        let mut start = 0;
        while start < calls.len() {
            let job = &calls[start].job;
            let is_same = |call: &Call| call.job.rule == job.rule && call.job.wildcards == job.wildcards;
            let end = start + calls[start..].iter().take_while(|call| is_same(call)).count();
            let is_whole =
                answers[start..end].iter().all(|answer| matches!(answer, Ok(Answer::Value { .. })));
            for (call, answer) in calls[start..end].iter().zip(&answers[start..end]) {
                if let (true, true, Ok(answer)) = (is_whole, is_input(call), answer) {
                    self.known.insert(asked(call), answer.clone());
                }
            }
            start = end;
        }
    }
}

fn is_input(call: &Call) -> bool {
    matches!(call.role, Role::Input | Role::Unpack)
}

fn asked(call: &Call) -> Asked {
    (call.function, call.job.rule.clone(), call.job.wildcards.clone())
}
