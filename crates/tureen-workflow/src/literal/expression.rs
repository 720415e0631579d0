//! Reads one expression from tokens and works it out at once.

use std::ops::Range;

use super::call::is_helper;
use super::datum::Datum;
use super::string::{Piece, pieces};
use super::{NotStatic, Reader, Text, number};
use crate::rule::Marks;
use crate::span::Span;
use crate::token::{Kind, Token, tokenize};

/// Deeper nesting is left to Python.
const MAX_DEPTH: usize = 64;

/// The tokens of one expression, without comments and line ends.
pub(super) struct Cursor<'t> {
    text: Text<'t>,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    /// Added to token offsets to give offsets in the file (for f-string fields).
    shift: u32,
    /// What a problem points at when the expression is empty.
    whole: Span,
}

type Evaluated = Result<Datum, NotStatic>;

impl<'t> Cursor<'t> {
    fn word(&self) -> &'t str {
        self.tokens.get(self.next).map_or("", |token| token.text(self.text.text))
    }

    fn kind(&self) -> Kind {
        self.tokens.get(self.next).map_or(Kind::End, |token| token.kind)
    }

    pub(super) fn is_op(&self, op: &str) -> bool {
        self.kind() == Kind::Op && self.word() == op
    }

    pub(super) fn take_op(&mut self, op: &str) -> bool {
        let is_there = self.is_op(op);
        self.next += usize::from(is_there);
        is_there
    }

    fn span(&self) -> Span {
        match self.tokens.get(self.next).or(self.tokens.last()) {
            Some(token) => Span {
                source: self.text.source(),
                start: token.start + self.shift,
                end: token.end + self.shift,
            },
            None => self.whole,
        }
    }

    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// Takes a name that stands alone as an argument.
    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let after = self.tokens.get(self.next + 1).map_or("", |token| token.text(self.text.text));
        let is_there = self.word() == name && matches!(after, "," | ")");
        self.next += usize::from(is_there);
        is_there
    }

    /// Takes `name=`.
    pub(super) fn keyword(&mut self) -> Option<String> {
        let after = self.tokens.get(self.next + 1).map_or("", |token| token.text(self.text.text));
        if self.kind() != Kind::Name || after != "=" {
            return None;
        }
        let name = self.word().to_owned();
        self.next += 2;
        Some(name)
    }

    /// Where the token before the cursor ends.
    pub(super) fn end_of_last(&self) -> u32 {
        let last = self.tokens.get(self.next.saturating_sub(1));
        last.map_or(self.whole.end, |token| token.end + self.shift)
    }

    pub(super) fn refuse<T>(&self, reason: impl Into<String>) -> Result<T, NotStatic> {
        Err(NotStatic::new(self.span(), reason))
    }
}

