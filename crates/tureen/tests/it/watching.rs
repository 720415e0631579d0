//! How a run is watched, and what one is told afterwards: `why`, `--log json`, the status line of a terminal, params
//! without a stable text.

use std::process::Command;

use serde_json::Value as Json;

use crate::folder::{Folder, texts};

const CHAIN: &str = "rule b:\n    input: 'a.txt'\n    output: 'b.txt'\n    shell: 'cat {input} > {output}'\nrule a:\n    input: 'in.txt'\n    output: 'a.txt'\n    params: n=1\n    shell:\n        '''\n        echo {params.n} > {output}\n        cat {input} >> {output}\n        '''\n";

fn chain() -> Folder {
    let folder = Folder::with(CHAIN);
    folder.write("in.txt", "one\n");
    folder
}

#[test]
fn why_shows_what_has_changed() {
    let folder = chain();
    let why = |file: &str| folder.succeed(&["why", file]).0;
    assert_eq!(why("a.txt"), "a.txt: would be made by rule `a`\nMissing output files: a.txt\n");
    folder.succeed(&["-c1"]);
    let told = why("b.txt");
    assert!(
        told.starts_with("b.txt: up to date\nmade by rule `b` at ")
            && told.contains(" s, computing ")
            && told.ends_with("\nfrom a.txt\n"),
        "{told}"
    );
    assert_eq!(why("in.txt"), "in.txt: no rule makes it; it is there\n");
    let changed = CHAIN.replace("n=1", "n=2").replace("cat {input} >>", "sort {input} >>");
    folder.write("Snakefile", &changed);
    let code_and_params = "    code:\n      echo {params.n} > {output}\n    - cat {input} >> {output}\n    + sort {input} >> {output}\n    params:\n    - n=1\n    + n=2\n";
    let told = why("a.txt");
    assert!(told.ends_with(code_and_params), "{told}");
    assert!(folder.succeed(&["-n"]).0.contains(code_and_params));
    // What only follows is followed back to where it begins.
    let told = why("b.txt");
    assert!(
        told.contains(
            "Input files updated by another job: a.txt\na.txt is made anew by rule `a`: Code has changed"
        ),
        "{told}"
    );
    folder.write("Snakefile", &CHAIN.replace("input: 'in.txt'", "input: 'in.txt', 'in2.txt'"));
    folder.write("in2.txt", "two\n");
    let told = why("a.txt");
    assert!(
        told.ends_with(
            "    in2.txt: newer, and not what it was made of\n    input files:\n      in.txt\n    + in2.txt\n"
        ),
        "{told}"
    );
    folder.write("Snakefile", CHAIN);
    folder.write("in.txt", "longer\n");
    let told = why("a.txt");
    assert!(told.contains("Updated input files: in.txt\n    in.txt: 4 bytes, now 7; changed at "), "{told}");
    let output = folder.run(&["why"]);
    assert!(texts(&output).1.starts_with("error: it must be said which file\nhint: "));
    // Behind an option the word is a target, as for Snakemake.
    assert!(texts(&folder.run(&["-n", "why"])).1.contains("`why`"));
}

#[test]
fn events_are_json_a_line_each() {
    let folder = chain();
    folder.write("Snakefile", &format!("{CHAIN}rule bad:\n    output: 'bad'\n    log: 'bad.log'\n    retries: 1\n    shell: 'echo out; echo grumbled >&2; exit 3'\n"));
    let output = folder.run(&["-c1", "-k", "--log", "json", "b.txt", "bad"]);
    let (out, error) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(1), "out\nout\n"));
    let events: Vec<Json> = error.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert_eq!(named("planned")[0]["jobs"], serde_json::json!({"a": 1, "b": 1, "bad": 1}));
    assert_eq!(named("job_started").len(), 4);
    let ended: Vec<_> = named("job_finished").iter().map(|event| event["output"][0].clone()).collect();
    assert_eq!(ended, ["a.txt", "b.txt"]);
    assert!(named("job_finished")[1]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(named("job_said")[0]["text"], "grumbled\n");
    let failed = named("job_failed")[0];
    assert_eq!(failed["error"], "rule `bad` failed: its command ended with exit status 3");
    assert_eq!((&failed["said_last"], &failed["attempt"]), (&Json::from("out\ngrumbled"), &Json::from(2)));
    assert_eq!(named("job_retried").len(), 1);
    assert_eq!(named("ended")[0]["n_failed"], 1);
    assert_eq!(events.last().unwrap()["event"], "error");
    // Errors that come before anything runs are events, too.
    let (_, error) = texts(&folder.run(&["-c1", "--log", "json", "nothing"]));
    assert_eq!(serde_json::from_str::<Json>(&error).unwrap()["event"], "error");
}

#[test]
fn a_terminal_has_one_line_that_changes_and_anything_else_has_lines() {
    let folder = chain();
    folder.write("Snakefile", &format!("{CHAIN}rule bad:\n    input: 'b.txt'\n    output: 'bad'\n    shell: 'echo grumbled >&2; exit 3'\n"));
    let in_terminal = |arguments: &[&str]| {
        let script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let output = Command::new("python3")
            .args(["-c", script, env!("CARGO_BIN_EXE_tureen")])
            .args(arguments)
            .current_dir(folder.path(""))
            .env("TERM", "xterm")
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
    };
    let (code, shown) = in_terminal(&["-c1", "bad"]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(
        shown.contains("\r\x1b[K0 of 3 done, ") && shown.contains("2 of 3 done, 1 running, 0 waiting"),
        "{shown:?}"
    );
    // What a job says stands on a line of its own, and the story of the failure comes last.
    assert!(shown.contains("\r\x1b[Kgrumbled\n"), "{shown:?}");
    let end = shown.split("\r\x1b[K").last().unwrap();
    assert!(end.starts_with("2 of 3 done, 1 failed\n") && end.contains("it said last"), "{shown:?}");
    assert!(!shown.contains("rule a:"), "calm: {shown}");
    let (_, error) = folder.succeed(&["-c1", "-F", "b.txt"]);
    assert!(error.contains("rule a:") && !error.contains('\r'), "{error}");
}

#[test]
fn params_without_a_stable_text_are_told_and_no_reason() {
    let folder = Folder::with(
        "class Thing:\n    pass\nrule a:\n    output: 'a.txt'\n    params: thing=Thing(), words={'x', 'y', 'z', 'u', 'v'}, n=config.get('number', 1)\n    shell: 'touch {output}'\n",
    );
    folder.succeed(&["-c1"]);
    for seed in ["1", "2"] {
        let output = folder.command(&["-c1"]).env("PYTHONHASHSEED", seed).output().unwrap();
        let (_, error) = texts(&output);
        assert!(
            error.contains("Nothing to be done") && error.contains("note: the params of rule `a`"),
            "{error}"
        );
    }
    assert!(folder.succeed(&["-n", "--config", "number=2"]).0.contains("before: n=1; now: n=2"));
}
