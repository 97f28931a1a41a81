//! The instructions, computed by the language: for tests on processors that do not have them.
//!
//! Additions of products are checked, unlike the instructions': a limb that overflows stops a test.

use super::{Register, Step, Words};

/// Eight words in an array.
#[derive(Clone, Copy)]
pub(crate) struct Emulated([u64; 8]);

const LOW_52: u64 = (1 << 52) - 1;

impl Emulated {
    #[inline(always)]
    fn zip(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self(core::array::from_fn(|k| combine(self.0[k], other.0[k])))
    }

    /// The products of the low 52 bits.
    #[inline(always)]
    fn products(self, other: Self) -> [u128; 8] {
        core::array::from_fn(|k| u128::from(self.0[k] & LOW_52) * u128::from(other.0[k] & LOW_52))
    }
}

impl Register for Emulated {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_sub)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        Self(self.0.map(|word| word << BITS))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(self.0.map(|word| word >> BITS))
    }

    #[inline(always)]
    fn shift_right_signed<const BITS: u32>(self) -> Self {
        Self(self.0.map(|word| (word.cast_signed() >> BITS).cast_unsigned()))
    }

    #[inline(always)]
    fn low(self, other: Self) -> Self {
        Self(self.products(other).map(|product| product as u64 & LOW_52))
    }

    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        let low = a.low(b);
        Self(core::array::from_fn(|k| self.0[k] + low.0[k]))
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        let products = a.products(b);
        Self(core::array::from_fn(|k| self.0[k] + (products[k] >> 52) as u64))
    }

    #[inline(always)]
    fn multiply_32(self, other: Self) -> Self {
        const LOW_32: u64 = u32::MAX as u64;
        self.zip(other, |a, b| (a & LOW_32) * (b & LOW_32))
    }

    #[inline(always)]
    fn lookup(self, table: &[u64; 8]) -> Self {
        Self(self.0.map(|word| table[word as usize]))
    }
}

impl Words for Emulated {
    type Part = Self;

    const PARTS: usize = 1;

    #[inline(always)]
    fn part(&self, _k: usize) -> Self {
        *self
    }

    #[inline(always)]
    fn set_part(&mut self, _k: usize, part: Self) {
        *self = part;
    }

    #[inline(always)]
    fn load(words: &[u64; 8]) -> Self {
        Self(*words)
    }

    #[inline(always)]
    fn store(self, words: &mut [u64; 8]) {
        *words = self.0;
    }

    #[inline(always)]
    fn negative(self) -> u8 {
        (0..8).fold(0, |mask, k| mask | ((self.0[k] >> 63) as u8) << k)
    }

    #[inline(always)]
    fn select(self, mask: u8, other: Self) -> Self {
        Self(core::array::from_fn(|k| if mask >> k & 1 == 1 { other.0[k] } else { self.0[k] }))
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        core::array::from_fn(|i| Self(core::array::from_fn(|j| rows[j].0[i])))
    }

    #[inline(never)]
    fn call(step: impl Step) {
        step.run();
    }
}
