//! Text of columns as a table: fields between commas or tabs, in quotes where they hold such.

use super::escaped;

/// Rows beyond this are only counted.
const MOST_ROWS: usize = 500;

/// The first lines as a table, the first of them as its head.
pub(super) fn of_text(text: &str, between: char) -> String {
    let rows = rows(text, between);
    let mut out = String::from("<table class=\"data\">");
    for (number, row) in rows.iter().take(MOST_ROWS + 1).enumerate() {
        let tag = if number == 0 { "th" } else { "td" };
        out.push_str("<tr>");
        row.iter().for_each(|field| out.push_str(&format!("<{tag}>{}</{tag}>", escaped(field))));
        out.push_str("</tr>\n");
    }
    out.push_str("</table>");
    if rows.len() > MOST_ROWS + 1 {
        out.push_str(&format!("<p class=\"left\">and {} more rows</p>", rows.len() - MOST_ROWS - 1));
    }
    out
}

fn rows(text: &str, between: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            letter if letter == between && !is_quoted => row.push(std::mem::take(&mut field)),
            '\r' if !is_quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            letter => field.push(letter),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        assert_eq!(rows("a,b\r\n1,2\n", ','), [["a", "b"], ["1", "2"]]);
        assert_eq!(rows("\"a,\n\"\"b\"\"\",c", ','), [["a,\n\"b\"", "c"]]);
        assert_eq!(rows("a\tb, c\n\n", '\t'), [vec!["a", "b, c"], vec![""]]);
        assert!(rows("", ',').is_empty());
    }

    #[test]
    fn long_tables_end_with_a_count() {
        let table = of_text(&"x\n".repeat(MOST_ROWS + 3), ',');
        assert!(table.contains("and 2 more rows"));
        assert_eq!(table.matches("<td>").count(), MOST_ROWS);
    }
}
