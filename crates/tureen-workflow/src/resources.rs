//! The resources of a job: what its rule asks for, in the units that limits are in, clipped to the run's limits.
//!
//! As Snakemake 9.27: `mem="2GB"`, `mem_mb=2000` and `mem_mib=1908` are one resource (as are those of `disk`), kept
//! in MB and shown in all three ways; `runtime="2h"` is minutes. Knows no scheduler.

pub mod amount;
mod group;
mod typed;

use crate::diagnostic::Diagnostic;
use crate::format::repr;
use crate::params::{NOT_YET, whole_number};
use crate::rule::{Param, Rule, Workflow};
use crate::value::Value;

pub use group::group_resources;
pub use typed::{NotSupported, RuleResource, Typed, default_resource, limits, rule_resource, rule_threads};

/// What a run may use at once; `None` and absent names are unlimited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// `--cores`
    pub cores: Option<u64>,
    /// `--max-threads`: the most that one job gets.
    pub threads: Option<u64>,
    /// `--resources`, by the names of [`standard_name`].
    pub named: Vec<(String, u64)>,
}

impl RunLimits {
    /// The threads of a job that asks for so many.
    pub fn clip_threads(&self, threads: i64) -> i64 {
        let most = [self.cores, self.threads].into_iter().flatten().min();
        most.map_or(threads, |most| threads.min(i64::try_from(most).unwrap_or(i64::MAX)))
    }

    pub(crate) fn of(&self, name: &str) -> Option<u64> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, limit)| *limit)
    }
}

/// The resource that a name means: sizes are kept in MB.
///
/// ```
/// # use tureen_workflow::resources::standard_name;
/// assert_eq!(standard_name("mem_mib"), "mem_mb");
/// assert_eq!(standard_name("gpu"), "gpu");
/// ```
pub fn standard_name(name: &str) -> &str {
    match name {
        "mem" | "mem_mb" | "mem_mib" => "mem_mb",
        "disk" | "disk_mb" | "disk_mib" => "disk_mb",
        other => other,
    }
}

/// Why a value can't be that of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A size or time that nobody can read.
    #[error("the resource `{name}` is {value}, which is no {unit}")]
    NotReadable {
        /// The resource.
        name: String,
        /// `repr` of the value.
        value: String,
        /// What it should be.
        unit: &'static str,
    },
    /// A list, a dict and so on.
    #[error("the resource `{name}` is {value}; it must be a string, a number or a function")]
    NotPlain {
        /// The resource.
        name: String,
        /// `repr` of the value.
        value: String,
    },
    /// A text where the run's limit is a number.
    #[error("the resource `{name}` is {value}, but `--resources` limits it by a number")]
    NotLimitable {
        /// The resource.
        name: String,
        /// `repr` of the value.
        value: String,
    },
}

