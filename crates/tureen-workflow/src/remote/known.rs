//! What only a job's node knows: its folder for temporary files, params that follow from files which the parcel itself has
//! made or that are objects of Python's, and commands that name these. Runs nothing.

use std::borrow::Cow;

use super::parcel::{ParcelJob, Work};
use super::reply::End;
use crate::evaluator::Evaluator;
use crate::evaluator::job::{Answer, Exception, Format, JobView, RunEnd};
use crate::fields::{FieldError, Globals, fill};
use crate::params::NOT_YET;
use crate::resources::tmpdir;
use crate::value::Value;

/// A job's files, params and so on, as this machine knows them.
///
/// # Errors
/// A param that can't be worked out.
pub(super) fn view(evaluator: Option<&Evaluator>, job: &ParcelJob) -> Result<JobView, End> {
    let mut view = job.view.clone();
    for (_, value) in view.resources.iter_mut().filter(|(name, _)| name == "tmpdir") {
        if matches!(value, Value::Str(text) if text == NOT_YET) {
            *value = tmpdir();
        }
        // Whoever writes there says it better should it not be possible.
        let _ = std::fs::create_dir_all(crate::format::text(value));
    }
    if job.late_params.is_empty() {
        return Ok(view);
    }
    // Params don't see each other, and objects of the process that has sent them mean nothing here.
    let bare = JobView { params: Vec::new(), ..view.clone() };
    let answers = asked(evaluator)?.params(&bare, &job.late_params).map_err(|broken| not_ready(&broken))?;
    for (&place, answer) in job.late_params.iter().zip(answers) {
        let Some(entry) = view.params.get_mut(place) else { continue };
        entry.value = match answer.map_err(raised)? {
            Answer::Value { value, .. } => with_objects(&entry.value, value),
            Answer::NotYet | Answer::Unfinished { .. } | Answer::NeedsCheckpoint { .. } => {
                let name = entry.name.clone().unwrap_or_else(|| place.to_string());
                return Err(not_ready(&format!(
                    "its param `{name}` can't be worked out: a file that it is read from is not there"
                )));
            }
        };
    }
    Ok(view)
}

/// The command of a shell job, for the repetition that the view is for.
///
/// # Errors
/// A field that can't be filled.
pub(super) fn command<'j>(
    evaluator: Option<&Evaluator>,
    job: &'j ParcelJob,
    view: &JobView,
) -> Result<Cow<'j, str>, End> {
    let (text, is_late) = match &job.work {
        Work::Template { text, is_late } => (text, *is_late),
        Work::Shell(commands) => {
            let number = view.bench_iteration.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            let command = commands.get(number).or(commands.last());
            return Ok(command.map_or("", String::as_str).into());
        }
        Work::Nothing | Work::Python => return Ok("".into()),
    };
    let here = if is_late {
        Err(FieldError::UnknownName(text.clone()))
    } else {
        fill(text, view, Globals::default())
    };
    match (here, evaluator) {
        (Ok(command), _) => Ok(command.into()),
        (Err(FieldError::Syntax(why)), _) => Err(not_ready(&format!("its command can't be filled: {why}"))),
        (Err(error), None) => Err(not_ready(&format!("its command can't be filled: {error}"))),
        (Err(_), Some(evaluator)) => {
            let request = Format { text: text.clone(), is_late_command: is_late, job: view.clone() };
            let answers = evaluator.format(&[request]).map_err(|broken| not_ready(&broken))?;
            let answer = answers.into_iter().next();
            answer.ok_or_else(|| not_ready(&"its command was not filled"))?.map(Cow::Owned).map_err(raised)
        }
    }
}

fn asked(evaluator: Option<&Evaluator>) -> Result<&Evaluator, End> {
    evaluator.ok_or_else(|| not_ready(&"there is no interpreter for it"))
}

fn not_ready(why: &dyn std::fmt::Display) -> End {
    End::NotReady(why.to_string())
}

fn raised(exception: Exception) -> End {
    End::Block(RunEnd::Raised(exception))
}

/// A param as it was sent, with the objects that this machine's interpreter has in their places.
fn with_objects(sent: &Value, here: Value) -> Value {
    match (sent, here) {
        (Value::Str(text), here) if text.contains(NOT_YET) => here,
        (Value::Opaque { .. }, here) => here,
        (Value::List(sent), Value::List(here)) if sent.len() == here.len() => {
            Value::List(sent.iter().zip(here).map(|(sent, here)| with_objects(sent, here)).collect())
        }
        (Value::Tuple(sent), Value::Tuple(here)) if sent.len() == here.len() => {
            Value::Tuple(sent.iter().zip(here).map(|(sent, here)| with_objects(sent, here)).collect())
        }
        (Value::Dict(sent), Value::Dict(here)) if sent.len() == here.len() => {
            let pairs = sent.iter().zip(here);
            Value::Dict(
                pairs.map(|((key, sent), (_, here))| (key.clone(), with_objects(sent, here))).collect(),
            )
        }
        // Of another form than there: the function says something else here, and here is where it counts.
        (Value::List(_) | Value::Tuple(_) | Value::Dict(_), here) => here,
        (sent, _) => sent.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_this_machines_and_texts_as_they_were_sent() {
        let object = |number| Value::Opaque { text: "o".into(), repr: "<o>".into(), held: Some(number) };
        let list = |text: &str, number| Value::List(vec![Value::Str(text.to_owned()), object(number)]);
        assert_eq!(with_objects(&list("filled", 1), list("{x}", 7)), list("filled", 7));
        assert_eq!(with_objects(&object(1), Value::None), Value::None);
        assert_eq!(with_objects(&Value::Str("<TBD>/x".into()), Value::Int(3)), Value::Int(3));
    }
}
