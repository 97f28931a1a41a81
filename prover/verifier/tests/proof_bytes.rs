//! Bytes of a proof: whatever they are, reading them never panics, and what reads has exactly one encoding.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{PrimeField, UniformRand};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use trine_verifier::opening::{ClosingPoints, OpeningProof, residue_counts};
use trine_verifier::proof::{FieldProof, GroupProof, LayerProof, ProofError, TreeProof, proof_bytes};
use trine_verifier::{Class, InnerProof};

const HEADER: usize = 6;
const CLASSES: [Class; 4] = [Class::SLICE, Class::REDUCED_CHUNKS, Class::REDUCED_TINY, Class::LIMB_21];

/// A proof of the right shape and of nothing, with points at infinity among its points.
fn any_proof(class: &Class, seed: u64) -> InnerProof {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut points = |count: usize| -> Vec<G1Affine> {
        (0..count)
            .map(|i| match i % 3 {
                2 => G1Affine::zero(),
                _ => (G1Projective::generator() * Fr::rand(&mut rng)).into_affine(),
            })
            .collect()
    };
    let group = GroupProof {
        columns: points(class.first_round_points()),
        second: points(class.second_round_points()),
        folds: points(class.levels() - 1),
        closing: ClosingPoints { quotient: points(1)[0], remainder: points(1)[0], witness: points(3)[2] },
    };
    let mut scalar = || Fr::rand(&mut rng);
    let field = FieldProof {
        tree: TreeProof {
            root: std::array::from_fn(|_| scalar()),
            layers: (1..class.layers())
                .map(|l| LayerProof {
                    rounds: (0..l).map(|_| [scalar(), scalar()]).collect(),
                    children: std::array::from_fn(|_| scalar()),
                })
                .collect(),
        },
        reduction: (0..class.log_chunk).map(|_| [scalar(), scalar()]).collect(),
        values: (0..class.polynomials()).map(|_| scalar()).collect(),
        opening: OpeningProof {
            f0_at_u: scalar(),
            residues: residue_counts(class.log_chunk)
                .into_iter()
                .map(|count| (0..count).map(|_| scalar()).collect())
                .collect(),
        },
    };
    InnerProof { group, field }
}

/// Offset of the first scalar: after header and points.
fn first_scalar(class: &Class) -> usize {
    HEADER + 64 * (class.first_input() + class.levels() - 1 + 3)
}

#[test]
fn a_proof_reads_back_in_every_class() {
    for class in CLASSES {
        let proof = any_proof(&class, 1);
        let bytes = proof.to_bytes(&class);
        assert_eq!(bytes.len(), proof_bytes(&class));
        assert_eq!(InnerProof::from_bytes(&class, &bytes), Ok(proof));
    }
}

#[test]
fn the_production_proof_has_its_frozen_length() {
    assert_eq!(proof_bytes(&Class::SLICE), 18_054);
}

#[test]
fn header_class_and_length_have_their_errors() {
    let class = Class::REDUCED_TINY;
    let bytes = any_proof(&class, 2).to_bytes(&class);
    let expected = bytes.len();
    for length in 0..HEADER {
        assert_eq!(InnerProof::from_bytes(&class, &bytes[..length]), Err(ProofError::Header));
    }
    for place in 0..HEADER - 1 {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert_eq!(InnerProof::from_bytes(&class, &changed), Err(ProofError::Header));
    }
    let other = Class::SLICE;
    let error = ProofError::Class { got: class.id, expected: other.id };
    assert_eq!(InnerProof::from_bytes(&other, &bytes), Err(error));
    let mut long = bytes.clone();
    long.push(0);
    let error = ProofError::Length { got: expected + 1, expected };
    assert_eq!(InnerProof::from_bytes(&class, &long), Err(error));
}

/// The modulus in place of zero would be a second encoding of the same scalar, and zero plus the modulus of a
/// coordinate one of the point at infinity.
#[test]
fn no_second_encoding_reads() {
    let class = Class::REDUCED_TINY;
    let bytes = any_proof(&class, 3).to_bytes(&class);
    let modulus = |limbs: [u64; 4]| -> Vec<u8> { limbs.iter().rev().flat_map(|l| l.to_be_bytes()).collect() };
    let mut changed = bytes.clone();
    let start = first_scalar(&class);
    changed[start..start + 32].copy_from_slice(&modulus(Fr::MODULUS.0));
    assert_eq!(InnerProof::from_bytes(&class, &changed), Err(ProofError::Scalar { field: "root" }));
    changed[start + 31] -= 1;
    assert!(InnerProof::from_bytes(&class, &changed).is_ok(), "one less is canonical");

    let modulus = modulus(ark_bn254::Fq::MODULUS.0);
    for place in [0, 32] {
        let mut changed = bytes.clone();
        changed[HEADER..HEADER + 64].fill(0);
        changed[HEADER + place..HEADER + place + 32].copy_from_slice(&modulus);
        assert_eq!(InnerProof::from_bytes(&class, &changed), Err(ProofError::Point { field: "columns" }));
    }
    let mut negated = any_proof(&class, 3);
    negated.group.columns[0] = -negated.group.columns[0];
    assert_ne!(negated.to_bytes(&class), bytes, "the sign of y is encoded");
}

/// Either refused or canonical; panics are failures by themselves.
fn canonical_or_refused(class: &Class, bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(proof) = InnerProof::from_bytes(class, bytes) {
        prop_assert_eq!(proof.to_bytes(class), bytes);
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        for class in CLASSES {
            canonical_or_refused(&class, &bytes)?;
        }
    }

    #[test]
    fn random_words_of_the_right_length_never_panic(seed in any::<[u8; 32]>(), index in 0..CLASSES.len()) {
        let class = CLASSES[index];
        let mut bytes = vec![0; proof_bytes(&class)];
        bytes.iter_mut().zip(seed.iter().cycle()).for_each(|(b, s)| *b = *s);
        bytes[..HEADER].copy_from_slice(&[b'T', b'R', b'P', b'E', 1, class.id]);
        canonical_or_refused(&class, &bytes)?;
    }

    #[test]
    fn truncated_and_extended_proofs_are_refused(
        seed in 0..4u64,
        cut in any::<prop::sample::Index>(),
        excess in 1..64usize,
    ) {
        let class = Class::REDUCED_TINY;
        let mut bytes = any_proof(&class, seed).to_bytes(&class);
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert!(InnerProof::from_bytes(&class, short).is_err());
        bytes.extend(vec![0; excess]);
        prop_assert!(InnerProof::from_bytes(&class, &bytes).is_err());
    }

    #[test]
    fn flipped_bits_are_refused_or_another_proof(
        seed in 0..4u64,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..4),
    ) {
        let class = Class::REDUCED_TINY;
        let proof = any_proof(&class, seed);
        let honest = proof.to_bytes(&class);
        let mut bytes = honest.clone();
        for (place, bit) in &flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        canonical_or_refused(&class, &bytes)?;
        if bytes != honest {
            prop_assert_ne!(InnerProof::from_bytes(&class, &bytes), Ok(proof));
        }
    }
}
