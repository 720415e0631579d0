//! `expand()`: patterns times values, exactly as Snakemake 9 combines them. Knows no syntax.

/// How values are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Combine {
    /// Every value with every other (`itertools.product`), the last one changing fastest.
    Product,
    /// First with first, second with second (`zip`), as far as the shortest goes.
    Zip,
}

/// Fills `{name}` fields. `None`: something that only Python's formatter can judge (conversions, attributes, a
/// name without values, a single brace).
pub(crate) fn expand(
    patterns: &[String],
    values: &[(String, Vec<String>)],
    combine: Combine,
    allow_missing: bool,
) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for pattern in patterns {
        let mentioned = mentioned(pattern);
        // As Snakemake: a pattern with a wildcard of that name switches the feature off.
        let allow_missing = allow_missing && !mentioned.iter().any(|name| name == "allow_missing");
        let used: Vec<&(String, Vec<String>)> =
            values.iter().filter(|(name, _)| mentioned.contains(name)).collect();
        let parts = split(pattern)?;
        let slots: Vec<Slot<'_>> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(Slot::Text(text)),
                Part::Field(name) => match used.iter().position(|(used, _)| used == name) {
                    Some(index) => Some(Slot::Value(index)),
                    None if allow_missing => Some(Slot::Missing(name)),
                    None => None,
                },
            })
            .collect::<Option<_>>()?;
        let n_combinations = match combine {
            Combine::Product => {
                used.iter().try_fold(1usize, |product, (_, values)| product.checked_mul(values.len()))?
            }
            Combine::Zip => used.iter().map(|(_, values)| values.len()).min().unwrap_or(0),
        };
        let mut indices = vec![0usize; used.len()];
        for number in 0..n_combinations {
            if combine == Combine::Zip {
                indices.fill(number);
            }
            let mut path = String::with_capacity(pattern.len() + 8);
            for slot in &slots {
                match slot {
                    Slot::Text(text) => path.push_str(text),
                    Slot::Value(index) => path.push_str(&used[*index].1[indices[*index]]),
                    Slot::Missing(name) => {
                        path.push('{');
                        path.push_str(name);
                        path.push('}');
                    }
                }
            }
            out.push(path);
            if combine == Combine::Product {
                advance(&mut indices, &used);
            }
        }
    }
    Some(out)
}

fn advance(indices: &mut [usize], used: &[&(String, Vec<String>)]) {
    for (index, (_, values)) in indices.iter_mut().zip(used).rev() {
        *index += 1;
        if *index < values.len() {
            return;
        }
        *index = 0;
    }
}

enum Slot<'p> {
    Text(&'p str),
    Value(usize),
    Missing(&'p str),
}

enum Part {
    Text(String),
    Field(String),
}

/// The names that Snakemake takes a pattern to mention: after each brace, up to one of `}.[!:`.
fn mentioned(pattern: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        let length = rest.find(['}', '.', '[', '!', ':']).unwrap_or(rest.len());
        if length > 0 {
            names.push(rest[..length].to_owned());
            rest = &rest[length..];
        }
    }
    names
}

/// A format string in parts, as `string.Formatter` reads it.
fn split(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(index) = rest.find(['{', '}']) {
        text.push_str(&rest[..index]);
        let brace = &rest[index..=index];
        rest = &rest[index + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return None;
        }
        let close = rest.find('}')?;
        let field = &rest[..close];
        let is_number = field.bytes().all(|byte| byte.is_ascii_digit());
        if is_number || field.contains(['{', '.', '[', '!', ':']) {
            return None;
        }
        parts.push(Part::Text(std::mem::take(&mut text)));
        parts.push(Part::Field(field.to_owned()));
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    parts.push(Part::Text(text));
    Some(parts)
}
