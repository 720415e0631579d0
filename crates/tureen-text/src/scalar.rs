//! One element, on its own or still in its column.

use crate::values::Values;

/// One element. Elements of one kind are ordered as Python orders them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    Text(String),
    Int(i64),
    Bool(bool),
}

/// One element, its text still in the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScalarRef<'a> {
    Text(&'a str),
    Int(i64),
    Bool(bool),
}

impl ScalarRef<'_> {
    pub(crate) fn to_scalar(self) -> Scalar {
        match self {
            ScalarRef::Text(text) => Scalar::Text(text.to_owned()),
            ScalarRef::Int(number) => Scalar::Int(number),
            ScalarRef::Bool(claim) => Scalar::Bool(claim),
        }
    }
}

impl Scalar {
    /// The same, borrowed.
    pub fn borrow(&self) -> ScalarRef<'_> {
        match self {
            Scalar::Text(text) => ScalarRef::Text(text),
            Scalar::Int(number) => ScalarRef::Int(*number),
            Scalar::Bool(claim) => ScalarRef::Bool(*claim),
        }
    }
}

impl Values {
    /// The elements, one by one. Lists are no scalars: of them there are none.
    pub(crate) fn scalars(&self) -> Box<dyn Iterator<Item = ScalarRef<'_>> + '_> {
        match self {
            Values::Text(column) => Box::new(column.iter().map(ScalarRef::Text)),
            Values::Ints(numbers) => Box::new(numbers.iter().map(|&number| ScalarRef::Int(number))),
            Values::Bools(claims) => Box::new(claims.iter().map(|&claim| ScalarRef::Bool(claim))),
            Values::Lists(_) => Box::new(std::iter::empty()),
        }
    }
}
