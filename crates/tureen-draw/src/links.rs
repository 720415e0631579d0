//! Arrows made ready for layers: doubles and loops set aside, and enough arrows turned round that none
//! runs in a circle. Knows positions only.

use rustc_hash::FxHashSet;

/// An arrow between two different boxes of one part of a picture, pointing down the ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) upper: usize,
    pub(crate) lower: usize,
    /// The drawn arrow points from `lower` to `upper`: it would have closed a circle.
    pub(crate) is_turned: bool,
    /// Which of the given arrows this is.
    pub(crate) arrow: usize,
}

/// The links of these arrows (`from`, `to`), without doubles and loops. Following links from upper to
/// lower never comes back.
pub(crate) fn untangle(n_boxes: usize, arrows: &[(usize, usize)]) -> Vec<Link> {
    let mut users = vec![Vec::new(); n_boxes];
    let mut seen = FxHashSet::default();
    let mut has_need = vec![false; n_boxes];
    for (position, &(from, to)) in arrows.iter().enumerate() {
        if from != to && seen.insert((from, to)) {
            users[from].push((to, position));
            has_need[to] = true;
        }
    }
    // A walk in depth first from the boxes that need nothing, then from what is left (whole circles):
    // an arrow to a box that the walk has entered and not left closes a circle.
    let roots = (0..n_boxes).filter(|&b| !has_need[b]).chain((0..n_boxes).filter(|&b| has_need[b]));
    let mut links = Vec::with_capacity(seen.len());
    let mut state = vec![Visit::NotYet; n_boxes];
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in roots {
        if state[root] != Visit::NotYet {
            continue;
        }
        state[root] = Visit::Entered;
        path.push((root, 0));
        while let Some((from, next)) = path.last_mut() {
            let from = *from;
            let Some(&(to, arrow)) = users[from].get(*next) else {
                state[from] = Visit::Left;
                path.pop();
                continue;
            };
            *next += 1;
            let is_turned = state[to] == Visit::Entered;
            let (upper, lower) = if is_turned { (to, from) } else { (from, to) };
            links.push(Link { upper, lower, is_turned, arrow });
            if state[to] == Visit::NotYet {
                state[to] = Visit::Entered;
                path.push((to, 0));
            }
        }
    }
    links.sort_unstable_by_key(|link| link.arrow);
    links
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    NotYet,
    /// On the path from the root to here.
    Entered,
    Left,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arrows: &[(usize, usize)], expected: &[(usize, usize, bool)]) {
        let links = untangle(5, arrows);
        let found: Vec<_> = links.iter().map(|link| (link.upper, link.lower, link.is_turned)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn loops_and_doubles_go_and_circles_open() {
        check(&[], &[]);
        check(&[(0, 1), (0, 1), (1, 1), (1, 2)], &[(0, 1, false), (1, 2, false)]);
        check(&[(0, 1), (1, 0)], &[(0, 1, false), (0, 1, true)]);
        check(&[(0, 1), (1, 2), (2, 0)], &[(0, 1, false), (1, 2, false), (0, 2, true)]);
        // The walk starts at what needs nothing, so the circle opens behind its entrance.
        check(&[(2, 1), (1, 2), (4, 1)], &[(1, 2, true), (1, 2, false), (4, 1, false)]);
    }
}
