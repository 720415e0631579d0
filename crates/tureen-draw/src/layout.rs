//! From boxes with sizes and arrows between them to places and routes on a page.
//! Each connected part is laid out on its own, arrows running down; then the parts are set side by side
//! and the page is turned into the picture's direction. Knows no labels, colours or formats.

use crate::layers::layers;
use crate::links::{Link, untangle};
use crate::order::order;
use crate::picture::Direction;
use crate::place::place;
use crate::rank::ranks;
use crate::route::{Point, Route, loop_route, route};

/// Room between two parts.
const PART_GAP: f64 = 34.0;
/// Room beside a box for an arrow that leads from it to itself.
pub(crate) const LOOP_ROOM: f64 = 26.0;
/// The least room between two layers.
const LAYER_GAP: f64 = 40.0;
/// Arrows that go far to the side get more room to bend, up to this much.
const MAX_LAYER_GAP: f64 = 150.0;

/// What is to be laid out.
pub(crate) struct Sketch {
    /// Width and height of each box.
    pub(crate) sizes: Vec<(f64, f64)>,
    /// From, to. Loops and doubles are allowed.
    pub(crate) arrows: Vec<(usize, usize)>,
    pub(crate) direction: Direction,
    /// More room between two layers, for the labels of arrows.
    pub(crate) label_room: f64,
}

/// Where everything stands. x runs to the right, y down, both from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The middle of each box.
    pub(crate) middles: Vec<Point>,
    /// The way of each arrow, and which arrow it is. Doubles have none.
    pub(crate) routes: Vec<(usize, Route)>,
}

/// Lays out a picture.
pub(crate) fn lay_out(sketch: &Sketch) -> Layout {
    let sizes: Vec<(f64, f64)> = sketch
        .sizes
        .iter()
        .map(
            |&(width, height)| if sketch.direction.is_sideways() { (height, width) } else { (width, height) },
        )
        .collect();
    let mut has_loop = vec![false; sizes.len()];
    for &(from, to) in &sketch.arrows {
        has_loop[from] |= from == to;
    }
    let parts: Vec<(Vec<usize>, Layout)> = parts(sizes.len(), &sketch.arrows)
        .into_iter()
        .map(|part| {
            let layout = lay_out_part(&part, &sizes, &has_loop, sketch.label_room);
            (part.boxes, layout)
        })
        .collect();
    let mut page = Layout { middles: vec![Point::default(); sizes.len()], ..Layout::default() };
    let corners = shelve(&parts);
    for ((boxes, part), corner) in parts.into_iter().zip(corners) {
        page.width = page.width.max(corner.x + part.width);
        page.height = page.height.max(corner.y + part.height);
        for (own, b) in boxes.into_iter().enumerate() {
            page.middles[b] = part.middles[own].moved(corner);
        }
        for (arrow, mut route) in part.routes {
            route.map(|point| point.moved(corner));
            page.routes.push((arrow, route));
        }
    }
    page.routes.sort_unstable_by_key(|(arrow, _)| *arrow);
    turn(page, sketch.direction)
}

/// One connected part: its boxes, and its arrows by their positions among these.
struct Part {
    boxes: Vec<usize>,
    arrows: Vec<(usize, usize)>,
    /// Which arrow of the picture each is.
    names: Vec<usize>,
}

/// The connected parts, the largest first, equally large ones in the order of their first boxes.
fn parts(n_boxes: usize, arrows: &[(usize, usize)]) -> Vec<Part> {
    let mut leader: Vec<usize> = (0..n_boxes).collect();
    for &(from, to) in arrows {
        let (from, to) = (find(&mut leader, from), find(&mut leader, to));
        leader[from.max(to)] = from.min(to);
    }
    let mut part_of = vec![usize::MAX; n_boxes];
    let mut position = vec![0; n_boxes];
    let mut parts: Vec<Part> = Vec::new();
    for (b, own) in position.iter_mut().enumerate() {
        let lead = find(&mut leader, b);
        if part_of[lead] == usize::MAX {
            part_of[lead] = parts.len();
            parts.push(Part { boxes: Vec::new(), arrows: Vec::new(), names: Vec::new() });
        }
        let part = &mut parts[part_of[lead]];
        *own = part.boxes.len();
        part.boxes.push(b);
    }
    for (name, &(from, to)) in arrows.iter().enumerate() {
        let part = &mut parts[part_of[find(&mut leader, from)]];
        part.arrows.push((position[from], position[to]));
        part.names.push(name);
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.boxes.len()));
    parts
}

fn find(leader: &mut [usize], mut b: usize) -> usize {
    while leader[b] != b {
        leader[b] = leader[leader[b]];
        b = leader[b];
    }
    b
}

