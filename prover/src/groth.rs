//! Groth16 over BN254: proofs of the wrap circuit and the verifying key as the chain sees it.
//!
//! [`setup`] holds the development keys.

pub mod setup;

pub use setup::{SetupError, development_key, development_verifying_key};

use crate::mode::Mode;
use crate::wrap::checks::Checks;
use crate::wrap::{WrapWitness, bootstrapping, synthesise};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::UniformRand;
use ark_groth16::{Groth16, Proof, VerifyingKey, prepare_verifying_key};
use rand::{CryptoRng, RngCore};
use sha3::{Digest, Keccak256};
use trine_verifier::Bytes32;
use trine_verifier::class::Class;
use trine_verifier::digest::{
    AbiHasher, field_from_word, g2_words, point_from_words, point_words, uint_word,
};
use trine_verifier::statement::{PUBLIC_INPUTS, PublicInputs};

/// Proving key of the wrap circuit.
pub type ProvingKey = ark_groth16::ProvingKey<Bn254>;

/// Words of a wrap proof on chain.
pub const PROOF_WORDS: usize = 8;

/// Why there is no wrap proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// Public inputs or witness break a check.
    #[error("{id}: public inputs or witness break this check")]
    Check {
        /// Spec id of the first broken check.
        id: &'static str,
    },
    /// The key belongs to another circuit.
    #[error("proving key has {got} {what}, the circuit {expected}")]
    Key {
        /// What differs.
        what: &'static str,
        /// In the key.
        got: usize,
        /// In the circuit.
        expected: usize,
    },
    /// arkworks gives up.
    #[error("proof generation fails: {0}")]
    Synthesis(String),
    /// The finished proof does not verify: a fault of the prover, never sent out.
    #[error("the finished wrap proof does not verify")]
    SelfCheck,
}

/// A Groth16 proof of the wrap circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct WrapProof(Proof<Bn254>);

impl WrapProof {
    /// `A.x, A.y, B.x_c1, B.x_c0, B.y_c1, B.y_c0, C.x, C.y` (`docs/spec/onchain.md`).
    pub fn to_words(&self) -> [Bytes32; PROOF_WORDS] {
        let [ax, ay] = point_words(&self.0.a);
        let [bx1, bx0, by1, by0] = g2_words(&self.0.b);
        let [cx, cy] = point_words(&self.0.c);
        [ax, ay, bx1, bx0, by1, by0, cx, cy]
    }

    /// From the words of [`Self::to_words`]: canonical, on the curve, in the subgroup, not at infinity.
    pub fn from_words(words: &[Bytes32; PROOF_WORDS]) -> Option<Self> {
        let [ax, ay, bx1, bx0, by1, by0, cx, cy] = words;
        let (a, c) = (point_from_words(ax, ay)?, point_from_words(cx, cy)?);
        let fq = field_from_word::<Fq>;
        let b = G2Affine::new_unchecked(Fq2::new(fq(bx0)?, fq(bx1)?), Fq2::new(fq(by0)?, fq(by1)?));
        let sound = b.is_on_curve() && b.is_in_correct_subgroup_assuming_on_curve();
        (sound && !a.is_zero() && !c.is_zero()).then_some(Self(Proof { a, b, c }))
    }
}

