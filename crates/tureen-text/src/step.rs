//! The steps a column can go through, as data, and which kinds of values each takes and gives.
//!
//! A step does what the method of `str` (or the operator) of its name does to each element.

use rustc_hash::FxHashSet;

use crate::snowball::Language;
use crate::values::Kind;

pub use crate::kernels::class::Class;
pub use crate::kernels::compare::Comparison;
pub use crate::kernels::pad::Place;
pub use crate::kernels::position::Within;
pub use crate::kernels::slice::Slice;
pub use crate::kernels::strip::Ends;
pub use crate::kernels::translate::Table;

/// Where a search starts, or which end is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// The methods that change case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recase {
    Upper,
    Lower,
    Fold,
    Title,
    Capitalize,
    Swap,
}

/// What is done to each element. A limit of None is no limit; the numbers are code points, as in Python.
#[derive(Clone, Debug)]
pub enum Step {
    Recase(Recase),
    Is(Class),
    Strip {
        ends: Ends,
        /// Sorted; None for white space.
        set: Option<Vec<char>>,
    },
    /// `separator` is None for white space, and never empty.
    Split {
        separator: Option<String>,
        limit: Option<usize>,
        from: Side,
    },
    SplitLines {
        keep_ends: bool,
    },
    /// `separator` is never empty.
    Partition {
        separator: String,
        from: Side,
    },
    Replace {
        old: String,
        new: String,
        limit: Option<usize>,
    },
    HasAffix {
        any_of: Vec<String>,
        within: Within,
        side: Side,
    },
    RemoveAffix {
        affix: String,
        side: Side,
    },
    Find {
        needle: String,
        within: Within,
        from: Side,
    },
    /// As `Find`, but what isn't there is declined: Python raises.
    Index {
        needle: String,
        within: Within,
        from: Side,
    },
    Count {
        needle: String,
        within: Within,
    },
    /// `text in element`
    Contains(String),
    /// `len(element)`
    Length,
    Slice(Slice),
    Item(i64),
    /// `element.get(place, other)`, so to speak: the item of a list, or a text where there is none.
    ItemOr(i64, String),
    Pad {
        width: i64,
        fill: char,
        place: Place,
    },
    FillZeros(i64),
    ExpandTabs(i64),
    Translate(Table),
    /// `separator.join(element)`
    Join(String),
    /// `before + element + after`
    Surround {
        before: String,
        after: String,
    },
    CompareText(Comparison, String),
    CompareInt(Comparison, i64),
    AmongText(FxHashSet<String>),
    AmongInts(FxHashSet<i64>),
    /// `bool(element)`, or `not element`.
    Truth {
        negate: bool,
    },
    /// `int(element)`
    ToInt,
    /// The stem that Snowball's rules for a language make of the word as it is written.
    Snowball(Language),
    /// The stem that NLTK's Porter stemmer makes.
    Porter {
        to_lowercase: bool,
    },
    /// Keeps the elements for which the steps give something true, or (`keep: false`) leaves those out.
    Filter {
        by: Vec<Step>,
        keep: bool,
    },
    /// The items of lists, or the characters of text, become the elements.
    Flatten,
}

impl Step {
    /// What the step makes of this kind of values; None if it can't be done to them.
    pub fn kind_after(&self, kind: Kind) -> Option<Kind> {
        use Kind::{Bool, Int, List, Text, Tuple};
        let after = match (self, kind) {
            (Step::Filter { by, .. }, _) => {
                kind_after_all(by, kind)?;
                kind
            }
            (Step::Truth { .. }, _) => Bool,
            (Step::Flatten | Step::Item(_), Text | List | Tuple) => Text,
            (Step::ItemOr(..) | Step::Join(_), List | Tuple) => Text,
            (Step::Slice(_), Text | List | Tuple) => kind,
            (Step::Length, Text | List | Tuple) => Int,
            (Step::Contains(_), Text | List | Tuple) => Bool,
            (Step::CompareInt(..) | Step::AmongInts(_), Int) => Bool,
            (Step::Is(_) | Step::HasAffix { .. } | Step::CompareText(..) | Step::AmongText(_), Text) => Bool,
            (Step::Split { .. } | Step::SplitLines { .. }, Text) => List,
            (Step::Partition { .. }, Text) => Tuple,
            (Step::Find { .. } | Step::Index { .. } | Step::Count { .. } | Step::ToInt, Text) => Int,
            (
                Step::Recase(_) | Step::Strip { .. } | Step::Replace { .. } | Step::RemoveAffix { .. },
                Text,
            ) => Text,
            (Step::Pad { .. } | Step::FillZeros(_) | Step::ExpandTabs(_) | Step::Translate(_), Text) => Text,
            (Step::Surround { .. } | Step::Porter { .. } | Step::Snowball(_), Text) => Text,
            _ => return None,
        };
        Some(after)
    }
}

/// What steps, one after the other, make of this kind of values; None if they can't be done.
pub fn kind_after_all(steps: &[Step], kind: Kind) -> Option<Kind> {
    steps.iter().try_fold(kind, |kind, step| step.kind_after(kind))
}
