//! What needs what, and what may start now.
//!
//! `graph → order → ready → lane → schedule → run → threads`; beside them `pieces`
//!
//! A [`Graph`] says which task needs which; a [`Schedule`] decides, as a pure value, which may start; a [`Run`]
//! is the monitor round one schedule from which executors *pull*: whoever has finished a task reports it and takes
//! the next one in the same critical section. What happens leaves as [`Event`]s.
//!
//! Knows nothing of Python, Snakefiles, terminals or async. A task is a number; what it does (its work) and what it
//! gave (its result) are tables that the executor holds.
//!
//! ```
//! use std::sync::Arc;
//! use tureen_engine::{GraphBuilder, Limits, OnFailure, Outcome, Run, Schedule, threads};
//!
//! let mut graph = GraphBuilder::new();
//! let water = graph.add([]);
//! let peas = graph.add([]);
//! let soup = graph.add([water, peas]);
//! graph.keep(soup);
//!
//! let schedule = Schedule::new(Arc::new(graph.build()), Limits::cores(2), OnFailure::Stop)?;
//! let run = Run::new(schedule);
//! threads::run(&run, 2, |_task| Outcome::Done, |_no_longer_needed| ());
//! assert_eq!(run.counts().done, 3);
//! # Ok::<(), tureen_engine::DoesNotFit>(())
//! ```
#![warn(missing_docs)]

mod graph;
mod resources;
mod order;
mod ready;
mod lane;
mod schedule;
mod event;
mod run;
pub mod threads;
mod pieces;

pub use event::{Event, EventKind};
pub use graph::{Graph, GraphBuilder, TaskId};
pub use lane::Lane;
pub use pieces::{Pieces, Place, Sizes};
pub use resources::{Demand, DoesNotFit, Limits};
pub use run::{Next, Report, Run};
pub use schedule::{Counts, OnFailure, Outcome, Schedule, TaskState};
