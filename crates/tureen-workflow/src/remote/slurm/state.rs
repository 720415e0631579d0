//! The states of Slurm's jobs, and what each means for who waits for one. Knows no parcel.

use crate::remote::place::Loss;

/// What a state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It waits, runs, or will run again.
    Alive,
    /// It has ended by itself: its reply tells the rest. If there is none, this is what became of it.
    Ended(Loss),
}

/// What a state means, by its long name.
///
/// ```
/// # use tureen_workflow::remote::slurm::state::{Meaning, meaning};
/// assert_eq!(meaning("RUNNING"), Meaning::Alive);
/// assert!(matches!(meaning("CANCELLED by 1000"), Meaning::Ended(_)));
/// ```
pub fn meaning(state: &str) -> Meaning {
    match state.split_whitespace().next().unwrap_or("").trim_end_matches('+') {
        // Its result is lost, though it has ended well or badly: the machine's fault, as far as anybody knows.
        "COMPLETED" => Meaning::Ended(Loss::Machine),
        "FAILED" => Meaning::Ended(Loss::Job),
        // More time or memory may help: `resources:` can depend on the attempt.
        "TIMEOUT" | "DEADLINE" | "OUT_OF_MEMORY" => Meaning::Ended(Loss::Job),
        "NODE_FAIL" | "BOOT_FAIL" | "PREEMPTED" | "REVOKED" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => {
            Meaning::Ended(Loss::Machine)
        }
        "CANCELLED" => Meaning::Ended(Loss::Final),
        // PENDING, CONFIGURING, RUNNING, COMPLETING, SUSPENDED, STOPPED, RESIZING, SIGNALING, STAGE_OUT, REQUEUED,
        // REQUEUE_HOLD, REQUEUE_FED, SPECIAL_EXIT, RESV_DEL_HOLD, and what later versions may have.
        _ => Meaning::Alive,
    }
}

/// What to say of a job that ended so without an answer.
pub fn words(state: &str) -> String {
    let what = match state.split_whitespace().next().unwrap_or("") {
        "COMPLETED" => "it ended, but its answer was lost",
        "FAILED" => "it failed before it could answer; its log tells more",
        "TIMEOUT" => "it took longer than it was allowed to; give it more `runtime`",
        "DEADLINE" => "its deadline passed before it ended",
        "OUT_OF_MEMORY" => "it used more memory than it was given; give it more `mem_mb`",
        "NODE_FAIL" => "its node failed",
        "BOOT_FAIL" => "its node could not be started",
        "PREEMPTED" => "it had to make room for another job",
        "REVOKED" => "it was revoked by its cluster",
        "LAUNCH_FAILED" => "it could not be launched on its node",
        "CANCELLED" => "it was cancelled",
        "UNKNOWN" => "Slurm does not know it any more, and it has not answered",
        _ => "it is gone",
    };
    format!("{what} (Slurm: {state})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_told_apart() {
        let alive = [
            "PENDING",
            "CONFIGURING",
            "RUNNING",
            "COMPLETING",
            "SUSPENDED",
            "STOPPED",
            "REQUEUED",
            "REQUEUE_HOLD",
            "SPECIAL_EXIT",
            "RESIZING",
            "SIGNALING",
            "STAGE_OUT",
            "SOMETHING_NEW",
        ];
        alive.iter().for_each(|state| assert_eq!(meaning(state), Meaning::Alive, "{state}"));
        let ended = |loss, states: &[&str]| {
            states.iter().for_each(|state| assert_eq!(meaning(state), Meaning::Ended(loss), "{state}"));
        };
        ended(Loss::Machine, &["NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "REVOKED", "COMPLETED"]);
        ended(Loss::Job, &["FAILED", "TIMEOUT", "OUT_OF_MEMORY", "DEADLINE"]);
        ended(Loss::Final, &["CANCELLED", "CANCELLED by 0", "CANCELLED+"]);
    }
}
