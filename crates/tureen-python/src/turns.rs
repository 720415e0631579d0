//! How long a thread may keep the interpreter's lock while others want it. Knows nothing of who they are.

use pyo3::prelude::*;

/// The time of a turn: Python's five milliseconds, or what the user has set, and ours.
///
/// The thread that moves calls elsewhere lets go of the lock whenever it imports something or hears of a worker, and stands last
/// in line each time: while it is in a hurry, turns are short. Each turn costs the threads a little, so they are not for longer.
pub(crate) struct Turns {
    users: f64,
    ours: f64,
}

impl Turns {
    const SECONDS: f64 = 5e-4;

    pub(crate) fn new(py: Python<'_>) -> PyResult<Self> {
        let users = interval(py)?;
        Ok(Self { users, ours: users.min(Self::SECONDS) })
    }

    /// Makes turns short, unless a task has set another time.
    pub(crate) fn shorten(&self, py: Python<'_>) -> PyResult<()> {
        change(py, self.users, self.ours)
    }

    /// Makes turns as long as they were, unless a task has set another time.
    pub(crate) fn restore(&self, py: Python<'_>) -> PyResult<()> {
        change(py, self.ours, self.users)
    }
}

/// The interpreter keeps whole microseconds, and cuts off the rest.
const PRECISION: f64 = 2e-6;

fn interval(py: Python<'_>) -> PyResult<f64> {
    py.import(pyo3::intern!(py, "sys"))?.call_method0("getswitchinterval")?.extract()
}

fn change(py: Python<'_>, before: f64, after: f64) -> PyResult<()> {
    if (interval(py)? - before).abs() > PRECISION {
        return Ok(());
    }
    py.import(pyo3::intern!(py, "sys"))?.call_method1("setswitchinterval", (after,)).map(drop)
}
