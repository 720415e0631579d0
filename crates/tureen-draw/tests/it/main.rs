//! The crate through its public face: what is drawn, read back.

mod odd;
mod properties;
mod snapshots;

use tureen_draw::{Direction, DrawnBox, Picture, svg};

/// A picture of boxes named after their positions.
fn picture(direction: Direction, n_boxes: usize, arrows: &[(usize, usize)]) -> Picture {
    let mut picture = Picture::new(direction);
    for position in 0..n_boxes {
        picture.add(DrawnBox::new(format!("box {position}")));
    }
    arrows.iter().for_each(|&(from, to)| picture.connect(from, to));
    picture
}

/// What a reader sees of an SVG.
struct Seen {
    width: f64,
    height: f64,
    /// x, y, width, height.
    rects: Vec<[f64; 4]>,
    texts: Vec<String>,
    /// Start and tip of each arrow, in the order of the arrows.
    arrows: Vec<[(f64, f64); 2]>,
}

/// Reads a drawn picture back. Fails unless it is valid XML.
fn see(picture: &Picture) -> Seen {
    let text = svg(picture);
    let document = roxmltree::Document::parse(&text).expect("the svg is valid XML");
    let root = document.root_element();
    let number = |node: roxmltree::Node<'_, '_>, name| -> f64 {
        node.attribute(name).expect("it is given").parse().expect("it is a number")
    };
    let named = |name: &'static str| {
        document.descendants().filter(move |node| node.has_tag_name(("http://www.w3.org/2000/svg", name)))
    };
    let paths: Vec<Vec<f64>> = named("path")
        .map(|path| {
            let numbers = path
                .attribute("d")
                .expect("a path has a way")
                .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            numbers
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().expect("a way is made of numbers"))
                .collect()
        })
        .collect();
    // All lines come first, then all heads.
    let (lines, heads) = paths.split_at(paths.len() / 2);
    Seen {
        width: number(root, "width"),
        height: number(root, "height"),
        rects: named("rect")
            .map(|rect| ["x", "y", "width", "height"].map(|name| number(rect, name)))
            .collect(),
        texts: named("text").map(|node| node.text().unwrap_or("").to_owned()).collect(),
        arrows: lines
            .iter()
            .zip(heads)
            .map(|(line, head)| [(line[0], line[1]), (head[0], head[1])])
            .collect(),
    }
}
