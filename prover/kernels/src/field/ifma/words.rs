//! The instructions that the arithmetic is written with.

/// Words of 64 bits, lane by lane, as many as one register has.
///
/// The methods are instructions of a processor, or a few of them: implementors mark them `#[inline(always)]`.
pub(crate) trait Register: Copy + Send + Sync + 'static {
    /// `word` in every lane.
    fn splat(word: u64) -> Self;

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

    /// `self * other mod 2^52`, from 0 to `2^52 - 1`, of words of any size.
    fn low(self, other: Self) -> Self;

    /// `self + l`, where `l + 2^52 h = a * b` for factors below `2^52`.
    ///
    /// Where the halves are split is the implementor's: `l` is below `2^52` in size and can be negative, `h` is from 0
    /// to `2^52`. Both halves together are the product, so that what is computed with both is the same everywhere.
    fn add_low(self, a: Self, b: Self) -> Self;

    /// `self + h`, see [`Self::add_low`].
    fn add_high(self, a: Self, b: Self) -> Self;

    /// Product of the low 32 bits of the words.
    fn multiply_32(self, other: Self) -> Self;

    /// The lanes of `table` that the lanes of `self` name, which are below 8.
    fn lookup(self, table: &[u64; 8]) -> Self;
}

/// Eight words of 64 bits in one register or two.
pub(crate) trait Words: Register {
    /// What the words are made of: long computations take one part after the other, so that all stays in registers.
    type Part: Register;

    /// Parts of eight words.
    const PARTS: usize;

    /// Part `k` of [`Self::PARTS`].
    fn part(&self, k: usize) -> Self::Part;

    /// Replaces part `k`.
    fn set_part(&mut self, k: usize, part: Self::Part);

    /// Word `k` in lane `k`.
    fn load(words: &[u64; 8]) -> Self;

    /// Writes lane `k` to word `k`.
    fn store(self, words: &mut [u64; 8]);

    /// One bit a lane: whether it is negative as a signed integer.
    fn negative(self) -> u8;

    /// The lanes of `other` where `mask` has a bit, those of `self` elsewhere.
    fn select(self, mask: u8, other: Self) -> Self;

    /// Lane `j` of result `i` is lane `i` of row `j`.
    fn transpose(rows: [Self; 8]) -> [Self; 8];

    /// Runs a step over words of this type.
    fn call(step: impl Step);
}

/// A part of the arithmetic that is called where it is long for a processor, and inlined where it is short.
pub(crate) trait Step {
    /// Computes. Implementors mark it `#[inline(always)]`.
    fn run(self);
}

/// A computation written over words, for one back end of this form.
pub(crate) trait WordKernel {
    /// What the computation returns.
    type Output;

    /// Computes. Implementors mark it `#[inline(always)]`, as all below it; see [`Kernel`](crate::Kernel).
    fn run<W: Words>(self) -> Self::Output;
}

/// Runs a block for each part of words, written out: an index that is not a constant would keep the parts in memory.
macro_rules! each_part {
    ($words:ident, $k:ident, $block:block) => {{
        const $k: usize = 0;
        $block
    }
    if $words::PARTS > 1 {
        const $k: usize = 1;
        $block
    }};
}
pub(super) use each_part;
