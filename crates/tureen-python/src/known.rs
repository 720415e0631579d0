//! What a promise is known by, in one word: for nearly all, the number of their identity; for the others, a place that has more.
//! Knows no promise. The three lowest bits, which numbers are shifted past and addresses of [`Rare`] have free, are flags.

#![expect(
    unsafe_code,
    reason = "a word that is a number or an owned address, as a flag in it says, is no type of Rust's"
)]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::prelude::*;

use crate::identity::Identity;

/// An identity, two flags, and what few promises have.
pub(crate) struct Known(AtomicPtr<Rare>);

/// What few promises have.
#[repr(align(8))]
pub(crate) struct Rare {
    pub(crate) identity: Identity,
    /// The key that the user chose.
    pub(crate) name: Option<Py<PyAny>>,
    /// How many values the result unpacks into, if the user said so.
    pub(crate) n_outputs: Option<u32>,
}

/// What may be said of a promise; never unsaid.
#[derive(Debug, Clone, Copy)]
#[repr(usize)]
pub(crate) enum Flag {
    IsUntracked = 2,
    HasTravelled = 4,
}

/// Says that the other bits, but for flags, are a number.
const IS_NUMBER: usize = 1;
const BITS: u32 = 3;
const FLAGS: usize = (1 << BITS) - 1;

impl Known {
    pub(crate) fn new(identity: Identity) -> Self {
        let number = identity.own_number().and_then(|number| usize::try_from(number).ok());
        match number.filter(|number| number >> (usize::BITS - BITS) == 0) {
            Some(number) => Self(AtomicPtr::new(ptr::without_provenance_mut(number << BITS | IS_NUMBER))),
            None => {
                Self(AtomicPtr::new(Box::into_raw(Box::new(Rare { identity, name: None, n_outputs: None }))))
            }
        }
    }

    /// That of a promise like no other.
    #[inline]
    pub(crate) fn unique() -> Self {
        let number = Identity::next_number();
        match usize::try_from(number) {
            Ok(number) if number >> (usize::BITS - BITS) == 0 => {
                Self(AtomicPtr::new(ptr::without_provenance_mut(number << BITS | IS_NUMBER)))
            }
            _ => Self::new(Identity::of_number(number)),
        }
    }

    /// Whether this is no more than a number and flags: there is nothing to drop.
    #[inline]
    pub(crate) fn is_number(&self) -> bool {
        self.0.load(Ordering::Relaxed).addr() & IS_NUMBER != 0
    }

    fn number(&self) -> Option<u64> {
        let word = self.0.load(Ordering::Relaxed).addr();
        (word & IS_NUMBER != 0).then_some((word >> BITS) as u64)
    }

    pub(crate) fn identity(&self) -> Identity {
        match self.rare() {
            Some(rare) => rare.identity,
            None => Identity::of_number(self.number().expect("what is no address is a number")),
        }
    }

    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.0.load(Ordering::Relaxed).addr() & flag as usize != 0
    }

    pub(crate) fn set(&self, flag: Flag) {
        // Whoever sees the flag reads nothing that was written before it was set.
        let set = |word: *mut Rare| Some(word.map_addr(|word| word | flag as usize));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, set);
    }

    #[inline]
    pub(crate) fn with(mut self, flag: Flag) -> Self {
        let word = self.0.get_mut();
        *word = word.map_addr(|word| word | flag as usize);
        self
    }

    /// What few have, if this one does.
    pub(crate) fn rare(&self) -> Option<&Rare> {
        let word = self.0.load(Ordering::Relaxed);
        // SAFETY: without the flag for numbers it is what `Box::into_raw` gave, but for the flags. It is freed with `self`
        // only, and changed only through `&mut self`.
        (word.addr() & IS_NUMBER == 0).then(|| unsafe { &*word.map_addr(|word| word & !FLAGS) })
    }

    /// What few have, from now on this one too.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        if let Some(number) = self.number() {
            let rare = Rare { identity: Identity::of_number(number), name: None, n_outputs: None };
            let flags = self.0.get_mut().addr() & FLAGS & !IS_NUMBER;
            *self.0.get_mut() = Box::into_raw(Box::new(rare)).map_addr(|word| word | flags);
        }
        // SAFETY: as in `rare`, and nobody else has this.
        unsafe { &mut *self.0.get_mut().map_addr(|word| word & !FLAGS) }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let word = *self.0.get_mut();
        if word.addr() & IS_NUMBER == 0 {
            // SAFETY: as in `rare`; nobody reads it any more.
            drop(unsafe { Box::from_raw(word.map_addr(|word| word & !FLAGS)) });
        }
    }
}
