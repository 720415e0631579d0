//! `use rule a, b from m exclude c as m_* with:`

use super::block::Place;
use super::{Parser, UseRule};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::token::Kind;

impl Parser<'_> {
    /// The statement; `use rule` is known to be there.
    pub(super) fn use_rule(&mut self) -> UseRule {
        let start = self.span(self.next);
        self.step();
        self.step();
        let rules = self.names(true);
        let mut header = UseRule {
            header: start,
            rules,
            from: None,
            exclude: Vec::new(),
            rename: None,
            has_with: false,
            docstring: None,
            directives: Vec::new(),
        };
        let mut end = self.span(self.next.saturating_sub(1)).end;
        while self.kind(self.next) == Kind::Name {
            let word = self.word(self.next);
            let here = self.span(self.next);
            self.step();
            match word {
                "from" if self.kind(self.next) == Kind::Name => {
                    header.from = Some(self.span(self.next));
                    self.step();
                }
                "exclude" => header.exclude = self.names(false),
                "as" => header.rename = self.pattern(),
                "with" => {
                    header.has_with = true;
                    if !self.is_colon(self.next) {
                        let place = Span { start: here.end, ..here };
                        self.errors
                            .push(Diagnostic::new("`with` has no colon").at(place, "a `:` is missing here"));
                    }
                }
                _ => {
                    let message = "expected `from`, `exclude`, `as`, `with:` or the end of the line";
                    self.errors.push(Diagnostic::new(message).at(here, ""));
                }
            }
            end = self.span(self.next.saturating_sub(1)).end;
        }
        if self.is_colon(self.next) {
            end = self.span(self.next).end;
            self.step();
            if header.has_with && header.rules.iter().any(|rule| self.text_of(*rule) == "*") {
                let message = "`with:` can't be used together with `*`";
                self.errors
                    .push(Diagnostic::new(message).at(start, "").hint("name the rule that is to be changed"));
            }
            (header.docstring, header.directives) = self.directives(Place::UseRule);
        } else {
            if !matches!(self.kind(self.next), Kind::Newline | Kind::Comment | Kind::End) {
                let here = self.span(self.next);
                self.errors.push(Diagnostic::new("unexpected word in `use rule`").at(here, ""));
            }
            while !matches!(self.kind(self.next), Kind::Newline | Kind::End) {
                self.step();
            }
        }
        header.header = Span { end, ..start };
        header
    }

    /// Names with commas between them, or one `*`.
    fn names(&mut self, allow_star: bool) -> Vec<Span> {
        let mut names = Vec::new();
        loop {
            let is_star = allow_star && self.word(self.next) == "*";
            if self.kind(self.next) != Kind::Name && !is_star {
                let here = self.span(self.next);
                self.errors.push(Diagnostic::new("expected the name of a rule").at(here, ""));
                return names;
            }
            names.push(self.span(self.next));
            self.step();
            if self.word(self.next) != "," {
                return names;
            }
            self.step();
        }
    }

    /// A name with at most one `*` in it; the tokenizer splits it at the star.
    fn pattern(&mut self) -> Option<String> {
        let mut pattern = String::new();
        while self.word(self.next) == "*"
            || (self.kind(self.next) == Kind::Name && !matches!(self.word(self.next), "with" | "exclude"))
        {
            pattern.push_str(self.word(self.next));
            self.step();
        }
        if pattern.is_empty() {
            let here = self.span(self.next);
            self.errors.push(Diagnostic::new("expected a name behind `as`").at(here, ""));
            return None;
        }
        Some(pattern)
    }
}
