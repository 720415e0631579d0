//! `--summary`: one line per output, in Snakemake's columns.

use std::path::Path;

use tureen_workflow::code::normalised;
use tureen_workflow::plan::is_code_changed;

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::exit_code;
use crate::settings::Settings;
use crate::talk::data;

pub(super) fn summary(settings: &Settings, is_detailed: bool) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let table = with_python(&reading, |python| {
        planned(settings, &reading, python).map(|mut planned| table(&mut planned, is_detailed))
    });
    match table {
        Ok(table) => data(table.as_bytes())?,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    }
    Ok(exit_code::SUCCESS)
}

fn table(planned: &mut Planned<'_>, is_detailed: bool) -> String {
    let Planned { rules, graph, plan, disk, remembered, .. } = planned;
    let mut table = String::from("output_file\tdate\trule\tlog-file(s)\t");
    table.push_str(if is_detailed { "input-file(s)\tshellcmd\tstatus\tplan\n" } else { "status\tplan\n" });
    for &job in graph.order.iter().rev() {
        let number = graph.jobs.rule(job);
        let rule = &rules.workflow.rules[number];
        for (position, &file) in graph.jobs.outputs(job).iter().enumerate() {
            let path = graph.jobs.path(file);
            let memory = remembered.get(path);
            let is_there = disk.exists(path);
            let date = if is_there { date(Path::new(path)) } else { "-".to_owned() };
            let log = memory.map_or("-".to_owned(), |memory| memory.log.join(","));
            let status = if !is_there {
                let is_temp = rules.patterns[number].outputs[position].marks.is_temp;
                if is_temp { "removed temp file" } else { "missing" }
            } else if plan.reason(job).is_some_and(|reason| !reason.updated.is_empty()) {
                "updated input files"
            } else if memory.is_some_and(|memory| {
                let shell = &rules.workflow.shell;
                is_code_changed(memory, rule, shell, &normalised(&rule.action, shell))
            }) {
                "rule implementation changed"
            } else if plan.reason(job).is_some_and(|reason| reason.is_input_changed) {
                "set of input files changed"
            } else if plan.reason(job).is_some_and(|reason| reason.params_change.is_some()) {
                "params changed"
            } else {
                "ok"
            };
            let pending = if plan.runs(job) { "update pending" } else { "no update" };
            table.push_str(&format!("{path}\t{date}\t{}\t{log}\t", rule.name));
            if is_detailed {
                let inputs = memory.map_or("-".to_owned(), |memory| {
                    memory.inputs.iter().map(|input| input.path.as_str()).collect::<Vec<_>>().join(",")
                });
                let shell = memory.map_or("-", |memory| memory.shell.trim()).replace('\n', "; ");
                table.push_str(&format!("{inputs}\t{}\t", if shell.is_empty() { "-" } else { &shell }));
            }
            table.push_str(&format!("{status}\t{pending}\n"));
        }
    }
    table
}

/// The time of a file as C's `ctime` writes it, in this machine's time zone.
fn date(path: &Path) -> String {
    let Ok(modified) = std::fs::metadata(path).and_then(|metadata| metadata.modified()) else {
        return "-".to_owned();
    };
    let seconds = modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let Ok(timestamp) = jiff::Timestamp::from_second(seconds.cast_signed()) else { return "-".to_owned() };
    timestamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%a %b %e %H:%M:%S %Y").to_string()
}
