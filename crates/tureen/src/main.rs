//! The command `tureen`: arguments in, exit code out.
//!
//! `args → settings → commands → (render, show, talk)`

mod args;
mod commands;
mod mermaid_js;
mod exit_code;
mod picture;
mod profile;
mod render;
mod run_log;
mod settings;
mod show;
mod stats;
mod talk;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == commands::GUARD) {
        tureen_workflow::work::guard::stand_guard(std::io::stdin());
        return ExitCode::SUCCESS;
    }
    if let Some(code) = commands::node_word() {
        return ExitCode::from(code);
    }
    let settings = args::Args::read().and_then(|args| {
        if args.nocolor {
            render::without_colours();
        }
        if args.log.is_some() {
            render::as_events();
        }
        settings::Settings::new(args)
    });
    let code = match settings {
        Ok(settings) => commands::run(&settings),
        Err(diagnostic) => {
            render::error(&diagnostic);
            exit_code::USAGE
        }
    };
    ExitCode::from(code)
}
