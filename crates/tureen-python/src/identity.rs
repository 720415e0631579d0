//! What makes two promises the same promise: equal identities are computed once.
//! Knows no Python object.
//!
//! A promise of a function that may be impure is like no other: it gets a number. Others get a hash of what they are made
//! of (`token`). Either is 16 bytes; the text of a key is made from them when somebody asks.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_128;

/// 128 bits that are equal for equal promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    bits: [u64; 2],
    /// Whether another promise may have the same bits.
    is_shared: bool,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Identity {
    /// One that no other promise of this process has.
    pub(crate) fn unique() -> Self {
        Self { bits: [NEXT.fetch_add(1, Ordering::Relaxed), 0], is_shared: false }
    }

    /// That of whatever else has this hash.
    pub(crate) fn of_hash(hash: u128) -> Self {
        Self { bits: [hash as u64, (hash >> 64) as u64], is_shared: true }
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The bytes that go into the hash of what is made from this promise.
    pub(crate) fn bytes(&self) -> [u8; 17] {
        let mut bytes = [u8::from(self.is_shared); 17];
        bytes[..8].copy_from_slice(&self.bits[0].to_le_bytes());
        bytes[8..16].copy_from_slice(&self.bits[1].to_le_bytes());
        bytes
    }

    /// The second half of a key: a UUID that is different in every process, or 32 hexadecimal digits that are not.
    pub(crate) fn text(&self, process: u64) -> String {
        if self.is_shared {
            return format!("{:016x}{:016x}", self.bits[1], self.bits[0]);
        }
        let mut bytes = [0_u8; 16];
        bytes[..8].copy_from_slice(&self.bits[0].to_le_bytes());
        bytes[8..].copy_from_slice(&process.to_le_bytes());
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
