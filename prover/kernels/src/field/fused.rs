//! AVX2 with fused multiplications of doubles: the words of [`ifma`](super::ifma) on processors without IFMA.
//!
//! The product of two integers below `2^52` is split exactly by two roundings: with `h` the product in units of `2^52`,
//! rounded to the nearest integer, `a b + 2^104` rounds to `2^104 + 2^52 h` as a double, and `a b - 2^52 h` is a double
//! of at most `2^51` in size. Adding `3 * 2^51` to the latter puts its integer into the low bits. Either half is then
//! the difference of two patterns of bits.
//!
//! `unsafe` is for single instructions, as in [`avx512`](super::avx512).

#![expect(
    unsafe_code,
    reason = "instructions behind run-time detection, loads and stores of borrowed arrays"
)]

use core::arch::x86_64::*;

use super::ifma::{Register, Step, WordKernel, Words};

/// What is inlined into this function is compiled for the instructions.
#[target_feature(enable = "avx2,fma")]
pub(super) fn enter<K: WordKernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}

const LOW_52: u64 = (1 << 52) - 1;
/// `2^52`, whose bits with an integer in place of the fraction are `2^52` and the integer.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// `2^104`, the unit of whose last place is `2^52`.
const TWO_104: f64 = TWO_52 * TWO_52;
/// `3 * 2^51`, in the middle of the doubles whose last place is 1.
const MIDDLE: f64 = 1.5 * TWO_52;

/// Four words in a register.
#[derive(Clone, Copy)]
struct Half(__m256i);

/// Eight words in two registers.
#[derive(Clone, Copy)]
struct Fused([Half; 2]);

/// Shorthand of the methods below: few instructions each.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: values of `Half` are made and used below `enter` alone.
        Self(unsafe { $call })
    };
}

impl Half {
    /// The words, below `2^52`, as doubles.
    #[inline(always)]
    fn double(self) -> __m256d {
        // SAFETY: as for the others.
        unsafe {
            let magic = _mm256_set1_pd(TWO_52);
            _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(self.0), magic), magic)
        }
    }

    /// `a b` in units of `2^52`, rounded, above `2^104`.
    #[inline(always)]
    fn rounded(a: Self, b: Self) -> __m256d {
        // SAFETY: as for the others.
        unsafe { _mm256_fmadd_pd(a.double(), b.double(), _mm256_set1_pd(TWO_104)) }
    }

    /// What the rounding of `a b` left, above [`MIDDLE`].
    #[inline(always)]
    fn rest(a: Self, b: Self) -> __m256d {
        // SAFETY: as for the others.
        unsafe {
            let minus_rounded = _mm256_sub_pd(_mm256_set1_pd(TWO_104), Self::rounded(a, b));
            _mm256_add_pd(_mm256_fmadd_pd(a.double(), b.double(), minus_rounded), _mm256_set1_pd(MIDDLE))
        }
    }

    /// `self` and the steps that `x` is above `origin`, which has the same last place.
    #[inline(always)]
    fn add_steps(self, x: __m256d, origin: f64) -> Self {
        // SAFETY: as for the others.
        let bits = Self(unsafe { _mm256_castpd_si256(x) });
        self.add(bits).sub(Self::splat(origin.to_bits()))
    }
}

impl Register for Half {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        instruction!(_mm256_set1_epi64x(word.cast_signed()))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        instruction!(_mm256_add_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        instruction!(_mm256_sub_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        instruction!(_mm256_and_si256(self.0, other.0))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        instruction!(_mm256_or_si256(self.0, other.0))
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        instruction!(_mm256_sll_epi64(self.0, _mm_cvtsi32_si128(BITS.cast_signed())))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        instruction!(_mm256_srl_epi64(self.0, _mm_cvtsi32_si128(BITS.cast_signed())))
    }

    #[inline(always)]
    fn shift_right_signed<const BITS: u32>(self) -> Self {
        // AVX2 has no such instruction: shifted as if `2^63` higher.
        self.add(Self::splat(1 << 63)).shift_right::<BITS>().sub(Self::splat(1 << (63 - BITS)))
    }

    #[inline(always)]
    fn low(self, other: Self) -> Self {
        let mask = Self::splat(LOW_52);
        Self::splat(0).add_low(self.and(mask), other.and(mask)).and(mask)
    }

    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        self.add_steps(Self::rest(a, b), MIDDLE)
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        self.add_steps(Self::rounded(a, b), TWO_104)
    }

    #[inline(always)]
    fn multiply_32(self, other: Self) -> Self {
        instruction!(_mm256_mul_epu32(self.0, other.0))
    }

    /// The entries of `table` that the words name: its low and its high 32 bits are looked up apart, as AVX2 has tables
    /// of eight such.
    #[inline(always)]
    fn lookup(self, table: &[u64; 8]) -> Self {
        let (mut low, mut high) = ([0; 8], [0; 8]);
        for k in 0..8 {
            low[k] = table[k] as u32;
            high[k] = (table[k] >> 32) as u32;
        }
        instruction!({
            let index = _mm256_or_si256(self.0, _mm256_slli_epi64::<32>(self.0));
            _mm256_blend_epi32::<0b1010_1010>(
                _mm256_permutevar8x32_epi32(_mm256_loadu_si256(low.as_ptr().cast()), index),
                _mm256_permutevar8x32_epi32(_mm256_loadu_si256(high.as_ptr().cast()), index),
            )
        })
    }
}

