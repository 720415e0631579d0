//! The states in which input files were seen. Each is kept once, however many jobs read the file, so the record of n
//! files that m jobs read grows with n + m, but for a number per pair.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::memory::InputMemory;

pub(super) const TABLE: &str = "
    CREATE TABLE seen (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        content TEXT,
        time INTEGER,
        size INTEGER
    );
";

/// States that have a number, by what they are.
pub(super) type Numbers = FxHashMap<Arc<InputMemory>, i64>;

/// An input as a job's row has it: by number, or whole (as version 1 wrote it).
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Number(i64),
    Whole(InputMemory),
}

/// The numbers of states as JSON, for a job's row. New ones get rows, and are known from then on: whoever rolls back must
/// forget `numbers`.
pub(super) fn numbered(
    connection: &Connection,
    numbers: &mut Numbers,
    inputs: &[Arc<InputMemory>],
) -> rusqlite::Result<String> {
    let mut insert =
        connection.prepare_cached("INSERT INTO seen (path, content, time, size) VALUES (?, ?, ?, ?)")?;
    let mut ids = Vec::with_capacity(inputs.len());
    for input in inputs {
        ids.push(match numbers.entry(Arc::clone(input)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let InputMemory { path, content, time, size } = &**input;
                insert.execute(params![path, content, time, size.map(u64::cast_signed)])?;
                *place.insert(connection.last_insert_rowid())
            }
        });
    }
    Ok(serde_json::to_string(&ids).expect("numbers are always JSON"))
}

/// All states, by number.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<FxHashMap<i64, Arc<InputMemory>>> {
    let mut statement = connection.prepare("SELECT id, path, content, time, size FROM seen")?;
    let rows = statement.query_map([], |row| {
        let size = row.get::<_, Option<i64>>(4)?.and_then(|size| u64::try_from(size).ok());
        let state = InputMemory { path: row.get(1)?, content: row.get(2)?, time: row.get(3)?, size };
        Ok((row.get(0)?, Arc::new(state)))
    })?;
    rows.collect()
}

/// The states that a job's row names; `None` if one is not there.
pub(super) fn states(text: &str, seen: &FxHashMap<i64, Arc<InputMemory>>) -> Option<Vec<Arc<InputMemory>>> {
    let stored: Vec<Stored> = serde_json::from_str(text).ok()?;
    let state = |stored| match stored {
        Stored::Number(number) => seen.get(&number).cloned(),
        Stored::Whole(state) => Some(Arc::new(state)),
    };
    stored.into_iter().map(state).collect()
}

/// Drops states that no job names any more, if there may be many, and nobody else is at work: others know numbers.
pub(super) fn tidy(connection: &mut Connection, numbers: &mut Numbers, own_run: i64) -> rusqlite::Result<()> {
    let count = |connection: &Connection, what: &str| -> rusqlite::Result<i64> {
        connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0))
    };
    if count(connection, "seen")? < MANY + 4 * count(connection, "job")? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if count(&transaction, &format!("run WHERE ended IS NULL AND id != {own_run}"))? > 0 {
        return Ok(());
    }
    let mut named: FxHashSet<i64> = FxHashSet::default();
    {
        let mut statement = transaction.prepare("SELECT inputs FROM job")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let stored: Vec<Stored> =
                serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or("[]")).unwrap_or_default();
            named.extend(stored.iter().filter_map(|stored| match stored {
                Stored::Number(number) => Some(*number),
                Stored::Whole(_) => None,
            }));
        }
        let mut statement = transaction.prepare("SELECT id FROM seen")?;
        let all: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut delete = transaction.prepare("DELETE FROM seen WHERE id = ?")?;
        for id in all.into_iter().filter(|id| !named.contains(id)) {
            delete.execute([id])?;
        }
    }
    transaction.commit()?;
    numbers.retain(|_, number| named.contains(number));
    Ok(())
}

/// Fewer states than this are not worth a look.
const MANY: i64 = 1000;

#[cfg(test)]
mod tests {
    use super::super::{JobEnd, JobStart, Record};
    use super::*;

    fn states(n: usize, size: u64) -> Vec<Arc<InputMemory>> {
        let state = |number: usize| InputMemory {
            path: format!("in/{number:05}"),
            content: Some("hash".to_owned()),
            time: Some(1),
            size: Some(size),
        };
        (0..n).map(|number| Arc::new(state(number))).collect()
    }

    fn make(record: &Record, output: &str, inputs: &[Arc<InputMemory>]) {
        let start = JobStart { outputs: vec![output.to_owned()], ..JobStart::default() };
        let id = record.start(&start).unwrap();
        record.end(id, &JobEnd { inputs: inputs.to_vec(), ..JobEnd::default() }).unwrap();
    }

    fn n_seen(folder: &std::path::Path) -> i64 {
        let connection = Connection::open(folder.join("record.sqlite")).unwrap();
        connection.query_row("SELECT count(*) FROM seen", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_state_is_kept_once_and_as_long_as_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(folder.path(), false).unwrap();
        record.begin_run(1).unwrap();
        let old = states(2000, 1);
        ["a", "b", "c"].iter().for_each(|output| make(&record, output, &old));
        assert_eq!(n_seen(folder.path()), 2000);
        let new = states(2000, 2);
        ["a", "b"].iter().for_each(|output| make(&record, output, &new));
        record.tidy().unwrap();
        assert_eq!(n_seen(folder.path()), 4000, "`c` was made from the old ones");
        make(&record, "c", &new);
        // Somebody else is at work, and may know the numbers.
        let other = Record::open(folder.path(), false).unwrap();
        other.begin_run(1).unwrap();
        record.tidy().unwrap();
        assert_eq!(n_seen(folder.path()), 4000);
        other.end_run().unwrap();
        record.tidy().unwrap();
        assert_eq!(n_seen(folder.path()), 2000);
        // Numbers that are gone are not used again.
        make(&record, "d", &old);
        let memories = Record::read(folder.path()).unwrap().by_output;
        assert_eq!((&memories["a"].inputs, &memories["d"].inputs), (&new, &old));
    }
}
