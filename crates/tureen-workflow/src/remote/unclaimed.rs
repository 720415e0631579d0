//! Parcels that an earlier run has sent, until this run comes to the jobs that they are for. What is heard of them before is
//! kept. Knows no cluster.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::parcel::Parcel;
use super::place::News;
use super::reply::Reply;

/// What nobody has asked for yet.
#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    /// Names by what they do.
    names: FxHashMap<String, String>,
    /// Names by what they make.
    makers: FxHashMap<PathBuf, String>,
    /// Those that have answered, or are still waited for.
    answers: FxHashMap<String, Option<Reply>>,
}

impl Unclaimed {
    pub(super) fn add(&mut self, parcel: &Parcel) {
        self.names.insert(parcel.fingerprint(), parcel.id.clone());
        self.answers.insert(parcel.id.clone(), None);
        let outputs = parcel.jobs.iter().flat_map(|job| &job.outputs);
        self.makers.extend(outputs.map(|(path, _)| (path.clone(), parcel.id.clone())));
    }

    /// The parcel that does the same, if there is one; its answer, if it has come already, is news now.
    pub(super) fn claim(&mut self, fingerprint: &str, news: &mut Vec<News>) -> Option<String> {
        let id = self.names.remove(fingerprint)?;
        let answer = self.answers.remove(&id)?;
        news.extend(answer.map(News::Reply));
        Some(id)
    }

    /// Those that have not answered and make files which this one makes, too.
    pub(super) fn rivals(&self, parcel: &Parcel) -> Vec<String> {
        let outputs = parcel.jobs.iter().flat_map(|job| &job.outputs);
        let mut rivals: Vec<String> =
            outputs.filter_map(|(path, _)| self.makers.get(path).cloned()).collect();
        rivals.sort_unstable();
        rivals.dedup();
        rivals.retain(|id| self.is_open(id));
        rivals
    }

    /// Whether one has not answered.
    pub(super) fn is_open(&self, id: &str) -> bool {
        self.answers.get(id).is_some_and(Option::is_none)
    }

    /// Keeps what is heard of parcels that nobody has asked for.
    pub(super) fn sift(&mut self, news: &mut Vec<News>) {
        if self.answers.is_empty() {
            return;
        }
        news.retain_mut(|item| match item {
            News::Reply(reply) => match self.answers.get_mut(&reply.id) {
                None => true,
                Some(answer) => {
                    *answer = Some(reply.clone());
                    false
                }
            },
            // Whoever comes to its job sends it anew.
            News::Lost { id, .. } => self.answers.remove(id).is_none(),
            News::Say(_) => true,
        });
    }

    /// Those that are still at work or wait, and that nobody wants.
    pub(super) fn left(&self) -> Vec<String> {
        self.answers.iter().filter(|(_, answer)| answer.is_none()).map(|(id, _)| id.clone()).collect()
    }
}
