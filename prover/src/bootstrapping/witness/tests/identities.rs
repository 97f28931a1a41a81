//! The identities of the specification, written out over cells and key words.

use super::super::Witness;
use crate::bootstrapping::KeyWords;
use trine_program::circuit::{Circuit, Linear, Wire};
use trine_verifier::bootstrapping::switch::kinds;
use trine_verifier::bootstrapping::{Column, Family, Parameters};

const P: Parameters = Parameters::PRODUCTION;
const N: usize = P.n();
/// Rows of a slot in the columns of the rotation.
const SLOT: usize = 2 * N * P.steps();

pub struct Identities<'a> {
    pub witness: &'a Witness,
    pub circuit: &'a Circuit,
    pub key: &'a KeyWords,
}

impl Identities<'_> {
    /// The value of a family in a row, its limbs within their ranges under the key of the slot.
    fn value(&self, family: Family, row: usize, kind: usize) -> i128 {
        let limbs = (0..family.limbs(&P)).map(|k| {
            let cell = self.witness.columns.get(family.limb(k as u8))[row];
            let bits = family.bits(&P)[kind].saturating_sub(22 * k).min(22);
            assert!(
                u64::from(cell) < 1 << bits,
                "{family:?} limb {k}, row {row}: {cell} has more than {bits} bits"
            );
            i128::from(cell) << (22 * k)
        });
        limbs.sum()
    }

    fn carry(&self, family: Family, row: usize, limbs: usize) -> i128 {
        (self.value(family, row, 0) - P.carry_offset(limbs) as i128) << 64
    }

    fn slots(&self) -> usize {
        self.witness.shape.bootstrappings()
    }

    fn kind(&self, slot: usize) -> usize {
        kinds(&self.witness.shape, self.circuit)[slot] as usize
    }

    /// `2^42 d + rho - 2^41` of a row of steps 1 to G + 1.
    fn reduced(&self, slot: usize, step: usize, u: usize, j: usize) -> i128 {
        let row = slot * SLOT + step * 2 * N + u * N + j;
        (self.digit(slot, step, u, j) << 42) + self.value(Family::Remainder, row, 0) - (1 << 41)
    }

    fn digit(&self, slot: usize, step: usize, u: usize, j: usize) -> i128 {
        self.value(Family::Digit, slot * SLOT + step * 2 * N + u * N + j, 0) - (1 << 21)
    }

    /// Word t of a combination, of the 2N of a block.
    fn combination(&self, linear: &Linear, t: usize) -> i128 {
        let constant = if t == N { i128::from(linear.constant) } else { 0 };
        let terms = linear.terms.iter().map(|term| i128::from(term.coefficient) * self.wire(term.wire, t));
        terms.sum::<i128>() + constant
    }

    fn wire(&self, wire: Wire, t: usize) -> i128 {
        match wire {
            Wire::Input { handle, block } => {
                i128::from(self.witness.inputs[usize::from(handle)][usize::from(block) * 2 * N + t])
            }
            Wire::Output { bootstrapping, function } => {
                let slot = bootstrapping as usize;
                let table = self.circuit.bootstrappings()[slot].table as usize;
                let e = self.circuit.tables()[table].offset(function);
                let output = |u, j| self.reduced(slot, P.output_step(), u, j);
                match t {
                    _ if t <= e => output(0, e - t),
                    _ if t < N => -output(0, N + e - t),
                    N => output(1, e),
                    _ => 0,
                }
            }
        }
    }

    fn input(&self, slot: usize, t: usize) -> i128 {
        self.circuit.bootstrappings().get(slot).map_or(0, |b| self.combination(&b.input, t))
    }

    fn keyswitch_digit(&self, slot: usize, j: usize, level: usize) -> i128 {
        i128::from(self.witness.columns.get(Column::KeyswitchDigit(level as u8))[slot * N + j]) - 8
    }

    /// PB.F2 in every row, and digits that are the table's.
    pub fn assert_keyswitch(&self) {
        for (slot, j) in (0..self.slots()).flat_map(|slot| (0..N).map(move |j| (slot, j))) {
            let (row, kind) = (slot * N + j, self.kind(slot));
            let gadget = P.keyswitching[kind];
            let dropped = gadget.dropped_bits();
            let digits: Vec<i128> = (0..5).map(|level| self.keyswitch_digit(slot, j, level)).collect();
            let state: i128 =
                digits.iter().enumerate().map(|(l, digit)| digit << (gadget.base_bits * l)).sum();
            let tie = self.witness.columns.get(Column::Tie)[row];
            let remainder = self.value(Family::KeyswitchRemainder, row, kind);
            let right = (state << dropped)
                + (i128::from(tie) << (dropped - 1))
                + remainder
                + self.carry(Family::KeyswitchCarry, row, P.combination_carry_limbs());
            assert_eq!(self.input(slot, j) + (1 << (dropped - 1)), right, "slot {slot}, word {j}");
            let bits = gadget.state_bits();
            let index = (state & ((1 << bits) - 1)) as usize | (tie as usize) << bits;
            let mut expected: Vec<i128> = gadget.digits(index).into_iter().map(i128::from).collect();
            expected.resize(5, 0);
            assert!(tie < 2 && digits == expected, "slot {slot}, word {j}: {digits:?}, table {expected:?}");
        }
    }

    /// The unreduced output of the keyswitch, by (k, step): the body at step 0, k = 3.
    fn keyswitched(&self, slot: usize) -> Vec<i128> {
        let words = &self.key.keyswitching[self.kind(slot)];
        let rows = 4 * P.steps();
        let mut sums = vec![0i128; rows];
        sums[3] = self.input(slot, N);
        for (j, level) in (0..N).flat_map(|j| (0..8).map(move |level| (j, level))) {
            let digit = if level < 5 { self.keyswitch_digit(slot, j, level) } else { 1 };
            for (sum, word) in sums.iter_mut().zip(&words[(j * 8 + level) * rows..]) {
                *sum -= digit * i128::from(*word);
            }
        }
        sums
    }

    /// PB.E2 in every row.
    pub fn assert_switch(&self) {
        for slot in 0..self.slots() {
            let sums = self.keyswitched(slot);
            for row in 0..16 * P.steps() {
                let (step, subset, at) = (row / 16, row % 16, slot * 16 * P.steps() + row);
                // The first word of a group is the top bit of the subset.
                let of_subset = (0..4).filter(|k| subset >> (3 - k) & 1 == 1);
                let sum: i128 = of_subset.map(|k| sums[4 * step + k]).sum();
                let left = match step {
                    0 if subset % 2 == 1 => (1 << 51) - 1 - (64 << 52) - sum,
                    _ => (1 << 51) + sum,
                };
                let exponent = self.witness.columns.get(Column::Exponent)[at];
                assert!(exponent < 4096);
                let right = (i128::from(exponent) << 52)
                    + self.value(Family::SwitchRemainder, at, 0)
                    + self.carry(Family::SwitchCarry, at, P.switch_carry_limbs());
                assert_eq!(left, right, "slot {slot}, step {step}, subset {subset}");
                assert!((1..=230).contains(&step) || step == 0 && subset % 2 == 1 || exponent == 0);
            }
        }
    }

    /// What a step computes, coefficient j of component c: the table, rotated, or digits times rotated keys.
    fn product(&self, slot: usize, step: usize, c: usize, j: usize) -> i128 {
        let exponent = |subset: usize| {
            let cells = self.witness.columns.get(Column::Exponent);
            cells[(slot * P.steps() + step) * 16 + subset] as usize
        };
        if step == 0 {
            let table =
                self.circuit.bootstrappings().get(slot).map(|b| &self.circuit.tables()[b.table as usize]);
            let boxes: Vec<i128> =
                (0..N).map(|j| table.map_or(0, |table| i128::from(table.boxes[j / 128]))).collect();
            return if c == 0 { 0 } else { rotated(|j| boxes[j], exponent(1), j) };
        }
        let mut sum = 0;
        for (u, subset) in (0..2).flat_map(|u| (0..16).map(move |subset| (u, subset))) {
            let first = (((step * 16 + subset) * 2 + u) * 2 + c) * N;
            let key = &self.key.bootstrapping[first..first + N];
            let a = exponent(subset);
            for k in 0..N {
                // Coefficient j of X^(k + a) times the key.
                let factor = rotated(|j| i128::from(key[j]), (a + k) % (2 * N), j);
                sum += self.digit(slot, step, u, k) * factor;
            }
        }
        sum
    }

    /// PB.A2 at the first steps, the last, and at sampled coefficients.
    pub fn assert_rotation(&self) {
        for slot in 0..self.slots() {
            let sampled = [2, 3, 7 + slot, 100 + slot, P.groups, P.output_step()];
            for (step, c) in sampled.into_iter().flat_map(|step| [(step, 0), (step, 1)]) {
                for j in [0, 1, N - 1, step * 997 % N] {
                    self.assert_accumulator(slot, step, c, j);
                }
            }
            for (c, j) in (0..2).flat_map(|c| (0..N).map(move |j| (c, j))) {
                self.assert_accumulator(slot, 1, c, j);
            }
        }
    }

    fn assert_accumulator(&self, slot: usize, step: usize, c: usize, j: usize) {
        let row = slot * SLOT + step * 2 * N + c * N + j;
        let carry = self.carry(Family::Carry, row, P.accumulator_carry_limbs());
        let right = self.reduced(slot, step, c, j) + carry;
        let left = self.product(slot, step - 1, c, j);
        assert_eq!(left, right, "slot {slot}, step {step}, component {c}, coefficient {j}");
    }

    /// The columns of the rotation are zero at step 0 and past the output.
    pub fn assert_public_rows(&self) {
        for family in [Family::Digit, Family::Remainder, Family::Carry] {
            for column in (0..family.limbs(&P)).map(|k| family.limb(k as u8)) {
                for slot in self.witness.columns.get(column).chunks_exact(SLOT) {
                    let (first, rest) = slot.split_at(2 * N);
                    let (_, past) = rest.split_at(2 * N * P.output_step());
                    assert!(first.iter().chain(past).all(|cell| *cell == 0), "{column:?}");
                }
            }
        }
    }

    /// PB.G2 in every row, and PB.O2.
    pub fn assert_outputs(&self) {
        let zero = Linear::default();
        for block in 0..1usize << P.log_output_blocks {
            let row = self.circuit.rows().get(block).unwrap_or(&zero);
            let (handle, first) = if block < 2 { (0, 0) } else { (1, 2) };
            for t in 0..2 * N {
                let at = block * 2 * N + t;
                let word = self.value(Family::Word, at, 0);
                let carry = self.carry(Family::WordCarry, at, P.combination_carry_limbs());
                assert_eq!(word - carry, self.combination(row, t), "block {block}, word {t}");
                let of_handle = self.witness.outputs[handle].get(at - first * 2 * N).copied();
                assert_eq!(word, of_handle.map_or(0, i128::from), "block {block}, word {t}");
            }
        }
    }
}

/// Coefficient j of X^a times a polynomial.
fn rotated(coefficient: impl Fn(usize) -> i128, a: usize, j: usize) -> i128 {
    let at = (j + 2 * N - a) % (2 * N);
    if at < N { coefficient(at) } else { -coefficient(at - N) }
}
