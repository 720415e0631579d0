//! Small pictures as each format writes them.

use tureen_draw::{Arrow, Color, Direction, DrawnBox, Picture, Shape, Stroke, dot, kind_color, mermaid, svg};

/// Two jobs of a workflow, one of them up to date, and something that must be escaped.
fn soup() -> Picture {
    let mut picture = Picture::new(Direction::TopDown);
    let boil = picture.add(DrawnBox {
        color: Some(kind_color(0, 2)),
        stroke: Stroke::Dashed,
        ..DrawnBox::new("boil\nsample: a")
    });
    let all = picture.add(DrawnBox { color: Some(kind_color(1, 2)), ..DrawnBox::new("all") });
    picture.connect(boil, all);
    picture
}

/// A promise as dask draws it, with everything that has a meaning in one of the formats.
fn escaped() -> Picture {
    let mut picture = Picture { title: Some("a \"title\"".to_owned()), ..Picture::new(Direction::LeftRight) };
    let call = picture.add(DrawnBox {
        shape: Shape::Circle,
        fill: Some(Color::new(0x20, 0x40, 0x80)),
        tooltip: Some("line 1\nline 2".to_owned()),
        ..DrawnBox::new("add")
    });
    let result = picture
        .add(DrawnBox { shape: Shape::Box, ..DrawnBox::new("<b> & \"c\" \\n #1; `d`\n1. _e_ f_g *h*") });
    picture.arrows.push(Arrow {
        from: call,
        to: result,
        label: Some("x|y".to_owned()),
        stroke: Stroke::Dotted,
    });
    picture
}

#[test]
fn a_workflow_as_dot() {
    insta::assert_snapshot!(dot(&soup()));
}

#[test]
fn a_workflow_as_mermaid() {
    insta::assert_snapshot!(mermaid(&soup()));
}

#[test]
fn a_workflow_as_svg() {
    insta::assert_snapshot!(svg(&soup()));
}

#[test]
fn what_has_a_meaning_is_escaped_in_dot() {
    insta::assert_snapshot!(dot(&escaped()));
}

#[test]
fn what_has_a_meaning_is_escaped_in_mermaid() {
    insta::assert_snapshot!(mermaid(&escaped()));
}

#[test]
fn what_has_a_meaning_is_escaped_in_svg() {
    insta::assert_snapshot!(svg(&escaped()));
}
