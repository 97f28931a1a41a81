//! Steps PB.H1 to PB.H5: all look-ups in one tree of fractions (logUp-GKR).
//!
//! Leaves come in blocks, the longest first, so that each begins at a multiple of its length. A cell is `1 / (alpha - f)`, an
//! entry of a table `-multiplicity / (alpha - f)`, f the fingerprint of what is looked up; the rest is `0 / 1`.

use super::checks::{Check, Checks};
use super::claim::{Claim, Part, power_of_two};
use super::error::Rejection;
use super::parameters::KEY_KINDS;
use super::shape::{Column, Family, Shape, log2};
use super::weight::evaluation::exponent_extension;
use super::weight::index::identity;
use super::weight::{Factor, Weight};
use crate::claim::eq_index;
use crate::opening::eq_table;
use crate::proof::TreeProof;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_program::KeyKind;

/// What a block of leaves looks up, or which table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Cells of a limb in the range table, shifted up by so many bits under either key.
    Cells {
        /// The limb.
        column: Column,
        /// Shift under the compute and the casting key.
        shift: [usize; KEY_KINDS],
    },
    /// Ties and digits of the keyswitch in the table of their key.
    Decompositions,
    /// Exponents and powers of the rotation in the table of exponents.
    Exponents,
    /// `0 .. 2^w`.
    RangeTable,
    /// Decompositions under one key.
    DecompositionTable(u8),
    /// `(a, W_x[a])` for all exponents.
    ExponentTable,
}

/// Consecutive leaves of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Their kind.
    pub leaves: Leaves,
    /// log2 of their number.
    pub variables: usize,
    /// Index of the first.
    pub offset: usize,
}

/// Blocks of the tree in the order of their leaves.
pub fn blocks(shape: &Shape, checks: &Checks) -> Vec<Block> {
    let mut list: Vec<(Leaves, usize)> = vec![];
    for (column, shift) in look_ups(shape, checks) {
        list.push((Leaves::Cells { column, shift }, shape.variables(column)));
    }
    if checks.makes(Check::Decompositions) {
        list.push((Leaves::Decompositions, shape.variables(Column::Tie)));
    }
    if checks.makes(Check::Exponents) {
        list.push((Leaves::Exponents, shape.variables(Column::Exponent)));
    }
    list.push((Leaves::RangeTable, shape.variables(Column::RangeMultiplicity)));
    for kind in 0..KEY_KINDS as u8 {
        list.push((Leaves::DecompositionTable(kind), shape.variables(Column::KeyswitchMultiplicity(kind))));
    }
    list.push((Leaves::ExponentTable, shape.variables(Column::ExponentMultiplicity)));
    list.sort_by_key(|(_, variables)| std::cmp::Reverse(*variables));
    let mut offset = 0;
    list.into_iter()
        .map(|(leaves, variables)| {
            let block = Block { leaves, variables, offset };
            offset += 1 << variables;
            block
        })
        .collect()
}

/// Range look-ups: every limb, and once more, shifted up, where it is narrower than the table.
pub fn look_ups(shape: &Shape, checks: &Checks) -> Vec<(Column, [usize; KEY_KINDS])> {
    let p = &shape.parameters;
    let mut list = vec![];
    for family in Family::ALL.into_iter().filter(|f| checks.makes(Check::Range(*f))) {
        for limb in 0..family.limbs(p) {
            let column = family.limb(limb as u8);
            list.push((column, [0; KEY_KINDS]));
            let shift = family.shifts(p, limb);
            if shift != [0; KEY_KINDS] && checks.makes(Check::Narrow(family)) {
                list.push((column, shift));
            }
        }
    }
    list
}

/// Layers of the tree below the root: log2 of the leaves.
pub fn layers(blocks: &[Block]) -> usize {
    log2(blocks.iter().map(|b| 1usize << b.variables).sum())
}

/// Challenges of the look-ups, and what the fingerprints depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// Every denominator is `alpha - fingerprint`.
    pub alpha: Fr,
    /// Weighs the parts of a fingerprint.
    pub beta: Fr,
    /// Tag of the decompositions of each key.
    pub decomposition_tags: [Fr; KEY_KINDS],
    /// Keyswitching key of every slot of bootstrappings.
    pub kinds: Vec<KeyKind>,
    /// `x_z`: the exponents' powers are `W_(x_z)`.
    pub evaluation: Vec<Fr>,
}

/// The look-up challenge where it depends on nothing: for the test that switches [`Check::LateChallenges`] off.
#[doc(hidden)]
pub const EARLY_ALPHA: u64 = 0x0123_4567_89ab_cdef;

