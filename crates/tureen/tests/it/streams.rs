//! What goes where: data on standard output, talk on standard error (a dry run's on standard output), exit codes.

use std::io::Read;

use crate::folder::{Folder, texts};

const TWO: &str = "rule all:\n    input: \"b.txt\"\nrule a:\n    output: \"a.txt\"\n    shell: \"echo spoken; echo grumbled >&2; echo a > {output}\"\nrule b:\n    input: \"a.txt\"\n    output: \"b.txt\"\n    shell: \"cp {input} {output}\"\n";

#[test]
fn a_run_talks_on_standard_error_and_passes_on_its_jobs_words() {
    let folder = Folder::with(TWO);
    let (out, error) = folder.succeed(&["-c1"]);
    assert_eq!(out, "spoken\n");
    assert!(error.contains("grumbled\n") && error.contains("3 of 3 steps (100%) done"), "{error}");
    assert!(error.contains("reason: Missing output files: b.txt; Input files updated by another job: a.txt"));
    let (out, error) = folder.succeed(&["-c1"]);
    assert_eq!(
        (out.as_str(), error.as_str()),
        ("", "Nothing to be done (all requested files are present and up to date).\n")
    );
    let (out, error) = folder.succeed(&["-c1", "-F", "-q", "all"]);
    assert_eq!((out.as_str(), error.as_str()), ("spoken\n", "grumbled\n"));
}

#[test]
fn a_dry_run_talks_on_standard_output_and_leaves_nothing() {
    let folder = Folder::with(TWO);
    let (out, error) = folder.succeed(&["-n", "-p"]);
    assert_eq!(error, "");
    insta::assert_snapshot!("dry run", out.replace(&std::env::temp_dir().display().to_string(), "[tmp]"));
    let names: Vec<_> =
        std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["Snakefile"]);
}

#[test]
fn pictures_lists_and_summaries_are_data() {
    let folder = Folder::with(TWO);
    let (dot, _) = folder.succeed(&["--dag"]);
    assert!(dot.starts_with("digraph") && dot.contains("label = \"all\""), "{dot}");
    assert!(folder.succeed(&["--dag", "svg"]).0.contains("<svg"));
    assert!(folder.succeed(&["--rulegraph", "mermaid"]).0.starts_with("flowchart"));
    assert_eq!(folder.succeed(&["--list"]).0, "a\nall\nb\n");
    let (summary, _) = folder.succeed(&["--summary"]);
    assert_eq!(
        summary,
        "output_file\tdate\trule\tlog-file(s)\tstatus\tplan\nb.txt\t-\tb\t-\tmissing\tupdate pending\na.txt\t-\ta\t-\tmissing\tupdate pending\n"
    );
    folder.succeed(&["-c1", "-q"]);
    let (summary, _) = folder.succeed(&["--summary"]);
    assert_eq!(summary.matches("\tok\tno update\n").count(), 2, "{summary}");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let rules: String = (0..5000)
        .map(|i| format!("rule r{i}:\n    output: \"{i}.txt\"\n    shell: \"touch {{output}}\"\n"))
        .collect();
    let folder = Folder::with(&rules);
    let mut child = folder.command(&["--list"]).spawn().unwrap();
    let mut byte = [0];
    child.stdout.take().unwrap().read_exact(&mut byte).unwrap();
    let (_, error) = texts(&child.wait_with_output().unwrap());
    assert_eq!(error, "");
}

#[test]
fn failures_stop_the_run_unless_it_is_kept_going() {
    let snakefile = "rule all:\n    input: \"a\", \"b\", \"c\"\nrule a:\n    output: \"a\"\n    priority: 10\n    shell: \"exit 1\"\nrule b:\n    input: \"a\"\n    output: \"b\"\n    shell: \"touch {output}\"\nrule c:\n    output: \"c\"\n    shell: \"touch {output}\"\n";
    let folder = Folder::with(snakefile);
    assert_eq!(folder.run(&["-c1"]).status.code(), Some(1));
    assert!(!folder.exists("b") && !folder.exists("c"));
    assert_eq!(folder.run(&["-c1", "-k"]).status.code(), Some(1));
    assert!(!folder.exists("b") && folder.exists("c"));
}
