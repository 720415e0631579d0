//! YAML events into values, as PyYAML's constructors do it: merge keys, anchors, tags, repeated keys.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::merge::key_text;
use super::{Problem, outdented, resolve};
use crate::value::Value;

/// Aliases may unfold to this many nodes; past it the file is a bomb, or a mistake.
const MAX_NODES: usize = 5_000_000;

/// PyYAML itself fails at about 1,000 (Python's recursion limit).
const MAX_DEPTH: usize = 400;

/// Reads a YAML document.
pub(super) fn load(text: &str) -> Result<Value, Problem> {
    read(text, false)
}

/// Reads a YAML document whose scalars all are strings (PyYAML's base loader).
pub(super) fn load_strings(text: &str) -> Result<Value, Problem> {
    read(text, true)
}

fn read(text: &str, strings_only: bool) -> Result<Value, Problem> {
    let first = match Loader::new(text, strings_only).document() {
        Err(problem) if outdented::is_of(&problem) => problem,
        answer => return answer,
    };
    let mut text = text.to_owned();
    let mut problem = first.clone();
    for _ in 0..outdented::MOST {
        if !outdented::indent(&mut text, &problem) {
            break;
        }
        match Loader::new(&text, strings_only).document() {
            Err(next) if outdented::is_of(&next) => problem = next,
            // Lines are what they were; columns are not, but this error is another line's.
            answer => return answer,
        }
    }
    Err(first)
}

struct Loader<'t> {
    text: &'t str,
    /// The lines, if there is a tab anywhere.
    lines: Vec<&'t str>,
    strings_only: bool,
    anchors: FxHashMap<usize, (Value, usize)>,
    n_nodes: usize,
}

/// A list or dict that is being filled.
enum Open {
    List { anchor: usize, items: Vec<Value>, kind: Kind, n_before: usize },
    Dict { anchor: usize, entries: Vec<(Key, Value)>, key: Option<Key>, kind: Kind, n_before: usize },
}

/// A key, and whether it is the merge key.
struct Key {
    value: Value,
    is_merge: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Tuple,
    Set,
}

type Place = saphyr_parser::Span;

impl<'t> Loader<'t> {
    fn new(text: &'t str, strings_only: bool) -> Self {
        let lines = if text.contains('\t') { text.split('\n').collect() } else { Vec::new() };
        Self { text, lines, strings_only, anchors: FxHashMap::default(), n_nodes: 0 }
    }

