//! Runs with real threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use tureen_engine::{
    Demand, EventKind, Graph, GraphBuilder, Lane, Limits, Next, OnFailure, Outcome, Report, Run, Schedule,
    TaskId, threads,
};

fn run_of(graph: Graph, cores: u64, on_failure: OnFailure) -> Run {
    Run::new(Schedule::new(Arc::new(graph), Limits::cores(cores), on_failure).unwrap())
}

/// 100 leaves, added up in a binary tree.
fn tree(n_leaves: usize) -> Graph {
    let mut graph = GraphBuilder::new();
    let mut level: Vec<TaskId> = (0..n_leaves).map(|_| graph.add([])).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| graph.add(pair.iter().copied())).collect();
    }
    graph.build()
}

#[test]
fn each_task_runs_once_and_after_its_needs() {
    for n_threads in [1, 2, 7] {
        let graph = tree(1000);
        let needs: Vec<Vec<TaskId>> = graph.tasks().map(|task| graph.needs(task).to_vec()).collect();
        let times: Vec<AtomicUsize> = needs.iter().map(|_| AtomicUsize::new(0)).collect();
        let released = AtomicUsize::new(0);
        let run = run_of(graph, 4, OnFailure::Stop);
        threads::run(
            &run,
            n_threads,
            |task| {
                assert!(
                    needs[task.index()].iter().all(|need| times[need.index()].load(Ordering::SeqCst) == 1)
                );
                times[task.index()].fetch_add(1, Ordering::SeqCst);
                Outcome::Done
            },
            |_| {
                released.fetch_add(1, Ordering::SeqCst);
            },
        );
        assert!(times.iter().all(|times| times.load(Ordering::SeqCst) == 1));
        assert_eq!(released.into_inner(), times.len());
        assert!(run.wait_finished(None));
    }
}

#[test]
fn a_chain_of_a_million_and_a_fan_in_of_a_million() {
    let mut graph = GraphBuilder::new();
    let mut last = graph.add([]);
    for _ in 0..1_000_000 {
        last = graph.add([last]);
    }
    let leaves: Vec<TaskId> = (0..1_000_000).map(|_| graph.add([])).collect();
    graph.add(leaves);
    let run = run_of(graph.build(), 2, OnFailure::Stop);
    threads::run(&run, 2, |_| Outcome::Done, |_| ());
    assert_eq!(run.counts().done, 2_000_002);
}

#[test]
fn threads_work_side_by_side() {
    let mut graph = GraphBuilder::new();
    graph.add([]);
    graph.add([]);
    let run = run_of(graph.build(), 2, OnFailure::Stop);
    let both_are_here = std::sync::Barrier::new(2);
    threads::run(
        &run,
        2,
        |_| {
            both_are_here.wait();
            Outcome::Done
        },
        |_| (),
    );
    assert_eq!(run.counts().done, 2);
}

#[test]
fn a_failure_skips_only_what_depends_on_it() {
    let mut graph = GraphBuilder::new();
    let bad = graph.add([]);
    let good = graph.add([]);
    graph.add([bad, good]);
    let user = graph.add([good]);
    let run = run_of(graph.build(), 1, OnFailure::KeepGoing);
    threads::run(&run, 1, |task| if task == bad { Outcome::Failed } else { Outcome::Done }, |_| ());
    let counts = run.counts();
    assert_eq!((counts.failed, counts.skipped, counts.done), (1, 1, 2));
    assert_eq!(run.task_state(user), tureen_engine::TaskState::Done);
}

#[test]
fn cancelling_wakes_everybody() {
    let mut graph = GraphBuilder::new();
    let first = graph.add([]);
    graph.add([first]);
    let run = run_of(graph.build(), 4, OnFailure::Stop);
    let mut released = Vec::new();
    assert_eq!(run.try_next(None, &mut released), Next::Start(first));
    assert_eq!(run.try_next(None, &mut released), Next::Wait);
    thread::scope(|scope| {
        let sleepers: Vec<_> = (0..3).map(|_| scope.spawn(|| run.next(None, &mut Vec::new()))).collect();
        let waiter = scope.spawn(|| run.wait());
        run.cancel();
        for sleeper in sleepers {
            assert_eq!(sleeper.join().unwrap(), None);
        }
        waiter.join().unwrap();
    });
    assert!(!run.wait_finished(Some(Duration::ZERO)), "the first task is still running");
}

