//! The known word that a mistyped one most likely meant.

/// The candidate nearest to `word` by edit distance, if one is near enough to be worth saying.
pub fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    nearest_within(word, (word.chars().count() / 3).clamp(1, 6), candidates)
}

/// The candidate nearest to `word` by edit distance, if that is at most `limit`.
pub fn nearest_within<'c>(
    word: &str,
    limit: usize,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let letters: Vec<char> = word.chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let within = best.map_or(limit, |(distance, _)| distance.saturating_sub(1));
        if let Some(distance) = distance(&letters, candidate, within) {
            best = Some((distance, candidate));
        }
        if within == 0 {
            break;
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The edit distance (Levenshtein's), if it is at most `limit`.
fn distance(word: &[char], candidate: &str, limit: usize) -> Option<usize> {
    let length = candidate.chars().count();
    if length.abs_diff(word.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (line, letter) in candidate.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for column in 1..row.len() {
            let change = diagonal + usize::from(word[column - 1] != letter);
            diagonal = row[column];
            row[column] = change.min(row[column] + 1).min(row[column - 1] + 1);
        }
        if row.iter().all(|&cost| cost > limit) {
            return None;
        }
    }
    row.last().copied().filter(|&cost| cost <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_is_found_and_the_far_is_not() {
        let known = ["sample", "unit", "samples.txt"];
        let near = |word| nearest(word, known.into_iter());
        assert_eq!(near("sampel"), Some("sample"));
        assert_eq!(near("smaples.txt"), Some("samples.txt"));
        assert_eq!(near("units"), Some("unit"));
        assert_eq!(near("reference"), None);
        assert_eq!(near(""), None);
    }
}
