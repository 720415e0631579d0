//! Where each vertex stands along its layer: long lines and chains straight, everything else near the
//! middle of its neighbours, nothing closer than it may be.
//!
//! After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): vertices are
//! chained into straight blocks four times (from above and below, from the left and the right), each time
//! packed as far to one side as possible, and each vertex gets the middle of its four places.

use rustc_hash::FxHashSet;

use crate::layers::Layers;
use crate::order::positions;

/// Room between the edges of two boxes, of a box and a way point, and of two way points.
const BOX_GAP: f64 = 22.0;
const PASSING_GAP: f64 = 14.0;
const LINE_GAP: f64 = 10.0;

/// The middle of each vertex along its layer, the leftmost box's edge at 0. `extents` are the boxes'
/// lengths along the layer; a way point has none.
pub(crate) fn place(layers: &Layers, extents: &[f64]) -> Vec<f64> {
    let extent = |vertex: usize| extents.get(vertex).copied().unwrap_or(0.0);
    let room = |left: usize, right: usize| {
        let gap = match (layers.is_way_point(left), layers.is_way_point(right)) {
            (false, false) => BOX_GAP,
            (true, true) => LINE_GAP,
            _ => PASSING_GAP,
        };
        (extent(left) + extent(right)) / 2.0 + gap
    };
    let crossed = crossed_by_lines(layers, &positions(layers));
    let mut places: Vec<Vec<f64>> = Vec::with_capacity(4);
    for from_above in [true, false] {
        for from_left in [true, false] {
            let view = View::new(layers, from_above, from_left);
            let blocks = blocks(&view, layers.n_boxes, &crossed);
            let mut xs = pack(&view, &blocks, &room);
            if !from_left {
                xs.iter_mut().for_each(|x| *x = -*x);
            }
            places.push(xs);
        }
    }
    settle(&mut places, extent);
    let mut xs: Vec<f64> = (0..layers.layer_of.len())
        .map(|vertex| {
            let mut four = [0, 1, 2, 3].map(|view: usize| places[view][vertex]);
            four.sort_by(f64::total_cmp);
            (four[1] + four[2]) / 2.0
        })
        .collect();
    let start = bounds(&xs, extent).0;
    xs.iter_mut().for_each(|x| *x -= start);
    xs
}

/// The layers seen from one of four sides: always from above and from the left.
struct View<'a> {
    rows: Vec<Vec<usize>>,
    positions: Vec<usize>,
    before: &'a [Vec<usize>],
    after: &'a [Vec<usize>],
    is_mirrored: bool,
}

impl View<'_> {
    fn new(layers: &Layers, from_above: bool, from_left: bool) -> View<'_> {
        let mut rows = layers.rows.clone();
        if !from_above {
            rows.reverse();
        }
        if !from_left {
            rows.iter_mut().for_each(|row| row.reverse());
        }
        let mut positions = vec![0; layers.layer_of.len()];
        for row in &rows {
            for (position, &vertex) in row.iter().enumerate() {
                positions[vertex] = position;
            }
        }
        let (before, after) =
            if from_above { (&layers.above, &layers.below) } else { (&layers.below, &layers.above) };
        View { rows, positions, before, after, is_mirrored: !from_left }
    }
}

/// The edges that cross a straight line between two way points: the line stays straight, they don't.
fn crossed_by_lines(layers: &Layers, positions: &[usize]) -> FxHashSet<(usize, usize)> {
    let mut crossed = FxHashSet::default();
    for pair in layers.rows.windows(2) {
        // Between two lines that follow one another, only ends between theirs are free of crossings.
        let mut left_end = 0;
        let mut first = 0;
        for (position, &vertex) in pair[1].iter().enumerate() {
            let line = layers
                .is_way_point(vertex)
                .then(|| layers.above[vertex].iter().copied().find(|&other| layers.is_way_point(other)));
            let line = line.flatten();
            if line.is_none() && position + 1 < pair[1].len() {
                continue;
            }
            let right_end = line.map_or(pair[0].len(), |other| positions[other]);
            for &lower in &pair[1][first..=position] {
                for &upper in &layers.above[lower] {
                    let is_line = layers.is_way_point(lower) && layers.is_way_point(upper);
                    let end = positions[upper];
                    if !is_line && (end < left_end || end > right_end) {
                        crossed.insert((upper, lower));
                    }
                }
            }
            first = position + 1;
            left_end = right_end;
        }
    }
    crossed
}

