//! Graphs of known shapes are cut, and random ones, of which what a cut promises is checked the slow way.

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

const SIZES: Sizes = Sizes { most: 10.0, least: 1.0, n_wide: 8 };

/// The pieces, with each task taking so many seconds.
fn cut(graph: &Graph, seconds: f64, sizes: Sizes) -> Pieces {
    Pieces::cut(graph, |_| seconds, |_| Place::Inside, sizes)
}

/// Seconds until all is done by so many who take the first piece that can start.
fn makespan(graph: &Graph, pieces: &Pieces, seconds: f64, n_workers: usize) -> f64 {
    let mut ends = vec![0.0_f64; pieces.len()];
    let mut free = vec![0.0_f64; n_workers];
    for piece in 0..pieces.len() {
        let needs = pieces.tasks(piece).iter().flat_map(|task| graph.needs(*task));
        let ready = needs
            .filter_map(|need| pieces.piece_of(*need))
            .filter(|need| *need != piece)
            .map(|need| ends[need])
            .fold(0.0_f64, f64::max);
        let worker = (0..n_workers).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
        let end = free[worker].max(ready) + pieces.tasks(piece).len() as f64 * seconds;
        free[worker] = end;
        ends[piece] = end;
    }
    ends.into_iter().fold(0.0, f64::max)
}

fn wide(n: usize) -> Graph {
    let mut builder = GraphBuilder::new();
    let all: Vec<TaskId> = (0..n).map(|_| builder.add([])).collect();
    builder.add(all);
    builder.build()
}

/// Pairs added until one is left, depth first.
fn tree(depth: usize) -> Graph {
    fn add(builder: &mut GraphBuilder, depth: usize) -> TaskId {
        if depth == 0 {
            return builder.add([]);
        }
        let pair = [add(builder, depth - 1), add(builder, depth - 1)];
        builder.add(pair)
    }
    let mut builder = GraphBuilder::new();
    add(&mut builder, depth);
    builder.build()
}

fn chains(n: usize, length: usize) -> Graph {
    let mut builder = GraphBuilder::new();
    for _ in 0..n {
        let mut last = builder.add([]);
        for _ in 1..length {
            last = builder.add([last]);
        }
    }
    builder.build()
}

/// Each needs three of the row before it.
fn grid(rows: usize, columns: usize) -> Graph {
    let mut builder = GraphBuilder::new();
    let mut above: Vec<TaskId> = (0..columns).map(|_| builder.add([])).collect();
    for _ in 1..rows {
        above = (0..columns)
            .map(|column| {
                let near = column.saturating_sub(1)..=(column + 1).min(columns - 1);
                builder.add(near.map(|column| above[column]))
            })
            .collect();
    }
    builder.build()
}

#[test]
fn many_that_one_gathers() {
    let graph = wide(1000);
    let pieces = cut(&graph, 0.1, SIZES);
    assert_eq!(pieces.len(), 11);
    assert_eq!(pieces.tasks(10).len(), 1);
}

#[test]
fn subtrees_are_pieces_and_start_at_once() {
    let graph = tree(12);
    let pieces = cut(&graph, 0.01, SIZES);
    assert!((4..=12).contains(&pieces.len()), "{}", pieces.len());
    let n_starting = (0..pieces.len())
        .filter(|piece| {
            let needs = pieces.tasks(*piece).iter().flat_map(|task| graph.needs(*task));
            needs.map(|need| pieces.piece_of(*need)).all(|need| need == Some(*piece))
        })
        .count();
    assert!(n_starting >= 4, "{n_starting}");
}

#[test]
fn long_tasks_are_pieces_of_their_own() {
    for graph in [wide(20), tree(4), grid(5, 5)] {
        assert_eq!(cut(&graph, 11.0, SIZES).len(), graph.len());
    }
}

#[test]
fn a_chain_is_few_pieces() {
    let graph = chains(1, 10_000);
    assert_eq!(cut(&graph, 0.01, SIZES).len(), 1);
    assert_eq!(cut(&graph, 0.1, SIZES).len(), 10);
}

#[test]
fn what_is_worth_nothing_is_one_piece() {
    for graph in [wide(100), tree(6), grid(10, 10), chains(10, 10)] {
        assert_eq!(cut(&graph, 0.001, SIZES).len(), 1);
    }
}

#[test]
fn what_many_wait_for_is_done_by_itself() {
    let mut builder = GraphBuilder::new();
    let first = builder.add([]);
    for _ in 0..1000 {
        builder.add([first]);
    }
    let pieces = cut(&builder.build(), 0.1, SIZES);
    assert_eq!(pieces.tasks(0), [first]);
    assert_eq!(pieces.len(), 11);
}

#[test]
fn nearly_as_parallel_as_the_graph() {
    for (name, graph) in
        [("wide", wide(4000)), ("tree", tree(12)), ("chains", chains(40, 100)), ("grid", grid(60, 64))]
    {
        let seconds = 0.05;
        let sizes = Sizes { most: graph.len() as f64 * seconds / 64.0, least: 0.01, n_wide: 8 };
        let pieces = cut(&graph, seconds, sizes);
        let took = makespan(&graph, &pieces, seconds, 4);
        let alone = graph.len() as f64 * seconds / 4.0;
        assert!(took < 1.4 * alone, "{name}: {took} where {alone} is the least, {} pieces", pieces.len());
    }
}

#[test]
fn outside_is_in_no_piece_and_alone_is_alone() {
    let graph = chains(1, 5);
    let place = |task: TaskId| match task.index() {
        0 => Place::Outside,
        2 => Place::Alone,
        _ => Place::Inside,
    };
    let pieces = Pieces::cut(&graph, |_| 0.001, place, SIZES);
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces.piece_of(TaskId::from_index(0)), None);
    assert_eq!(pieces.tasks(1), [TaskId::from_index(2)]);
}

#[test]
fn a_million_are_cut_in_one_go() {
    let pieces = cut(&wide(1_000_000), 0.001, SIZES);
    assert!((100..=102).contains(&pieces.len()));
    assert!(cut(&grid(1000, 1000), 0.001, SIZES).len() < 2000);
}
