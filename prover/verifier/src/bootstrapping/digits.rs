//! The table of keyswitch decompositions, and the extensions of its columns.
//!
//! Row `state + 2^(b L) t`: the state is a word rounded to its highest `b L` bits, half way up; t is the top bit of the
//! remainder after half was added, that is, one minus the bit that decided the rounding. Column l holds digit l of the
//! row, the least significant first, in `[-2^(b-1), 2^(b-1)]`.
//!
//! The rule is the evaluator's (EV.K1), tfhe-rs's `SignedDecomposer`: the state stands for its representative between
//! -1/2 and 1/2; of the state `2^(b L - 1)`, which is both, t = 0 takes the negative one. In a digit, `2^(b-1)` stays
//! when the digit above it is below half a base, and is carried otherwise.

use super::parameters::Gadget;
use crate::opening::eq_table;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// Weights of what a digit passes to the digit above it.
#[derive(Clone, Copy)]
struct Passed {
    /// Nothing.
    none: Fr,
    /// A carry.
    carry: Fr,
    /// A residue of half a base: whether it is carried depends on the digit above it.
    tie: Fr,
}

impl Gadget {
    /// Variables of the table: the state's bits, then t.
    pub const fn table_variables(self) -> usize {
        self.state_bits() + 1
    }

    /// The L digits of row `index` of the table, the least significant first. Bits above the row's are ignored.
    pub fn digits(self, index: usize) -> Vec<i64> {
        let bits = self.state_bits();
        let state = index as i64 & ((1 << bits) - 1);
        let tie = index >> bits & 1;
        let half = 1 << (bits - 1);
        let negative = state > half || (state == half && tie == 0);
        let mut rest = state - (i64::from(negative) << bits);
        let base = 1i64 << self.base_bits;
        (0..self.levels)
            .map(|_| {
                let residue = rest & (base - 1);
                rest >>= self.base_bits;
                let carried = residue > base / 2 || (residue == base / 2 && rest & (base / 2) != 0);
                rest += i64::from(carried);
                residue - if carried { base } else { 0 }
            })
            .collect()
    }

    /// Extensions of the L columns at a point of `b L + 1` variables.
    ///
    /// An automaton reads the base-2^b digits of the state from the lowest on, with a field element for each state of
    /// `Passed`: the sum of `eq(y, lower digits)` over the lower digits that lead to it. Column l is the sum, over
    /// those states and the digit at l, of weight times result. In a tie the result depends on one bit more, the top
    /// bit of the digit above, and linearly: `2^(b-1) - 2^b bit`. That bit is a variable outside the weight, so the
    /// product is multilinear, and agrees with the column at every index: it is the extension.
    ///
    /// A tie of the top digit depends on the sign instead, which is the top bit of that digit: `2^(b-1)` is either this
    /// digit itself, in a state of at least half, or the digit below it with a carry, in a state below half. The one
    /// exception is the state `2^(b L - 1)` with t = 1: its top result is `2^(b-1)`, not `-2^(b-1)`; that row is added.
    pub fn digit_extensions(self, point: &[Fr]) -> Vec<Fr> {
        let (state, tie) = point.split_at(self.state_bits().min(point.len()));
        let mut passed = Passed { none: Fr::one(), carry: Fr::zero(), tie: Fr::zero() };
        let mut columns = Vec::with_capacity(self.levels);
        let mut levels = state.chunks(self.base_bits).peekable();
        while let Some(bits) = levels.next() {
            let top_bit_above = levels.peek().and_then(|above| above.last()).copied();
            let (column, next) = self.read_digit(bits, top_bit_above, passed);
            columns.push(column);
            passed = next;
        }
        if let (Some(top), Some(column), Some((sign, rest))) =
            (tie.first(), columns.last_mut(), state.split_last())
        {
            let row: Fr = rest.iter().map(|y| Fr::one() - y).product::<Fr>() * sign * top;
            *column += row * Fr::from(1u64 << self.base_bits);
        }
        columns
    }

    /// One step of the automaton: the extension of the column, and what the digit passes on.
    fn read_digit(self, bits: &[Fr], top_bit_above: Option<Fr>, from: Passed) -> (Fr, Passed) {
        let (base, half) = (1i64 << self.base_bits, 1i64 << (self.base_bits - 1));
        let mut to = Passed { none: Fr::zero(), carry: Fr::zero(), tie: Fr::zero() };
        let mut column = Fr::zero();
        for (digit, eq) in (0..).zip(eq_table(bits)) {
            // A tie below is carried into a digit of at least half, and stays under a smaller one.
            let upper = digit >= half;
            let (without, with) =
                if upper { (from.none, from.carry + from.tie) } else { (from.none + from.tie, from.carry) };
            for (residue, weight) in [(digit, without * eq), (digit + 1, with * eq)] {
                if residue > half {
                    column += weight * Fr::from(residue - base);
                    to.carry += weight;
                } else if residue < half {
                    column += weight * Fr::from(residue);
                    to.none += weight;
                } else {
                    let bit = top_bit_above.unwrap_or(Fr::from(upper));
                    column += weight * (Fr::from(half) - bit * Fr::from(base));
                    to.tie += weight;
                }
            }
        }
        (column, to)
    }
}
