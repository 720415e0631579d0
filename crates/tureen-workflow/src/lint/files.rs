//! What is weak about the text of Snakefiles. Patterns, as Snakemake 9.27 looks for them: they see no syntax.

use fancy_regex::{Captures, Regex};

use super::{Found, Lint, Of};
use crate::rule::Workflow;
use crate::span::{SourceId, Sources, Span};

const QUOTED_ABSOLUTE: &str = r#"(?P<quote>['"])(?P<path>(?:/[^/\n]+?)+?)(?P=quote)"#;
const QUOTED_FOLDER: &str = r#"(?P<quote>['"])(?P<path>/?(?:[^/]+?/)+?(?:[^/]+?)?)(?P=quote)"#;
const NAME: &str = r"[a-zA-Z_][a-zA-Z_0-9]*(?!\+)";
const ENVIRONMENT: &str = r#"os.environ\[(?P<quote>['"])(?P<name>.+)?(?P=quote)\]"#;

pub(super) fn lint(workflow: &Workflow, sources: &Sources) -> Vec<Found> {
    let ids: Vec<SourceId> = (0..).map(SourceId).take_while(|&id| sources.contains(id)).collect();
    ids.iter()
        .map(|&id| {
            let file = File { source: id, text: &sources.get(id).text, lints: Vec::new() };
            let lints = file.lint(workflow, ids.len() > 1);
            Found { of: Of::File(sources.get(id).path.to_string_lossy().into_owned()), lints }
        })
        .collect()
}

struct File<'t> {
    source: SourceId,
    text: &'t str,
    lints: Vec<Lint>,
}

impl<'t> File<'t> {
    fn lint(mut self, workflow: &Workflow, has_others: bool) -> Vec<Lint> {
        self.find(QUOTED_ABSOLUTE, |found| {
            Some((
                format!("The absolute path \"{}\"", found.name("path").map_or("", |path| path.as_str())),
                "name it relative to the working directory, or take it from the config: on another machine it is not there",
            ))
        });
        self.find(ENVIRONMENT, |found| {
            let name = found.name("name").map_or("", |name| name.as_str());
            (!workflow.envvars.iter().any(|known| known == name)).then(|| {
                (
                    format!("The environment variable {name} is used, but not named under `envvars:`"),
                    "name it there: whoever forgets to set it is then told so at once",
                )
            })
        });
        if has_others && self.has("rule .+?:") {
            self.find_first("def .+?:", || {
                (
                    "Rules and functions in one file".to_owned(),
                    "keep the functions in a file of their own, such as `rules/common.smk`, and write one-liners as `lambda`",
                )
            });
        }
        for pattern in [format!(r"{NAME} *\+ *{QUOTED_FOLDER}"), format!(r"{QUOTED_FOLDER} *\+ *{NAME}")] {
            self.find(&pattern, |_| {
                Some((
                    "A path put together with `+`".to_owned(),
                    "write the whole path, or an f-string: it is easier to read",
                ))
            });
        }
        self.find("singularity:", |_| {
            Some(("The old directive `singularity:`".to_owned(), "call it `container:`, which is the same"))
        });
        self.find_first(r"\A *\t", || {
            (
                "A tab at the beginning of a line".to_owned(),
                "indent with spaces only: mixed, they are easily read wrongly",
            )
        });
        self.lints
    }

    fn has(&self, pattern: &str) -> bool {
        regex(pattern).is_match(self.text).unwrap_or(false)
    }

    fn find(&mut self, pattern: &str, lint: impl Fn(&Captures<'t, str>) -> Option<(String, &'static str)>) {
        // A search that gives up (too much backtracking) has found all that it could.
        for found in regex(pattern).captures_iter(self.text).map_while(Result::ok) {
            let Some(whole) = found.get(0) else { continue };
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span { source: self.source, start: offset(whole.start()), end: offset(whole.end()) };
            if let Some((title, advice)) = lint(&found) {
                self.lints.push(Lint { title, advice, span });
            }
        }
    }

    fn find_first(&mut self, pattern: &str, lint: impl Fn() -> (String, &'static str)) {
        let n_before = self.lints.len();
        self.find(pattern, |_| Some(lint()));
        self.lints.truncate(n_before + 1);
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are well formed")
}
