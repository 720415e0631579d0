//! What makes two promises the same promise: equal identities are computed once.
//! Knows no Python object.
//!
//! A promise of a function that may be impure is like no other: it gets the number of this process and one of its own.
//! Others get a hash of what they are made of (`token`). Either is 16 bytes, and means the same in every process that a
//! promise may be pickled for; the text of a key is made from them when somebody asks.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_128;

/// 128 bits that are equal for equal promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    bits: [u64; 2],
    sort: Sort,
}

/// How far an identity reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    /// No other promise has it, but for copies.
    Unique,
    /// Whatever is made of the same has it, in every process.
    Shared,
    /// As shared, but made from the address of an object: it means something only while that object lives.
    Local,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// The process that promises are made in, and the first number that it gave out. A forked process goes on counting where its
/// parent was, so that a number tells who gave it out: the ancestors stand in [`ANCESTORS`].
static PROCESS: AtomicU64 = AtomicU64::new(0);
static FIRST: AtomicU64 = AtomicU64::new(0);

/// This lock is only ever held together with the interpreter's lock, which a thread that forks holds too.
static ANCESTORS: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

/// Tells this process from others that promises may come from: at the start, and again after a fork.
pub(crate) fn set_process(number: u64) {
    let old = (FIRST.load(Ordering::Relaxed), PROCESS.load(Ordering::Relaxed));
    ANCESTORS.lock().unwrap_or_else(PoisonError::into_inner).push(old);
    FIRST.store(NEXT.load(Ordering::Relaxed), Ordering::Relaxed);
    PROCESS.store(number, Ordering::Relaxed);
}

/// The process that gave out a number which is known in this one.
fn process_of(number: u64) -> u64 {
    if number >= FIRST.load(Ordering::Relaxed) {
        return PROCESS.load(Ordering::Relaxed);
    }
    let ancestors = ANCESTORS.lock().unwrap_or_else(PoisonError::into_inner);
    let ancestor = ancestors.iter().rev().find(|(first, _)| number >= *first);
    ancestor.map_or(0, |(_, process)| *process)
}

impl Identity {
    /// One that no other promise has.
    pub(crate) fn unique() -> Self {
        Self::of_number(Self::next_number())
    }

    /// The number of the next that is unique.
    pub(crate) fn next_number() -> u64 {
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The one that is unique with this number, which this process or an ancestor gave out.
    pub(crate) fn of_number(number: u64) -> Self {
        Self { bits: [number, process_of(number)], sort: Sort::Unique }
    }

    /// The number that says it all, in this process.
    pub(crate) fn own_number(&self) -> Option<u64> {
        (*self == Self::of_number(self.bits[0])).then_some(self.bits[0])
    }

    /// That of whatever else has this hash. `is_local` says that an address went into it.
    pub(crate) fn of_hash(hash: u128, is_local: bool) -> Self {
        let sort = if is_local { Sort::Local } else { Sort::Shared };
        Self { bits: [hash as u64, (hash >> 64) as u64], sort }
    }

    /// Whether another promise, that is no copy, may have the same.
    pub(crate) fn is_shared(&self) -> bool {
        self.sort != Sort::Unique
    }

    pub(crate) fn is_local(&self) -> bool {
        self.sort == Sort::Local
    }

    /// The bytes that go into the hash of what is made from this promise.
    pub(crate) fn bytes(&self) -> [u8; 17] {
        let mut bytes = [u8::from(self.is_shared()); 17];
        bytes[..8].copy_from_slice(&self.bits[0].to_le_bytes());
        bytes[8..16].copy_from_slice(&self.bits[1].to_le_bytes());
        bytes
    }

    /// What to write down for a copy in another process.
    ///
    /// There an address means nothing, so what was made from one becomes like no other: such promises are of pure calls,
    /// and computing one twice does no harm.
    pub(crate) fn for_travel(&self) -> (u64, u64, bool) {
        let told = if self.is_local() { Self::unique() } else { *self };
        (told.bits[0], told.bits[1], told.is_shared())
    }

    /// What was written down by [`Identity::for_travel`].
    pub(crate) fn after_travel((first, second, is_shared): (u64, u64, bool)) -> Self {
        Self { bits: [first, second], sort: if is_shared { Sort::Shared } else { Sort::Unique } }
    }

    /// The second half of a key: a UUID that is different in every process, or 32 hexadecimal digits that are not.
    pub(crate) fn text(&self) -> String {
        if self.is_shared() {
            return format!("{:016x}{:016x}", self.bits[1], self.bits[0]);
        }
        let mut bytes = [0_u8; 16];
        bytes[..8].copy_from_slice(&self.bits[0].to_le_bytes());
        bytes[8..].copy_from_slice(&self.bits[1].to_le_bytes());
        let digits = format!("{:032x}", xxh3_128(&bytes));
        let mut text = String::with_capacity(36);
        for (index, digit) in digits.char_indices() {
            if matches!(index, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            // Version 4, variant 1: what says "random" in a UUID.
            match index {
                12 => text.push('4'),
                16 => text.push('a'),
                _ => text.write_char(digit).expect("a String takes every character"),
            }
        }
        text
    }
}
