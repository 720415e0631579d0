//! A picture in Mermaid's flowchart language, every box of it: for READMEs and notebooks that draw it.
//! What Mermaid would read as its own is written as `#code;` (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write;

use rustc_hash::FxHashMap;

use crate::label::is_unprintable;
use crate::picture::{Direction, DrawnBox, Picture, Shape, Stroke};

/// Writes a picture as a Mermaid flowchart. Boxes are named `b0`, `b1`...
///
/// ```
/// use tureen_draw::{DrawnBox, Picture, mermaid};
/// let mut picture = Picture::default();
/// picture.add(DrawnBox::new("all"));
/// assert_eq!(mermaid(&picture), "flowchart TD\n    b0(\"all\")\n");
/// ```
pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::with_capacity(40 * picture.boxes.len() + 20 * picture.arrows.len() + 100);
    if let Some(title) = &picture.title {
        let title: String = title.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
        let _ = write!(out, "---\ntitle: \"{}\"\n---\n", title.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let direction = match picture.direction {
        Direction::TopDown => "TD",
        direction => direction.rankdir(),
    };
    let _ = writeln!(out, "flowchart {direction}");
    for (position, drawn) in picture.boxes.iter().enumerate() {
        let (open, close) = match drawn.shape {
            Shape::Box => ("[", "]"),
            Shape::Rounded => ("(", ")"),
            Shape::Circle => ("((", "))"),
        };
        let _ = writeln!(out, "    b{position}{open}\"{}\"{close}", escaped(&drawn.label));
    }
    for arrow in picture.sound_arrows() {
        let line = match arrow.stroke {
            Stroke::Solid => "-->",
            Stroke::Dashed | Stroke::Dotted => "-.->",
        };
        let label = arrow.label.as_ref().map(|label| format!("|\"{}\"|", escaped(label))).unwrap_or_default();
        let _ = writeln!(out, "    b{} {line}{label} b{}", arrow.from, arrow.to);
    }
    write_styles(&mut out, &picture.boxes);
    out
}

/// One class for each way boxes look.
fn write_styles(out: &mut String, boxes: &[DrawnBox]) {
    let mut number_of = FxHashMap::default();
    let mut members: Vec<(String, Vec<usize>)> = Vec::new();
    for (position, drawn) in boxes.iter().enumerate() {
        let style = style(drawn);
        if style.is_empty() {
            continue;
        }
        let number = *number_of.entry(style).or_insert_with_key(|style| {
            members.push((style.clone(), Vec::new()));
            members.len() - 1
        });
        members[number].1.push(position);
    }
    for (number, (style, members)) in members.iter().enumerate() {
        let names: Vec<String> = members.iter().map(|position| format!("b{position}")).collect();
        let _ =
            writeln!(out, "    classDef look{number} {style}\n    class {} look{number}", names.join(","));
    }
}

fn style(drawn: &DrawnBox) -> String {
    let mut parts = Vec::new();
    if let Some(fill) = drawn.fill {
        parts.push(format!("fill:{},color:{}", fill.hex(), fill.text_color().hex()));
    }
    if let Some(color) = drawn.color {
        parts.push(format!("stroke:{},stroke-width:2px", color.hex()));
    }
    match drawn.stroke {
        Stroke::Solid => {}
        Stroke::Dashed => parts.push("stroke-dasharray:6 4".to_owned()),
        Stroke::Dotted => parts.push("stroke-dasharray:2 3".to_owned()),
    }
    parts.join(",")
}

/// As the text of a quoted label, shown as it is.
fn escaped(label: &str) -> String {
    let mut out = String::with_capacity(label.len() + 8);
    for (position, line) in label.lines().enumerate() {
        if position > 0 {
            out.push_str("<br/>");
        }
        // A line like `1. boil` or `- peas` would be read as a list.
        let mark = line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let list_mark = line.len() - mark;
        for (place, character) in line.char_indices() {
            let before = line[..place].chars().next_back();
            let after = line[place + character.len_utf8()..].chars().next();
            let is_inside_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
            let must_escape = match character {
                '"' | '#' | '&' | '<' | '>' | '`' | '*' | '\\' => true,
                '_' | '~' => !(is_inside_word(before) && is_inside_word(after)),
                '.' | ')' | '-' | '+' => place == list_mark,
                _ => false,
            };
            if must_escape {
                let _ = write!(out, "#{};", u32::from(character));
            } else if is_unprintable(character) {
                out.push(if character == '\t' { ' ' } else { '\u{fffd}' });
            } else {
                out.push(character);
            }
        }
    }
    // An empty label would be a syntax error.
    if out.is_empty() { " ".to_owned() } else { out }
}
