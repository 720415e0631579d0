//! Every folder of `tests/workflows/`: its files are copied, the lines of `cmd` are run, and what `expected/` holds
//! must then be there. A name in `absent` must not.
//!
//! `TUREEN_WORKFLOW_COMMAND=snakemake` gives the same folders to another program, to compare.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;

#[test]
fn every_workflow_makes_what_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/workflows");
    let mut cases: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 10, "the cases are found");
    let failures: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

fn check(case: &Path) -> Result<(), String> {
    let name = case.file_name().unwrap().to_string_lossy();
    let folder = Folder::new();
    copy(case, &folder.path("work"));
    let program = std::env::var("TUREEN_WORKFLOW_COMMAND").unwrap_or(env!("CARGO_BIN_EXE_tureen").to_owned());
    folder.write("bin/tureen", &format!("#!/bin/sh\nexec {program} \"$@\"\n"));
    fs::set_permissions(folder.path("bin/tureen"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path("bin").display(), std::env::var("PATH").unwrap());
    let script = fs::read_to_string(case.join("cmd")).unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path("work"))
        .env("PATH", path)
        .env_remove("VIRTUAL_ENV")
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("{name}: `cmd` failed\n{said}"));
    }
    compare(&case.join("expected"), &folder.path("work")).map_err(|why| format!("{name}: {why}\n{said}"))?;
    for absent in fs::read_to_string(case.join("absent")).unwrap_or_default().lines() {
        if folder.path("work").join(absent).exists() {
            return Err(format!("{name}: `{absent}` should not be there\n{said}"));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_name().to_str() {
            Some("expected" | "cmd" | "absent") => {}
            _ if entry.path().is_dir() => copy(&entry.path(), &target),
            _ => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn compare(expected: &Path, made: &Path) -> Result<(), String> {
    for entry in fs::read_dir(expected).map_err(|error| format!("no `expected/`: {error}"))? {
        let entry = entry.unwrap();
        let there = made.join(entry.file_name());
        if entry.path().is_dir() {
            compare(&entry.path(), &there)?;
        } else if fs::read(&there).ok() != Some(fs::read(entry.path()).unwrap()) {
            let found = fs::read_to_string(&there).unwrap_or_else(|error| error.to_string());
            return Err(format!("`{}` is not as expected, but: {found}", there.display()));
        }
    }
    Ok(())
}
