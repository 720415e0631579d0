//! The resources of several jobs that go to one machine together, as Snakemake 9.27 reckons them: level by level, in
//! layers that fit the limits; times add up over layers, all else is that of the widest one.

use super::RunLimits;
use crate::format::repr;
use crate::params::{NOT_YET, whole_number};
use crate::value::Value;

type Resources = Vec<(String, Value)>;

/// What adds up when jobs run one after the other.
const TIME: &str = "runtime";

/// What the jobs hold together. `levels`: those of a level need only jobs of the levels before.
///
/// # Errors
/// Texts that differ between the jobs.
pub fn group_resources(levels: &[Vec<Resources>], limits: &RunLimits) -> Result<Resources, String> {
    let mut whole: Resources = Vec::new();
    for level in levels {
        let mut jobs: Vec<Resources> = level.iter().map(known).collect();
        // The longest first, so that jobs of one length share a layer.
        jobs.sort_by_key(|job| std::cmp::Reverse(amount(job, TIME)));
        let mut layers: Vec<Resources> = Vec::new();
        for job in jobs {
            let fits = |layer: &&mut Resources| {
                merged((**layer).clone(), &job, Beside).is_ok_and(|sum| is_within(&sum, limits))
            };
            match layers.iter_mut().find(fits) {
                Some(layer) => *layer = merged(std::mem::take(layer), &job, Beside)?,
                None => layers.push(job),
            }
        }
        for layer in layers {
            whole = merged(whole, &layer, After)?;
        }
    }
    for (name, value) in &mut whole {
        if name == "_nodes" {
            *value = Value::Int(1);
        }
    }
    let sizes: Vec<(String, i64)> = whole
        .iter()
        .filter_map(|(name, value)| Some((name.strip_suffix("_mb")?.to_owned(), whole_number(value)?)))
        .filter(|(stem, _)| matches!(stem.as_str(), "mem" | "disk"))
        .collect();
    for (stem, mb) in sizes {
        for (name, value) in [
            (stem.clone(), Value::Str(super::amount::shown(mb))),
            (format!("{stem}_mib"), Value::Int(super::amount::mib_of_mb(mb))),
        ] {
            whole.retain(|(known, _)| *known != name);
            whole.push((name, value));
        }
    }
    Ok(whole)
}

/// How two things lie in time.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Beside,
    After,
}

use Order::{After, Beside};

/// What can be reckoned with: sizes in one unit, nothing that is not known yet.
fn known(resources: &Resources) -> Resources {
    let is_known = |(name, value): &&(String, Value)| {
        !matches!(name.as_str(), "mem" | "disk" | "mem_mib" | "disk_mib")
            && !matches!(value, Value::Str(text) if text == NOT_YET)
    };
    resources.iter().filter(is_known).cloned().collect()
}

fn amount(resources: &Resources, name: &str) -> i64 {
    let found = resources.iter().find(|(known, _)| known == name);
    found.and_then(|(_, value)| whole_number(value)).unwrap_or(0)
}

fn is_within(resources: &Resources, limits: &RunLimits) -> bool {
    resources.iter().all(|(name, value)| {
        let limit = if name == "_cores" { limits.cores } else { limits.of(name) };
        match (limit, whole_number(value)) {
            (Some(limit), Some(wanted)) if name != TIME => wanted <= i64::try_from(limit).unwrap_or(i64::MAX),
            _ => true,
        }
    })
}

fn merged(mut one: Resources, other: &Resources, order: Order) -> Result<Resources, String> {
    for (name, value) in other {
        let Some((_, known)) = one.iter_mut().find(|(known, _)| known == name) else {
            one.push((name.clone(), value.clone()));
            continue;
        };
        *known = match (whole_number(known), whole_number(value)) {
            (Some(a), Some(b)) => {
                // Jobs beside each other need the sum at once; what they take of time is that of the longest.
                let is_sum = (order == Beside) != (name == TIME);
                Value::Int(if is_sum { a.saturating_add(b) } else { a.max(b) })
            }
            _ if known == value => continue,
            _ => {
                return Err(format!(
                    "the resource `{name}` is a text, {} for one job of the group and {} for another; they go to one machine and must ask for the same",
                    repr(known),
                    repr(value)
                ));
            }
        };
    }
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(cores: i64, mem: i64, runtime: i64) -> Resources {
        [("_cores", cores), ("mem_mb", mem), ("runtime", runtime)]
            .into_iter()
            .map(|(name, amount)| (name.to_owned(), Value::Int(amount)))
            .collect()
    }

    fn check(levels: &[Vec<Resources>], limits: &RunLimits, expected: (i64, i64, i64)) {
        let whole = group_resources(levels, limits).expect("numbers only");
        assert_eq!((amount(&whole, "_cores"), amount(&whole, "mem_mb"), amount(&whole, TIME)), expected);
    }

    #[test]
    fn jobs_of_a_level_lie_beside_each_other_as_far_as_limits_allow() {
        let free = RunLimits::default();
        let level = vec![job(4, 20, 80), job(4, 20, 80), job(2, 40, 40)];
        check(std::slice::from_ref(&level), &free, (10, 80, 80));
        check(&[level.clone(), vec![job(1, 10, 20)]], &free, (10, 80, 100));
        let six = RunLimits { cores: Some(6), ..RunLimits::default() };
        check(std::slice::from_ref(&level), &six, (6, 60, 160));
        let little = RunLimits { named: vec![("mem_mb".to_owned(), 40)], ..RunLimits::default() };
        check(&[level], &little, (8, 40, 120));
    }

    #[test]
    fn texts_must_be_the_same() {
        let gpu = |text: &str| vec![("gpu_model".to_owned(), Value::Str(text.to_owned()))];
        let limits = RunLimits::default();
        assert_eq!(group_resources(&[vec![gpu("a"), gpu("a")]], &limits), Ok(gpu("a")));
        assert!(group_resources(&[vec![gpu("a")], vec![gpu("b")]], &limits).is_err());
    }
}
