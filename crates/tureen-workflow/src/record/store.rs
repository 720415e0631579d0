//! The tables, and the few statements that touch them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use super::memory::{InputMemory, Origin, Remembered};
use super::runs::{self, RunRow};
use super::seen::{self, Numbers};
use super::touched::{self, Touched};
use super::{mend, snakemake};

/// The version of the tables; a newer file is refused, not misread.
const VERSION: i64 = 2;

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

/// What version 2 has more: whose memory a row is, in which run a job ran, what it used; and the runs.
const SINCE_1: &str = "
    ALTER TABLE job ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN run INTEGER;
    ALTER TABLE job ADD COLUMN peak INTEGER;
    ALTER TABLE job ADD COLUMN cpu REAL;
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        process INTEGER NOT NULL,
        started REAL NOT NULL,
        ended REAL,
        n_jobs INTEGER NOT NULL
    );
";

/// The open record.
#[derive(Debug)]
pub struct Record {
    connection: Mutex<Connection>,
    /// The states of inputs that have numbers. Locked only by who has the connection.
    numbers: Mutex<Numbers>,
    /// The run that jobs belong to from now on.
    run: AtomicI64,
    /// Where a damaged record was set aside, if there was one.
    pub damaged: Option<PathBuf>,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub struct Memories {
    /// By path of the output.
    pub by_output: FxHashMap<String, Remembered>,
    /// What is wrong with the record, if something is: what could still be read is there.
    pub damage: Option<String>,
    /// Whether it is Snakemake's memory, there being none of our own yet.
    pub is_snakemakes: bool,
    /// Runs that have not ended, as far as the record knows: the process, and when it began.
    pub unended_runs: Vec<(u32, f64)>,
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

/// What is written when a job has ended well.
#[derive(Debug, Default)]
pub struct JobEnd {
    /// Its inputs as they are now, sorted by path.
    pub inputs: Vec<Arc<InputMemory>>,
    /// The memory of its largest process at its highest, in bytes.
    pub peak: Option<u64>,
    /// Seconds of computing.
    pub cpu: Option<f64>,
}

/// Puts everything that is remembered into a map; what came before an error stays there.
pub(super) fn load(
    connection: &Connection,
    version: i64,
    remembered: &mut FxHashMap<String, Remembered>,
) -> rusqlite::Result<()> {
    let since_2 = if version < 2 { "0, NULL, NULL" } else { "job.origin, job.peak, job.cpu" };
    let mut statement = connection.prepare(&format!(
        "SELECT output.path, job.rule, job.code, job.params, job.shell, job.inputs, job.log, job.ended IS NULL, job.has_failed, job.started,
                coalesce(job.ended, 0), {since_2}
         FROM output JOIN job ON job.id = output.job",
    ))?;
    let seen = if version < 2 { FxHashMap::default() } else { seen::load(connection)? };
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let log: String = row.get(6)?;
        // A row that can't be read back is as good as none.
        let (Some(inputs), Ok(log)) =
            (seen::states(row.get_ref(5)?.as_str()?, &seen), serde_json::from_str(&log))
        else {
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
            origin: if row.get::<_, i64>(11)? == 0 { Origin::Own } else { Origin::Snakemake },
            peak: row.get::<_, Option<i64>>(12)?.and_then(|bytes| u64::try_from(bytes).ok()),
            cpu: row.get(13)?,
        };
        remembered.insert(row.get(0)?, memory);
    }
    Ok(())
}

impl Record {
    /// Opens the record of a folder for writing, making both if need be. A damaged record (as one saw who read it, or as
    /// is seen now) is set aside, and what can still be read of it is kept; where there is none, what Snakemake remembers
    /// is taken over.
    pub fn open(folder: &Path, is_damaged: bool) -> Result<Self, RecordError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| RecordError::Folder { folder: folder.to_owned(), source })?;
        let path = folder.join(FILE);
        let fault = |source| RecordError::Store { path: path.clone(), source };
        let is_new = !path.exists();
        let prepared = if is_damaged { None } else { Some(prepare(&path)) };
        let (connection, damaged) = match prepared {
            None => mended(&path)?,
            Some(Err(source)) if mend::is_damage(&source) => mended(&path)?,
            Some(prepared) => {
                let (mut connection, version) = prepared.map_err(fault)?;
                if version > VERSION {
                    return Err(RecordError::TooNew { path });
                }
                if is_new {
                    insert(&mut connection, &snakemake::read(&beside(folder))).map_err(fault)?;
                }
                (connection, None)
            }
        };
        Ok(Self {
            connection: Mutex::new(connection),
            numbers: Mutex::default(),
            run: AtomicI64::new(0),
            damaged,
        })
    }

    /// Everything that a folder's record remembers. Makes no file if there is none, and mends nothing.
    pub fn read(folder: &Path) -> Result<Memories, RecordError> {
        let path = folder.join(FILE);
        let mut memories = Memories::default();
        if !path.exists() {
            memories.by_output = snakemake::read(&beside(folder));
            memories.is_snakemakes = !memories.by_output.is_empty();
            return Ok(memories);
        }
        match read_into(&path, &mut memories) {
            Ok(version) if version > VERSION => Err(RecordError::TooNew { path }),
            Ok(_) => Ok(memories),
            Err(source) if mend::is_damage(&source) => {
                memories.damage = Some(source.to_string());
                Ok(memories)
            }
            Err(source) => Err(RecordError::Store { path, source }),
        }
    }

    /// The run that jobs belong to from now on, with the number of jobs that it has to do.
    pub fn begin_run(&self, n_jobs: usize) -> rusqlite::Result<()> {
        let connection = self.lock();
        let id = runs::begin(&connection, n_jobs, now())?;
        self.run.store(id, Ordering::Relaxed);
        Ok(())
    }

    /// The run has found more to do, or less.
    pub fn set_run_jobs(&self, n_jobs: usize) -> rusqlite::Result<()> {
        runs::set_jobs(&self.lock(), self.run.load(Ordering::Relaxed), n_jobs)
    }

    /// The run is over.
    pub fn end_run(&self) -> rusqlite::Result<()> {
        runs::end(&self.lock(), self.run.load(Ordering::Relaxed), now())
    }

    /// Writes that a job starts; its outputs count as unfinished from now on. Gives the number to end it with.
    pub fn start(&self, start: &JobStart) -> rusqlite::Result<i64> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction
            .prepare_cached(
                "INSERT INTO job (rule, code, params, shell, inputs, log, started, run) VALUES (?, ?, ?, ?, '[]', ?, ?, ?)",
            )?
            .execute(params![
                start.rule,
                start.code,
                start.params,
                start.shell,
                json(&start.log),
                now(),
                self.run.load(Ordering::Relaxed)
            ])?;
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
    pub fn end(&self, id: i64, end: &JobEnd) -> rusqlite::Result<()> {
        self.with_inputs(&end.inputs, |connection, inputs| {
            connection
                .prepare_cached("UPDATE job SET ended = ?, inputs = ?, peak = ?, cpu = ? WHERE id = ?")?
                .execute(params![now(), inputs, end.peak.map(u64::cast_signed), end.cpu, id])
        })
    }

    /// Writes that a job need not run after all: its inputs, made anew, are what they were when it made this output. How
    /// long it took stays as it was.
    pub fn renew_inputs(&self, output: &str, inputs: &[Arc<InputMemory>]) -> rusqlite::Result<()> {
        self.with_inputs(inputs, |connection, inputs| {
            connection
                .prepare_cached(
                    "UPDATE job SET inputs = ?1, started = started + ?2 - ended, ended = ?2
                     WHERE id = (SELECT job FROM output WHERE path = ?3)",
                )?
                .execute(params![inputs, now(), output])
        })
    }

    /// Writes the new times of files whose content is what is on record, so that it need not be read again.
    pub fn refresh(&self, touched: &[Touched]) -> rusqlite::Result<()> {
        if touched.is_empty() { Ok(()) } else { touched::write(&mut self.lock(), touched) }
    }

    /// Writes something that has inputs in it, and their states, both or neither.
    fn with_inputs(
        &self,
        inputs: &[Arc<InputMemory>],
        write: impl FnOnce(&Connection, &str) -> rusqlite::Result<usize>,
    ) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let mut numbers = self.numbers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = connection.transaction().and_then(|transaction| {
            let text = seen::numbered(&transaction, &mut numbers, inputs)?;
            write(&transaction, &text)?;
            transaction.commit()
        });
        if written.is_err() {
            // Some may have been given to what was not written.
            numbers.clear();
        }
        written
    }

    /// How long the jobs of each rule took, as far as is known: how many ended well, and their seconds together.
    pub fn durations(&self) -> rusqlite::Result<FxHashMap<String, (u32, f64)>> {
        runs::durations(&self.lock())
    }

    /// Runs of processes that are gone count as ended from now on.
    pub fn end_runs_of(&self, processes: &[u32]) -> rusqlite::Result<()> {
        runs::end_all_of(&self.lock(), processes, now())
    }

    /// The runs that have not ended, as far as the record knows, with their jobs. For a look from outside.
    pub fn unended_runs(folder: &Path) -> Result<Vec<RunRow>, RecordError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let read = || -> rusqlite::Result<Vec<RunRow>> {
            let connection = open_to_read(&path)?;
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version < 2 { Ok(Vec::new()) } else { runs::unended(&connection) }
        };
        read().map_err(|source| RecordError::Store { path: path.clone(), source })
    }

    /// As [`Record::end`], for a job that somebody else has seen to its end meanwhile; nothing, if its end is on record.
    pub fn end_late(&self, id: i64, inputs: &[Arc<InputMemory>]) -> rusqlite::Result<()> {
        self.with_inputs(inputs, |connection, inputs| {
            connection
                .prepare_cached("UPDATE job SET ended = ?, inputs = ? WHERE id = ? AND ended IS NULL")?
                .execute(params![now(), inputs, id])
        })
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
        let mut connection = self.lock();
        connection.execute("DELETE FROM job WHERE id NOT IN (SELECT job FROM output)", [])?;
        let mut numbers = self.numbers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen::tidy(&mut connection, &mut numbers, self.run.load(Ordering::Relaxed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A panic elsewhere leaves no half statement behind: SQLite rolls back.
        self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A new record in the place of a damaged one, with what could be saved; and where that one is now.
fn mended(path: &Path) -> Result<(Connection, Option<PathBuf>), RecordError> {
    let fault = |source| RecordError::Store { path: path.to_owned(), source };
    let (salvaged, aside) = mend::set_aside(path)?;
    let (mut connection, _) = prepare(path).map_err(fault)?;
    insert(&mut connection, &salvaged).map_err(fault)?;
    Ok((connection, Some(aside)))
}

/// The file in the record's folder.
const FILE: &str = "record.sqlite";

/// The folder of Snakemake's memory, seen from that of ours.
fn beside(folder: &Path) -> PathBuf {
    folder.with_file_name(snakemake::FOLDER)
}

/// Opens or makes the file, with tables of this version; a newer one's version is told, and nothing is changed.
fn prepare(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < VERSION {
        // All or nothing: we may be killed here, too. Others may be at the same, so it is asked again inside.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            transaction.execute_batch(TABLES)?;
        }
        if version < VERSION {
            transaction.execute_batch(SINCE_1)?;
            transaction.execute_batch(seen::TABLE)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    Ok((connection, version))
}

/// Opens the file to read. A folder that may not be written to can still be read: SQLite would make files beside its own
/// for that, unless it is told that nobody writes, which is so if no log is there.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok() {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        return Connection::open_with_flags(path, flags);
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    }
    let text = path.to_string_lossy();
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{text}?immutable=1"), flags)
}

/// Reads all memories, if the version is one that we know; gives the version.
pub(super) fn read_into(path: &Path, memories: &mut Memories) -> rusqlite::Result<i64> {
    let connection = open_to_read(path)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if (1..=VERSION).contains(&version) {
        load(&connection, version, &mut memories.by_output)?;
    }
    if version == VERSION {
        memories.unended_runs = runs::unended_processes(&connection)?;
    }
    Ok(version)
}

/// Writes memories that come from elsewhere.
fn insert(connection: &mut Connection, memories: &FxHashMap<String, Remembered>) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut numbers = Numbers::default();
    {
        let mut job = transaction.prepare(
            "INSERT INTO job (rule, code, params, shell, inputs, log, started, ended, has_failed, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let mut output = transaction.prepare("INSERT OR REPLACE INTO output (path, job) VALUES (?, ?)")?;
        for (path, memory) in memories {
            let ended = (!memory.is_unfinished).then_some(memory.ended);
            job.execute(params![
                memory.rule,
                memory.code,
                memory.params,
                memory.shell,
                seen::numbered(&transaction, &mut numbers, &memory.inputs)?,
                json(&memory.log),
                memory.started,
                ended,
                memory.has_failed,
                i64::from(memory.origin == Origin::Snakemake),
            ])?;
            output.execute(params![path, transaction.last_insert_rowid()])?;
        }
    }
    transaction.commit()
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and lists of them are always JSON")
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
