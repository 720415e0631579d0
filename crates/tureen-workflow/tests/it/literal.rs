//! Static reading: what it makes of a Snakefile, and what it leaves to Python.

use std::path::Path;

use tureen_workflow::read::{Reading, Request, read};
use tureen_workflow::rule::{Action, FileList, Input, Param};
use tureen_workflow::value::Value;

fn read_text(text: &str, files: &[(&str, &str)], config: &[&str]) -> Result<Reading, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files.iter().chain(&[("Snakefile", text)]) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    // Config files are named relative to the working directory, which tests share: name them in full.
    let text = text.replace("@", &folder.path().display().to_string());
    std::fs::write(folder.path().join("Snakefile"), text).unwrap();
    let request = Request {
        snakefile: folder.path().join("Snakefile"),
        config: config.iter().map(|entry| (*entry).to_owned()).collect(),
        python: Some(Path::new("/nonexistent/python").to_owned()),
        ..Request::default()
    };
    read(&request).map_err(|unreadable| format!("{:?}", unreadable.diagnostics))
}

fn files(list: &FileList) -> String {
    let files: Vec<String> = list
        .files
        .iter()
        .map(|file| {
            let marks = &file.marks;
            let names = [
                (marks.is_temp, "temp"),
                (marks.is_protected, "protected"),
                (marks.is_directory, "directory"),
                (marks.is_touch, "touch"),
                (marks.is_ancient, "ancient"),
            ];
            let marks: String =
                names.iter().filter(|(is_set, _)| *is_set).map(|(_, n)| format!("{n}:")).collect();
            marks + &file.text
        })
        .collect();
    if list.is_list { format!("[{}]", files.join(" ")) } else { files.join(" ") }
}

fn outline(reading: &Reading) -> String {
    let mut out = String::new();
    let name = |name: &Option<String>| name.as_ref().map_or(String::new(), |name| format!("{name}="));
    for rule in &reading.workflow.rules {
        out += &format!("rule {}\n", rule.name);
        for item in &rule.input {
            match &item.value {
                Input::Files(list) => out += &format!("  input {}{}\n", name(&item.name), files(list)),
                other => out += &format!("  input {other:?}\n"),
            }
        }
        for item in &rule.output {
            out += &format!("  output {}{}\n", name(&item.name), files(&item.value));
        }
        for item in &rule.params {
            out += &format!("  params {}{:?}\n", name(&item.name), item.value);
        }
        if let Action::Shell { command, span } = &rule.action {
            out += &format!("  shell {command:?} at {:?}\n", reading.sources.text(*span));
        }
        if rule.threads != Param::Value(Value::Int(1)) {
            out += &format!("  threads {:?}\n", rule.threads);
        }
    }
    out
}

#[test]
fn a_static_workflow() {
    let reading = read_text(
        r#"
"""docs"""
configfile: "@/config.yaml"
SAMPLES = ["a", "b"]
DIR = "out" + "/" f"{config['dir']}"
N = 2 * 3 - 1
rule all:
    input:
        expand(DIR + "/{s}.{n}.txt", s=SAMPLES, n=range(2)),
        zipped=expand("{s}{n}", zip, s=SAMPLES, n=[1, 2.5, 9]),
"#,
        &[("config.yaml", "dir: d\nthreads: 4\nnested:\n  k: [x, y]\n")],
        &["threads=8", "extra={a: 1}"],
    )
    .unwrap();
    insta::assert_snapshot!(outline(&reading));
    assert_eq!(reading.workflow.default_rule, Some(0));
    let config = reading.workflow.config.unwrap();
    let Value::Dict(items) = config else { panic!() };
    assert!(items.contains(&(Value::Str("threads".into()), Value::Int(8))));
}

#[test]
fn rules_in_all_their_parts() {
    let reading = read_text(
        r#"
include: "other.smk"
rule first:
    """doc"""
    input: "a", ["b", ("c",)], ancient("d"), named="e", *["f", "g"]
    output: temp("o/{w}.txt"), d=directory(touch("p/{w}")), m=multiext("q/{w}", ".x", ".y")
    log: "l/{w}"
    params: 1, k={"x": [1.5, None]}, s=str(N), t=(1,), c=config.get("nope", "default"), d=config["nested"]
    threads: config["threads"]
    resources: mem_mb=100, machine="x"
    priority: 5
    message: "m\t\x41é\
n"
    wildcard_constraints: w="[a-z]+"
    shell:
        "cat {input} "
        'x > {output}'
"#,
        &[("other.smk", "N = 3\nrule inner:\n    output: 'i,{x,\\\\d{2}}.txt'\n    shell: 'touch {output}'\nrule use_it:\n    input: rules.inner.output[0], n=rules.inner.output\n")],
        &["nested={k: [x, y]}", "threads=8"],
    )
    .unwrap();
    insta::assert_snapshot!(outline(&reading));
    assert_eq!(reading.workflow.default_rule, Some(2), "an included rule is never the default");
    let first = &reading.workflow.rules[2];
    assert_eq!(first.docstring.as_deref(), Some("doc"));
    assert_eq!(first.message.as_deref(), Some("m\tAén"));
}

#[test]
fn what_needs_python_is_named() {
    for (text, reason) in [
        ("import os\n", "this is Python code"),
        ("rule a:\n    run: pass\n", "`run:` holds Python code"),
        ("rule a:\n    input: lambda w: 'x'\n", "`lambda` needs Python"),
        ("rule a:\n    input: f(x)\n", "`f` needs Python"),
        ("rule a:\n    input: [x for x in y]\n", "`x` needs Python"),
        ("rule a:\n    input: expand('{x}')\n", "this call of `expand` needs Python"),
        ("X = 'a' 'b' if c else 'd'\n", "needs Python"),
        ("X = '\\N{DASH}'\n", "this string is left to Python"),
        ("X = b'x'\n", "this string is left to Python"),
        ("X = 012\n", "this number is left to Python"),
        ("X = config['nope']\n", "this look-up needs Python"),
        ("onstart: print(1)\n", "`onstart:` holds Python code"),
        ("X = f'{1:>3}'\n", "this string is left to Python"),
        ("X += 1\n", "this is Python code"),
        ("rule a:\n    threads: 'x'\n", "this `threads:` is left to Python"),
        ("rule a:\n    output: temp(protected('x'))\n", "this call of `temp` needs Python"),
    ] {
        let error = read_text(text, &[], &[]).unwrap_err();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn errors_of_an_included_file_are_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Snakefile"), "include: 'b.smk'\n").unwrap();
    std::fs::write(folder.path().join("b.smk"), "rule a:\n    inptu: 'x'\n").unwrap();
    let request = Request { snakefile: folder.path().join("Snakefile"), ..Request::default() };
    let unreadable = read(&request).unwrap_err();
    let label = &unreadable.diagnostics[0].labels[0];
    assert!(unreadable.sources.get(label.span.source).path.ends_with("b.smk"));
    assert_eq!(unreadable.sources.text(label.span), "inptu");
}
