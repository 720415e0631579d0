//! `-n`: the jobs that would run, each with its reason, and the table. Changes nothing on the disk.

use std::collections::BTreeMap;

use tureen_workflow::cache::{Asking, Cache, holds};
use tureen_workflow::graph::priority;
use tureen_workflow::params::complete_view;

use super::load::{self, Planned, planned};
use super::python::with_python;
use super::why::details;
use super::{Ended, run::filled};
use crate::settings::Settings;
use crate::talk::{Further, Talk};
use crate::{exit_code, stats};

pub(super) fn dry_run(settings: &Settings) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let talk = Talk { quiet: settings.quiet, to_stdout: true, print_commands: settings.print_commands };
    let sections = with_python(&reading, |python| {
        let planned = planned(settings, &reading, python)?;
        let Planned { rules, graph, plan, .. } = &planned;
        if plan.is_empty() {
            return Ok(vec![
                "Nothing to be done (all requested files are present and up to date).".to_owned(),
            ]);
        }
        let table = stats::table(rules, graph, plan);
        let mut sections = vec![table.clone()];
        let folder = settings.cache.as_ref().and_then(|cache| cache.folder.as_deref());
        let cache = folder.map(Cache::new);
        let mut is_explained = vec![false; rules.workflow.rules.len()];
        let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for &job in &plan.order {
            let rule = &rules.workflow.rules[graph.jobs.rule(job)];
            let Some(reason) = plan.reason(job) else { continue };
            for kind in reason.kinds() {
                kinds.entry(kind).or_default().push(&rule.name);
            }
            if settings.quiet.rules {
                continue;
            }
            let mut ask = |calls: &[_]| (python.ask)(calls);
            let view = complete_view(rules, graph, job, 1, &settings.limits, &mut ask)
                .map_err(|fault| vec![*fault])?;
            let (command, message) = filled(rules, graph, job, &view, python);
            let number = graph.jobs.rule(job);
            let reason = reason.text(&graph.jobs);
            let further = Further {
                is_checkpoint: rule.is_checkpoint,
                benchmark: graph.benchmark(rules, job),
                priority: priority(rules, graph, job, &mut ask).map_err(|fault| vec![*fault])?,
            };
            let mut section = talk.job(&view, &further, &reason, command.as_deref(), message.as_deref());
            // The jobs of a rule have mostly changed in the same way.
            if !settings.quiet.reason && !std::mem::replace(&mut is_explained[number], true) {
                let details = details(&planned, job, python)?;
                if !details.is_empty() {
                    section.push_str(&format!("\n{}", details.trim_end()));
                }
            }
            sections.push(section);
            if let Some(cache) = cache.as_ref().filter(|_| rule.is_cached) {
                let mut ask = |calls: &[_]| (python.ask)(calls);
                let source =
                    |view: &_| python.source.map_or_else(|| Ok(String::new()), |source| source(view));
                let mut asking = Asking { ask: &mut ask, source: &source };
                // What needs files that are still to be made can't be said yet.
                if let Ok(entries) = cache.entries(rules, graph, job, &settings.limits, &mut asking) {
                    let how = if holds(&entries) { "obtained from" } else { "written to" };
                    sections.extend(entries.iter().map(|entry| {
                        let output = entry.output.display();
                        format!("Output file {output} will be {how} global between-workflow cache.")
                    }));
                }
            }
        }
        if !settings.quiet.rules {
            sections.push(format!("\n{table}"));
        }
        if !settings.quiet.reason {
            let mut text = "Reasons:\n    (check individual jobs above for details)".to_owned();
            for (kind, mut rules) in kinds {
                rules.sort_unstable();
                rules.dedup();
                text.push_str(&format!("\n    {kind}:\n        {}", rules.join(", ")));
            }
            sections.push(text);
        }
        Ok(sections)
    });
    let sections = match sections {
        Ok(sections) => sections,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    };
    let n_sections = sections.len();
    if !settings.quiet.all {
        for section in sections {
            talk.say(&section)?;
        }
        if n_sections > 1 {
            talk.say(
                "This was a dry-run (flag -n). The order of jobs does not reflect the order of execution.",
            )?;
        }
    }
    Ok(exit_code::SUCCESS)
}
