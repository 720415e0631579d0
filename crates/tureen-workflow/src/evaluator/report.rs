//! What the Snakefile's `report(...)` marks say: asked for once, for all jobs that have any.

use std::path::Path;

use serde_json::json;

use super::block::exception;
use super::job::{Exception, JobView};
use super::{Broken, Evaluator, wire};
use crate::report::Told;

impl Evaluator {
    /// The names of the rules that have a file marked with `report(...)`.
    ///
    /// # Errors
    /// If the evaluator itself fails.
    pub fn report_rules(&self) -> Result<Vec<String>, Broken> {
        let answer = self.ask(&json!({ "report_rules": null }))?;
        serde_json::from_value(answer).map_err(|error| Broken::Garbled(error.to_string()))
    }

    /// What the marks of these jobs say, their templates rendered.
    ///
    /// # Errors
    /// If the evaluator itself fails; inside: what the user's functions and templates raise, and missing files.
    pub fn report(
        &self,
        jobs: &[JobView],
        metadata: Option<&Path>,
    ) -> Result<Result<Told, Exception>, Broken> {
        let jobs: Vec<_> = jobs.iter().map(wire::job).collect();
        let mut answer = self.ask(&json!({ "report": { "jobs": jobs, "metadata": metadata } }))?;
        if let Some(error) = answer.get("error") {
            return exception(error).map(Err).ok_or_else(|| Broken::Garbled("an exception".to_owned()));
        }
        serde_json::from_value(answer["made"].take())
            .map(Ok)
            .map_err(|error| Broken::Garbled(error.to_string()))
    }
}
