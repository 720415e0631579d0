//! The promise: a value, or a call whose arguments may be promises. Python's `tureen.delayed.Delayed`.
//! Knows how it is made and what it is; computing it is `compute`'s business, and drawing it `picture`'s.
//!
//! A promise never changes, so the graph of promises can have no cycle, and making one costs no more than its own arguments.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::vectorcallfunc;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::calling::CALLED;
use crate::identity::Identity;
use crate::known::{Flag, Known};
use crate::site::Site;
use crate::template::{Arguments, Few, Op};

/// What a promise promises.
pub(crate) enum Work {
    /// A value that is there already. If it is a function, `pure` is for its calls (unset: as configured).
    Value {
        value: Py<PyAny>,
        pure: Option<bool>,
    },
    Call(Call),
}

/// A call that was put off.
pub(crate) struct Call {
    pub(crate) doing: Doing,
    /// The function; for [`Doing::Method`] and [`Doing::Attribute`] the name; for the others, nothing (`None`).
    pub(crate) function: Py<PyAny>,
    pub(crate) arguments: Arguments,
    /// Where the call stands. Not a `Site`, which would make every promise larger.
    code: Option<Py<PyAny>>,
    instruction: i32,
}

/// What is done with the arguments of a call, once they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Call the function with them.
    Call,
    /// Call the first, which was a promise itself, with the others.
    Apply,
    /// Call a method of the first with the others.
    Method,
    /// Take an attribute of the first.
    Attribute,
    /// Give back the first: a container that held promises.
    Gather,
}

impl Doing {
    const ALL: [Self; 5] = [Self::Call, Self::Apply, Self::Method, Self::Attribute, Self::Gather];

    /// The number by which other processes know it (`tureen._processes.doing`).
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A value that is computed when it is asked for, and once, however many need it.
///
/// Made by `tureen.delayed`, and by calling, indexing or computing with what that gave.
#[pyclass(name = "Delayed", module = "tureen.delayed", frozen, weakref)]
// In this order: what is asked of many promises, one after the other, stands where their count of references does.
#[repr(C)]
pub(crate) struct Promise {
    /// What is called when a promise is: see `calling`.
    pub(crate) called: vectorcallfunc,
    known: Known,
    mark: AtomicU64,
    work: Work,
}

impl Promise {
    pub(crate) fn new(mut work: Work, identity: Identity, site: Site) -> Self {
        if let Work::Call(call) = &mut work {
            (call.code, call.instruction) = site.into_parts();
        }
        Self { called: CALLED, work, known: Known::new(identity), mark: AtomicU64::new(0) }
    }

    /// The call of a function, like no other, that the garbage collector will not see.
    #[inline]
    pub(crate) fn untracked_call(function: Py<PyAny>, few: Few, site: Site) -> Self {
        let (code, instruction) = site.into_parts();
        let call = Call { doing: Doing::Call, function, arguments: Arguments::Few(few), code, instruction };
        let known = Known::unique().with(Flag::IsUntracked);
        Self { called: CALLED, work: Work::Call(call), known, mark: AtomicU64::new(0) }
    }

    /// Whether this is such a call, or as simple: see [`Promise::parts`].
    #[inline]
    pub(crate) fn is_simple(&self) -> bool {
        let is_few = matches!(&self.work, Work::Call(Call { arguments: Arguments::Few(_), .. }));
        is_few && self.known.is_number() && self.known.has(Flag::IsUntracked)
    }

    /// All that a promise owns which [`Promise::is_simple`]: its function, its code and its arguments.
    ///
    /// # Safety
    ///
    /// It must be simple, and neither be used nor dropped after this.
    #[expect(unsafe_code, reason = "an object that ends is taken apart: see `ending`")]
    #[inline]
    pub(crate) unsafe fn parts(this: *const Self) -> (Py<PyAny>, Option<Py<PyAny>>, Few) {
        // SAFETY: the caller says that nobody else will have it.
        match unsafe { std::ptr::read(&raw const (*this).work) } {
            Work::Call(Call { function, code, arguments: Arguments::Few(few), .. }) => (function, code, few),
            _ => unreachable!("it is simple"),
        }
    }

    /// Whether other promises may be among what this one holds.
    #[inline]
    pub(crate) fn may_hold_promises(&self) -> bool {
        self.call().is_some_and(|call| call.arguments.may_hold_promises())
    }

    pub(crate) fn with_name(mut self, name: Option<Py<PyAny>>) -> Self {
        if name.is_some() {
            self.known.rare_mut().name = name;
        }
        self
    }

    pub(crate) fn with_outputs(mut self, n_outputs: Option<u32>) -> Self {
        if n_outputs.is_some() {
            self.known.rare_mut().n_outputs = n_outputs;
        }
        self
    }

    pub(crate) fn set_untracked(&mut self) {
        self.known.set(Flag::IsUntracked);
    }

