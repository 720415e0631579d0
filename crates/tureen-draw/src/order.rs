//! The order of each layer from left to right, with few crossings.
//! Sweeps down and up, each layer sorted by where its neighbours stand; the best order seen is kept.

use crate::layers::Layers;

const N_SWEEPS: usize = 24;
/// Exchanging neighbours finds what sweeps miss, but looks at every pair: for pictures up to this size.
const MAX_EXCHANGED: usize = 4_000;

/// Orders the layers.
pub(crate) fn order(layers: &mut Layers) {
    let mut best = layers.rows.clone();
    let mut fewest = usize::MAX;
    for starts_at_top in [true, false] {
        walk_order(layers, starts_at_top);
        let mut positions = positions(layers);
        for sweep in 0..=N_SWEEPS {
            let n_crossings = crossings(layers, &positions);
            if n_crossings < fewest {
                fewest = n_crossings;
                best.clone_from(&layers.rows);
            }
            if fewest == 0 || sweep == N_SWEEPS {
                break;
            }
            let goes_down = (sweep % 2 == 0) == starts_at_top;
            self::sweep(layers, &mut positions, goes_down);
            if layers.layer_of.len() <= MAX_EXCHANGED {
                exchange(layers, &mut positions);
            }
        }
        if fewest == 0 {
            break;
        }
    }
    layers.rows = best;
    let positions = positions(layers);
    for neighbours in layers.above.iter_mut().chain(&mut layers.below) {
        neighbours.sort_unstable_by_key(|&vertex| positions[vertex]);
    }
}

/// The place of each vertex in its layer.
pub(crate) fn positions(layers: &Layers) -> Vec<usize> {
    let mut positions = vec![0; layers.layer_of.len()];
    for row in &layers.rows {
        for (position, &vertex) in row.iter().enumerate() {
            positions[vertex] = position;
        }
    }
    positions
}

/// Orders each layer as a walk in depth first comes by: a tree then has no crossings at all.
fn walk_order(layers: &mut Layers, starts_at_top: bool) {
    let (ahead, behind) =
        if starts_at_top { (&layers.below, &layers.above) } else { (&layers.above, &layers.below) };
    let n_vertices = layers.layer_of.len();
    let mut is_seen = vec![false; n_vertices];
    let mut rows = vec![Vec::new(); layers.rows.len()];
    let mut stack = Vec::new();
    for root in (0..n_vertices).filter(|&vertex| behind[vertex].is_empty()) {
        stack.push(root);
        while let Some(vertex) = stack.pop() {
            if std::mem::replace(&mut is_seen[vertex], true) {
                continue;
            }
            rows[layers.layer_of[vertex]].push(vertex);
            stack.extend(ahead[vertex].iter().rev().filter(|&&next| !is_seen[next]));
        }
    }
    layers.rows = rows;
}

/// Sorts each layer but the first by the middle of its neighbours in the layer before.
fn sweep(layers: &mut Layers, positions: &mut [usize], goes_down: bool) {
    let n_layers = layers.rows.len();
    for step in 1..n_layers {
        let (layer, before) =
            if goes_down { (step, step - 1) } else { (n_layers - 1 - step, n_layers - step) };
        let neighbours = if goes_down { &layers.above } else { &layers.below };
        let scale = layers.rows[before].len() as f64 / layers.rows[layer].len().max(1) as f64;
        let mut keyed: Vec<(f64, usize)> = layers.rows[layer]
            .iter()
            .map(|&vertex| {
                let sum: usize = neighbours[vertex].iter().map(|&other| positions[other]).sum();
                let key = match neighbours[vertex].len() {
                    // What has no neighbour there stays about where it is.
                    0 => (positions[vertex] as f64 + 0.5) * scale - 0.5,
                    n_neighbours => sum as f64 / n_neighbours as f64,
                };
                (key, vertex)
            })
            .collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (position, (_, vertex)) in keyed.iter().enumerate() {
            positions[*vertex] = position;
        }
        layers.rows[layer] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
    }
}

