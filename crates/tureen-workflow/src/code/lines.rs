//! Code of a language that we have no reader for, in which lines that begin with `#` are comments: those, empty lines,
//! white space at line ends and the indentation of the whole are left out. A text in which a quotation or a here-document
//! may run over several lines stays as it is.

pub(super) fn lines(text: &str) -> String {
    let is_plain =
        !text.contains("<<") && !text.contains("\"\"\"") && !text.contains("'''") && !has_open_quotes(text);
    if !is_plain {
        return text.to_owned();
    }
    let margin = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let mut normalised = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.get(margin..).unwrap_or("").trim_end();
        if line.is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        normalised.push_str(line);
        normalised.push('\n');
    }
    normalised.trim_matches('\n').to_owned()
}

/// Whether a quotation runs past the end of a line.
fn has_open_quotes(text: &str) -> bool {
    text.lines().any(|line| {
        let mut open = None;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (open, letter) {
                (Some('\''), '\\') => {}
                (_, '\\') => {
                    letters.next();
                }
                (None, '\'' | '"') => open = Some(letter),
                (None, '#') => break,
                (Some(quote), _) if quote == letter => open = None,
                _ => {}
            }
        }
        open.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_what_may_matter_is_kept() {
        assert_eq!(lines("\n    a  \n\n    # why\n      b\n"), "a\n  b");
        for text in ["  echo 'x\n# y'\n", "cat <<E\n\n# y \nE"] {
            assert_eq!(lines(text), text);
        }
        assert_ne!(lines("echo 'a  b'"), lines("echo 'a b'"));
        assert_eq!(lines(""), "");
    }
}