/// The block of each vertex, named by its first vertex.
fn blocks(view: &View<'_>, n_boxes: usize, crossed: &FxHashSet<(usize, usize)>) -> Vec<usize> {
    let nexts: Vec<Next> = (0..view.positions.len()).map(|vertex| next_of(view, n_boxes, vertex)).collect();
    let mut block: Vec<usize> = (0..view.positions.len()).collect();
    let mut has_next = vec![false; view.positions.len()];
    for row in view.rows.iter().skip(1) {
        // Blocks don't cross: the next may only be joined right of the last.
        let mut free_from = 0;
        for &vertex in row {
            let neighbours = &view.before[vertex];
            let Some(last) = neighbours.len().checked_sub(1) else { continue };
            let (low, high) = (neighbours[last / 2], neighbours[last.div_ceil(2)]);
            let wanted = match line(n_boxes, vertex, neighbours) {
                Some(other) => [other, other],
                // Where many arrows join to a line, the line stands aside.
                None if vertex >= n_boxes && last > 1 => continue,
                None if view.is_mirrored => [high, low],
                None => [low, high],
            };
            for other in wanted {
                let is_taken = has_next[other] || !nexts[other].allows(vertex);
                let is_crossed = crossed.contains(&(other, vertex)) || crossed.contains(&(vertex, other));
                if !is_taken && !is_crossed && view.positions[other] >= free_from {
                    has_next[other] = true;
                    block[vertex] = block[other];
                    free_from = view.positions[other] + 1;
                    break;
                }
            }
        }
    }
    block
}

/// Which vertex of the next layer may stand in one line with a vertex, given its other neighbours there.
enum Next {
    /// Whoever comes first.
    Any,
    Only(usize),
    None,
}

impl Next {
    fn allows(&self, vertex: usize) -> bool {
        match self {
            Next::Any => true,
            Next::Only(only) => *only == vertex,
            Next::None => false,
        }
    }
}

fn next_of(view: &View<'_>, n_boxes: usize, vertex: usize) -> Next {
    let next = &view.after[vertex];
    if let Some(goes_on) = line(n_boxes, vertex, next) {
        // Where arrows branch off a line of way points, the line goes on straight and not one of them.
        return Next::Only(goes_on);
    }
    let Some(last) = next.len().checked_sub(1).filter(|last| *last > 1) else { return Next::Any };
    if vertex >= n_boxes {
        return Next::None;
    }
    // Of a plain fan, the one in the middle.
    if next.iter().all(|&one| view.before[one].len() == 1) {
        return Next::Only(if view.is_mirrored { next[last.div_ceil(2)] } else { next[last / 2] });
    }
    Next::Any
}

/// Where the line of way points goes on, if this is one and it does.
fn line(n_boxes: usize, vertex: usize, neighbours: &[usize]) -> Option<usize> {
    if vertex < n_boxes {
        return None;
    }
    neighbours.iter().copied().find(|&other| other >= n_boxes)
}

