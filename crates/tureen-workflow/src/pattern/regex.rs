//! Patterns with constraints, as one regular expression each.

use fancy_regex::Regex;

use super::{PatternError, Segment};

/// The whole pattern as an expression, and which of its groups belongs to which wildcard.
#[derive(Debug)]
pub(super) struct Constrained {
    regex: Regex,
    /// Wildcard number and the name of its group.
    groups: Vec<(usize, String)>,
}

impl Constrained {
    /// Builds the expression; `constraints` runs alongside `segments`.
    pub(super) fn new(
        segments: &[Segment],
        constraints: &[Option<String>],
        names: &[String],
    ) -> Result<Self, PatternError> {
        let mut expression = String::from("\\A");
        let mut groups: Vec<(usize, String)> = Vec::new();
        for (segment, constraint) in segments.iter().zip(constraints) {
            match segment {
                Segment::Literal(text) => expression.push_str(&fancy_regex::escape(text)),
                Segment::Wildcard(index) => {
                    let group = format!("tureen{index}");
                    if groups.iter().any(|(known, _)| known == index) {
                        expression.push_str(&format!("\\k<{group}>"));
                        continue;
                    }
                    let body = constraint.as_deref().unwrap_or(".+");
                    if let Err(error) = Regex::new(body) {
                        let name = names[*index].clone();
                        return Err(PatternError::BadConstraint { name, reason: error.to_string() });
                    }
                    expression.push_str(&format!("(?P<{group}>{body})"));
                    groups.push((*index, group));
                }
            }
        }
        expression.push_str("\\z");
        let regex = Regex::new(&expression).map_err(|error| PatternError::BadConstraint {
            name: groups.first().map(|(index, _)| names[*index].clone()).unwrap_or_default(),
            reason: error.to_string(),
        })?;
        Ok(Self { regex, groups })
    }

    /// Matches a whole path. An expression that gives up (too much backtracking) does not match.
    pub(super) fn matches<'p>(&self, path: &'p str, values: &mut [Option<&'p str>]) -> bool {
        let Ok(Some(captures)) = self.regex.captures(path) else { return false };
        for (index, group) in &self.groups {
            values[*index] = captures.name(group).map(|found| found.as_str());
        }
        true
    }
}
