//! Memory and time of jobs: what each used is on record, and who was ended for memory is told so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::{Folder, not_tried, texts};

#[test]
fn what_a_job_used_is_on_record_whatever_kind_it_is() {
    let program = "import time\nx = b'x' * 60_000_000\nwhile time.process_time() < 0.3: pass\n";
    let indented = program.trim_end().replace('\n', "\n        ");
    let folder = Folder::with(&format!(
        "rule shell:\n    output: 'shell.txt'\n    shell: 'python3 program.py; touch {{output}}'\nrule run:\n    output: 'run.txt'\n    run:\n        {indented}\n        open(output[0], 'w').close()\nrule script:\n    output: 'script.txt'\n    script: 'program.py'\nrule measured:\n    output: 'measured.txt'\n    benchmark: 'measured.tsv'\n    script: 'program.py'\n"
    ));
    let script = format!(
        "{program}if 'snakemake' in globals():\n    with open(snakemake.output[0], 'w'):\n        pass\n"
    );
    folder.write("program.py", &script);
    for name in ["shell", "run", "script", "measured"] {
        let output = format!("{name}.txt");
        folder.succeed(&["-c1", &output]);
        let (why, _) = folder.succeed(&["why", &output]);
        let number = |before: &str, after: &str| -> f64 {
            let found = why.split_once(before).and_then(|(_, rest)| rest.split_once(after));
            found.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{name}: {why}"))
        };
        let (cpu, peak) = (number("computing ", " s"), number("at most ", " MiB"));
        assert!((0.3..30.0).contains(&cpu) && (57.0..400.0).contains(&peak), "{name}: {why}");
    }
    let table = folder.read("measured.tsv");
    let cells: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    let cell = |name: &str| {
        let column = cells[0].iter().position(|found| *found == name).unwrap();
        cells[1][column].parse::<f64>().unwrap_or_else(|_| panic!("{table}"))
    };
    assert!(cell("cpu_time") >= 0.3 && cell("max_rss") > 57.0, "{table}");
}

/// A control group with little memory; it goes when it is dropped.
struct Group(PathBuf);

impl Group {
    /// `None`, and why, where none can be made.
    fn with_limit(bytes: u64) -> Result<Self, String> {
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let root = Path::new("/sys/fs/cgroup");
        let version_1 = groups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|name| name == "memory").then(|| path.trim_start_matches('/'))
        });
        let (above, limit, swap) = match version_1 {
            Some(path) => {
                let own = root.join("memory").join(path);
                let above = if own.is_dir() { own } else { root.join("memory") };
                (above, "memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", bytes))
            }
            None => {
                let path = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
                (root.join(path), "memory.max", ("memory.swap.max", 0))
            }
        };
        let group = Self(above.join(format!("tureen-test-{}", std::process::id())));
        let failed = |what: &Path, error: std::io::Error| format!("{}: {error}", what.display());
        fs::create_dir(&group.0).map_err(|error| failed(&group.0, error))?;
        let limit = group.0.join(limit);
        fs::write(&limit, bytes.to_string()).map_err(|error| failed(&limit, error))?;
        // Where nothing is swapped out there is nothing to limit.
        let _ = fs::write(group.0.join(swap.0), swap.1.to_string());
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Processes that were killed may still be on their way out.
        for _ in 0..500 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

#[test]
fn a_job_that_is_killed_for_memory_is_named_as_such() {
    let group = match Group::with_limit(100 << 20) {
        Ok(group) => group,
        Err(why) => {
            return not_tried(&format!("no control group with a limit of memory can be made here: {why}"));
        }
    };
    let folder = Folder::with(
        "rule all:\n    input: 'shell', 'run', 'inner', 'script', 'other'\nrule shell:\n    output: 'shell'\n    shell: 'python3 -c \"x = bytearray(400_000_000)\"; touch {output}'\nrule run:\n    output: 'run'\n    run:\n        x = bytearray(400_000_000)\nrule inner:\n    output: 'inner'\n    run:\n        shell('python3 -c \"x = bytearray(400_000_000)\"')\nrule script:\n    output: 'script'\n    script: 'script.py'\nrule hidden:\n    output: touch('hidden')\n    shell: 'python3 -c \"x = bytearray(400_000_000)\" || exit 3'\nrule other:\n    output: 'other'\n    shell: 'kill -9 $$'\n",
    );
    folder.write("script.py", "x = bytearray(400_000_000)\n");
    let run = |target: &str| {
        // The shell goes into the group, and becomes the command.
        let output = Command::new("sh")
            .args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""])
            .arg(&group.0)
            .args([env!("CARGO_BIN_EXE_tureen"), "-c1", "-k"])
            .args(target.split(' '))
            .current_dir(folder.path(""))
            .env_remove("VIRTUAL_ENV")
            .output();
        let output = output.unwrap();
        assert!(!output.status.success());
        texts(&output).1
    };
    for name in ["shell", "run", "inner", "script"] {
        let said = run(name);
        let story = &said[said.find("\nerror: ").unwrap_or_else(|| panic!("{said}"))..];
        let named = format!("rule `{name}` failed: the system ended it because memory was used up");
        assert!(story.contains(&named), "{said}");
        assert!(story.contains("all processes here may have 100 MiB together"), "{said}");
        assert!(story.contains("hint: run fewer jobs at once"), "{said}");
    }
    // Somebody else's kill is not the system's, also after one of the system's that a job took for something else.
    let said = run("hidden other");
    assert!(said.contains("rule `hidden` failed: its command ended with exit status 3"), "{said}");
    assert!(said.contains("rule `other` failed: its command was ended by signal 9, SIGKILL"), "{said}");
}
