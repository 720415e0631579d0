//! Drops what a promise holds without recursion: a chain of a million promises ends one link at a time, on a flat stack.
//! Knows that dropping an object may drop promises, which come back here.

use std::cell::RefCell;

use pyo3::prelude::*;

use crate::promise::Promise;
use crate::template::{Arguments, Op};

thread_local! {
    /// What is still to be dropped on this thread; none while nothing is being dropped.
    static TO_DROP: RefCell<Option<Vec<Py<PyAny>>>> = const { RefCell::new(None) };
}

/// Drops these arguments: now, or, if called from within a drop, when that has returned.
pub(crate) fn drop_flat(py: Python<'_>, arguments: Arguments) {
    match arguments {
        Arguments::Few(few) => drop_all(py, few.into_objects().into_iter().flatten()),
        Arguments::Plain { .. } => {}
        Arguments::Template(template) => {
            let at_once = |promise: Py<Promise>| {
                // What holds no promises itself leads no deeper, and there may be a million of these.
                if promise.get().may_hold_promises() {
                    Some(promise.into_any())
                } else {
                    promise.drop_ref(py);
                    None
                }
            };
            drop_all(
                py,
                template.ops.into_iter().filter_map(|op| match op {
                    Op::Value(object) => Some(object),
                    Op::Promise(promise) => at_once(promise),
                    _ => None,
                }),
            );
        }
    }
}

/// Drops this promise, now or later, as [`drop_flat`] does.
pub(crate) fn drop_promise(py: Python<'_>, promise: Py<Promise>) {
    if promise.get().may_hold_promises() {
        drop_all(py, std::iter::once(promise.into_any()));
    } else {
        promise.drop_ref(py);
    }
}

fn drop_all(py: Python<'_>, objects: impl Iterator<Item = Py<PyAny>>) {
    let begin = |to_drop: &RefCell<Option<Vec<_>>>| {
        let mut to_drop = to_drop.borrow_mut();
        let is_outermost = to_drop.is_none();
        to_drop.get_or_insert_default();
        is_outermost
    };
    let Ok(is_outermost) = TO_DROP.try_with(begin) else {
        // At the very end of a thread there is no stack of objects; what still comes is dropped as it is.
        return objects.for_each(|object| object.drop_ref(py));
    };
    // Going on may drop something, which comes back here: so nothing is borrowed meanwhile.
    for object in objects {
        TO_DROP.with(|to_drop| {
            to_drop.borrow_mut().as_mut().expect("it is there until the outermost is done").push(object)
        });
    }
    if is_outermost {
        while let Some(object) = TO_DROP.with(|to_drop| to_drop.borrow_mut().as_mut().and_then(Vec::pop)) {
            // Not as Rust would: PyO3 need not know that this thread is attached.
            object.drop_ref(py);
        }
        TO_DROP.with(|to_drop| *to_drop.borrow_mut() = None);
    }
}
