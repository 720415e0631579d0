//! Texts by number: each path and each wildcard value is stored once, in one long string.
//! Knows nothing of what the texts mean.

use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A set of texts, numbered in order of arrival.
#[derive(Debug, Default)]
pub struct Interner {
    text: String,
    /// Where each text ends in `text`.
    ends: Vec<usize>,
    table: HashTable<u32>,
}

impl Interner {
    /// The number of a text, new or known.
    pub fn add(&mut self, text: &str) -> u32 {
        let hash = hash_of(text);
        let (all, ends) = (&self.text, &self.ends);
        if let Some(&known) = self.table.find(hash, |&id| get(all, ends, id) == text) {
            return known;
        }
        let id = u32::try_from(self.ends.len()).expect("fewer than 2^32 texts");
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (all, ends) = (&self.text, &self.ends);
        self.table.insert_unique(hash, id, |&id| hash_of(get(all, ends, id)));
        id
    }

    /// The number of a text that is known.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.table.find(hash_of(text), |&id| self.get(id) == text).copied()
    }

    /// The text of a number.
    pub fn get(&self, id: u32) -> &str {
        get(&self.text, &self.ends, id)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn get<'t>(text: &'t str, ends: &[usize], id: u32) -> &'t str {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    &text[start..ends[id]]
}

fn hash_of(text: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_numbers() {
        let mut texts = Interner::default();
        let ids: Vec<u32> = (0..1000).map(|i| texts.add(&i.to_string())).collect();
        assert_eq!(ids, (0..1000).collect::<Vec<u32>>());
        assert_eq!(texts.add("17"), 17);
        assert_eq!(texts.get(999), "999");
        assert_eq!(texts.find("no"), None);
        assert_eq!(texts.add(""), 1000);
        assert_eq!(texts.len(), 1001);
    }
}
