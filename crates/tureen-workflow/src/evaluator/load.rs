//! Reading a workflow through the evaluator: it executes, and asks us for translations and config files.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::advice;
use super::broken::Broken;
use super::replay::Story;
use super::workflow::workflow;
use super::{Evaluator, wire};
use crate::config::{self, Overrides};
use crate::diagnostic::Diagnostic;
use crate::read::open;
use crate::rule::Workflow;
use crate::span::{Sources, Span};
use crate::translate::{Places, Translation, translate};

/// What to read.
pub(crate) struct Load<'l> {
    /// The Snakefile.
    pub path: &'l Path,
    /// What the command line says about the config.
    pub overrides: &'l Overrides,
    /// `--configfile` files, as `workflow.overwrite_configfiles` shows them.
    pub config_files: &'l [PathBuf],
    /// `--cores`
    pub cores: Option<u32>,
    /// `--wrapper-prefix`
    pub wrapper_prefix: Option<&'l str>,
    /// `--set-scatter`
    pub scatter: &'l [(String, u32)],
    /// `--skip-script-cleanup`
    pub keeps_scripts: bool,
    /// `--runtime-source-cache-path`
    pub source_folder: Option<&'l Path>,
    /// The log of this run.
    pub log_file: Option<&'l Path>,
}

/// Has the evaluator execute a Snakefile, and gives what it declares.
pub(crate) fn load(
    evaluator: &Evaluator,
    request: &Load<'_>,
    sources: &mut Sources,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Workflow, Vec<Diagnostic>> {
    let mut loading = Loading {
        sources,
        warnings,
        places: Places::default(),
        translations: Vec::new(),
        errors: Vec::new(),
    };
    let broken = |error: &Broken| vec![Diagnostic::from_text(&error.to_string())];
    let mut process = evaluator.process().map_err(|error| broken(&error))?;
    let initial = wire::encode(&request.overrides.initial());
    let mut question = json!({ "load": {
        "path": request.path.to_string_lossy(),
        "config": initial,
        "overrides": initial,
        "has_config_files": request.overrides.has_files(),
        "config_files": request.config_files,
        "replaces_config": request.overrides.replaces,
        "scatter": request.scatter.iter().map(|(name, n)| (name.clone(), json!(n))).collect::<serde_json::Map<_, _>>(),
        "cores": request.cores,
        "wrapper_prefix": request.wrapper_prefix,
        "keep_scripts": request.keeps_scripts,
        "source_folder": request.source_folder,
        "log_file": request.log_file,
    }});
    let mut story = Story::begin(&question);
    loop {
        let answer = process.ask(&question, &[]).map_err(|error| broken(&error))?;
        let Some((word, content)) = answer.as_object().and_then(|object| object.iter().next()) else {
            return Err(broken(&Broken::Garbled("a word while loading".to_owned())));
        };
        question = match word.as_str() {
            "translate" => loading.translate(content),
            "config" => read_config(content),
            "loaded" => {
                // It is loaded once; should it be asked to again, the first story stands.
                let _ = evaluator.story.set(story);
                let found = workflow(content, &loading.places);
                return found
                    .ok_or_else(|| broken(&Broken::Garbled("what the Snakefile declares".to_owned())));
            }
            "failed" => return Err(vec![loading.failure(content)]),
            "exited" => {
                let status = content.as_i64().unwrap_or(0);
                let message = format!("the Snakefile left with `sys.exit({status})`");
                return Err(vec![Diagnostic::new(message)]);
            }
            _ => return Err(loading.errors),
        };
        story.add(word, content, &question);
    }
}

fn read_config(path: &Json) -> Json {
    match config::load(Path::new(path.as_str().unwrap_or(""))) {
        Ok(value) => json!({ "value": wire::encode(&value) }),
        Err(error) => {
            let is_missing = matches!(error, config::Error::Missing(_));
            let is_template = matches!(error, config::Error::Template(_));
            json!({ "error": error.to_string(), "missing": is_missing, "template": is_template })
        }
    }
}

struct Loading<'l> {
    sources: &'l mut Sources,
    warnings: &'l mut Vec<Diagnostic>,
    places: Places,
    translations: Vec<(String, Translation)>,
    errors: Vec<Diagnostic>,
}