/// Exchanges neighbours in a layer wherever that takes crossings away.
fn exchange(layers: &mut Layers, positions: &mut [usize]) {
    for neighbours in layers.above.iter_mut().chain(&mut layers.below) {
        neighbours.sort_unstable_by_key(|&vertex| positions[vertex]);
    }
    for layer in 0..layers.rows.len() {
        for left in 1..layers.rows[layer].len() {
            let (one, other) = (layers.rows[layer][left - 1], layers.rows[layer][left]);
            let mut gain = 0;
            for sides in [&layers.above, &layers.below] {
                let (now, then) = pair_crossings(&sides[one], &sides[other], positions);
                gain += now as i64 - then as i64;
            }
            if gain > 0 {
                layers.rows[layer].swap(left - 1, left);
                positions[one] = left;
                positions[other] = left - 1;
            }
        }
        // The layers beside this one list their neighbours in this one's order.
        for beside in [layer.wrapping_sub(1), layer + 1] {
            let Some(row) = layers.rows.get(beside) else { continue };
            let lists = if beside > layer { &mut layers.above } else { &mut layers.below };
            for &vertex in row {
                lists[vertex].sort_unstable_by_key(|&other| positions[other]);
            }
        }
    }
}

/// How many of the edges of two vertices cross when the first stands left, and when it stands right.
/// Both lists are in order, so one walk along them counts.
fn pair_crossings(left: &[usize], right: &[usize], positions: &[usize]) -> (usize, usize) {
    let (mut now, mut then) = (0, 0);
    let (mut below, mut up_to) = (0, 0);
    for &end in left {
        while below < right.len() && positions[right[below]] < positions[end] {
            below += 1;
        }
        while up_to < right.len() && positions[right[up_to]] <= positions[end] {
            up_to += 1;
        }
        now += below;
        then += right.len() - up_to;
    }
    (now, then)
}

/// How many edges cross, all layers together.
pub(crate) fn crossings(layers: &Layers, positions: &[usize]) -> usize {
    let mut n_crossings = 0;
    let mut ends = Vec::new();
    let mut tree = Vec::new();
    for pair in layers.rows.windows(2) {
        tree.clear();
        tree.resize(pair[1].len() + 1, 0_usize);
        let mut n_before = 0;
        for &vertex in &pair[0] {
            ends.clear();
            ends.extend(layers.below[vertex].iter().map(|&other| positions[other]));
            // Edges of one vertex don't cross one another: all are counted before any is entered.
            for &end in &ends {
                let mut n_left = 0;
                let mut slot = end + 1;
                while slot > 0 {
                    n_left += tree[slot];
                    slot &= slot - 1;
                }
                n_crossings += n_before - n_left;
            }
            for &end in &ends {
                let mut slot = end + 1;
                while slot < tree.len() {
                    tree[slot] += 1;
                    slot += slot & slot.wrapping_neg();
                }
            }
            n_before += ends.len();
        }
    }
    n_crossings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::layers;
    use crate::links::untangle;
    use crate::rank::ranks;

    fn layered(n_boxes: usize, arrows: &[(usize, usize)]) -> Layers {
        let links = untangle(n_boxes, arrows);
        layers(&ranks(n_boxes, &links), &links)
    }

    fn crossings_after_ordering(n_boxes: usize, arrows: &[(usize, usize)]) -> usize {
        let mut layers = layered(n_boxes, arrows);
        order(&mut layers);
        let positions = positions(&layers);
        let mut vertices: Vec<usize> = layers.rows.concat();
        vertices.sort_unstable();
        assert!(vertices.into_iter().eq(0..layers.layer_of.len()));
        crossings(&layers, &positions)
    }

    #[test]
    fn crossings_are_counted() {
        let layers = layered(4, &[(0, 2), (0, 3), (1, 2), (1, 3)]);
        assert_eq!(crossings(&layers, &positions(&layers)), 1);
        let layers = layered(6, &[(0, 5), (1, 4), (2, 3)]);
        assert_eq!(crossings(&layers, &positions(&layers)), 3);
    }

    #[test]
    fn trees_and_chains_have_no_crossings() {
        let swapped: Vec<_> = (0..20).map(|b| (b, 39 - b)).collect();
        assert_eq!(crossings_after_ordering(40, &swapped), 0);
        let tree: Vec<_> =
            (1..127).map(|b| (b * 37 % 127, (b * 37 % 127 - usize::from(b * 37 % 127 > 0)) / 2)).collect();
        assert_eq!(crossings_after_ordering(127, &tree), 0);
    }

    #[test]
    fn every_two_with_every_two_must_cross() {
        let both: Vec<_> = (0..3).flat_map(|b| (3..6).map(move |user| (b, user))).collect();
        assert_eq!(crossings_after_ordering(6, &both), 9);
    }
}
