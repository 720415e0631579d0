//! Which rules could make a file: found by the literal ends of their output patterns, not by trying each rule.
//! Knows patterns and rule numbers only.

use rustc_hash::FxHashMap;

use crate::wildcards::RulePatterns;

/// Output patterns by their literal prefix, then by their literal suffix.
#[derive(Debug, Default)]
pub struct RuleIndex {
    /// Patterns with no wildcard, by their text.
    literal: FxHashMap<String, Vec<Place>>,
    by_prefix: FxHashMap<String, BySuffix>,
    /// The lengths that prefixes have, shortest first.
    prefix_lengths: Vec<usize>,
}

#[derive(Debug, Default)]
struct BySuffix {
    places: FxHashMap<String, Vec<Place>>,
    lengths: Vec<usize>,
}

/// A product of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rule: u32,
    output: u32,
}

/// A rule that makes a file, and the wildcard values with which it does.
#[derive(Debug, PartialEq, Eq)]
pub struct Maker<'p> {
    /// The rule's number.
    pub rule: u32,
    /// Its wildcard values, in the rule's order.
    pub values: Vec<&'p str>,
}

impl RuleIndex {
    /// Indexes the outputs (and logs and benchmarks) of all rules.
    pub fn new(rules: &[RulePatterns]) -> Self {
        let mut index = Self::default();
        for (rule, patterns) in rules.iter().enumerate() {
            for (output, marked) in patterns.products().enumerate() {
                let place = Place { rule: rule as u32, output: output as u32 };
                let pattern = &marked.pattern;
                if pattern.is_literal() {
                    index.literal.entry(pattern.prefix().to_owned()).or_default().push(place);
                    continue;
                }
                let by_suffix = index.by_prefix.entry(pattern.prefix().to_owned()).or_default();
                by_suffix.places.entry(pattern.suffix().to_owned()).or_default().push(place);
                by_suffix.lengths.push(pattern.suffix().len());
                index.prefix_lengths.push(pattern.prefix().len());
            }
        }
        sort_lengths(&mut index.prefix_lengths);
        for by_suffix in index.by_prefix.values_mut() {
            sort_lengths(&mut by_suffix.lengths);
        }
        index
    }

    /// The rules with an output that matches a path, in order of declaration; of several matching outputs of
    /// one rule the first counts.
    pub fn makers<'p>(&self, rules: &[RulePatterns], path: &'p str) -> Vec<Maker<'p>> {
        let mut places: Vec<Place> = self.literal.get(path).cloned().unwrap_or_default();
        let ends = self.prefix_lengths.iter().filter_map(|&length| path.get(..length));
        for by_suffix in ends.filter_map(|prefix| self.by_prefix.get(prefix)) {
            for &length in &by_suffix.lengths {
                let suffix = path.len().checked_sub(length).and_then(|start| path.get(start..));
                if let Some(found) = suffix.and_then(|suffix| by_suffix.places.get(suffix)) {
                    places.extend(found);
                }
            }
        }
        places.sort_unstable();
        let mut makers: Vec<Maker<'p>> = Vec::with_capacity(places.len());
        for place in places {
            if makers.last().is_some_and(|maker| maker.rule == place.rule) {
                continue;
            }
            let patterns = &rules[place.rule as usize];
            let mut values = vec![None; patterns.wildcards.len()];
            let product = patterns.product(place.output as usize);
            if product.is_some_and(|product| product.pattern.matches(path, &mut values))
                && values.iter().all(Option::is_some)
            {
                makers.push(Maker { rule: place.rule, values: values.into_iter().flatten().collect() });
            }
        }
        makers
    }
}

fn sort_lengths(lengths: &mut Vec<usize>) {
    lengths.sort_unstable();
    lengths.dedup();
}
