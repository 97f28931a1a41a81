//! Step PB.O2: the rows of output words that an output handle's blocks are.

use super::class::Class;
use super::layout::Handle;
use crate::wrap::checks::Checks;
use crate::wrap::wire::Wire;

/// `sum_(i < blocks) eq(y, i) eq(u, first + i)` for handles: adds index and first row bit by bit, comparing as it goes.
pub struct Blocks {
    /// For each bit, by the index's bit and then the row's: products of both equalities.
    bits: Vec<[[Wire; 2]; 2]>,
    /// `eq(y, 0)` above these bits.
    above: Wire,
}

impl Blocks {
    /// Of the variables of y and u above a word.
    pub fn new(checks: &mut Checks, class: &Class, y: &[Wire], u: &[Wire]) -> Self {
        let rows = class.parameters.log_output_blocks;
        let count = rows.max(class.block_bits);
        let bits = (0..count).map(|k| {
            // Beyond the variables of rows, and of blocks, bits are zero.
            let y = y.get(k).cloned().unwrap_or_else(Wire::zero);
            let u = u.get(k).filter(|_| k < rows).cloned().unwrap_or_else(Wire::zero);
            let both = checks.product(&y, &u);
            let (index, row) = (&y - &both, &u - &both);
            let neither = &y.complement() - &row;
            [[neither, row], [index, both]]
        });
        let bits = bits.collect();
        let above: Vec<Wire> = y.iter().skip(count).map(Wire::complement).collect();
        Self { bits, above: checks.product_of(&above) }
    }

    /// The sum for a handle whose first row has these bits.
    pub fn of(&self, checks: &mut Checks, handle: &Handle, first: &[Wire]) -> Wire {
        // By carry: of all indices so far, and of those up to the last block.
        let (mut all, mut upto) = ([Wire::one(), Wire::zero()], [Wire::one(), Wire::zero()]);
        for (k, weights) in self.bits.iter().enumerate() {
            let zero = Wire::zero();
            let (first, last) = (first.get(k).unwrap_or(&zero), handle.blocks.get(k).unwrap_or(&zero));
            // Where first has the bit: `set[i][s]`, elsewhere `clear[i][s]`.
            let set = weights.each_ref().map(|row| row.each_ref().map(|w| checks.product(first, w)));
            let clear = [0, 1].map(|i| [0, 1].map(|s| &weights[i][s] - &set[i][s]));
            // The index's bit zero: all below where the last block has the bit. One: only where it has it.
            let both = upto.each_ref().map(|x| checks.product(last, x));
            let gained = all.each_ref().map(|x| checks.product(last, x));
            let at_zero = [0, 1].map(|c| &(&upto[c] + &gained[c]) - &both[c]);
            let step = |checks: &mut Checks, zero: &[Wire; 2], one: &[Wire; 2]| -> [Wire; 2] {
                // index + first + carry = row + 2 carry'
                let [z0, z1] = zero;
                let [o0, o1] = one;
                let no_carry = [
                    checks.product(z0, &(&clear[0][0] + &set[0][1])),
                    checks.product(o0, &clear[1][1]),
                    checks.product(z1, &clear[0][1]),
                ];
                let carry = [
                    checks.product(o0, &set[1][0]),
                    checks.product(z1, &set[0][0]),
                    checks.product(o1, &(&clear[1][0] + &set[1][1])),
                ];
                [Wire::sum(&no_carry), Wire::sum(&carry)]
            };
            let next = step(checks, &at_zero, &both);
            all = step(checks, &all, &all);
            upto = next;
        }
        checks.product(&upto[0], &self.above)
    }
}