/// Sees that what rules say of their resources can be understood, as far as no function has to be asked.
///
/// # Errors
/// One for each rule with a size named twice, or a value that is none.
pub fn check(workflow: &Workflow) -> Result<(), Vec<Diagnostic>> {
    let faults: Vec<Diagnostic> = workflow.rules.iter().filter_map(|rule| check_rule(rule).err()).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn check_rule(rule: &Rule) -> Result<(), Diagnostic> {
    for (index, (name, param)) in rule.resources.iter().enumerate() {
        let twin =
            rule.resources[..index].iter().find(|(other, _)| standard_name(other) == standard_name(name));
        if let Some((twin, _)) = twin {
            let message =
                format!("rule `{}` says `{twin}` and `{name}`, which are the same resource", rule.name);
            return Err(Diagnostic::new(message).at(rule.span, "").hint("keep one of them"));
        }
        if let Param::Value(value) = param {
            standard_value(name, value.clone()).map_err(|fault| {
                Diagnostic::new(format!("{fault} (rule `{}`)", rule.name)).at(rule.span, "")
            })?;
        }
    }
    Ok(())
}

/// The value in the unit of [`standard_name`]; `None` if the resource is to be left out.
fn standard_value(name: &str, value: Value) -> Result<Option<Value>, Fault> {
    let shown = repr(&value);
    let unreadable = |unit| Fault::NotReadable { name: name.to_owned(), value: shown.clone(), unit };
    let value = match value {
        Value::None => return Ok(None),
        Value::Float(number) => match whole_number(&Value::Float(number.round_ties_even())) {
            Some(whole) if number.is_finite() => Value::Int(whole),
            _ => return Err(unreadable("number")),
        },
        Value::Opaque { text, .. } => Value::Str(text),
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => {
            return Err(Fault::NotPlain { name: name.to_owned(), value: shown });
        }
        plain => plain,
    };
    Ok(Some(match (name, value) {
        (_, Value::Str(text)) if text == NOT_YET => Value::Str(text),
        ("mem" | "disk", Value::Str(text)) => {
            Value::Int(amount::megabytes(&text).ok_or_else(|| unreadable("size, as `500MB` or `2GB`"))?)
        }
        ("runtime", Value::Str(text)) => {
            Value::Int(amount::minutes(&text).ok_or_else(|| unreadable("time, as `90m` or `2h`"))?)
        }
        ("mem_mb" | "disk_mb", Value::Str(_)) => return Err(unreadable("number of MB")),
        ("mem_mib" | "disk_mib", Value::Str(_)) => return Err(unreadable("number of MiB")),
        ("mem_mib" | "disk_mib", value) => {
            Value::Int(amount::mb_of_mib(whole_number(&value).ok_or_else(|| unreadable("number of MiB"))?))
        }
        (_, value) => value,
    }))
}

/// The folder for temporary files on this machine.
pub(crate) fn tmpdir() -> Value {
    Value::Str(std::env::temp_dir().to_string_lossy().into_owned())
}

/// Resources as a job sees them. `given` are the rule's, in its order, as its functions gave them; `tmpdir` is the folder for
/// temporary files if they don't say.
///
/// # Errors
/// A value that is none, or can't be limited.
pub fn of_job(
    given: Vec<(String, Value)>,
    threads: i64,
    limits: &RunLimits,
    tmpdir: Value,
) -> Result<Vec<(String, Value)>, Fault> {
    let mut plain = vec![("tmpdir".to_owned(), tmpdir), ("_nodes".to_owned(), Value::Int(1))];
    let mut sizes = Vec::new();
    for (name, value) in given {
        let Some(value) = standard_value(&name, value)? else {
            plain.retain(|(known, _)| *known != name);
            continue;
        };
        let standard = standard_name(&name).to_owned();
        let value = limited(&standard, value, limits)?;
        if matches!(standard.as_str(), "mem_mb" | "disk_mb") {
            sizes.push((standard, value));
        } else if let Some(known) = plain.iter_mut().find(|(known, _)| *known == standard) {
            known.1 = value;
        } else {
            plain.push((standard, value));
        }
    }
    for (name, value) in sizes {
        let stem = name.trim_end_matches("_mb").to_owned();
        let (shown, mib) = match &value {
            Value::Str(text) => (Value::Str(text.clone()), Value::Str(text.clone())),
            number => {
                let mb = whole_number(number).unwrap_or(0);
                (Value::Str(amount::shown(mb)), Value::Int(amount::mib_of_mb(mb)))
            }
        };
        let mib_name = format!("{stem}_mib");
        plain.extend([(name, value), (stem, shown), (mib_name, mib)]);
    }
    plain.push(("_cores".to_owned(), Value::Int(threads)));
    Ok(plain)
}

fn limited(name: &str, value: Value, limits: &RunLimits) -> Result<Value, Fault> {
    let Some(limit) = limits.of(name) else { return Ok(value) };
    match &value {
        Value::Str(text) if text == NOT_YET => Ok(value),
        Value::Int(_) | Value::Bool(_) => {
            let wanted = whole_number(&value).unwrap_or(0);
            Ok(Value::Int(wanted.min(i64::try_from(limit).unwrap_or(i64::MAX))))
        }
        other => Err(Fault::NotLimitable { name: name.to_owned(), value: repr(other) }),
    }
}

/// How much of each limited resource a job holds. What is not known yet counts as all there is: the job then
/// shares that resource with nobody.
pub fn held<'l>(
    resources: &[(String, Value)],
    limits: &'l RunLimits,
) -> impl Iterator<Item = (&'l str, u64)> {
    limits.named.iter().filter_map(move |(name, limit)| {
        let (_, value) = resources.iter().find(|(known, _)| known == name)?;
        let amount = whole_number(value).map_or(*limit, |amount| u64::try_from(amount).unwrap_or(0));
        Some((name.as_str(), amount.min(*limit)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(given: &[(&str, Value)], limits: &RunLimits) -> String {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        match of_job(given, 2, limits, tmpdir()) {
            Ok(resources) => {
                let of = |(name, value): &(String, Value)| format!("{name}={}", repr(value));
                resources[1..].iter().map(of).collect::<Vec<_>>().join(" ")
            }
            Err(fault) => fault.to_string(),
        }
    }

    /// Expected as Snakemake 9.27.1 gave them, but for the order of mem and disk, which it leaves to chance.
    #[test]
    fn sizes_and_times_are_understood() {
        let text = |text: &str| Value::Str(text.to_owned());
        let free = RunLimits::default();
        assert_eq!(
            shown(&[("mem", text("2GB")), ("runtime", text("2h")), ("disk", text("100MiB"))], &free),
            "_nodes=1 runtime=120 mem_mb=2000 mem='2 GB' mem_mib=1908 disk_mb=105 disk='105 MB' disk_mib=101 _cores=2"
        );
        assert_eq!(
            shown(&[("mem_mib", Value::Int(100)), ("foo", Value::Float(2.5)), ("bar", text("x"))], &free),
            "_nodes=1 foo=2 bar='x' mem_mb=104 mem='104 MB' mem_mib=100 _cores=2"
        );
        assert_eq!(shown(&[("gone", Value::None)], &free), "_nodes=1 _cores=2");
        assert_eq!(
            shown(&[("mem", text("lots"))], &free),
            "the resource `mem` is 'lots', which is no size, as `500MB` or `2GB`"
        );
        assert_eq!(
            shown(&[("mem_mb", text("2GB"))], &free),
            "the resource `mem_mb` is '2GB', which is no number of MB"
        );
        assert_eq!(
            shown(&[("mem", text(NOT_YET))], &free),
            "_nodes=1 mem_mb='<TBD>' mem='<TBD>' mem_mib='<TBD>' _cores=2"
        );
    }

    #[test]
    fn limits_clip_what_is_asked_for() {
        let named = vec![("mem_mb".to_owned(), 500), ("gpu".to_owned(), 1)];
        let limits = RunLimits { named, ..RunLimits::default() };
        assert_eq!(
            shown(&[("mem_mb", Value::Int(2000)), ("gpu", Value::Int(3))], &limits),
            "_nodes=1 gpu=1 mem_mb=500 mem='500 MB' mem_mib=477 _cores=2"
        );
        assert_eq!(
            shown(&[("gpu", Value::Str("a100".to_owned()))], &limits),
            "the resource `gpu` is 'a100', but `--resources` limits it by a number"
        );
        let resources = vec![("mem_mb".to_owned(), Value::Str(NOT_YET.to_owned()))];
        assert_eq!(held(&resources, &limits).collect::<Vec<_>>(), [("mem_mb", 500)]);
    }
}
