//! How the content of a result is shown: pictures, pages in a frame of their own, tables, text; else a link.
//! Nothing of a result becomes part of the report's own page unescaped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Marked, escaped, table};

/// Text longer than this is not shown, but can be saved.
const MOST_TEXT: usize = 1 << 18;

/// Where the content of a result is.
#[derive(Debug)]
pub enum Content {
    /// Here.
    Embedded(Vec<u8>),
    /// In a file beside the page: its link, and its start, as far as text is shown.
    Beside(String, Vec<u8>),
    /// Nowhere: why.
    Left(String),
}

/// How many bytes of a file beside the page are worth handing in.
pub const SHOWN: u64 = MOST_TEXT as u64 + 1;

enum Kind {
    Picture,
    Page,
    Table(char),
    Other,
}

/// The kind of a file and its media type, by its name's end.
fn kind_of(name: &str) -> (Kind, &'static str) {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    match end.as_str() {
        "png" => (Kind::Picture, "image/png"),
        "jpg" | "jpeg" => (Kind::Picture, "image/jpeg"),
        "gif" => (Kind::Picture, "image/gif"),
        "webp" => (Kind::Picture, "image/webp"),
        "svg" => (Kind::Picture, "image/svg+xml"),
        "html" | "htm" => (Kind::Page, "text/html"),
        "csv" => (Kind::Table(','), "text/csv"),
        "tsv" => (Kind::Table('\t'), "text/tab-separated-values"),
        "pdf" => (Kind::Other, "application/pdf"),
        "json" => (Kind::Other, "application/json"),
        _ => (Kind::Other, "application/octet-stream"),
    }
}

/// The markup that shows a result.
pub(super) fn shown(marked: &Marked, content: &Content) -> String {
    let name = escaped(&marked.name);
    let (kind, media) = kind_of(&marked.filename);
    let (address, bytes) = match content {
        Content::Left(why) => {
            return format!("<p class=\"left\">{}: <code>{}</code></p>", escaped(why), escaped(&marked.path));
        }
        Content::Embedded(bytes) => (format!("data:{media};base64,{}", STANDARD.encode(bytes)), bytes),
        Content::Beside(link, bytes) => (escaped(link), bytes),
    };
    let save = |word: &str| format!("<p><a download=\"{name}\" href=\"{address}\">{word} {name}</a></p>");
    match kind {
        // An SVG in an `img` runs no script and loads nothing.
        Kind::Picture => format!("<img alt=\"{name}\" loading=\"lazy\" src=\"{address}\">"),
        // A page of the workflow's may have scripts; the frame keeps them from this page and from any other.
        Kind::Page => {
            format!(
                "<iframe sandbox=\"allow-scripts\" loading=\"lazy\" title=\"{name}\" src=\"{address}\"></iframe>"
            )
        }
        Kind::Table(_) | Kind::Other => match text_of(bytes) {
            None => save("Save"),
            Some(text) => match kind {
                Kind::Table(between) => format!("{}{}", table::of_text(text, between), save("Save")),
                _ => format!("<pre>{}</pre>{}", escaped(text), save("Save")),
            },
        },
    }
}

/// The content as text, if it is some and not too long.
fn text_of(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() || bytes.len() > MOST_TEXT || bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> String {
        let marked = Marked { name: name.to_owned(), filename: name.to_owned(), ..Marked::default() };
        shown(&marked, &Content::Embedded(bytes.to_vec()))
    }

    #[test]
    fn nothing_of_a_result_is_markup_of_the_page() {
        let evil = "<script>alert(1)</script>\"'";
        for name in ["a.txt", "a.csv", "a.svg", "a.html", "<script>.txt", "a\"onload=\"x.png"] {
            let markup = of(name, evil.as_bytes());
            assert!(!markup.contains("<script"), "{name}: {markup}");
            assert!(!markup.contains("\"onload"), "{name}: {markup}");
        }
        assert!(of("a.html", b"x").contains("sandbox=\"allow-scripts\""));
    }

    #[test]
    fn what_is_no_text_can_be_saved_only() {
        assert!(!of("a.bin", b"a\0b").contains("<pre>"));
        assert!(!of("a.txt", &[0xff, 0xfe]).contains("<pre>"));
        assert!(!of("a.txt", &vec![b'a'; MOST_TEXT + 1]).contains("<pre>"));
        assert!(of("a.txt", b"a & b").contains("<pre>a &amp; b</pre>"));
    }
}
