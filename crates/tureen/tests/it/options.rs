//! Every option of Snakemake's own `--help` is taken or refused in plain words, and `docs/snakemake.md` says which.

use std::fs;
use std::path::Path;

use crate::folder::{Folder, texts};

/// Options as Snakemake's parser has them: names, how many values, a value to try.
const OPTIONS: &str = include_str!("snakemake_options.txt");

const SNAKEFILE: &str = "
rule b:
    input: 'a.txt'

rule a:
    output: 'a.txt'
    shell: 'touch {output}'
";

#[test]
fn every_option_of_snakemake_is_taken_or_refused_by_name() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/snakemake.md")).unwrap();
    let mut wrong = Vec::new();
    let mut n_options = 0;
    for line in OPTIONS.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split(' ');
        let (Some(names), Some(_kind)) = (parts.next(), parts.next()) else { continue };
        let value = parts.next();
        for name in names.split(',') {
            n_options += 1;
            let is_refused = match fate(name, value) {
                Ok(is_refused) => is_refused,
                Err(said) => {
                    wrong.push(format!("{name}: {said}"));
                    continue;
                }
            };
            let word = if is_refused { "refused" } else { "same" };
            let cells = document.lines().map(|row| row.split(" | ").collect::<Vec<&str>>());
            let mut rows = cells.filter(|cells| cells[0].starts_with("| ") && cells.len() > 1);
            let row = rows.find(|cells| cells[0].contains(&format!("`{name}`")));
            match row.map(|cells| cells[1]) {
                Some(verdict) if verdict == word || (verdict == "differs" && !is_refused) => {}
                Some(verdict) => {
                    wrong.push(format!("{name}: docs/snakemake.md says {verdict}, it is {word}"))
                }
                None => wrong.push(format!("{name}: not in docs/snakemake.md ({word})")),
            }
        }
    }
    assert!(n_options > 150, "the list is read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether an option is refused; what was said, if it was neither taken nor refused by name.
fn fate(name: &str, value: Option<&str>) -> Result<bool, String> {
    let folder = Folder::with(SNAKEFILE);
    folder.write("config.yaml", "key: 2\n");
    folder.write("list", "Snakefile\n");
    let mut words = vec!["-n"];
    words.push(name);
    words.extend(value);
    if name == "--deploy-sources" {
        words.push("y");
    }
    if name == "--report-after-run" {
        words.push("--report");
    }
    let output = folder.run(&words);
    let (_, error) = texts(&output);
    match output.status.code() {
        Some(2) if error.contains("is not supported\nhint: ") => Ok(true),
        // Nothing is on record of what was to be forgotten.
        Some(0) => Ok(false),
        Some(1) if name == "--cleanup-metadata" || name == "--cm" => Ok(false),
        Some(1) if name == "--lint" => Ok(false),
        _ => Err(error),
    }
}
