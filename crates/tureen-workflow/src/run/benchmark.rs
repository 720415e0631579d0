//! `benchmark:` files: what each repetition of a job used, as the table (or, for `.jsonl`, the lines) that
//! Snakemake 9.27 writes. Knows no process.

use std::io;
use std::path::Path;

use crate::format::repr;
use crate::value::Value;
use crate::work::usage::Usage;

const NAMES: [&str; 10] =
    ["s", "h:m:s", "max_rss", "max_vms", "max_uss", "max_pss", "io_in", "io_out", "mean_load", "cpu_time"];

/// Writes one line for each repetition.
pub(crate) fn write(path: &Path, usages: &[Usage]) -> io::Result<()> {
    let is_json = path.as_os_str().as_encoded_bytes().ends_with(b".jsonl");
    std::fs::write(path, if is_json { json_lines(usages) } else { table(usages) })
}

fn table(usages: &[Usage]) -> String {
    let mut text = NAMES.join("\t");
    text.push('\n');
    for usage in usages {
        let cells = values(usage).map(|value| match value {
            Value::Float(number) => format!("{number:.2}"),
            Value::Str(text) => text,
            _ => "NA".to_owned(),
        });
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

fn json_lines(usages: &[Usage]) -> String {
    let mut text = String::new();
    for usage in usages {
        let mut pairs: Vec<(&str, String)> = NAMES
            .into_iter()
            .zip(values(usage))
            .map(|(name, value)| match value {
                Value::Float(_) => (name, repr(&value)),
                Value::Str(text) => (name, format!("\"{text}\"")),
                _ => (name, "\"NA\"".to_owned()),
            })
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        text.push_str(&format!("{{{}}}\n", pairs.join(", ")));
    }
    text
}

/// The columns' values: sizes in MiB, the load in percent of one core; `None` where unknown.
fn values(usage: &Usage) -> [Value; 10] {
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let mebibytes = |bytes: Option<u64>| {
        bytes.map_or(Value::None, |bytes| Value::Float(bytes as f64 / (1024.0 * 1024.0)))
    };
    let load = usage.cpu_seconds.filter(|_| usage.seconds > 0.0).map(|cpu| 100.0 * cpu / usage.seconds);
    [
        Value::Float((usage.seconds * 1e4).round_ties_even() / 1e4),
        Value::Str(clock(usage.seconds)),
        mebibytes(usage.rss),
        mebibytes(usage.vms),
        mebibytes(usage.uss),
        mebibytes(usage.pss),
        mebibytes(usage.read),
        mebibytes(usage.written),
        load.map_or(Value::None, Value::Float),
        usage.cpu_seconds.map_or(Value::None, Value::Float),
    ]
}

/// `1 day, 2:03:04`, as Python prints a time span; fractions of seconds are left out.
fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time that has passed")]
    let seconds = seconds as u64;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        days => format!("{days} days, {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_as_python_has_them() {
        assert_eq!(clock(0.99), "0:00:00");
        assert_eq!(clock(3_725.0), "1:02:05");
        assert_eq!(clock(86_400.0), "1 day, 0:00:00");
        assert_eq!(clock(200_000.0), "2 days, 7:33:20");
    }

    #[test]
    fn unknown_amounts_are_na() {
        let usage = Usage { seconds: 2.0, cpu_seconds: Some(1.0), rss: Some(3 << 20), ..Usage::default() };
        let line = "2.00\t0:00:02\t3.00\tNA\tNA\tNA\tNA\tNA\t50.00\t1.00\n";
        assert_eq!(table(&[usage]).split_once('\n').unwrap().1, line);
        let json =
            r#"{"cpu_time": 1.0, "h:m:s": "0:00:02", "io_in": "NA", "io_out": "NA", "max_pss": "NA", "#;
        assert!(json_lines(&[usage]).starts_with(json), "{}", json_lines(&[usage]));
    }
}
