//! What a program makes of all elements together, as data, and the sums as they grow.

use crate::Declined;
use crate::apply::apply_all;
use crate::characters::Characters;
use crate::groups::Groups;
use crate::largest::Largest;
use crate::scalar::Scalar;
use crate::step::{Step, kind_after_all};
use crate::tally::Tally;
use crate::values::{Kind, Values};

/// What is made of all elements.
#[derive(Clone, Debug)]
pub enum Ending {
    /// All of them, as a column.
    Collect,
    Count,
    /// Of whole numbers.
    Sum,
    /// `min`
    Least,
    /// `max`
    Greatest,
    Any,
    All,
    /// How often each is there.
    Frequencies,
    /// The first element for each key; without steps, each element is its own key.
    DistinctBy(Vec<Step>),
    /// The `k` largest by key; without steps, each element is its own key.
    Largest {
        k: usize,
        by: Vec<Step>,
    },
    /// Lists of elements by key.
    GroupBy(Vec<Step>),
}

/// What has been made of the elements so far.
#[derive(Clone, Debug)]
pub enum Total {
    Columns(Vec<Values>),
    Number(u64),
    /// `magnitude` is the sum of the numbers without their signs.
    Sum {
        sum: i128,
        n: u64,
        magnitude: u128,
    },
    Extreme(Option<Scalar>),
    Claim(bool),
    Tally(Tally),
    Distinct {
        keys: Tally,
        columns: Vec<Values>,
    },
    Largest(Largest),
    Groups(Groups),
}

impl Ending {
    /// Whether this can be made of elements of this kind.
    pub fn takes(&self, kind: Kind) -> bool {
        let is_scalar = |kind| matches!(kind, Kind::Text | Kind::Int | Kind::Bool);
        let has_scalar_keys = |by: &[Step]| kind_after_all(by, kind).is_some_and(is_scalar);
        match self {
            Ending::Collect | Ending::Count | Ending::Any | Ending::All => true,
            Ending::Sum => matches!(kind, Kind::Int | Kind::Bool),
            Ending::Least | Ending::Greatest | Ending::Frequencies => is_scalar(kind),
            Ending::DistinctBy(by) | Ending::GroupBy(by) => has_scalar_keys(by),
            Ending::Largest { by, .. } => is_scalar(kind) && has_scalar_keys(by),
        }
    }

    pub(crate) fn start(&self, kind: Kind) -> Total {
        let key_kind = |by: &[Step]| kind_after_all(by, kind).unwrap_or(kind);
        match self {
            Ending::Collect => Total::Columns(Vec::new()),
            Ending::Count => Total::Number(0),
            Ending::Sum => Total::Sum { sum: 0, n: 0, magnitude: 0 },
            Ending::Least | Ending::Greatest => Total::Extreme(None),
            Ending::Any => Total::Claim(false),
            Ending::All => Total::Claim(true),
            Ending::Frequencies => Total::Tally(Tally::new(kind)),
            Ending::DistinctBy(by) if by.is_empty() => Total::Tally(Tally::new(kind)),
            Ending::DistinctBy(by) => Total::Distinct { keys: Tally::new(key_kind(by)), columns: Vec::new() },
            Ending::Largest { k, .. } => Total::Largest(Largest::new(*k)),
            Ending::GroupBy(by) => Total::Groups(Groups::new(key_kind(by))),
        }
    }

