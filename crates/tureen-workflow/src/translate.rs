//! A Snakefile as Python source with the same lines, so that CPython's own tracebacks and syntax errors point
//! right. What can't be said in place (where each argument stands) is kept aside in [`Places`].
//!
//! `rule a:` becomes `with __tureen__.rule(0):`, `input: "x"` becomes `__tureen__.set("input", 1)("x")`, and
//! `run:` becomes a function definition. Evaluates nothing, talks to nobody.

use crate::diagnostic::Diagnostic;
use crate::parse::{Directive, File, Rule, StatementKind, UseRule};
use crate::span::{SourceId, Span};
use crate::token::Kind;

/// Where things that the translated source names by number stand. One table for all files of a workflow.
#[derive(Debug, Default)]
pub(crate) struct Places {
    places: Vec<Place>,
}

/// A rule, a directive or a block of code.
#[derive(Debug)]
pub(crate) struct Place {
    /// A rule's `rule name:`, a directive from its keyword to its end.
    pub span: Span,
    /// A directive's arguments.
    pub arguments: Vec<(Option<String>, Span)>,
    /// Whether an argument is starred, so that the ones behind it can't be counted.
    pub has_stars: bool,
    /// The Python text of a `run:` block.
    pub code: String,
}

impl Places {
    fn add(&mut self, span: Span, directive: Option<(&Directive, &str)>) -> usize {
        let mut arguments = Vec::new();
        let mut has_stars = false;
        if let Some((directive, text)) = directive {
            has_stars = directive.arguments.iter().any(|argument| argument.stars > 0);
            arguments.extend(directive.arguments.iter().map(|argument| {
                let name = argument.name.map(|name| text[name.start as usize..name.end as usize].to_owned());
                (name, argument.span)
            }));
        }
        self.places.push(Place { span, arguments, has_stars, code: String::new() });
        self.places.len() - 1
    }

    /// A place by its number.
    pub(crate) fn get(&self, number: usize) -> Option<&Place> {
        self.places.get(number)
    }
}

impl Place {
    /// Where an argument stands: by name, or by its number among those without.
    pub(crate) fn argument(&self, name: Option<&str>, number: usize) -> Span {
        let found = match name {
            Some(name) => self.arguments.iter().find(|(other, _)| other.as_deref() == Some(name)),
            None if self.has_stars => None,
            None => self.arguments.iter().filter(|(name, _)| name.is_none()).nth(number),
        };
        found.map_or(self.span, |(_, span)| *span)
    }
}

/// A translated file.
#[derive(Debug)]
pub(crate) struct Translation {
    /// The file that it is a translation of.
    pub source: SourceId,
    /// The Python source.
    pub text: String,
    /// Functions that hold the handlers, as (`onstart`, function name).
    pub handlers: Vec<(String, String)>,
    /// Start and end in the original, and the length of what stands there now; in order.
    edits: Vec<(u32, u32, u32)>,
    /// Length of the byte order mark, which is left out.
    skipped: i64,
}

/// The parameters of a `run:` block's function, as in Snakemake.
const RUN_PARAMETERS: &str =
    "input, output, params, wildcards, threads, resources, log, rule, jobid, bench_iteration";

/// Translates a parsed file.
///
/// # Errors
/// Names every statement that is understood but can't be carried out yet.
pub(crate) fn translate(
    file: &File,
    text: &str,
    places: &mut Places,
) -> Result<Translation, Vec<Diagnostic>> {
    let mut translator = Translator {
        file,
        text,
        places,
        out: String::with_capacity(text.len() * 5 / 4),
        done: if text.starts_with('\u{feff}') { 3 } else { 0 },
        handlers: Vec::new(),
        edits: Vec::new(),
        errors: Vec::new(),
    };
    for statement in &file.statements {
        match &statement.kind {
            StatementKind::Python(_) => {}
            StatementKind::Rule(rule) => translator.rule(rule),
            StatementKind::Global(directive) => translator.global(directive),
            StatementKind::Handler(directive) => translator.handler(directive),
            StatementKind::Module(rule) => translator.module(rule),
            StatementKind::UseRule(used) => translator.use_rule(used),
        }
    }
    translator.out.push_str(&text[translator.done..]);
    let Translator { out, handlers, edits, errors, .. } = translator;
    if errors.is_empty() {
        let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Ok(Translation { source: file.source, text: out, handlers, edits, skipped })
    } else {
        Err(errors)
    }
}

