//! What is said while planning and running: lines for a person, on standard error (a dry run's on standard
//! output, as Snakemake 9.27). Data goes through [`data`] and nowhere else.

use std::io::{self, Write};
use std::path::Path;

use tureen_workflow::evaluator::job::{Entry, JobView};
use tureen_workflow::format::text;
use tureen_workflow::job::{Choice, Chosen};
use tureen_workflow::run::{Failure, Happening};
use tureen_workflow::value::Value;
use tureen_workflow::work::shell::Stream;

use crate::run_log;
use crate::settings::Quiet;

/// Writes data to standard output.
pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Where talk goes, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) quiet: Quiet,
    pub(crate) to_stdout: bool,
    pub(crate) print_commands: bool,
}

/// What a plan knows of a job besides its view.
#[derive(Debug, Default)]
pub(crate) struct Further {
    pub(crate) is_checkpoint: bool,
    pub(crate) benchmark: Option<String>,
    pub(crate) priority: i64,
}

impl Talk {
    /// Says something, line end included.
    ///
    /// # Errors
    /// Only where talk is data (a dry run's): nobody reads it any more.
    pub(crate) fn say(&self, text: &str) -> io::Result<()> {
        if self.to_stdout {
            return data(format!("{text}\n").as_bytes());
        }
        run_log::add(text);
        // If nobody reads our talk there is nobody to tell that to.
        let _ = writeln!(io::stderr().lock(), "{text}");
        Ok(())
    }

    /// A job as it stands in the plan, or as it starts.
    pub(crate) fn job(
        &self,
        view: &JobView,
        further: &Further,
        reason: &str,
        command: Option<&str>,
        message: Option<&str>,
    ) -> String {
        let mut lines = Vec::new();
        if let Some(message) = message {
            lines.push(format!("Job {}: {message}", view.jobid));
            if !self.quiet.reason {
                lines.push(format!("Reason: {reason}"));
            }
        } else {
            let word = if further.is_checkpoint { "checkpoint" } else { "rule" };
            lines.push(format!("{word} {}:", view.rule));
            let mut line = |name: &str, value: String| {
                if !value.is_empty() {
                    lines.push(format!("    {name}: {value}"));
                }
            };
            line("input", entries(&view.input));
            line("output", entries(&view.output));
            line("log", entries(&view.log));
            line("jobid", view.jobid.to_string());
            line("benchmark", further.benchmark.clone().unwrap_or_default());
            if !self.quiet.reason {
                line("reason", reason.to_owned());
            }
            let wildcards = view.wildcards.iter().map(|(name, value)| format!("{name}={value}"));
            line("wildcards", wildcards.collect::<Vec<_>>().join(", "));
            if further.priority != 0 {
                line("priority", further.priority.to_string());
            }
            if view.threads > 1 {
                line("threads", view.threads.to_string());
            }
            let shown =
                view.resources.iter().filter(|(name, _)| !matches!(name.as_str(), "_cores" | "_nodes"));
            let resources = shown.map(|(name, value)| format!("{name}={}", text(value)));
            line("resources", resources.collect::<Vec<_>>().join(", "));
        }
        if let Some(command) = command.filter(|_| self.print_commands) {
            lines.push(format!("Shell command: {command}"));
        }
        lines.join("\n")
    }

    /// What happens during a run, of which `n_before` steps were done before this part.
    pub(crate) fn happening(
        &self,
        happening: &Happening<'_>,
        n_before: usize,
        n_total: usize,
        reason: &dyn Fn() -> String,
    ) {
        let said = match happening {
            Happening::Starts { view, command, message, .. } => {
                if self.quiet.rules {
                    let command = command.filter(|_| self.print_commands);
                    command.map_or(Ok(()), |command| self.say(command))
                } else {
                    self.say(&format!(
                        "\n{}",
                        self.job(view, &Further::default(), &reason(), *command, *message)
                    ))
                }
            }
            Happening::Output { stream, bytes, .. } => {
                pass_on(*stream, bytes);
                Ok(())
            }
            Happening::Ended { job, rule, n_done } => {
                if self.quiet.progress {
                    Ok(())
                } else {
                    let n_done = n_before + n_done;
                    let share = n_done * 100 / n_total.max(1);
                    self.say(&format!(
                        "Finished jobid: {} (Rule: {rule})\n{n_done} of {n_total} steps ({share}%) done",
                        job.index()
                    ))
                }
            }
            Happening::FromCache { outputs } => {
                if self.quiet.rules {
                    Ok(())
                } else {
                    outputs.iter().try_for_each(|entry| {
                        self.say(&format!("Symlinking output file {} from cache.", entry.output.display()))
                    })
                }
            }
            Happening::Stays { job, rule } => {
                if self.quiet.rules {
                    Ok(())
                } else {
                    self.say(&format!(
                        "\nKept jobid: {} (Rule: {rule}): its inputs, made anew, are what they were",
                        job.index()
                    ))
                }
            }
            Happening::Failed(failure) => self.say(&failed(failure, "failed")),
            Happening::Says(text) => {
                if self.quiet.progress {
                    Ok(())
                } else {
                    self.say(text)
                }
            }
            Happening::Retries(failure) => self.say(&failed(failure, "failed, and is tried again")),
            Happening::RemovedTemporary(path) => {
                if self.quiet.rules {
                    Ok(())
                } else {
                    self.say(&format!("Removing temporary output {}.", Path::display(path)))
                }
            }
        };
        // Talk of a run goes to standard error, where nothing can go wrong that matters.
        let _ = said;
    }
}

/// A step of choosing who makes a file, on standard error in any case: it is no part of the plan.
pub(crate) fn choice(choice: &Choice<'_>) {
    let job = |status: &str, job: &Chosen<'_>| {
        let wildcards = job.wildcards.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{status} job {}\n    wildcards: {}", job.rule, wildcards.collect::<Vec<_>>().join(", "))
    };
    let text = match choice {
        Choice::Candidate(candidate) => job("candidate", candidate),
        Choice::Selected(selected) => job("selected", selected),
        Choice::Passed { path, why } => {
            format!("file {path}:\n    a job makes it, though another one can't\n    {why}")
        }
        Choice::Found { path, why: None } => format!("file {path}:\n    no rule makes it; it is there"),
        Choice::Found { path, why: Some(why) } => {
            format!("file {path}:\n    no job can make it; it is there\n    {why}")
        }
    };
    run_log::add(&text);
    // If nobody reads our talk there is nobody to tell that to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// One line at the moment of failure; the whole story comes last.
pub(crate) fn failed(failure: &Failure, how: &str) -> String {
    let wildcards: Vec<String> =
        failure.view.wildcards.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let wildcards = if wildcards.is_empty() {
        String::new()
    } else {
        format!("\n    wildcards: {}", wildcards.join(", "))
    };
    format!("Error in rule {}:\n    jobid: {}{wildcards}\n    ({how})", failure.view.rule, failure.view.jobid)
}

fn pass_on(stream: Stream, bytes: &[u8]) {
    // A job's words are passed on as far as anybody listens.
    let _ = match stream {
        Stream::Out => data(bytes),
        Stream::Error => io::stderr().lock().write_all(bytes),
    };
}

fn entries(entries: &[Entry]) -> String {
    let files = entries.iter().flat_map(|entry| match &entry.value {
        Value::List(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    });
    files.collect::<Vec<String>>().join(", ")
}
