//! Sumcheck of `sum_(z, y) eq(point, z) w(y) left(z, y) right(z, y)`: accumulator (PB.A) and combined key (PB.C).

use super::error::Rejection;
use super::sumcheck::{verify_cubic, verify_factored};
use crate::transcript::Transcript;
use ark_bn254::Fr;

/// What the prover sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductProof {
    /// `(t(1) - t(0), leading coefficient)` for each variable of z.
    pub inner: Vec<[Fr; 2]>,
    /// `(a_0, a_2, a_3)` for each variable of y.
    pub outer: Vec<[Fr; 3]>,
    /// `left` at the point.
    pub left: Fr,
    /// `right` at the point, or what is not known of it.
    pub right: Fr,
}

/// Labels in the transcript.
#[derive(Clone, Copy, Debug)]
pub struct ProductLabels {
    /// Rounds over z.
    pub inner: &'static str,
    /// Rounds over y.
    pub outer: &'static str,
    /// Challenges.
    pub challenge: &'static str,
    /// The two values.
    pub values: &'static str,
}

/// Labels of the accumulator's.
pub const ACCUMULATOR: ProductLabels =
    ProductLabels { inner: "A.inner", outer: "A.outer", challenge: "s", values: "A.values" };
/// Labels of the combined key's.
pub const KEY: ProductLabels =
    ProductLabels { inner: "C.inner", outer: "C.outer", challenge: "x", values: "C.values" };

/// Where a product sumcheck ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductEnd {
    /// Point over z.
    pub inner: Vec<Fr>,
    /// Point over y.
    pub outer: Vec<Fr>,
    /// `w~(outer) left right` has to be this.
    pub claim: Fr,
}

/// Runs the rounds and absorbs the values; the caller checks the end.
pub fn verify_product(
    claim: Fr,
    point: &[Fr],
    outer: usize,
    proof: &ProductProof,
    labels: ProductLabels,
    transcript: &mut Transcript,
) -> Result<ProductEnd, Rejection> {
    for (what, got, expected) in
        [("inner rounds", proof.inner.len(), point.len()), ("outer rounds", proof.outer.len(), outer)]
    {
        if got != expected {
            return Err(Rejection::Shape { what, got, expected });
        }
    }
    let (inner, claim) =
        verify_factored(claim, point, &proof.inner, labels.inner, labels.challenge, transcript);
    let (outer, claim) = verify_cubic(claim, &proof.outer, labels.outer, labels.challenge, transcript);
    transcript.absorb_all(labels.values, [&proof.left, &proof.right]);
    Ok(ProductEnd { inner, outer, claim })
}
