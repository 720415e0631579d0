//! How a Snakefile was read, kept so that an evaluator on another machine has the same namespace without a Snakefile
//! being looked for, parsed or translated there: what it asked for, and what it was answered. Knows no job.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Evaluator;

/// The question that loads a workflow, and every answer that was given on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Where the evaluator stood.
    pub folder: PathBuf,
    /// The interpreter.
    pub python: PathBuf,
    load: Json,
    answers: Vec<(String, Json, Json)>,
}

impl Story {
    pub(super) fn begin(load: &Json) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self { folder, python: PathBuf::new(), load: load.clone(), answers: Vec::new() }
    }

    pub(super) fn add(&mut self, word: &str, question: &Json, answer: &Json) {
        self.answers.push((word.to_owned(), key(word, question), answer.clone()));
    }

    fn answer(&self, word: &str, question: &Json) -> Json {
        let key = key(word, question);
        let known = self.answers.iter().find(|(known, question, _)| known == word && *question == key);
        match (known, word) {
            (Some((_, _, answer)), _) => answer.clone(),
            // A file that was not read then, as one that is named after the machine.
            (None, "config") => {
                json!({ "error": format!("{key} was not read when the run began"), "missing": true })
            }
            (None, _) => Json::Null,
        }
    }
}

/// What tells questions apart: the path, but not the place that it was asked from.
fn key(word: &str, question: &Json) -> Json {
    if word == "translate" { question[0].clone() } else { question.clone() }
}

impl Evaluator {
    /// How the Snakefile was read; `None` before it was.
    pub fn story(&self) -> Option<Story> {
        let story = self.story.get()?;
        Some(Story { python: self.python.clone(), ..story.clone() })
    }

    /// Starts an interpreter that reads a workflow as it was read before.
    ///
    /// # Errors
    /// The interpreter can't be started, or the Snakefile raises here what it did not raise there.
    pub fn replay(story: &Story) -> Result<Self, String> {
        let evaluator =
            Self::start_in(&story.python, Some(&story.folder)).map_err(|broken| broken.to_string())?;
        let mut question = story.load.clone();
        loop {
            let answer = evaluator.ask(&question).map_err(|broken| broken.to_string())?;
            let Some((word, content)) = answer.as_object().and_then(|object| object.iter().next()) else {
                return Err("the evaluator said nothing while loading".to_owned());
            };
            question = match word.as_str() {
                "translate" | "config" => story.answer(word, content),
                "loaded" => return Ok(evaluator),
                "failed" => {
                    let text = |name: &str| content[name].as_str().unwrap_or("").to_owned();
                    return Err(format!("the Snakefile raised {}: {}", text("class"), text("message")));
                }
                other => return Err(format!("the Snakefile could not be read here ({other})")),
            };
        }
    }
}
