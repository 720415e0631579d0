//! A path pattern with wildcards: `reads/{sample,\d+}.{unit}.fq`.
//!
//! Matching is as Python's `re` does it for the expression Snakemake builds: every wildcard is a greedy `.+`
//! (or its own constraint), and a repeated name must match the same text again. Patterns without constraints
//! never see a regular expression; the others keep one, used only after the literal ends have matched.
//! Knows no rules and no files.

mod regex;

use std::collections::HashSet;

/// One path pattern, its wildcards numbered by the rule they belong to.
#[derive(Debug)]
pub struct Pattern {
    segments: Vec<Segment>,
    /// Present when a wildcard has a constraint.
    regex: Option<regex::Constrained>,
    /// Whether a wildcard stands in it more than once.
    has_repeats: bool,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text as it stands.
    Literal(String),
    /// The wildcard of this number.
    Wildcard(usize),
}

/// Why a pattern can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A constraint is no regular expression.
    #[error("the constraint of wildcard `{name}` is no regular expression: {reason}")]
    BadConstraint {
        /// The wildcard.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name is constrained twice in one pattern.
    #[error("wildcard `{0}` has a constraint at a repetition; only its first appearance may have one")]
    ConstraintRepeated(String),
}

/// A wildcard as written: its name and its inline constraint.
struct Written<'a> {
    name: &'a str,
    constraint: Option<&'a str>,
    /// Bytes it takes, braces included.
    len: usize,
}

impl Pattern {
    /// Reads a pattern. Names not yet in `names` are appended to it; `constraint_of` gives the constraints
    /// of the rule and the workflow (one written in the pattern goes before them).
    pub fn parse(
        text: &str,
        names: &mut Vec<String>,
        constraint_of: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, PatternError> {
        let mut segments = Vec::new();
        let mut constraints: Vec<Option<String>> = Vec::new();
        let mut seen = HashSet::new();
        let mut has_repeats = false;
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let Some(written) = read_wildcard(&rest[open..]) else {
                literal.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            };
            literal.push_str(&rest[..open]);
            rest = &rest[open + written.len..];
            if !literal.is_empty() {
                segments.push(Segment::Literal(std::mem::take(&mut literal)));
                constraints.push(None);
            }
            let index = position_of(names, written.name);
            if seen.insert(index) {
                constraints
                    .push(written.constraint.map(str::to_owned).or_else(|| constraint_of(written.name)));
            } else {
                if written.constraint.is_some() {
                    return Err(PatternError::ConstraintRepeated(written.name.to_owned()));
                }
                has_repeats = true;
                constraints.push(None);
            }
            segments.push(Segment::Wildcard(index));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
            constraints.push(None);
        }
        let regex = if constraints.iter().any(Option::is_some) {
            Some(regex::Constrained::new(&segments, &constraints, names)?)
        } else {
            None
        };
        Ok(Self { segments, regex, has_repeats })
    }

    /// Whether it has no wildcard.
    pub fn is_literal(&self) -> bool {
        !self.segments.iter().any(|segment| matches!(segment, Segment::Wildcard(_)))
    }

    /// The literal text before its first wildcard.
    pub fn prefix(&self) -> &str {
        match self.segments.first() {
            Some(Segment::Literal(text)) => text,
            _ => "",
        }
    }

    /// The literal text after its last wildcard (the whole text if it has none).
    pub fn suffix(&self) -> &str {
        match self.segments.last() {
            Some(Segment::Literal(text)) => text,
            _ => "",
        }
    }

