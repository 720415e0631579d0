//! How jobs are run: in which shell, how often, and what is left of those that fail.

use crate::folder::{Folder, texts};

#[test]
fn a_rule_may_have_a_shell_of_its_own() {
    let folder = Folder::with(
        "shell.executable('/bin/sh')\nshell.prefix('X=1; ')\nrule all:\n    input: 'a', 'b', 'c'\nrule a:\n    output: 'a'\n    shell: 'echo $X \"${{BASH_VERSION-none}}\" > {output}'\nrule b:\n    output: 'b'\n    resources: shell_exec='bash'\n    shell: 'echo $X \"${{BASH_VERSION:0:1}}\" > {output}'\nrule c:\n    output: 'c'\n    resources: shell_exec='bash'\n    run:\n        shell('echo $X \"${{BASH_VERSION:0:1}}\" > {output}')\nrule d:\n    output: 'd'\n    resources: shell_exec='nosuchshell'\n    shell: 'touch {output}'\n",
    );
    folder.succeed(&["-c1"]);
    assert_eq!(folder.read("a"), "1 none\n");
    let version = folder.read("b");
    assert!(version.starts_with("1 ") && version.trim_end().ends_with(|digit: char| digit.is_ascii_digit()));
    assert_eq!(folder.read("c"), version);
    let (_, said) = texts(&folder.run(&["-c1", "d"]));
    assert!(said.contains("rule `d` failed: its command can't be started: `nosuchshell`: No such"), "{said}");
}

#[test]
fn who_begins_at_a_later_attempt_has_made_the_earlier_ones() {
    let folder = Folder::with(
        "rule a:\n    output: 'a'\n    resources: mem_mb=lambda wildcards, attempt: attempt\n    shell: 'echo {resources.mem_mb} >> log; exit 1'\n",
    );
    for (words, expected) in [
        (&["-c1", "-T", "2"][..], "1 2 3"),
        (&["-c1", "-T", "2", "--attempt", "2"], "2 3"),
        (&["-c1", "-T", "2", "--attempt", "5"], "5"),
        (&["-c1", "--attempt", "5"], "5"),
    ] {
        folder.write("log", "");
        assert!(!folder.run(words).status.success());
        assert_eq!(
            folder.read("log").split_whitespace().collect::<Vec<_>>().join(" "),
            expected,
            "{words:?}"
        );
    }
}

#[test]
fn what_is_kept_of_a_failed_job_is_named_and_not_trusted() {
    let folder = Folder::with(
        "rule a:\n    output: 'a', 'b'\n    shell: 'echo half > {output[0]}; [ -e fine ]; echo whole > {output[0]}; touch {output[1]}'\n",
    );
    let (_, said) = texts(&folder.run(&["-c1", "--keep-incomplete"]));
    assert!(
        said.contains("note: kept `a`, which may be incomplete, and is made anew by the next run"),
        "{said}"
    );
    assert_eq!(folder.read("a"), "half\n");
    let (_, said) = texts(&folder.run(&["-c1", "--keep-incomplete", "--log", "json"]));
    assert!(said.contains("\"kept\":[\"a\"]"), "{said}");
    folder.write("fine", "");
    folder.write("b", "");
    let (dry, _) = folder.succeed(&["-n"]);
    assert!(dry.contains("Incomplete output files: a"), "{dry}");
    folder.succeed(&["-c1"]);
    assert_eq!(folder.read("a"), "whole\n");
}

#[test]
fn a_file_that_is_named_like_its_rule_can_be_asked_for() {
    let folder = Folder::with(
        "rule b:\n    input: 'a'\n    output: 'b'\n    shell: 'cp {input} {output}'\nrule a:\n    output: 'a'\n    shell: 'touch {output}'\n",
    );
    let (why, _) = folder.succeed(&["why", "b"]);
    assert!(why.starts_with("rule b: would be made by rule `b`\n"), "{why}");
    folder.succeed(&["-c1"]);
    let (why, _) = folder.succeed(&["why", "b"]);
    assert!(why.starts_with("rule b: up to date\nmade by rule `b` at "), "{why}");
}
