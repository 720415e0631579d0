//! Statements with their places, and every error of form with its caret.

use tureen_workflow::parse::{File, StatementKind, parse};
use tureen_workflow::span::{SourceId, Span};

fn text_of(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// A file as one line per statement.
fn outline(text: &str) -> String {
    let file = parse(text, SourceId(0));
    assert!(file.errors.is_empty(), "{}", errors(text, &file));
    let mut out = String::new();
    for statement in &file.statements {
        let depth = statement.depth;
        let line = match &statement.kind {
            StatementKind::Python(python) => format!("{depth} python {:?}", text_of(text, python.span)),
            StatementKind::Rule(rule) | StatementKind::Module(rule) => {
                let name = rule.name.map_or("-", |name| text_of(text, name));
                let mut line = format!("{depth} {} {name}", text_of(text, rule.keyword));
                for directive in &rule.directives {
                    line += &format!("\n    {}", describe(text, directive));
                }
                line
            }
            StatementKind::Global(directive) | StatementKind::Handler(directive) => {
                format!("{depth} {}", describe(text, directive))
            }
            StatementKind::UseRule(used) => {
                let names = |spans: &[Span]| {
                    spans.iter().map(|span| text_of(text, *span)).collect::<Vec<_>>().join(",")
                };
                let mut line = format!(
                    "{depth} use {} from {} exclude {} as {:?} with {}",
                    names(&used.rules),
                    used.from.map_or("-", |from| text_of(text, from)),
                    names(&used.exclude),
                    used.rename,
                    used.has_with
                );
                for directive in &used.directives {
                    line += &format!("\n    {}", describe(text, directive));
                }
                line
            }
        };
        out += &line;
        out.push('\n');
    }
    out
}

fn describe(text: &str, directive: &tureen_workflow::parse::Directive) -> String {
    let arguments: Vec<&str> =
        directive.arguments.iter().map(|argument| text_of(text, argument.span)).collect();
    if arguments.is_empty() {
        format!("{} -> {:?}", text_of(text, directive.keyword), text_of(text, directive.span()))
    } else {
        format!("{} {arguments:?}", text_of(text, directive.keyword))
    }
}

/// Errors as `line:column-column message [hint]`, one per line.
fn errors(text: &str, file: &File) -> String {
    let mut out = String::new();
    for error in &file.errors {
        let span = error.labels[0].span;
        let before = &text[..span.start as usize];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let width = text_of(text, span).chars().count();
        out += &format!("{line}:{column}+{width} {}", error.message);
        if let Some(hint) = &error.hint {
            out += &format!(" [{hint}]");
        }
        out.push('\n');
    }
    out
}

fn refused(text: &str) -> String {
    let file = parse(text, SourceId(0));
    errors(text, &file)
}

#[test]
fn shapes_of_rules() {
    insta::assert_snapshot!(outline(
        "\
# a comment
import os
configfile: \"config.yaml\"

rule all:
    input: \"a\", \"b\",   # trailing comma

rule:
    '''docs'''
    input:
        # first
        \"x\",
        named=[\"y\",
    \"z\"],
        fn=lambda wc, n=(1, 2): f(wc, n),
        *more, **rest
    output: \"one\"
    # between
    threads: 4
    shell:
        \"a {input}\"
        \" b\"  # joined

rule one_line: output: \"q\"
rule deep: input: \"q\",
             \"r\"

if os.path.exists(\"x\"):
    rule b:
        output: \"o\"
        run:
            for x in input:
                print(x)

            # comment

            print({\"a\": 1})
else:
    include: \"other.smk\"
for i in range(3):
    rule:
        output: f\"{i}.txt\"
        shell: \"touch {output}\"
onstart:
    print(\"hello\")
ruleorder: b > all
localrules: all, b
storage one: provider=\"fs\"
rule empty:
x = 1"
    ));
}

#[test]
fn modules_and_inheritance() {
    insta::assert_snapshot!(outline(
        "\
module m:
    snakefile: \"m.smk\"
    config: config

use rule * from m exclude x, y as m_*
use rule a, b from m as *_new
use rule c as d with:
    output: \"d.txt\"
    threads: 2
use rule e from m with:
    input: \"e.txt\"
"
    ));
}

#[test]
fn all_errors_in_one_pass() {
    insta::assert_snapshot!(refused(
        "\
rule a:
    ouptut: \"x\"
    input: \"a\" , , \"b\"
    input: \"c\"
    params: k=1, \"late\"
    shell \"x\"
rule b
    output: \"x\"
rule c:
    shell: \"x\"
    output: \"y\"
rule d:
    run: pass
    shell: \"x\"
    foo()
    shell:
rule e:
output: \"x\"
workdri: \"x\"
ruleorder: a, b
version = 1
include:
x = \"never
y = )
"
    ));
}

#[test]
fn a_forgotten_bracket_spoils_one_rule_only() {
    insta::assert_snapshot!(refused(
        "rule a:\n    input: expand(\"x\", y=[1, 2\n    output: \"z\"\n\nrule b:\n    ouput: \"x\"\n"
    ));
}

#[test]
fn indentation() {
    insta::assert_snapshot!(refused(
        "rule a:\n    input: \"x\"\n   output: \"y\"\n\nif x:\n        y\n\tz\n"
    ));
}

#[test]
fn other_shapes_that_are_refused() {
    let mut all = String::new();
    for text in [
        "use rule\n",
        "use rule a from\n",
        "use rule * from m with:\n    input: 1\n",
        "module m:\n    config: 1\n",
        "module:\n    snakefile: 's'\n",
        "subworkflow x:\n    workdir: 'y'\n",
        "rule a:\n    version: 1\n",
        "rule a:\n    run:\n",
        "onstart:\n",
        "rule a:\n    input: a=1, a=2\n",
        "x = 'a\\\ny",
        "\\ x\n",
        "rule a:\n    input: 'x'\n    'y' 'z'\n    3\n    x = 2\n",
    ] {
        let found = refused(text);
        assert!(!found.is_empty(), "{text:?} was taken");
        all += &format!("{text}--> {found}\n");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn python_that_looks_like_directives_is_left_alone() {
    for text in [
        "rule = 3\n",
        "container = make()\n",
        "x: int = 3\n",
        "input: list = []\n",
        "print(\n  include\n)\n",
        "match rule:\n    case 1: pass\n",
        "lambda: 0\n",
        "use = 1\n",
    ] {
        let file = parse(text, SourceId(0));
        assert!(file.errors.is_empty(), "{}", errors(text, &file));
        assert!(file.statements.iter().all(|s| matches!(s.kind, StatementKind::Python(_))), "{text}");
    }
}

#[test]
fn a_large_file_is_read_whole() {
    let mut text = String::new();
    for i in 0..20_000 {
        text += &format!(
            "rule r{i}:\n    input: \"a{i}\"\n    output: \"b{i}\"\n    shell:\n        \"cp {{input}} {{output}}\"\n"
        );
    }
    let file = parse(&text, SourceId(0));
    assert!(file.errors.is_empty());
    assert_eq!(file.statements.len(), 20_000);
}
