//! What is remembered of an output's code and params beside what they are now. Snakemake's memory is compared in
//! Snakemake's way: it keeps commands as they stand in the Snakefile, and params without their names.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::code::normalised;
use crate::evaluator::job::Entry;
use crate::format::repr;
use crate::params::{NOT_YET, params_text};
use crate::record::{Origin, Remembered};
use crate::rule::{Action, Rule, ShellSettings};
use crate::value::Value;

/// How params differ from what they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamsChange {
    /// They do not, or it can't be known yet.
    None,
    /// Only in text that is another one in each process, as the address of an object in memory.
    Unstable,
    /// By these lines: before, and now.
    Lines(Vec<String>, Vec<String>),
}

/// Whether an output was made by other code than its rule has now, which normalised is `code`.
pub fn is_code_changed(memory: &Remembered, rule: &Rule, shell: &ShellSettings, code: &str) -> bool {
    match memory.origin {
        Origin::Own => memory.code != code,
        Origin::Snakemake => is_snakemakes_code_changed(memory, rule, shell),
    }
}

fn is_snakemakes_code_changed(memory: &Remembered, rule: &Rule, shell: &ShellSettings) -> bool {
    match &rule.action {
        Action::None => false,
        Action::Shell { command, .. } => {
            // An expression is worked out for each job here, and once there.
            let is_known = !memory.code.is_empty() && !rule.has_late_command;
            let then = Action::Shell { command: memory.code.clone(), span: rule.span };
            is_known && memory.code != *command && normalised(&then, shell) != normalised(&rule.action, shell)
        }
        Action::Run { code, .. } => !is_beginning(&memory.code, code),
        // It looks at the time of the file.
        Action::Script { path, folder, .. } => {
            let path = path.strip_prefix("file://").unwrap_or(path);
            is_newer(&folder.join(path), memory.ended)
        }
    }
}

/// Whether a `run:` block as Snakemake keeps it (its first line twice, its last one lost) is that of now. How it is laid
/// out, commented and quoted is left aside: theirs is the text, ours was read and written anew.
fn is_beginning(then: &str, now: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let bare = |line: &str| -> String {
            let code = line.split('#').next().unwrap_or_default();
            code.chars().filter(|c| !c.is_whitespace() && !"'\"(),;".contains(*c)).collect()
        };
        text.lines().map(bare).filter(|line| !line.is_empty()).collect()
    };
    let mut then = words(then);
    if then.len() > 1 && then[0] == then[1] {
        then.remove(0);
    }
    words(now).concat().starts_with(&then.concat())
}

fn is_newer(path: &Path, seconds: f64) -> bool {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = modified.ok().and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    since.is_some_and(|since| since.as_secs_f64() > seconds)
}

/// How the params of a job, as the record keeps them, differ from those that an output was made with.
pub fn params_change(memory: &Remembered, entries: &[Entry]) -> ParamsChange {
    let (then, now): (Vec<String>, Vec<String>) = match memory.origin {
        Origin::Own => {
            let now = params_text(entries);
            if memory.params == now {
                return ParamsChange::None;
            }
            let lines = |text: &str| text.lines().map(str::to_owned).collect();
            (lines(&memory.params), lines(&now))
        }
        Origin::Snakemake => {
            let Ok(then) = serde_json::from_str::<BTreeSet<String>>(&memory.params) else {
                return ParamsChange::None;
            };
            let now: BTreeSet<String> = entries
                .iter()
                .filter(|entry| is_kept_by_snakemake(&entry.value))
                .map(|entry| repr(&entry.value))
                .collect();
            (then.into_iter().collect(), now.into_iter().collect())
        }
    };
    if now.iter().any(|line| line.contains(NOT_YET)) || then == now {
        return ParamsChange::None;
    }
    let stable = |lines: &[String]| lines.iter().map(|line| without_chance(line)).collect::<Vec<_>>();
    if stable(&then) == stable(&now) {
        return ParamsChange::Unstable;
    }
    // What differs by chance is not named among what has changed.
    let only = |these: &[String], those: &[String]| {
        let those = stable(those);
        these.iter().filter(|line| !those.contains(&without_chance(line))).cloned().collect::<Vec<_>>()
    };
    ParamsChange::Lines(only(&then, &now), only(&now, &then))
}