/// Proves that the public inputs have a witness, and verifies the proof.
///
/// Errors: [`WrapError::Check`] with the spec id when they have none; nothing else depends on the witness.
pub fn prove_wrap(
    key: &ProvingKey,
    class: &Class,
    public: &PublicInputs,
    witness: &WrapWitness,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<WrapProof, WrapError> {
    if let Some(id) = witness.shape_failure(class) {
        return Err(WrapError::Check { id });
    }
    let mut checks = Checks::recording(&public.to_array());
    synthesise(&mut checks, class, witness);
    prove_recorded(key, &checks, rng)
}

/// [`prove_wrap`] for the proof of bootstrapping.
pub fn prove_bootstrapping_wrap(
    key: &ProvingKey,
    class: &bootstrapping::class::Class,
    public: &trine_verifier::bootstrapping::statement::PublicInputs,
    witness: &bootstrapping::WrapWitness,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<WrapProof, WrapError> {
    if let Some(id) = witness.shape_failure(class) {
        return Err(WrapError::Check { id });
    }
    let mut checks = Checks::recording(&public.to_array());
    bootstrapping::synthesise(&mut checks, class, witness);
    prove_recorded(key, &checks, rng)
}

/// Proves recorded constraints, and verifies the proof.
fn prove_recorded(
    key: &ProvingKey,
    checks: &Checks,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<WrapProof, WrapError> {
    if let Some(id) = checks.first_failure() {
        return Err(WrapError::Check { id });
    }
    let assignment = checks.assignment();
    let instance = checks.instance_variables();
    for (what, got, expected) in [
        ("public inputs", key.vk.gamma_abc_g1.len(), instance),
        ("variables", key.a_query.len(), assignment.len()),
        ("powers", key.h_query.len() + 1, (checks.constraints() + instance).next_power_of_two()),
    ] {
        if got != expected {
            return Err(WrapError::Key { what, got, expected });
        }
    }
    let proof = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
        key,
        Fr::rand(rng),
        Fr::rand(rng),
        checks.matrices(),
        instance,
        checks.constraints(),
        &assignment,
    )
    .map_err(|error| WrapError::Synthesis(error.to_string()))?;
    let proof = WrapProof(proof);
    let public = assignment.get(1..instance).unwrap_or_default();
    if verify_public(&key.vk, public, &proof) { Ok(proof) } else { Err(WrapError::SelfCheck) }
}

/// Whether a wrap proof verifies.
pub fn verify_wrap(key: &VerifyingKey<Bn254>, public: &PublicInputs, proof: &WrapProof) -> bool {
    verify_public(key, &public.to_array(), proof)
}

/// Whether a wrap proof verifies for public inputs in their order, those of linear programs or of bootstrappings.
pub fn verify_public(key: &VerifyingKey<Bn254>, public: &[Fr], proof: &WrapProof) -> bool {
    let prepared = prepare_verifying_key(key);
    Groth16::<Bn254>::verify_proof(&prepared, &proof.0, public).unwrap_or(false)
}

/// Why a verifying key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the number of points that the public inputs need.
    #[error("verifying key has {got} input points, expected {expected}")]
    InputPoints {
        /// Points in the key.
        got: usize,
        /// One more than public inputs.
        expected: usize,
    },
    /// A point is off the curve, outside the subgroup or at infinity.
    #[error("{what} is not a point of the group other than infinity")]
    Point {
        /// The point.
        what: &'static str,
    },
    /// `gamma = delta`: anyone forges, the public inputs and the witness share one equation.
    #[error("gamma equals delta: proofs under this key can be forged")]
    GammaIsDelta,
    /// `delta` is the generator: the second phase of the setup never happened.
    #[error("delta is the generator: the setup was never contributed to")]
    DeltaIsGenerator,
    /// A production key on another base point, where the checks of delta say nothing.
    #[error("gamma is not the generator: a ceremony's key stands on the standard generators")]
    GammaIsNotGenerator,
    /// The development key in production.
    #[error("the development key has known secrets and is refused outside development mode")]
    Development,
}

/// Refuses verifying keys of the wrap circuit under which proofs can be forged.
pub fn check_verifying_key(key: &VerifyingKey<Bn254>, mode: Mode) -> Result<(), KeyError> {
    check_key(key, PUBLIC_INPUTS, mode)
}

/// Refuses verifying keys of a circuit with `public_inputs` public inputs under which proofs can be forged.
pub fn check_key(key: &VerifyingKey<Bn254>, public_inputs: usize, mode: Mode) -> Result<(), KeyError> {
    let expected = 1 + public_inputs;
    if key.gamma_abc_g1.len() != expected {
        return Err(KeyError::InputPoints { got: key.gamma_abc_g1.len(), expected });
    }
    // An input point at infinity would leave its public input unbound.
    let in_g1 = |p: &G1Affine| !p.is_zero() && p.is_on_curve();
    let in_g2 =
        |p: &G2Affine| !p.is_zero() && p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve();
    for (what, sound) in [
        ("alpha", in_g1(&key.alpha_g1)),
        ("beta", in_g2(&key.beta_g2)),
        ("gamma", in_g2(&key.gamma_g2)),
        ("delta", in_g2(&key.delta_g2)),
        ("an input point", key.gamma_abc_g1.iter().all(in_g1)),
    ] {
        if !sound {
            return Err(KeyError::Point { what });
        }
    }
    if key.gamma_g2 == key.delta_g2 {
        return Err(KeyError::GammaIsDelta);
    }
    if key.delta_g2 == G2Affine::generator() {
        return Err(KeyError::DeltaIsGenerator);
    }
    if mode == Mode::Production && setup::is_development(key) {
        return Err(KeyError::Development);
    }
    if mode == Mode::Production && key.gamma_g2 != G2Affine::generator() {
        return Err(KeyError::GammaIsNotGenerator);
    }
    Ok(())
}

/// Verifying key bytes of `docs/spec/onchain.md`: alpha, beta, gamma, delta, number of input points, input points.
pub fn verifying_key_bytes(key: &VerifyingKey<Bn254>) -> Vec<u8> {
    let mut words: Vec<Bytes32> = point_words(&key.alpha_g1).to_vec();
    for point in [&key.beta_g2, &key.gamma_g2, &key.delta_g2] {
        words.extend(g2_words(point));
    }
    words.push(uint_word(key.gamma_abc_g1.len() as u64));
    words.extend(key.gamma_abc_g1.iter().flat_map(point_words));
    words.concat()
}

/// Verifier hash of `docs/spec/onchain.md`.
pub fn verifier_hash(
    key: &VerifyingKey<Bn254>,
    srs_digest: &Bytes32,
    parameter_set_id: &Bytes32,
    class_id: u8,
) -> Bytes32 {
    AbiHasher::tagged("verifier")
        .word(&Keccak256::digest(verifying_key_bytes(key)).into())
        .word(srs_digest)
        .word(parameter_set_id)
        .uint(u64::from(class_id))
        .finish()
}
