//! AVX-512 with IFMA: the words of [`ifma`](super::ifma) in registers of the processor.
//!
//! `unsafe` is for the methods of `Native`, which are single instructions: the type is private to this module and named
//! in [`enter`] alone, so that none of them runs before detection.

#![expect(
    unsafe_code,
    reason = "instructions behind run-time detection, loads and stores of borrowed arrays"
)]

use core::arch::x86_64::*;

use super::ifma::{Register, Step, WordKernel, Words};

/// What is inlined into this function is compiled for the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")]
pub(super) fn enter<K: WordKernel>(kernel: K) -> K::Output {
    kernel.run::<Native>()
}

/// Eight words in a register.
#[derive(Clone, Copy)]
struct Native(__m512i);

/// Shorthand of the methods below: one instruction each.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: values of `Native` are made and used below `enter` alone.
        Self(unsafe { $call })
    };
}

impl Register for Native {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        instruction!(_mm512_set1_epi64(word.cast_signed()))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        instruction!(_mm512_add_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        instruction!(_mm512_sub_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        instruction!(_mm512_and_si512(self.0, other.0))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        instruction!(_mm512_or_si512(self.0, other.0))
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        instruction!(_mm512_slli_epi64::<BITS>(self.0))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        instruction!(_mm512_srli_epi64::<BITS>(self.0))
    }

    #[inline(always)]
    fn shift_right_signed<const BITS: u32>(self) -> Self {
        instruction!(_mm512_srai_epi64::<BITS>(self.0))
    }

    #[inline(always)]
    fn low(self, other: Self) -> Self {
        instruction!(_mm512_madd52lo_epu64(_mm512_setzero_si512(), self.0, other.0))
    }

    #[inline(always)]
    fn multiply_32(self, other: Self) -> Self {
        instruction!(_mm512_mul_epu32(self.0, other.0))
    }

    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        instruction!(_mm512_madd52lo_epu64(self.0, a.0, b.0))
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        instruction!(_mm512_madd52hi_epu64(self.0, a.0, b.0))
    }

    #[inline(always)]
    fn lookup(self, table: &[u64; 8]) -> Self {
        instruction!(_mm512_permutexvar_epi64(self.0, Self::load(table).0))
    }
}

impl Words for Native {
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
        // The pointer is to the 64 bytes borrowed; no alignment is asked.
        instruction!(_mm512_loadu_si512(words.as_ptr().cast()))
    }

    #[inline(always)]
    fn store(self, words: &mut [u64; 8]) {
        // SAFETY: as for the others; the pointer is to the 64 bytes borrowed, and no alignment is asked.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn negative(self) -> u8 {
        // SAFETY: as for the others.
        unsafe { _mm512_movepi64_mask(self.0) }
    }

    #[inline(always)]
    fn select(self, mask: u8, other: Self) -> Self {
        instruction!(_mm512_mask_blend_epi64(mask, self.0, other.0))
    }

    #[inline(always)]
    fn transpose([r0, r1, r2, r3, r4, r5, r6, r7]: [Self; 8]) -> [Self; 8] {
        let even = [r0.even(r1), r2.even(r3), r4.even(r5), r6.even(r7)];
        let odd = [r0.odd(r1), r2.odd(r3), r4.odd(r5), r6.odd(r7)];
        let [c0, c2, c4, c6] = Self::transpose_pairs(even);
        let [c1, c3, c5, c7] = Self::transpose_pairs(odd);
        [c0, c1, c2, c3, c4, c5, c6, c7]
    }

    #[inline(always)]
    fn call(step: impl Step) {
        step.run();
    }
}

impl Native {
    /// The even words of both, in pairs.
    #[inline(always)]
    fn even(self, other: Self) -> Self {
        instruction!(_mm512_unpacklo_epi64(self.0, other.0))
    }

    /// The odd words of both, in pairs.
    #[inline(always)]
    fn odd(self, other: Self) -> Self {
        instruction!(_mm512_unpackhi_epi64(self.0, other.0))
    }

    /// The even pairs of words of one, then of the other.
    #[inline(always)]
    fn even_pairs(self, other: Self) -> Self {
        instruction!(_mm512_shuffle_i64x2::<0b10_00_10_00>(self.0, other.0))
    }

    /// The odd pairs of words of one, then of the other.
    #[inline(always)]
    fn odd_pairs(self, other: Self) -> Self {
        instruction!(_mm512_shuffle_i64x2::<0b11_01_11_01>(self.0, other.0))
    }

    /// Transposes four vectors as a square of pairs of words.
    #[inline(always)]
    fn transpose_pairs([r0, r1, r2, r3]: [Self; 4]) -> [Self; 4] {
        let (even_01, even_23) = (r0.even_pairs(r1), r2.even_pairs(r3));
        let (odd_01, odd_23) = (r0.odd_pairs(r1), r2.odd_pairs(r3));
        [
            even_01.even_pairs(even_23),
            odd_01.even_pairs(odd_23),
            even_01.odd_pairs(even_23),
            odd_01.odd_pairs(odd_23),
        ]
    }
}
