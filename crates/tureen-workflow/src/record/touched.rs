//! Files whose content is what the record has, but whose time is another: who has looked into them once tells the record,
//! so that nobody has to do it again.
//!
//! A state is a content and the time under which it was seen. It is shared by all jobs that read that content, and giving
//! it a newer time is true for each of them.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use super::content::is_settled;
use super::memory::InputMemory;
use crate::disk::{Stamp, stamp};

/// A file that was looked into.
#[derive(Debug, Clone)]
pub struct Touched {
    /// Where it is.
    pub path: String,
    /// What the disk said before.
    pub stamp: Stamp,
    /// Its state now, under the name that the record knows it by.
    pub state: InputMemory,
}

impl Touched {
    /// Whether the stamp belongs to the content that was read: it is still the same one, and would be another if
    /// somebody had written meanwhile.
    fn is_settled(&self, moment_ns: i64) -> bool {
        is_settled(self.stamp.target_ns, moment_ns) && stamp(Path::new(&self.path)) == Some(self.stamp)
    }
}

/// Gives the states that have these contents their new times: all or none.
pub(super) fn write(connection: &mut Connection, touched: &[Touched]) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
    let settled: FxHashMap<_, _> = touched
        .iter()
        .filter(|touched| touched.is_settled(now))
        .map(|Touched { state, .. }| ((state.path.as_str(), state.content.as_deref()), state))
        .collect();
    if settled.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut changes = Vec::new();
    {
        // One walk over all states: they have no index by path, for nothing else would need one.
        let mut statement = transaction.prepare("SELECT id, path, content, time, size FROM seen")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str_or_null()?);
            let Some(state) = settled.get(&key) else { continue };
            let size = state.size.map(u64::cast_signed);
            if (row.get::<_, Option<i64>>(3)?, row.get::<_, Option<i64>>(4)?) != (state.time, size) {
                changes.push((row.get::<_, i64>(0)?, state.time, size));
            }
        }
        let mut update = transaction.prepare("UPDATE seen SET time = ?, size = ? WHERE id = ?")?;
        for (id, time, size) in changes {
            update.execute(params![time, size, id])?;
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read_to_string, write};
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{JobEnd, JobStart, Record, content_hash};
    use super::*;

    fn touched(path: &Path, age: i64) -> Touched {
        let seconds = Duration::from_secs(age.unsigned_abs());
        let now = SystemTime::now();
        let time = if age < 0 { now + seconds } else { now - seconds };
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        let stamp = stamp(path).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let content = content_hash(Path::new(&path), 100);
        let state =
            InputMemory { path: path.clone(), content, time: Some(stamp.target_ns), size: Some(stamp.size) };
        Touched { path, stamp, state }
    }

    #[test]
    fn only_what_is_certain_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let [old, young, changed, other] = ["old", "young", "changed", "other"].map(|name| {
            let path = folder.path().join(name);
            write(&path, name).unwrap();
            path
        });
        let record = Record::open(&folder.path().join("record"), false).unwrap();
        let before: Vec<Touched> =
            [&changed, &old, &other, &young].iter().map(|path| touched(path, 500)).collect();
        let inputs: Vec<_> = before.iter().map(|touched| Arc::new(touched.state.clone())).collect();
        for output in ["a", "b"] {
            let start = JobStart { outputs: vec![output.to_owned()], ..JobStart::default() };
            let id = record.start(&start).unwrap();
            record.end(id, &JobEnd { inputs: inputs.clone(), ..JobEnd::default() }).unwrap();
        }
        let mut now = vec![touched(&old, 100), touched(&young, -100), touched(&changed, 100)];
        // Somebody has written since.
        write(&changed, "CHANGED").unwrap();
        // Another content than the one on record.
        write(&other, "OTHER").unwrap();
        now.push(touched(&other, 100));
        record.refresh(&now).unwrap();
        let memories = Record::read(&folder.path().join("record")).unwrap().by_output;
        let expected: Vec<InputMemory> =
            [&before[0], &now[0], &before[2], &before[3]].map(|touched| touched.state.clone()).to_vec();
        for output in ["a", "b"] {
            let found: Vec<InputMemory> =
                memories[output].inputs.iter().map(|input| (**input).clone()).collect();
            assert_eq!(found, expected, "{output}");
        }
        assert_eq!(read_to_string(&old).unwrap(), "old");
    }
}
