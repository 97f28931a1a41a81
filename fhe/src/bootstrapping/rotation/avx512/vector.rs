//! Eight 64-bit lanes, and residues modulo p in their low 52 bits.
//!
//! A residue is any representative below 2^52; comments bound it in multiples of p, of which eleven fit. IFMA reads only
//! the low 52 bits of its factors, so bits above may hold anything until a value is compared.
//!
//! Closures inside these kernels are compiled for their instructions, functions of the standard library that call closures
//! are not, and so cannot inline them: loops fill arrays here, not `from_fn` and `map`.

use std::arch::x86_64::*;

/// Eight lanes.
pub type Vector = __m512i;

/// Bits that IFMA reads of a factor.
pub const LOW_52: u64 = (1 << 52) - 1;

/// All lanes zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn zero() -> Vector {
    _mm512_setzero_si512()
}

/// All lanes equal.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn splat(word: u64) -> Vector {
    _mm512_set1_epi64(word as i64)
}

/// Eight words.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "unaligned load of exactly the words borrowed")]
pub fn load(words: &[u64; 8]) -> Vector {
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Writes eight words.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "unaligned store to exactly the words borrowed")]
pub fn store(words: &mut [u64; 8], vector: Vector) {
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}

/// Asks for the cache line of a word.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn prefetch(word: &u64) {
    _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(word).cast());
}

/// Lane-wise sum.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn add(a: Vector, b: Vector) -> Vector {
    _mm512_add_epi64(a, b)
}

/// Lane-wise difference.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn subtract(a: Vector, b: Vector) -> Vector {
    _mm512_sub_epi64(a, b)
}

/// `sum + (a b mod 2^52)`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn add_low(sum: Vector, a: Vector, b: Vector) -> Vector {
    _mm512_madd52lo_epu64(sum, a, b)
}

/// `sum + floor(a b / 2^52)`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn add_high(sum: Vector, a: Vector, b: Vector) -> Vector {
    _mm512_madd52hi_epu64(sum, a, b)
}

/// `a b mod 2^52`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn low(a: Vector, b: Vector) -> Vector {
    add_low(zero(), a, b)
}

/// `floor(a b / 2^52)`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn high(a: Vector, b: Vector) -> Vector {
    add_high(zero(), a, b)
}

/// Clears the bits above 52.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn low_52(a: Vector) -> Vector {
    _mm512_and_si512(a, splat(LOW_52))
}

/// A residue below `2 bound`, brought below `bound`, a multiple of p; clears the bits above 52.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn reduce_once(a: Vector, bound: Vector) -> Vector {
    let a = low_52(a);
    _mm512_min_epu64(a, subtract(a, bound))
}

/// A constant factor w < p and floor(2^52 w / p), by which a product with it is reduced.
#[derive(Clone, Copy)]
pub struct Factor {
    /// w.
    pub value: Vector,
    /// floor(2^52 w / p).
    pub quotient: Vector,
}

impl Factor {
    /// The same factor in all lanes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn splat([value, quotient]: [u64; 2]) -> Self {
        Self { value: splat(value), quotient: splat(quotient) }
    }

    /// `a w mod p`, below 2p: the product less its estimated quotient times p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn multiply(self, a: Vector, minus_p: Vector) -> Vector {
        add_low(low(a, self.value), high(a, self.quotient), minus_p)
    }
}

/// Transposes eight vectors as a square of lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn transpose(rows: [Vector; 8]) -> [Vector; 8] {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    let even = [
        _mm512_unpacklo_epi64(r0, r1),
        _mm512_unpacklo_epi64(r2, r3),
        _mm512_unpacklo_epi64(r4, r5),
        _mm512_unpacklo_epi64(r6, r7),
    ];
    let odd = [
        _mm512_unpackhi_epi64(r0, r1),
        _mm512_unpackhi_epi64(r2, r3),
        _mm512_unpackhi_epi64(r4, r5),
        _mm512_unpackhi_epi64(r6, r7),
    ];
    let [c0, c2, c4, c6] = transpose_pairs(even);
    let [c1, c3, c5, c7] = transpose_pairs(odd);
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// Transposes four vectors as a square of pairs of lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose_pairs([r0, r1, r2, r3]: [Vector; 4]) -> [Vector; 4] {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let (even_01, even_23) = (_mm512_shuffle_i64x2::<EVEN>(r0, r1), _mm512_shuffle_i64x2::<EVEN>(r2, r3));
    let (odd_01, odd_23) = (_mm512_shuffle_i64x2::<ODD>(r0, r1), _mm512_shuffle_i64x2::<ODD>(r2, r3));
    [
        _mm512_shuffle_i64x2::<EVEN>(even_01, even_23),
        _mm512_shuffle_i64x2::<EVEN>(odd_01, odd_23),
        _mm512_shuffle_i64x2::<ODD>(even_01, even_23),
        _mm512_shuffle_i64x2::<ODD>(odd_01, odd_23),
    ]
}
