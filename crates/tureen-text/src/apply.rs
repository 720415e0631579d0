//! Does steps to columns: finds the kernel for each step and kind of values.

use crate::Declined;
use crate::characters::Characters;
use crate::column::Column;
use crate::kernels::{
    affix, case, class, compare, find, int, join, pad, replace, slice, split, split_lines, stem, strip,
    translate,
};
use crate::step::{Recase, Step};
use crate::values::{Lists, Values};

/// What the steps make of the values, one after the other.
pub(crate) fn apply_all(steps: &[Step], values: Values, characters: &Characters) -> Result<Values, Declined> {
    steps.iter().try_fold(values, |values, step| apply(step, values, characters))
}

fn apply(step: &Step, mut values: Values, characters: &Characters) -> Result<Values, Declined> {
    match step {
        Step::Filter { by, keep } => {
            let mut mask = apply_all(by, values.clone(), characters)?.truth();
            if !keep {
                negate(&mut mask);
            }
            values.keep(&mask);
            return Ok(values);
        }
        Step::Truth { negate: is_negated } => {
            let mut truth = values.truth();
            if *is_negated {
                negate(&mut truth);
            }
            return Ok(Values::Bools(truth));
        }
        _ => {}
    }
    match values {
        Values::Text(column) => apply_to_text(step, column, characters),
        Values::Lists(lists) => apply_to_lists(step, lists),
        Values::Ints(numbers) => apply_to_ints(step, &numbers),
        Values::Bools(_) => Err(mismatch()),
    }
}

fn apply_to_text(step: &Step, column: Column, characters: &Characters) -> Result<Values, Declined> {
    use Values::{Bools, Ints, Text};
    Ok(match step {
        Step::Recase(recase) => Text(match recase {
            Recase::Upper => case::upper(column, characters)?,
            Recase::Lower => case::lower(column, characters)?,
            Recase::Fold => case::fold(column, characters)?,
            Recase::Title => case::title(&column, characters)?,
            Recase::Capitalize => case::capitalize(&column, characters)?,
            Recase::Swap => case::swap(&column, characters)?,
        }),
        Step::Is(class) => Bools(class::is(&column, *class, characters)),
        Step::Strip { ends, set: None } => Text(strip::strip_space(column, *ends, characters)),
        Step::Strip { ends, set: Some(set) } => Text(strip::strip_set(column, *ends, set)),
        Step::Split { separator: None, limit, from } => {
            Values::Lists(split::at_space(&column, *limit, *from, characters))
        }
        Step::Split { separator: Some(separator), limit, from } => {
            Values::Lists(split::at(&column, separator, *limit, *from))
        }
        Step::SplitLines { keep_ends } => {
            Values::Lists(split_lines::split_lines(&column, *keep_ends, characters))
        }
        Step::Partition { separator, from } => Values::Lists(split::in_three(&column, separator, *from)),
        Step::Replace { old, new, limit } => Text(replace::replace(column, old, new, *limit)?),
        Step::HasAffix { any_of, within, side } => Bools(affix::has(&column, any_of, *within, *side)),
        Step::RemoveAffix { affix, side } => Text(affix::remove(column, affix, *side)),
        Step::Find { needle, within, from } => Ints(find::find(&column, needle, *within, *from)),
        Step::Index { needle, within, from } => Ints(find::index(&column, needle, *within, *from)?),
        Step::Count { needle, within } => Ints(find::count(&column, needle, *within)),
        Step::Contains(needle) => Bools(find::contains(&column, needle)),
        Step::Length => Ints(find::lengths(&column)),
        Step::Slice(its_slice) => Text(slice::slice(column, *its_slice)?),
        Step::Item(place) => Text(slice::item(&column, *place)?),
        Step::Pad { width, fill, place } => Text(pad::pad(&column, *width, *fill, *place)?),
        Step::FillZeros(width) => Text(pad::fill_zeros(&column, *width)?),
        Step::ExpandTabs(size) => Text(pad::expand_tabs(column, *size)?),
        Step::Translate(table) => Text(translate::translate(&column, table)?),
        Step::Surround { before, after } => Text(pad::surround(&column, before, after)?),
        Step::CompareText(comparison, with) => Bools(compare::text(&column, *comparison, with)),
        Step::AmongText(among) => Bools(compare::text_among(&column, among)),
        Step::ToInt => Ints(int::parse(&column)?),
        Step::Snowball(language) => Text(stem::snowball(&column, *language)?),
        Step::Porter { to_lowercase } => Text(stem::porter(&column, *to_lowercase, characters)?),
        Step::Flatten => Text(split::characters(&column)),
        _ => return Err(mismatch()),
    })
}

fn apply_to_lists(step: &Step, lists: Lists) -> Result<Values, Declined> {
    Ok(match step {
        Step::Flatten => Values::Text(lists.items),
        Step::Length => Values::Ints((0..lists.len()).map(|at| lists.range(at).len() as i64).collect()),
        Step::Slice(its_slice) => Values::Lists(slice::slice_lists(&lists, *its_slice)),
        Step::Item(place) => Values::Text(slice::item_of_lists(&lists, *place)?),
        Step::ItemOr(place, other) => Values::Text(slice::item_of_lists_or(&lists, *place, other)?),
        Step::Join(separator) => Values::Text(join::join(&lists, separator)?),
        Step::Contains(text) => {
            Values::Bools((0..lists.len()).map(|at| lists.get(at).any(|item| item == text)).collect())
        }
        _ => return Err(mismatch()),
    })
}

fn apply_to_ints(step: &Step, numbers: &[i64]) -> Result<Values, Declined> {
    Ok(Values::Bools(match step {
        Step::CompareInt(comparison, with) => compare::ints(numbers, *comparison, *with),
        Step::AmongInts(among) => compare::ints_among(numbers, among),
        _ => return Err(mismatch()),
    }))
}

fn negate(claims: &mut [bool]) {
    for claim in claims {
        *claim = !*claim;
    }
}

/// A program's kinds are checked when it is made, so nobody sees this.
fn mismatch() -> Declined {
    Declined::new("a step does not fit what is before it")
}
