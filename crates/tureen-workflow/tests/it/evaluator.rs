//! Workflows that need Python: what they declare, their functions, `run:` blocks, handlers, and errors.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tureen_workflow::evaluator::Evaluator;
use tureen_workflow::evaluator::job::{Answer, Call, Entry, Format, JobView, Role, RunEnd};
use tureen_workflow::read::{Reading, Request, Unreadable, read};
use tureen_workflow::rule::{Action, FunctionId, Handler, Input, Param};
use tureen_workflow::value::Value;

struct Case {
    folder: TempDir,
    reading: Reading,
}

fn request(folder: &TempDir, text: &str) -> Request {
    let path = folder.path().join("Snakefile");
    std::fs::write(&path, text.replace('@', &folder.path().display().to_string())).unwrap();
    Request { snakefile: path, cores: Some(3), ..Request::default() }
}

fn load(text: &str) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let reading = read(&request(&folder, text)).unwrap_or_else(|error| panic!("{}", shown(&error)));
    Case { folder, reading }
}

fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = read(&request(&folder, text)).unwrap_err();
    shown(&error).replace(&folder.path().display().to_string(), "@")
}

/// Diagnostics as `line:column `text` message`.
fn shown(unreadable: &Unreadable) -> String {
    let mut out = String::new();
    for diagnostic in &unreadable.diagnostics {
        out += &format!("{}\n", diagnostic.message);
        for label in &diagnostic.labels {
            let (line, column) = unreadable.sources.line_column(label.span);
            let text = unreadable.sources.text(label.span);
            out += &format!("  at {line}:{column} `{text}` {}\n", label.text);
        }
        for note in &diagnostic.notes {
            out += &format!("  note: {note}\n");
        }
        if let Some(hint) = &diagnostic.hint {
            out += &format!("  hint: {hint}\n");
        }
    }
    out
}

impl Case {
    fn evaluator(&self) -> &Evaluator {
        self.reading.evaluator.as_ref().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a rule's block with stdout and stderr in files; gives its end, and both.
    fn run(&self, job: &JobView) -> (RunEnd, String, String) {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        let (out_file, err_file) = (File::create(&out).unwrap(), File::create(&err).unwrap());
        let block = self.evaluator().run(job, out_file.as_fd(), err_file.as_fd()).unwrap();
        let (end, spent) = block.wait(|| ()).unwrap();
        assert!(spent.cpu.is_some() && spent.peak.is_some_and(|bytes| bytes > 1_000_000), "{spent:?}");
        (end, std::fs::read_to_string(out).unwrap(), std::fs::read_to_string(err).unwrap())
    }
}

fn job(rule: &str) -> JobView {
    JobView { rule: rule.to_owned(), threads: 2, attempt: 1, jobid: 7, ..JobView::default() }
}

fn entry(name: Option<&str>, value: Value) -> Entry {
    Entry { name: name.map(str::to_owned), value }
}

fn text(value: &str) -> Value {
    Value::Str(value.to_owned())
}

fn function(param: &Param) -> FunctionId {
    match param {
        Param::Function(id) => *id,
        Param::Value(value) => panic!("{value:?} is no function"),
    }
}

#[test]
fn declarations_arrive_whole() {
    let case = load(
        r#"
import os
X = [i for i in range(2)]
for i in X:
    rule:
        name: f"r{i}"
        output: temp(f"{i}.txt"), named=["a{w}", directory("b{w}")]
        params: i, d={"x": (1, 2.5, None)}, big=2**70
        threads: lambda wildcards, attempt: attempt * 2
        resources: mem_mb=100, f=lambda wc: 3
        shell: "touch {output}"
ruleorder: r0 > r1
localrules: r0
wildcard_constraints: w="[a-z]+"
if True:
    rule all:
        """the docs"""
        input: rules.r0.output, f=lambda wc: "x", u=expand("{x}", x=X)
"#,
    );
    let workflow = &case.reading.workflow;
    let names: Vec<&str> = workflow.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["r0", "r1", "all"]);
    assert_eq!(workflow.default_rule, Some(0));
    assert_eq!(workflow.rule_orders, [["r0", "r1"]]);
    assert_eq!(workflow.local_rules, ["r0"]);
    assert_eq!(workflow.wildcard_constraints, [("w".to_owned(), "[a-z]+".to_owned())]);
    let rule = &workflow.rules[1];
    assert!(rule.output[0].value.files[0].marks.is_temp && !rule.output[0].value.is_list);
    assert_eq!(rule.output[1].name.as_deref(), Some("named"));
    assert!(rule.output[1].value.is_list && rule.output[1].value.files[1].marks.is_directory);
    let span_text = case.reading.sources.text(rule.output[1].span);
    assert_eq!(span_text, "named=[\"a{w}\", directory(\"b{w}\")]");
    assert_eq!(rule.params[0].value, Param::Value(Value::Int(1)));
    let Param::Value(Value::Opaque { text, .. }) = &rule.params[2].value else { panic!() };
    assert_eq!(text, "1180591620717411303424");
    let all = &workflow.rules[2];
    assert_eq!(all.docstring.as_deref(), Some("the docs"));
    let Input::Files(files) = &all.input[0].value else { panic!() };
    assert_eq!(files.files.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(), ["0.txt", "a{w}", "b{w}"]);
    assert!(matches!(all.input[1].value, Input::Function(_)));
    assert_eq!(case.reading.sources.text(all.span), "rule all:");
    let Action::Shell { command, .. } = &rule.action else { panic!() };
    assert_eq!(command, "touch {output}");
}

