//! Long rows folded: many like chains side by side become several shorter rows, so that a hundred
//! books make a block and not a ribbon. Folding only adds links, so ranks stay ranks.

use rustc_hash::FxHashMap;

use crate::links::Link;

/// More parallel chains than this are folded.
const ROW: usize = 24;
/// How much wider than high a block of chains may be; a box counts as about as long as it is wide.
const SHAPE: f64 = 3.2;

/// Which chains are parallel: they begin behind the same box, end before the same box, and are equally long.
type Ends = (Option<usize>, Option<usize>, usize);

/// What folds the rows.
#[derive(Debug, Default)]
pub(crate) struct Folds {
    /// Put each row of folded chains below the row before. They lead over bars: extra vertices,
    /// numbered from the number of boxes.
    pub(crate) links: Vec<Link>,
    /// For each bar, whether it keeps its rank: where arrows come from the row above and go to the row
    /// below, they bend in two layers instead of crossing in one.
    pub(crate) keeps_rank: Vec<bool>,
}

/// Folds every long row of parallel chains.
pub(crate) fn fold(n_boxes: usize, links: &[Link]) -> Folds {
    let mut folds = Folds::default();
    for ((before, after, length), chains) in parallel_chains(n_boxes, links) {
        if chains.len() <= ROW {
            continue;
        }
        let n_rows = (chains.len() as f64 / (SHAPE * length as f64)).sqrt().round().max(1.0) as usize;
        let start = |row: usize| row * chains.len() / n_rows;
        for n_done in 1..n_rows {
            let row = &chains[start(n_done - 1)..start(n_done)];
            let next = &chains[start(n_done)..start(n_done + 1)];
            let bar = n_boxes + folds.keeps_rank.len();
            folds.keeps_rank.push(before.is_some() && after.is_some());
            let link = |upper, lower| Link { upper, lower, is_turned: false, arrow: usize::MAX };
            folds.links.extend(row.iter().map(|&(_, last)| link(last, bar)));
            folds.links.extend(next.iter().map(|&(first, _)| link(bar, first)));
        }
    }
    folds
}

/// The parallel chains (first and last box of each), in the order of their first boxes.
fn parallel_chains(n_boxes: usize, links: &[Link]) -> Vec<(Ends, Vec<(usize, usize)>)> {
    let mut need = vec![Side::None; n_boxes];
    let mut user = vec![Side::None; n_boxes];
    for link in links {
        need[link.lower].add(link.upper);
        user[link.upper].add(link.lower);
    }
    let is_in_chain = |b: usize| need[b] != Side::Many && user[b] != Side::Many;
    let mut group_of = FxHashMap::default();
    let mut groups: Vec<(Ends, Vec<(usize, usize)>)> = Vec::new();
    for first in (0..n_boxes).filter(|&b| is_in_chain(b)) {
        let before = need[first].one();
        if before.is_some_and(is_in_chain) {
            continue;
        }
        let (mut last, mut length) = (first, 1);
        while let Some(next) = user[last].one().filter(|&next| is_in_chain(next)) {
            last = next;
            length += 1;
        }
        let ends = (before, user[last].one(), length);
        let group = *group_of.entry(ends).or_insert_with(|| {
            groups.push((ends, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push((first, last));
    }
    groups
}

/// What stands on one side of a box.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    None,
    One(usize),
    Many,
}

impl Side {
    fn add(&mut self, b: usize) {
        *self = if *self == Side::None { Side::One(b) } else { Side::Many };
    }

    fn one(self) -> Option<usize> {
        match self {
            Side::One(b) => Some(b),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::untangle;

    fn check(n_boxes: usize, arrows: &[(usize, usize)], n_bars: usize, n_folds: usize) {
        let folds = fold(n_boxes, &untangle(n_boxes, arrows));
        assert_eq!((folds.keeps_rank.len(), folds.links.len()), (n_bars, n_folds));
    }

    #[test]
    fn only_many_parallel_chains_are_folded() {
        let fan = |n: usize| (1..=n).map(|source| (source, 0)).collect::<Vec<_>>();
        check(0, &[], 0, 0);
        check(11, &fan(10), 0, 0);
        // 100 sources: 6 rows of 16 or 17, with 5 bars between.
        check(101, &fan(100), 5, 100 - 17 + 100 - 16);
        let sinks: Vec<_> = fan(100).into_iter().map(|(from, to)| (to, from)).collect();
        check(101, &sinks, 5, 100 - 17 + 100 - 16);
    }

    #[test]
    fn chains_are_folded_whole() {
        let n = 42;
        let mut arrows: Vec<_> = (0..n).map(|b| (b, b + n)).collect();
        arrows.extend((0..n).flat_map(|b| [(2 * n, b), (b + n, 2 * n + 1)]));
        check(2 * n + 2, &arrows, 2, 28 + 28);
    }
}
