//! What is weak about single rules.

use super::{Found, Lint, Of};
use crate::rule::{Action, Input, Param, Rule};
use crate::span::Span;
use crate::value::Value;
use crate::wildcards::files_of;

/// Names that a shell command is given.
const GIVEN: [&str; 7] = ["input", "output", "log", "params", "wildcards", "threads", "resources"];

/// More bytecode than this is no handful of lines (the limit of Snakemake 9.27 on Python 3.11 and later).
const LONG_RUN: u32 = 210;

pub(super) fn lint(rule: &Rule) -> Found {
    let mut lints = Vec::new();
    let mut add = |title: String, advice: &'static str, span: Span| lints.push(Lint { title, advice, span });
    let command = match &rule.action {
        Action::Shell { command, span } => Some((command.as_str(), *span)),
        _ => None,
    };
    let works = rule.action != Action::None;
    if let Some((command, span)) = command
        && has_index(command)
    {
        add(
            "The shell command takes single files by index".to_owned(),
            "give the files names under `input:` and `output:`, and write `{input.name}`: numbers shift when a file is added",
            span,
        );
    }
    if rule.log.is_empty() && works && !rule.hands_over {
        add(
            "No log directive".to_owned(),
            "add `log:` and send what the programs say there: on a terminal the words of several jobs mix, and on a cluster they are hard to find",
            rule.span,
        );
    }
    if let Action::Run { span, .. } = &rule.action
        && rule.run_size > LONG_RUN
    {
        add(
            "Long run directive".to_owned(),
            "move the code into a file for `script:` (or a notebook), where it sees the same `snakemake.input`, `params` and so on, and can be read and tested by itself",
            *span,
        );
    }
    if works && !rule.hands_over && !matches!(rule.action, Action::Run { .. }) {
        software(rule, &mut add);
    }
    if let Some((command, span)) = command {
        for name in outside_names(command) {
            add(
                format!("The shell command uses the variable `{name}` from outside of the rule"),
                "pass files as `input:` and everything else as `params:`: only then a change of it makes the job run again",
                span,
            );
        }
    }
    hardcoded_prefixes(rule, &mut add);
    Found { of: Of::Rule(rule.name.clone(), rule.span), lints }
}

fn software(rule: &Rule, add: &mut dyn FnMut(String, &'static str, Span)) {
    let has = |words: &[&str]| rule.unsupported.iter().any(|(word, _)| words.contains(&word.as_str()));
    if has(&["conda", "container", "containerized", "singularity"]) {
        return;
    }
    if has(&["envmodules"]) {
        add(
            "Environment modules are the only description of the software".to_owned(),
            "add `conda:` or `container:` as well: modules of the same names are found on few other machines",
            rule.span,
        );
    } else {
        add(
            "No conda environment or container".to_owned(),
            "add `conda:` or `container:`, so that it is on record which software the rule needs",
            rule.span,
        );
    }
}

/// A param that is the beginning of a path of the rule.
fn hardcoded_prefixes(rule: &Rule, add: &mut dyn FnMut(String, &'static str, Span)) {
    let inputs = rule.input.iter().filter_map(|item| match &item.value {
        Input::Files(list) => Some(&list.files),
        _ => None,
    });
    let paths: Vec<&str> =
        inputs.flatten().chain(files_of(&rule.output)).map(|file| file.text.as_str()).collect();
    for item in &rule.params {
        if let (Some(name), Param::Value(Value::Str(text))) = (&item.name, &item.value)
            && !text.is_empty()
            && paths.iter().any(|path| path.starts_with(text.as_str()))
        {
            add(
                format!("The param `{name}` repeats the beginning of an input or output path"),
                "let a function take it from the path, as in `lambda wildcards, input: os.path.splitext(input[0])[0]`: files may lie elsewhere when the job runs",
                item.span,
            );
        }
    }
}

/// `input[0]`, `output[12]`
fn has_index(command: &str) -> bool {
    ["input[", "output["].into_iter().any(|word| {
        command.match_indices(word).any(|(start, _)| {
            let rest = &command[start + word.len()..];
            let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            n_digits > 0 && rest[n_digits..].starts_with(']')
        })
    })
}

/// The names of fields that the job does not give; doubled braces are no fields.
fn outside_names(command: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let bytes = command.as_bytes();
    let mut from = 0;
    while let Some(open) = command[from..].find('{').map(|found| from + found) {
        let start = open + 1;
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = bytes[start..].iter().take_while(|byte| is_word(byte)).count();
        let name = &command[start..start + length];
        let line = command[start..].find('\n').map_or(command.len(), |end| start + end);
        from = start;
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let Some(close) = command[start + length..line].find('}').map(|found| start + length + found) else {
            continue;
        };
        from = close + 1;
        let is_doubled = open > 0 && bytes[open - 1] == b'{' || bytes.get(close + 1) == Some(&b'}');
        if !is_doubled && !GIVEN.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_others_are_found() {
        assert_eq!(outside_names("cat {input} {there} > {output.x}"), ["there"]);
        assert_eq!(outside_names("{config[a]} {x:q}"), ["config", "x"]);
        assert!(outside_names("awk '{{print $1}}' {input}").is_empty());
        assert!(outside_names("{ \n}").is_empty());
    }

    #[test]
    fn indices_are_found() {
        assert!(has_index("cat {input[0]}") && has_index("x{output[12]}"));
        assert!(!has_index("{input[a]} {input.b} {params[0]}"));
    }
}