impl Fingerprints {
    /// PB.H1: draws alpha and beta. Everything that is looked up has been absorbed.
    pub fn draw(
        kinds: Vec<KeyKind>,
        evaluation: &[Fr],
        checks: &Checks,
        transcript: &mut Transcript,
    ) -> Self {
        let (mut alpha, beta) = (transcript.challenge("alpha"), transcript.challenge("beta"));
        if !checks.makes(Check::LateChallenges) {
            alpha = Fr::from(EARLY_ALPHA);
        }
        let casting = if checks.makes(Check::DecompositionKey) { 3u64 } else { 1 };
        let decomposition_tags = [Fr::one(), Fr::from(casting)];
        Self { alpha, beta, decomposition_tags, kinds, evaluation: evaluation.to_vec() }
    }

    /// `beta^k`.
    pub fn power(&self, k: usize) -> Fr {
        (0..k).fold(Fr::one(), |power, _| power * self.beta)
    }

    /// Tag of the decompositions of the key of every slot.
    pub fn slot_tags(&self) -> Vec<Fr> {
        let [compute, casting] = self.decomposition_tags;
        self.kinds.iter().map(|kind| if *kind == KeyKind::Casting { casting } else { compute }).collect()
    }

    /// Fingerprint of a decomposition: `beta tag + beta^2 tie + sum_l beta^(3+l) digit_l`.
    pub fn decomposition(&self, tag: Fr, tie: Fr, digits: impl IntoIterator<Item = Fr>) -> Fr {
        let parts = [Fr::zero(), tag, tie].into_iter().chain(digits);
        self.combine(parts)
    }

    /// Fingerprint of an exponent and its power: `2 beta + beta^2 a + beta^3 v`.
    pub fn exponent(&self, a: Fr, v: Fr) -> Fr {
        self.combine([Fr::zero(), Fr::from(2u64), a, v])
    }

    fn combine(&self, parts: impl IntoIterator<Item = Fr>) -> Fr {
        let mut power = Fr::one();
        parts.into_iter().fold(Fr::zero(), |sum, part| {
            let term = part * power;
            power *= self.beta;
            sum + term
        })
    }
}

/// What the tree leaves to show: numerators and denominators of the leaves at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafPoint {
    /// Over the index of the leaves.
    pub point: Vec<Fr>,
    /// Numerators there.
    pub numerator: Fr,
    /// Denominators there.
    pub denominator: Fr,
}

/// Verifies the tree from the root to the leaves.
///
/// Steps: PB.H2 root numerator vanishes; PB.H3 root denominator does not; PB.H4 each layer.
pub fn verify_tree(
    layers: usize,
    proof: &TreeProof,
    checks: &Checks,
    transcript: &mut Transcript,
) -> Result<LeafPoint, Rejection> {
    let (got, expected) = (proof.layers.len() + 1, layers);
    if got != expected {
        return Err(Rejection::Shape { what: "layers of the look-up tree", got, expected });
    }
    let [p0, p1, q0, q1] = proof.root;
    transcript.absorb_all("H.root", &proof.root);
    if checks.makes(Check::RootNumerator) && !(p0 * q1 + p1 * q0).is_zero() {
        return Err(Rejection::RootNumerator);
    }
    if checks.makes(Check::RootDenominator) && (q0 * q1).is_zero() {
        return Err(Rejection::RootDenominator);
    }
    let mu = transcript.challenge("mu");
    let (mut p, mut q) = (p0 + mu * (p1 - p0), q0 + mu * (q1 - q0));
    let mut point = vec![mu];
    for (index, layer) in proof.layers.iter().enumerate() {
        let (got, expected) = (layer.rounds.len(), point.len());
        if got != expected {
            return Err(Rejection::Shape { what: "rounds of a layer", got, expected });
        }
        let lambda = transcript.challenge("lambda");
        let (mut next, claim) = super::sumcheck::verify_factored(
            p + lambda * q,
            &point,
            &layer.rounds,
            "H.round",
            "h",
            transcript,
        );
        let [p0, p1, q0, q1] = layer.children;
        transcript.absorb_all("H.children", &layer.children);
        if checks.makes(Check::Layer) && claim != p0 * q1 + p1 * q0 + lambda * q0 * q1 {
            return Err(Rejection::Layer { layer: index + 1 });
        }
        let mu = transcript.challenge("mu");
        (p, q) = (p0 + mu * (p1 - p0), q0 + mu * (q1 - q0));
        next.push(mu);
        point = next;
    }
    Ok(LeafPoint { point, numerator: p, denominator: q })
}