/// Objects of other classes than Python's own leave no trace in Snakemake's memory.
fn is_kept_by_snakemake(value: &Value) -> bool {
    let Value::Opaque { repr, .. } = value else { return true };
    let built_in = ["{", "set(", "frozenset(", "range(", "b'", "b\"", "bytearray(", "("];
    built_in.iter().any(|start| repr.starts_with(start))
        || repr.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

/// A line of params without what differs from process to process: addresses in memory, and the order of sets.
fn without_chance(line: &str) -> String {
    let mut stable = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(place) = rest.find(" at 0x") {
        let (before, address) = rest.split_at(place + " at 0x".len());
        stable.push_str(before);
        rest = address.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    stable.push_str(rest);
    let value = stable.find('{').filter(|_| stable.ends_with(['}', ')']) && !stable.contains(": "));
    if let Some(start) = value {
        let end = stable.rfind('}').unwrap_or(stable.len());
        let mut items: Vec<&str> = stable[start + 1..end].split(", ").collect();
        items.sort_unstable();
        return format!("{}{{{}{}", &stable[..start], items.join(", "), &stable[end..]);
    }
    stable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, repr: &str) -> Entry {
        let value = Value::Opaque { text: repr.to_owned(), repr: repr.to_owned(), held: None };
        Entry { name: Some(name.to_owned()), value }
    }

    #[test]
    fn addresses_and_the_order_of_sets_are_chance() {
        let memory = |params: &str| Remembered { params: params.to_owned(), ..Remembered::default() };
        let check = |then: &str, now: &str, expected: ParamsChange| {
            assert_eq!(params_change(&memory(then), &[entry("p", now)]), expected, "{then} {now}");
        };
        check("p=<A object at 0x7f01>", "<A object at 0x7f02>", ParamsChange::Unstable);
        check("p={'a', 'b'}", "{'b', 'a'}", ParamsChange::Unstable);
        check("p=frozenset({1, 2})", "frozenset({2, 1})", ParamsChange::Unstable);
        check("p=<A object at 0x7f01>", "<A object at 0x7f01>", ParamsChange::None);
        let lines = |then: &str, now: &str| ParamsChange::Lines(vec![then.to_owned()], vec![now.to_owned()]);
        check(
            "p=<A object at 0x7f01>",
            "<B object at 0x7f01>",
            lines("p=<A object at 0x7f01>", "p=<B object at 0x7f01>"),
        );
        check("p={'a', 'b'}", "{'a', 'c'}", lines("p={'a', 'b'}", "p={'a', 'c'}"));
    }

    #[test]
    fn snakemakes_params_have_no_names_and_no_order() {
        let memory = Remembered {
            params: r#"["'b!'", "3"]"#.to_owned(),
            origin: Origin::Snakemake,
            ..Remembered::default()
        };
        let entries = |number: i64| {
            let text = Entry { name: None, value: Value::Str("b!".to_owned()) };
            let number = Entry { name: Some("n".to_owned()), value: Value::Int(number) };
            vec![number, text, entry("path", "PosixPath('a')")]
        };
        assert_eq!(params_change(&memory, &entries(3)), ParamsChange::None);
        let change = ParamsChange::Lines(vec!["3".to_owned()], vec!["4".to_owned()]);
        assert_eq!(params_change(&memory, &entries(4)), change);
        let old = Remembered { origin: Origin::Snakemake, ..Remembered::default() };
        assert_eq!(params_change(&old, &entries(4)), ParamsChange::None, "it kept none");
    }
}
