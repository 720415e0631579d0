//! A picture as SVG: self-contained, and readable on a light page and on a dark one (the page shows
//! through; boxes have their own light fill, lines a grey that stands out from both).
//! No `<style>` and no ids: several pictures in one notebook would share them.

use std::fmt::Write;

use crate::color::{Color, INK, WHITE};
use crate::group::group;
use crate::label::{Fitted, fit, is_unprintable};
use crate::layout::{Layout, Sketch, lay_out};
use crate::picture::{Arrow, Direction, DrawnBox, Picture, Shape, Stroke};
use crate::route::{Point, Route};
use crate::text_size;

/// The typeface that everything is measured and PNGs are drawn with stands first.
const FONTS: &str = "Noto Sans, Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
const GREY: Color = Color::new(0x7b, 0x87, 0x94);
const PALE: Color = Color::new(0xf3, 0xf5, 0xf7);
const MARGIN: f64 = 12.0;
const TITLE_SIZE: f64 = 15.0;
const NOTE_SIZE: f64 = 11.0;
/// A longer label of an arrow is shortened.
const MAX_ARROW_LABEL: f64 = 160.0;
const HEAD_LENGTH: f64 = 8.0;
const HEAD_HALF_WIDTH: f64 = 3.6;

/// Draws a picture as an SVG document. Any picture can be drawn, also an empty one.
///
/// More than 2,000 boxes, or more than 250 like ones side by side, are grouped: like boxes become one
/// with their number, and the picture says so. Lengths are CSS pixels.
///
/// ```
/// use tureen_draw::{DrawnBox, Picture, svg};
/// let mut picture = Picture::default();
/// picture.add(DrawnBox::new("pea soup"));
/// assert!(svg(&picture).contains(">pea soup</text>"));
/// ```
pub fn svg(picture: &Picture) -> String {
    let grouped = group(picture);
    let picture = grouped.picture.as_ref();
    let arrows: Vec<&Arrow> = picture.sound_arrows().collect();
    let fitted: Vec<Fitted> = picture.boxes.iter().map(fit).collect();
    let layout = lay_out(&Sketch {
        sizes: fitted.iter().map(|fitted| (fitted.width, fitted.height)).collect(),
        arrows: arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect(),
        direction: picture.direction,
        label_room: label_room(picture.direction, &arrows),
    });
    let note = match (&grouped.note, picture.boxes.is_empty()) {
        (None, true) => Some("nothing to draw".to_owned()),
        (note, _) => note.clone(),
    };
    Sheet::new(picture.title.as_deref(), note.as_deref(), &layout).draw(picture, &arrows, &fitted, &layout)
}

/// How much farther apart layers must be for the labels of arrows.
fn label_room(direction: Direction, arrows: &[&Arrow]) -> f64 {
    let labels = arrows.iter().filter_map(|arrow| arrow.label.as_deref());
    let room = |label| match direction.is_sideways() {
        true => text_size::width(label, NOTE_SIZE).min(MAX_ARROW_LABEL),
        false => 14.0,
    };
    labels.map(room).fold(0.0, f64::max)
}

/// The whole drawing: where the layout stands on it, and what is written above and below.
struct Sheet {
    width: f64,
    height: f64,
    corner: Point,
    title: Option<String>,
    note: Option<String>,
}

impl Sheet {
    fn new(title: Option<&str>, note: Option<&str>, layout: &Layout) -> Sheet {
        let one_line = |text: &str, size: f64| {
            let line: String = text.lines().collect::<Vec<_>>().join(" ");
            text_size::shortened(&line, size, 600.0).unwrap_or(line)
        };
        let title = title.map(|title| one_line(title, TITLE_SIZE));
        let note = note.map(|note| one_line(note, NOTE_SIZE));
        let title_width = title.as_ref().map_or(0.0, |title| text_size::width(title, TITLE_SIZE));
        let note_width = note.as_ref().map_or(0.0, |note| text_size::width(note, NOTE_SIZE));
        let inner = layout.width.max(title_width).max(note_width).ceil();
        let above = if title.is_some() { TITLE_SIZE + 14.0 } else { 0.0 };
        let below = if note.is_some() { NOTE_SIZE + 12.0 } else { 0.0 };
        Sheet {
            width: inner + 2.0 * MARGIN,
            height: (layout.height + above + below).ceil() + 2.0 * MARGIN,
            corner: Point { x: MARGIN + ((inner - layout.width) / 2.0).floor(), y: MARGIN + above },
            title,
            note,
        }
    }