/// PB.H5: the leaves at the point as two linear claims, on the multiplicities and on the cells.
pub fn leaf_claims(
    shape: &Shape,
    blocks: &[Block],
    fingerprints: &Fingerprints,
    leaf: &LeafPoint,
) -> [Claim; 2] {
    let mut numerator = Claim { check: Check::Leaves, parts: vec![], value: leaf.numerator };
    // Leaves of no block are 0 / 1.
    let mut denominator = Claim { check: Check::Leaves, parts: vec![], value: leaf.denominator - Fr::one() };
    for block in blocks {
        let (row, above) = leaf.point.split_at(block.variables.min(leaf.point.len()));
        let selected = eq_index(above, block.offset >> block.variables);
        match multiplicity(block.leaves) {
            Some(column) => numerator.parts.push(row_part(row, vec![(column, -selected)])),
            None => numerator.value -= selected,
        }
        let terms = Terms { shape, fingerprints, row, selected };
        let (parts, constant) = terms.of(block.leaves);
        denominator.parts.extend(parts);
        denominator.value += selected - selected * fingerprints.alpha + constant;
    }
    [numerator, denominator]
}

fn multiplicity(leaves: Leaves) -> Option<Column> {
    match leaves {
        Leaves::RangeTable => Some(Column::RangeMultiplicity),
        Leaves::DecompositionTable(kind) => Some(Column::KeyswitchMultiplicity(kind)),
        Leaves::ExponentTable => Some(Column::ExponentMultiplicity),
        Leaves::Cells { .. } | Leaves::Decompositions | Leaves::Exponents => None,
    }
}

/// `-selected * fingerprint~(row)` of one block, as parts on columns, and what is public of it with the opposite sign.
struct Terms<'a> {
    shape: &'a Shape,
    fingerprints: &'a Fingerprints,
    row: &'a [Fr],
    selected: Fr,
}

impl Terms<'_> {
    fn of(&self, leaves: Leaves) -> (Vec<Part>, Fr) {
        let f = self.fingerprints;
        match leaves {
            Leaves::Cells { column, shift } => (vec![self.cells(column, shift)], Fr::zero()),
            Leaves::Decompositions => self.decompositions(),
            Leaves::Exponents => {
                let square = f.power(2);
                let columns = vec![
                    (Column::Exponent, -self.selected * square),
                    (Column::Rotation, -self.selected * square * f.beta),
                ];
                (vec![row_part(self.row, columns)], self.selected * f.beta * Fr::from(2u64))
            }
            Leaves::RangeTable => (vec![], self.selected * identity(self.row)),
            Leaves::DecompositionTable(kind) => (vec![], self.selected * self.decomposition_table(kind)),
            Leaves::ExponentTable => {
                let power = exponent_extension(&f.evaluation, self.row);
                (vec![], self.selected * f.exponent(identity(self.row), power))
            }
        }
    }

    fn cells(&self, column: Column, [compute, casting]: [usize; KEY_KINDS]) -> Part {
        if compute == casting {
            return row_part(self.row, vec![(column, -self.selected * power_of_two(compute))]);
        }
        // The shift depends on the key of the slot.
        let (word, slot) = self.row.split_at(self.shape.parameters.log_n.min(self.row.len()));
        let scales = self
            .fingerprints
            .kinds
            .iter()
            .map(|kind| power_of_two(if *kind == KeyKind::Casting { casting } else { compute }));
        let slots = eq_table(slot).into_iter().zip(scales).map(|(weight, scale)| weight * scale).collect();
        let factors = vec![Factor::eq(word), Factor::Public(slots)];
        Part { weight: Weight { scale: Fr::one(), factors }, columns: vec![(column, -self.selected)] }
    }

    fn decompositions(&self) -> (Vec<Part>, Fr) {
        let (p, f) = (&self.shape.parameters, self.fingerprints);
        let offset = Fr::from(p.digit_offset());
        let mut columns = vec![(Column::Tie, -self.selected * f.power(2))];
        let mut offsets = Fr::zero();
        for level in 0..p.max_levels() {
            let weight = f.power(3 + level);
            columns.push((Column::KeyswitchDigit(level as u8), -self.selected * weight));
            offsets += weight * offset;
        }
        let slot = self.row.get(p.log_n..).unwrap_or_default();
        let tag: Fr = eq_table(slot).iter().zip(f.slot_tags()).map(|(weight, tag)| *weight * tag).sum();
        (vec![row_part(self.row, columns)], self.selected * (f.beta * tag - offsets))
    }

    fn decomposition_table(&self, kind: u8) -> Fr {
        let f = self.fingerprints;
        let Some(gadget) = self.shape.parameters.keyswitching.get(usize::from(kind)) else {
            return Fr::zero();
        };
        let tag = f.decomposition_tags.get(usize::from(kind)).copied().unwrap_or_default();
        let tie = self.row.get(gadget.state_bits()).copied().unwrap_or_default();
        f.decomposition(tag, tie, gadget.digit_extensions(self.row))
    }
}

fn row_part(row: &[Fr], columns: Vec<(Column, Fr)>) -> Part {
    Part { weight: Weight { scale: Fr::one(), factors: vec![Factor::eq(row)] }, columns }
}
