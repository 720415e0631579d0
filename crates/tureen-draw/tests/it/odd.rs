//! Pictures that nobody means to draw, and large ones.

use tureen_draw::{Arrow, Direction, DrawnBox, Picture, PngError, dot, mermaid, png, svg};

use crate::{picture, see};

#[test]
fn an_empty_picture_says_so() {
    let empty = Picture::default();
    assert_eq!(see(&empty).texts, ["nothing to draw"]);
    assert!(png(&empty, 1.0).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(mermaid(&empty), "flowchart TD\n");
    assert!(dot(&empty).ends_with("}\n"));
}

#[test]
fn loops_doubles_circles_and_arrows_to_nowhere_are_drawn_or_left_out() {
    let seen =
        see(&picture(Direction::TopDown, 3, &[(0, 0), (0, 1), (0, 1), (1, 2), (2, 0), (7, 0), (0, 3)]));
    assert_eq!(seen.rects.len(), 3);
    assert_eq!(seen.arrows.len(), 4);
    for [start, tip] in seen.arrows {
        for (x, y) in [start, tip] {
            assert!(x > 0.0 && x < seen.width && y > 0.0 && y < seen.height);
        }
    }
}

#[test]
fn a_loop_stays_on_the_page_in_every_direction() {
    for direction in [Direction::TopDown, Direction::BottomUp, Direction::LeftRight, Direction::RightLeft] {
        let text = svg(&picture(direction, 1, &[(0, 0)]));
        let document = roxmltree::Document::parse(&text).unwrap();
        let viewbox: Vec<f64> = document
            .root_element()
            .attribute("viewBox")
            .unwrap()
            .split(' ')
            .map(|n| n.parse().unwrap())
            .collect();
        let line = document.descendants().find(|node| node.has_tag_name("path")).unwrap();
        let numbers: Vec<f64> = line
            .attribute("d")
            .unwrap()
            .split(['M', 'C', ',', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().unwrap())
            .collect();
        for point in numbers.chunks(2) {
            assert!(
                point[0] >= 0.0 && point[0] <= viewbox[2] && point[1] >= 0.0 && point[1] <= viewbox[3],
                "{text}"
            );
        }
    }
}

#[test]
fn a_shortened_label_is_whole_in_its_tooltip() {
    let path = format!("results/{}end.bam", "long/".repeat(60));
    let mut picture = Picture::default();
    picture.add(DrawnBox::new(path.clone()));
    let text = svg(&picture);
    assert!(text.contains(&format!("<title>{path}</title>")));
    assert!(see(&picture).width < 320.0);
}

#[test]
fn a_huge_picture_is_grouped_and_says_so() {
    let mut huge = Picture::default();
    let sum = huge.add(DrawnBox::new("sum"));
    for _ in 0..100_000 {
        let inc = huge.add(DrawnBox::new("inc"));
        huge.connect(inc, sum);
    }
    let seen = see(&huge);
    assert_eq!(seen.rects.len(), 2);
    assert_eq!(
        seen.texts,
        ["sum", "inc × 100,000", "100,001 boxes drawn as 2: those alike share one box, with their count"]
    );
    // The formats for other programs keep every box.
    assert_eq!(dot(&huge).matches("label = ").count(), 100_001);
}

#[test]
fn two_thousand_boxes_with_arrows_from_the_first_to_each_are_drawn() {
    let n = 2_000;
    let mut arrows: Vec<_> = (1..n).map(|b| (b - 1, b)).collect();
    arrows.extend((2..n).map(|b| (0, b)));
    let seen = see(&picture(Direction::LeftRight, n, &arrows));
    assert_eq!((seen.rects.len(), seen.arrows.len()), (n, arrows.len()));
}

#[test]
fn many_parallel_chains_make_a_block_and_not_a_ribbon() {
    let n = 100;
    let mut arrows: Vec<_> = (0..n).map(|b| (b, b + n)).collect();
    arrows.extend((n..2 * n).map(|b| (b, 2 * n)));
    let seen = see(&picture(Direction::TopDown, 2 * n + 1, &arrows));
    assert!(seen.width < 3.0 * seen.height, "{} x {}", seen.width, seen.height);
}

#[test]
fn lone_boxes_stand_in_rows() {
    let seen = see(&picture(Direction::TopDown, 200, &[]));
    assert!(seen.width < 4.0 * seen.height && seen.height < 2.0 * seen.width);
}

#[test]
fn png_refuses_a_scale_that_is_none_and_shrinks_what_is_too_large() {
    let one = picture(Direction::TopDown, 1, &[]);
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(png(&one, scale), Err(PngError::Scale(_))));
    }
    let error = png(&one, 0.0).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot draw a picture at scale 0\nhint: 1 draws it in its natural size, 2 twice as large"
    );
    let size = |bytes: &[u8]| [16, 20].map(|at| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
    let normal = size(&png(&one, 1.0).unwrap());
    let double = size(&png(&one, 2.0).unwrap());
    assert_eq!(double, [2 * normal[0], 2 * normal[1]]);
}

#[test]
fn a_png_has_readable_text_without_any_font_on_the_machine() {
    // With text there is more ink than without.
    let mut named = Picture::default();
    named.add(DrawnBox::new("ΩЖé"));
    let mut blank = named.clone();
    blank.boxes[0].label = "\u{2003}".repeat(3);
    assert!(png(&named, 2.0).unwrap().len() > png(&blank, 2.0).unwrap().len() + 200);
}

#[test]
fn a_png_of_text_in_any_script_is_drawn() {
    let mut any = Picture::default();
    any.add(DrawnBox::new("漢字 🥣 مرحبا"));
    assert!(png(&any, 1.0).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn labels_of_arrows_are_written() {
    let mut two = picture(Direction::TopDown, 2, &[]);
    two.arrows.push(Arrow { from: 0, to: 1, label: Some("a.txt".to_owned()), ..Arrow::default() });
    assert!(see(&two).texts.contains(&"a.txt".to_owned()));
}
