//! A report on a workflow: its description, its rules with what they took, and the results that it marks.
//!
//! `told → rules → page [content → table]`: what the marks say comes from the evaluator, times from the record, and
//! the page is one HTML text without a script. Reads no file and knows no archive: who writes the page hands the
//! results' content in, one at a time.

mod content;
mod page;
mod rules;
mod table;

use serde::Deserialize;

pub use content::{Content, SHOWN};
pub use page::write;
pub use rules::{RuleStory, rule_stories};

/// What the Snakefile says for the report.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    /// The marked files, in the order of the jobs.
    pub results: Vec<Marked>,
    /// The text of `report:`, rendered.
    pub description: Option<String>,
    /// Names with values, of `--report-metadata`.
    pub metadata: Vec<(String, String)>,
}

/// A file that is marked with `report(...)`, and what the mark says of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Marked {
    /// Where it is.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// Its folder in an archive: what `snakemake.report_href` counts on.
    pub id: String,
    /// Its name within that folder.
    pub filename: String,
    /// The output that it is, or is in.
    pub output: String,
    /// Whether it is the front page of a folder that belongs to it.
    pub is_folder: bool,
    /// What else is in that folder: where it is, and where it is from the folder.
    pub beside: Vec<(String, String)>,
    /// The rule that it is marked in.
    pub rule: String,
    /// `category=`
    pub category: Option<String>,
    /// `subcategory=`
    pub subcategory: Option<String>,
    /// `labels=`
    pub labels: Vec<(String, Option<String>)>,
    /// The job's wildcards, and those of the pattern that found it.
    pub wildcards: Vec<(String, String)>,
    /// `caption=`, rendered.
    pub caption: Option<String>,
}

/// All that a page shows, but for the content of the results.
#[derive(Debug)]
pub struct Report<'r> {
    /// The heading.
    pub title: &'r str,
    /// When and by what it was made.
    pub made: &'r str,
    /// What the Snakefile says.
    pub told: &'r Told,
    /// The rules as a picture (SVG).
    pub picture: &'r str,
    /// The rules.
    pub rules: &'r [RuleStory],
    /// A style sheet of the user's, after ours.
    pub stylesheet: Option<&'r str>,
}

/// Text that is safe between tags and in attributes with double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// A path as a link: all but plain letters and slashes as `%` codes.
pub fn link(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
