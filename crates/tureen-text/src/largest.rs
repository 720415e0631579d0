//! The largest elements, as `heapq.nlargest` finds them: of equal ones, those seen first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::scalar::{Scalar, ScalarRef};

/// At most `k` elements, by keys.
#[derive(Clone, Debug)]
pub struct Largest {
    k: usize,
    n_seen: u64,
    /// The least on top.
    kept: BinaryHeap<Reverse<Kept>>,
}

/// Ordered by key, then by the place at which it was seen, earlier ones being larger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    key: Scalar,
    seen: Reverse<u64>,
    /// None where it is the key itself.
    element: Option<Scalar>,
}

impl Largest {
    /// None yet.
    pub fn new(k: usize) -> Self {
        Self { k, n_seen: 0, kept: BinaryHeap::new() }
    }

    /// Offers an element that is its own key.
    pub fn offer(&mut self, element: ScalarRef<'_>) {
        self.offer_by(element, || None);
    }

    /// Offers an element, which is made only if it is kept.
    pub fn offer_by(&mut self, key: ScalarRef<'_>, element: impl FnOnce() -> Option<Scalar>) {
        let seen = Reverse(self.n_seen);
        self.n_seen += 1;
        if self.kept.len() >= self.k {
            // What comes later must be larger to push another out.
            match self.kept.peek() {
                Some(Reverse(least)) if key > least.key.borrow() => drop(self.kept.pop()),
                _ => return,
            }
        }
        self.kept.push(Reverse(Kept { key: key.to_scalar(), seen, element: element() }));
    }

    /// Takes in what another has kept, as if it had been seen after ours.
    pub(crate) fn merge(&mut self, later: Largest) {
        let mut kept = later.kept.into_vec();
        kept.sort_by_key(|Reverse(kept)| Reverse(kept.seen));
        for Reverse(Kept { key, element, .. }) in kept {
            self.offer_by(key.borrow(), || element);
        }
    }

    /// The elements, largest first.
    pub fn into_sorted(self) -> Vec<Scalar> {
        let kept = self.kept.into_sorted_vec().into_iter();
        kept.map(|Reverse(kept)| kept.element.unwrap_or(kept.key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::Largest;
    use crate::scalar::{Scalar, ScalarRef};

    proptest! {
        #[test]
        fn as_a_sort_has_it(
            first in prop::collection::vec("[ab]{0,3}", 0..20),
            second in prop::collection::vec("[ab]{0,3}", 0..20),
            k in 0..9_usize,
        ) {
            let offered = |words: &[String]| {
                let mut largest = Largest::new(k);
                for word in words {
                    largest.offer_by(ScalarRef::Int(word.len() as i64), || Some(Scalar::Text(word.clone())));
                }
                largest
            };
            let mut largest = offered(&first);
            largest.merge(offered(&second));
            let mut expected = [first, second].concat();
            expected.sort_by_key(|word| Reverse(word.len()));
            expected.truncate(k);
            let expected: Vec<_> = expected.into_iter().map(Scalar::Text).collect();
            prop_assert_eq!(largest.into_sorted(), expected);
        }
    }
}
