//! How a run is shown: lines as things happen, one calm status line on a terminal, or events as JSON.
//! Decides nothing about the run; hears of everything from whichever thread it happens on.

mod events;
mod screen;

use std::io::IsTerminal;

use rustc_hash::FxHashMap;
use tureen_workflow::run::Happening;

use crate::settings::Settings;
use crate::talk::Talk;
use events::Events;
pub(crate) use events::error as error_event;
use screen::Screen;
pub(crate) use screen::clock;

/// The way that was chosen.
pub(crate) enum Show {
    Lines(Talk),
    Events(Events),
    Screen(Screen),
}

/// What is known beside a happening.
pub(crate) struct About<'a> {
    /// Steps done before this part of the run.
    pub(crate) n_before: usize,
    /// All steps, as far as is known.
    pub(crate) n_total: usize,
    /// Why the job runs.
    pub(crate) reason: &'a dyn Fn() -> String,
    /// What went wrong, in one line.
    pub(crate) fault: &'a dyn Fn() -> String,
}

impl Show {
    pub(crate) fn new(settings: &Settings) -> Self {
        let talk = Talk { quiet: settings.quiet, to_stdout: false, print_commands: settings.print_commands };
        if settings.logs_json {
            return Self::Events(Events::default());
        }
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_quiet = settings.quiet.progress || settings.quiet.rules;
        if std::io::stderr().is_terminal() && !is_dumb && !is_quiet {
            return Self::Screen(Screen::new(talk));
        }
        Self::Lines(talk)
    }

    /// A sentence that is not about a job.
    pub(crate) fn note(&self, text: &str) {
        match self {
            // Talk of a run goes to standard error, where nothing can go wrong that matters.
            Self::Lines(talk) if !talk.quiet.progress => drop(talk.say(text)),
            Self::Lines(_) => {}
            Self::Events(events) => events.note(text),
            Self::Screen(screen) => screen.say(text),
        }
    }

    /// What is going to run: how many jobs of each rule, also as a table; and how long the jobs of rules took so far
    /// (how many, and their seconds together).
    pub(crate) fn begin(
        &self,
        jobs: &FxHashMap<&str, usize>,
        table: Option<&str>,
        durations: &FxHashMap<String, (u32, f64)>,
        n_cores: u64,
    ) {
        match self {
            Self::Lines(talk) => {
                if let Some(table) = table.filter(|_| !talk.quiet.all) {
                    let _ = talk.say(table);
                }
            }
            Self::Events(events) => events.begin(jobs),
            Self::Screen(screen) => {
                screen.begin(jobs, durations, n_cores);
                if let Some(table) = table {
                    screen.say(table);
                }
            }
        }
    }

    pub(crate) fn happening(&self, happening: &Happening<'_>, about: &About<'_>) {
        match self {
            Self::Lines(talk) => talk.happening(happening, about.n_before, about.n_total, about.reason),
            Self::Events(events) => events.happening(happening, about),
            Self::Screen(screen) => screen.happening(happening, about),
        }
    }

    /// The run is over; only its last words follow.
    pub(crate) fn end(&self, n_done: usize, n_total: usize, n_failed: usize) {
        match self {
            Self::Lines(_) => {}
            Self::Events(events) => events.end(n_done, n_total, n_failed),
            Self::Screen(screen) => screen.end(n_done, n_total, n_failed),
        }
    }
}
