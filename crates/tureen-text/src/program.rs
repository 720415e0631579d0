//! A program: steps and an ending, checked once, then run on any number of columns.

use crate::Declined;
use crate::apply::apply_all;
use crate::characters::Characters;
use crate::ending::{Ending, Total};
use crate::step::{Step, kind_after_all};
use crate::values::{Kind, Values};

/// What is done to elements of one kind, and what is made of them.
#[derive(Clone, Debug)]
pub struct Program {
    takes: Kind,
    gives: Kind,
    steps: Vec<Step>,
    ending: Ending,
}

impl Program {
    /// A program whose steps fit each other, and its ending them; else it is declined.
    pub fn new(takes: Kind, steps: Vec<Step>, ending: Ending) -> Result<Self, Declined> {
        let gives = kind_after_all(&steps, takes)
            .ok_or_else(|| Declined::new("a step can't be done to what comes before it"))?;
        if !ending.takes(gives) {
            return Err(Declined::new("this can't be made of what the steps give"));
        }
        Ok(Self { takes, gives, steps, ending })
    }

    /// The kind of elements that it is run on.
    pub fn takes(&self) -> Kind {
        self.takes
    }

    /// The kind of elements after all steps.
    pub fn gives(&self) -> Kind {
        self.gives
    }

    /// The total of nothing.
    pub fn start(&self) -> Total {
        self.ending.start(self.gives)
    }

    /// What the steps make of elements.
    fn apply(&self, values: Values, characters: &Characters) -> Result<Values, Declined> {
        if values.kind() != self.takes {
            return Err(Declined::new("the column is not of the kind that the program takes"));
        }
        apply_all(&self.steps, values, characters)
    }

    /// Does the steps to elements that come after those added before, and adds them.
    pub fn add(&self, total: &mut Total, values: Values, characters: &Characters) -> Result<(), Declined> {
        self.ending.add(total, self.apply(values, characters)?, characters)
    }

    /// Brings totals of this program together; the second is of elements that come after those of the first.
    pub fn merge(&self, first: Total, second: Total) -> Result<Total, Declined> {
        self.ending.merge(first, second)
    }
}