impl Reader<'_> {
    /// The value of the expression in a range of a file's tokens.
    pub(super) fn value(&self, text: Text<'_>, tokens: Range<usize>) -> Evaluated {
        let all = &text.file.tokens[tokens.clone()];
        let whole = match (all.first(), all.last()) {
            (Some(first), Some(last)) => Span { source: text.source(), start: first.start, end: last.end },
            _ => Span { source: text.source(), start: 0, end: 0 },
        };
        let solid = |token: &&Token| {
            !matches!(token.kind, Kind::Comment | Kind::Nl | Kind::Newline | Kind::Indent | Kind::Dedent)
        };
        let tokens = all.iter().filter(solid).copied().collect();
        let mut cursor = Cursor { text, tokens, next: 0, depth: 0, shift: 0, whole };
        let value = self.expression(&mut cursor)?;
        if cursor.kind() == Kind::End {
            Ok(value)
        } else {
            cursor.refuse("this needs Python to be worked out")
        }
    }

    pub(super) fn expression(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        cursor.depth += 1;
        if cursor.depth > MAX_DEPTH {
            return cursor.refuse("this is nested deeply");
        }
        let start = cursor.span();
        let mut left = self.product(cursor)?;
        loop {
            let is_plus = cursor.is_op("+");
            if !is_plus && !cursor.is_op("-") {
                cursor.depth -= 1;
                return Ok(left);
            }
            cursor.next += 1;
            let right = self.product(cursor)?;
            left = match sum(left, right, is_plus, start) {
                Some(sum) => sum,
                None => return cursor.refuse("this sum needs Python to be worked out"),
            };
        }
    }

    fn product(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        let mut left = self.unary(cursor)?;
        while cursor.take_op("*") {
            let right = self.unary(cursor)?;
            left = match (&left, &right) {
                (Datum::Int(a), Datum::Int(b)) if a.checked_mul(*b).is_some() => Datum::Int(a * b),
                _ => return cursor.refuse("this product needs Python to be worked out"),
            };
        }
        Ok(left)
    }

    fn unary(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        if !cursor.take_op("-") {
            return self.postfix(cursor);
        }
        match self.postfix(cursor)? {
            Datum::Int(value) => Ok(Datum::Int(-value)),
            Datum::Float(value) => Ok(Datum::Float(-value)),
            _ => cursor.refuse("this needs Python to be worked out"),
        }
    }

    fn postfix(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        let mut value = self.atom(cursor)?;
        loop {
            if cursor.take_op("[") {
                let key = self.expression(cursor)?;
                if !cursor.take_op("]") {
                    return cursor.refuse("this subscript needs Python to be worked out");
                }
                value = match self.item(&value, &key) {
                    Some(item) => item,
                    None => return cursor.refuse("this look-up needs Python to be worked out"),
                };
            } else if cursor.take_op(".") {
                value = self.attribute(cursor, value)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn attribute(&self, cursor: &mut Cursor<'_>, value: Datum) -> Evaluated {
        let name = cursor.word();
        cursor.next += 1;
        let found = match &value {
            Datum::Rules => self.rules.get(name).map(|index| Datum::Rule(*index)),
            Datum::Rule(index) => self.rule_part(*index, name),
            Datum::Files(parts) => {
                parts.iter().find(|(part, _)| part.as_deref() == Some(name)).map(|(_, list)| part_value(list))
            }
            Datum::Config(_) | Datum::Dict(_) if name == "get" && cursor.take_op("(") => {
                return self.get(cursor, &value);
            }
            _ => None,
        };
        match found {
            Some(found) => Ok(found),
            None => cursor.refuse(format!("`.{name}` needs Python to be worked out")),
        }
    }

    /// `config.get(key, default)`, behind its open bracket.
    fn get(&self, cursor: &mut Cursor<'_>, dict: &Datum) -> Evaluated {
        let key = self.expression(cursor)?;
        let default = if cursor.take_op(",") { self.expression(cursor)? } else { Datum::None };
        cursor.take_op(",");
        if !cursor.take_op(")") {
            return cursor.refuse("this call needs Python to be worked out");
        }
        if !matches!(key, Datum::Str(_)) {
            return cursor.refuse("this look-up needs Python to be worked out");
        }
        Ok(self.item(dict, &key).unwrap_or(default))
    }

    fn item(&self, value: &Datum, key: &Datum) -> Option<Datum> {
        match (value, key) {
            (Datum::Config(path), _) => {
                let mut path = path.clone();
                path.push(key.to_value()?);
                self.config_value(path)
            }
            (Datum::Dict(items), Datum::Str(_) | Datum::Int(_)) => {
                let is_key = |other: &Datum| other.to_value() == key.to_value();
                items.iter().find(|(other, _)| is_key(other)).map(|(_, value)| value.clone())
            }
            (_, Datum::Int(index)) => {
                let items = value.elements()?;
                let index = if *index < 0 { items.len() as i64 + index } else { *index };
                items.get(usize::try_from(index).ok()?).cloned()
            }
            _ => None,
        }
    }

    fn atom(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        let span = cursor.span();
        let word = cursor.word();
        match cursor.kind() {
            Kind::String => self.strings(cursor),
            Kind::Number => {
                let Some(value) = number::number(word) else {
                    return cursor.refuse("this number is left to Python");
                };
                cursor.next += 1;
                Ok(value)
            }
            Kind::Name => {
                cursor.next += 1;
                if let Some(value) = self.names.get(word) {
                    return Ok(value.clone());
                }
                match word {
                    "None" => Ok(Datum::None),
                    "True" => Ok(Datum::Bool(true)),
                    "False" => Ok(Datum::Bool(false)),
                    "config" => Ok(Datum::Config(Vec::new())),
                    "rules" => Ok(Datum::Rules),
                    _ if cursor.is_op("(") && is_helper(word) => self.call(cursor, word, span),
                    _ => Err(NotStatic::new(span, format!("`{word}` needs Python to be worked out"))),
                }
            }
            Kind::Op if word == "(" => self.parenthesis(cursor),
            Kind::Op if word == "[" => {
                cursor.next += 1;
                Ok(Datum::List(self.items(cursor, "]")?.0))
            }
            Kind::Op if word == "{" => self.dict(cursor),
            _ => cursor.refuse("this needs Python to be worked out"),
        }
    }

    fn parenthesis(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        cursor.next += 1;
        let (mut items, has_comma) = self.items(cursor, ")")?;
        match items.len() {
            1 if !has_comma => Ok(items.remove(0)),
            _ => Ok(Datum::Tuple(items)),
        }
    }

    /// Expressions with commas between them up to a closing bracket, and whether there was a comma.
    fn items(&self, cursor: &mut Cursor<'_>, close: &str) -> Result<(Vec<Datum>, bool), NotStatic> {
        let mut items = Vec::new();
        let mut has_comma = false;
        loop {
            if cursor.take_op(close) {
                return Ok((items, has_comma));
            }
            if cursor.take_op("*") {
                match self.expression(cursor)?.elements() {
                    Some(more) => items.extend(more),
                    None => return cursor.refuse("this `*` needs Python to be worked out"),
                }
                has_comma = true;
            } else {
                items.push(self.expression(cursor)?);
            }
            if cursor.take_op(",") {
                has_comma = true;
            } else if !cursor.is_op(close) {
                return cursor.refuse("this needs Python to be worked out");
            }
        }
    }

    fn dict(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        cursor.next += 1;
        let mut items: Vec<(Datum, Datum)> = Vec::new();
        loop {
            if cursor.take_op("}") {
                return Ok(Datum::Dict(items));
            }
            let key = self.expression(cursor)?;
            if !matches!(key, Datum::Str(_) | Datum::Int(_)) || !cursor.take_op(":") {
                return cursor.refuse("this needs Python to be worked out");
            }
            let value = self.expression(cursor)?;
            if items.iter().take(1000).any(|(other, _)| other.to_value() == key.to_value())
                || items.len() >= 1000
            {
                return cursor.refuse("this dict is left to Python");
            }
            items.push((key, value));
            if !cursor.take_op(",") && !cursor.is_op("}") {
                return cursor.refuse("this needs Python to be worked out");
            }
        }
    }

    /// One or more string literals side by side.
    fn strings(&self, cursor: &mut Cursor<'_>) -> Evaluated {
        let first = cursor.span();
        let mut joined = String::new();
        let mut end = first.end;
        while cursor.kind() == Kind::String {
            let literal = cursor.word();
            let here = cursor.span();
            let Some(found) = pieces(literal) else {
                return cursor.refuse("this string is left to Python");
            };
            for piece in found {
                match piece {
                    Piece::Text(text) => joined.push_str(&text),
                    Piece::Field { start, end } => {
                        let offset = here.start + start as u32;
                        joined.push_str(&self.field(cursor, &literal[start..end], offset)?);
                    }
                }
            }
            end = here.end;
            cursor.next += 1;
        }
        Ok(Datum::string(joined, Span { end, ..first }))
    }

    /// The text of an f-string field.
    fn field(&self, cursor: &Cursor<'_>, expression: &str, offset: u32) -> Result<String, NotStatic> {
        let tokens = tokenize(expression, cursor.text.source());
        let solid = tokens
            .tokens
            .iter()
            .filter(|token| !matches!(token.kind, Kind::Newline | Kind::End | Kind::Indent | Kind::Dedent));
        let whole =
            Span { source: cursor.text.source(), start: offset, end: offset + expression.len() as u32 };
        let mut inner = Cursor {
            text: Text { file: cursor.text.file, text: expression },
            tokens: solid.copied().collect(),
            next: 0,
            depth: cursor.depth,
            shift: offset,
            whole,
        };
        if !tokens.errors.is_empty() {
            return inner.refuse("this field is left to Python");
        }
        let value = self.expression(&mut inner)?;
        match value.to_text() {
            Some(text) if inner.kind() == Kind::End => Ok(text),
            _ => inner.refuse("this field needs Python to be worked out"),
        }
    }
}

fn part_value(list: &crate::rule::FileList) -> Datum {
    if list.is_list {
        Datum::List(list.files.iter().cloned().map(Datum::Str).collect())
    } else {
        list.files.first().cloned().map_or(Datum::None, Datum::Str)
    }
}

fn sum(left: Datum, right: Datum, is_plus: bool, start: Span) -> Option<Datum> {
    Some(match (left, right) {
        (Datum::Int(a), Datum::Int(b)) if is_plus => Datum::Int(a.checked_add(b)?),
        (Datum::Int(a), Datum::Int(b)) => Datum::Int(a.checked_sub(b)?),
        (Datum::Str(a), Datum::Str(b))
            if is_plus && a.marks == Marks::default() && b.marks == Marks::default() =>
        {
            let end = if b.span.source == start.source { b.span.end.max(start.end) } else { start.end };
            Datum::string(a.text + &b.text, Span { end, ..start })
        }
        (Datum::List(mut a), Datum::List(b)) if is_plus => {
            a.extend(b);
            Datum::List(a)
        }
        _ => return None,
    })
}
