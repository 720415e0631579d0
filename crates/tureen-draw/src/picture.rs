//! What is to be drawn: boxes, arrows between them, and which way they run.
//! Plain data. Knows nothing of tasks, rules or jobs, nor where anything will stand on the page.

use crate::color::Color;

/// Which way arrows run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the top to the bottom; Graphviz's `TB`.
    #[default]
    TopDown,
    /// From the bottom to the top; Graphviz's `BT`.
    BottomUp,
    /// From left to right; Graphviz's `LR`.
    LeftRight,
    /// From right to left; Graphviz's `RL`.
    RightLeft,
}

impl Direction {
    /// The direction with this Graphviz `rankdir` (`TB`, `BT`, `LR` or `RL`), if there is one.
    ///
    /// ```
    /// use tureen_draw::Direction;
    /// assert_eq!(Direction::from_rankdir("LR"), Some(Direction::LeftRight));
    /// assert_eq!(Direction::from_rankdir("up"), None);
    /// ```
    pub fn from_rankdir(rankdir: &str) -> Option<Direction> {
        match rankdir {
            "TB" => Some(Direction::TopDown),
            "BT" => Some(Direction::BottomUp),
            "LR" => Some(Direction::LeftRight),
            "RL" => Some(Direction::RightLeft),
            _ => None,
        }
    }

    pub(crate) fn rankdir(self) -> &'static str {
        match self {
            Direction::TopDown => "TB",
            Direction::BottomUp => "BT",
            Direction::LeftRight => "LR",
            Direction::RightLeft => "RL",
        }
    }

    /// Whether ranks stand side by side rather than one below the other.
    pub(crate) fn is_sideways(self) -> bool {
        matches!(self, Direction::LeftRight | Direction::RightLeft)
    }
}

/// The outline of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A rectangle.
    Box,
    /// A rectangle with round corners.
    #[default]
    Rounded,
    /// A circle round a short label, a pill round a longer one.
    Circle,
}

/// How a line is drawn: round a box, or from box to box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stroke {
    /// An unbroken line.
    #[default]
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// One box of a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawnBox {
    /// What stands in it; may have several lines. The first line is the strongest.
    pub label: String,
    /// Its outline.
    pub shape: Shape,
    /// The colour it is filled with. Without one it has a light tint of `color`.
    pub fill: Option<Color>,
    /// The colour of its outline. Without one it is grey, or a darker `fill`.
    pub color: Option<Color>,
    /// How its outline is drawn.
    pub stroke: Stroke,
    /// What it is alike to: boxes of one group are drawn as one when there are too many.
    /// Without a group, boxes with the same first line are alike.
    pub group: Option<String>,
    /// What is shown when the mouse rests on it (SVG, DOT). A shortened label is always shown whole.
    pub tooltip: Option<String>,
}

impl DrawnBox {
    /// A rounded, uncoloured box with this label.
    pub fn new(label: impl Into<String>) -> DrawnBox {
        DrawnBox { label: label.into(), ..DrawnBox::default() }
    }

    /// The name under which boxes are alike.
    pub(crate) fn family(&self) -> &str {
        match &self.group {
            Some(group) => group,
            None => self.label.lines().next().unwrap_or(""),
        }
    }
}

/// One arrow of a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrow {
    /// The position of the box it leaves.
    pub from: usize,
    /// The position of the box it points to.
    pub to: usize,
    /// What stands beside it.
    pub label: Option<String>,
    /// How its line is drawn.
    pub stroke: Stroke,
}

/// Boxes, and arrows between them.
///
/// Any picture can be drawn: none, one or a million boxes; arrows from a box to itself, twice the same
/// arrow, arrows in a circle. An arrow that names a box that isn't there is left out.
///
/// ```
/// use tureen_draw::{Direction, DrawnBox, Picture, svg};
/// let mut picture = Picture::new(Direction::LeftRight);
/// let peas = picture.add(DrawnBox::new("peas"));
/// let soup = picture.add(DrawnBox::new("soup"));
/// picture.connect(peas, soup);
/// assert!(svg(&picture).starts_with("<svg "));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What stands above the whole.
    pub title: Option<String>,
    /// Which way the arrows run.
    pub direction: Direction,
    /// The boxes, in the order in which they should stand side by side where arrows don't say otherwise.
    pub boxes: Vec<DrawnBox>,
    /// The arrows, by the positions of their boxes in `boxes`.
    pub arrows: Vec<Arrow>,
}

impl Picture {
    /// An empty picture.
    pub fn new(direction: Direction) -> Picture {
        Picture { direction, ..Picture::default() }
    }

    /// Adds a box, and returns its position.
    pub fn add(&mut self, drawn: DrawnBox) -> usize {
        self.boxes.push(drawn);
        self.boxes.len() - 1
    }

    /// Adds a plain arrow between two boxes, named by their positions.
    pub fn connect(&mut self, from: usize, to: usize) {
        self.arrows.push(Arrow { from, to, ..Arrow::default() });
    }

    /// The arrows whose two boxes are there.
    pub(crate) fn sound_arrows(&self) -> impl Iterator<Item = &Arrow> {
        let n_boxes = self.boxes.len();
        self.arrows.iter().filter(move |arrow| arrow.from < n_boxes && arrow.to < n_boxes)
    }
}
