//! The instructions that the arithmetic is written with.

/// Eight words of 64 bits, lane by lane.
///
/// The methods are the AVX-512 instructions that the arithmetic uses: implementors mark them `#[inline(always)]`.
pub(crate) trait Words: Copy + Send + Sync + 'static {
    /// Eight times `word`.
    fn splat(word: u64) -> Self;

    /// Word `k` in lane `k`.
    fn load(words: &[u64; 8]) -> Self;

    /// Writes lane `k` to word `k`.
    fn store(self, words: &mut [u64; 8]);

    /// Sum modulo `2^64`.
    fn add(self, other: Self) -> Self;

    /// Difference modulo `2^64`.
    fn sub(self, other: Self) -> Self;

    /// Bitwise and.
    fn and(self, other: Self) -> Self;

    /// Bitwise or.
    fn or(self, other: Self) -> Self;

    /// Shifted left by `BITS`.
    fn shift_left<const BITS: u32>(self) -> Self;

    /// Shifted right by `BITS`, zeros from the left.
    fn shift_right<const BITS: u32>(self) -> Self;

    /// Shifted right by `BITS`, the sign from the left.
    fn shift_right_signed<const BITS: u32>(self) -> Self;

    /// `self + (a * b mod 2^52)` for the low 52 bits of `a` and of `b`.
    fn add_low(self, a: Self, b: Self) -> Self;

    /// `self + floor(a * b / 2^52)` for the low 52 bits of `a` and of `b`.
    fn add_high(self, a: Self, b: Self) -> Self;

    /// The lanes of `table` that the low three bits of the lanes of `self` name.
    fn lookup(self, table: Self) -> Self;

    /// One bit a lane: whether it is negative as a signed integer.
    fn negative(self) -> u8;

    /// The lanes of `other` where `mask` has a bit, those of `self` elsewhere.
    fn select(self, mask: u8, other: Self) -> Self;

    /// Lane `j` of result `i` is lane `i` of row `j`.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
}

/// A computation written over words, for one back end of this form.
pub(crate) trait WordKernel {
    /// What the computation returns.
    type Output;

    /// Computes. Implementors mark it `#[inline(always)]`, as all below it; see [`Kernel`](crate::Kernel).
    fn run<W: Words>(self) -> Self::Output;
}
