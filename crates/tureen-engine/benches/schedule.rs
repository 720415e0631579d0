//! Nanoseconds per task, for graphs of three shapes and growing size: the cost of a task may not grow.
//! `cargo bench -p tureen-engine`; the item rates are tasks.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use tureen_engine::{Graph, GraphBuilder, Limits, OnFailure, Outcome, Run, Schedule, TaskId, threads};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// A family of graphs.
trait Shape {
    fn graph(n: usize) -> Graph;
}

/// n - 1 tasks that one task needs.
struct Wide;
/// Each task needs the one before.
struct Chain;
/// Pairs of pairs of pairs.
struct BinaryTree;

impl Shape for Wide {
    fn graph(n: usize) -> Graph {
        let mut graph = GraphBuilder::with_capacity(n, n);
        let leaves: Vec<TaskId> = (1..n).map(|_| graph.add([])).collect();
        graph.add(leaves);
        graph.build()
    }
}

impl Shape for Chain {
    fn graph(n: usize) -> Graph {
        let mut graph = GraphBuilder::with_capacity(n, n);
        let mut last = graph.add([]);
        for _ in 1..n {
            last = graph.add([last]);
        }
        graph.build()
    }
}

impl Shape for BinaryTree {
    fn graph(n: usize) -> Graph {
        let mut graph = GraphBuilder::with_capacity(n, n);
        let mut level: Vec<TaskId> = (0..n.div_ceil(2)).map(|_| graph.add([])).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| graph.add(pair.iter().copied())).collect();
        }
        graph.build()
    }
}

/// Building the graph, ordering it, and taking and ending every task from one thread: all that the engine adds.
#[divan::bench(types = [Wide, Chain, BinaryTree], args = SIZES, sample_count = 20)]
fn whole<S: Shape>(bencher: Bencher, n: usize) {
    bencher.counter(ItemsCount::new(n)).bench_local(|| {
        let mut schedule = schedule_of(S::graph(n));
        let mut released = Vec::new();
        while let Some(task) = schedule.take() {
            schedule.end(task, Outcome::Done, &mut released, |_, _| ());
            released.clear();
        }
        schedule.counts().done
    });
}

/// The run alone, pulled from by two threads whose tasks do nothing.
#[divan::bench(types = [Wide, Chain, BinaryTree], args = SIZES, sample_count = 20)]
fn two_threads<S: Shape>(bencher: Bencher, n: usize) {
    bencher
        .counter(ItemsCount::new(n))
        .with_inputs(|| Run::new(schedule_of(S::graph(n))))
        .bench_local_refs(|run| threads::run(run, 2, |_| Outcome::Done, |_| ()));
}

fn schedule_of(graph: Graph) -> Schedule {
    Schedule::new(Arc::new(graph), Limits::cores(2), OnFailure::Stop).expect("every task fits")
}
