//! Lists and texts that go on further left than the line they began in, which YAML forbids and PyYAML reads:
//!
//! ```yaml
//! samples: [
//!   a, b
//! ]
//! ```
//!
//! Such a line is moved to the right, where its blanks mean nothing. Knows one complaint of the parser at a time.

use super::Problem;

/// So many lines of a file are moved: each costs one more reading.
pub(super) const MOST: usize = 1000;

/// Deep enough for every list that people write.
const BLANKS: &str = "                                                                ";

/// Whether this is what the parser says of such lines.
pub(super) fn is_of(problem: &Problem) -> bool {
    problem.message.starts_with("invalid indentation") && !problem.message.ends_with("anchor")
}

/// Moves what the parser complains of to the right; says no if that is of no use.
pub(super) fn indent(text: &mut String, problem: &Problem) -> bool {
    let Some(start) = start_of_line(text, problem.line) else { return false };
    if !problem.message.ends_with("quoted scalar") {
        if text[start..].starts_with(BLANKS) {
            return false;
        }
        text.insert_str(start, BLANKS);
        return true;
    }
    // Here the place is the opening quote; the lines up to the closing one are moved.
    let line = &text[start..];
    let Some((column, quote)) = line.char_indices().nth(problem.column - 1) else { return false };
    let mut moved = String::new();
    let mut letters = text[start + column + quote.len_utf8()..].char_indices().peekable();
    let mut end = None;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '"' => {
                moved.push(letter);
                if let Some((_, escaped)) = letters.next() {
                    moved.push(escaped);
                    if escaped == '\n' {
                        moved.push_str(BLANKS);
                    }
                }
                continue;
            }
            '\n' => {
                moved.push(letter);
                moved.push_str(BLANKS);
                continue;
            }
            _ if letter == quote && quote == '\'' && letters.peek().is_some_and(|next| next.1 == quote) => {
                moved.push(letter);
                letters.next();
            }
            _ if letter == quote => {
                end = Some(at);
                break;
            }
            _ => {}
        }
        moved.push(letter);
    }
    let from = start + column + quote.len_utf8();
    let Some(end) = end.filter(|_| moved.contains('\n')) else { return false };
    if text[from..from + end] == moved {
        return false;
    }
    text.replace_range(from..from + end, &moved);
    true
}

/// Where a line begins, counted from 1.
fn start_of_line(text: &str, line: usize) -> Option<usize> {
    match line {
        0 => None,
        1 => Some(0),
        _ => text.match_indices('\n').nth(line - 2).map(|(at, _)| at + 1),
    }
}
