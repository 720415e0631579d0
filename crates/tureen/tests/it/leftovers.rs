//! Nothing is left behind: after success, failure, Ctrl-C and `kill -9` there are no processes and no output that
//! could be taken for whole.

use std::process::{Child, Command};
use std::time::Instant;

use crate::folder::{Folder, lives, texts, wait_until};

/// A job that writes half of its output, says who it is and who its child is, and then takes its time.
const SLOW: &str = "rule all:\n    input: \"slow\", \"quick\"\nrule slow:\n    input: \"quick\"\n    output: \"slow\"\n    shell: \"echo half > {output}; sleep 1000 & echo $! > child; echo $$ > pid; [ -e go ] || wait; echo whole > {output}\"\nrule quick:\n    output: \"quick\"\n    shell: \"echo once >> count; touch {output}\"\n";

fn begun() -> (Folder, Child) {
    let folder = Folder::with(SLOW);
    let child = folder.command(&["-c1"]).spawn().unwrap();
    folder.wait_for("pid");
    (folder, child)
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn nobody_is_left(folder: &Folder) {
    for name in ["pid", "child"] {
        let pid = folder.read(name);
        wait_until(&format!("{name} {pid} is gone"), || !lives(&pid));
    }
}

/// The plain command makes what was unfinished, and only that.
fn goes_on(folder: &Folder) {
    folder.write("go", "");
    folder.succeed(&["-c1"]);
    assert_eq!(folder.read("slow"), "whole\n");
    assert_eq!(folder.read("count"), "once\n");
    nobody_is_left(folder);
}

#[test]
fn ctrl_c_ends_everything_within_a_second() {
    for name in ["INT", "TERM"] {
        let (folder, child) = begun();
        let began = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert!(began.elapsed().as_secs() < 10, "a generous limit: machines may be busy");
        let (_, error) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("error: stopped; 1 of 3 steps were done"), "{error}");
        nobody_is_left(&folder);
        assert!(!folder.exists("slow"), "half an output is no output");
        goes_on(&folder);
    }
}

#[test]
fn after_kill_9_nobody_is_left_and_the_next_run_needs_no_flag() {
    let (folder, mut child) = begun();
    signal(&child, "KILL");
    child.wait().unwrap();
    nobody_is_left(&folder);
    assert_eq!(folder.read("slow"), "half\n");
    goes_on(&folder);
}

#[test]
fn after_kill_9_those_are_found_that_have_left_their_group() {
    let folder = Folder::with(
        "rule a:\n    output: \"a\"\n    shell: \"setsid sleep 1000 & echo $! > child; echo $$ > pid; wait\"\n",
    );
    let mut child = folder.command(&["-c1"]).spawn().unwrap();
    folder.wait_for("pid");
    wait_until("the child sleeps", || lives(&folder.read("child")));
    signal(&child, "KILL");
    child.wait().unwrap();
    nobody_is_left(&folder);
}

#[test]
fn a_second_run_in_the_folder_is_told_who_is_there() {
    let (folder, child) = begun();
    let output = folder.run(&["-c1"]);
    let (_, error) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains(&format!("another run is at work on `slow`: process {} on", child.id())),
        "{error}"
    );
    signal(&child, "TERM");
    child.wait_with_output().unwrap();
    nobody_is_left(&folder);
}

#[test]
fn what_a_job_leaves_running_ends_with_it() {
    let folder = Folder::with("rule a:\n    output: \"a\"\n    shell: \"sleep 1000 & echo $! > {output}\"\n");
    folder.succeed(&["-c1"]);
    let pid = folder.read("a");
    wait_until("the background process is gone", || !lives(&pid));
}

/// Scripts are forked from an interpreter that is nobody's job: they and it go with the run.
#[test]
fn scripts_end_with_the_run_however_it_ends() {
    for name in ["TERM", "KILL"] {
        let folder = Folder::with("rule a:\n    output: \"a\"\n    script: \"s.py\"\n");
        folder.write(
            "s.py",
            "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '1000'])\n\
             for name, pid in [('parent', os.getppid()), ('child', child.pid), ('pid', os.getpid())]:\n    \
             open(f'{name}.new', 'w').write(str(pid))\n    os.rename(f'{name}.new', name)\ntime.sleep(1000)\n",
        );
        let mut child = folder.command(&["-c1"]).spawn().unwrap();
        folder.wait_for("pid");
        signal(&child, name);
        child.wait().unwrap();
        nobody_is_left(&folder);
        let parent = folder.read("parent");
        wait_until(&format!("the interpreter {parent} is gone"), || !lives(&parent));
    }
}
