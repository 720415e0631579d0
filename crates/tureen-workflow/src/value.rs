//! Python values as plain data: what a Snakefile's literals, its config and its params are.
//! Knows no Python process; an object that only Python can hold is `Opaque`, with its text.

/// A Python value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An int that fits.
    Int(i64),
    /// A float.
    Float(f64),
    /// A str.
    Str(String),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A dict, in insertion order.
    Dict(Vec<(Value, Value)>),
    /// Anything else (a Path, a data frame, an int past 64 bits): what `str()` and `repr()` gave.
    Opaque {
        /// `str(value)`
        text: String,
        /// `repr(value)`
        repr: String,
        /// The number under which the evaluator holds the object itself, so that a `run:` block gets
        /// the object and not its text; `None` if nobody holds it (a date in a config file).
        held: Option<u32>,
    },
}
