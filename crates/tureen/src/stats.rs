//! The table of how many jobs of each rule run, laid out as Snakemake 9.27's.

use rustc_hash::FxHashMap;
use tureen_workflow::job::{JobGraph, Rules};
use tureen_workflow::plan::Plan;

/// `Job stats:` and the table, with a final newline.
pub(crate) fn table(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> String {
    // Rules stand in the order in which their first job could run; those of one level by name.
    let mut levels: FxHashMap<usize, u32> = FxHashMap::default();
    let mut counts: FxHashMap<&str, (u32, u32)> = FxHashMap::default();
    for &job in &plan.order {
        let needs = graph.needs(job).filter_map(|(need, _)| levels.get(&need.index()));
        let level = needs.max().map_or(0, |level| level + 1);
        levels.insert(job.index(), level);
        let entry = counts.entry(&rules.workflow.rules[graph.jobs.rule(job)].name).or_insert((level, 0));
        entry.0 = entry.0.min(level);
        entry.1 += 1;
    }
    let mut rows: Vec<(&str, u32, u32)> =
        counts.into_iter().map(|(name, (level, count))| (name, level, count)).collect();
    rows.sort_unstable_by_key(|&(name, level, _)| (level, name));
    let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max(5);
    let mut table = format!("Job stats:\n{:width$}    count\n{:-<width$}  -------\n", "job", "");
    for (name, _, count) in rows {
        table.push_str(&format!("{name:width$}  {count:>7}\n"));
    }
    table.push_str(&format!("{:width$}  {:>7}\n", "total", plan.order.len()));
    table
}
