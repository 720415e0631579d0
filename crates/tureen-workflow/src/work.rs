//! What jobs do: shell commands in process groups of their own, and the files round them.
//! Knows no graph and no plan.

pub mod block;
pub mod backup;
pub mod checksum;
pub mod files;
pub mod guard;
pub mod memory;
mod pipes;
pub mod reap;
pub mod shadow;
pub mod shell;
pub mod stop;
pub mod usage;
