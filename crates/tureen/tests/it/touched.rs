//! Inputs that only have another time: they are looked into once, and from then on their time tells.
//!
//! That nobody looks into a file is shown by another content under the time and size that are on record.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::folder::{Folder, texts};

const NOTHING: &str = "Nothing to be done";

/// Forty files that one job each reads, and one that all read.
fn made() -> Folder {
    let folder = Folder::with(
        "rule all:\n    input: expand('out/{i}', i=range(40))\nrule a:\n    input: 'in/{i}', 'for_all'\n    output: 'out/{i}'\n    shell: 'cat {input} > {output}; echo {wildcards.i} >> log'\n",
    );
    folder.write("for_all", "one");
    (0..40).for_each(|i| folder.write(&format!("in/{i}"), "one"));
    folder.succeed(&["-c2"]);
    folder
}

fn set_time(path: &Path, seconds_ago: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds_ago);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn touch_all(folder: &Folder) {
    set_time(&folder.path("for_all"), 60);
    (0..40).for_each(|i| set_time(&folder.path(&format!("in/{i}")), 60));
}

/// Whether the next plan looks into files.
fn looks(folder: &Folder) -> bool {
    let names = ["for_all".to_owned(), "in/7".to_owned()];
    let change = |text: &str| {
        for name in &names {
            let time = fs::metadata(folder.path(name)).unwrap().modified().unwrap();
            folder.write(name, text);
            fs::File::options().write(true).open(folder.path(name)).unwrap().set_modified(time).unwrap();
        }
    };
    change("two");
    let (out, _) = folder.succeed(&["-n"]);
    change("one");
    !out.contains(NOTHING)
}

#[test]
fn who_finds_nothing_to_do_remembers_the_new_times() {
    let folder = made();
    touch_all(&folder);
    let record = fs::read(folder.path(".tureen/record.sqlite")).unwrap();
    for words in [&["-n"][..], &["why", "out/3"], &["--summary"], &["status"]] {
        folder.succeed(words);
    }
    assert!(looks(&folder), "a dry run has nothing to remember");
    assert_eq!(fs::read(folder.path(".tureen/record.sqlite")).unwrap(), record);
    let (_, said) = folder.succeed(&["-c1"]);
    assert!(said.contains(NOTHING), "{said}");
    assert!(!looks(&folder));
    // Another content is seen, of course, as its time is another.
    folder.write("for_all", "two");
    folder.succeed(&["-c2"]);
    assert_eq!((folder.read("out/3").as_str(), folder.read("log").lines().count()), ("onetwo", 80));
}

#[test]
fn who_has_something_to_do_remembers_them_too() {
    let folder = made();
    touch_all(&folder);
    folder.write("in/0", "two");
    folder.succeed(&["-c2"]);
    assert_eq!(folder.read("log").lines().count(), 41);
    assert!(!looks(&folder));
}

#[test]
fn a_time_that_proves_nothing_is_not_remembered() {
    let folder = made();
    // One from the future may be that of a server, whose clock tells it once more.
    let time = SystemTime::now() + Duration::from_secs(86_400);
    for name in ["for_all", "in/7"] {
        fs::File::options().write(true).open(folder.path(name)).unwrap().set_modified(time).unwrap();
    }
    let (_, said) = folder.succeed(&["-c1"]);
    assert!(said.contains(NOTHING), "{said}");
    assert!(looks(&folder));
}

#[test]
fn where_nothing_can_be_written_there_is_nothing_to_do_either() {
    let folder = made();
    touch_all(&folder);
    // What nobody is allowed to, root is: so it becomes nobody.
    let is_root = rustix::process::geteuid().is_root();
    let allow = |mode: u32| {
        for name in ["", ".tureen", ".tureen/runs"] {
            fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    let mut command = folder.command(&["-c1"]);
    if is_root {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    allow(0o755);
    let (_, said) = texts(&output);
    assert!(output.status.success() && said.contains(NOTHING) && !said.contains("error"), "{said}");
    assert!(looks(&folder));
}

#[test]
fn many_runs_at_once_remember_the_same() {
    let folder = made();
    touch_all(&folder);
    let runs: Vec<_> = (0..8).map(|_| folder.command(&["-c1"]).spawn().unwrap()).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let (_, said) = texts(&output);
        assert!(output.status.success() && said.contains(NOTHING), "{said}");
    }
    assert!(!looks(&folder));
    assert_eq!(folder.read("log").lines().count(), 40);
}
