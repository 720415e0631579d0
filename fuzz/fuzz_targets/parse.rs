//! Any text: the tokenizer and the parser never panic, tokens are in order and cover the text, and every
//! place in a message lies inside the text. `cargo +nightly fuzz run parse`; the same property runs with
//! proptest in `crates/tureen-workflow/tests/it/tokens.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tureen_workflow::parse::parse;
use tureen_workflow::span::SourceId;
use tureen_workflow::token::tokenize;

fuzz_target!(|text: &str| {
    let tokens = tokenize(text, SourceId(0));
    let mut end = 0;
    for token in &tokens.tokens {
        let (start, token_end) = (token.start as usize, token.end as usize);
        assert!(end <= start && start <= token_end && token_end <= text.len());
        assert!(text[end..start].chars().all(|c| " \t\x0c\\\r\n\u{feff}".contains(c)));
        end = token_end;
    }
    for label in parse(text, SourceId(0)).errors.iter().flat_map(|error| &error.labels) {
        assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
    }
});
