//! One `python3` process that holds a Snakefile's namespace: started once, asked in batches.

pub mod job;
