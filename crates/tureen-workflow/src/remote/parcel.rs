//! A job as a node gets it: all that is needed to run it, in one file. It may hold several jobs (a group), of which
//! some need others. Knows no rules and no graph: everything is filled in.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::evaluator::job::JobView;
use crate::evaluator::wire;
use crate::rule::{Marks, Shadow, ShellSettings};
use crate::value::Value;

/// The version of the form; a node refuses another one.
pub const VERSION: u32 = 2;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parcel {
    /// The version of the form.
    pub version: u32,
    /// Its name in its run: no other attempt has the same.
    pub id: String,
    /// The folder to work in.
    pub folder: PathBuf,
    /// How many cores its jobs may use together.
    pub cores: u64,
    /// How much memory they were promised, in MB; 0 if nothing was said.
    pub mem_mb: u64,
    /// Its jobs, each after those it needs.
    pub jobs: Vec<ParcelJob>,
    /// Files that nobody outside needs, with the numbers of the jobs that read them: removed when those have ended well.
    pub temporary: Vec<(PathBuf, Vec<usize>)>,
    /// The shell for commands.
    pub shell: ShellSettings,
    /// Environment variables that are set or removed.
    pub environment: Vec<(String, Option<String>)>,
    /// How the Snakefile was read: a [`Story`](crate::evaluator::Story), if a job needs an interpreter: for a `run:` block, a
    /// script, or what can be worked out only there.
    pub story: Option<PathBuf>,
    /// Where shadow folders are made.
    pub shadow_base: PathBuf,
    /// Seconds to wait for outputs to appear.
    pub latency_wait: f64,
    /// Whether a shadow folder is kept if its job fails.
    pub keep_incomplete: bool,
}

/// One job of a parcel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParcelJob {
    /// Which of the parcel's sets it belongs to: the jobs of a set run at the same time, as pipes want it.
    pub set: usize,
    /// The sets that must have ended.
    pub needs: Vec<usize>,
    /// Its files, params and so on.
    #[serde(serialize_with = "view_out", deserialize_with = "view_in")]
    pub view: JobView,
    /// Places of params that are worked out on the node: they are objects that can't be sent, or follow from what is known
    /// only there.
    #[serde(default)]
    pub late_params: Vec<usize>,
    /// What it does.
    pub work: Work,
    /// Its outputs.
    pub outputs: Vec<(PathBuf, Marks)>,
    /// Its inputs: all of them.
    pub inputs: Vec<String>,
    /// Services that must be there before it starts.
    pub services: Vec<PathBuf>,
    /// Its logs.
    pub logs: Vec<String>,
    /// Whether it works in a folder of its own.
    pub shadow: Option<Shadow>,
    /// Where what it uses is written. A shell job repeats as often as it has commands.
    pub benchmark: Option<(PathBuf, i64)>,
    /// Its row in the record of whoever sent it.
    pub row: i64,
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Nothing but what is done round it (`touch()`).
    Nothing,
    /// A command, for each repetition.
    Shell(Vec<String>),
    /// A command whose fields are filled on the node.
    Template {
        /// The command.
        text: String,
        /// Whether it is the rule's own, to be worked out anew.
        is_late: bool,
    },
    /// The `run:` block or script of its rule.
    Python,
}

