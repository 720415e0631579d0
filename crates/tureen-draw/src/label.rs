//! A box's label as it will stand on the page: its lines, shortened where they must be, and the size of
//! the box round them. Knows shapes and text, not places.

use crate::picture::{DrawnBox, Shape};
use crate::text_size;

/// Pixels.
pub(crate) const FONT_SIZE: f64 = 13.0;
pub(crate) const SMALL_FONT_SIZE: f64 = 11.0;
const LINE_HEIGHT: f64 = 17.0;
const SMALL_LINE_HEIGHT: f64 = 15.0;
const MAX_LINE_WIDTH: f64 = 230.0;
const MAX_LINES: usize = 8;
const MIN_CIRCLE: f64 = 42.0;
/// A label wider than this gets a pill instead of a circle.
const MAX_CIRCLE_TEXT: f64 = 52.0;

/// A label laid out in its box.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) lines: Vec<Line>,
    pub(crate) is_shortened: bool,
    /// Of the box round the label.
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// One line of a label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) font_size: f64,
    /// Of the baseline, from the middle of the box downwards.
    pub(crate) baseline: f64,
}

/// Fits a box round its label.
pub(crate) fn fit(drawn: &DrawnBox) -> Fitted {
    let mut is_shortened = false;
    let mut texts: Vec<String> = Vec::new();
    for line in drawn.label.lines() {
        if texts.len() == MAX_LINES {
            texts.pop();
            texts.push("…".to_owned());
            is_shortened = true;
            break;
        }
        let line = printable(line.trim_end());
        let font_size = if texts.is_empty() { FONT_SIZE } else { SMALL_FONT_SIZE };
        match text_size::shortened(&line, font_size, MAX_LINE_WIDTH) {
            Some(short) => {
                is_shortened = true;
                texts.push(short);
            }
            None => texts.push(line),
        }
    }
    let text_height = match texts.len() {
        0 => LINE_HEIGHT,
        n_lines => LINE_HEIGHT + (n_lines - 1) as f64 * SMALL_LINE_HEIGHT,
    };
    let mut text_width: f64 = 0.0;
    let mut top = -text_height / 2.0;
    let mut lines = Vec::with_capacity(texts.len());
    for (position, text) in texts.into_iter().enumerate() {
        let (font_size, height) =
            if position == 0 { (FONT_SIZE, LINE_HEIGHT) } else { (SMALL_FONT_SIZE, SMALL_LINE_HEIGHT) };
        text_width = text_width.max(text_size::width(&text, font_size));
        // A lower-case letter's middle is some 0.36 of the font size above the baseline.
        lines.push(Line { text, font_size, baseline: top + height / 2.0 + 0.36 * font_size });
        top += height;
    }
    let (width, height) = box_size(drawn.shape, text_width, text_height);
    Fitted { lines, is_shortened, width, height }
}

fn box_size(shape: Shape, text_width: f64, text_height: f64) -> (f64, f64) {
    let (width, height) = match shape {
        Shape::Box | Shape::Rounded => ((text_width + 26.0).max(44.0), text_height + 15.0),
        Shape::Circle if text_width <= MAX_CIRCLE_TEXT && text_height <= LINE_HEIGHT => {
            let size = (text_width + 16.0).max(MIN_CIRCLE);
            (size, size)
        }
        Shape::Circle => (text_width + 34.0, text_height + 19.0),
    };
    // Whole, even numbers: lines and middles then fall on whole pixels, and are crisp.
    let even = |length: f64| (length / 2.0).ceil() * 2.0;
    (even(width), even(height))
}

/// The line without what no format can show: a control character becomes U+FFFD, a tab a space.
fn printable(line: &str) -> String {
    line.chars()
        .map(|character| match character {
            '\t' => ' ',
            character if is_unprintable(character) => '\u{fffd}',
            character => character,
        })
        .collect()
}

/// Control characters, and the two code points that XML forbids besides them.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(label: &str, shape: Shape, expected: &[&str]) -> Fitted {
        let fitted = fit(&DrawnBox { shape, ..DrawnBox::new(label) });
        let texts: Vec<&str> = fitted.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, expected);
        for line in &fitted.lines {
            assert!(text_size::width(&line.text, line.font_size) < fitted.width);
            assert!(line.baseline.abs() < fitted.height / 2.0);
        }
        fitted
    }

    #[test]
    fn labels_fit_their_boxes() {
        for shape in [Shape::Box, Shape::Rounded, Shape::Circle] {
            check("", shape, &[]);
            check("boil", shape, &["boil"]);
            check("boil\nsample: a", shape, &["boil", "sample: a"]);
            check("a\u{0}b\u{1b}[0m\tc\r\n", shape, &["a\u{fffd}b\u{fffd}[0m c"]);
            check("漢字 🫛 e\u{301}", shape, &["漢字 🫛 e\u{301}"]);
        }
    }

    #[test]
    fn a_short_function_name_gets_a_circle() {
        let circle = check("add", Shape::Circle, &["add"]);
        assert_eq!(circle.width, circle.height);
        let pill = check("clean_words", Shape::Circle, &["clean_words"]);
        assert!(pill.width > pill.height);
    }

    #[test]
    fn many_lines_and_long_lines_are_shortened() {
        let tall = fit(&DrawnBox::new("line\n".repeat(100_000)));
        assert!(tall.is_shortened && tall.lines.len() == MAX_LINES && tall.height < 200.0);
        let wide = fit(&DrawnBox::new("wide ".repeat(100_000)));
        assert!(wide.is_shortened && wide.width < 300.0);
        assert!(!fit(&DrawnBox::new("peas")).is_shortened);
    }
}
