//! What a user reads when something is wrong: the whole text of each error.

use crate::folder::{Folder, texts};

/// The exit code, and everything that was said on standard error.
fn said(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.run(arguments);
    let (out, error) = texts(&output);
    assert_eq!(out, "", "errors are no data");
    // Its name is another one each time.
    let shown = error.split_inclusive('\n').filter(|line| !line.starts_with("Complete log(s): "));
    format!("exit code {}\n{}", output.status.code().unwrap(), shown.collect::<String>())
}

#[track_caller]
fn check(name: &str, snakefile: &str, arguments: &[&str]) {
    let folder = Folder::with(snakefile);
    folder.write("reads.txt", "reads\n");
    insta::assert_snapshot!(name, said(&folder, arguments));
}

#[test]
fn no_rule_makes_an_input() {
    check(
        "missing input",
        "rule all:\n    input: \"a.txt\"\n\nrule a:\n    input:\n        \"raeds.txt\",\n        other=\"nothing/like/it\",\n    output: \"a.txt\"\n    shell: \"cat {input} > {output}\"\n",
        &["-n"],
    );
}

#[test]
fn no_rule_makes_a_target() {
    check(
        "missing target",
        "rule sort:\n    output: \"results/{name}.sorted.txt\"\n    shell: \"touch {output}\"\n",
        &["-c1", "results/b.sort"],
    );
}

#[test]
fn files_need_each_other_in_a_circle() {
    check(
        "cycle",
        "rule all:\n    input: \"a\"\nrule a:\n    input: \"b\"\n    output: \"a\"\n    shell: \"cp {input} {output}\"\nrule b:\n    input: \"a\"\n    output: \"b\"\n    shell: \"cp {input} {output}\"\n",
        &["-n"],
    );
}

#[test]
fn a_mistyped_input_that_the_rule_itself_could_make() {
    check(
        "mistyped input",
        "rule a:\n    input: \"raeds.txt\"\n    output: \"{x}.txt\"\n    shell: \"cp {input} {output}\"\n",
        &["-n", "b.txt"],
    );
}

#[test]
fn two_rules_make_one_file() {
    check(
        "two rules",
        "rule all:\n    input: \"a.out\"\nrule one:\n    output: \"{x}.out\"\n    shell: \"touch {output}\"\nrule two:\n    output: \"{y}.out\"\n    shell: \"touch {output}\"\n",
        &["-n"],
    );
}

#[test]
fn a_syntax_error_in_a_rule() {
    check(
        "syntax error in a rule",
        "rule a:\n    output \"a.txt\"\n    inptu: \"b.txt\"\n    shell: \"touch {output}\"\n",
        &["-n"],
    );
}

#[test]
fn a_syntax_error_in_python() {
    check(
        "syntax error in python",
        "names = [1, 2\nrule a:\n    output: \"a.txt\"\n    shell: \"touch {output}\"\n",
        &["-n"],
    );
}

#[test]
fn an_unknown_wildcard() {
    check(
        "unknown wildcard",
        "rule a:\n    input: \"{smaple}.in\"\n    output: \"{sample}.out\"\n    shell: \"cp {input} {output}\"\n",
        &["-n", "x.out"],
    );
    check(
        "target with wildcards",
        "rule a:\n    output: \"{sample}.out\"\n    shell: \"touch {output}\"\n",
        &["-n", "a"],
    );
    check(
        "unknown field",
        "rule a:\n    input: \"reads.txt\"\n    output: \"{s}.out\"\n    shell: \"cp {input} {s}\"\n",
        &["-c1", "-q", "all", "--", "x.out"],
    );
}