/// A method of both halves.
macro_rules! halves {
    ($method:ident $([$bits:ident])? ($($operand:expr),*)) => {
        Self([
            Half::$method$(::<$bits>)?($($operand.0[0]),*),
            Half::$method$(::<$bits>)?($($operand.0[1]),*),
        ])
    };
}

impl Register for Fused {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([Half::splat(word); 2])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        halves!(add(self, other))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        halves!(sub(self, other))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        halves!(and(self, other))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        halves!(or(self, other))
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        halves!(shift_left[BITS](self))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        halves!(shift_right[BITS](self))
    }

    #[inline(always)]
    fn shift_right_signed<const BITS: u32>(self) -> Self {
        halves!(shift_right_signed[BITS](self))
    }

    #[inline(always)]
    fn low(self, other: Self) -> Self {
        halves!(low(self, other))
    }

    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        halves!(add_low(self, a, b))
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        halves!(add_high(self, a, b))
    }

    #[inline(always)]
    fn multiply_32(self, other: Self) -> Self {
        halves!(multiply_32(self, other))
    }

    #[inline(always)]
    fn lookup(self, table: &[u64; 8]) -> Self {
        Self([self.0[0].lookup(table), self.0[1].lookup(table)])
    }
}

impl Words for Fused {
    type Part = Half;

    const PARTS: usize = 2;

    #[inline(always)]
    fn part(&self, k: usize) -> Half {
        self.0[k]
    }

    #[inline(always)]
    fn set_part(&mut self, k: usize, part: Half) {
        self.0[k] = part;
    }

    #[inline(always)]
    fn load(words: &[u64; 8]) -> Self {
        let at = words.as_ptr().cast::<__m256i>();
        // SAFETY: as for the others; the pointers are to the 64 bytes borrowed, and no alignment is asked.
        unsafe { Self([Half(_mm256_loadu_si256(at)), Half(_mm256_loadu_si256(at.add(1)))]) }
    }

    #[inline(always)]
    fn store(self, words: &mut [u64; 8]) {
        let at = words.as_mut_ptr().cast::<__m256i>();
        // SAFETY: as for the others; the pointers are to the 64 bytes borrowed, and no alignment is asked.
        unsafe {
            _mm256_storeu_si256(at, self.0[0].0);
            _mm256_storeu_si256(at.add(1), self.0[1].0);
        }
    }

    #[inline(always)]
    fn negative(self) -> u8 {
        // SAFETY: as for the others.
        unsafe {
            let low = _mm256_movemask_pd(_mm256_castsi256_pd(self.0[0].0));
            let high = _mm256_movemask_pd(_mm256_castsi256_pd(self.0[1].0));
            (low | high << 4) as u8
        }
    }

    #[inline(always)]
    fn select(self, mask: u8, other: Self) -> Self {
        let bits = Self::load(&[1, 2, 4, 8, 16, 32, 64, 128]);
        let mask = Self::splat(u64::from(mask)).and(bits);
        halves!(select(self, other, mask, bits))
    }

    #[inline(always)]
    fn transpose([a, b, c, d, e, f, g, h]: [Self; 8]) -> [Self; 8] {
        let top_left = Half::transpose([a.0[0], b.0[0], c.0[0], d.0[0]]);
        let top_right = Half::transpose([a.0[1], b.0[1], c.0[1], d.0[1]]);
        let bottom_left = Half::transpose([e.0[0], f.0[0], g.0[0], h.0[0]]);
        let bottom_right = Half::transpose([e.0[1], f.0[1], g.0[1], h.0[1]]);
        let mut columns = [a; 8];
        for k in 0..4 {
            columns[k] = Self([top_left[k], bottom_left[k]]);
            columns[4 + k] = Self([top_right[k], bottom_right[k]]);
        }
        columns
    }

    #[inline(always)]
    fn call(step: impl Step) {
        // SAFETY: as for the others.
        unsafe { called(step) }
    }
}

/// Steps are an order of magnitude longer than with IFMA: a call costs nothing beside one, and kernels stay small.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn called(step: impl Step) {
    step.run();
}

impl Half {
    /// The words of `other` where `mask` is `bits`, those of `self` elsewhere.
    #[inline(always)]
    fn select(self, other: Self, mask: Self, bits: Self) -> Self {
        instruction!(_mm256_blendv_epi8(self.0, other.0, _mm256_cmpeq_epi64(mask.0, bits.0)))
    }

    /// Transposes a square of four words.
    #[inline(always)]
    fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        // SAFETY: as for the others.
        unsafe {
            let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a.0, b.0), _mm256_unpackhi_epi64(a.0, b.0));
            let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c.0, d.0), _mm256_unpackhi_epi64(c.0, d.0));
            [
                Self(_mm256_permute2x128_si256::<0x20>(ab_even, cd_even)),
                Self(_mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd)),
                Self(_mm256_permute2x128_si256::<0x31>(ab_even, cd_even)),
                Self(_mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd)),
            ]
        }
    }
}