    /// Numbers of the wildcards in it, in order, repetitions included.
    pub fn wildcards(&self) -> impl Iterator<Item = usize> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Wildcard(index) => Some(*index),
            Segment::Literal(_) => None,
        })
    }

    /// Matches a whole path. On success `values` (indexed by wildcard number, of the rule's length) holds
    /// what each wildcard of this pattern stands for.
    pub fn matches<'p>(&self, path: &'p str, values: &mut [Option<&'p str>]) -> bool {
        values.fill(None);
        if !path.starts_with(self.prefix()) || !path.ends_with(self.suffix()) {
            return false;
        }
        match &self.regex {
            Some(regex) => regex.matches(path, values),
            // `.` does not match a newline, so no wildcard can hold one.
            None => {
                let mut dead = HashSet::new();
                match_from(&self.segments, 0, path, 0, values, self.has_repeats, &mut dead)
            }
        }
    }

    /// For a pattern with one wildcard: what it would make of a path that does not match it, by keeping the
    /// path's own text between the lengths of the literal ends. Only for suggestions.
    pub fn fit(&self, path: &str) -> Option<String> {
        let [ends @ .., _] = self.segments.as_slice() else { return None };
        if ends.len() > 2 || self.wildcards().count() != 1 {
            return None;
        }
        let (prefix, suffix) = (self.prefix(), self.suffix());
        let middle = path.strip_prefix(prefix).or_else(|| path.get(prefix.len()..))?;
        let stem = match middle.strip_suffix(suffix) {
            Some(stem) => stem,
            // The ending differs: cut where the last dot stands.
            None => &middle[..middle.rfind('.').or_else(|| middle.len().checked_sub(suffix.len()))?],
        };
        (!stem.is_empty()).then(|| format!("{prefix}{stem}{suffix}"))
    }

    /// Writes the path for the given wildcard values to the end of `path`.
    ///
    /// # Panics
    /// If a wildcard of the pattern has no value: rules are checked for that when they are read.
    pub fn fill<S: AsRef<str>>(&self, values: &[S], path: &mut String) {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => path.push_str(text),
                Segment::Wildcard(index) => path.push_str(values[*index].as_ref()),
            }
        }
    }
}

/// The number of a wildcard name, given out on first sight.
fn position_of(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// Reads `{name}` or `{name,constraint}` at the start of a text; `None` if the brace is a plain character.
/// A constraint may hold quantifiers such as `{3}` and `{2,5}`, but no other braces (as Snakemake 9.27).
fn read_wildcard(text: &str) -> Option<Written<'_>> {
    let inner = &text[1..];
    let start = inner.len() - inner.trim_start().len();
    let name_len =
        inner[start..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len() - start);
    if name_len == 0 {
        return None;
    }
    let name = &inner[start..start + name_len];
    let after = inner[start + name_len..].trim_start();
    if let Some(rest) = after.strip_prefix('}') {
        return Some(Written { name, constraint: None, len: text.len() - rest.len() });
    }
    let body = after.strip_prefix(',')?.trim_start();
    let mut end = 0;
    loop {
        end += body[end..].find(['{', '}'])?;
        if body[end..].starts_with('}') {
            break;
        }
        end += quantifier_len(&body[end..])?;
    }
    let len = text.len() - (body.len() - end - 1);
    Some(Written { name, constraint: Some(&body[..end]), len })
}

