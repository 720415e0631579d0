//! The helpers that a Snakefile may call without Python: `expand`, `temp`, `multiext`, `range`...

use super::datum::Datum;
use super::expand::{Combine, expand};
use super::expression::Cursor;
use super::{NotStatic, Reader};
use crate::rule::Marks;
use crate::span::Span;

/// The arguments of a call: positional ones, then named ones.
struct Arguments {
    positional: Vec<Datum>,
    named: Vec<(String, Datum)>,
    combine: Option<Combine>,
}

impl Reader<'_> {
    /// A call of `name`, which stands before the cursor's open bracket.
    pub(super) fn call(&self, cursor: &mut Cursor<'_>, name: &str, span: Span) -> Result<Datum, NotStatic> {
        let arguments = self.arguments(cursor, name)?;
        let whole = Span { end: cursor.end_of_last(), ..span };
        match apply(name, arguments, whole) {
            Some(value) => Ok(value),
            None => {
                Err(NotStatic::new(whole, format!("this call of `{name}` needs Python to be worked out")))
            }
        }
    }

    fn arguments(&self, cursor: &mut Cursor<'_>, name: &str) -> Result<Arguments, NotStatic> {
        cursor.skip();
        let is_expand = matches!(name, "expand" | "collect");
        let mut arguments = Arguments { positional: Vec::new(), named: Vec::new(), combine: None };
        loop {
            if cursor.take_op(")") {
                return Ok(arguments);
            }
            if let Some(keyword) = cursor.keyword() {
                let value = self.unfolded(self.expression(cursor)?);
                if arguments.named.iter().any(|(other, _)| *other == keyword) {
                    return cursor.refuse("this argument is given twice");
                }
                arguments.named.push((keyword, value));
            } else if is_expand && arguments.positional.len() == 1 && cursor.take_name("zip") {
                arguments.combine = Some(Combine::Zip);
            } else if arguments.named.is_empty() {
                arguments.positional.push(self.expression(cursor)?);
            } else {
                return cursor.refuse("this call needs Python to be worked out");
            }
            if !cursor.take_op(",") && !cursor.is_op(")") {
                return cursor.refuse("this call needs Python to be worked out");
            }
        }
    }
}

/// Whether a call of this name may be worked out here.
pub(super) fn is_helper(name: &str) -> bool {
    matches!(
        name,
        "expand"
            | "collect"
            | "temp"
            | "temporary"
            | "protected"
            | "directory"
            | "touch"
            | "ancient"
            | "multiext"
            | "list"
            | "len"
            | "str"
            | "range"
    )
}

fn apply(name: &str, arguments: Arguments, span: Span) -> Option<Datum> {
    let Arguments { mut positional, named, combine } = arguments;
    if matches!(name, "expand" | "collect") {
        return expand_call(positional, named, combine, span);
    }
    if !named.is_empty() {
        return None;
    }
    if name == "multiext" {
        return multiext(positional, span);
    }
    if name == "range" {
        return range(&positional);
    }
    let [value] = &mut positional[..] else { return None };
    let value = std::mem::replace(value, Datum::None);
    match name {
        "temp" | "temporary" if !has(&value, |marks| marks.is_protected) => {
            value.marked(&|marks| marks.is_temp = true)
        }
        "protected" if !has(&value, |marks| marks.is_temp) => {
            value.marked(&|marks| marks.is_protected = true)
        }
        "directory" => value.marked(&|marks| marks.is_directory = true),
        "touch" => value.marked(&|marks| marks.is_touch = true),
        "ancient" => value.marked(&|marks| marks.is_ancient = true),
        "pipe" => value.marked(&|marks| marks.is_pipe = true),
        "service" => value.marked(&|marks| marks.is_service = true),
        "update" => value.marked(&|marks| marks.is_update = true),
        "before_update" => value.marked(&|marks| marks.is_before_update = true),
        "list" => value.elements().map(Datum::List),
        "len" => value.elements().map(|items| Datum::Int(items.len() as i64)),
        "str" => value.to_text().map(|text| Datum::string(text, span)),
        _ => None,
    }
}

fn has(value: &Datum, is_marked: impl Fn(&Marks) -> bool) -> bool {
    let mut files = Vec::new();
    value.add_files(&mut files).is_some() && files.iter().any(|file| is_marked(&file.marks))
}

fn multiext(positional: Vec<Datum>, span: Span) -> Option<Datum> {
    let mut texts = positional.into_iter().map(|datum| match datum {
        Datum::Str(pattern) if pattern.marks == Marks::default() => Some(pattern.text),
        _ => None,
    });
    let prefix = texts.next()??;
    let paths = texts.map(|extension| {
        let extension = extension?;
        // Snakemake refuses extensions with a path separator.
        let path = (!extension.contains('/')).then(|| Datum::string(prefix.clone() + &extension, span))?;
        path.marked(&|marks| marks.extension = Some(extension.clone()))
    });
    Some(Datum::List(paths.collect::<Option<_>>()?))
}

fn range(positional: &[Datum]) -> Option<Datum> {
    let bound = |datum: &Datum| match datum {
        Datum::Int(value) if value.abs() < 10_000_000 => Some(*value),
        _ => None,
    };
    let (from, to, step) = match positional {
        [to] => (0, bound(to)?, 1),
        [from, to] => (bound(from)?, bound(to)?, 1),
        [from, to, step] => (bound(from)?, bound(to)?, bound(step)?),
        _ => return None,
    };
    let step = usize::try_from(step).ok().filter(|step| *step > 0)?;
    Some(Datum::List((from..to).step_by(step).map(Datum::Int).collect()))
}

fn expand_call(
    mut positional: Vec<Datum>,
    named: Vec<(String, Datum)>,
    combine: Option<Combine>,
    span: Span,
) -> Option<Datum> {
    if positional.len() != 1 {
        return None;
    }
    let mut patterns = Vec::new();
    positional.remove(0).add_files(&mut patterns)?;
    if patterns.iter().any(|pattern| pattern.marks != Marks::default()) {
        return None;
    }
    let patterns: Vec<String> = patterns.into_iter().map(|pattern| pattern.text).collect();
    let allow_missing =
        named.iter().any(|(name, value)| name == "allow_missing" && *value == Datum::Bool(true));
    let mut values = Vec::new();
    for (name, value) in named {
        // Iterating over a dict gives its keys.
        let items = match &value {
            Datum::Dict(items) => Some(items.iter().map(|(key, _)| key.clone()).collect()),
            _ => value.elements(),
        };
        let texts = match items {
            Some(items) => items.iter().map(Datum::to_text).collect::<Option<Vec<_>>>()?,
            None => vec![value.to_text()?],
        };
        values.push((name, texts));
    }
    let paths = expand(&patterns, &values, combine.unwrap_or(Combine::Product), allow_missing)?;
    Some(Datum::List(paths.into_iter().map(|path| Datum::string(path, span)).collect()))
}
