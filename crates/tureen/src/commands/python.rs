//! The Snakefile's functions and `run:` blocks, as the planner and the run ask for them.

use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::evaluator::Broken;
use tureen_workflow::evaluator::job::{Answer, Call, Exception, Format, JobView};
use tureen_workflow::read::Reading;
use tureen_workflow::run::Python;
use tureen_workflow::work::block;
use tureen_workflow::work::shell::Stream;
use tureen_workflow::work::stop::Stop;
use tureen_workflow::work::usage::Usage;

/// Calls `work` with what the evaluator offers (nothing, if the Snakefile was read without one).
pub(super) fn with_python<T>(reading: &Reading, work: impl FnOnce(&Python<'_>) -> T) -> T {
    let Some(evaluator) = &reading.evaluator else {
        return work(&Python {
            ask: &|_| Vec::new(),
            made: &|_| (),
            format: None,
            block: None,
            source: None,
        });
    };
    let ask = |calls: &[Call]| -> Vec<Result<Answer, Exception>> {
        evaluator.call(calls).unwrap_or_else(|broken| calls.iter().map(|_| Err(gone(&broken))).collect())
    };
    // Should it be gone, the next question says so.
    let made = |files: &[String]| drop(evaluator.checkpoint_made(files));
    let format = |request: &Format| -> Result<String, Exception> {
        match evaluator.format(std::slice::from_ref(request)) {
            Ok(mut answers) => answers.pop().unwrap_or_else(|| Ok(request.text.clone())),
            Err(broken) => Err(gone(&broken)),
        }
    };
    let block =
        |job: &JobView, stop: &Stop, output: &mut dyn FnMut(Stream, &[u8]), usage: Option<&mut Usage>| {
            block::run(evaluator, job, stop, output, usage)
                .map_err(|broken| Box::new(Diagnostic::from_text(&broken.to_string())))
        };
    let source = |job: &JobView| {
        let failed = |words: String| Box::new(Diagnostic::from_text(&words));
        match evaluator.source(job) {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(exception)) => Err(failed(exception.message)),
            Err(broken) => Err(failed(broken.to_string())),
        }
    };
    work(&Python {
        ask: &ask,
        made: &made,
        format: Some(&format),
        block: Some(&block),
        source: Some(&source),
    })
}

/// A lost evaluator, in the place of an answer.
fn gone(broken: &Broken) -> Exception {
    Exception { class: "an error".to_owned(), message: broken.to_string(), frames: Vec::new() }
}
