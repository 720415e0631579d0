//! Which of two rules is preferred for a file: `ruleorder:` first (later lines before earlier ones), then the
//! rule without wildcards; else neither.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::rule::Workflow;
use crate::wildcards::RulePatterns;

/// The preferences among rules.
#[derive(Debug)]
pub(super) struct RuleOrder {
    /// Per rule: the `ruleorder:` lines it stands in, the latest first, and where it stands there.
    places: Vec<Vec<(usize, usize)>>,
    has_wildcards: Vec<bool>,
}

impl RuleOrder {
    pub(super) fn new(workflow: &Workflow, patterns: &[RulePatterns]) -> Self {
        let numbers: FxHashMap<&str, usize> =
            workflow.rules.iter().enumerate().map(|(number, rule)| (rule.name.as_str(), number)).collect();
        let mut places = vec![Vec::new(); patterns.len()];
        for (line, names) in workflow.rule_orders.iter().enumerate().rev() {
            for (position, name) in names.iter().enumerate() {
                if let Some(&number) = numbers.get(name.as_str()) {
                    places[number].push((line, position));
                }
            }
        }
        Self { places, has_wildcards: patterns.iter().map(RulePatterns::has_wildcards).collect() }
    }

    /// `Less` if `a` goes before `b`.
    pub(super) fn compare(&self, a: usize, b: usize) -> Ordering {
        if a != b {
            for &(line, position) in &self.places[a] {
                if let Some(&(_, other)) = self.places[b].iter().find(|(other_line, _)| *other_line == line) {
                    return position.cmp(&other);
                }
            }
        }
        self.has_wildcards[a].cmp(&self.has_wildcards[b])
    }
}
