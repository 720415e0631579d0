//! How wide text is, and how a line that is too long is shortened.
//! Measured with the typeface that PNGs are drawn with (Noto Sans). In an SVG the reader's machine may
//! choose another; the usual ones (Helvetica, Arial, Segoe UI, Liberation Sans) are narrower.

use std::sync::OnceLock;

use ttf_parser::Face;
use unicode_width::UnicodeWidthChar;

const ELLIPSIS: char = '…';

/// The width of a line in pixels at this font size. Characters that the typeface lacks are guessed
/// from their width in a terminal.
pub(crate) fn width(line: &str, font_size: f64) -> f64 {
    line.chars().map(char_width).sum::<f64>() * font_size
}

/// The line, or its beginning and its end with an ellipsis between when it is wider than `max_width`:
/// of paths and long names the end tells as much as the beginning.
pub(crate) fn shortened(line: &str, font_size: f64, max_width: f64) -> Option<String> {
    // A line is at most this long in characters before it is looked at closely, so that a label of
    // megabytes costs no more than it must.
    if line.len() <= 16 || width(line, font_size) <= max_width {
        return None;
    }
    let room = (max_width / font_size - char_width(ELLIPSIS)).max(2.0);
    let head = fitting_bytes(line.chars(), room * 0.6);
    let tail = fitting_bytes(line.chars().rev(), room * 0.4);
    let tail_start = (line.len() - tail).max(head);
    let (head, tail) = (&line[..head], &line[tail_start..]);
    // An accent belongs to the letter before it: without that, it goes too.
    let tail = tail.trim_start_matches(|c: char| c.width() == Some(0));
    Some(format!("{}{ELLIPSIS}{}", head.trim_end(), tail.trim_start()))
}

/// How many bytes of these characters fit into `room` (in units of the font size).
fn fitting_bytes(chars: impl Iterator<Item = char>, room: f64) -> usize {
    let mut used = 0.0;
    let mut bytes = 0;
    for character in chars {
        used += char_width(character);
        if used > room {
            break;
        }
        bytes += character.len_utf8();
    }
    bytes
}

/// In units of the font size.
fn char_width(character: char) -> f64 {
    static ASCII: OnceLock<[f64; 128]> = OnceLock::new();
    let ascii = ASCII.get_or_init(|| {
        let mut widths = [0.0; 128];
        for (code, width) in widths.iter_mut().enumerate() {
            *width = from_face(char::from(code as u8)).unwrap_or(0.6);
        }
        widths
    });
    if let Some(width) = ascii.get(character as usize) {
        return *width;
    }
    match character.width() {
        Some(0) => 0.0,
        Some(columns) => from_face(character).unwrap_or(columns as f64 * 0.6),
        None => 0.6,
    }
}

fn from_face(character: char) -> Option<f64> {
    let face = face();
    let glyph = face.glyph_index(character)?;
    Some(f64::from(face.glyph_hor_advance(glyph)?) / f64::from(face.units_per_em()))
}

/// Whether the typeface can show this text.
pub(crate) fn can_show(text: &str) -> bool {
    text.chars()
        .all(|character| character.width().unwrap_or(0) == 0 || face().glyph_index(character).is_some())
}

fn face() -> &'static Face<'static> {
    static FACE: OnceLock<Face<'static>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(notosans::REGULAR_TTF, 0).expect("the embedded typeface can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_and_size() {
        assert_eq!(width("", 13.0), 0.0);
        assert!(width("mmm", 13.0) > width("iii", 13.0));
        assert_eq!(width("peas", 26.0), 2.0 * width("peas", 13.0));
        // A letter with a combining accent is as wide as the letter.
        assert_eq!(width("e\u{301}", 10.0), width("e", 10.0));
        assert!(width("漢字", 10.0) >= 2.0 * width("n", 10.0));
    }

    #[test]
    fn the_typeface_shows_latin_greek_and_cyrillic() {
        assert!(can_show("soupe à l'oignon Σούπα борщ × … e\u{301}\n\u{0}"));
        assert!(!can_show("漢"));
        assert!(!can_show("🥣"));
    }

    #[test]
    fn a_short_line_stays() {
        assert_eq!(shortened("", 13.0, 200.0), None);
        assert_eq!(shortened("results/a.txt", 13.0, 200.0), None);
    }

    #[test]
    fn a_long_line_keeps_both_ends() {
        let line = format!("results/{}/genome.bam", "deep/".repeat(40));
        let short = shortened(&line, 13.0, 200.0).unwrap();
        assert!(short.starts_with("results/") && short.ends_with("bam") && short.contains('…'), "{short}");
        assert!(width(&short, 13.0) <= 200.0);
    }

    #[test]
    fn shortening_never_cuts_a_character() {
        for line in [
            "漢".repeat(300),
            "e\u{301}".repeat(300),
            "🫛🥣".repeat(100),
            "\u{301}".repeat(300) + &"x".repeat(99),
        ] {
            let short = shortened(&line, 13.0, 100.0).unwrap();
            assert!(width(&short, 13.0) <= 100.0, "{short}");
        }
    }
}
