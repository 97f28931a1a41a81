//! Steps PE.H1 to PE.H5: all range checks in one tree of fractions (logUp-GKR).

use crate::claim::{LinearClaim, column_terms, eq_factors, eq_index};
use crate::class::{Class, Slot};
use crate::error::VerifyError;
use crate::proof::TreeProof;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// What the tree leaves to show: its leaves' numerators and denominators at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafClaim {
    /// The look-up challenge.
    pub alpha: Fr,
    /// `R` row variables, then `S` slot variables.
    pub point: Vec<Fr>,
    /// Numerators there.
    pub p: Fr,
    /// Denominators there.
    pub q: Fr,
}

/// Verifies the tree from the root to the leaves.
///
/// Steps: PE.H1 draw alpha; PE.H2 root numerator vanishes; PE.H3 root denominator does not; PE.H4 each layer.
pub fn verify_tree(
    class: &Class,
    proof: &TreeProof,
    transcript: &mut Transcript,
) -> Result<LeafClaim, VerifyError> {
    let alpha = transcript.challenge("alpha");
    let [p0, p1, q0, q1] = proof.root;
    transcript.absorb_all("root", &proof.root);
    if !(p0 * q1 + p1 * q0).is_zero() {
        return Err(VerifyError::RootNumerator);
    }
    if (q0 * q1).is_zero() {
        return Err(VerifyError::RootDenominator);
    }
    let mu = transcript.challenge("mu");
    let (mut p, mut q) = (p0 + mu * (p1 - p0), q0 + mu * (q1 - q0));
    let mut point = vec![mu];
    if proof.layers.len() + 1 != class.layers() {
        return Err(VerifyError::Shape {
            what: "tree layers",
            got: proof.layers.len(),
            expected: class.layers() - 1,
        });
    }
    for (index, layer) in proof.layers.iter().enumerate() {
        if layer.rounds.len() != point.len() {
            return Err(VerifyError::Shape {
                what: "rounds of a tree layer",
                got: layer.rounds.len(),
                expected: point.len(),
            });
        }
        let lambda = transcript.challenge("lambda");
        let mut claim = p + lambda * q;
        let mut next = Vec::with_capacity(point.len() + 1);
        for ([e, t_inf], x) in layer.rounds.iter().zip(&point) {
            transcript.absorb_all("round", [e, t_inf]);
            let rho = transcript.challenge("rho_layer");
            // t(0) = c - x e; t(X) = t(0) + (e - t_inf) X + t_inf X^2
            claim = claim - *x * e + rho * (*e - t_inf + rho * t_inf);
            next.push(rho);
        }
        let [p0, p1, q0, q1] = layer.children;
        transcript.absorb_all("children", &layer.children);
        if claim != p0 * q1 + p1 * q0 + lambda * q0 * q1 {
            return Err(VerifyError::TreeLayer { layer: index + 1 });
        }
        let mu = transcript.challenge("mu");
        (p, q) = (p0 + mu * (p1 - p0), q0 + mu * (q1 - q0));
        next.push(mu);
        point = next;
    }
    Ok(LeafClaim { alpha, point, p, q })
}

/// PE.H5: the leaf claim as two linear claims, on the multiplicities and on the cells.
pub fn leaf_claims(class: &Class, leaf: &LeafClaim) -> [LinearClaim; 2] {
    let (x, s) = leaf.point.split_at(class.log_slot().min(leaf.point.len()));
    let pad = |from: usize| -> Fr { x.iter().skip(from).map(|v| Fr::one() - v).product() };
    let (rows_pad, table_pad) = (pad(class.log_rows()), pad(class.limb_bits));
    let x_rows: Vec<Fr> = x.iter().copied().take(class.log_rows()).collect();
    let x_table: Vec<Fr> = x.iter().copied().take(class.limb_bits).collect();
    let row_factors = eq_factors(&x_rows);
    let (mut cell_weight, mut table_weight) = (Fr::zero(), Fr::zero());
    let mut cells = vec![];
    for (index, slot) in class.slots().into_iter().enumerate() {
        let weight = eq_index(s, index);
        match slot {
            Slot::Cells { column, shift } => {
                cell_weight += weight;
                let scale = weight * rows_pad * Fr::from(1u64 << shift);
                let first = column << class.log_column_chunks();
                cells.extend(column_terms(class, first, scale, &row_factors));
            }
            Slot::Table => table_weight += weight,
        }
    }
    let identity: Fr = x_table.iter().rev().fold(Fr::zero(), |a, v| a + a + v);
    let multiplicities = LinearClaim {
        value: rows_pad * cell_weight - leaf.p,
        terms: column_terms(class, class.first_table(), table_weight * table_pad, &eq_factors(&x_table)),
    };
    let cells = LinearClaim {
        value: Fr::one() - leaf.q
            + cell_weight * rows_pad * (leaf.alpha - Fr::one())
            + table_weight * table_pad * (leaf.alpha - Fr::one() - identity),
        terms: cells,
    };
    [multiplicities, cells]
}
