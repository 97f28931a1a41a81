//! Steps PB.E1 to PB.E6: keyswitch product and modulus switch.
//!
//! For step i and subset b: `2^S a + rho + 2^64 kappa = 2^(S-1) + sum_(m in b) ks[4 (i - 1) + m]`, S the bits of the remainder, ks
//! the *unreduced* keyswitch output. Slot i = 0 holds the body for odd b: `2^(S-1) - 1 - h 2^S - ks_body`; the -1 makes it
//! exactly minus the rounding. All other slots have no word: their exponent is 0.

use super::checks::Check;
use super::claim::{Claim, Part, limbs, power_of_two};
use super::combination::combination;
use super::error::Rejection;
use super::parameters::GROUPING;
use super::shape::{Column, Family, Shape};
use super::slot::draw_slot;
use super::sumcheck::verify_quadratic;
use super::weight::{Factor, Weight};
use crate::claim::eq_index;
use crate::opening::eq_table;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_program::KeyKind;
use trine_program::circuit::{Circuit, Linear};

/// What the prover sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchProof {
    /// PB.E2: sum of digits times folded key words.
    pub product: Fr,
    /// PB.E3: `(s(0), leading coefficient)` over level, j and key.
    pub rounds: Vec<[Fr; 2]>,
    /// PB.E4: digits folded over the slots.
    pub digits: Fr,
    /// PB.E4: key folded over its words.
    pub key: Fr,
}

/// The random row of the modulus switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchPoint {
    /// Subset.
    pub subset: Vec<Fr>,
    /// Step.
    pub step: Vec<Fr>,
    /// Slot of the bootstrapping.
    pub slot: Vec<Fr>,
}

impl SwitchPoint {
    /// PB.E1: draws the row.
    pub fn draw(shape: &Shape, transcript: &mut Transcript) -> Self {
        Self {
            subset: transcript.challenges("e", GROUPING),
            step: transcript.challenges("e", shape.parameters.log_steps),
            slot: draw_slot(shape, "e", transcript),
        }
    }

    /// Weight of the words of a keyswitching key. The first mask word of a group is the top bit of b.
    pub fn word_weight(&self) -> Factor {
        Factor::Switch { subset: self.subset.clone(), group: self.step.clone() }
    }
}

/// Where the sumcheck over level, j and key ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductPoint {
    /// Level, the least significant first.
    pub level: Vec<Fr>,
    /// Mask word.
    pub word: Vec<Fr>,
    /// Compute or casting key.
    pub kind: Fr,
}

/// Variables of the sumcheck of PB.E3.
pub fn rounds(shape: &Shape) -> usize {
    shape.parameters.log_levels() + shape.parameters.log_n + 1
}

/// PB.E2: exponents, remainders and carries against the product and the input's body.
pub fn switch_claim(shape: &Shape, circuit: &Circuit, e: &SwitchPoint, product: Fr) -> Claim {
    let p = &shape.parameters;
    let bits = p.switch_bits();
    let factors = vec![Factor::eq(&e.subset), Factor::eq(&e.step), Factor::eq(&e.slot)];
    let mut columns = vec![(Column::Exponent, power_of_two(bits))];
    columns.extend(limbs(shape, Family::SwitchRemainder, Fr::one()));
    columns.extend(limbs(shape, Family::SwitchCarry, power_of_two(64)));
    let mut parts = vec![Part { weight: Weight { scale: Fr::one(), factors }, columns }];

    // Odd subsets of step 0: the lowest bit of b.
    let body = eq_index(&e.step, 0) * e.subset.first().copied().unwrap_or_default();
    let rows: Vec<&Linear> = circuit.bootstrappings().iter().map(|b| &b.input).collect();
    let mut at_body = vec![Fr::zero(); p.log_n];
    at_body.push(Fr::one());
    let input = combination(shape, circuit, &rows, &eq_table(&e.slot), &at_body, body);
    parts.extend(input.parts);

    let offset = Fr::from(p.carry_offset(p.switch_carry_limbs())) * power_of_two(64);
    let rotated = body * (Fr::one() + Fr::from(p.half_box() as u64) * power_of_two(bits));
    let value = power_of_two(bits - 1) - rotated + offset - input.constant - product;
    Claim { check: Check::Switch, parts, value }
}

/// PB.E3: runs the sumcheck and absorbs its values. The caller checks `digits * key = claim` (PB.E4).
pub fn verify_switch_product(
    shape: &Shape,
    proof: &SwitchProof,
    transcript: &mut Transcript,
) -> Result<(ProductPoint, Fr), Rejection> {
    let (got, expected) = (proof.rounds.len(), rounds(shape));
    if got != expected {
        return Err(Rejection::Shape { what: "switch rounds", got, expected });
    }
    let (point, claim) = verify_quadratic(proof.product, &proof.rounds, "E.rounds", "t", transcript);
    transcript.absorb_all("E.values", [&proof.digits, &proof.key]);
    ProductPoint::from_rounds(shape, &point).map(|point| (point, claim)).ok_or(Rejection::Shape {
        what: "switch rounds",
        got,
        expected,
    })
}

impl ProductPoint {
    /// From the challenges of the rounds, in their order.
    pub fn from_rounds(shape: &Shape, point: &[Fr]) -> Option<Self> {
        let (level, rest) = point.split_at_checked(shape.parameters.log_levels())?;
        let (word, kind) = rest.split_at_checked(shape.parameters.log_n)?;
        Some(Self { level: level.to_vec(), word: word.to_vec(), kind: *kind.first()? })
    }
}

/// PB.E5: the digits folded over slots, those of each key by itself, are those of the columns.
pub fn switch_digits_claim(
    shape: &Shape,
    circuit: &Circuit,
    e: &SwitchPoint,
    t: &ProductPoint,
    value: Fr,
) -> Claim {
    let p = &shape.parameters;
    let slots: Vec<Fr> = eq_table(&e.slot)
        .into_iter()
        .zip(kinds(shape, circuit))
        .map(|(weight, kind)| weight * if kind == KeyKind::Casting { t.kind } else { Fr::one() - t.kind })
        .collect();
    let levels: Vec<Fr> = eq_table(&t.level).into_iter().take(p.max_levels()).collect();
    let total = slots.iter().sum::<Fr>() * levels.iter().sum::<Fr>() * Fr::from(p.digit_offset());
    let weight = Weight { scale: Fr::one(), factors: vec![Factor::eq(&t.word), Factor::Public(slots)] };
    let columns =
        levels.iter().enumerate().map(|(l, weight)| (Column::KeyswitchDigit(l as u8), *weight)).collect();
    Claim { check: Check::SwitchDigits, parts: vec![Part { weight, columns }], value: value + total }
}

/// PB.E6: the key folded over its words, from the words of both keys.
pub fn switch_key_claim(e: &SwitchPoint, t: &ProductPoint, value: Fr) -> Claim {
    let factors = vec![e.word_weight(), Factor::eq(&t.level), Factor::eq(&t.word)];
    let columns =
        vec![(Column::KeyswitchingKey(0), Fr::one() - t.kind), (Column::KeyswitchingKey(1), t.kind)];
    let part = Part { weight: Weight { scale: Fr::one(), factors }, columns };
    Claim { check: Check::SwitchKey, parts: vec![part], value }
}

/// The keyswitching key of every slot; unused slots have the compute key.
pub fn kinds(shape: &Shape, circuit: &Circuit) -> Vec<KeyKind> {
    let mut kinds: Vec<KeyKind> = circuit.bootstrappings().iter().map(|b| b.key_kind).collect();
    kinds.resize(shape.bootstrappings(), KeyKind::Compute);
    kinds
}
