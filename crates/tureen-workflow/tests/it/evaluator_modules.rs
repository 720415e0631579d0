//! `module` and `use rule`: rules taken from elsewhere, renamed and changed.

use tureen_workflow::read::{Reading, Request, read};
use tureen_workflow::rule::{Action, Workflow};

const MODULE: &str = "\
configfile: 'surely/not/there.yaml'
def helper():
    return 'from the module'
rule a:
    output: 'a.txt', n='n-' + config['name']
    params: 1, x='old', y='kept'
    shell: 'make a'
rule b:
    input: rules.a.output
    output: 'b.txt'
    run:
        print(helper())
rule c:
    output: 'c.txt'
    shell: 'make c'
";

fn load(text: &str) -> Result<Reading, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.smk"), MODULE).unwrap();
    std::fs::write(folder.path().join("Snakefile"), text).unwrap();
    let request = Request { snakefile: folder.path().join("Snakefile"), ..Request::default() };
    read(&request).map_err(|error| {
        let messages: Vec<&str> = error.diagnostics.iter().map(|d| d.message.as_str()).collect();
        messages.join("; ")
    })
}

fn outline(workflow: &Workflow) -> String {
    let mut out = String::new();
    for rule in &workflow.rules {
        let outputs: Vec<&str> = rule.output.iter().map(|item| item.value.files[0].text.as_str()).collect();
        let action = match &rule.action {
            Action::Shell { command, .. } => command.as_str(),
            Action::Run { .. } => "run",
            _ => "-",
        };
        out += &format!("{} {outputs:?} {action}\n", rule.name);
    }
    out
}

#[test]
fn rules_are_taken_renamed_and_changed() {
    let reading = load(
        "module m:\n    snakefile: 'm.smk'\n    config: {'name': 'x'}\n\
         use rule * from m exclude c as m_*\n\
         use rule a from m as m_a with:\n    output: 'changed.txt'\n    params: x='new'\n\
         use rule m_a as again with:\n    output: 'again.txt'\n\
         use rule c from m as other\n\
         rule last:\n    output: rules.m_b.output[0] + '.last'\n    shell: m.helper()\n",
    )
    .unwrap();
    assert_eq!(
        outline(&reading.workflow),
        "m_a [\"changed.txt\"] make a\nm_b [\"b.txt\"] run\nagain [\"again.txt\"] make a\n\
         other [\"c.txt\"] make c\nlast [\"b.txt.last\"] from the module\n"
    );
    let params: Vec<(Option<&str>, String)> = reading.workflow.rules[0]
        .params
        .iter()
        .map(|item| (item.name.as_deref(), format!("{:?}", item.value)))
        .collect();
    assert_eq!(params[0], (None, "Value(Int(1))".to_owned()));
    assert_eq!(params[1], (Some("x"), "Value(Str(\"new\"))".to_owned()));
    assert_eq!(params[2], (Some("y"), "Value(Str(\"kept\"))".to_owned()));
    // Spans lead into the file in which the rule was written.
    let span = reading.workflow.rules[1].span;
    assert_eq!(reading.sources.text(span), "rule b:");
    assert!(reading.sources.get(span.source).path.ends_with("m.smk"));
}

#[test]
fn a_docstring_alone_may_follow_with() {
    let reading = load(
        "rule x:\n    input: lambda w: 'f', 'g'\n    output: 'x'\nuse rule x as y with:\n    \"\"\"docs\"\"\"\n\n\
         rule z:\n    input: rules.x.input\n",
    )
    .unwrap();
    let names: Vec<&str> = reading.workflow.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["x", "y", "z"]);
    assert_eq!(reading.workflow.rules[2].input.len(), 2, "a function and a path");
}

#[test]
fn wrong_uses_are_named() {
    let module = "module m:\n    snakefile: 'm.smk'\n    config: {'name': 'x'}\n";
    for (text, expected) in [
        ("use rule a from m as b\n", "there is no module `m`; define it above with `module m:`"),
        (&format!("{module}use rule nope from m\n"), "module `m` has no rule `nope`"),
        (&format!("{module}use rule a from m\nrule a:\n    output: 'x'\n"), "there are two rules named `a`"),
        ("use rule x as y with:\n    output: 'z'\n", "there is no rule named `x` to be used"),
        (&format!("{module}    prefix: 'p'\nuse rule * from m\n"), ""),
    ] {
        match load(text) {
            Ok(reading) => assert!(expected.is_empty(), "{text} gave {}", outline(&reading.workflow)),
            Err(error) => assert!(error.starts_with(expected) && !expected.is_empty(), "{text}: {error}"),
        }
    }
}

#[test]
fn a_prefix_is_put_before_relative_paths() {
    let reading = load(
        "module m:\n    snakefile: 'm.smk'\n    config: {'name': 'x'}\n    prefix: 'p'\n\
         use rule * from m as m_*\nuse rule c from m as m_c with:\n    output: 'free.txt'\n",
    )
    .unwrap();
    assert_eq!(
        outline(&reading.workflow),
        "m_a [\"p/a.txt\", \"p/n-x\"] make a\nm_b [\"p/b.txt\"] run\nm_c [\"free.txt\"] make c\n"
    );
}
