//! A Snakefile's text as statements: rules, directives and Python in between, each with its exact place.
//!
//! Finds every error of form in one pass. Evaluates nothing: what an argument is worth is the business of
//! `literal` or `evaluator`. Statements may stand inside Python blocks (`if`, `for`, functions); the list is
//! flat and each says how deep it stands.

mod arguments;
mod block;
mod directive;
mod keywords;
mod use_rule;

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::span::{SourceId, Span};
use crate::token::{Kind, Token, tokenize};

pub use keywords::nearest;

/// A parsed file.
#[derive(Debug)]
pub struct File {
    /// The file.
    pub source: SourceId,
    /// Its tokens; statements refer to them by index.
    pub tokens: Vec<Token>,
    /// Its statements in order.
    pub statements: Vec<Statement>,
    /// Everything that is wrong with its form.
    pub errors: Vec<Diagnostic>,
    /// What is odd in it, and no error in Snakemake.
    pub warnings: Vec<Diagnostic>,
}

/// One statement, and how many blocks it stands inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Number of enclosing blocks.
    pub depth: usize,
    /// What it is.
    pub kind: StatementKind,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// One logical line of Python.
    Python(Python),
    /// `rule` or `checkpoint`.
    Rule(Rule),
    /// `include:`, `configfile:` and their kin.
    Global(Directive),
    /// `onstart:`, `onsuccess:`, `onerror:`: Python code behind a keyword.
    Handler(Directive),
    /// `module name:`
    Module(Rule),
    /// `use rule ...`
    UseRule(UseRule),
}

/// One logical line of Python code.
#[derive(Debug, Clone, PartialEq)]
pub struct Python {
    /// From its first to its last token.
    pub span: Span,
    /// Its tokens, without the newline.
    pub tokens: Range<usize>,
}

/// A rule, checkpoint or module with its directives.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `rule`, `checkpoint` or `module`.
    pub keyword: Span,
    /// Its name, if it has one.
    pub name: Option<Span>,
    /// Just past the colon.
    pub header_end: u32,
    /// The docstring's tokens.
    pub docstring: Option<Range<usize>>,
    /// Its directives in order.
    pub directives: Vec<Directive>,
}

/// A keyword, a colon, and arguments or code.
#[derive(Debug, Clone, PartialEq)]
pub struct Directive {
    /// The keyword.
    pub keyword: Span,
    /// The tag between `storage` and its colon.
    pub tag: Option<Span>,
    /// The colon.
    pub colon: Span,
    /// Tokens behind the colon that belong to it, comments and line ends included.
    pub tokens: Range<usize>,
    /// Its arguments; empty for code.
    pub arguments: Vec<Argument>,
    /// Just past the last token that is neither a comment nor a line end.
    pub end: u32,
    /// Whether its block has had it before, so that it means nothing.
    pub is_repeated: bool,
}

/// One argument of a directive.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// `name=`
    pub name: Option<Span>,
    /// The number of stars before it: `*items` or `**items`.
    pub stars: u8,
    /// Tokens of its value; may hold comments and line ends.
    pub tokens: Range<usize>,
    /// From the name (or star, or value) to the value's end.
    pub span: Span,
}

/// `use rule a, b from m exclude c as m_* with:`
#[derive(Debug, Clone, PartialEq)]
pub struct UseRule {
    /// From `use` to the end of its header.
    pub header: Span,
    /// The rules, or `*`.
    pub rules: Vec<Span>,
    /// The module; `None`: a rule of this file.
    pub from: Option<Span>,
    /// Rules left out.
    pub exclude: Vec<Span>,
    /// The new name, with a `*` for the old one.
    pub rename: Option<String>,
    /// Whether `with:` follows.
    pub has_with: bool,
    /// The docstring behind `with:`.
    pub docstring: Option<Range<usize>>,
    /// The directives behind `with:`.
    pub directives: Vec<Directive>,
}

impl Directive {
    /// From the keyword to the end of the last argument.
    pub fn span(&self) -> Span {
        Span { end: self.end, ..self.keyword }
    }
}

/// Parses a text.
///
/// ```
/// # use tureen_workflow::{span::SourceId, parse::{parse, StatementKind}};
/// let file = parse("rule a:\n    output: \"x\"\n    shell: \"touch x\"\n", SourceId(0));
/// assert!(file.errors.is_empty());
/// assert!(matches!(file.statements[0].kind, StatementKind::Rule(_)));
/// ```
pub fn parse(text: &str, source: SourceId) -> File {
    let tokens = tokenize(text, source);
    let mut parser = Parser {
        text,
        source,
        tokens: &tokens.tokens,
        next: 0,
        depth: 0,
        statements: Vec::new(),
        errors: tokens.errors,
        warnings: Vec::new(),
    };
    parser.file();
    parser.check_names_of_rules();
    let Parser { statements, mut errors, warnings, .. } = parser;
    errors.sort_by_key(|error| error.labels.first().map_or(0, |label| label.span.start));
    File { source, tokens: tokens.tokens, statements, errors, warnings }
}

