//! Ranks: which boxes stand side by side. Every link leads to a higher rank.
//! Knows who is linked to whom, not how large anything is.

use crate::fold::fold;
use crate::links::Link;

/// The rank of each box on the page, from 0: its level, with long rows folded. Between folded rows a
/// rank may be empty.
pub(crate) fn ranks(n_boxes: usize, links: &[Link]) -> Vec<i64> {
    let folds = fold(n_boxes, links);
    let (needs, users) = neighbours(n_boxes + folds.keeps_rank.len(), links.iter().chain(&folds.links));
    let mut ranks = levels_of(&needs, &users);
    let bars = ranks.split_off(n_boxes).into_iter().zip(&folds.keeps_rank);
    let kept: Vec<i64> = bars.filter(|(_, keeps_rank)| **keeps_rank).map(|(rank, _)| rank).collect();
    close_gaps(&mut ranks, &kept);
    ranks
}

/// The level of each box, from 0: the length of the longest way to it, but what can come later without
/// making any arrow longer stands close to where it is used.
pub(crate) fn levels(n_boxes: usize, links: &[Link]) -> Vec<i64> {
    let (needs, users) = neighbours(n_boxes, links.iter());
    let mut levels = levels_of(&needs, &users);
    close_gaps(&mut levels, &[]);
    levels
}

fn neighbours<'a>(
    n_boxes: usize,
    links: impl Iterator<Item = &'a Link>,
) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut needs = vec![Vec::new(); n_boxes];
    let mut users = vec![Vec::new(); n_boxes];
    for link in links {
        users[link.upper].push(link.lower);
        needs[link.lower].push(link.upper);
    }
    (needs, users)
}

fn levels_of(needs: &[Vec<usize>], users: &[Vec<usize>]) -> Vec<i64> {
    let n_boxes = needs.len();
    let order = needs_first(needs, users);
    let mut ranks = vec![0_i64; n_boxes];
    for &b in &order {
        ranks[b] = needs[b].iter().map(|&need| ranks[need] + 1).max().unwrap_or(0);
    }
    // A tree of boxes that only this box uses can move with it.
    let mut is_free = vec![true; n_boxes];
    for &b in &order {
        is_free[b] = needs[b].iter().all(|&need| is_free[need] && users[need].len() == 1);
    }
    for &b in order.iter().rev() {
        let Some(first_use) = users[b].iter().map(|&user| ranks[user]).min() else { continue };
        if is_free[b] || users[b].len() > needs[b].len() {
            ranks[b] = first_use - 1;
        }
    }
    ranks
}

/// The boxes, each after all that it needs.
fn needs_first(needs: &[Vec<usize>], users: &[Vec<usize>]) -> Vec<usize> {
    let mut n_open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..needs.len()).filter(|&b| n_open[b] == 0).collect();
    let mut next = 0;
    while let Some(&b) = order.get(next) {
        next += 1;
        for &user in &users[b] {
            n_open[user] -= 1;
            if n_open[user] == 0 {
                order.push(user);
            }
        }
    }
    order
}

/// Makes the ranks in use, and those to be kept, 0, 1, 2...
fn close_gaps(ranks: &mut [i64], kept: &[i64]) {
    let mut used: Vec<i64> = [ranks as &[i64], kept].concat();
    used.sort_unstable();
    used.dedup();
    for rank in ranks {
        *rank = used.partition_point(|other| *other < *rank) as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::untangle;

    fn check(n_boxes: usize, arrows: &[(usize, usize)], expected: &[i64]) {
        assert_eq!(ranks(n_boxes, &untangle(n_boxes, arrows)), expected);
    }

    #[test]
    fn ranks_follow_the_longest_way() {
        check(0, &[], &[]);
        check(3, &[], &[0, 0, 0]);
        check(3, &[(0, 1), (1, 2), (0, 2)], &[0, 1, 2]);
        check(3, &[(2, 1), (1, 0)], &[2, 1, 0]);
        check(2, &[(0, 1), (1, 0)], &[0, 1]);
    }

    #[test]
    fn what_is_used_late_stands_late() {
        // 4 is only needed by 3; 5 -> 6 only by 3, too.
        check(7, &[(0, 1), (1, 2), (2, 3), (4, 3), (5, 6), (6, 3)], &[0, 1, 2, 3, 2, 1, 2]);
    }

    #[test]
    fn a_long_row_of_sources_is_folded() {
        let arrows: Vec<_> = (1..=100).map(|source| (source, 0)).collect();
        let ranks = ranks(101, &untangle(101, &arrows));
        assert_eq!(ranks[0], 6);
        for rank in 0..6 {
            let n_boxes = ranks.iter().filter(|other| **other == rank).count();
            assert!((16..=17).contains(&n_boxes), "{n_boxes} boxes on rank {rank}");
        }
        assert!(ranks[1] < ranks[100]);
    }

    #[test]
    fn a_chain_of_a_million_is_ranked() {
        let arrows: Vec<_> = (1..1_000_000).map(|b| (b - 1, b)).collect();
        assert_eq!(ranks(1_000_000, &untangle(1_000_000, &arrows))[999_999], 999_999);
    }
}
