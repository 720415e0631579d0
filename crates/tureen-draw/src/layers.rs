//! Boxes in layers, one per rank, with way points where an arrow passes a layer: afterwards every edge
//! leads from one layer to the next. Knows no sizes.

use rustc_hash::FxHashMap;

use crate::links::Link;

/// More way points than this many (and a few for each box) are not worth their time:
/// the longest arrows are then drawn straight across.
const MAX_WAY_POINTS: usize = 6_000;

/// A layered graph. The first `n_boxes` vertices are boxes, the others way points.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) n_boxes: usize,
    /// The layer of each vertex.
    pub(crate) layer_of: Vec<usize>,
    /// The vertices of each layer from left to right.
    pub(crate) rows: Vec<Vec<usize>>,
    /// The neighbours of each vertex in the layer above.
    pub(crate) above: Vec<Vec<usize>>,
    /// The neighbours of each vertex in the layer below.
    pub(crate) below: Vec<Vec<usize>>,
    /// For each link, the vertices it leads over, its two boxes included.
    pub(crate) ways: Vec<Vec<usize>>,
}

impl Layers {
    pub(crate) fn is_way_point(&self, vertex: usize) -> bool {
        vertex >= self.n_boxes
    }
}

/// Whose way points a long arrow uses. Arrows that leave one box together, or come to one box together,
/// share theirs: they look like one line that branches, and their number stays small.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Trunk {
    Leaves(usize),
    Reaches(usize),
}

/// Puts boxes with these ranks (from 0) into layers.
pub(crate) fn layers(ranks: &[i64], links: &[Link]) -> Layers {
    let n_boxes = ranks.len();
    let n_layers = ranks.iter().max().map_or(0, |last| *last as usize + 1);
    let mut layers = Layers {
        n_boxes,
        layer_of: ranks.iter().map(|rank| *rank as usize).collect(),
        rows: vec![Vec::new(); n_layers],
        above: vec![Vec::new(); n_boxes],
        below: vec![Vec::new(); n_boxes],
        ways: vec![Vec::new(); links.len()],
    };
    let span = |link: &Link| (ranks[link.lower] - ranks[link.upper]) as usize;
    let mut n_long_from = vec![0_usize; n_boxes];
    let mut n_long_to = vec![0_usize; n_boxes];
    for link in links.iter().filter(|link| span(link) > 1) {
        n_long_from[link.upper] += 1;
        n_long_to[link.lower] += 1;
    }
    // Short arrows first, so that what doesn't fit the budget is the longest.
    let mut by_span: Vec<usize> = (0..links.len()).collect();
    by_span.sort_by_key(|&link| span(&links[link]));
    let budget = MAX_WAY_POINTS + 4 * n_boxes;
    let mut way_points: FxHashMap<(Trunk, usize), usize> = FxHashMap::default();
    let mut n_steps = 0;
    for position in by_span {
        let link = &links[position];
        let trunk = if n_long_from[link.upper] >= n_long_to[link.lower] {
            Trunk::Leaves(link.upper)
        } else {
            Trunk::Reaches(link.lower)
        };
        // Also the steps over shared way points are counted: a way is as long as its arrow.
        n_steps += span(link) - 1;
        if n_steps > 8 * budget || layers.layer_of.len() + span(link) > n_boxes + budget {
            layers.ways[position] = vec![link.upper, link.lower];
            continue;
        }
        let mut way = vec![link.upper];
        for layer in layers.layer_of[link.upper] + 1..layers.layer_of[link.lower] {
            way.push(*way_points.entry((trunk, layer)).or_insert_with(|| {
                layers.layer_of.push(layer);
                layers.above.push(Vec::new());
                layers.below.push(Vec::new());
                layers.layer_of.len() - 1
            }));
        }
        way.push(link.lower);
        for step in way.windows(2) {
            layers.below[step[0]].push(step[1]);
            layers.above[step[1]].push(step[0]);
        }
        layers.ways[position] = way;
    }
    // Arrows that share a way point share its edges.
    for neighbours in layers.above.iter_mut().chain(&mut layers.below) {
        neighbours.sort_unstable();
        neighbours.dedup();
    }
    for (vertex, &layer) in layers.layer_of.iter().enumerate() {
        layers.rows[layer].push(vertex);
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::untangle;
    use crate::rank::ranks;

    fn check(n_boxes: usize, arrows: &[(usize, usize)]) -> Layers {
        let links = untangle(n_boxes, arrows);
        let layers = layers(&ranks(n_boxes, &links), &links);
        for (vertex, below) in layers.below.iter().enumerate() {
            for &other in below {
                assert_eq!(layers.layer_of[other], layers.layer_of[vertex] + 1);
                assert!(layers.above[other].contains(&vertex));
            }
        }
        layers
    }

    #[test]
    fn long_arrows_get_a_way_point_per_layer_they_pass() {
        let layers = check(4, &[(0, 1), (1, 2), (2, 3), (0, 3)]);
        assert_eq!(layers.layer_of.len(), 4 + 2);
        assert_eq!(layers.ways[3].len(), 4);
        assert_eq!(check(0, &[]).rows.len(), 0);
    }

    #[test]
    fn arrows_of_one_box_share_their_way_points() {
        let n = 500;
        let chain = (1..n).map(|b| (b - 1, b));
        let all_from_first = check(n, &chain.clone().chain((2..n).map(|b| (0, b))).collect::<Vec<_>>());
        assert!(all_from_first.layer_of.len() < 2 * n);
        let all_to_last = check(n, &chain.chain((0..n - 2).map(|b| (b, n - 1))).collect::<Vec<_>>());
        assert!(all_to_last.layer_of.len() < 2 * n);
    }

    #[test]
    fn way_points_stay_within_their_budget() {
        let n = 700;
        let mut arrows: Vec<_> = (1..n).map(|b| (b - 1, b)).collect();
        arrows.extend((0..n).flat_map(|b| (b + 2..n).step_by(7).map(move |user| (b, user))));
        let layers = check(n, &arrows);
        assert!(layers.layer_of.len() <= 5 * n + MAX_WAY_POINTS);
        assert!(layers.ways.iter().any(|way| way.len() == 2));
    }
}
