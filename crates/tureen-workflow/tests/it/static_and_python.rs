//! The static reader against CPython: the same Snakefile, read both ways, must declare the same.

use std::fmt::Write;

use proptest::prelude::*;
use tureen_workflow::read::{Request, read};
use tureen_workflow::rule::{FileList, Input, Workflow};

/// Everything that a workflow declares but for places.
fn outline(workflow: &Workflow) -> String {
    let files = |list: &FileList| {
        let files: Vec<_> = list.files.iter().map(|file| (&file.text, &file.marks)).collect();
        format!("{files:?} {}", list.is_list)
    };
    let mut out = format!("{:?} {:?}\n", workflow.default_rule, workflow.local_rules);
    for rule in &workflow.rules {
        writeln!(out, "{} {:?} {:?} {:?}", rule.name, rule.docstring, rule.message, rule.group).unwrap();
        for item in &rule.input {
            let Input::Files(list) = &item.value else { panic!("no function was given") };
            writeln!(out, " input {:?} {}", item.name, files(list)).unwrap();
        }
        for item in rule.output.iter().chain(&rule.log) {
            writeln!(out, " output {:?} {}", item.name, files(&item.value)).unwrap();
        }
        for item in &rule.params {
            writeln!(out, " params {:?} {:?}", item.name, item.value).unwrap();
        }
        let action = format!("{:?}", rule.action);
        writeln!(
            out,
            " {:?} {:?} {:?} {} {:?} {}",
            rule.threads,
            rule.priority,
            rule.resources,
            rule.retries,
            rule.wildcard_constraints,
            action.split(", span").next().unwrap()
        )
        .unwrap();
    }
    out
}

/// Gives both outlines; the first is `None` when the static reader leaves the file to Python.
fn both(text: &str) -> (Option<String>, Result<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Snakefile");
    let read_it = |text: &str, python: Option<&str>| {
        std::fs::write(&path, text).unwrap();
        let request =
            Request { snakefile: path.clone(), python: python.map(Into::into), ..Request::default() };
        read(&request).map(|reading| outline(&reading.workflow)).map_err(|error| {
            error.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("\n")
        })
    };
    let by_rust = read_it(text, Some("/nonexistent")).ok();
    // Any line of Python makes the evaluator read the file.
    let by_python = read_it(&format!("import os\n{text}"), None);
    (by_rust, by_python)
}

fn check(text: &str) {
    let (by_rust, by_python) = both(text);
    assert_eq!(by_rust.as_ref(), by_python.as_ref().ok(), "{text}\n{by_python:?}");
}

#[test]
fn whole_files_are_read_alike() {
    check(
        r#"
A = ["x", "y"]
N = 3
rule all:
    "docs" ' more'
    input: expand("{a}/{n}.txt", a=A, n=range(N)), expand(["{a}", "{{a}}{b}"], zip, a=A, b=[1.0, True])
rule b:
    input: a=A, b=expand("{q}{a}", a=A, allow_missing=True), *A
    output: multiext("o.{w}", ".a", ".b"), t=temp("t{w}"), d=directory(touch("d{w}"))
    log: "l{w}", n=["m{w}"]
    params: 1, -2, 1.5, 1e16, 1e-5, 0x1F, 1_000, None, True, s=[1, ("a", {"k": A}), []], f=f"{N}-{A[0]}{'q'}{{}}", neg=A[-1]
    threads: N
    priority: 2.5
    retries: 2
    group: "g"
    message: "m"
    resources: mem_mb=100, x="y"
    wildcard_constraints: w=r"\d+"
    shell: "a" "b\
c\n" r'\n' '''x
"y"'''
checkpoint c:
    input: rules.b.output.t, rules.b.output, k=rules.b.output[0]
    output: "c"
rule:
    output: "anonymous"
    localrule: True
"#,
    );
}

#[test]
fn strings_and_numbers_are_worth_the_same() {
    let literals = [
        r#""\x41\u00e9\U0001F600\101\0\a\b\f\v\t\r\\\'\"""#,
        r#"'\
'"#,
        r#"r'\x41\''"#,
        r#"f"{'a'}{1}{2.0}{True}{None}""#,
        r#"f'{{}}' '{}'"#,
        r#"u'é' U"ü""#,
        r#"f'\x41{1}\n'"#,
        r#"fr'\x41{1}\n'"#,
        "0b101",
        "0o17",
        "00",
        "1_0.0_1",
        ".5",
        "5.",
        "1e5",
        "1E-7",
        "123456789012345680.0",
        "1e22",
        "5e-324",
        "0.1",
        "1.7976931348623157e308",
        "9223372036854775807",
        "-9223372036854775807",
        "--1",
        "2 * 3 - 4 + 1",
        "str(1.0)",
        "len([1, 2])",
        "list(range(2, 9, 3))",
        "'a' + 'b' + f'{1}'",
        "[1] + [2]",
        "(1)",
        "(1,)",
        "()",
        "{'a': 1, 'b': [2]}",
        "'''a\n\"b'''",
        "[*[1, 2], 3]",
    ];
    let params: Vec<String> = literals.iter().map(|literal| format!("    params: {literal}\n")).collect();
    for (literal, params) in literals.iter().zip(params) {
        let text = format!("rule a:\n    output: 'x'\n{params}");
        let (by_rust, by_python) = both(&text);
        let by_python = by_python.unwrap();
        // Some may be left to Python; what is read must be right.
        if let Some(by_rust) = by_rust {
            assert_eq!(by_rust, by_python, "{literal}");
        } else {
            assert_eq!(*literal, "--1", "{literal} was left to Python");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Many literals in one file, as a start of Python costs more than a literal.
    #[test]
    fn generated_literals_are_worth_the_same(
        literals in prop::collection::vec((prop::sample::select(PREFIXES), prop::collection::vec(prop::sample::select(PIECES), 0..6)), 1..40),
        floats in prop::collection::vec(any::<f64>().prop_filter("finite", |f| f.is_finite()), 1..20),
    ) {
        let mut text = String::new();
        let mut n_rules = 0;
        for (prefix, pieces) in literals {
            let rule = format!("rule r{n_rules}:\n    output: 'x{n_rules}'\n    params: {prefix}\"{}\"\n", pieces.concat());
            // Only what the static reader takes by itself goes into the common file.
            if both_rust(&rule) {
                text += &rule;
                n_rules += 1;
            }
        }
        text += "rule floats:\n    output: 'f'\n    params: ";
        for float in floats {
            text += &format!("str({float:?}), f'{{{float:e}}}', ", float = float.abs());
        }
        text += "\n";
        check(&text);
    }
}

fn both_rust(text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Snakefile");
    std::fs::write(&path, text).unwrap();
    read(&Request { snakefile: path, python: Some("/nonexistent".into()), ..Request::default() }).is_ok()
}

const PREFIXES: &[&str] = &["", "r", "f", "fr", "u", "R", "F"];

const PIECES: &[&str] = &[
    "a",
    "é",
    "\\n",
    "\\\\",
    "\\x41",
    "\\u00e9",
    "\\0",
    "\\101",
    "\\777",
    "{{",
    "}}",
    "{1}",
    "{'q'}",
    "{",
    "}",
    "\\{",
    "\\N{DASH}",
    "'",
    "\\'",
    "\\\"",
    "{1!r}",
    "{1:3}",
    "\\q",
    " ",
    "#",
    "\\ud800",
    "{1.5}",
    "{ 'x' }",
    "\\\n",
];
