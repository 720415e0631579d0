//! The tables, and the few statements that touch them.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, params};
use rustc_hash::FxHashMap;

use super::memory::{InputMemory, Remembered};

/// The version of the tables; a newer file is refused, not misread.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS job (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        code TEXT NOT NULL,
        params TEXT NOT NULL,
        shell TEXT NOT NULL,
        inputs TEXT NOT NULL,
        log TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL,
        has_failed INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS output (
        path TEXT PRIMARY KEY,
        job INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// The open record.
#[derive(Debug)]
pub struct Record {
    connection: Mutex<Connection>,
}

/// Why the record can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its folder can't be made.
    #[error("can't create `{}`: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite says no.
    #[error("the record `{}` can't be used: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A later version of this program wrote it.
    #[error("the record `{}` was written by a newer version of this program", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
    },
}

/// What is written when a job starts.
#[derive(Debug, Default)]
pub struct JobStart {
    /// The rule.
    pub rule: String,
    /// Its normalised code.
    pub code: String,
    /// The params, as text.
    pub params: String,
    /// The command; empty if it is no shell command.
    pub shell: String,
    /// The output files.
    pub outputs: Vec<String>,
    /// The log files.
    pub log: Vec<String>,
}

/// Everything remembered, by output path; nothing if there is no record. Creates no file.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<FxHashMap<String, Remembered>> {
    let mut statement = connection.prepare(
        "SELECT output.path, job.rule, job.code, job.params, job.shell, job.inputs, job.log, job.ended IS NULL, job.has_failed, job.started,
                coalesce(job.ended, 0)
         FROM output JOIN job ON job.id = output.job",
    )?;
    let mut rows = statement.query([])?;
    let mut remembered = FxHashMap::default();
    while let Some(row) = rows.next()? {
        let inputs: String = row.get(5)?;
        let log: String = row.get(6)?;
        // A row that can't be read back is as good as none.
        let (Ok(inputs), Ok(log)) = (serde_json::from_str(&inputs), serde_json::from_str(&log)) else {
            continue;
        };
        let memory = Remembered {
            is_unfinished: row.get(7)?,
            has_failed: row.get(8)?,
            started: row.get(9)?,
            ended: row.get(10)?,
            rule: row.get(1)?,
            code: row.get(2)?,
            params: row.get(3)?,
            shell: row.get(4)?,
            inputs,
            log,
        };
        remembered.insert(row.get(0)?, memory);
    }
    Ok(remembered)
}

impl Record {
    /// Opens the record of a folder for writing, making both if need be.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| RecordError::Folder { folder: folder.to_owned(), source })?;
        let path = folder.join("record.sqlite");
        let prepare = || -> rusqlite::Result<(Connection, i64)> {
            let connection = Connection::open(&path)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version == 0 {
                connection.execute_batch(TABLES)?;
                connection.pragma_update(None, "user_version", VERSION)?;
            }
            Ok((connection, version))
        };
        let (connection, version) =
            prepare().map_err(|source| RecordError::Store { path: path.clone(), source })?;
        if version > VERSION {
            return Err(RecordError::TooNew { path });
        }
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Everything that a folder's record remembers, by output path. Makes no file if there is none.
    pub fn read(folder: &Path) -> Result<FxHashMap<String, Remembered>, RecordError> {
        let path = folder.join("record.sqlite");
        if !path.exists() {
            return Ok(FxHashMap::default());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let read = || -> rusqlite::Result<_> {
            // A folder that may not be written to can still be read.
            let connection = Connection::open_with_flags(&path, flags)
                .or_else(|_| Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version == 0 {
                Ok(Some(FxHashMap::default()))
            } else if version > VERSION {
                Ok(None)
            } else {
                load(&connection).map(Some)
            }
        };
        match read() {
            Ok(Some(remembered)) => Ok(remembered),
            Ok(None) => Err(RecordError::TooNew { path }),
            Err(source) => Err(RecordError::Store { path, source }),
        }
    }

    /// Writes that a job starts; its outputs count as unfinished from now on. Gives the number to end it with.
    pub fn start(&self, start: &JobStart) -> rusqlite::Result<i64> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction
            .prepare_cached(
                "INSERT INTO job (rule, code, params, shell, inputs, log, started) VALUES (?, ?, ?, ?, '[]', ?, ?)",
            )?
            .execute(params![start.rule, start.code, start.params, start.shell, json(&start.log), now()])?;
        let id = transaction.last_insert_rowid();
        {
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO output (path, job) VALUES (?, ?)")?;
            for path in &start.outputs {
                insert.execute(params![path, id])?;
            }
        }
        transaction.commit()?;
        Ok(id)
    }

    /// Writes that a job ended well; its outputs were seen.
    pub fn end(&self, id: i64, inputs: &[InputMemory]) -> rusqlite::Result<()> {
        self.lock().prepare_cached("UPDATE job SET ended = ?, inputs = ? WHERE id = ?")?.execute(params![
            now(),
            json(&inputs),
            id
        ])?;
        Ok(())
    }

    /// As [`Record::end`], for a job that somebody else has seen to its end meanwhile; nothing, if its end is on record.
    pub fn end_late(&self, id: i64, inputs: &[InputMemory]) -> rusqlite::Result<()> {
        self.lock()
            .prepare_cached("UPDATE job SET ended = ?, inputs = ? WHERE id = ? AND ended IS NULL")?
            .execute(params![now(), json(&inputs), id])?;
        Ok(())
    }

    /// Writes that a job failed and that its outputs were removed.
    pub fn fail(&self, id: i64) -> rusqlite::Result<()> {
        self.lock()
            .prepare_cached("UPDATE job SET ended = ?, has_failed = 1 WHERE id = ?")?
            .execute(params![now(), id])?;
        Ok(())
    }

    /// Drops all that is known of a job's outputs.
    pub fn forget_job(&self, id: i64) -> rusqlite::Result<()> {
        let connection = self.lock();
        connection.prepare_cached("DELETE FROM output WHERE job = ?")?.execute([id])?;
        connection.prepare_cached("DELETE FROM job WHERE id = ?")?.execute([id])?;
        Ok(())
    }

    /// Drops what is known of an output. False if nothing is.
    pub fn forget(&self, path: &str) -> rusqlite::Result<bool> {
        let n_dropped = self.lock().prepare_cached("DELETE FROM output WHERE path = ?")?.execute([path])?;
        Ok(n_dropped > 0)
    }

    /// Drops the rows of jobs whose outputs have been made anew since. For the end of a run.
    pub fn tidy(&self) -> rusqlite::Result<()> {
        self.lock().execute("DELETE FROM job WHERE id NOT IN (SELECT job FROM output)", [])?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A panic elsewhere leaves no half statement behind: SQLite rolls back.
        self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and lists of them are always JSON")
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
