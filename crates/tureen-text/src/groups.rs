//! Elements brought together by keys, as a Python `dict` of lists would.

use crate::Declined;
use crate::tally::Tally;
use crate::values::{Kind, Values};

/// Elements, and the key of each.
#[derive(Clone, Debug)]
pub struct Groups {
    keys: Tally,
    /// Elements, each with the place of its key.
    chunks: Vec<(Vec<u32>, Values)>,
}

impl Groups {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { keys: Tally::new(kind), chunks: Vec::new() }
    }

    /// The keys, in order of first sight.
    pub fn keys(&self) -> &Tally {
        &self.keys
    }

    /// The elements in the order they came, each with the place of its key.
    pub fn chunks(&self) -> &[(Vec<u32>, Values)] {
        &self.chunks
    }

    pub(crate) fn add(&mut self, keys: &Values, elements: Values) -> Result<(), Declined> {
        let mut places = Vec::with_capacity(keys.len());
        self.keys.count_all(keys, |place| places.push(place))?;
        self.chunks.push((places, elements.compact()?));
        Ok(())
    }

    pub(crate) fn merge(&mut self, later: Groups) -> Result<(), Declined> {
        let places_here = self.keys.merge(&later.keys)?;
        for (mut places, elements) in later.chunks {
            for place in &mut places {
                *place = places_here[*place as usize];
            }
            self.chunks.push((places, elements));
        }
        Ok(())
    }
}
