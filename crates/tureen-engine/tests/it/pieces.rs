//! Random graphs are cut, and what a cut promises is checked the slow way.

use proptest::prelude::*;
use tureen_engine::{Graph, GraphBuilder, Pieces, Place, Sizes, TaskId};

/// Tasks, each with needs among those before it, the seconds it takes, and its place.
fn cases() -> impl Strategy<Value = (Graph, Vec<f64>, Vec<Place>)> {
    let task = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        0_u32..40,
        prop_oneof![12 => Just(Place::Inside), 1 => Just(Place::Alone), 1 => Just(Place::Outside)],
        // How far back needs may lie: from chains to bushes.
        1_usize..60,
    );
    prop::collection::vec(task, 0..120).prop_map(|tasks| {
        let mut builder = GraphBuilder::new();
        let (mut seconds, mut places) = (Vec::new(), Vec::new());
        for (index, (needs, hundredths, place, reach)) in tasks.into_iter().enumerate() {
            let first = index.saturating_sub(reach);
            let needs = needs.into_iter().filter(|_| index > 0);
            let needs: Vec<TaskId> =
                needs.map(|need| TaskId::from_index(first + need.index(index - first))).collect();
            // What is there already needs nothing that is not.
            let is_there = |need: &TaskId| places[need.index()] == Place::Outside;
            let place =
                if place == Place::Outside && !needs.iter().all(is_there) { Place::Inside } else { place };
            builder.add(needs);
            seconds.push(f64::from(hundredths + 1) / 100.0);
            places.push(place);
        }
        (builder.build(), seconds, places)
    })
}

proptest! {
    #[test]
    fn pieces_hold_every_task_once_and_never_wait_in_a_circle(
        (graph, seconds, places) in cases(),
        most in 0.1_f64..10.0,
        least in 0.0_f64..2.0,
        n_wide in 1_usize..20,
    ) {
        let sizes = Sizes { most, least, n_wide };
        let pieces =
            Pieces::cut(&graph, |task| seconds[task.index()], |task| places[task.index()], sizes);
        let mut n_seen = 0;
        for piece in 0..pieces.len() {
            let tasks = pieces.tasks(piece);
            prop_assert!(!tasks.is_empty());
            prop_assert!(tasks.is_sorted());
            n_seen += tasks.len();
            for task in tasks {
                prop_assert_eq!(pieces.piece_of(*task), Some(piece));
                for need in graph.needs(*task) {
                    // Numbers that only grow along needs: no circle.
                    prop_assert!(pieces.piece_of(*need).is_none_or(|below| below <= piece));
                }
            }
            let total: f64 = tasks.iter().map(|task| seconds[task.index()]).sum();
            let most = (most.max(least) * Sizes::CHAIN).max(0.4);
            prop_assert!(tasks.len() == 1 || total <= most + 1e-9, "{} s", total);
            if tasks.iter().any(|task| places[task.index()] == Place::Alone) {
                prop_assert_eq!(tasks.len(), 1);
            }
        }
        let outside = places.iter().filter(|place| **place == Place::Outside).count();
        prop_assert_eq!(n_seen + outside, graph.len());
        for task in graph.tasks() {
            prop_assert_eq!(pieces.piece_of(task).is_none(), places[task.index()] == Place::Outside);
        }
    }
}
