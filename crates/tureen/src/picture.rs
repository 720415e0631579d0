//! Jobs and rules as boxes and arrows.

use rustc_hash::FxHashSet;
use tureen_draw::{Color, Direction, DrawnBox, Picture, Stroke, kind_color};
use tureen_workflow::job::{JobGraph, JobId, Rules};
use tureen_workflow::plan::Plan;

/// One box per job, dashed if it need not run.
pub(crate) fn of_jobs(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> Picture {
    let colors = colors(rules);
    let mut picture = Picture::new(Direction::TopDown);
    let mut boxes = vec![0; graph.jobs.len()];
    for &job in &graph.order {
        let rule = graph.jobs.rule(job);
        let mut drawn = DrawnBox::new(label(rules, graph, job));
        drawn.color = Some(colors[rule]);
        drawn.group = Some(rules.workflow.rules[rule].name.clone());
        drawn.stroke = if plan.runs(job) { Stroke::Solid } else { Stroke::Dashed };
        boxes[job.index()] = picture.add(drawn);
    }
    for &job in &graph.order {
        let mut seen = FxHashSet::default();
        for (need, _) in graph.needs(job) {
            if seen.insert(need) {
                picture.connect(boxes[need.index()], boxes[job.index()]);
            }
        }
    }
    picture
}

/// One box per rule that has a job.
pub(crate) fn of_rules(rules: &Rules<'_>, graph: &JobGraph) -> Picture {
    let colors = colors(rules);
    let mut picture = Picture::new(Direction::TopDown);
    let mut boxes: Vec<Option<usize>> = vec![None; rules.workflow.rules.len()];
    let mut seen = FxHashSet::default();
    for &job in &graph.order {
        let rule = graph.jobs.rule(job);
        let here = *boxes[rule].get_or_insert_with(|| {
            let mut drawn = DrawnBox::new(rules.workflow.rules[rule].name.clone());
            drawn.color = Some(colors[rule]);
            picture.add(drawn)
        });
        for (need, _) in graph.needs(job) {
            // What a job needs stands before it, so its rule has a box.
            if let Some(from) = boxes[graph.jobs.rule(need)]
                && seen.insert((from, here))
            {
                picture.connect(from, here);
            }
        }
    }
    picture
}

/// The rule's name, and the wildcards that what it needs does not have already.
fn label(rules: &Rules<'_>, graph: &JobGraph, job: JobId) -> String {
    let rule = graph.jobs.rule(job);
    let pairs = |job: JobId| {
        let names = rules.patterns[graph.jobs.rule(job)].wildcards.iter().map(String::as_str);
        names.zip(graph.jobs.values(job)).collect::<Vec<(&str, &str)>>()
    };
    let mut wildcards = pairs(job);
    if !wildcards.is_empty() {
        let known: FxHashSet<(&str, &str)> = graph.needs(job).flat_map(|(need, _)| pairs(need)).collect();
        wildcards.retain(|pair| !known.contains(pair));
    }
    wildcards.sort_unstable();
    let lines = wildcards.iter().map(|(name, value)| format!("\n{name}: {value}"));
    std::iter::once(rules.workflow.rules[rule].name.clone()).chain(lines).collect()
}

/// A colour per rule, the same for the same set of names.
fn colors(rules: &Rules<'_>) -> Vec<Color> {
    let names: Vec<&str> = rules.workflow.rules.iter().map(|rule| rule.name.as_str()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&rule| names[rule]);
    let mut colors = vec![kind_color(0, 1); names.len()];
    for (position, rule) in order.into_iter().enumerate() {
        colors[rule] = kind_color(position, names.len());
    }
    colors
}
