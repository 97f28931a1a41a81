//! A proof in the making, and its bytes: what a crash leaves.

use super::prove::Phase;
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::Zero;
use trine_verifier::bootstrapping::Checks;
use trine_verifier::bootstrapping::lookup::{blocks, layers};
use trine_verifier::bootstrapping::parameters::GROUPING;
use trine_verifier::bootstrapping::product::ProductProof;
use trine_verifier::bootstrapping::proof::{CircuitProof, FieldProof};
use trine_verifier::bootstrapping::shape::Shape;
use trine_verifier::bootstrapping::switch::{SwitchProof, rounds};
use trine_verifier::opening::{ClosingPoints, OpeningProof, residue_counts};
use trine_verifier::proof::{GroupProof, LayerProof, ProofError, TreeProof};

/// Finished phases of a proof. Parts of phases to come are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    finished: usize,
    /// Group elements so far.
    pub group: GroupProof,
    /// Field elements so far.
    pub field: FieldProof,
    /// `x_z`, once the rotation is read.
    pub(super) evaluation: Vec<Fr>,
    /// `u`, once the reduction is read.
    pub(super) point: Vec<Fr>,
}

impl Default for Partial {
    fn default() -> Self {
        let product = || ProductProof { inner: vec![], outer: vec![], left: Fr::zero(), right: Fr::zero() };
        let switch = SwitchProof { product: Fr::zero(), rounds: vec![], digits: Fr::zero(), key: Fr::zero() };
        Self {
            finished: 0,
            group: GroupProof {
                columns: vec![],
                second: vec![],
                folds: vec![],
                closing: ClosingPoints::INFINITY,
            },
            field: FieldProof {
                accumulator: Fr::zero(),
                product: product(),
                key: product(),
                switch,
                tree: TreeProof { root: [Fr::zero(); 4], layers: vec![] },
                reduction: vec![],
                values: vec![],
                opening: OpeningProof { f0_at_u: Fr::zero(), residues: vec![] },
            },
            evaluation: vec![],
            point: vec![],
        }
    }
}

impl Partial {
    /// Whether a phase is finished.
    pub fn has(&self, phase: Phase) -> bool {
        (phase as usize) < self.finished
    }

    pub(super) fn finish(&mut self, phase: Phase) {
        self.finished = phase as usize + 1;
    }

    /// The proof; whole when all phases are finished.
    pub fn into_proof(self) -> CircuitProof {
        CircuitProof { group: self.group, field: self.field }
    }

    /// Number of finished phases, then the bytes of a proof in which the parts of phases to come are zero.
    pub fn to_bytes(&self, shape: &Shape) -> Vec<u8> {
        let mut padded = self.clone();
        padded.pad(shape);
        let mut bytes = vec![self.finished as u8];
        bytes.extend(padded.into_proof().to_bytes(shape));
        bytes
    }

    /// Gives the parts of phases to come their lengths.
    fn pad(&mut self, shape: &Shape) {
        let p = &shape.parameters;
        let zero = Fr::zero();
        let (group, field) = (&mut self.group, &mut self.field);
        group.columns.resize(shape.first_round().len(), G1Affine::zero());
        group.second.resize(shape.second_round().len(), G1Affine::zero());
        group.folds.resize(shape.levels() - 1, G1Affine::zero());
        for (product, outer) in [
            (&mut field.product, 1 + p.log_steps + shape.log_bootstrappings),
            (&mut field.key, GROUPING + p.log_steps),
        ] {
            product.inner.resize(p.log_n, [zero; 2]);
            product.outer.resize(outer, [zero; 3]);
        }
        field.switch.rounds.resize(rounds(shape), [zero; 2]);
        let layers = layers(&blocks(shape, &Checks::ALL));
        for layer in field.tree.layers.len() + 1..layers {
            field.tree.layers.push(LayerProof { rounds: vec![[zero; 2]; layer], children: [zero; 4] });
        }
        field.reduction.resize(p.log_chunk, [zero; 2]);
        field.values.resize(shape.used().len(), zero);
        if field.opening.residues.is_empty() {
            let counts = residue_counts(p.log_chunk).into_iter();
            field.opening.residues = counts.map(|count| vec![zero; count]).collect();
        }
    }

    /// Reads what [`Self::to_bytes`] makes.
    pub fn from_bytes(shape: &Shape, bytes: &[u8]) -> Result<Self, ProofError> {
        let (finished, rest) = bytes.split_first().ok_or(ProofError::Header)?;
        let proof = CircuitProof::from_bytes(shape, rest)?;
        let finished = usize::from(*finished).min(Phase::ALL.len());
        Ok(Self { finished, group: proof.group, field: proof.field, ..Self::default() })
    }
}
