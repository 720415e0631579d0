//! Workflows made by hand, planned on a folder with chosen files: which jobs, in which order, and why; and what
//! is said when they can't be made.

mod made;

use made::{Made, rule};

#[test]
fn a_chain_runs_from_its_first_missing_file() {
    let made =
        Made::new(vec![rule("all", &["c"], &[]), rule("ab", &["a"], &["b"]), rule("bc", &["b"], &["c"])]);
    made.file("a", 1);
    made.check(
        &[],
        &[
            "ab: Missing output files: b",
            "bc: Missing output files: c; Input files updated by another job: b",
            "all: Input files updated by another job: c",
        ],
    );
    made.file("b", 2);
    made.file("c", 3);
    made.check(&[], &[]);
    // An intermediate file that nobody needs now is not remade.
    made.remove("b");
    made.check(&[], &[]);
    // But what is before it still counts.
    made.file("a", 4);
    made.check(
        &[],
        &[
            "ab: Missing output files: b; Updated input files: a",
            "bc: Input files updated by another job: b",
            "all: Input files updated by another job: c",
        ],
    );
}

#[test]
fn a_job_with_wildcards_is_made_once() {
    let made = Made::new(vec![
        rule("all", &["x.3", "y.3", "x.2"], &[]),
        rule("two", &["{s}.1"], &["{s}.2"]),
        rule("three", &["{s}.2"], &["{s}.3"]),
    ]);
    made.file("x.1", 1);
    made.file("y.1", 1);
    assert_eq!(made.jobs(&[]), ["two(x)", "three(x)", "two(y)", "three(y)", "all()"]);
    assert_eq!(made.jobs(&["y.2"]), ["two(y)"]);
}

#[test]
fn a_rule_whose_inputs_cannot_be_made_is_no_candidate() {
    let made =
        Made::new(vec![rule("first", &["no.such"], &["{x}.out"]), rule("second", &["in"], &["{x}.out"])]);
    made.file("in", 1);
    assert_eq!(made.jobs(&["a.out"]), ["second(a)"]);
}

#[test]
fn rule_order_decides_and_a_rule_without_wildcards_goes_first() {
    let mut made = Made::new(vec![
        rule("wild", &[], &["{x}.out"]),
        rule("plain", &[], &["a.out"]),
        rule("other", &[], &["{y}.out"]),
    ]);
    assert_eq!(made.jobs(&["a.out"]), ["plain()"]);
    assert!(made.error(&["b.out"]).starts_with("rules `wild` and `other` can both make `b.out`"));
    made.workflow.rule_orders.push(vec!["other".into(), "wild".into()]);
    assert_eq!(made.jobs(&["b.out"]), ["other(b)"]);
}

#[test]
fn circles_are_named_by_their_files() {
    let made =
        Made::new(vec![rule("ab", &["a"], &["b"]), rule("bc", &["b"], &["c"]), rule("ca", &["c"], &["a"])]);
    assert!(
        made.error(&["c"])
            .starts_with("the files need each other in a circle: `c` needs `b` needs `a` needs `c`")
    );
    let made = Made::new(vec![rule("self", &["a"], &["a"])]);
    assert!(made.error(&["a"]).starts_with("the files need each other in a circle: `a` needs `a`"));
}

#[test]
fn a_rule_that_can_feed_itself_is_found_out() {
    let made = Made::new(vec![rule("sort", &["{x}.sorted"], &["{x}"])]);
    assert!(made.error(&["a"]).contains("rule `sort` can make its own input, over and over"));
}

#[test]
fn a_rule_that_can_feed_itself_with_longer_folders_is_passed_by() {
    let made = Made::new(vec![
        rule("map", &["reads/{x}.fq"], &["mapped/raw/{x}.bam", "mapped/dup/{x}.bam"]),
        rule("sort", &["mapped/raw/{x}.bam", "mapped/dup/{x}.bam"], &["mapped/{x}.bam"]),
    ]);
    made.file("reads/a.fq", 1);
    assert_eq!(made.jobs(&["mapped/a.bam"]), ["map(a)", "sort(a)"]);
    assert!(made.error(&["mapped/b.bam"]).contains("no rule makes `reads/b.fq`"));
}

#[test]
fn a_missing_input_names_who_needs_it_and_what_is_near() {
    let made = Made::new(vec![rule("ab", &["sampel.txt", "zzz"], &["b"])]);
    made.file("sample.txt", 1);
    let error = made.error(&["b"]);
    assert!(error.starts_with("no rule makes `sampel.txt`, and it does not exist"), "{error}");
    assert!(error.contains("did you mean `sample.txt`, which exists?"), "{error}");
    assert!(error.contains("the same job lacks `zzz` as well"), "{error}");
    let error = made.error(&["c"]);
    assert!(error.starts_with("no rule makes `c`, and no such file or rule exists"), "{error}");
}

#[test]
fn a_chain_of_100_000_and_a_fan_of_100_000_are_planned() {
    let made = Made::new(vec![rule("next", &[], &["{i}.x"])]);
    let targets: Vec<String> = (0..100_000).map(|i| format!("{i}.x")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    assert_eq!(made.jobs(&targets).len(), 100_000);
    let names: Vec<String> = (0..=100_000).map(|i| format!("f{i}")).collect();
    let rules = (0..100_000).map(|i| rule(&format!("r{i}"), &[&names[i]], &[&names[i + 1]])).collect();
    let made = Made::new(rules);
    made.file("f0", 1);
    assert_eq!(made.jobs(&["f100000"]).len(), 100_000);
}
