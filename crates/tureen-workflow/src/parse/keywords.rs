//! The words of the language, and which one was meant.

/// Directives that may stand outside rules.
pub(super) const GLOBALS: &[&str] = &[
    "configfile",
    "conda",
    "container",
    "containerized",
    "envvars",
    "include",
    "inputflags",
    "localrules",
    "outputflags",
    "pathvars",
    "pepfile",
    "pepschema",
    "report",
    "resource_scopes",
    "ruleorder",
    "scattergather",
    "singularity",
    "storage",
    "wildcard_constraints",
    "workdir",
];

/// Directives of rules that come before its action.
pub(super) const PROPERTIES: &[&str] = &[
    "benchmark",
    "cache",
    "conda",
    "container",
    "containerized",
    "default_target",
    "envmodules",
    "group",
    "handover",
    "input",
    "localrule",
    "log",
    "message",
    "name",
    "output",
    "params",
    "pathvars",
    "priority",
    "resources",
    "retries",
    "shadow",
    "singularity",
    "threads",
    "wildcard_constraints",
];

/// What a rule does; one at most, and last.
pub(super) const ACTIONS: &[&str] =
    &["cwl", "notebook", "run", "script", "shell", "template_engine", "wrapper"];

/// Directives of `module`.
pub(super) const MODULE: &[&str] = &[
    "config",
    "meta_wrapper",
    "name",
    "pathvars",
    "prefix",
    "replace_prefix",
    "skip_validation",
    "snakefile",
];

pub(super) fn is_global(word: &str) -> bool {
    GLOBALS.contains(&word)
}

pub(super) fn is_handler(word: &str) -> bool {
    matches!(word, "onstart" | "onsuccess" | "onerror")
}

pub(super) fn is_action(word: &str) -> bool {
    ACTIONS.contains(&word)
}

pub(super) fn is_rule_directive(word: &str) -> bool {
    is_action(word) || PROPERTIES.contains(&word)
}

/// Python's own words that may stand before a colon at the start of a line.
pub(super) fn is_python_block(word: &str) -> bool {
    matches!(word, "else" | "try" | "finally" | "except" | "lambda" | "case" | "match")
}

/// The word among `words` that differs from `word` by the fewest letters, if by no more than `limit`.
///
/// A swap of neighbours counts as one difference. Of several, the first.
///
/// ```
/// # use tureen_workflow::parse::nearest;
/// assert_eq!(nearest("ouptut", ["input", "output"].into_iter(), 2), Some("output"));
/// assert_eq!(nearest("walrus", ["input", "output"].into_iter(), 2), None);
/// ```
pub fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>, limit: usize) -> Option<&'w str> {
    let word: Vec<char> = word.chars().collect();
    words
        .map(|candidate| (distance(&word, &candidate.chars().collect::<Vec<_>>()), candidate))
        .filter(|&(distance, _)| distance > 0 && distance <= limit && distance < word.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, changes and swaps of neighbours between two words.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut rows = vec![0usize; (left.len() + 1) * width];
    for i in 0..=left.len() {
        for j in 0..=right.len() {
            rows[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let is_change = usize::from(left[i - 1] != right[j - 1]);
                let mut best = rows[(i - 1) * width + j - 1] + is_change;
                best = best.min(rows[(i - 1) * width + j] + 1).min(rows[i * width + j - 1] + 1);
                let is_swap = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
                if is_swap { best.min(rows[(i - 2) * width + j - 2] + 1) } else { best }
            };
        }
    }
    rows[left.len() * width + right.len()]
}