#[test]
fn functions_get_what_they_ask_for() {
    let case = load(
        r#"
def files(wildcards):
    return [f"{wildcards.s}.{i}" for i in range(2)]
def broken(wildcards):
    return {}["nope"]
def generator(wildcards):
    yield "g" + wildcards["s"]
rule a:
    input: files, ancient(generator), unpack(lambda wc: {"k": wc.s, "l": ["m", temp("n")]}), broken
    output: "{s}.out"
    params: lambda wildcards, input, output, threads, resources, attempt: [str(input), input.k, output[0], threads, resources.mem_mb, attempt],
        late=lambda w, input: open(input[0]).read(),
        kw=lambda w, **kw: sorted(kw)
    threads: lambda w: 4
    shell: "true"
"#,
    );
    let rule = &case.reading.workflow.rules[0];
    let ids: Vec<(FunctionId, Role)> = rule
        .input
        .iter()
        .map(|item| match &item.value {
            Input::Function(id) => (*id, Role::Input),
            Input::Unpack(id) => (*id, Role::Unpack),
            Input::Files(_) => panic!(),
        })
        .collect();
    let view = JobView {
        wildcards: vec![("s".to_owned(), "q".to_owned())],
        input: vec![entry(None, Value::List(vec![text("nofile"), text("y")])), entry(Some("k"), text("z"))],
        output: vec![entry(None, text("q.out"))],
        resources: vec![("mem_mb".to_owned(), Value::Int(5))],
        ..job("a")
    };
    let mut calls: Vec<Call> = ids
        .iter()
        .map(|(function, role)| Call { function: *function, role: *role, job: view.clone() })
        .collect();
    for item in &rule.params {
        calls.push(Call { function: function(&item.value), role: Role::Param, job: view.clone() });
    }
    let answers = case.evaluator().call(&calls).unwrap();
    let value = |index: usize| match &answers[index] {
        Ok(Answer::Value { value, marks }) => (value.clone(), marks.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(value(0).0, Value::List(vec![text("q.0"), text("q.1")]));
    let ancient = vec![("gq".to_owned(), vec!["ancient".to_owned()])];
    assert_eq!(value(1), (Value::List(vec![text("gq")]), ancient));
    let (unpacked, marks) = value(2);
    let expected = vec![(text("k"), text("q")), (text("l"), Value::List(vec![text("m"), text("n")]))];
    assert_eq!(unpacked, Value::Dict(expected));
    assert_eq!(marks, [("n".to_owned(), vec!["temp".to_owned()])]);
    let error = answers[3].as_ref().unwrap_err();
    assert_eq!((error.class.as_str(), error.message.as_str()), ("KeyError", "'nope'"));
    assert_eq!((error.frames.len(), error.frames[0].line), (1, 5));
    assert_eq!(error.frames[0].text, "return {}[\"nope\"]");
    assert_eq!(error.frames[0].function, "broken");
    let all = vec![text("nofile y z"), text("z"), text("q.out"), Value::Int(2), Value::Int(5), Value::Int(1)];
    assert_eq!(value(4).0, Value::List(all));
    assert_eq!(answers[5], Ok(Answer::NotYet));
}

#[test]
fn texts_are_filled_with_the_names_of_job_and_snakefile() {
    let case = load("import sys\nGREETING = {'en': 'hello'}\nrule a:\n    output: 'x'\n    run: pass\n");
    let view = JobView {
        input: vec![entry(None, Value::List(vec![text("a b"), text("c")])), entry(Some("n"), text("d"))],
        wildcards: vec![("w".to_owned(), "v".to_owned())],
        params: vec![entry(Some("p"), Value::List(vec![Value::Int(1), Value::Int(2)]))],
        ..job("a")
    };
    let requests: Vec<Format> = [
        "{input} | {input:q} | {input[0]} | {input.n} | {wildcards.w} | {params.p} | {threads} | {GREETING[en]} | {{x}}",
        "{nope}",
        "{w}",
    ]
    .iter()
    .map(|text| Format { text: (*text).to_owned(), is_late_command: false, job: view.clone() })
    .collect();
    let answers = case.evaluator().format(&requests).unwrap();
    assert_eq!(answers[0].as_deref(), Ok("a b c d | 'a b' c d | a b | d | v | 1 2 | 2 | hello | {x}"));
    assert_eq!(answers[1].as_ref().unwrap_err().class, "NameError");
    assert!(answers[2].as_ref().unwrap_err().message.contains("did you mean `wildcards.w`?"));
}

const RUNS: &str = r#"
import sys
shared = []
class Thing:
    pass
rule good:
    output: "x"
    params: thing=lambda w: Thing()
    run:
        shared.append(1)
        print("out", input[0], input.n, params.p, wildcards.w, threads, len(shared))
        print("err", file=sys.stderr)
        name = "caller"
        shell("echo {name} {input.n} $OMP_NUM_THREADS; echo again >&2")
        for line in shell("echo 1; echo 2", iterable=True):
            print("line", line)
        print(repr(shell("printf x", read=True)))
rule raises:
    output: "y"
    run:
        def inner():
            raise ValueError("deep\nline")
        inner()
rule shell_fails:
    output: "z"
    run:
        shell("echo before; false | true; exit 3")
rule exits:
    output: "u"
    run: sys.exit(4)
rule killed:
    output: "v"
    run:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
rule sleeps:
    output: "s"
    run:
        shell("echo $$ > @/pid; sleep 600")
onsuccess: print("done", log)
"#;

#[test]
fn run_blocks_are_forks_with_their_own_streams() {
    let case = load(RUNS);
    let view = JobView {
        input: vec![entry(None, text("a")), entry(Some("n"), text("b"))],
        wildcards: vec![("w".to_owned(), "v".to_owned())],
        params: vec![entry(Some("p"), Value::Float(1e16))],
        ..job("good")
    };
    let expected = "out a b 1e+16 v 2 1\ncaller b 2\nline 1\nline 2\n'x'\n";
    for _ in 0..2 {
        // The second run sees nothing of the first.
        let (end, out, err) = case.run(&view);
        assert_eq!((end, out.as_str(), err.as_str()), (RunEnd::Done, expected, "err\nagain\n"));
    }
    let (end, ..) = case.run(&job("raises"));
    let RunEnd::Raised(exception) = end else { panic!("{end:?}") };
    assert_eq!((exception.class.as_str(), exception.message.as_str()), ("ValueError", "deep\nline"));
    let lines: Vec<u32> = exception.frames.iter().map(|frame| frame.line).collect();
    assert_eq!(lines, [23, 22]);
    let (end, out, _) = case.run(&job("shell_fails"));
    let RunEnd::ShellFailed { command, status, frames } = end else { panic!("{end:?}") };
    assert_eq!((command.as_str(), status, frames[0].line), ("echo before; false | true; exit 3", 1, 27));
    assert_eq!(out, "before\n");
    assert_eq!(case.run(&job("exits")).0, RunEnd::Exited(4));
    assert_eq!(case.run(&job("killed")).0, RunEnd::Killed(9));
    assert_eq!(case.reading.workflow.handlers, [Handler::Success]);
    assert_eq!(case.evaluator().handler(Handler::Success, "log.txt").unwrap(), RunEnd::Done);
}

#[test]
fn a_run_block_dies_with_everything_it_started() {
    for way in ["kill", "drop the block", "drop the evaluator"] {
        let case = load(RUNS);
        let null = File::create(case.path("null")).unwrap();
        let block = case.evaluator().run(&job("sleeps"), null.as_fd(), null.as_fd()).unwrap();
        let pid = until("the shell to start", || {
            std::fs::read_to_string(case.path("pid")).ok()?.trim().parse::<u32>().ok()
        });
        match way {
            "kill" => {
                block.kill();
                assert_eq!(block.wait(|| ()).unwrap().0, RunEnd::Killed(9));
            }
            "drop the block" => drop(block),
            _ => {
                let Case { folder, reading } = case;
                drop(reading);
                drop((block, folder));
            }
        }
        until("the shell to be gone", || {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            (state.is_empty() || state.contains(") Z ")).then_some(())
        });
    }
}

fn until<T>(what: &str, mut is_true: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(value) = is_true() {
            return value;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn objects_that_only_python_can_hold_come_back_themselves() {
    let case = load(
        "class Thing:\n    def __init__(self): self.x = 5\nrule a:\n    output: 'x'\n    params: t=lambda w: Thing()\n    run: print(params.t.x)\n",
    );
    let id = function(&case.reading.workflow.rules[0].params[0].value);
    let answers = case.evaluator().call(&[Call { function: id, role: Role::Param, job: job("a") }]).unwrap();
    let Ok(Answer::Value { value, .. }) = &answers[0] else { panic!() };
    let view = JobView { params: vec![entry(Some("t"), value.clone())], ..job("a") };
    assert_eq!(case.run(&view).1, "5\n");
}

#[test]
fn checkpoints_are_waited_for() {
    let case = load(
        "checkpoint c:\n    output: 'made/{x}'\n    shell: 'x'\nrule a:\n    input: lambda w: checkpoints.c.get(x=1).output[0]\n",
    );
    assert!(case.reading.workflow.rules[0].is_checkpoint);
    let Input::Function(id) = case.reading.workflow.rules[1].input[0].value else { panic!() };
    let call = Call { function: id, role: Role::Input, job: job("a") };
    let waits = Answer::NeedsCheckpoint { rule: "c".to_owned(), file: "made/1".to_owned() };
    assert_eq!(case.evaluator().call(std::slice::from_ref(&call)).unwrap(), [Ok(waits)]);
    case.evaluator().checkpoint_made(&["made/1".to_owned()]).unwrap();
    let found = Answer::Value { value: text("made/1"), marks: Vec::new() };
    assert_eq!(case.evaluator().call(&[call]).unwrap(), [Ok(found)]);
}

#[test]
fn errors_point_into_the_users_files() {
    let mut all = String::new();
    for text in [
        "def f(x):\n    return 1 / x\n\nrule a:\n    input: f(0)\n",
        "rule a:\n    input: \"x\", foo bar\n",
        "x = 1 +\n",
        "import nothing_of_this_name\n",
        "raise WorkflowError('mine')\n",
        "rule a:\n    input: f'{1:>3}'\n    threads: 'many'\n",
        "rule a:\n    params: **{}\n    shell: 1\n",
        "import os\ninclude: 'nope.smk'\n",
        "import os\nconfigfile: '@/nope.yaml'\n",
        "import os\nfor i in range(2):\n    rule a:\n        output: f'{i}'\n",
        "import sys\nsys.exit(3)\n",
        "import os\nmodule m:\n    snakefile: 'x'\nuse rule * from m\n",
        "rule a:\n    output: lambda w: 'x'\n",
        "import os\nos._exit(9)\n",
        "x = rules.nope.output\n",
        "import os\nenvvars: 'SURELY_NOT_SET'\n",
    ] {
        all += &format!("{text}-->\n{}\n", refused(text));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn includes_config_and_workdir() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    write("sub/inner.smk", "import helper\nrule inner:\n    output: helper.NAME\n    shell: 'x'\n");
    write("sub/helper.py", "NAME = 'from a module'\n");
    write("config.yaml", "aa: 1\nnested: {x: yes, when: 2020-01-02}\n");
    let mut request = request(
        &folder,
        "import os\nconfigfile: '@/config.yaml'\ninclude: 'sub/inner.smk'\nworkdir: '@/work'\n\
         rule outer:\n    output: config['nested']['when'].isoformat() + str(config['aa']) + str(workflow.cores)\n    shell: 'x'\n\
         os.environ['SET_HERE'] = '1'\nshell.prefix('set -x; ')\n",
    );
    request.config = vec!["aa=2".to_owned()];
    let reading = read(&request).unwrap_or_else(|error| panic!("{}", shown(&error)));
    let outputs: Vec<&str> =
        reading.workflow.rules.iter().map(|rule| rule.output[0].value.files[0].text.as_str()).collect();
    assert_eq!(outputs, ["from a module", "2020-01-0223"]);
    assert_eq!(reading.workflow.default_rule, Some(1));
    assert!(reading.workflow.workdir.as_ref().unwrap().ends_with("/work"));
    assert!(reading.workflow.environment.contains(&("SET_HERE".to_owned(), Some("1".to_owned()))));
    assert_eq!(reading.workflow.shell.prefix.as_deref(), Some("set -x; "));
}

#[test]
fn interpreters_that_are_none_are_named() {
    for (python, expected) in [
        (
            "/nonexistent/python",
            "`/nonexistent/python` can't be started: No such file or directory (os error 2)\n",
        ),
        ("/bin/true", "`/bin/true` did not start as a Python 3.10 or newer: exit status: 0\n"),
        ("/bin/echo", "`/bin/echo` did not start as a Python 3.10 or newer: exit status: 0\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut request = request(&folder, "import os\n");
        request.python = Some(PathBuf::from(python));
        let error = shown(&read(&request).unwrap_err());
        assert!(error.starts_with(expected), "{error}");
    }
}