#[test]
fn a_shell_job_fails() {
    check(
        "failed shell job",
        "rule a:\n    output: \"{s}.out\"\n    log: \"a.{s}.log\"\n    shell:\n        \"echo began > {output}; echo note > {log}; echo this is wrong >&2; exit 3\"\n",
        &["-c1", "x.out"],
    );
    check("missing output", "rule a:\n    output: \"a.out\"\n    shell: \"touch b.out\"\n", &["-c1", "-q"]);
    check("killed job", "rule a:\n    output: \"a.out\"\n    shell: \"kill -9 $$\"\n", &["-c1", "-q"]);
}

#[test]
fn a_run_block_raises() {
    check(
        "exception in a run block",
        "def half(n):\n    return 1 / n\n\nrule a:\n    output: \"a.out\"\n    run:\n        n = 0\n        print(half(n))\n",
        &["-c1", "-q"],
    );
}

#[test]
fn there_is_no_snakefile() {
    let folder = Folder::new();
    insta::assert_snapshot!("no snakefile", said(&folder, &["-n"]));
    folder.write("Snakefiel", "");
    insta::assert_snapshot!("snakefile of another name", said(&folder, &["-n", "-s", "Snakefile"]));
}

#[test]
fn the_folder_cannot_be_written() {
    let folder = Folder::with("rule a:\n    output: \"a.out\"\n    shell: \"touch {output}\"\n");
    // Nobody, root included, can make a folder there.
    insta::assert_snapshot!("unwritable folder", said(&folder, &["-c1", "-d", "/proc"]));
}

#[test]
fn the_command_line_is_wrong() {
    check("no cores", "rule a:\n    output: \"a.out\"\n", &[]);
    check("bad cores", "rule a:\n    output: \"a.out\"\n", &["-c", "many"]);
    check("unknown option", "rule a:\n    output: \"a.out\"\n", &["--reprot"]);
}

#[test]
fn what_is_not_supported_is_named_where_it_stands() {
    for (line, expected) in [
        ("x = storage.http(\"example.org/a\")", "error: `storage` is not supported yet"),
        ("x = github(\"a/b\", path=\"c\", tag=\"v1\")", "error: `github` is not supported yet"),
        ("import snakemake.dag", "`snakemake.dag` is not supported by tureen yet"),
        ("resource_scopes: gpu=\"here\"", "error: `resource_scopes:` takes names"),
        ("rule b:\n    output: \"b\"\n    resources: mem=\"lots\"", "error: the resource `mem` is 'lots'"),
        (
            "rule b:\n    output: \"b\"\n    resources: mem_mb=1, mem=\"2GB\"",
            "error: rule `b` says `mem_mb` and `mem`",
        ),
    ] {
        let folder = Folder::with(&format!("import os\n{line}\nrule a:\n    output: \"a\"\n"));
        let said = said(&folder, &["-n"]);
        assert!(said.contains(expected), "{line}: {said}");
        assert!(said.contains("--> Snakefile:2:"), "{line}: {said}");
    }
    // Who is ready for a missing module is not disturbed.
    let folder = Folder::with(
        "try:\n    import snakemake.dag\nexcept ImportError:\n    storage = \"mine\"\nrule a:\n    output: storage\n",
    );
    folder.succeed(&["-n"]);
}

#[test]
fn limits_that_are_none_are_refused() {
    for arguments in [
        ["--resources", "gpu"],
        ["--resources", "mem=lots"],
        ["--set-resources", "a:mem_mb"],
        ["--set-threads", "a=-1"],
        ["--default-resources", "2=mem_mb"],
        ["--batch", "a=3/2"],
        ["--target-jobs", "a"],
        ["--groups", "a"],
        ["--max-jobs-per-timespan", "10"],
        ["--set-resource-scopes", "gpu=here"],
    ] {
        let folder = Folder::with("rule a:\n    output: \"a\"\n    shell: \"touch {output}\"\n");
        let said = said(&folder, &[&["-c1"], &arguments[..]].concat());
        assert!(
            said.starts_with(&format!("exit code 2\nerror: {}: `{}`", arguments[0], arguments[1])),
            "{said}"
        );
        assert!(!folder.exists("a"));
    }
}
