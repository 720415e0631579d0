//! The way of one arrow: from the edge of its first box, over its way points, to the edge of its last.
//! Lines run straight beside boxes and bend in the room between layers.

/// A place on the page, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Point {
    pub(crate) fn moved(self, by: Point) -> Point {
        Point { x: self.x + by.x, y: self.y + by.y }
    }

    /// The point this share of the way towards another.
    pub(crate) fn towards(self, other: Point, share: f64) -> Point {
        Point { x: self.x + (other.x - self.x) * share, y: self.y + (other.y - self.y) * share }
    }
}

/// A smooth line: a start, then cubic curves, each with two controls and an end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Route {
    pub(crate) start: Point,
    pub(crate) curves: Vec<[Point; 3]>,
}

impl Route {
    pub(crate) fn map(&mut self, change: impl Fn(Point) -> Point) {
        self.start = change(self.start);
        self.curves.iter_mut().flatten().for_each(|point| *point = change(*point));
    }

    /// The same line walked from its end to its start.
    pub(crate) fn reverse(&mut self) {
        let mut points = vec![self.start];
        points.extend(self.curves.iter().flatten());
        points.reverse();
        self.start = points[0];
        self.curves = points[1..].chunks_exact(3).map(|three| [three[0], three[1], three[2]]).collect();
    }

    pub(crate) fn end(&self) -> Point {
        self.curves.last().map_or(self.start, |curve| curve[2])
    }

    /// The last point before the end that lies elsewhere: the arrow's head points from there to the end.
    pub(crate) fn before_end(&self) -> Point {
        let end = self.end();
        let mut points = self.curves.iter().rev().flat_map(|curve| curve.iter().rev());
        points.find(|point| **point != end).copied().unwrap_or(self.start)
    }

    /// The middle of the curve in the middle: where a label may stand.
    pub(crate) fn middle(&self) -> Point {
        let Some(curve) = self.curves.get(self.curves.len() / 2) else { return self.start };
        let from = match (self.curves.len() / 2).checked_sub(1) {
            Some(before) => self.curves[before][2],
            None => self.start,
        };
        let at = |one: f64, two: f64, three: f64, four: f64| (one + 3.0 * two + 3.0 * three + four) / 8.0;
        Point {
            x: at(from.x, curve[0].x, curve[1].x, curve[2].x),
            y: at(from.y, curve[0].y, curve[1].y, curve[2].y),
        }
    }

    fn line_to(&mut self, end: Point) {
        let start = self.end();
        if start != end {
            self.curves.push([start.towards(end, 1.0 / 3.0), start.towards(end, 2.0 / 3.0), end]);
        }
    }

    /// An S that starts and ends straight down.
    fn bend_to(&mut self, end: Point) {
        let start = self.end();
        if start.x == end.x {
            return self.line_to(end);
        }
        // An arrow that goes far aside bends less, or it would run flat and close to its neighbours.
        let (down, aside) = (end.y - start.y, (end.x - start.x).abs());
        let control = down * (0.5 - 0.28 * (1.0 - (1.5 * down / aside).min(1.0)));
        self.curves.push([
            Point { x: start.x, y: start.y + control },
            Point { x: end.x, y: end.y - control },
            end,
        ]);
    }
}

/// The way down over these stops (the middle of a vertex, and half the thickness of its layer).
/// `first_half` and `last_half` are half the heights of the two boxes.
pub(crate) fn route(stops: &[(Point, f64)], first_half: f64, last_half: f64) -> Route {
    let [(first, first_layer), between @ .., (last, last_layer)] = stops else { return Route::default() };
    let mut route = Route { start: Point { x: first.x, y: first.y + first_half }, curves: Vec::new() };
    let end = Point { x: last.x, y: last.y - last_half };
    // Beside taller boxes of its own layer the arrow runs straight.
    if first.x != last.x || !between.is_empty() {
        route.line_to(Point { x: first.x, y: first.y + first_layer });
    }
    for (stop, half) in between {
        route.bend_to(Point { x: stop.x, y: stop.y - half });
        route.line_to(Point { x: stop.x, y: stop.y + half });
    }
    route.bend_to(Point { x: last.x, y: last.y - last_layer });
    route.line_to(end);
    route
}

/// The way from a box to itself, beside it.
pub(crate) fn loop_route(middle: Point, (width, height): (f64, f64)) -> Route {
    let (edge, reach, rise) = (middle.x + width / 2.0, 26.0, (height / 4.0).min(12.0));
    Route {
        start: Point { x: edge - 1.0, y: middle.y - rise },
        curves: vec![[
            Point { x: edge + reach, y: middle.y - 1.6 * rise },
            Point { x: edge + reach, y: middle.y + 1.6 * rise },
            Point { x: edge - 1.0, y: middle.y + rise },
        ]],
    }
}