fn lay_out_part(part: &Part, sizes: &[(f64, f64)], has_loop: &[bool], label_room: f64) -> Layout {
    let n_boxes = part.boxes.len();
    let links = untangle(n_boxes, &part.arrows);
    let mut layers = layers(&ranks(n_boxes, &links), &links);
    order(&mut layers);
    let size = |own: usize| sizes[part.boxes[own]];
    let extents: Vec<f64> = (0..n_boxes)
        .map(|own| size(own).0 + if has_loop[part.boxes[own]] { 2.0 * LOOP_ROOM } else { 0.0 })
        .collect();
    let xs = place(&layers, &extents);
    let thickness: Vec<f64> = layers
        .rows
        .iter()
        .map(|row| row.iter().filter(|&&v| v < n_boxes).map(|&v| size(v).1).fold(0.0, f64::max))
        .collect();
    let mut tops = Vec::with_capacity(thickness.len());
    let mut top = 0.0;
    for (layer, thick) in thickness.iter().enumerate() {
        tops.push(top);
        let farthest = layers.rows[layer]
            .iter()
            .flat_map(|&upper| layers.below[upper].iter().map(move |&lower| (upper, lower)))
            .map(|(upper, lower)| (xs[upper] - xs[lower]).abs())
            .fold(0.0, f64::max);
        let gap = (LAYER_GAP + 0.12 * (farthest - 100.0).max(0.0)).min(MAX_LAYER_GAP);
        top += thick + gap + label_room;
    }
    let point =
        |v: usize| Point { x: xs[v], y: tops[layers.layer_of[v]] + thickness[layers.layer_of[v]] / 2.0 };
    let mut layout = Layout {
        middles: (0..n_boxes).map(point).collect(),
        height: tops.last().map_or(0.0, |top| top + thickness.last().copied().unwrap_or(0.0)),
        width: xs
            .iter()
            .enumerate()
            .map(|(v, x)| x + extents.get(v).map_or(0.0, |e| e / 2.0))
            .fold(0.0, f64::max),
        routes: Vec::with_capacity(links.len()),
    };
    for (Link { upper, lower, is_turned, arrow }, way) in links.iter().zip(&layers.ways) {
        let stops: Vec<(Point, f64)> =
            way.iter().map(|&v| (point(v), thickness[layers.layer_of[v]] / 2.0)).collect();
        let mut route = route(&stops, size(*upper).1 / 2.0, size(*lower).1 / 2.0);
        if *is_turned {
            route.reverse();
        }
        layout.routes.push((part.names[*arrow], route));
    }
    let mut is_looped = vec![false; n_boxes];
    for (arrow, &(from, to)) in part.arrows.iter().enumerate() {
        if from == to && !std::mem::replace(&mut is_looped[from], true) {
            layout.routes.push((part.names[arrow], loop_route(layout.middles[from], size(from))));
        }
    }
    layout
}

/// The top left corner of each part: in rows like books on shelves, about twice as wide as high.
fn shelve(parts: &[(Vec<usize>, Layout)]) -> Vec<Point> {
    let area: f64 = parts.iter().map(|(_, part)| (part.width + PART_GAP) * (part.height + PART_GAP)).sum();
    let widest = parts.iter().map(|(_, part)| part.width).fold(0.0, f64::max);
    let shelf_width = widest.max((2.0 * area).sqrt());
    let mut corners = Vec::with_capacity(parts.len());
    let (mut x, mut y, mut shelf_height) = (0.0, 0.0, 0.0_f64);
    for (_, part) in parts {
        if x > 0.0 && x + part.width > shelf_width {
            y += shelf_height + PART_GAP;
            (x, shelf_height) = (0.0, 0.0);
        }
        corners.push(Point { x, y });
        x += part.width + PART_GAP;
        shelf_height = shelf_height.max(part.height);
    }
    corners
}

/// Turns a page whose arrows run down.
fn turn(mut page: Layout, direction: Direction) -> Layout {
    let (width, height) = (page.width, page.height);
    let turned = |point: Point| match direction {
        Direction::TopDown => point,
        Direction::BottomUp => Point { x: point.x, y: height - point.y },
        Direction::LeftRight => Point { x: point.y, y: point.x },
        Direction::RightLeft => Point { x: height - point.y, y: point.x },
    };
    page.middles.iter_mut().for_each(|middle| *middle = turned(*middle));
    page.routes.iter_mut().for_each(|(_, route)| route.map(turned));
    if direction.is_sideways() {
        (page.width, page.height) = (height, width);
    }
    page
}
