//! Points as bytes, scaled, and combined with weights that nobody chooses.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{PrimeField, Zero};
use rayon::prelude::*;
use trine_verifier::digest::{g2_words, point_words};

/// Points that one task scales.
const CHUNK: usize = 1 << 10;

/// 64 bytes: coordinates, big-endian; infinity is zero.
pub fn g1_bytes(point: &G1Affine) -> Vec<u8> {
    point_words(point).concat()
}

/// 128 bytes in the order of EIP-197.
pub fn g2_bytes(point: &G2Affine) -> Vec<u8> {
    g2_words(point).concat()
}

/// A scalar from a hash: 512 bits modulo r.
pub fn hash_scalar(hasher: &blake3::Hasher) -> Fr {
    let mut wide = [0; 64];
    hasher.finalize_xof().fill(&mut wide);
    Fr::from_le_bytes_mod_order(&wide)
}

/// `count` weights of 128 bits from a seed that covers everything that they weigh.
pub fn weights(seed: &[u8; 32], count: usize) -> Vec<Fr> {
    let mut bytes = blake3::Hasher::new().update(b"trine.ceremony.weights.v1").update(seed).finalize_xof();
    let mut weight = [0; 16];
    (0..count)
        .map(|_| {
            bytes.fill(&mut weight);
            Fr::from(u128::from_le_bytes(weight))
        })
        .collect()
}

/// `sum_i weights_i points_i`, over the shorter of both.
pub fn combine<C: CurveGroup<ScalarField = Fr>>(points: &[C::Affine], weights: &[Fr]) -> C::Affine {
    C::msm_unchecked(points, weights).into_affine()
}

/// Each point times `factor`.
pub fn scale(points: &[G1Affine], factor: &Fr) -> Vec<G1Affine> {
    points
        .par_chunks(CHUNK)
        .flat_map(|points| {
            let scaled: Vec<G1Projective> = points.iter().map(|point| *point * factor).collect();
            G1Projective::normalize_batch(&scaled)
        })
        .collect()
}

/// Whether `e(a, b) = e(c, d)`.
pub fn pairings_agree(a: G1Affine, b: G2Affine, c: G1Affine, d: G2Affine) -> bool {
    Bn254::multi_pairing([a, -c], [b, d]).is_zero()
}

/// Whether `after = x before` in G1 for the x of `delta = x H` in G2.
pub fn is_multiple(before: G1Affine, after: G1Affine, delta: G2Affine) -> bool {
    pairings_agree(after, G2Affine::generator(), before, delta)
}
