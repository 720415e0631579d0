//! What is typed about single rules, taken apart.

use tureen_workflow::adjust::{Adjustments, InputName, with_usual_defaults};
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::job::TargetJob;
use tureen_workflow::plan::Batch;
use tureen_workflow::resources::{self, NotSupported, Typed};

use crate::args::Args;

/// Everything that changes what rules say.
///
/// # Errors
/// A word of another form than it should have.
pub(super) fn adjustments(args: &Args) -> Result<Adjustments, Diagnostic> {
    let default_resources = match &args.default_resources {
        // On clusters, too, whatever the help of Snakemake 9.27's API says: it sets more when rules are read already.
        None => None,
        Some(words) => {
            let mut typed = each(words, resources::default_resource, "--default-resources")?;
            // It is that in any case: of the machine that the job runs on.
            typed.retain(|(name, value)| {
                !(name == "tmpdir" && *value == Typed::Expression("system_tmpdir".to_owned()))
            });
            Some(with_usual_defaults(typed))
        }
    };
    let mut ancient = Vec::new();
    for word in &args.consider_ancient {
        let (rule, inputs) = pair(word, "--consider-ancient", "`rule=inputs`, as `sort=0,index`")?;
        for input in inputs.split(',') {
            let name = match input.parse() {
                Ok(number) => InputName::Number(number),
                Err(_) => InputName::Name(input.to_owned()),
            };
            ancient.push((rule.to_owned(), name));
        }
    }
    let groups = args.groups.iter().map(|word| {
        pair(word, "--groups", "`rule=group`").map(|(rule, group)| (rule.to_owned(), group.to_owned()))
    });
    Ok(Adjustments {
        threads: each(&args.set_threads, resources::rule_threads, "--set-threads")?,
        resources: each(&args.set_resources, resources::rule_resource, "--set-resources")?,
        default_resources,
        groups: groups.collect::<Result<_, _>>()?,
        ancient,
        is_all_temporary: args.all_temp,
        omitted_marks: args.omit_flags.clone(),
        allowed_rules: args.allowed_rules.clone(),
    })
}

/// `--batch rule=1/10`
///
/// # Errors
/// Another form.
pub(super) fn batch(args: &Args) -> Result<Option<Batch>, Diagnostic> {
    let Some(word) = &args.batch else { return Ok(None) };
    let form = "`rule=part/parts`, as `gather=1/10`, with a part from 1 to parts";
    let (rule, numbers) = pair(word, "--batch", form)?;
    let numbers =
        numbers.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    match numbers {
        Some((part, parts)) if part >= 1 && part <= parts => {
            Ok(Some(Batch { rule: rule.to_owned(), part, parts }))
        }
        _ => Err(wrong("--batch", word, form)),
    }
}

/// `--target-jobs rule:name=value,...`
///
/// # Errors
/// Another form.
pub(super) fn target_jobs(args: &Args) -> Result<Vec<TargetJob>, Diagnostic> {
    let read = |word: &String| {
        let (rule, rest) = word.split_once(':')?;
        let values = rest.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Some(TargetJob { rule: rule.to_owned(), wildcards: values.collect::<Option<_>>()? })
    };
    let form = "`rule:name=value,...`, as `sort:sample=a,part=1`";
    args.target_jobs.iter().map(|word| read(word).ok_or_else(|| wrong("--target-jobs", word, form))).collect()
}

/// `--set-scatter name=number`, `--group-components group=number`
///
/// # Errors
/// Another form.
pub(super) fn numbers(words: &[String], option: &str) -> Result<Vec<(String, u32)>, Diagnostic> {
    let form = "`name=number`";
    let read = |word: &String| {
        let (name, number) = pair(word, option, form)?;
        let number = number.parse().map_err(|_| wrong(option, word, form))?;
        Ok((name.to_owned(), number))
    };
    words.iter().map(read).collect()
}

/// `--set-resource-scopes name=local`
///
/// # Errors
/// Another form.
pub(super) fn scopes(words: &[String]) -> Result<Vec<(String, String)>, Diagnostic> {
    let scope = |word: &String| {
        let (name, scope) = word.split_once('=')?;
        let is_one = !name.is_empty() && matches!(scope, "local" | "global" | "excluded");
        is_one.then(|| (name.to_owned(), scope.to_owned()))
    };
    let wrong = |word: &String| wrong("--set-resource-scopes", word, "`name=local` or `name=global`");
    words.iter().map(|word| scope(word).ok_or_else(|| wrong(word))).collect()
}

fn each<T>(
    words: &[String],
    read: impl Fn(&str) -> Result<T, NotSupported>,
    option: &str,
) -> Result<Vec<T>, Diagnostic> {
    words.iter().map(|word| read(word).map_err(|why| Diagnostic::new(format!("{option}: {why}")))).collect()
}

fn pair<'w>(word: &'w str, option: &str, form: &'static str) -> Result<(&'w str, &'w str), Diagnostic> {
    word.split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| wrong(option, word, form))
}

fn wrong(option: &str, word: &str, form: &'static str) -> Diagnostic {
    Diagnostic::new(format!("{option}: {}", NotSupported::Form(word.to_owned(), form)))
}