impl Parcel {
    /// Reads a parcel's file.
    ///
    /// # Errors
    /// It can't be read, or another version of this program wrote it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        Self::from_slice(&text).map_err(|error| format!("`{}`: {error}", path.display()))
    }

    /// Reads a parcel from its bytes.
    ///
    /// # Errors
    /// As [`Parcel::read`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, String> {
        let parcel: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if parcel.version == VERSION {
            Ok(parcel)
        } else {
            Err(format!(
                "it has version {} of the form, this program knows version {VERSION}",
                parcel.version
            ))
        }
    }

    /// As one line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists of them are always JSON")
    }

    /// What it is called in messages.
    pub fn title(&self) -> String {
        let mut names: Vec<&str> = self.jobs.iter().map(|job| job.view.rule.as_str()).collect();
        names.dedup();
        names.join("+")
    }

    /// Whether any of its jobs needs an interpreter.
    pub fn needs_python(&self) -> bool {
        self.story.is_some()
    }

    /// What does not differ between two runs that would do the same: to find a job again that is still running.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        };
        for job in &self.jobs {
            let view = JobView { jobid: 0, attempt: 0, resources: Vec::new(), ..job.view.clone() };
            add(&wire::job(&without_objects(view)).to_string());
            add(&serde_json::to_string(&(&job.work, &job.outputs, job.shadow)).unwrap_or_default());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// A view in which nothing is left of objects: they look different in each process.
fn without_objects(mut view: JobView) -> JobView {
    let mut waiting: Vec<&mut Value> = view.params.iter_mut().map(|entry| &mut entry.value).collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Opaque { held: Some(_), .. } => *value = Value::None,
            Value::List(values) | Value::Tuple(values) => waiting.extend(values),
            Value::Dict(pairs) => waiting.extend(pairs.iter_mut().map(|(_, value)| value)),
            _ => {}
        }
    }
    view
}

fn view_out<S: Serializer>(view: &JobView, serializer: S) -> Result<S::Ok, S::Error> {
    wire::job(view).serialize(serializer)
}

fn view_in<'d, D: Deserializer<'d>>(deserializer: D) -> Result<JobView, D::Error> {
    let json = serde_json::Value::deserialize(deserializer)?;
    wire::job_from(&json).ok_or_else(|| serde::de::Error::custom("the description of a job has another form"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluator::job::Entry;

    fn parcel() -> Parcel {
        let view = JobView {
            rule: "boil".to_owned(),
            wildcards: vec![("pot".to_owned(), "1".to_owned())],
            params: vec![Entry { name: Some("heat".to_owned()), value: Value::Float(0.5) }],
            resources: vec![("mem_mb".to_owned(), Value::Int(100))],
            threads: 2,
            attempt: 1,
            ..JobView::default()
        };
        let job = ParcelJob {
            set: 0,
            needs: Vec::new(),
            view,
            late_params: Vec::new(),
            work: Work::Shell(vec!["echo \"soup\"\n".to_owned()]),
            outputs: vec![("soup".into(), Marks { is_temp: true, ..Marks::default() })],
            inputs: vec!["water".to_owned()],
            services: Vec::new(),
            logs: Vec::new(),
            shadow: Some(Shadow::Minimal),
            benchmark: None,
            row: 7,
        };
        Parcel {
            version: VERSION,
            id: "1-1".to_owned(),
            folder: "/kitchen".into(),
            cores: 2,
            mem_mb: 0,
            jobs: vec![job],
            temporary: Vec::new(),
            shell: ShellSettings::default(),
            environment: vec![("A".to_owned(), None)],
            story: None,
            shadow_base: ".tureen/shadow".into(),
            latency_wait: 0.0,
            keep_incomplete: false,
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let sent = parcel();
        let line = sent.line();
        assert!(!line.contains('\n'));
        assert_eq!(Parcel::from_slice(line.as_bytes()), Ok(sent));
    }

    #[test]
    fn another_version_is_refused() {
        let line = Parcel { version: VERSION + 1, ..parcel() }.line();
        let error = Parcel::from_slice(line.as_bytes()).expect_err("it is too new");
        assert!(error.contains(&format!("version {}", VERSION + 1)), "{error}");
    }

    #[test]
    fn attempts_have_one_fingerprint_and_commands_have_another() {
        let sent = parcel();
        let mut again = parcel();
        again.jobs[0].view.attempt = 2;
        let object =
            |held| Value::Opaque { text: String::new(), repr: format!("<at {held}>"), held: Some(held) };
        let (mut sent, entry) = (sent, |held| Entry { name: None, value: Value::List(vec![object(held)]) });
        sent.jobs[0].view.params.push(entry(1));
        again.jobs[0].view.params.push(entry(2));
        again.jobs[0].row = 8;
        assert_eq!(sent.fingerprint(), again.fingerprint());
        again.jobs[0].work = Work::Shell(vec!["echo broth".to_owned()]);
        assert_ne!(sent.fingerprint(), again.fingerprint());
    }
}
