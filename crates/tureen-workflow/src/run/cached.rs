//! Jobs whose results other workflows share: taken from the cache if it has them, else made and put there.

use super::failure::What;
use super::job::Attempt;
use super::{Happening, Shared};
use crate::cache::{Asking, Entry, fetch, holds, store};
use crate::diagnostic::Diagnostic;
use crate::evaluator::job::JobView;
use crate::work::stop::Stop;

impl Shared<'_, '_> {
    pub(super) fn fetch_or_work(&self, attempt: &mut Attempt, stop: &Stop) -> Result<(), What> {
        let Some(entries) = self.cache_entries(attempt)? else { return self.work_and_finish(attempt, stop) };
        if holds(&entries) {
            (self.tell)(Happening::FromCache { outputs: &entries });
            fetch(&entries).map_err(What::Cache)?;
            return self.finish(attempt);
        }
        self.work_and_finish(attempt, stop)?;
        store(&entries).map_err(What::Cache)
    }

    /// Where the job's outputs are in the cache, if its rule is cached.
    fn cache_entries(&self, attempt: &Attempt) -> Result<Option<Vec<Entry>>, What> {
        let Some(cache) = self.cache.as_ref().filter(|_| self.rule(attempt.job).is_cached) else {
            return Ok(None);
        };
        let source = |view: &JobView| match self.python.source {
            Some(source) => source(view),
            None => Err(Box::new(Diagnostic::new("a script can't be read without Python"))),
        };
        let mut ask = |calls: &[_]| (self.python.ask)(calls);
        let mut asking = Asking { ask: &mut ask, source: &source };
        let entries = cache.entries(self.rules, self.graph, attempt.job, &self.settings.limits, &mut asking);
        entries.map(Some).map_err(What::NotReady)
    }
}
