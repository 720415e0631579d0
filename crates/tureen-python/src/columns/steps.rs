//! Steps and endings as Python writes them: `("split", (",",), {"maxsplit": 1})`.
//!
//! Methods of `str` go by their names, with their arguments. Besides these there are `len`, `int`, `bool`, `not`,
//! `getitem`, `get` (of lists: with a default), `contains`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `in`, `add`, `radd`, `join`
//! (of lists, with the separator), `flatten`, `filter` and `remove` (with steps), `porter`, and `snowball` (with the language).

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyInt, PyList, PySequence, PySet, PySlice, PyString, PyTuple};
use tureen_text::ending::Ending;
use tureen_text::snowball::Language;
use tureen_text::step::{Class, Comparison, Ends, Place, Recase, Side, Slice, Step, Table};

use super::TextDeclined;
use super::arguments::Arguments;

/// Reads a sequence of steps.
pub(crate) fn steps(steps: &Bound<'_, PyAny>) -> PyResult<Vec<Step>> {
    let mut read = Vec::new();
    for step in steps.cast::<PySequence>()?.try_iter()? {
        read.push(step_of(&Arguments::of(step?.cast::<PyTuple>()?)?)?);
    }
    Ok(read)
}

fn step_of(args: &Arguments<'_>) -> PyResult<Step> {
    if let Some(step) = without_arguments(args.name()) {
        args.none()?;
        return Ok(step);
    }
    Ok(match args.name() {
        "strip" => strip(args, Ends::Both)?,
        "lstrip" => strip(args, Ends::Left)?,
        "rstrip" => strip(args, Ends::Right)?,
        "split" => split(args, Side::Left)?,
        "rsplit" => split(args, Side::Right)?,
        "splitlines" => {
            let [keep_ends] = args.named(["keepends"], 0)?;
            Step::SplitLines { keep_ends: args.claim(keep_ends)? }
        }
        "partition" => Step::Partition { separator: args.separator(&args.only()?)?, from: Side::Left },
        "rpartition" => Step::Partition { separator: args.separator(&args.only()?)?, from: Side::Right },
        "replace" => {
            let [old, new, limit] = args.unnamed(2)?;
            let text = |value: Option<Bound<'_, PyAny>>| args.text(&value.ok_or_else(|| args.wrong())?);
            Step::Replace { old: text(old)?, new: text(new)?, limit: args.limit(limit)? }
        }
        "startswith" => has_affix(args, Side::Left)?,
        "endswith" => has_affix(args, Side::Right)?,
        "removeprefix" => Step::RemoveAffix { affix: args.text(&args.only()?)?, side: Side::Left },
        "removesuffix" => Step::RemoveAffix { affix: args.text(&args.only()?)?, side: Side::Right },
        "find" | "rfind" | "index" | "rindex" | "count" => search(args)?,
        "ljust" => pad(args, Place::Left)?,
        "rjust" => pad(args, Place::Right)?,
        "center" => pad(args, Place::Center)?,
        "zfill" => Step::FillZeros(args.number(&args.only()?)?),
        "expandtabs" => {
            let [size] = args.named(["tabsize"], 0)?;
            let size = size.map_or(Ok(8), |size| args.number(&size))?;
            // CPython takes a C int.
            Step::ExpandTabs(i32::try_from(size).map_err(|_| args.wrong())?.into())
        }
        "translate" => Step::Translate(table(args)?),
        "join" => Step::Join(args.text(&args.only()?)?),
        "add" => Step::Surround { before: String::new(), after: args.text(&args.only()?)? },
        "radd" => Step::Surround { before: args.text(&args.only()?)?, after: String::new() },
        "contains" => Step::Contains(args.text(&args.only()?)?),
        "getitem" => item(args)?,
        "get" => {
            let [place, other] = args.unnamed(2)?;
            match (place, other) {
                (Some(place), Some(other)) => Step::ItemOr(args.number(&place)?, args.text(&other)?),
                _ => return Err(args.wrong()),
            }
        }
        "lt" => compare(args, Comparison::Less)?,
        "le" => compare(args, Comparison::LessOrEqual)?,
        "eq" => compare(args, Comparison::Equal)?,
        "ne" => compare(args, Comparison::NotEqual)?,
        "ge" => compare(args, Comparison::GreaterOrEqual)?,
        "gt" => compare(args, Comparison::Greater)?,
        "in" => among(args)?,
        "filter" => Step::Filter { by: steps(&args.only()?)?, keep: true },
        "remove" => Step::Filter { by: steps(&args.only()?)?, keep: false },
        "snowball" => {
            let name = args.text(&args.only()?)?;
            Step::Snowball(Language::named(&name).ok_or_else(|| args.wrong())?)
        }
        "porter" => {
            let [to_lowercase] = args.named(["to_lowercase"], 0)?;
            let to_lowercase = to_lowercase.map_or(Ok(true), |claim| args.claim(Some(claim)))?;
            Step::Porter { to_lowercase }
        }
        name => return Err(TextDeclined::new_err(format!("`{name}` can't be done to columns of text"))),
    })
}

