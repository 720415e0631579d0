//! Too many boxes to look at: like ones drawn as one. Tries first what loses least.
//! Knows families and levels, not sizes or places.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::links::untangle;
use crate::picture::{Arrow, DrawnBox, Picture};
use crate::rank::levels;

/// More boxes than this aren't drawn one by one.
const MAX_BOXES: usize = 2_000;
/// More boxes of one family in one level than this aren't drawn one by one, either: nobody scrolls that far.
const MAX_ROW: usize = 250;

/// A picture small enough to look at, and what to say under it when it isn't the given one.
pub(crate) struct Grouped<'a> {
    pub(crate) picture: Cow<'a, Picture>,
    pub(crate) note: Option<String>,
}

/// Groups like boxes when there are too many.
pub(crate) fn group(picture: &Picture) -> Grouped<'_> {
    let n_boxes = picture.boxes.len();
    if n_boxes <= MAX_ROW {
        return Grouped { picture: Cow::Borrowed(picture), note: None };
    }
    let arrows: Vec<_> = picture.sound_arrows().map(|arrow| (arrow.from, arrow.to)).collect();
    let levels = levels(n_boxes, &untangle(n_boxes, &arrows));
    let families = numbered(picture.boxes.iter().map(DrawnBox::family));
    // From the finest grouping to the coarsest; the last is small for any picture.
    let by_row = || numbered(families.iter().zip(&levels));
    let segment = levels.iter().max().map_or(1, |last| last / (MAX_BOXES as i64 / 4) + 1);
    let ways: [&dyn Fn() -> Vec<usize>; 5] = [
        &|| wide_rows_only(&by_row()),
        &by_row,
        &|| families.clone(),
        &|| levels.iter().map(|level| *level as usize).collect(),
        &|| levels.iter().map(|level| (*level / segment) as usize).collect(),
    ];
    for way in ways {
        let groups = way();
        let n_groups = groups.iter().max().map_or(0, |last| last + 1);
        if n_groups == n_boxes && n_boxes <= MAX_BOXES {
            return Grouped { picture: Cow::Borrowed(picture), note: None };
        }
        if n_groups <= MAX_BOXES {
            let note = format!(
                "{} boxes drawn as {}: those alike share one box, with their count",
                with_commas(n_boxes),
                with_commas(n_groups)
            );
            return Grouped { picture: Cow::Owned(merged(picture, &groups, n_groups)), note: Some(note) };
        }
    }
    unreachable!("levels fall into at most {MAX_BOXES} segments")
}

/// The number of each key: 0 for the first one met, 1 for the next different one...
fn numbered<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut numbers = FxHashMap::default();
    keys.map(|key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    })
    .collect()
}

/// Keeps only the groups with more than `MAX_ROW` boxes; every other box is one for itself.
fn wide_rows_only(rows: &[usize]) -> Vec<usize> {
    let mut n_in = vec![0_usize; rows.len()];
    for &row in rows {
        n_in[row] += 1;
    }
    numbered(
        rows.iter()
            .enumerate()
            .map(|(b, &row)| if n_in[row] > MAX_ROW { (row, usize::MAX) } else { (row, b) }),
    )
}

fn merged(picture: &Picture, groups: &[usize], n_groups: usize) -> Picture {
    let mut n_in = vec![0_usize; n_groups];
    let mut first: Vec<Option<usize>> = vec![None; n_groups];
    let mut has_one_family = vec![true; n_groups];
    for (b, &group) in groups.iter().enumerate() {
        n_in[group] += 1;
        match first[group] {
            None => first[group] = Some(b),
            Some(first) => {
                has_one_family[group] &= picture.boxes[first].family() == picture.boxes[b].family()
            }
        }
    }
    let boxes = (0..n_groups)
        .map(|group| {
            let Some(first) = first[group] else { return DrawnBox::default() };
            let like = &picture.boxes[first];
            if n_in[group] == 1 {
                return like.clone();
            }
            let name = if has_one_family[group] { like.family() } else { "various" };
            DrawnBox {
                label: format!("{name} × {}", with_commas(n_in[group])).trim_start().to_owned(),
                tooltip: Some(format!("{} boxes, the first: {}", with_commas(n_in[group]), like.label)),
                ..like.clone()
            }
        })
        .collect();
    let mut seen = FxHashSet::default();
    let mut arrows = Vec::new();
    for arrow in picture.sound_arrows() {
        let (from, to) = (groups[arrow.from], groups[arrow.to]);
        if seen.insert((from, to)) {
            arrows.push(Arrow { from, to, ..arrow.clone() });
        }
    }
    Picture { boxes, arrows, title: picture.title.clone(), direction: picture.direction }
}

/// `1234567` as `1,234,567`.
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(picture: &Picture, labels: &[&str], n_arrows: usize) {
        let grouped = group(picture);
        let found: Vec<&str> = grouped.picture.boxes.iter().map(|drawn| drawn.label.as_str()).collect();
        assert_eq!(found, labels);
        assert_eq!(grouped.picture.arrows.len(), n_arrows);
        assert!(grouped.note.is_some());
    }

    fn fan_in(n: usize) -> Picture {
        let mut picture = Picture::default();
        let sum = picture.add(DrawnBox::new("sum"));
        for _ in 0..n {
            let inc = picture.add(DrawnBox::new("inc"));
            picture.connect(inc, sum);
        }
        picture
    }

    #[test]
    fn small_pictures_stay() {
        let small = fan_in(100);
        assert_eq!(*group(&small).picture, small);
        assert_eq!(group(&Picture::default()).note, None);
    }

    #[test]
    fn a_wide_fan_in_becomes_two_boxes() {
        check(&fan_in(98_000), &["sum", "inc × 98,000"], 1);
        check(&fan_in(300), &["sum", "inc × 300"], 1);
    }

    #[test]
    fn only_the_wide_row_is_merged_while_the_rest_fits() {
        let mut picture = fan_in(1_000);
        let print = picture.add(DrawnBox::new("print"));
        picture.connect(0, print);
        check(&picture, &["sum", "inc × 1,000", "print"], 2);
    }

    #[test]
    fn a_long_chain_of_like_boxes_becomes_one_with_a_loop() {
        let mut picture = Picture::default();
        for b in 0..5_000 {
            picture.add(DrawnBox::new("inc"));
            if b > 0 {
                picture.connect(b - 1, b);
            }
        }
        check(&picture, &["inc × 5,000"], 1);
    }

    #[test]
    fn any_picture_becomes_small() {
        let mut picture = Picture::default();
        for b in 0..30_000 {
            picture.add(DrawnBox::new(b.to_string()));
            if b > 0 {
                picture.connect(b - 1, b);
            }
        }
        let grouped = group(&picture);
        assert!(grouped.picture.boxes.len() <= 600);
        assert_eq!(grouped.picture.boxes[0].label, "various × 60");
    }

    #[test]
    fn numbers_are_easy_to_read() {
        let found = [0, 999, 1_000, 98_000, 1_234_567].map(with_commas);
        assert_eq!(found, ["0", "999", "1,000", "98,000", "1,234,567"]);
    }
}
