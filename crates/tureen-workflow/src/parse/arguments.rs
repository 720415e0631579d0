//! The arguments of a directive, split at the commas that separate them.

use std::ops::Range;

use super::{Argument, Parser};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::token::Kind;

impl Parser<'_> {
    /// Splits tokens at commas outside brackets; the commas of a lambda's parameters don't count.
    pub(super) fn arguments(&mut self, tokens: Range<usize>) -> Vec<Argument> {
        let mut arguments = Vec::new();
        let mut first = tokens.start;
        let mut brackets = 0usize;
        let mut n_lambdas = 0usize;
        let mut has_keyword = false;
        for index in tokens.clone() {
            let is_op = self.kind(index) == Kind::Op;
            match self.word(index) {
                "(" | "[" | "{" if is_op => brackets += 1,
                ")" | "]" | "}" if is_op => brackets = brackets.saturating_sub(1),
                "lambda" if brackets == 0 => n_lambdas += 1,
                ":" if is_op && brackets == 0 => n_lambdas = n_lambdas.saturating_sub(1),
                "," if is_op && brackets == 0 && n_lambdas == 0 => {
                    match self.argument(first..index) {
                        Some(argument) => self.add(&mut arguments, argument, &mut has_keyword),
                        None => {
                            let place = self.span(index);
                            self.errors
                                .push(Diagnostic::new("there is nothing before this comma").at(place, ""));
                        }
                    }
                    first = index + 1;
                }
                _ => {}
            }
        }
        if let Some(argument) = self.argument(first..tokens.end) {
            self.add(&mut arguments, argument, &mut has_keyword);
        }
        arguments
    }

    fn add(&mut self, arguments: &mut Vec<Argument>, argument: Argument, has_keyword: &mut bool) {
        match argument.name {
            Some(name) => {
                let word = self.text_of(name);
                let is_same = |other: &&Argument| other.name.is_some_and(|name| self.text_of(name) == word);
                // Named twice in one directive is rare and short: most files have few names per directive,
                // so the look back is bounded to keep a huge directive linear.
                if let Some(first) = arguments.iter().rev().take(200).find(is_same) {
                    let error = Diagnostic::new(format!("the name `{word}` is given twice"))
                        .at(name, "")
                        .at(first.span, "first given here");
                    self.errors.push(error);
                }
                *has_keyword = true;
            }
            None if argument.stars == 2 => *has_keyword = true,
            None if *has_keyword && argument.stars == 0 => self.errors.push(
                Diagnostic::new("an item without a name follows one with a name")
                    .at(argument.span, "")
                    .hint("put the items without a name first, or name this one"),
            ),
            None => {}
        }
        arguments.push(argument);
    }

    fn argument(&self, tokens: Range<usize>) -> Option<Argument> {
        let is_layout = |index: &usize| {
            let kind = self.kind(*index);
            matches!(kind, Kind::Newline | Kind::Nl | Kind::Comment | Kind::Indent | Kind::Dedent)
        };
        let mut solid = tokens.clone().filter(|index| !is_layout(index));
        let first = solid.next()?;
        let last = tokens.clone().rev().find(|index| !is_layout(index))?;
        let span = Span { end: self.span(last).end, ..self.span(first) };
        let second = solid.next();
        let is_op = |index: usize, text: &str| self.kind(index) == Kind::Op && self.word(index) == text;
        let mut value = first;
        let mut name = None;
        let mut stars = 0;
        if is_op(first, "*") {
            stars = 1;
            value = second.unwrap_or(last + 1);
        } else if is_op(first, "**") {
            stars = 2;
            value = second.unwrap_or(last + 1);
        } else if self.kind(first) == Kind::Name && second.is_some_and(|index| is_op(index, "=")) {
            name = Some(self.span(first));
            value = solid.next().unwrap_or(last + 1);
        }
        Some(Argument { name, stars, tokens: value..last + 1, span })
    }
}
