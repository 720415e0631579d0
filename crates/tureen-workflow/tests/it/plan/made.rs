//! A workflow made by hand in a folder of its own.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::disk::Disk;
use tureen_workflow::job::{JobGraph, Rules, find_jobs, find_targets};
use tureen_workflow::plan::{Plan, Wishes, plan};
use tureen_workflow::rule::{Action, FileList, FilePattern, Input, Item, Marks, Param, Rule, Workflow};
use tureen_workflow::span::{SourceId, Span};
use tureen_workflow::value::Value;

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

pub(crate) struct Made {
    folder: tempfile::TempDir,
    pub(crate) workflow: Workflow,
}

/// A rule with plain files; its paths are put into the test's folder later.
pub(crate) fn rule(name: &str, input: &[&str], output: &[&str]) -> Rule {
    let list = |text: &&str| FileList {
        files: vec![FilePattern {
            text: (*text).to_owned(),
            marks: Marks::default(),
            span: NOWHERE,
            producer: None,
        }],
        is_list: false,
    };
    let action = if output.is_empty() {
        Action::None
    } else {
        Action::Shell { command: "touch {output}".to_owned(), span: NOWHERE }
    };
    Rule {
        name: name.to_owned(),
        span: NOWHERE,
        docstring: None,
        is_checkpoint: false,
        input: input
            .iter()
            .map(|text| Item { name: None, value: Input::Files(list(text)), span: NOWHERE })
            .collect(),
        output: output.iter().map(|text| Item { name: None, value: list(text), span: NOWHERE }).collect(),
        log: Vec::new(),
        benchmark: None,
        params: Vec::new(),
        threads: Param::Value(Value::Int(1)),
        resources: Vec::new(),
        priority: Param::Value(Value::Int(0)),
        retries: 0,
        group: None,
        message: None,
        wildcard_constraints: Vec::new(),
        shadow: None,
        is_cached: false,
        hands_over: false,
        run_size: 0,
        derived_params: Vec::new(),
        has_own_names: false,
        has_late_command: false,
        action,
        unsupported: Vec::new(),
    }
}

impl Made {
    pub(crate) fn new(mut rules: Vec<Rule>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let put = |file: &mut FilePattern| file.text = format!("{}/{}", folder.path().display(), file.text);
        for rule in &mut rules {
            for item in &mut rule.input {
                if let Input::Files(list) = &mut item.value {
                    list.files.iter_mut().for_each(put);
                }
            }
            rule.output.iter_mut().flat_map(|item| &mut item.value.files).for_each(put);
        }
        let workflow = Workflow { rules, default_rule: Some(0), ..Workflow::default() };
        Self { folder, workflow }
    }

    /// Makes a file, or gives it a new time (seconds after an arbitrary start).
    pub(crate) fn file(&self, name: &str, seconds: u64) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds);
        File::create(path).unwrap().set_modified(time).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join(name)).unwrap();
    }

    fn find(&self, targets: &[&str]) -> Result<(Rules<'_>, JobGraph, Plan), Vec<Diagnostic>> {
        let rules = Rules::new(&self.workflow)?;
        let words: Vec<String> =
            targets.iter().map(|target| format!("{}/{target}", self.folder.path().display())).collect();
        let targets = find_targets(&rules, &words)?;
        let mut disk = Disk::default();
        let ask = &mut |_: &[_]| Vec::new();
        let graph = find_jobs(&rules, &targets, &mut disk, ask)?;
        let plan = plan(
            &rules,
            &graph,
            &mut disk,
            &Default::default(),
            &Wishes::default(),
            &Default::default(),
            ask,
        )?;
        Ok((rules, graph, plan))
    }

    /// The jobs in order, as `rule(wildcard values)`.
    pub(crate) fn jobs(&self, targets: &[&str]) -> Vec<String> {
        let (rules, graph, _) = self.find(targets).unwrap();
        let prefix = format!("{}/", self.folder.path().display());
        let name = |&job| {
            let values: Vec<&str> =
                graph.jobs.values(job).map(|value| value.trim_start_matches(&prefix)).collect();
            format!("{}({})", rules.workflow.rules[graph.jobs.rule(job)].name, values.join(","))
        };
        graph.order.iter().map(name).collect()
    }

    /// Checks the jobs that run and their reasons.
    pub(crate) fn check(&self, targets: &[&str], expected: &[&str]) {
        let (rules, graph, plan) = self.find(targets).unwrap();
        let prefix = format!("{}/", self.folder.path().display());
        let line = |&job| {
            let reason = plan.reason(job).unwrap().text(&graph.jobs).replace(&prefix, "");
            format!("{}: {reason}", rules.workflow.rules[graph.jobs.rule(job)].name)
        };
        assert_eq!(plan.order.iter().map(line).collect::<Vec<String>>(), expected);
    }

    /// The first error's words: message, labels, notes, hint.
    pub(crate) fn error(&self, targets: &[&str]) -> String {
        let Err(mut errors) = self.find(targets) else { panic!("it can be made") };
        let error = errors.remove(0);
        let labels = error.labels.iter().map(|label| label.text.clone());
        let words: Vec<String> = [error.message.clone()]
            .into_iter()
            .chain(labels)
            .chain(error.notes.clone())
            .chain(error.hint)
            .collect();
        words.join("\n").replace(&format!("{}/", self.folder.path().display()), "")
    }
}
