//! The extension module `tureen._tureen`: promises as Python objects, and what computes them on the engine's runs.
//! The only crate with PyO3. The pleasant names are in `python/tureen`.
//!
//! `make → kind → scan → template → promise → flatten → session → pool → threads → compute → failure → stopping → goodbye`;
//! beside them `picture`; for the commonest calls, `calling → promise → ending` (with `native`)
//!
//! For others: `dask_graph`, `to_dask`, `dask_protocol` (graphs of dask's), `steps` (others' executors), `queue` (ours)
//!
//! For clusters: `pieces` (a graph in pieces), `piece` (one of them, done in a worker)
//!
//! Held back by the interpreter's lock: `pullers → lock → turns → threads → mixed`; `ran` remembers it

mod calling;
mod columns;
mod compute;
mod context;
mod dask_graph;
mod dask_nodes;
mod dask_protocol;
mod drops;
mod ending;
mod failure;
mod flatten;
mod foreign;
mod goodbye;
mod identity;
mod invoke;
mod key;
mod kind;
mod known;
mod lock;
mod make;
mod mixed;
mod operators;
mod native;
mod outline;
mod pickled;
mod picture;
mod piece;
mod pieces;
mod pool;
mod processes;
mod promise;
mod protocol;
mod pullers;
mod queue;
mod ran;
mod results;
mod scan;
mod session;
mod site;
mod steps;
mod stopping;
mod template;
mod text;
mod threads;
mod to_dask;
mod token;
mod tracking;
mod turns;
mod watch;

#[pyo3::pymodule]
mod _tureen {
    use pyo3::prelude::*;

    use crate::calling;
    use crate::key::choose_process_number;

    #[pymodule_export]
    use crate::columns::{TextColumn, TextCounts, TextDeclined, TextProgram};
    #[pymodule_export]
    use crate::compute::{compute, persist};
    #[pymodule_export]
    use crate::dask_graph::promises_of;
    #[pymodule_export]
    use crate::dask_protocol::kept_under;
    #[pymodule_export]
    use crate::goodbye::finish;
    #[pymodule_export]
    use crate::make::{put_off, set_pure_by_default, wrap};
    #[pymodule_export]
    use crate::mixed::Mixed;
    #[pymodule_export]
    use crate::outline::outline;
    #[pymodule_export]
    use crate::pickled::{needs_of, promise_from, recipe_of};
    #[pymodule_export]
    use crate::picture::{draw, ramp_color, run_order};
    #[pymodule_export]
    use crate::piece::run_piece;
    #[pymodule_export]
    use crate::pieces::Pieces;
    #[pymodule_export]
    use crate::pool::forget_threads;
    #[pymodule_export]
    use crate::processes::{
        Caller, Feed, Held, Listener, Sight, Wire, bear_shared, end_with_parent, fill_mapped, give_born,
        keep_born, whole_numbers,
    };
    #[pymodule_export]
    use crate::promise::Promise;
    #[pymodule_export]
    use crate::queue::CallQueue;
    #[pymodule_export]
    use crate::ran::last_run;
    #[pymodule_export]
    use crate::steps::{Steps, steps_of};
    #[pymodule_export]
    use crate::text::{PorterStemmer, SnowballStemmer};
    #[pymodule_export]
    use crate::to_dask::dask_graph_of;
    #[pymodule_export]
    use crate::watch::{WatchedRun, watch_runs};

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's spelling")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn begin(module: &Bound<'_, PyModule>) -> PyResult<()> {
        choose_process_number(module.py())?;
        calling::begin(module.py())
    }
}