#[test]
fn a_panic_in_a_task_ends_the_run_and_goes_on() {
    let run = run_of(tree(100), 2, OnFailure::Stop);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        threads::run(
            &run,
            2,
            |task| if task.index() == 50 { panic!("no soup") } else { Outcome::Done },
            |_| (),
        );
    }));
    assert!(caught.is_err());
    assert!(run.wait_finished(Some(Duration::from_secs(10))));
}

#[test]
fn events_tell_the_whole_story_in_order() {
    let mut graph = GraphBuilder::new();
    let a = graph.add([]);
    let b = graph.add([a]);
    let (sender, events) = mpsc::channel();
    let run = run_of(graph.build(), 1, OnFailure::Stop).with_events(sender);
    threads::run(&run, 1, |task| if task == a { Outcome::Done } else { Outcome::Failed }, |_| ());
    drop(run);
    let events: Vec<_> = events.iter().map(|event| (event.task, event.kind)).collect();
    use EventKind::{Failed, Finished, Queued, Started};
    assert_eq!(events, [(a, Queued), (a, Started), (a, Finished), (b, Queued), (b, Started), (b, Failed)]);
}

#[test]
fn resources_are_shared_out_and_never_exceeded() {
    let mut graph = GraphBuilder::new();
    for memory in [600, 600, 300, 100, 0] {
        let task = graph.add([]);
        graph.set_demand(task, Demand::cores(1).with("mem_mb", memory));
    }
    let graph = graph.build();
    let memory = [600, 600, 300, 100, 0];
    let schedule =
        Schedule::new(Arc::new(graph), Limits::cores(8).with("mem_mb", 1000), OnFailure::Stop).unwrap();
    let held = Mutex::new(0);
    let run = Run::new(schedule);
    threads::run(
        &run,
        8,
        |task| {
            let amount = memory[task.index()];
            *held.lock().unwrap() += amount;
            assert!(*held.lock().unwrap() <= 1000);
            thread::yield_now();
            *held.lock().unwrap() -= amount;
            Outcome::Done
        },
        |_| (),
    );
    assert_eq!(run.counts().done, 5);
}

#[test]
fn what_could_never_start_is_refused_with_its_numbers() {
    let mut graph = GraphBuilder::new();
    let task = graph.add([]);
    graph.set_demand(task, Demand::cores(1).with("gpu", 3));
    let error =
        Schedule::new(Arc::new(graph.build()), Limits::cores(8).with("gpu", 2), OnFailure::Stop).unwrap_err();
    assert_eq!(error.to_string(), "task 0 wants 3 of `gpu`, but the run has only 2");
}

/// Somebody who can do only half of the tasks, and puts back every third of these, beside threads that do the others.
#[test]
fn pullers_of_two_kinds_do_each_task_once() {
    let graph = tree(1000);
    let n = graph.len();
    let times: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
    let run = run_of(graph, u64::MAX, OnFailure::Stop);
    let is_aside = |task: TaskId| task.index().is_multiple_of(2);
    run.divide(|task| if is_aside(task) { Lane::Aside } else { Lane::Main });
    let mut n_put_back = 0;
    let do_it = |task: TaskId| {
        times[task.index()].fetch_add(1, Ordering::SeqCst);
        Outcome::Done
    };
    thread::scope(|scope| {
        scope.spawn(|| threads::run(&run, 2, do_it, |_| ()));
        while !run.wait_finished(Some(Duration::ZERO)) {
            let Next::Start(task) = run.try_next_in(Lane::Aside) else { continue };
            assert!(is_aside(task));
            if task.index() % 3 == 0 {
                // The threads must still be there, though perhaps nothing else is left.
                run.put_back(task, Lane::Main, &mut Vec::new());
                n_put_back += 1;
            } else {
                run.report(Report { task, outcome: do_it(task) }, &mut Vec::new());
            }
        }
    });
    assert_eq!(n_put_back, n.div_ceil(6));
    assert!(times.iter().all(|times| times.load(Ordering::SeqCst) == 1));
}
