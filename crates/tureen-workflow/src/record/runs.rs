//! The runs on record: when each began and ended, how many jobs it has, and which of them are at work. For who looks
//! on from another terminal, and for guesses of how long the rest will take.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

/// A run that has not ended, as far as the record knows.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The process.
    pub process: u32,
    /// When it began, in seconds since 1970.
    pub started: f64,
    /// Jobs that it has to do (those of rules with neither outputs nor work are not counted).
    pub n_jobs: usize,
    /// Jobs that ended well.
    pub n_done: usize,
    /// Jobs that failed.
    pub n_failed: usize,
    /// Those at work.
    pub running: Vec<RunningJob>,
    /// Seconds that the jobs which ended well took together.
    pub seconds_done: f64,
}

/// A job at work.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningJob {
    /// Its rule.
    pub rule: String,
    /// Its first output.
    pub output: String,
    /// When it started, in seconds since 1970.
    pub started: f64,
}

pub(super) fn begin(connection: &Connection, n_jobs: usize, now: f64) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO run (process, started, n_jobs) VALUES (?, ?, ?)",
        params![std::process::id(), now, n_jobs.cast_signed() as i64],
    )?;
    let id = connection.last_insert_rowid();
    // Old runs say nothing that jobs don't.
    connection.execute("DELETE FROM run WHERE id <= ? - 100", [id])?;
    Ok(id)
}

pub(super) fn set_jobs(connection: &Connection, run: i64, n_jobs: usize) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE run SET n_jobs = ? WHERE id = ?", params![n_jobs.cast_signed() as i64, run])
        .map(drop)
}

pub(super) fn end(connection: &Connection, run: i64, now: f64) -> rusqlite::Result<()> {
    connection.execute("UPDATE run SET ended = ? WHERE id = ?", params![now, run]).map(drop)
}

pub(super) fn unended_processes(connection: &Connection) -> rusqlite::Result<Vec<(u32, f64)>> {
    let mut statement = connection.prepare("SELECT process, started FROM run WHERE ended IS NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

pub(super) fn end_all_of(connection: &Connection, processes: &[u32], now: f64) -> rusqlite::Result<()> {
    for process in processes {
        connection.execute(
            "UPDATE run SET ended = ? WHERE ended IS NULL AND process = ? AND process != ?",
            params![now, process, std::process::id()],
        )?;
    }
    Ok(())
}

pub(super) fn durations(connection: &Connection) -> rusqlite::Result<FxHashMap<String, (u32, f64)>> {
    let mut statement = connection.prepare(
        "SELECT rule, count(*), total(ended - started) FROM job
         WHERE ended IS NOT NULL AND has_failed = 0 AND ended >= started GROUP BY rule",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    rows.collect()
}

pub(super) fn unended(connection: &Connection) -> rusqlite::Result<Vec<RunRow>> {
    let mut statement =
        connection.prepare("SELECT id, process, started, n_jobs FROM run WHERE ended IS NULL ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, f64>(2)?, row.get::<_, i64>(3)?))
    })?;
    let mut runs = Vec::new();
    for row in rows {
        let (id, process, started, n_jobs) = row?;
        let (n_done, n_failed, seconds_done) = connection.query_row(
            "SELECT count(*) FILTER (WHERE has_failed = 0), count(*) FILTER (WHERE has_failed = 1),
                    total(ended - started) FILTER (WHERE has_failed = 0)
             FROM job WHERE run = ? AND ended IS NOT NULL",
            [id],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, f64>(2)?)),
        )?;
        let mut running = connection.prepare(
            "SELECT job.rule, min(output.path), job.started FROM job JOIN output ON output.job = job.id
             WHERE job.run = ? AND job.ended IS NULL GROUP BY job.id ORDER BY job.started",
        )?;
        let running = running.query_map([id], |row| {
            Ok(RunningJob { rule: row.get(0)?, output: row.get(1)?, started: row.get(2)? })
        })?;
        let count = |n: i64| usize::try_from(n).unwrap_or(0);
        runs.push(RunRow {
            process,
            started,
            n_jobs: count(n_jobs),
            n_done: count(n_done),
            n_failed: count(n_failed),
            running: running.collect::<rusqlite::Result<_>>()?,
            seconds_done,
        });
    }
    Ok(runs)
}
