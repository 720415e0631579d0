//! What holds for every picture, tried on random ones.

use std::collections::HashSet;

use proptest::prelude::*;
use tureen_draw::{Direction, svg};

use crate::{picture, see};

const DIRECTIONS: [Direction; 4] =
    [Direction::TopDown, Direction::BottomUp, Direction::LeftRight, Direction::RightLeft];

fn any_arrows() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (1_usize..40).prop_flat_map(|n_boxes| {
        (Just(n_boxes), proptest::collection::vec((0..n_boxes, 0..n_boxes), 0..2 * n_boxes))
    })
}

proptest! {
    #[test]
    fn boxes_never_overlap_and_stay_on_the_page((n_boxes, arrows) in any_arrows(), turn in 0_usize..4) {
        let seen = see(&picture(DIRECTIONS[turn], n_boxes, &arrows));
        prop_assert_eq!(seen.rects.len(), n_boxes);
        for (position, one) in seen.rects.iter().enumerate() {
            prop_assert!(one[0] >= 0.0 && one[0] + one[2] <= seen.width, "{:?}", one);
            prop_assert!(one[1] >= 0.0 && one[1] + one[3] <= seen.height, "{:?}", one);
            for other in &seen.rects[position + 1..] {
                let apart = |side: usize| {
                    one[side] + one[side + 2] < other[side] || other[side] + other[side + 2] < one[side]
                };
                prop_assert!(apart(0) || apart(1), "{:?} {:?}", one, other);
            }
        }
    }

    #[test]
    fn each_arrow_is_drawn_once_and_runs_the_picture_s_way((n_boxes, arrows) in any_arrows(), turn in 0_usize..4) {
        // From lower to higher numbers: no circles.
        let arrows: Vec<_> = arrows.into_iter().filter(|(from, to)| from < to).collect();
        let seen = see(&picture(DIRECTIONS[turn], n_boxes, &arrows));
        let different: HashSet<_> = arrows.iter().collect();
        prop_assert_eq!(seen.arrows.len(), different.len());
        for [start, tip] in seen.arrows {
            let (along, across) = (tip.0 - start.0, tip.1 - start.1);
            let way = match DIRECTIONS[turn] {
                Direction::TopDown => across,
                Direction::BottomUp => -across,
                Direction::LeftRight => along,
                Direction::RightLeft => -along,
            };
            prop_assert!(way > 20.0, "{} {:?} {:?}", way, start, tip);
        }
    }

    #[test]
    fn arrows_start_and_end_at_their_boxes((n_boxes, arrows) in any_arrows(), turn in 0_usize..4) {
        let seen = see(&picture(DIRECTIONS[turn], n_boxes, &arrows));
        let mut different: Vec<_> = Vec::new();
        for arrow in arrows {
            if !different.contains(&arrow) {
                different.push(arrow);
            }
        }
        prop_assert_eq!(seen.arrows.len(), different.len());
        for ((from, to), [start, tip]) in different.into_iter().zip(seen.arrows) {
            for (b, (x, y)) in [(from, start), (to, tip)] {
                let [left, top, width, height] = seen.rects[b];
                let is_near = x > left - 1.5 && x < left + width + 1.5 && y > top - 1.5 && y < top + height + 1.5;
                prop_assert!(is_near, "arrow {} -> {}: {:?} is not at {:?}", from, to, (x, y), seen.rects[b]);
            }
        }
    }

    #[test]
    fn the_same_picture_looks_the_same((n_boxes, arrows) in any_arrows()) {
        let picture = picture(Direction::TopDown, n_boxes, &arrows);
        prop_assert_eq!(svg(&picture), svg(&picture.clone()));
    }

    #[test]
    fn any_text_makes_valid_formats(label in "\\PC{0,60}|(?s).{0,40}", title in proptest::option::of("(?s).{0,20}")) {
        let mut picture = picture(Direction::TopDown, 2, &[(0, 1)]);
        picture.boxes[0].label = label.clone();
        picture.boxes[1].tooltip = Some(label.clone());
        picture.arrows[0].label = Some(label);
        picture.title = title;
        see(&picture);
        let lines = tureen_draw::mermaid(&picture);
        let has_control = lines.chars().any(|c| c.is_control() && c != '\n');
        prop_assert!(!has_control);
        // Strings end where they should: an even number of quotes that aren't escaped.
        let dot = tureen_draw::dot(&picture);
        let plain = dot.replace("\\\\", "").replace("\\\"", "");
        prop_assert!(plain.matches('"').count().is_multiple_of(2));
        prop_assert_eq!(dot.lines().count(), 8);
    }
}