/// Length of a `{3}` or `{2,5}` at the start of a text.
fn quantifier_len(text: &str) -> Option<usize> {
    let close = text.find('}')?;
    let (low, high) = text[1..close].split_once(',').unwrap_or((&text[1..close], "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (is_number(low) && is_number(high)).then_some(close + 1)
}

/// Matches `segments[at..]` with `path[start..]`, wildcards longest first, as a backtracking `.+` does.
///
/// `dead` remembers (segment, start) pairs that can't match, which keeps it polynomial; with repeated names a
/// pair's fate hangs on earlier values, so there nothing is remembered. Depth is the number of segments.
fn match_from<'p>(
    segments: &[Segment],
    at: usize,
    path: &'p str,
    start: usize,
    values: &mut [Option<&'p str>],
    has_repeats: bool,
    dead: &mut HashSet<(usize, usize)>,
) -> bool {
    let Some(segment) = segments.get(at) else { return start == path.len() };
    let rest = &path[start..];
    match segment {
        Segment::Literal(text) => {
            rest.starts_with(text.as_str())
                && match_from(segments, at + 1, path, start + text.len(), values, has_repeats, dead)
        }
        Segment::Wildcard(index) => {
            if let Some(value) = values[*index] {
                return rest.starts_with(value)
                    && match_from(segments, at + 1, path, start + value.len(), values, has_repeats, dead);
            }
            if dead.contains(&(at, start)) {
                return false;
            }
            let longest = rest.find('\n').unwrap_or(rest.len());
            let next_literal = match segments.get(at + 1) {
                Some(Segment::Literal(text)) => Some(text.as_str()),
                _ => None,
            };
            let is_last = at + 1 == segments.len();
            let mut end = longest;
            while end > 0 {
                if is_last && end != rest.len() {
                    break;
                }
                if rest.is_char_boundary(end) && next_literal.is_none_or(|text| rest[end..].starts_with(text))
                {
                    values[*index] = Some(&rest[..end]);
                    if match_from(segments, at + 1, path, start + end, values, has_repeats, dead) {
                        return true;
                    }
                    values[*index] = None;
                }
                end -= 1;
            }
            if !has_repeats {
                dead.insert((at, start));
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let mut names = Vec::new();
        let parsed = Pattern::parse(pattern, &mut names, &|_| None).unwrap();
        let mut values = vec![None; names.len()];
        let is_match = parsed.matches(path, &mut values);
        let found: Vec<(&str, &str)> =
            names.iter().zip(&values).filter_map(|(name, value)| Some((name.as_str(), (*value)?))).collect();
        assert_eq!(is_match.then_some(found.as_slice()), expected, "{pattern} on {path}");
        if is_match {
            let mut filled = String::new();
            let values: Vec<&str> = values.into_iter().map(Option::unwrap).collect();
            parsed.fill(&values, &mut filled);
            assert_eq!(filled, path);
        }
    }

    #[test]
    fn matching_is_as_pythons() {
        check("a.txt", "a.txt", Some(&[]));
        check("a.txt", "a.txt2", None);
        check("{x}.txt", "a.txt", Some(&[("x", "a")]));
        check("{x}.txt", ".txt", None);
        check("{x}.txt", "a.txt.txt", Some(&[("x", "a.txt")]));
        check("{a}_{b}.c", "1_2_3.c", Some(&[("a", "1_2"), ("b", "3")]));
        check("{a}{b}", "xyz", Some(&[("a", "xy"), ("b", "z")]));
        check("{a}{b}", "x", None);
        check("{a}/{a}.txt", "p/p.txt", Some(&[("a", "p")]));
        check("{a}/{a}.txt", "p/q.txt", None);
        check("{a}-{a}-{b}", "x-x-x-x-y", Some(&[("a", "x-x"), ("b", "y")]));
        check("{x}", "a\nb", None);
        check("{ x }.y", "é.y", Some(&[("x", "é")]));
        check("a{}b", "a{}b", Some(&[]));
        check("{x,\\d+}.txt", "12.txt", Some(&[("x", "12")]));
        check("{x,\\d+}.txt", "12a.txt", None);
        check("{x,a{2,3}}b", "aaab", Some(&[("x", "aaa")]));
        check("{x,[ab]}{y}", "abc", Some(&[("x", "a"), ("y", "bc")]));
        check("{x,a|ab}{y}", "abc", Some(&[("x", "a"), ("y", "bc")]));
        check("{x,.*}.t", ".t", Some(&[("x", "")]));
        check("{x,(a)(b)}{y}", "abc", Some(&[("x", "ab"), ("y", "c")]));
        check("(+{x}", "(+1", Some(&[("x", "1")]));
        check("(+{x,1}", "(+1", Some(&[("x", "1")]));
    }

    #[test]
    fn bad_constraints_are_errors() {
        let parse = |text: &str| Pattern::parse(text, &mut Vec::new(), &|_| None).unwrap_err().to_string();
        assert!(parse("{x,(}").starts_with("the constraint of wildcard `x` is no regular expression"));
        assert!(parse("{x}{x,a}").starts_with("wildcard `x` has a constraint at a repetition"));
    }

    #[test]
    fn a_hard_pattern_stays_quick() {
        // Exponential in a plain backtracking matcher.
        let path = "a".repeat(400);
        check("{a}{b}{c}{d}{e}{f}{g}!", &path, None);
    }
}
