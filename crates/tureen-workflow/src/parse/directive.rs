//! A keyword, its colon, and how far what belongs to it reaches.

use super::{Directive, Parser};
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::token::Kind;

impl<'t> Parser<'t> {
    /// A directive outside rules, or a handler.
    pub(super) fn global(&mut self) -> Directive {
        let word = self.word(self.next);
        let here = self.span(self.next);
        let is_code = super::keywords::is_handler(word);
        let directive = self.keyword_and_arguments(is_code);
        if directive.end == directive.colon.end {
            let what = if is_code { "code" } else { "value" };
            self.errors.push(Diagnostic::new(format!("`{word}:` has no {what}")).at(here, ""));
        }
        match word {
            "ruleorder" => self.check_names(&directive, ">", "a > b > c"),
            "localrules" => self.check_names(&directive, ",", "a, b, c"),
            _ => {}
        }
        directive
    }

    /// The keyword (and tag), the colon, and everything on its line and on deeper lines below.
    pub(super) fn keyword_and_arguments(&mut self, is_code: bool) -> Directive {
        let keyword = self.span(self.next);
        let word = self.word(self.next);
        self.step();
        let tag = (!self.is_colon(self.next)).then(|| self.span(self.next));
        if tag.is_some() {
            self.step();
        }
        let colon = self.span(self.next);
        self.step();
        let first = self.next;
        let mut end = colon.end;
        let outer = self.depth;
        let mut is_first_line = true;
        loop {
            match self.kind(self.next) {
                Kind::End => break,
                Kind::Newline => {
                    self.step();
                    let is_deeper = self.depth > outer || self.is_indented_next();
                    if !is_deeper {
                        break;
                    }
                    is_first_line = false;
                }
                Kind::Dedent => {
                    self.step();
                    if self.depth <= outer {
                        break;
                    }
                }
                Kind::Indent | Kind::Nl | Kind::Comment => self.step(),
                _ if self.depth <= outer && !is_first_line => break,
                _ => {
                    end = self.span(self.next).end;
                    self.step();
                }
            }
        }
        let tokens = first..self.next;
        let is_names = matches!(word, "ruleorder" | "localrules");
        let arguments = if is_code || is_names { Vec::new() } else { self.arguments(tokens.clone()) };
        Directive { keyword, tag, colon, tokens, arguments, end, is_repeated: false }
    }

    /// `ruleorder:` and `localrules:` hold bare names with a separator.
    fn check_names(&mut self, directive: &Directive, separator: &str, example: &str) {
        let mut is_name_due = true;
        for index in directive.tokens.clone() {
            let kind = self.kind(index);
            if matches!(kind, Kind::Newline | Kind::Nl | Kind::Comment | Kind::Indent | Kind::Dedent) {
                continue;
            }
            let is_right = if is_name_due {
                kind == Kind::Name
            } else {
                kind == Kind::Op && self.word(index) == separator
            };
            if !is_right {
                let word = self.text_of(directive.keyword);
                let error = Diagnostic::new(format!("`{word}:` takes names of rules"))
                    .at(self.span(index), "")
                    .hint(format!("write `{word}: {example}`"));
                self.errors.push(error);
                return;
            }
            is_name_due = !is_name_due;
        }
    }

    pub(super) fn text_of(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }
}