/// The place of each vertex when every block stands as far to the left as it can, and then as close to
/// what stands right of it as it can.
fn pack(view: &View<'_>, block: &[usize], room: &impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let n_vertices = block.len();
    let mut right_of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n_vertices];
    let mut n_left = vec![0_usize; n_vertices];
    for row in &view.rows {
        for pair in row.windows(2) {
            right_of[block[pair[0]]].push((block[pair[1]], room(pair[0], pair[1])));
            n_left[block[pair[1]]] += 1;
        }
    }
    let mut order: Vec<usize> = (0..n_vertices).filter(|&b| block[b] == b && n_left[b] == 0).collect();
    let mut xs = vec![0.0_f64; n_vertices];
    let mut next = 0;
    while let Some(&b) = order.get(next) {
        next += 1;
        for &(right, room) in &right_of[b] {
            xs[right] = xs[right].max(xs[b] + room);
            n_left[right] -= 1;
            if n_left[right] == 0 {
                order.push(right);
            }
        }
    }
    for &b in order.iter().rev() {
        let limit = right_of[b].iter().map(|&(right, room)| xs[right] - room).fold(f64::INFINITY, f64::min);
        if limit.is_finite() {
            xs[b] = limit;
        }
    }
    (0..n_vertices).map(|vertex| xs[block[vertex]]).collect()
}

/// Shifts the four placings onto the narrowest: those packed to the left by their left edges, those
/// packed to the right by their right ones.
fn settle(places: &mut [Vec<f64>], extent: impl Fn(usize) -> f64) {
    let all_bounds: Vec<(f64, f64)> = places.iter().map(|xs| bounds(xs, &extent)).collect();
    let narrowest = all_bounds
        .iter()
        .copied()
        .min_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0)))
        .unwrap_or((0.0, 0.0));
    for (view, (xs, own)) in places.iter_mut().zip(all_bounds).enumerate() {
        let is_left = view % 2 == 0;
        let shift = if is_left { narrowest.0 - own.0 } else { narrowest.1 - own.1 };
        xs.iter_mut().for_each(|x| *x += shift);
    }
}

/// The outermost edges.
fn bounds(xs: &[f64], extent: impl Fn(usize) -> f64) -> (f64, f64) {
    let mut bounds = (f64::INFINITY, f64::NEG_INFINITY);
    for (vertex, x) in xs.iter().enumerate() {
        bounds.0 = bounds.0.min(x - extent(vertex) / 2.0);
        bounds.1 = bounds.1.max(x + extent(vertex) / 2.0);
    }
    if xs.is_empty() { (0.0, 0.0) } else { bounds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::layers;
    use crate::links::untangle;
    use crate::order::order;
    use crate::rank::levels;

    fn placed(n_boxes: usize, arrows: &[(usize, usize)]) -> Vec<f64> {
        let links = untangle(n_boxes, arrows);
        let mut layers = layers(&levels(n_boxes, &links), &links);
        order(&mut layers);
        place(&layers, &vec![40.0; n_boxes])
    }

    #[test]
    fn a_chain_is_straight_and_a_long_arrow_passes_it() {
        assert_eq!(placed(3, &[(0, 1), (1, 2)]), [20.0, 20.0, 20.0]);
        let xs = placed(4, &[(0, 1), (1, 2), (2, 3), (0, 3)]);
        assert_eq!(xs[1], xs[2]);
        assert_eq!(xs[4], xs[5]);
    }

    #[test]
    fn a_tree_is_symmetrical() {
        let xs = placed(7, &[(0, 4), (1, 4), (2, 5), (3, 5), (4, 6), (5, 6)]);
        assert_eq!(xs[4], (xs[0] + xs[1]) / 2.0);
        assert_eq!(xs[6], (xs[4] + xs[5]) / 2.0);
        assert_eq!(xs[1] - xs[0], 40.0 + BOX_GAP);
    }

    #[test]
    fn parallel_chains_are_straight_and_end_in_the_middle() {
        let n = 42;
        let mut arrows: Vec<_> = (0..2 * n).map(|b| (b, b + n)).collect();
        arrows.extend((2 * n..3 * n).map(|b| (b, 3 * n)));
        let xs = placed(3 * n + 1, &arrows);
        for b in 0..2 * n {
            assert_eq!(xs[b], xs[b + n]);
        }
        assert_eq!(xs[3 * n], (xs[0] + xs[n - 1]) / 2.0);
    }
}