fn without_arguments(name: &str) -> Option<Step> {
    Some(match name {
        "upper" => Step::Recase(Recase::Upper),
        "lower" => Step::Recase(Recase::Lower),
        "casefold" => Step::Recase(Recase::Fold),
        "title" => Step::Recase(Recase::Title),
        "capitalize" => Step::Recase(Recase::Capitalize),
        "swapcase" => Step::Recase(Recase::Swap),
        "isalnum" => Step::Is(Class::Alnum),
        "isalpha" => Step::Is(Class::Alpha),
        "isascii" => Step::Is(Class::Ascii),
        "isdecimal" => Step::Is(Class::Decimal),
        "isdigit" => Step::Is(Class::Digit),
        "isidentifier" => Step::Is(Class::Identifier),
        "islower" => Step::Is(Class::Lower),
        "isnumeric" => Step::Is(Class::Numeric),
        "isprintable" => Step::Is(Class::Printable),
        "isspace" => Step::Is(Class::Space),
        "istitle" => Step::Is(Class::Title),
        "isupper" => Step::Is(Class::Upper),
        "len" => Step::Length,
        "int" => Step::ToInt,
        "bool" => Step::Truth { negate: false },
        "not" => Step::Truth { negate: true },
        "flatten" => Step::Flatten,
        _ => return None,
    })
}

fn strip(args: &Arguments<'_>, ends: Ends) -> PyResult<Step> {
    let [set] = args.unnamed(0)?;
    let set = match set.filter(|set| !set.is_none()) {
        None => None,
        Some(set) => {
            let mut set: Vec<char> = args.text(&set)?.chars().collect();
            set.sort_unstable();
            Some(set)
        }
    };
    Ok(Step::Strip { ends, set })
}

fn split(args: &Arguments<'_>, from: Side) -> PyResult<Step> {
    let [separator, limit] = args.named(["sep", "maxsplit"], 0)?;
    let separator = separator.filter(|separator| !separator.is_none());
    let separator = separator.map(|separator| args.separator(&separator)).transpose()?;
    Ok(Step::Split { separator, limit: args.limit(limit)?, from })
}

fn has_affix(args: &Arguments<'_>, side: Side) -> PyResult<Step> {
    let [affix, start, end] = args.unnamed(1)?;
    let affix = affix.ok_or_else(|| args.wrong())?;
    let any_of = match affix.cast_exact::<PyTuple>() {
        Ok(several) => several.iter().map(|affix| args.text(&affix)).collect::<PyResult<_>>()?,
        Err(_) => vec![args.text(&affix)?],
    };
    Ok(Step::HasAffix { any_of, within: args.within(start, end)?, side })
}

fn search(args: &Arguments<'_>) -> PyResult<Step> {
    let [needle, start, end] = args.unnamed(1)?;
    let needle = args.text(&needle.ok_or_else(|| args.wrong())?)?;
    let within = args.within(start, end)?;
    Ok(match args.name() {
        "find" => Step::Find { needle, within, from: Side::Left },
        "rfind" => Step::Find { needle, within, from: Side::Right },
        "index" => Step::Index { needle, within, from: Side::Left },
        "rindex" => Step::Index { needle, within, from: Side::Right },
        _ => Step::Count { needle, within },
    })
}

fn pad(args: &Arguments<'_>, place: Place) -> PyResult<Step> {
    let [width, fill] = args.unnamed(1)?;
    let width = args.number(&width.ok_or_else(|| args.wrong())?)?;
    let fill = fill.map_or(Ok(" ".to_owned()), |fill| args.text(&fill))?;
    let mut letters = fill.chars();
    match (letters.next(), letters.next()) {
        (Some(fill), None) => Ok(Step::Pad { width, fill, place }),
        _ => Err(args.wrong()),
    }
}

