//! The engine through its public face.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod pieces;
mod runs;
mod simulation;