    fn draw(&self, picture: &Picture, arrows: &[&Arrow], fitted: &[Fitted], layout: &Layout) -> String {
        let (width, height) = (self.width, self.height);
        let mut out = String::with_capacity(300 * (fitted.len() + arrows.len()) + 500);
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\" font-size=\"13\" \
             style=\"max-width:100%;height:auto\">"
        );
        if let Some(title) = &self.title {
            let _ = writeln!(out, "<title>{}</title>", escaped(title));
            write_words(&mut out, title, TITLE_SIZE, Point { x: width / 2.0, y: MARGIN + TITLE_SIZE }, GREY);
        }
        let _ = writeln!(
            out,
            "<g fill=\"none\" stroke=\"{}\" stroke-width=\"1.4\" stroke-linecap=\"round\">",
            GREY.hex()
        );
        for (arrow, route) in &layout.routes {
            self.write_line(&mut out, route, arrows[*arrow].stroke);
        }
        let _ = writeln!(out, "</g>\n<g fill=\"{}\">", GREY.hex());
        for (_, route) in &layout.routes {
            self.write_head(&mut out, route);
        }
        out.push_str("</g>\n<g stroke-width=\"1.4\" text-anchor=\"middle\">\n");
        for ((drawn, fitted), middle) in picture.boxes.iter().zip(fitted).zip(&layout.middles) {
            write_box(&mut out, drawn, fitted, middle.moved(self.corner));
        }
        out.push_str("</g>\n");
        for (arrow, route) in &layout.routes {
            if let Some(label) = &arrows[*arrow].label {
                let label =
                    text_size::shortened(label, NOTE_SIZE, MAX_ARROW_LABEL).unwrap_or_else(|| label.clone());
                let at = route.middle().moved(self.corner);
                let half = text_size::width(&label, NOTE_SIZE) / 2.0;
                let at = match picture.direction.is_sideways() {
                    true => Point { x: at.x, y: at.y - 5.0 },
                    false => Point { x: at.x + half + 6.0, y: at.y + 4.0 },
                };
                write_words(&mut out, &label, NOTE_SIZE, at, GREY);
            }
        }
        if let Some(note) = &self.note {
            write_words(&mut out, note, NOTE_SIZE, Point { x: width / 2.0, y: height - MARGIN }, GREY);
        }
        out.push_str("</svg>\n");
        out
    }

    /// The line up to where the arrow's head begins.
    fn write_line(&self, out: &mut String, route: &Route, stroke: Stroke) {
        let Some((last, curves)) = route.curves.split_last() else { return };
        let start = route.start.moved(self.corner);
        let _ = write!(out, "<path d=\"M{},{}", number(start.x), number(start.y));
        let mut write_curve = |points: [Point; 3]| {
            let [one, two, end] = points.map(|point| point.moved(self.corner));
            let parts = [one.x, one.y, two.x, two.y, end.x, end.y].map(number);
            let _ =
                write!(out, "C{},{} {},{} {},{}", parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
        };
        curves.iter().for_each(|curve| write_curve(*curve));
        let back = head_base(route);
        write_curve([
            last[0],
            back.moved(Point { x: last[1].x - last[2].x, y: last[1].y - last[2].y }),
            back,
        ]);
        let _ = writeln!(out, "\"{}/>", dashes(stroke));
    }

    fn write_head(&self, out: &mut String, route: &Route) {
        let (tip, base) = (route.end().moved(self.corner), head_base(route).moved(self.corner));
        // Across the arrow, half as far as the head is wide.
        let share = HEAD_HALF_WIDTH / HEAD_LENGTH;
        let across = Point { x: (tip.y - base.y) * share, y: (base.x - tip.x) * share };
        let parts =
            [tip.x, tip.y, base.x + across.x, base.y + across.y, base.x - across.x, base.y - across.y]
                .map(number);
        let _ = writeln!(
            out,
            "<path d=\"M{},{}L{},{} {},{}Z\"/>",
            parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
        );
    }
}

fn head_base(route: &Route) -> Point {
    let (end, before) = (route.end(), route.before_end());
    let length = (end.x - before.x).hypot(end.y - before.y).max(f64::MIN_POSITIVE);
    end.towards(before, HEAD_LENGTH / length)
}

fn write_box(out: &mut String, drawn: &DrawnBox, fitted: &Fitted, middle: Point) {
    let fill = drawn.fill.or(drawn.color.map(|color| color.mixed(WHITE, 0.84))).unwrap_or(PALE);
    let outline = drawn.color.or(drawn.fill.map(|fill| fill.mixed(INK, 0.3))).unwrap_or(GREY);
    let tooltip = match (&drawn.tooltip, fitted.is_shortened) {
        (Some(tooltip), false) => Some(tooltip.clone()),
        (Some(tooltip), true) => Some(format!("{}\n{tooltip}", drawn.label)),
        (None, true) => Some(drawn.label.clone()),
        (None, false) => None,
    };
    out.push_str("<g>");
    if let Some(tooltip) = tooltip {
        let _ = write!(out, "<title>{}</title>", escaped(&tooltip));
    }
    let (width, height) = (fitted.width, fitted.height);
    let radius = match drawn.shape {
        Shape::Box => 0.0,
        Shape::Rounded => 7.0,
        Shape::Circle => height / 2.0,
    };
    let _ = write!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"{}\" stroke=\"{}\"{}/>",
        number(middle.x - width / 2.0),
        number(middle.y - height / 2.0),
        fill.hex(),
        outline.hex(),
        dashes(drawn.stroke),
    );
    let ink = fill.text_color();
    for (position, line) in fitted.lines.iter().enumerate() {
        let color = if position == 0 { ink } else { ink.mixed(fill, 0.22) };
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\">{}</text>",
            number(middle.x),
            number(middle.y + line.baseline),
            line.font_size,
            color.hex(),
            escaped(&line.text),
        );
    }
    out.push_str("</g>\n");
}

fn write_words(out: &mut String, words: &str, size: f64, at: Point, color: Color) {
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
        number(at.x),
        number(at.y),
        color.hex(),
        escaped(words),
    );
}

fn dashes(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Solid => "",
        Stroke::Dashed => " stroke-dasharray=\"6 4\"",
        Stroke::Dotted => " stroke-dasharray=\"0.1 4\" stroke-linecap=\"round\"",
    }
}

/// To a tenth of a pixel.
fn number(value: f64) -> f64 {
    // Adding zero makes a negative zero a plain one.
    (value * 10.0).round() / 10.0 + 0.0
}

/// As text in XML. What XML forbids becomes U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            character if is_unprintable(character) => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}