    /// Whether the garbage collector leaves this one alone: see `tracking`.
    pub(crate) fn is_untracked(&self) -> bool {
        self.known.has(Flag::IsUntracked)
    }

    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// The call that this promise puts off, unless it is a value.
    pub(crate) fn call(&self) -> Option<&Call> {
        match &self.work {
            Work::Call(call) => Some(call),
            Work::Value { .. } => None,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.known.identity()
    }

    /// Whether another promise may have the same identity.
    pub(crate) fn may_have_equals(&self) -> bool {
        self.known.has(Flag::HasTravelled) || self.known.rare().is_some_and(|rare| rare.identity.is_shared())
    }

    /// Says that this one was pickled, or is the copy that came of it: then another may have its identity.
    pub(crate) fn set_travelled(&self) {
        self.known.set(Flag::HasTravelled);
    }

    /// The key that the user chose.
    pub(crate) fn name(&self) -> Option<&Py<PyAny>> {
        self.known.rare()?.name.as_ref()
    }

    /// How many values the result unpacks into, if the user said so.
    pub(crate) fn n_outputs(&self) -> Option<u32> {
        self.known.rare()?.n_outputs
    }

    /// Where the call stands in the user's file: the code object and the index of the instruction in it.
    pub(crate) fn place(&self) -> (Option<&Py<PyAny>>, i32) {
        self.call().map_or((None, -1), |call| (call.code.as_ref(), call.instruction))
    }

    /// A number that the last reader of the graph left here: see `flatten`.
    pub(crate) fn mark(&self) -> u64 {
        self.mark.load(Ordering::Relaxed)
    }

    pub(crate) fn set_mark(&self, mark: u64) {
        self.mark.store(mark, Ordering::Relaxed);
    }

    /// What comes before the `-` in the key, and what is written in pictures.
    pub(crate) fn label(&self, py: Python<'_>) -> String {
        match &self.work {
            Work::Value { value, .. } => name_of(value.bind(py)),
            Work::Call(call) => match call.doing {
                Doing::Call => name_of(call.function.bind(py)),
                Doing::Method => call.function.bind(py).to_string(),
                Doing::Apply => "apply".to_owned(),
                Doing::Attribute => "getattr".to_owned(),
                Doing::Gather => match &call.arguments {
                    Arguments::Template(template) => container_name(py, &template.ops),
                    Arguments::Few(_) | Arguments::Plain { .. } => "gather".to_owned(),
                },
            },
        }
    }

    pub(crate) fn visit_fields(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.name())?;
        match &self.work {
            Work::Value { value, .. } => visit.call(value),
            Work::Call(call) => {
                visit.call(&call.function)?;
                call.arguments.traverse(visit)
            }
        }
    }
}

impl Call {
    pub(crate) fn new(doing: Doing, function: Py<PyAny>, arguments: Arguments) -> Self {
        Self { doing, function, arguments, code: None, instruction: -1 }
    }

    /// Does it, with these arguments. `invoke` calls a function.
    pub(crate) fn perform<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, pyo3::types::PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        use crate::invoke::invoke;
        let py = args.py();
        match self.doing {
            Doing::Call => invoke(self.function.bind(py), args, kwargs),
            Doing::Apply => invoke(&args.get_item(0)?, &args.get_slice(1, args.len()), kwargs),
            Doing::Method => {
                let method = args.get_item(0)?.getattr(self.function.bind(py).cast::<PyString>()?)?;
                invoke(&method, &args.get_slice(1, args.len()), kwargs)
            }
            Doing::Attribute => args.get_item(0)?.getattr(self.function.bind(py).cast::<PyString>()?),
            Doing::Gather => args.get_item(0),
        }
    }
}

/// The name of a function, or of the type of what has none.
pub(crate) fn name_of(object: &Bound<'_, PyAny>) -> String {
    let py = object.py();
    let mut function = object.clone();
    // A partial goes by what it will call. Each step leaves one partial behind; nobody nests them without end.
    for _ in 0..10 {
        match function.getattr_opt(pyo3::intern!(py, "func")) {
            Ok(Some(inner)) if function.get_type().name().is_ok_and(|name| name == "partial") => {
                function = inner
            }
            _ => break,
        }
    }
    let own = function.getattr_opt(pyo3::intern!(py, "__name__")).ok().flatten();
    let own = own.and_then(|name| name.extract::<String>().ok());
    own.or_else(|| function.get_type().name().ok().map(|name| name.to_string())).unwrap_or_default()
}

fn container_name(py: Python<'_>, ops: &[Op]) -> String {
    match ops.last() {
        Some(Op::List(_)) => "list".to_owned(),
        Some(Op::Tuple(_)) => "tuple".to_owned(),
        Some(Op::Set(_)) => "set".to_owned(),
        Some(Op::Dict(_)) => "dict".to_owned(),
        Some(Op::Slice) => "slice".to_owned(),
        Some(Op::NamedTuple(parts)) => name_of(parts.0.bind(py)),
        Some(Op::Dataclass(parts)) => name_of(parts.0.bind(py)),
        Some(Op::Value(_) | Op::Promise(_)) | None => "gather".to_owned(),
    }
}

impl Drop for Promise {
    #[expect(unsafe_code, reason = "asking whether the thread is attached costs as much as a drop")]
    fn drop(&mut self) {
        if let Work::Call(call) = &mut self.work
            && call.arguments.may_hold_promises()
        {
            // SAFETY: a promise is dropped with the object that it is in, or by those who make one: they are attached.
            let py = unsafe { Python::assume_attached() };
            crate::drops::drop_flat(py, std::mem::replace(&mut call.arguments, Arguments::Few(Few::None)));
        }
    }
}
