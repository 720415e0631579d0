//! The set of ready tasks, by rank: add one, take out the first, or the first that fits into what is free.
//! Knows ranks and amounts; what a rank stands for is `schedule`'s business.
//!
//! A bitmap over bitmaps: a bit of a word in one level says that the word under it is not empty. With 64 bits a word,
//! four levels hold 16 million tasks, so every step costs the same few instructions whatever their number.
//! Where tasks differ in what they demand, each word also knows the least that anything under it demands, so that the
//! search passes by what can't fit.

/// Ranks that are in the set, with an amount of each limited resource for each rank.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The last level has one word; the first has a bit for each rank.
    levels: Vec<Vec<u64>>,
    /// For each level and word, the least of each resource that anything under it demands. Empty if demands are alike.
    least: Vec<Vec<u64>>,
    n_resources: usize,
}

impl Ready {
    /// An empty set for the ranks `0..n`. With `n_resources` 0, [`Ready::first_that_fits`] is not to be used.
    pub(crate) fn new(n: usize, n_resources: usize) -> Self {
        let mut levels = vec![vec![0; n.div_ceil(64).max(1)]];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            levels.push(vec![0; below.len().div_ceil(64)]);
        }
        let least = match n_resources {
            0 => Vec::new(),
            _ => levels.iter().map(|level| vec![u64::MAX; level.len() * n_resources]).collect(),
        };
        Self { levels, least, n_resources }
    }

    /// Adds a rank that demands `amounts` (empty when demands are alike).
    pub(crate) fn insert(&mut self, rank: usize, amounts: &[u64]) {
        let mut place = rank;
        for level in 0..self.levels.len() {
            let word = place / 64;
            let before = self.levels[level][word];
            self.levels[level][word] = before | 1 << (place % 64);
            if self.n_resources == 0 {
                if before != 0 {
                    // The levels above know of this word.
                    break;
                }
            } else {
                for (least, &amount) in self.least_mut(level, word).iter_mut().zip(amounts) {
                    *least = amount.min(*least);
                }
            }
            place = word;
        }
    }

    /// Takes a rank out. `amounts_of` gives the amounts that a rank of the set demands.
    pub(crate) fn remove<'a>(&mut self, rank: usize, amounts_of: impl Fn(usize) -> &'a [u64]) {
        let mut place = rank;
        let mut is_empty_below = true;
        for level in 0..self.levels.len() {
            let word = place / 64;
            if is_empty_below {
                self.levels[level][word] &= !(1 << (place % 64));
            }
            is_empty_below = self.levels[level][word] == 0;
            if self.n_resources > 0 {
                self.find_least(level, word, &amounts_of);
            } else if !is_empty_below {
                break;
            }
            place = word;
        }
    }

    /// The lowest rank in the set.
    pub(crate) fn first(&self) -> Option<usize> {
        let mut place = 0;
        for level in self.levels.iter().rev() {
            let bits = level[place];
            if bits == 0 {
                return None;
            }
            place = place * 64 + bits.trailing_zeros() as usize;
        }
        Some(place)
    }

    /// The lowest rank that demands no more than `free` of any resource.
    pub(crate) fn first_that_fits<'a>(
        &self,
        free: &[u64],
        amounts_of: &impl Fn(usize) -> &'a [u64],
    ) -> Option<usize> {
        self.search(self.levels.len() - 1, 0, free, amounts_of)
    }

    /// Searches one word; calls itself for the level below, so at most six deep.
    fn search<'a>(
        &self,
        level: usize,
        word: usize,
        free: &[u64],
        amounts_of: &impl Fn(usize) -> &'a [u64],
    ) -> Option<usize> {
        let mut bits = self.levels[level][word];
        while bits != 0 {
            let place = word * 64 + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if level == 0 {
                if fits(amounts_of(place), free) {
                    return Some(place);
                }
            } else if fits(self.least(level - 1, place), free) {
                let found = self.search(level - 1, place, free, amounts_of);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Finds anew the least that is demanded under one word.
    fn find_least<'a>(&mut self, level: usize, word: usize, amounts_of: &impl Fn(usize) -> &'a [u64]) {
        let mut least = std::mem::take(&mut self.least[level]);
        let row = &mut least[word * self.n_resources..][..self.n_resources];
        row.fill(u64::MAX);
        let mut bits = self.levels[level][word];
        while bits != 0 {
            let place = word * 64 + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let amounts = if level == 0 { amounts_of(place) } else { self.least(level - 1, place) };
            for (least, &amount) in row.iter_mut().zip(amounts) {
                *least = amount.min(*least);
            }
        }
        self.least[level] = least;
    }

    fn least(&self, level: usize, word: usize) -> &[u64] {
        &self.least[level][word * self.n_resources..][..self.n_resources]
    }

    fn least_mut(&mut self, level: usize, word: usize) -> &mut [u64] {
        &mut self.least[level][word * self.n_resources..][..self.n_resources]
    }
}

/// Whether there is enough of everything.
pub(crate) fn fits(wanted: &[u64], free: &[u64]) -> bool {
    wanted.iter().zip(free).all(|(wanted, free)| wanted <= free)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against an ordered map searched from the front.
        #[test]
        fn finds_what_a_plain_search_finds(
            steps in prop::collection::vec((0..5000_usize, any::<bool>(), 0..5_u64, 0..5_u64), 1..200),
            free in (0..5_u64, 0..5_u64),
        ) {
            let mut demands = vec![[0, 0]; 5000];
            let mut ready = Ready::new(5000, 2);
            let mut plain = Ready::new(5000, 0);
            let mut oracle = BTreeMap::new();
            for (rank, is_insert, cores, memory) in steps {
                if is_insert && !oracle.contains_key(&rank) {
                    demands[rank] = [cores, memory];
                    ready.insert(rank, &demands[rank]);
                    plain.insert(rank, &[]);
                    oracle.insert(rank, demands[rank]);
                } else if oracle.remove(&rank).is_some() {
                    ready.remove(rank, |rank| &demands[rank]);
                    plain.remove(rank, |_| &[]);
                }
                let expected = oracle.iter().find(|(_, wanted)| fits(&wanted[..], &[free.0, free.1]));
                let found = ready.first_that_fits(&[free.0, free.1], &|rank: usize| &demands[rank][..]);
                prop_assert_eq!(found, expected.map(|(rank, _)| *rank));
                prop_assert_eq!(ready.first(), oracle.keys().next().copied());
                prop_assert_eq!(plain.first(), oracle.keys().next().copied());
            }
        }
    }

    #[test]
    fn an_empty_set_has_no_first() {
        assert_eq!(Ready::new(0, 0).first(), None);
        assert_eq!(Ready::new(64, 0).first(), None);
        assert_eq!(Ready::new(65, 1).first_that_fits(&[1], &|_| &[]), None);
    }
}
