//! A picture in Graphviz's language, every box of it. Looks as Snakemake 9's `--dag` does:
//! rounded boxes, outlines in colour, grey arrows.
//! Quoting follows <https://graphviz.org/doc/info/lang.html>.

use std::fmt::Write;

use crate::label::is_unprintable;
use crate::picture::{Picture, Shape, Stroke};

/// Writes a picture as a DOT digraph. Boxes are named by their positions.
///
/// ```
/// use tureen_draw::{DrawnBox, Picture, dot};
/// let mut picture = Picture::default();
/// picture.add(DrawnBox::new("all"));
/// assert!(dot(&picture).contains("0[label = \"all\""));
/// ```
pub fn dot(picture: &Picture) -> String {
    let mut out = String::with_capacity(80 * picture.boxes.len() + 20 * picture.arrows.len() + 200);
    let name = picture.title.as_deref().unwrap_or("picture");
    let _ = writeln!(out, "digraph {} {{", quoted(name));
    let _ = writeln!(out, "    graph[bgcolor=white, margin=0, rankdir={}];", picture.direction.rankdir());
    out.push_str("    node[shape=box, style=rounded, fontname=sans, fontsize=10, penwidth=2];\n");
    out.push_str("    edge[penwidth=2, color=grey];\n");
    for (position, drawn) in picture.boxes.iter().enumerate() {
        let _ = write!(out, "    {position}[label = {}", quoted(&drawn.label));
        if let Some(color) = drawn.color {
            let _ = write!(out, ", color = \"{}\"", color.hex());
        }
        if let Some(fill) = drawn.fill {
            let _ =
                write!(out, ", fillcolor = \"{}\", fontcolor = \"{}\"", fill.hex(), fill.text_color().hex());
        }
        if drawn.shape == Shape::Circle {
            out.push_str(", shape = circle");
        }
        let styles: Vec<&str> = [
            (drawn.shape == Shape::Rounded).then_some("rounded"),
            stroke_style(drawn.stroke),
            drawn.fill.map(|_| "filled"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let _ = write!(out, ", style = \"{}\"", styles.join(","));
        if let Some(tooltip) = &drawn.tooltip {
            let _ = write!(out, ", tooltip = {}", quoted(tooltip));
        }
        out.push_str("];\n");
    }
    for arrow in picture.sound_arrows() {
        let _ = write!(out, "    {} -> {}", arrow.from, arrow.to);
        let mut attributes = Vec::new();
        attributes.extend(arrow.label.as_deref().map(|label| format!("label = {}", quoted(label))));
        attributes.extend(stroke_style(arrow.stroke).map(|style| format!("style = \"{style}\"")));
        if !attributes.is_empty() {
            let _ = write!(out, "[{}]", attributes.join(", "));
        }
        out.push('\n');
    }
    out.push_str("}\n");
    out
}

fn stroke_style(stroke: Stroke) -> Option<&'static str> {
    match stroke {
        Stroke::Solid => None,
        Stroke::Dashed => Some("dashed"),
        Stroke::Dotted => Some("dotted"),
    }
}

/// A quoted string that is shown as it is: in a label, Graphviz reads `\` and `&` itself.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            character if is_unprintable(character) => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out.push('"');
    out
}