struct Translator<'t> {
    file: &'t File,
    text: &'t str,
    places: &'t mut Places,
    out: String,
    /// How far the original has been copied.
    done: usize,
    handlers: Vec<(String, String)>,
    edits: Vec<(u32, u32, u32)>,
    errors: Vec<Diagnostic>,
}

impl Translator<'_> {
    fn word(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// Copies up to `start` and writes `new` in place of what stands up to `end`, its line ends kept.
    fn replace(&mut self, start: u32, end: u32, new: &str) {
        self.out.push_str(&self.text[self.done..start as usize]);
        let old = &self.text[start as usize..end as usize];
        let n_lines = old.matches('\n').count();
        let padding = "\\\n".repeat(n_lines);
        self.out.push_str(&padding);
        self.out.push_str(new);
        self.edits.push((start, end, (padding.len() + new.len()) as u32));
        self.done = end as usize;
    }

    fn refuse(&mut self, what: &str, span: Span) {
        self.errors.push(Diagnostic::new(format!("`{what}` is not supported yet")).at(span, ""));
    }

    fn rule(&mut self, rule: &Rule) {
        let header = Span { end: rule.header_end, ..rule.keyword };
        let number = self.places.add(header, None);
        let name = rule.name.map_or("None".to_owned(), |name| format!("{:?}", self.word(name)));
        let is_checkpoint = if self.word(rule.keyword) == "checkpoint" { "True" } else { "False" };
        let run = rule.directives.iter().find(|directive| self.word(directive.keyword) == "run");
        let run_place = run.map(|directive| {
            let number = self.places.add(directive.span(), None);
            let code = &self.text[directive.colon.end as usize..directive.end as usize];
            self.places.places[number].code = code.to_owned();
            number
        });
        let run_number = run_place.map_or("None".to_owned(), |number| number.to_string());
        let is_empty = rule.directives.is_empty() && rule.docstring.is_none();
        let body = if is_empty { " pass" } else { "" };
        let new = format!("with __tureen__.rule({number}, {name}, {is_checkpoint}, {run_number}):{body}");
        self.replace(header.start, header.end, &new);
        self.docstring(rule.docstring.as_ref());
        for directive in &rule.directives {
            let word = self.word(directive.keyword).to_owned();
            match run_place {
                Some(number) if word == "run" => {
                    let new = format!("def __tureen_run_{number}({RUN_PARAMETERS}):");
                    self.replace(directive.keyword.start, directive.colon.end, &new);
                }
                _ if word == "shell" && self.is_dynamic(directive) => self.late_call(directive, &word),
                _ => self.call(directive, &word),
            }
        }
    }

    /// Whether a directive's single value is more than plain strings: names, or an f-string.
    fn is_dynamic(&self, directive: &Directive) -> bool {
        let is_single =
            matches!(directive.arguments.as_slice(), [one] if one.name.is_none() && one.stars == 0);
        let mut tokens = self.file.tokens[directive.tokens.clone()].iter();
        let is_dynamic = tokens.any(|token| {
            let prefix = token.text(self.text).split(['"', '\'']).next().unwrap_or("");
            token.kind == Kind::Name || (token.kind == Kind::String && prefix.contains(['f', 'F']))
        });
        is_single && is_dynamic && !self.text[..directive.end as usize].ends_with(',')
    }

    /// As [`Self::call`], with a function that can be asked again when the job is known: so does Snakemake.
    fn late_call(&mut self, directive: &Directive, word: &str) {
        let text = self.text;
        let number = self.places.add(directive.span(), Some((directive, text)));
        let new = format!("__tureen__.set_late({word:?}, {number}, lambda {RUN_PARAMETERS}: (");
        self.replace(directive.keyword.start, directive.colon.end, &new);
        self.replace(directive.end, directive.end, "))");
    }

    fn docstring(&mut self, tokens: Option<&std::ops::Range<usize>>) {
        if let Some(tokens) = tokens {
            let first = self.file.tokens[tokens.start].start;
            let last = self.file.tokens[tokens.end - 1].end;
            self.replace(first, first, "__tureen__.docstring(");
            self.replace(last, last, ")");
        }
    }

    fn module(&mut self, module: &Rule) {
        let header = Span { end: module.header_end, ..module.keyword };
        let number = self.places.add(header, None);
        let name = module.name.map_or("None".to_owned(), |name| format!("{:?}", self.word(name)));
        let is_empty = module.directives.is_empty() && module.docstring.is_none();
        let body = if is_empty { " pass" } else { "" };
        self.replace(header.start, header.end, &format!("with __tureen__.module({number}, {name}):{body}"));
        for directive in &module.directives {
            let word = self.word(directive.keyword).to_owned();
            self.call(directive, &word);
        }
    }

    fn use_rule(&mut self, used: &UseRule) {
        let number = self.places.add(used.header, None);
        let list = |spans: &[Span]| {
            let names: Vec<String> = spans.iter().map(|span| format!("{:?}", self.word(*span))).collect();
            format!("[{}]", names.join(", "))
        };
        let text = |text: Option<&str>| text.map_or("None".to_owned(), |text| format!("{text:?}"));
        let module = text(used.from.map(|from| self.word(from)));
        let (rules, exclude) = (list(&used.rules), list(&used.exclude));
        let rename = text(used.rename.as_deref());
        let body = if used.directives.is_empty() && used.docstring.is_none() { " pass" } else { "" };
        let new = format!("with __tureen__.use({number}, {rules}, {module}, {exclude}, {rename}):{body}");
        self.replace(used.header.start, used.header.end, &new);
        self.docstring(used.docstring.as_ref());
        for directive in &used.directives {
            let word = self.word(directive.keyword).to_owned();
            self.call(directive, &word);
        }
    }

    /// `word: arguments` becomes a call.
    fn call(&mut self, directive: &Directive, word: &str) {
        let text = self.text;
        let number = self.places.add(directive.span(), Some((directive, text)));
        let new = if directive.is_repeated {
            "(lambda *_, **__: None)(".to_owned()
        } else {
            format!("__tureen__.set({word:?}, {number})(")
        };
        self.replace(directive.keyword.start, directive.colon.end, &new);
        self.replace(directive.end, directive.end, ")");
    }

    fn handler(&mut self, directive: &Directive) {
        let word = self.word(directive.keyword).to_owned();
        let number = self.places.add(directive.span(), None);
        let name = format!("__tureen_{word}_{number}");
        self.replace(directive.keyword.start, directive.colon.end, &format!("def {name}(log):"));
        self.handlers.push((word, name));
    }

    fn global(&mut self, directive: &Directive) {
        let word = self.word(directive.keyword).to_owned();
        match word.as_str() {
            "ruleorder" | "localrules" => self.names(directive, &word),
            "storage" => self.refuse(&word, directive.keyword),
            _ => self.call(directive, &word),
        }
    }

    /// Bare names become strings, `>` becomes a comma.
    fn names(&mut self, directive: &Directive, word: &str) {
        let number = self.places.add(directive.span(), None);
        let new = format!("__tureen__.set({word:?}, {number})(");
        self.replace(directive.keyword.start, directive.colon.end, &new);
        for index in directive.tokens.clone() {
            let token = self.file.tokens[index];
            let text = token.text(self.text).to_owned();
            match token.kind {
                Kind::Name => self.replace(token.start, token.end, &format!("{text:?}")),
                Kind::Op if text == ">" => self.replace(token.start, token.end, ","),
                _ => {}
            }
        }
        self.replace(directive.end, directive.end, ")");
    }
}

impl Translation {
    /// The place in the original of a line and column (from 1, in characters) of the translated source.
    pub(crate) fn original(&self, line: usize, column: usize) -> Span {
        let mut start = 0;
        for _ in 1..line {
            match self.text[start..].find('\n') {
                Some(length) => start += length + 1,
                None => break,
            }
        }
        let in_line = self.text[start..].chars().take(column.saturating_sub(1));
        let offset = (start + in_line.take_while(|c| *c != '\n').map(char::len_utf8).sum::<usize>()) as i64;
        // What to add to an offset in the translation to get the original's.
        let mut shift = self.skipped;
        for &(from, to, length) in &self.edits {
            let (from, to, length) = (i64::from(from), i64::from(to), i64::from(length));
            let here = from - shift;
            if offset < here {
                break;
            }
            if offset < here + length {
                // Inside what we wrote: point at what stood there.
                return Span { source: self.source, start: from as u32, end: to as u32 };
            }
            shift += (to - from) - length;
        }
        let original = (offset + shift).max(0) as u32;
        Span { source: self.source, start: original, end: original }
    }
}
