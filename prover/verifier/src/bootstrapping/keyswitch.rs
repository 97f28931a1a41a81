//! Steps PB.F1 and PB.F2: keyswitch digits decompose the input of their bootstrapping.
//!
//! `in[j] + 2^(R-1) = 2^R sum_l B^l dks_l + 2^(R-1) tie + rho + 2^64 kappa` with R the dropped bits of the key: at a random
//! (j, p) one linear claim, nothing is sent. That digits and tie are those of tfhe-rs is looked up (PB.H).

use super::checks::Check;
use super::claim::{Claim, Part, limbs, power_of_two};
use super::combination::combination;
use super::shape::{Column, Family, Shape};
use super::slot::draw_slot;
use super::switch::kinds;
use super::weight::{Factor, Weight};
use crate::opening::eq_table;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_program::circuit::{Circuit, Linear};

/// The random row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyswitchPoint {
    /// Mask word.
    pub word: Vec<Fr>,
    /// Slot of the bootstrapping.
    pub slot: Vec<Fr>,
}

impl KeyswitchPoint {
    /// PB.F1: draws the row.
    pub fn draw(shape: &Shape, transcript: &mut Transcript) -> Self {
        Self {
            word: transcript.challenges("f", shape.parameters.log_n),
            slot: draw_slot(shape, "f", transcript),
        }
    }
}

/// PB.F2: the decomposition at the row.
pub fn keyswitch_claim(shape: &Shape, circuit: &Circuit, f: &KeyswitchPoint) -> Claim {
    let p = &shape.parameters;
    let slots = eq_table(&f.slot);
    let gadgets: Vec<_> =
        kinds(shape, circuit).into_iter().map(|kind| gadget(shape, kind as usize)).collect();
    // One public factor for each slot: what a column of this slot counts under its key.
    let scaled = |bits: &dyn Fn(super::parameters::Gadget) -> Option<usize>| -> Vec<Fr> {
        let factor = |g| bits(g).map_or(Fr::zero(), power_of_two);
        slots.iter().zip(&gadgets).map(|(weight, g)| *weight * factor(*g)).collect()
    };
    let mut parts = vec![];
    let mut offsets = Fr::zero();
    for level in 0..p.max_levels() {
        let factors = scaled(&|g| (level < g.levels).then(|| g.dropped_bits() + g.base_bits * level));
        offsets += factors.iter().sum::<Fr>() * Fr::from(p.digit_offset());
        parts.push(slot_part(f, factors, vec![(Column::KeyswitchDigit(level as u8), Fr::one())]));
    }
    let halves = scaled(&|g| Some(g.remainder_bits()));
    let half: Fr = halves.iter().sum();
    parts.push(slot_part(f, halves, vec![(Column::Tie, Fr::one())]));
    let mut columns = limbs(shape, Family::KeyswitchRemainder, Fr::one());
    columns.extend(limbs(shape, Family::KeyswitchCarry, power_of_two(64)));
    parts.push(slot_part(f, slots.clone(), columns));

    let rows: Vec<&Linear> = circuit.bootstrappings().iter().map(|b| &b.input).collect();
    let mut mask_word = f.word.clone();
    mask_word.push(Fr::zero());
    let input = combination(shape, circuit, &rows, &slots, &mask_word, -Fr::one());
    parts.extend(input.parts);
    let carry = Fr::from(p.carry_offset(p.combination_carry_limbs())) * power_of_two(64);
    Claim { check: Check::Keyswitch, parts, value: half + offsets + carry - input.constant }
}

fn gadget(shape: &Shape, kind: usize) -> super::parameters::Gadget {
    let [compute, casting] = shape.parameters.keyswitching;
    if kind == 1 { casting } else { compute }
}

fn slot_part(f: &KeyswitchPoint, slots: Vec<Fr>, columns: Vec<(Column, Fr)>) -> Part {
    let factors = vec![Factor::eq(&f.word), Factor::Public(slots)];
    Part { weight: Weight { scale: Fr::one(), factors }, columns }
}