fn item(args: &Arguments<'_>) -> PyResult<Step> {
    let place = args.only()?;
    let Ok(slice) = place.cast::<PySlice>() else {
        return Ok(Step::Item(args.number(&place)?));
    };
    let number = |name: &str| args.number_or_none(Some(slice.getattr(name)?));
    let slice = Slice { start: number("start")?, stop: number("stop")?, step: number("step")? };
    if slice.step == Some(0) { Err(args.wrong()) } else { Ok(Step::Slice(slice)) }
}

fn compare(args: &Arguments<'_>, comparison: Comparison) -> PyResult<Step> {
    let with = args.only()?;
    if with.is_exact_instance_of::<PyInt>() {
        return Ok(Step::CompareInt(comparison, args.number(&with)?));
    }
    Ok(Step::CompareText(comparison, args.text(&with)?))
}

/// `element in collection`, for a collection whose members are all text or all numbers.
fn among(args: &Arguments<'_>) -> PyResult<Step> {
    let collection = args.only()?;
    let is_plain = collection.is_exact_instance_of::<PyList>()
        || collection.is_exact_instance_of::<PyTuple>()
        || collection.is_exact_instance_of::<PySet>()
        || collection.is_exact_instance_of::<PyFrozenSet>();
    if !is_plain {
        return Err(args.wrong());
    }
    let members: Vec<_> = collection.try_iter()?.collect::<PyResult<_>>()?;
    if members.first().is_some_and(|first| first.is_exact_instance_of::<PyInt>()) {
        let numbers: PyResult<_> = members.iter().map(|member| args.number(member)).collect();
        return Ok(Step::AmongInts(numbers?));
    }
    let texts: PyResult<_> = members.iter().map(|member| args.text(member)).collect();
    Ok(Step::AmongText(texts?))
}

/// A table of `str.maketrans`: code points to text, to code points, or to None.
fn table(args: &Arguments<'_>) -> PyResult<Table> {
    let mapping = args.only()?;
    let Ok(mapping) = mapping.cast_exact::<PyDict>() else { return Err(args.wrong()) };
    let character = |value: &Bound<'_, PyAny>| {
        let number = args.number(value)?;
        u32::try_from(number).ok().and_then(char::from_u32).ok_or_else(|| args.wrong())
    };
    let mut entries = Vec::with_capacity(mapping.len());
    for (from, to) in mapping {
        let text = if to.is_none() {
            String::new()
        } else if to.is_instance_of::<PyString>() {
            args.text(&to)?
        } else {
            character(&to)?.to_string()
        };
        entries.push((character(&from)?, text));
    }
    Ok(Table::new(entries))
}

/// Reads an ending.
pub(crate) fn ending(ending: &Bound<'_, PyTuple>) -> PyResult<Ending> {
    let args = Arguments::of(ending)?;
    let simple = match args.name() {
        "collect" => Some(Ending::Collect),
        "count" => Some(Ending::Count),
        // What they become is the business of `totals`.
        "sum" | "total" => Some(Ending::Sum),
        "min" => Some(Ending::Least),
        "max" => Some(Ending::Greatest),
        "any" => Some(Ending::Any),
        "all" => Some(Ending::All),
        "frequencies" => Some(Ending::Frequencies),
        _ => None,
    };
    if let Some(ending) = simple {
        args.none()?;
        return Ok(ending);
    }
    let by = |value: Option<Bound<'_, PyAny>>| value.map_or(Ok(Vec::new()), |value| steps(&value));
    Ok(match args.name() {
        "distinct" => {
            let [key] = args.unnamed(0)?;
            Ending::DistinctBy(by(key)?)
        }
        "topk" => {
            let [k, key] = args.unnamed(1)?;
            let k = args.number(&k.ok_or_else(|| args.wrong())?)?;
            Ending::Largest { k: k.max(0) as usize, by: by(key)? }
        }
        "groupby" => Ending::GroupBy(steps(&args.only()?)?),
        name => return Err(TextDeclined::new_err(format!("`{name}` can't be made of columns of text"))),
    })
}
