//! What is, and what is no, reason to run again when nothing on the disk has changed.

use crate::folder::Folder;

#[test]
fn params_that_follow_from_resources_are_no_reason_to_run_again() {
    let folder = Folder::with(
        "rule a:\n    output: 'a.txt'\n    resources: mem_mb=lambda wildcards, attempt: 100\n    params: m=lambda wildcards, resources: resources.mem_mb, n=lambda wildcards: config.get('number', 1)\n    shell: 'echo {params.m} > {output}'\n",
    );
    folder.succeed(&["-c2"]);
    assert_eq!(folder.read("a.txt"), "100\n");
    let again = |words: &[&str]| folder.succeed(words).0;
    assert!(again(&["-n"]).contains("Nothing to be done"));
    assert!(again(&["-n", "--set-resources", "a:mem_mb=200"]).contains("Nothing to be done"));
    assert!(again(&["-n", "--config", "number=2"]).contains("Params have changed"));
}
