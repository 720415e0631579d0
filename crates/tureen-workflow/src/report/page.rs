//! The page: one HTML text, written piece by piece, so that no more than one result is held.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::content::{Content, shown};
use super::{Marked, Report, RuleStory, escaped};

/// How each page starts.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

/// Categories with subcategories with results; what has no name comes last.
type Sorted<'m> = BTreeMap<(bool, &'m str), BTreeMap<(bool, &'m str), Vec<&'m Marked>>>;

/// Writes the page; asks for the content of each result when its turn comes.
///
/// # Errors
/// What can't be read or written.
pub fn write(
    out: &mut dyn Write,
    report: &Report<'_>,
    date: &dyn Fn(f64) -> String,
    read: &mut dyn FnMut(&Marked) -> io::Result<Content>,
) -> io::Result<()> {
    let title = escaped(report.title);
    write!(out, "{HEAD}<title>{title}</title>\n<style>\n{}</style>\n", include_str!("page.css"))?;
    if let Some(own) = report.stylesheet {
        // Nothing else can end the element.
        writeln!(out, "<style>\n{}\n</style>", own.replace("</", "<\\/"))?;
    }
    writeln!(out, "</head>\n<body>\n<h1>{title}</h1>\n<p class=\"made\">{}</p>", escaped(report.made))?;
    let sorted = sorted(&report.told.results);
    write!(out, "<nav>")?;
    for (number, ((_, category), _)) in sorted.iter().enumerate() {
        write!(out, "<a href=\"#category-{number}\">{}</a>", escaped(category))?;
    }
    writeln!(out, "<a href=\"#rules\">Rules</a></nav>")?;
    if let Some(text) = &report.told.description {
        writeln!(out, "<div class=\"text\">{}</div>", escaped(text.trim()))?;
    }
    pairs(out, report.told.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    for (number, ((_, category), parts)) in sorted.iter().enumerate() {
        writeln!(out, "<h2 id=\"category-{number}\">{}</h2>", escaped(category))?;
        for ((has_no_name, subcategory), results) in parts {
            if !has_no_name {
                writeln!(out, "<h3>{}</h3>", escaped(subcategory))?;
            }
            for &marked in results {
                result(out, marked, &read(marked)?)?;
            }
        }
    }
    writeln!(out, "<h2 id=\"rules\">Rules</h2>\n{}", report.picture)?;
    statistics(out, report.rules, date)?;
    for rule in report.rules {
        about_rule(out, rule)?;
    }
    writeln!(out, "</body>\n</html>")
}

fn sorted(results: &[Marked]) -> Sorted<'_> {
    let mut sorted = Sorted::new();
    for marked in results {
        let category = named(marked.category.as_deref());
        let subcategory = named(marked.subcategory.as_deref());
        sorted.entry(category).or_default().entry(subcategory).or_default().push(marked);
    }
    for results in sorted.values_mut().flat_map(BTreeMap::values_mut) {
        results.sort_by(|one, other| one.name.cmp(&other.name));
    }
    sorted
}

fn named(name: Option<&str>) -> (bool, &str) {
    (name.is_none(), name.unwrap_or("Other"))
}

fn result(out: &mut dyn Write, marked: &Marked, content: &Content) -> io::Result<()> {
    writeln!(out, "<section class=\"result\">\n<h4>{}</h4>", escaped(&marked.name))?;
    let labels = marked.labels.iter();
    pairs(out, labels.map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or(""))))?;
    if let Some(caption) = marked.caption.as_deref().map(str::trim).filter(|caption| !caption.is_empty()) {
        writeln!(out, "<div class=\"text\">{}</div>", escaped(caption))?;
    }
    writeln!(out, "{}", shown(marked, content))?;
    let wildcards: Vec<String> =
        marked.wildcards.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    let of = format!("{}, rule {}{}", marked.path, marked.rule, wildcards.concat());
    writeln!(out, "<p class=\"of\">{}</p>\n</section>", escaped(&of))
}

/// Names with values, if there are any.
fn pairs<'p>(
    out: &mut dyn Write,
    pairs: impl ExactSizeIterator<Item = (&'p str, &'p str)>,
) -> io::Result<()> {
    if pairs.len() == 0 {
        return Ok(());
    }
    write!(out, "<table>")?;
    for (name, value) in pairs {
        write!(out, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value))?;
    }
    writeln!(out, "</table>")
}

fn statistics(out: &mut dyn Write, rules: &[RuleStory], date: &dyn Fn(f64) -> String) -> io::Result<()> {
    writeln!(
        out,
        "<table>\n<tr><th>rule</th><th>jobs</th><th>shortest (s)</th><th>mean (s)</th><th>longest (s)</th><th>all (s)</th><th>first start</th><th>last end</th></tr>"
    )?;
    for rule in rules {
        write!(out, "<tr><td>{}</td><td class=\"number\">{}</td>", escaped(&rule.name), rule.n_jobs)?;
        if rule.seconds.is_empty() {
            writeln!(out, "</tr>")?;
            continue;
        }
        let all: f64 = rule.seconds.iter().sum();
        let shortest = rule.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let longest = rule.seconds.iter().copied().fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a mean of so many jobs needs no last digit")]
        let mean = all / rule.seconds.len() as f64;
        for seconds in [shortest, mean, longest, all] {
            write!(out, "<td class=\"number\">{seconds:.2}</td>")?;
        }
        writeln!(
            out,
            "<td>{}</td><td>{}</td></tr>",
            escaped(&date(rule.started)),
            escaped(&date(rule.ended))
        )?;
    }
    writeln!(out, "</table>")
}

fn about_rule(out: &mut dyn Write, rule: &RuleStory) -> io::Result<()> {
    writeln!(out, "<details><summary>{}</summary>", escaped(&rule.name))?;
    let (inputs, outputs) = (rule.inputs.join("\n"), rule.outputs.join("\n"));
    let parts = [("input", &inputs), ("output", &outputs), ("does", &rule.code)];
    for (word, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "<p class=\"of\">{word}</p><pre>{}</pre>", escaped(text))?;
    }
    writeln!(out, "</details>")
}
