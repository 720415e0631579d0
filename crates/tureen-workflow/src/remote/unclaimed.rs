//! Parcels that an earlier run has sent, until this run comes to the jobs that they are for. What is heard of them before is
//! kept. Knows no cluster.

use rustc_hash::FxHashMap;

use super::parcel::Parcel;
use super::place::News;
use super::reply::Reply;

/// What nobody has asked for yet.
#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    /// Names by what they do.
    names: FxHashMap<String, String>,
    /// Those among them that have answered, or are still waited for.
    answers: FxHashMap<String, Option<Reply>>,
}

impl Unclaimed {
    pub(super) fn add(&mut self, parcel: &Parcel) {
        self.names.insert(parcel.fingerprint(), parcel.id.clone());
        self.answers.insert(parcel.id.clone(), None);
    }

    /// The parcel that does the same, if there is one; its answer, if it has come already, is news now.
    pub(super) fn claim(&mut self, fingerprint: &str, news: &mut Vec<News>) -> Option<String> {
        let id = self.names.remove(fingerprint)?;
        let answer = self.answers.remove(&id)?;
        news.extend(answer.map(News::Reply));
        Some(id)
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