    fn document(mut self) -> Result<Value, Problem> {
        let text = self.text;
        let mut parser = Parser::new_from_str(text);
        let mut stack: Vec<Open> = Vec::new();
        let mut root = None;
        let mut n_documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, place) = next.map_err(|error| Problem {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                message: error.info().to_owned(),
            })?;
            if !self.lines.is_empty() && !matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                self.check_indentation(place)?;
            }
            let node = match event {
                Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
                Event::DocumentStart(_) => {
                    n_documents += 1;
                    if n_documents > 1 {
                        return Err(problem(place, "there is more than one document in this file"));
                    }
                    continue;
                }
                Event::Scalar(scalar, style, anchor, tag) => {
                    let is_plain = style == ScalarStyle::Plain;
                    let is_merge = is_plain && tag.is_none() && scalar == "<<" && !self.strings_only;
                    let is_key = matches!(stack.last(), Some(Open::Dict { key: None, .. }));
                    let is_sign = is_plain && tag.is_none() && matches!(&*scalar, "<<" | "=");
                    if is_sign && !is_key && !self.strings_only {
                        return Err(problem(place, &format!("`{scalar}` can't be a value")));
                    }
                    let scalar = self.without_added_newline(scalar, style, place);
                    let value = self.scalar(&scalar, is_plain, tag.as_deref(), place)?;
                    self.remember(anchor, &value, 1);
                    Some((value, is_merge, 1))
                }
                Event::Alias(anchor) => {
                    let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                        return Err(problem(place, "this alias stands inside what it names"));
                    };
                    Some((value, false, size))
                }
                Event::SequenceStart(anchor, tag) => {
                    let kind = self.kind(tag, &["seq"], place)?;
                    let n_before = self.n_nodes;
                    stack.push(Open::List { anchor, items: Vec::new(), kind, n_before });
                    None
                }
                Event::MappingStart(anchor, tag) => {
                    let kind = self.kind(tag, &["map", "set"], place)?;
                    let n_before = self.n_nodes;
                    stack.push(Open::Dict { anchor, entries: Vec::new(), key: None, kind, n_before });
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let open = stack.pop().expect("the parser balances starts and ends");
                    Some(self.close(open, place)?)
                }
            };
            if stack.len() > MAX_DEPTH {
                return Err(problem(place, "this is nested too deeply"));
            }
            let Some((value, is_merge, size)) = node else { continue };
            self.n_nodes += size;
            if self.n_nodes > MAX_NODES {
                return Err(problem(place, "the aliases unfold to more than five million values"));
            }
            match stack.last_mut() {
                None => root = Some(value),
                Some(Open::List { items, .. }) => items.push(value),
                Some(Open::Dict { entries, key, .. }) => match key.take() {
                    None => *key = Some(Key { value, is_merge }),
                    Some(name) => entries.push((name, value)),
                },
            }
        }
        Ok(root.unwrap_or(Value::None))
    }

    /// A block scalar that ends with the text, where no newline is, has none; the parser adds one.
    fn without_added_newline<'s>(
        &self,
        scalar: Cow<'s, str>,
        style: ScalarStyle,
        place: Place,
    ) -> Cow<'s, str> {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let is_last = || place.end.index() >= self.text.chars().count();
        match scalar.strip_suffix('\n') {
            Some(rest) if is_block && !self.text.ends_with('\n') && is_last() => Cow::Owned(rest.to_owned()),
            _ => scalar,
        }
    }

    /// PyYAML takes no tab in the indentation before a token.
    fn check_indentation(&self, place: Place) -> Result<(), Problem> {
        let column = place.start.col();
        let before = self.lines.get(place.start.line().saturating_sub(1)).copied().unwrap_or("");
        let before = &before[..before.char_indices().nth(column).map_or(before.len(), |(index, _)| index)];
        if before.contains('\t') && before.trim().is_empty() {
            return Err(problem(place, "a tab can't be used to indent"));
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, value: &Value, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
    }

    fn close(&mut self, open: Open, place: Place) -> Result<(Value, bool, usize), Problem> {
        let (anchor, value, n_before) = match open {
            Open::List { anchor, items, kind, n_before } => {
                let value = if kind == Kind::Tuple { Value::Tuple(items) } else { Value::List(items) };
                (anchor, value, n_before)
            }
            Open::Dict { anchor, entries, kind, n_before, .. } => {
                let items = self.dict(entries, place)?;
                let value = if kind == Kind::Set {
                    return Err(problem(place, "sets are not supported"));
                } else {
                    Value::Dict(items)
                };
                (anchor, value, n_before)
            }
        };
        let size = self.n_nodes - n_before + 1;
        self.n_nodes = n_before;
        self.remember(anchor, &value, size);
        Ok((value, false, size))
    }

    /// Merged entries come first and lose against the dict's own; of repeated keys the last value wins, at the
    /// first one's place.
    fn dict(&self, entries: Vec<(Key, Value)>, place: Place) -> Result<Vec<(Value, Value)>, Problem> {
        let mut all: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
        let mut own = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if !key.is_merge {
                own.push((key.value, value));
                continue;
            }
            match value {
                Value::Dict(items) => all.extend(items),
                Value::List(dicts) => {
                    for dict in dicts.into_iter().rev() {
                        let Value::Dict(items) = dict else {
                            return Err(problem(place, "`<<` takes a mapping or a list of mappings"));
                        };
                        all.extend(items);
                    }
                }
                _ => return Err(problem(place, "`<<` takes a mapping or a list of mappings")),
            }
        }
        all.extend(own);
        let mut places: FxHashMap<String, usize> = FxHashMap::default();
        let mut items: Vec<(Value, Value)> = Vec::with_capacity(all.len());
        for (key, value) in all {
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return Err(problem(place, "a list or a mapping can't be a key"));
            }
            match places.entry(key_text(&key)) {
                std::collections::hash_map::Entry::Occupied(entry) => items[*entry.get()].1 = value,
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(items.len());
                    items.push((key, value));
                }
            }
        }
        Ok(items)
    }

    fn scalar(&self, text: &str, is_plain: bool, tag: Option<&Tag>, place: Place) -> Result<Value, Problem> {
        if self.strings_only {
            return Ok(Value::Str(text.to_owned()));
        }
        let result = match tag.map(tag_name).as_deref() {
            None | Some("!") if is_plain => resolve::resolve(text),
            None | Some("!" | "str") => Ok(Value::Str(text.to_owned())),
            Some("int") => resolve::int(text),
            Some("float") => resolve::float(text),
            Some("null") => Ok(Value::None),
            Some("bool") => match text.to_lowercase().as_str() {
                "yes" | "true" | "on" => Ok(Value::Bool(true)),
                "no" | "false" | "off" => Ok(Value::Bool(false)),
                _ => Err(format!("`{text}` is neither true nor false")),
            },
            Some(other) => Err(format!("the tag `{other}` is not supported")),
        };
        result.map_err(|message| problem(place, &message))
    }

    fn kind(&self, tag: Option<Cow<'_, Tag>>, names: &[&str], place: Place) -> Result<Kind, Problem> {
        match tag.as_deref().map(tag_name).as_deref() {
            None | Some("!") => Ok(Kind::Plain),
            Some("set") if names.contains(&"set") => Ok(Kind::Set),
            Some(name) if names.contains(&name) => Ok(Kind::Plain),
            Some("python/tuple") if names.contains(&"seq") => Ok(Kind::Tuple),
            Some(name) => Err(problem(place, &format!("the tag `{name}` is not supported"))),
        }
    }
}

/// `str` for `!!str`, `!` for the non-specific tag, else the tag as written.
fn tag_name(tag: &Tag) -> String {
    let full = format!("{}{}", tag.handle, tag.suffix);
    for prefix in ["tag:yaml.org,2002:", "!!"] {
        if let Some(name) = full.strip_prefix(prefix) {
            return name.to_owned();
        }
    }
    full
}

fn problem(place: Place, message: &str) -> Problem {
    Problem { line: place.start.line(), column: place.start.col() + 1, message: message.to_owned() }
}
