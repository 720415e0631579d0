//! What can happen to a folder: odd clocks, odd files, odd names, a full disk, a lost record. Nothing half made is used,
//! nothing whole is made again, and nothing hangs.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::folder::{Folder, not_tried, texts};

const NOTHING: &str = "Nothing to be done";

/// `b.txt` from `a.txt` from `in.txt`; each job says in `log` that it ran.
const CHAIN: &str = "rule b:\n    input: 'a.txt'\n    output: 'b.txt'\n    shell: 'echo b >> log; cat {input} > {output}'\nrule a:\n    input: 'in.txt'\n    output: 'a.txt'\n    shell: 'echo a >> log; cat {input} > {output}'\n";

fn chain(input: &str) -> Folder {
    let folder = Folder::with(CHAIN);
    folder.write("in.txt", input);
    folder.succeed(&["-c1"]);
    folder
}

fn is_up_to_date(folder: &Folder) -> bool {
    folder.succeed(&["-n"]).0.contains(NOTHING)
}

fn set_time(path: &Path, time: SystemTime) {
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn time_of(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn an_input_from_the_future_is_no_reason_to_run_for_ever() {
    // Too big to be compared by content.
    let folder = Folder::with(CHAIN);
    folder.write("in.txt", &"x".repeat(2_000_000));
    set_time(&folder.path("in.txt"), SystemTime::now() + Duration::from_secs(86_400));
    folder.succeed(&["-c1"]);
    assert!(is_up_to_date(&folder));
    // But it is one as soon as it is another file.
    set_time(&folder.path("in.txt"), SystemTime::now() + Duration::from_secs(86_500));
    assert!(!is_up_to_date(&folder));
}

#[test]
fn an_older_file_in_the_place_of_an_input_is_seen() {
    let folder = chain("one");
    folder.write("in.txt", "two");
    set_time(&folder.path("in.txt"), SystemTime::now() - Duration::from_secs(86_400));
    folder.succeed(&["-c1"]);
    assert_eq!((folder.read("b.txt").as_str(), folder.read("log").as_str()), ("two", "a\nb\na\nb\n"));
    // Another time alone is no reason.
    set_time(&folder.path("in.txt"), SystemTime::now() - Duration::from_secs(80_000));
    assert!(is_up_to_date(&folder));
}

#[test]
fn what_is_made_again_with_the_same_content_wakes_nobody() {
    let folder = chain("one");
    folder.write(
        "Snakefile",
        &CHAIN.replace("cat {input} > {output}'\nrule a", "cat {input} > {output}'\n\nrule a"),
    );
    assert!(is_up_to_date(&folder), "an empty line is no change");
    let changed = CHAIN.replacen("echo a >> log; cat {input}", "echo a >> log; cat < {input}", 1);
    folder.write("Snakefile", &changed);
    let (_, said) = folder.succeed(&["-c1"]);
    assert_eq!(folder.read("log"), "a\nb\na\n", "{said}");
    assert!(is_up_to_date(&folder));
    // Who forces a job wants what is behind it, too.
    folder.succeed(&["-c1", "-R", "a"]);
    assert_eq!(folder.read("log"), "a\nb\na\na\nb\n");
    // Other content does wake it.
    folder.write("Snakefile", &changed.replacen("cat < {input}", "cat {input} {input}", 1));
    folder.succeed(&["-c1"]);
    assert_eq!(folder.read("b.txt"), "oneone");
}

#[test]
fn a_deleted_record_costs_nothing_and_a_damaged_one_is_mended() {
    let folder = chain("one");
    fs::remove_dir_all(folder.path(".tureen")).unwrap();
    assert!(is_up_to_date(&folder));
    for damage in ["all", "middle", "tables"] {
        let folder = chain("one");
        // Many more rows, so that there is a middle to be damaged.
        folder.write("Snakefile", &format!("{CHAIN}rule many:\n    output: 'many/{{i}}'\n    shell: 'touch {{output}}'\nrule all:\n    input: expand('many/{{i}}', i=range(60))\n"));
        folder.succeed(&["-c2", "all"]);
        let record = folder.path(".tureen/record.sqlite");
        let mut bytes = fs::read(&record).unwrap();
        match damage {
            "all" => bytes.fill(b'x'),
            // All pages but the first, which says what the tables are.
            "middle" => bytes[4096..].fill(0xff),
            _ => bytes = Vec::from(*b"SQLite format 3\0"),
        }
        fs::write(&record, bytes).unwrap();
        // A dry run changes nothing.
        let (out, error) = folder.succeed(&["-n", "b.txt", "all"]);
        assert!(out.contains(NOTHING), "{damage}: {out}{error}");
        folder.write("in.txt", "two");
        let (_, said) = folder.succeed(&["-c1", "b.txt", "all"]);
        assert_eq!(
            (folder.read("b.txt").as_str(), folder.read("log").as_str()),
            ("two", "a\nb\na\nb\n"),
            "{damage}"
        );
        assert!(said.contains("damaged"), "{damage}: {said}");
        assert!(folder.exists(".tureen/record.damaged-1.sqlite"), "{damage}");
        assert!(is_up_to_date(&folder), "{damage}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_can_be_read() {
    let folder = chain("one");
    // What nobody is allowed to, root is: so it becomes nobody.
    let is_root = rustix::process::geteuid().is_root();
    let allow = |mode: u32| {
        for name in ["", ".tureen", ".tureen/runs"] {
            fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    let run = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        texts(&command.output().unwrap())
    };
    let reachable = run(&["--version"]).0.starts_with("tureen");
    let said = [run(&["-n"]), run(&["-c1"]), run(&["why", "b.txt"]), run(&["status"]), run(&["-c1", "-F"])];
    allow(0o755);
    assert!(reachable, "the command can be started by nobody");
    let [dry, plain, why, status, forced] = said;
    assert!(dry.0.contains(NOTHING) && plain.1.contains(NOTHING), "{dry:?} {plain:?}");
    assert!(why.0.contains("up to date\nmade by rule `b`"), "{why:?}");
    assert!(status.0.contains("no run is at work here"), "{status:?}");
    assert!(forced.1.contains("error: ") && forced.1.contains("must be writable"), "{forced:?}");
}

#[test]
fn a_full_disk_fails_jobs_and_nothing_else() {
    let folder = Folder::with(
        "rule b:\n    input: 'a'\n    output: 'b'\n    shell: 'echo b >> ../log; cat {input} > {output}'\nrule a:\n    output: 'a'\n    shell: 'echo a >> ../log; head -c 1000000 /dev/zero > {output}'\n",
    );
    folder.write(
        "steps",
        "set -eu
mkdir full
mount -t tmpfs -o size=4m none full
cp Snakefile full
cd full
head -c 2300000 /dev/zero > filler
echo mounted
if \"$1\" -c1; then exit 3; fi
[ ! -e b ]
[ $(stat -c %s a) = 1000000 ]
rm filler
\"$1\" -c1
[ $(stat -c %s b) = 1000000 ]
\"$1\" -n | grep 'Nothing to be done'
",
    );
    // A file system of its own needs a name space of its own, where one is not root.
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "steps", env!("CARGO_BIN_EXE_tureen")])
        .current_dir(folder.path(""))
        .env_remove("VIRTUAL_ENV")
        .output();
    let (out, error) = output.as_ref().map(texts).unwrap_or_default();
    if !out.contains("mounted") {
        return not_tried(&format!("no file system can be mounted here: {error}"));
    }
    assert!(output.unwrap().status.success(), "{out}{error}");
    assert_eq!(folder.read("log"), "a\nb\nb\n", "what had been made was not made again");
}

#[test]
fn outputs_that_are_links_pipes_or_folders() {
    let folder = Folder::with(
        "rule link:\n    input: 'source'\n    output: 'link'\n    shell: 'echo link >> log; ln -s {input} {output}'\nrule copy:\n    input: 'link', 'fifo'\n    output: 'copy'\n    shell: 'echo copy >> log; cat link > {output}'\nrule folder:\n    input: 'copy'\n    output: directory('folder')\n    shell: 'echo folder >> log; mkdir {output}; cp {input} {output}/1'\n",
    );
    folder.write("source", "one\n");
    let fifo = folder.path("fifo");
    // An input that nobody writes into: opening it would wait for ever.
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // What stands in the way of outputs is no file either.
    assert!(Command::new("mkfifo").arg(folder.path("copy")).status().unwrap().success());
    symlink("source", folder.path("link")).unwrap();
    folder.write("folder/old", "");
    folder.succeed(&["-c1", "-F", "folder"]);
    assert_eq!(
        (folder.read("folder/1").as_str(), folder.read("log").as_str()),
        ("one\n", "link\ncopy\nfolder\n")
    );
    assert!(!folder.exists("folder/old"), "the old folder is gone");
    assert!(fs::symlink_metadata(folder.path("link")).unwrap().is_symlink());
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    let says = |target: &str| folder.succeed(&["-n", target]).0;
    assert!(says("folder").contains(NOTHING), "{}", says("folder"));
    // What a link points to is what counts.
    folder.write("source", "two\n");
    folder.succeed(&["-c1", "folder"]);
    assert_eq!(folder.read("folder/1"), "two\n");
    assert_eq!(folder.read("source"), "two\n", "a link is removed, not what it points to");
}

#[test]
fn odd_names_are_names() {
    let folder = Folder::with(
        "rule a:\n    input: 'in/{name}'\n    output: 'out/{name}'\n    log: 'log/{name}'\n    shell: 'cat {input:q} > {output:q}; echo once >> count'\nrule b:\n    input: 'in/line\\nbreak'\n    output: 'out/line\\nbreak'\n    shell: 'cat {input:q} > {output:q}; echo once >> count'\n",
    );
    // 255 bytes, with no end that repeats itself (which would be taken for a rule that feeds itself).
    let long: String = (100..185).map(|number| number.to_string()).collect();
    assert_eq!(long.len(), 255);
    let names = [
        "a b",
        "it's",
        "say \"x\"",
        "line\nbreak",
        "tab\there",
        "名前",
        "-c1",
        "$HOME",
        "a;b&c",
        "*?[a]",
        "e\u{301}",
        &long,
    ];
    for name in names {
        folder.write(&format!("in/{name}"), name);
    }
    let targets: Vec<String> = names.iter().map(|name| format!("out/{name}")).collect();
    let with = |options: &[&str]| {
        let words: Vec<&str> = options.iter().copied().chain(targets.iter().map(String::as_str)).collect();
        folder.succeed(&words)
    };
    with(&["-c2", "--"]);
    for name in names {
        assert_eq!(folder.read(&format!("out/{name}")), name);
    }
    let (out, _) = with(&["-n", "--"]);
    assert!(out.contains(NOTHING), "{out}");
    assert_eq!(folder.read("count").lines().count(), names.len());
    // One byte more is no name: the system's own words say so.
    folder.write("in2", "");
    let output = folder.run(&["-c1", &format!("out/{long}x")]);
    assert!(!output.status.success());
    assert!(!texts(&output).1.contains("panicked"));
}

#[test]
fn runs_that_meet_are_told_who_has_what_and_others_go_on() {
    let folder = Folder::with(
        "rule slow:\n    output: 'slow'\n    shell: 'touch begun; while [ ! -e go ]; do sleep 0.01; done; touch {output}'\nrule behind:\n    input: 'slow'\n    output: 'behind'\n    shell: 'touch {output}'\nrule other:\n    output: 'other'\n    shell: 'touch {output}'\n",
    );
    let child = folder.command(&["-c1", "slow"]).spawn().unwrap();
    folder.wait_for("begun");
    let output = folder.run(&["-c1", "behind"]);
    let (_, error) = texts(&output);
    let read = |path: &str| fs::read_to_string(path).unwrap().trim().to_owned();
    let (host, boot) = (read("/proc/sys/kernel/hostname"), read("/proc/sys/kernel/random/boot_id"));
    let owner = format!("another run is at work on `slow`: process {} on {host} (boot {boot})", child.id());
    assert!(!output.status.success() && error.contains(&owner), "{error}");
    folder.succeed(&["-c1", "other"]);
    let (status, _) = folder.succeed(&["status"]);
    assert!(status.starts_with(&format!("process {} on {host}", child.id())), "{status}");
    assert!(status.contains("0 of 1 jobs done, 1 running, 0 waiting"), "{status}");
    assert!(status.contains("    slow for 0:") && status.contains(": slow\n"), "{status}");
    folder.write("go", "");
    assert!(child.wait_with_output().unwrap().status.success());
    folder.succeed(&["-c1", "behind"]);
    assert_eq!(folder.succeed(&["status"]).0, "no run is at work here\n");
}

#[test]
fn what_snakemake_made_is_not_made_again() {
    let folder = taken_over();
    let (out, error) = folder.succeed(&["-n", "all", "out/s.txt"]);
    assert!(out.contains(NOTHING), "{out}{error}");
    let (_, said) = folder.succeed(&["-c1", "all", "out/s.txt"]);
    assert!(said.contains("taking over what Snakemake remembers of 6 files"), "{said}");
    // From then on it is ours, and read once.
    fs::remove_dir_all(folder.path(".snakemake/metadata")).unwrap();
    let (_, said) = folder.succeed(&["-c1", "all", "out/s.txt"]);
    assert!(said.starts_with(NOTHING), "{said}");
    // Newer inputs with the same content are no reason: Snakemake hashed them.
    set_time(&folder.path("in.txt"), SystemTime::now() + Duration::from_secs(5));
    assert!(folder.succeed(&["-n", "all"]).0.contains(NOTHING));
    // Changes are seen as Snakemake sees them.
    let snakefile = folder.read("Snakefile");
    let planned = |from: &str, to: &str| {
        assert!(snakefile.contains(from));
        folder.write("Snakefile", &snakefile.replace(from, to));
        let out = folder.succeed(&["-n", "all", "out/s.txt"]).0;
        let rules = out.lines().filter_map(|line| line.strip_prefix("rule ")?.strip_suffix(':'));
        let mut rules: Vec<String> = rules.filter(|rule| *rule != "all").map(str::to_owned).collect();
        rules.sort();
        (rules.join(" "), out)
    };
    let (rules, out) = planned("n=3", "n=4");
    assert_eq!(rules, "a b");
    assert!(out.contains("Params have changed since last execution: before: 3; now: 4"), "{out}");
    let (rules, out) = planned("echo {params}", "echo now {params}");
    assert_eq!(rules, "b");
    assert!(
        out.contains(
            "    -         echo {params} >> {output}\n    +         echo now {params} >> {output}\n"
        ),
        "{out}"
    );
    assert_eq!(planned("f.write(\"hi\")", "f.write(\"ho\")").0, "r");
    assert_eq!(planned("cat {input} > {output}\"", "cat -u {input} > {output}\"").0, "a b");
    assert_eq!(planned("cat {input} > {output}\"", "cat  {input} > {output}\"").0, "", "layout is no code");
    assert_eq!(planned("input: \"out/a.txt\", \"in2.txt\"", "input: \"out/a.txt\"").0, "b");
    folder.write("Snakefile", &snakefile);
    folder.write("s.py", "pass\n");
    assert!(folder.succeed(&["-n", "out/s.txt"]).0.contains("rule s:"));
}

#[test]
fn what_snakemake_did_not_finish_is_made_again() {
    let folder = taken_over();
    // As Snakemake marks it: `out/d`.
    folder.write(".snakemake/incomplete/b3V0L2Q=", "{\"external_jobid\": null}");
    let (out, _) = folder.succeed(&["-n", "all"]);
    assert!(out.contains("Incomplete output files: out/d\n"), "{out}");
}

/// A folder as Snakemake 9.27.1 left it (made by `tests/it/snakemake_made/Snakefile`): its memory, and files in the order
/// in which they were made.
fn taken_over() -> Folder {
    let folder = Folder::new();
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snakemake_made");
    folder.write("Snakefile", &fs::read_to_string(made.join("Snakefile")).unwrap());
    let mut waiting = vec![made.join("metadata")];
    while let Some(from) = waiting.pop() {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(&made).unwrap().display().to_string();
                folder.write(&format!(".snakemake/{name}"), &fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let long = format!("out/long/{}.txt", "x".repeat(230));
    for (name, text) in [
        ("s.py", "pass\n"),
        ("in.txt", "1\n"),
        ("in2.txt", "2\n"),
        ("out/a.txt", "1\n"),
        ("out/b.txt", "1\n2\nb! 2\n"),
        ("out/d/x", ""),
        (&long, ""),
        ("out/r.txt", "hi"),
        ("out/s.txt", "x"),
    ] {
        folder.write(name, text);
    }
    let long_ago = time_of(&folder.path("in.txt")) - Duration::from_secs(40 * 365 * 86_400);
    set_time(&folder.path("s.py"), long_ago);
    folder
}
