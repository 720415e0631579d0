//! Which of its many things the command is to do.

use crate::args::{Args, Own};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run what must run.
    Run,
    /// Say what would.
    DryRun,
    /// Draw jobs.
    DrawJobs(Format),
    /// Draw rules.
    DrawRules(Format),
    /// Draw rules with their files.
    DrawFiles,
    /// The jobs as JSON for D3.js.
    D3,
    /// The table of outputs.
    Summary {
        /// With inputs and commands.
        is_detailed: bool,
    },
    /// The names of rules.
    List {
        /// Only those without wildcards.
        only_targets: bool,
    },
    /// Outputs that were made otherwise than they would be now.
    ListChanges(Change),
    /// Files that the workflow doesn't know.
    ListUntracked,
    /// Look for weak points.
    Lint {
        /// As JSON.
        is_json: bool,
    },
    /// Remove outputs.
    Delete {
        /// Only temporary ones.
        only_temporary: bool,
        /// Only say which.
        is_dry: bool,
    },
    /// Forget how files were made.
    Forget,
    /// Remove what shadowed jobs left behind.
    CleanShadow,
    /// Make a report.
    Report,
    /// Make a test for each rule.
    UnitTests,
    /// Say that there is nothing to unlock.
    Unlock,
    /// Say why files would be made, or what they were made from.
    Why,
    /// Say what the runs here are doing.
    Status,
}

/// What may have changed about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its code.
    Code,
    /// Its set of inputs.
    Input,
    /// Its params.
    Params,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Graphviz's language.
    Dot,
    /// An image for browsers.
    Svg,
    /// An image for everything.
    Png,
    /// Mermaid's language.
    Mermaid,
    /// Mermaid's language in Snakemake's words, for what reads those.
    MermaidJs,
}

/// The first that is asked for, in Snakemake's order.
pub(super) fn task(args: &Args) -> Task {
    match args.own {
        Some(Own::Why) => return Task::Why,
        Some(Own::Status) => return Task::Status,
        None => {}
    }
    let is_dry = args.dry_run || args.executor.as_deref() == Some("dryrun");
    if let Some(format) = &args.lint {
        return Task::Lint { is_json: format == "json" };
    }
    if args.list || args.list_target_rules {
        return Task::List { only_targets: args.list_target_rules };
    }
    if args.report.is_some() && !args.report_after_run {
        return Task::Report;
    }
    if args.generate_unit_tests.is_some() {
        return Task::UnitTests;
    }
    if let Some(word) = &args.dag {
        return Task::DrawJobs(format(word));
    }
    if let Some(word) = &args.rulegraph {
        return Task::DrawRules(format(word));
    }
    if args.filegraph {
        return Task::DrawFiles;
    }
    if args.d3dag {
        return Task::D3;
    }
    if args.unlock {
        return Task::Unlock;
    }
    if !args.cleanup_metadata.is_empty() {
        return Task::Forget;
    }
    if args.cleanup_shadow {
        return Task::CleanShadow;
    }
    if let Some(word) = &args.list_changes {
        return Task::ListChanges(match word.as_str() {
            "input" => Change::Input,
            "params" => Change::Params,
            _ => Change::Code,
        });
    }
    if args.list_input_changes {
        return Task::ListChanges(Change::Input);
    }
    if args.list_params_changes {
        return Task::ListChanges(Change::Params);
    }
    if args.list_untracked {
        return Task::ListUntracked;
    }
    if args.summary || args.detailed_summary {
        return Task::Summary { is_detailed: !args.summary };
    }
    if args.delete_all_output || args.delete_temp_output {
        return Task::Delete { only_temporary: !args.delete_all_output, is_dry };
    }
    if is_dry { Task::DryRun } else { Task::Run }
}

fn format(word: &str) -> Format {
    match word {
        "svg" => Format::Svg,
        "png" => Format::Png,
        "mermaid" => Format::Mermaid,
        "mermaid-js" => Format::MermaidJs,
        _ => Format::Dot,
    }
}
