//! Jobs and rules as boxes and arrows.

use rustc_hash::FxHashSet;
use tureen_draw::{Color, Direction, DrawnBox, Picture, Stroke, kind_color};
use tureen_workflow::job::{JobGraph, JobId, Rules};
use tureen_workflow::plan::Plan;
use tureen_workflow::rule::{Input, Rule};
use tureen_workflow::wildcards::files_of;

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

/// One table of input and output patterns per rule that has a job, in Graphviz's language.
pub(crate) fn of_files(rules: &Rules<'_>, graph: &JobGraph) -> String {
    let colors = colors(rules);
    let mut numbers: Vec<Option<usize>> = vec![None; rules.workflow.rules.len()];
    let mut tables = Vec::new();
    let mut arrows = Vec::new();
    let mut seen = FxHashSet::default();
    for &job in &graph.order {
        let number = graph.jobs.rule(job);
        let here = *numbers[number].get_or_insert_with(|| {
            tables.push(table(tables.len(), &rules.workflow.rules[number], &colors[number].hex()));
            tables.len() - 1
        });
        for (need, _) in graph.needs(job) {
            if let Some(from) = numbers[graph.jobs.rule(need)]
                && seen.insert((from, here))
            {
                arrows.push(format!("    {from} -> {here}\n"));
            }
        }
    }
    format!(
        "digraph snakemake_dag {{\n    graph[bgcolor=white, margin=0];\n    node[shape=box, style=rounded, fontname=sans, fontsize=10, penwidth=2];\n    edge[penwidth=2, color=grey];\n{}{}}}",
        tables.concat(),
        arrows.concat()
    )
}

fn table(number: usize, rule: &Rule, color: &str) -> String {
    let mut inputs: Vec<String> = Vec::new();
    for item in &rule.input {
        match &item.value {
            Input::Files(list) => inputs.extend(list.files.iter().map(|file| file.text.clone())),
            _ => inputs.push("<input function>".to_owned()),
        }
    }
    let mut outputs: Vec<String> = files_of(&rule.output).map(|file| file.text.clone()).collect();
    inputs.sort_unstable();
    outputs.sort_unstable();
    let rows = |paths: &[String]| -> String {
        let row = |path: &String| {
            format!("<tr><td align=\"left\"><font face=\"monospace\">{}</font></td></tr>\n", escaped(path))
        };
        paths.iter().map(row).collect()
    };
    let header = |paths: &[String], text: &str| {
        if paths.is_empty() { String::new() } else { format!("<b><font point-size=\"14\">{text}</font></b>") }
    };
    format!(
        "    {number} [ shape=none, margin=0, label=<<table border=\"2\" color=\"{color}\" cellspacing=\"3\" cellborder=\"0\">\n<tr><td><b><font point-size=\"18\">{}</font></b></td></tr>\n<hr/>\n<tr><td align=\"left\"> {} </td></tr>\n{}<hr/>\n<tr><td align=\"right\"> {} </td></tr>\n{}</table>>]\n",
        escaped(&rule.name),
        header(&inputs, "&#8618; input"),
        rows(&inputs),
        header(&outputs, "output &rarr;"),
        rows(&outputs),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The jobs, and the arrows from those that run, for D3.js.
pub(crate) fn d3(rules: &Rules<'_>, graph: &JobGraph, plan: &Plan) -> String {
    let node = |&job: &JobId| {
        let name = &rules.workflow.rules[graph.jobs.rule(job)].name;
        serde_json::json!({
            "id": job.index(),
            "value": { "jobid": job.index(), "label": name, "rule": name },
        })
    };
    let mut edges = Vec::new();
    for &job in &graph.order {
        let mut seen = FxHashSet::default();
        let needs = graph.needs(job).map(|(need, _)| need);
        for need in needs.filter(|&need| plan.runs(need) && seen.insert(need)) {
            edges.push(serde_json::json!({ "u": need.index(), "v": job.index() }));
        }
    }
    let nodes: Vec<serde_json::Value> = graph.order.iter().map(node).collect();
    serde_json::json!({ "nodes": nodes, "edges": edges }).to_string()
}

/// The rule's name, and the wildcards that what it needs does not have already.
pub(crate) fn label(rules: &Rules<'_>, graph: &JobGraph, job: JobId) -> String {
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