struct Parser<'t> {
    text: &'t str,
    source: SourceId,
    tokens: &'t [Token],
    next: usize,
    depth: usize,
    statements: Vec<Statement>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'t> Parser<'t> {
    fn file(&mut self) {
        loop {
            let token = self.tokens[self.next];
            match token.kind {
                Kind::End => return,
                Kind::Indent | Kind::Dedent => self.step(),
                Kind::Newline | Kind::Nl | Kind::Comment => self.step(),
                Kind::Name => self.statement(),
                _ => self.python(),
            }
        }
    }

    fn statement(&mut self) {
        let depth = self.depth;
        let word = self.word(self.next);
        let kind = match word {
            "rule" | "checkpoint" | "module" if self.is_header(self.next) => {
                let block = self.block();
                if word == "module" { StatementKind::Module(block) } else { StatementKind::Rule(block) }
            }
            "use" if self.word(self.next + 1) == "rule" => StatementKind::UseRule(self.use_rule()),
            "storage" if self.is_header(self.next) => StatementKind::Global(self.global()),
            _ if keywords::is_handler(word) && self.is_colon(self.next + 1) => {
                StatementKind::Handler(self.global())
            }
            _ if keywords::is_global(word) && self.is_colon(self.next + 1) => {
                StatementKind::Global(self.global())
            }
            _ => {
                self.check_stranger(word);
                return self.python();
            }
        };
        self.statements.push(Statement { depth, kind });
    }

    /// A line of Python that looks like something else: `rule a` without a colon, `subworkflow`, `inculde:`.
    fn check_stranger(&mut self, word: &str) {
        let here = self.span(self.next);
        let is_name_next = self.kind(self.next + 1) == Kind::Name;
        if matches!(word, "rule" | "checkpoint" | "module") && is_name_next {
            let place = self.span(self.next + 1);
            self.errors.push(
                Diagnostic::new(format!("`{word} {}` has no colon", self.word(self.next + 1)))
                    .at(Span { start: place.end, end: place.end, ..place }, "a `:` is missing here"),
            );
        } else if word == "subworkflow" && is_name_next {
            self.errors.push(
                Diagnostic::new("`subworkflow` is no longer part of the language")
                    .at(here, "")
                    .hint("use `module` instead, as in Snakemake 8 and later"),
            );
        } else if self.is_colon(self.next + 1)
            && matches!(self.kind(self.next + 2), Kind::String | Kind::Newline)
            && !keywords::is_python_block(word)
        {
            if let Some(near) = keywords::nearest(word, keywords::GLOBALS.iter().copied(), 2) {
                self.errors.push(
                    Diagnostic::new(format!("there is no directive `{word}`"))
                        .at(here, "")
                        .hint(format!("did you mean `{near}`?")),
                );
            } else if keywords::is_rule_directive(word) && self.follows_empty_rule() {
                self.errors.push(
                    Diagnostic::new(format!("`{word}:` stands outside its rule"))
                        .at(here, "")
                        .hint("indent it below the `rule` line"),
                );
            }
        }
    }

    fn follows_empty_rule(&self) -> bool {
        match self.statements.last().map(|statement| &statement.kind) {
            Some(StatementKind::Rule(rule)) => rule.directives.is_empty(),
            _ => false,
        }
    }

    /// Two rules of one name outside any `if` can never both be meant.
    fn check_names_of_rules(&mut self) {
        let mut first: FxHashMap<&str, Span> = FxHashMap::default();
        for statement in &self.statements {
            let (0, StatementKind::Rule(rule)) = (statement.depth, &statement.kind) else { continue };
            let Some(name) = rule.name else { continue };
            let word = &self.text[name.start as usize..name.end as usize];
            if let Some(before) = first.insert(word, name) {
                self.errors.push(
                    Diagnostic::new(format!("there are two rules named `{word}`"))
                        .at(name, "")
                        .at(before, "the first one")
                        .hint("give one of them another name"),
                );
            }
        }
    }

    /// One logical line of Python.
    fn python(&mut self) {
        let depth = self.depth;
        let first = self.next;
        while !matches!(self.kind(self.next), Kind::Newline | Kind::End) {
            self.step();
        }
        let last = self.next.saturating_sub(1).max(first);
        let span = Span { end: self.tokens[last].end, ..self.span(first) };
        let python = Python { span, tokens: first..self.next };
        self.statements.push(Statement { depth, kind: StatementKind::Python(python) });
    }

    fn step(&mut self) {
        match self.kind(self.next) {
            Kind::Indent => self.depth += 1,
            Kind::Dedent => self.depth = self.depth.saturating_sub(1),
            Kind::End => return,
            _ => {}
        }
        self.next += 1;
    }

    fn kind(&self, index: usize) -> Kind {
        self.tokens.get(index).map_or(Kind::End, |token| token.kind)
    }

    /// The text of a token, or nothing past the end.
    fn word(&self, index: usize) -> &'t str {
        self.tokens.get(index).map_or("", |token| token.text(self.text))
    }

    fn span(&self, index: usize) -> Span {
        self.tokens[index.min(self.tokens.len() - 1)].span(self.source)
    }

    fn is_colon(&self, index: usize) -> bool {
        self.kind(index) == Kind::Op && self.word(index) == ":"
    }

    /// `keyword:` or `keyword name:`
    fn is_header(&self, index: usize) -> bool {
        self.is_colon(index + 1) || (self.kind(index + 1) == Kind::Name && self.is_colon(index + 2))
    }
}