    /// Adds elements that come after those added before.
    pub(crate) fn add(
        &self,
        total: &mut Total,
        values: Values,
        characters: &Characters,
    ) -> Result<(), Declined> {
        match (self, total) {
            (Ending::Collect, Total::Columns(columns)) => columns.push(values.compact()?),
            (Ending::Count, Total::Number(number)) => *number += values.len() as u64,
            (Ending::Sum, Total::Sum { sum, n, magnitude }) => {
                *n += values.len() as u64;
                let mut add = |number: i64| {
                    *sum += i128::from(number);
                    *magnitude += u128::from(number.unsigned_abs());
                };
                match &values {
                    Values::Ints(numbers) => numbers.iter().copied().for_each(&mut add),
                    values => values.truth().into_iter().map(i64::from).for_each(&mut add),
                }
            }
            (Ending::Least, Total::Extreme(extreme)) => {
                let here = values.scalars().min();
                if here.is_some_and(|here| extreme.as_ref().is_none_or(|least| here < least.borrow())) {
                    *extreme = here.map(|here| here.to_scalar());
                }
            }
            (Ending::Greatest, Total::Extreme(extreme)) => {
                let here = values.scalars().max();
                if here.is_some_and(|here| extreme.as_ref().is_none_or(|most| here > most.borrow())) {
                    *extreme = here.map(|here| here.to_scalar());
                }
            }
            (Ending::Any, Total::Claim(claim)) => *claim |= values.truth().contains(&true),
            (Ending::All, Total::Claim(claim)) => *claim &= !values.truth().contains(&false),
            (_, Total::Tally(tally)) => tally.count_all(&values, drop)?,
            (Ending::DistinctBy(by), Total::Distinct { keys, columns }) => {
                add_distinct(by, keys, columns, values, characters)?;
            }
            (Ending::Largest { by, .. }, Total::Largest(largest)) if by.is_empty() => {
                values.scalars().for_each(|element| largest.offer(element));
            }
            (Ending::Largest { by, .. }, Total::Largest(largest)) => {
                let keys = apply_all(by, values.clone(), characters)?;
                for (key, element) in keys.scalars().zip(values.scalars()) {
                    largest.offer_by(key, || Some(element.to_scalar()));
                }
            }
            (Ending::GroupBy(by), Total::Groups(groups)) => {
                groups.add(&apply_all(by, values.clone(), characters)?, values)?;
            }
            _ => unreachable!("an ending adds to the total that it started"),
        }
        Ok(())
    }

    /// Brings together two totals of ours; the second is of elements that come after those of the first.
    pub(crate) fn merge(&self, first: Total, second: Total) -> Result<Total, Declined> {
        Ok(match (first, second) {
            (Total::Columns(mut columns), Total::Columns(later)) => {
                columns.extend(later);
                Total::Columns(columns)
            }
            (Total::Number(number), Total::Number(more)) => Total::Number(number + more),
            (Total::Sum { sum, n, magnitude }, Total::Sum { sum: more, n: n_more, magnitude: of_more }) => {
                Total::Sum { sum: sum + more, n: n + n_more, magnitude: magnitude + of_more }
            }
            (Total::Extreme(None), extreme) | (extreme, Total::Extreme(None)) => extreme,
            (Total::Extreme(Some(a)), Total::Extreme(Some(b))) => {
                Total::Extreme(Some(if matches!(self, Ending::Least) { a.min(b) } else { a.max(b) }))
            }
            (Total::Claim(a), Total::Claim(b)) => {
                Total::Claim(if matches!(self, Ending::Any) { a || b } else { a && b })
            }
            (Total::Tally(mut tally), Total::Tally(later)) => {
                tally.merge(&later)?;
                Total::Tally(tally)
            }
            (Total::Distinct { mut keys, mut columns }, Total::Distinct { keys: later, columns: more }) => {
                merge_distinct(&mut keys, &mut columns, &later, more)?;
                Total::Distinct { keys, columns }
            }
            (Total::Largest(mut largest), Total::Largest(later)) => {
                largest.merge(later);
                Total::Largest(largest)
            }
            (Total::Groups(mut groups), Total::Groups(later)) => {
                groups.merge(later)?;
                Total::Groups(groups)
            }
            _ => unreachable!("both totals are of one ending"),
        })
    }
}

/// Keeps the elements whose keys are new.
fn add_distinct(
    by: &[Step],
    keys: &mut Tally,
    columns: &mut Vec<Values>,
    mut values: Values,
    characters: &Characters,
) -> Result<(), Declined> {
    let mut n_known = keys.len();
    let mut mask = Vec::with_capacity(values.len());
    keys.count_all(&apply_all(by, values.clone(), characters)?, |place| {
        let is_new = place as usize == n_known;
        n_known += usize::from(is_new);
        mask.push(is_new);
    })?;
    values.keep(&mask);
    columns.push(values.compact()?);
    Ok(())
}

/// Each element of a distinct total stands for one key, in the same order.
fn merge_distinct(
    keys: &mut Tally,
    columns: &mut Vec<Values>,
    later: &Tally,
    more: Vec<Values>,
) -> Result<(), Declined> {
    let n_known = keys.len();
    let places = keys.merge(later)?;
    let mut is_new = places.into_iter().map(|place| place as usize >= n_known);
    for mut values in more {
        let mask: Vec<bool> = is_new.by_ref().take(values.len()).collect();
        values.keep(&mask);
        columns.push(values);
    }
    Ok(())
}
