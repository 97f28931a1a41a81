//! The verifying key as the contract holds it: words, hash, and the checks of `Groth16Key.sol`.

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::VerifyingKey;
use sha3::{Digest, Keccak256};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::{Parameters, statement as circuit_statement};
use trine_verifier::class::Class;
use trine_verifier::digest::{AbiHasher, g2_words, point_words, uint_word};
use trine_verifier::srs::VerifierSrs;
use trine_verifier::statement::{PUBLIC_INPUTS, parameter_set_id};

/// Why a verifying key is not deployed.
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
    /// Off the curve, outside the subgroup, or infinity.
    #[error("{point} is not a point of the group other than infinity")]
    Point {
        /// The point.
        point: &'static str,
    },
    /// Anybody forges.
    #[error("gamma equals delta")]
    GammaIsDelta,
    /// No contribution of phase 2: anybody forges.
    #[error("delta is the generator")]
    DeltaIsGenerator,
    /// A production key on another base point, where the checks above say nothing.
    #[error("gamma is not the generator: a ceremony's key stands on the standard generators")]
    GammaIsNotGenerator,
    /// `tau H` is the generator.
    #[error("tau is one")]
    TauIsOne,
}

/// A checked verifying key with the verifier's part of the reference string.
#[derive(Clone, Debug)]
pub struct DeployableKey<'a> {
    key: &'a VerifyingKey<Bn254>,
    srs: &'a VerifierSrs,
    class_id: u8,
}

impl<'a> DeployableKey<'a> {
    /// A key for linear programs. Refuses keys under which anybody forges.
    ///
    /// The keys of a development setup come from a generator that draws its own base points; a production key stands
    /// on the standard generators, gamma among them.
    pub fn new(key: &'a VerifyingKey<Bn254>, srs: &'a VerifierSrs, class: Class) -> Result<Self, KeyError> {
        Self::checked(key, srs, class.id, PUBLIC_INPUTS)
    }

    /// A key for circuits, as the constructor of the `CircuitVerifier` takes it. Refusals as for [`Self::new`].
    pub fn for_circuits(
        key: &'a VerifyingKey<Bn254>,
        srs: &'a VerifierSrs,
        parameters: &Parameters,
    ) -> Result<Self, KeyError> {
        Self::checked(key, srs, parameters.id, circuit_statement::PUBLIC_INPUTS)
    }

    fn checked(
        key: &'a VerifyingKey<Bn254>,
        srs: &'a VerifierSrs,
        class_id: u8,
        public_inputs: usize,
    ) -> Result<Self, KeyError> {
        let (got, expected) = (key.gamma_abc_g1.len(), public_inputs + 1);
        if got != expected {
            return Err(KeyError::InputPoints { got, expected });
        }
        let g1 = |p: &G1Affine| !p.is_zero() && p.is_on_curve();
        let g2 =
            |p: &G2Affine| !p.is_zero() && p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve();
        for (point, sound) in [
            ("alpha", g1(&key.alpha_g1)),
            ("beta", g2(&key.beta_g2)),
            ("gamma", g2(&key.gamma_g2)),
            ("delta", g2(&key.delta_g2)),
            ("an input point", key.gamma_abc_g1.iter().all(g1)),
            ("a power of tau in G2", srs.powers_h.iter().all(g2)),
        ] {
            if !sound {
                return Err(KeyError::Point { point });
            }
        }
        if key.gamma_g2 == key.delta_g2 {
            return Err(KeyError::GammaIsDelta);
        }
        if key.delta_g2 == G2Affine::generator() {
            return Err(KeyError::DeltaIsGenerator);
        }
        if *srs.tau_h() == G2Affine::generator() {
            return Err(KeyError::TauIsOne);
        }
        if !srs.development && key.gamma_g2 != G2Affine::generator() {
            return Err(KeyError::GammaIsNotGenerator);
        }
        Ok(Self { key, srs, class_id })
    }

    /// The verifier's part of the reference string.
    pub fn srs(&self) -> &VerifierSrs {
        self.srs
    }

    /// Words in the order of `Groth16Key.sol`: alpha, beta, gamma, delta, input points, powers of tau in G2.
    pub fn words(&self) -> Vec<Bytes32> {
        let mut words = self.head();
        words.extend(self.key.gamma_abc_g1.iter().flat_map(point_words));
        words.extend(self.srs.powers_h.iter().flat_map(g2_words));
        words
    }

    /// Verifier hash of `docs/spec/onchain.md`.
    pub fn verifier_hash(&self) -> Bytes32 {
        let mut bytes = self.head();
        bytes.push(uint_word(self.key.gamma_abc_g1.len() as u64));
        bytes.extend(self.key.gamma_abc_g1.iter().flat_map(point_words));
        AbiHasher::tagged("verifier")
            .word(&Keccak256::digest(bytes.concat()).into())
            .word(&self.srs.digest())
            .word(&parameter_set_id())
            .uint(u64::from(self.class_id))
            .finish()
    }

    fn head(&self) -> Vec<Bytes32> {
        let mut words = point_words(&self.key.alpha_g1).to_vec();
        for point in [&self.key.beta_g2, &self.key.gamma_g2, &self.key.delta_g2] {
            words.extend(g2_words(point));
        }
        words
    }
}