impl Loading<'_> {
    /// Answers with a file's translation, or with nothing after noting what is wrong with it.
    fn translate(&mut self, content: &Json) -> Json {
        let path = content[0].as_str().unwrap_or("").to_owned();
        let file = match open(Path::new(&path), self.sources) {
            Ok(file) => file,
            Err(mut diagnostic) => {
                let place = content[1].as_u64().and_then(|number| self.places.get(number as usize));
                if let Some(place) = place {
                    diagnostic = diagnostic.at(place.argument(None, 0), "included here");
                }
                self.errors.push(diagnostic);
                return Json::Null;
            }
        };
        if !file.errors.is_empty() {
            self.errors.extend(file.errors);
            return Json::Null;
        }
        self.warnings.extend(file.warnings.iter().cloned());
        let text = &self.sources.get(file.source).text;
        match translate(&file, text, &mut self.places) {
            Err(errors) => {
                self.errors.extend(errors);
                Json::Null
            }
            Ok(translation) => {
                let key = std::fs::canonicalize(&path).unwrap_or_else(|_| PathBuf::from(&path));
                let answer = json!({
                    "text": translation.text,
                    "handlers": translation.handlers,
                    "key": key.to_string_lossy(),
                });
                self.translations.push((path, translation));
                answer
            }
        }
    }

    /// An exception while the Snakefile was executed.
    fn failure(&self, error: &Json) -> Diagnostic {
        let class = error["class"].as_str().unwrap_or("an exception");
        let message = error["message"].as_str().unwrap_or("");
        let is_ours = class.ends_with("Refusal");
        let text = match (is_ours, message) {
            (true, _) => message.to_owned(),
            (false, "") => format!("`{class}` was raised"),
            (false, _) => format!("{class}: {message}"),
        };
        let mut diagnostic = Diagnostic::from_text(&text);
        if let Some(place) = error["place"].as_u64().and_then(|number| self.places.get(number as usize)) {
            return diagnostic.at(place.span, "");
        }
        if let Some([file, line, column]) = error["syntax"].as_array().map(Vec::as_slice) {
            let number = |json: &Json| json.as_u64().unwrap_or(1) as usize;
            let file = file.as_str().unwrap_or("");
            return match self.translation(file) {
                Some(translation) => diagnostic.at(translation.original(number(line), number(column)), ""),
                None => diagnostic.note(format!("in {file}, line {line}")),
            };
        }
        let frames = error["frames"].as_array().map_or(&[][..], Vec::as_slice);
        let innermost = frames.last().map_or("", |frame| frame["text"].as_str().unwrap_or(""));
        if let Some(hint) = advice::on(class, message, innermost, &error["known"], &self.texts()) {
            diagnostic = diagnostic.hint(hint);
        }
        for (index, frame) in frames.iter().rev().enumerate() {
            let file = frame["file"].as_str().unwrap_or("");
            let line = frame["line"].as_u64().unwrap_or(1);
            let word = if index == 0 { "" } else { "called from here" };
            if index == 0 && !is_ours {
                // As Python says it: editors and people know this form.
                let function = frame["function"].as_str().unwrap_or("");
                diagnostic = diagnostic.note(format!("File \"{file}\", line {line}, in {function}"));
            }
            diagnostic = match self.translation(file) {
                Some(translation) => diagnostic.at(self.line(translation, line), word),
                // Of what others wrote, the place where it was raised is enough.
                None if file.contains("/site-packages/") || file.contains("/lib/python") => diagnostic,
                None => {
                    let text = frame["text"].as_str().unwrap_or("");
                    diagnostic.note(format!("in {file}, line {line}: {text}"))
                }
            };
        }
        diagnostic
    }

    /// The files that were read.
    fn texts(&self) -> Vec<&str> {
        let texts = self.translations.iter();
        texts.map(|(_, translation)| self.sources.get(translation.source).text.as_str()).collect()
    }

    fn translation(&self, file: &str) -> Option<&Translation> {
        self.translations.iter().find(|(path, _)| path == file).map(|(_, translation)| translation)
    }

    /// A line of the user's file, without its indentation.
    fn line(&self, translation: &Translation, line: u64) -> Span {
        let text = &self.sources.get(translation.source).text;
        let start =
            text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum::<usize>();
        let content = text[start..].lines().next().unwrap_or("");
        let indentation = content.len() - content.trim_start().len();
        Span {
            source: translation.source,
            start: (start + indentation) as u32,
            end: (start + content.trim_end().len().max(indentation)) as u32,
        }
    }
}
