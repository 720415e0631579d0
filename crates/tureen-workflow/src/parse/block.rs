//! Blocks of directives: `rule`, `checkpoint`, `module` and what follows `use rule ... with:`.

use super::keywords::{self, ACTIONS, MODULE, PROPERTIES};
use super::{Directive, Parser, Rule};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::token::Kind;

/// What may stand in a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Rule,
    Module,
    UseRule,
}

impl Place {
    fn words(self) -> Vec<&'static str> {
        match self {
            Self::Rule => PROPERTIES.iter().chain(ACTIONS).copied().collect(),
            Self::Module => MODULE.to_vec(),
            Self::UseRule => PROPERTIES.to_vec(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rule => "a rule",
            Self::Module => "a module",
            Self::UseRule => "`use rule ... with:`",
        }
    }
}

impl Parser<'_> {
    /// A rule, checkpoint or module: the header is known to be whole.
    pub(super) fn block(&mut self) -> Rule {
        let keyword = self.span(self.next);
        let place = if self.word(self.next) == "module" { Place::Module } else { Place::Rule };
        self.step();
        let name = (self.kind(self.next) == Kind::Name).then(|| self.span(self.next));
        if name.is_some() {
            self.step();
        }
        let header_end = self.span(self.next).end;
        self.step();
        let (docstring, directives) = self.directives(place);
        if place == Place::Rule {
            self.check_actions(&directives);
        } else {
            self.check_module(keyword, name, &directives);
        }
        Rule { keyword, name, header_end, docstring, directives }
    }

    /// The directives behind a colon: on its line, or indented below it.
    pub(super) fn directives(&mut self, place: Place) -> (Option<std::ops::Range<usize>>, Vec<Directive>) {
        let outer = self.depth;
        let mut n_lines = 0;
        let mut docstring = None;
        let mut directives: Vec<Directive> = Vec::new();
        loop {
            let kind = self.kind(self.next);
            // A block ends where a line begins that is no deeper than its header; comments don't count.
            let is_over = n_lines > 0 && self.depth <= outer;
            match kind {
                Kind::End => break,
                Kind::Indent | Kind::Dedent | Kind::Nl | Kind::Comment => self.step(),
                Kind::Newline => {
                    n_lines += 1;
                    self.step();
                    if self.depth <= outer && !self.is_indented_next() {
                        break;
                    }
                }
                _ if is_over => break,
                Kind::Name if self.is_colon(self.next + 1) => {
                    let mut directive = self.directive(place);
                    n_lines += 1;
                    directive.is_repeated = self.is_repeated(&directives, &directive);
                    directives.push(directive);
                    if self.depth <= outer && !self.is_indented_next() {
                        break;
                    }
                }
                Kind::String => {
                    let first = self.next;
                    while matches!(self.kind(self.next), Kind::String) {
                        self.step();
                    }
                    docstring = docstring.or(Some(first..self.next));
                }
                _ => self.stranger(place),
            }
        }
        (docstring, directives)
    }

    /// Whether the next line that counts is deeper than this one.
    pub(super) fn is_indented_next(&self) -> bool {
        let rest = &self.tokens[self.next..];
        let kind = rest.iter().map(|token| token.kind).find(|kind| !matches!(kind, Kind::Nl | Kind::Comment));
        kind == Some(Kind::Indent)
    }

    /// Something in a block that is no directive: says so once and leaves the line (and what is below it).
    fn stranger(&mut self, place: Place) {
        let here = self.span(self.next);
        let is_name = self.kind(self.next) == Kind::Name;
        let word = self.word(self.next).to_owned();
        let error = if is_name && place.words().contains(&word.as_str()) {
            let end = Span { start: here.end, ..here };
            Diagnostic::new(format!("`{word}` has no colon")).at(end, "a `:` is missing here")
        } else {
            let message = format!("expected a directive, a comment or a docstring inside {}", place.name());
            let error = Diagnostic::new(message).at(here, "");
            match place {
                Place::Rule => error.hint("Python code goes before the rule, or into its `run:` block"),
                _ => error,
            }
        };
        if self.kind(self.next) != Kind::Stray {
            self.errors.push(error);
        }
        let depth = self.depth;
        while !matches!(self.kind(self.next), Kind::Newline | Kind::End) {
            self.step();
        }
        if self.kind(self.next) == Kind::Newline {
            self.step();
        }
        if self.is_indented_next() {
            while self.kind(self.next) != Kind::Indent {
                self.step();
            }
            self.step();
            while self.depth > depth && self.kind(self.next) != Kind::End {
                self.step();
            }
        }
    }

    fn directive(&mut self, place: Place) -> Directive {
        let word = self.word(self.next).to_owned();
        let here = self.span(self.next);
        if !place.words().contains(&word.as_str()) {
            self.unknown_directive(place, &word, here);
        }
        let is_code = word == "run" && place == Place::Rule;
        let directive = self.keyword_and_arguments(is_code);
        let is_empty = directive.arguments.is_empty() && !is_code;
        if is_empty && keywords::is_action(&word) {
            self.errors.push(
                Diagnostic::new(format!("`{word}:` has no value"))
                    .at(here, "")
                    .hint(format!("give it a string, as in `{word}: \"...\"`")),
            );
        }
        if is_code && directive.end == directive.colon.end {
            self.errors.push(Diagnostic::new("`run:` has no code").at(here, ""));
        }
        directive
    }

    fn unknown_directive(&mut self, place: Place, word: &str, here: Span) {
        let error = if place == Place::UseRule && keywords::is_action(word) {
            Diagnostic::new(format!("`{word}:` can't be changed by `use rule`")).at(here, "")
        } else if word == "version" {
            Diagnostic::new("`version:` is no longer part of the language")
                .at(here, "")
                .hint("use `conda:` or `container:` instead, as in Snakemake 8 and later")
        } else {
            let error =
                Diagnostic::new(format!("there is no directive `{word}` in {}", place.name())).at(here, "");
            match keywords::nearest(word, place.words().into_iter(), 2) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        };
        self.errors.push(error);
    }

    /// Whether the directive was there before, and so means nothing: Snakemake takes the first one, and says nothing.
    fn is_repeated(&mut self, before: &[Directive], directive: &Directive) -> bool {
        let word = self.text_of(directive.keyword);
        // Two actions are told of by `check_actions`.
        if keywords::is_action(word) {
            return false;
        }
        let Some(first) = before.iter().find(|other| self.text_of(other.keyword) == word) else {
            return false;
        };
        let warning = Diagnostic::new(format!("`{word}:` is given twice; only the first one counts"))
            .at(directive.keyword, "means nothing")
            .at(first.keyword, "first given here")
            .hint("put all of it into one");
        self.warnings.push(warning);
        true
    }

    /// One action at most, and nothing behind it, as in Snakemake.
    fn check_actions(&mut self, directives: &[Directive]) {
        let mut action: Option<&Directive> = None;
        for directive in directives {
            let word = self.text_of(directive.keyword);
            let Some(first) = action else {
                if keywords::is_action(word) {
                    action = Some(directive);
                }
                continue;
            };
            let first_word = self.text_of(first.keyword);
            let error = if keywords::is_action(word) {
                Diagnostic::new(format!(
                    "a rule has one action, but this one has `{first_word}:` and `{word}:`"
                ))
                .at(directive.keyword, "")
                .at(first.keyword, "the first one")
                .hint("make two rules of it")
            } else {
                Diagnostic::new(format!("`{word}:` stands after `{first_word}:`"))
                    .at(directive.keyword, "")
                    .at(first.keyword, "")
                    .hint(format!("move `{word}:` up: `{first_word}:` must be the last directive of a rule"))
            };
            self.errors.push(error);
        }
    }

    fn check_module(&mut self, keyword: Span, name: Option<Span>, directives: &[Directive]) {
        let has = |word: &str| directives.iter().any(|directive| self.text_of(directive.keyword) == word);
        let mut errors = Vec::new();
        if name.is_none() && !has("name") {
            errors.push(
                Diagnostic::new("this module has no name").at(keyword, "").hint("write `module name:`"),
            );
        }
        if name.is_some() && has("name") {
            errors.push(Diagnostic::new("this module has two names").at(keyword, ""));
        }
        if !has("snakefile") && !has("meta_wrapper") {
            errors.push(Diagnostic::new("a module needs `snakefile:` or `meta_wrapper:`").at(keyword, ""));
        }
        self.errors.append(&mut errors);
    }
}
