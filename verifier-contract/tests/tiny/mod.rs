//! A verifying key whose circuit accepts all public inputs, over a reference string whose tau is known here.
//!
//! With both trapdoors at hand a proof of anything takes milliseconds, and everything that the contract checks is
//! still checked: digests of points, both equations, canonical words. What the real circuit proves is not.

pub mod circuit;

use ark_bn254::{Bn254, Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand};
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_contract::EvaluationProof;
use trine_contract::verifying_key::DeployableKey;
use trine_verifier::class::Class;
use trine_verifier::digest::round;
use trine_verifier::handle::Commitment;
use trine_verifier::opening::{ClosingPoints, OpeningChallenges, group_side};
use trine_verifier::proof::GroupProof;
use trine_verifier::srs::VerifierSrs;
use trine_verifier::statement::{PUBLIC_INPUTS, PublicInputs};

pub const CLASS: Class = Class::SLICE;

/// `(sum of the public inputs) * witness = product`, both free.
struct TinyCircuit(Vec<Fr>);

impl ConstraintSynthesizer<Fr> for TinyCircuit {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut sum = Vec::new();
        for value in &self.0 {
            sum.push((Fr::ONE, cs.new_input_variable(|| Ok(*value))?));
        }
        let total: Fr = self.0.iter().sum();
        let factor = cs.new_witness_variable(|| Ok(Fr::from(3u64)))?;
        let product = cs.new_witness_variable(|| Ok(total * Fr::from(3u64)))?;
        let single = |variable: Variable| LinearCombination(vec![(Fr::ONE, variable)]);
        cs.enforce_r1cs_constraint(|| LinearCombination(sum), || single(factor), || single(product))
    }
}

/// Both trapdoors.
pub struct TinySetup {
    pub key: ProvingKey<Bn254>,
    pub srs: VerifierSrs,
    /// What the next proofs do with their last points, which are true before.
    pub forge: Option<Forge>,
    tau: Fr,
    rng: ChaCha20Rng,
}

/// Changes Q, R, W, given tau.
pub type Forge = fn(&mut ClosingPoints, Fr, &OpeningChallenges);

/// A statement's part of the public inputs, with the points beside it.
pub struct TinyStatement {
    pub stmt: Fr,
    pub shape: Fr,
    pub layouts: [Fr; 2],
    pub prog: Fr,
    pub inputs: Vec<Commitment>,
    pub outputs: Vec<Commitment>,
}

impl TinySetup {
    pub fn new() -> Self {
        Self::with_public_inputs(PUBLIC_INPUTS, *b"trine contract tests: tiny setup")
    }

    fn with_public_inputs(count: usize, seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let circuit = TinyCircuit(vec![Fr::ONE; count]);
        let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(circuit, &mut rng).unwrap();
        let tau = Fr::rand(&mut rng);
        let srs = VerifierSrs::of_known_tau(tau, 1 << 16).unwrap();
        Self { key, srs, forge: None, tau, rng }
    }

    pub fn deployable(&self) -> DeployableKey<'_> {
        DeployableKey::new(&self.key.vk, &self.srs, CLASS).unwrap()
    }

    /// A random commitment.
    pub fn commitment(&mut self) -> Commitment {
        Commitment::new(self.point()).unwrap()
    }

    fn point(&mut self) -> G1Affine {
        (G1Affine::generator() * Fr::rand(&mut self.rng)).into_affine()
    }

    fn points(&mut self, count: usize) -> Vec<G1Affine> {
        (0..count).map(|_| self.point()).collect()
    }

    fn challenges(&mut self) -> OpeningChallenges {
        let [rho, r, q, z, r_at_z] = std::array::from_fn(|_| Fr::rand(&mut self.rng));
        OpeningChallenges { rho, r, q, z, r_at_z }
    }

    /// A proof that the contract accepts, with its public inputs.
    pub fn prove(&mut self, statement: &TinyStatement) -> (EvaluationProof, PublicInputs) {
        let columns = self.points(CLASS.first_round_points());
        let folds = self.points(CLASS.levels() - 1);
        let quotient = self.point();
        let challenges = self.challenges();
        let OpeningChallenges { rho, r, q, z, r_at_z } = challenges;

        let mut all = columns.clone();
        all.extend(statement.inputs.iter().map(|c| *c.point()));
        all.resize(CLASS.first_output(), G1Affine::zero());
        all.extend(statement.outputs.iter().map(|c| *c.point()));
        let closing = self.closing(&all, &folds, quotient, &challenges);

        let rounds = [round(1, &columns), round(2, &[]), round(3, &folds), closing.digest()];
        let TinyStatement { stmt, shape, layouts, prog, .. } = *statement;
        let public = PublicInputs { stmt, shape, layouts, prog, rounds, rho, r, q, z, r_at_z };
        let group = GroupProof { columns, second: vec![], folds, closing };
        let groth16 = self.groth16(&public.to_array());
        (EvaluationProof::new(groth16, group, &public), public)
    }

    pub fn groth16(&mut self, public: &[Fr]) -> Proof<Bn254> {
        let circuit = TinyCircuit(public.to_vec());
        Groth16::<Bn254>::create_random_proof_with_reduction(circuit, &self.key, &mut self.rng).unwrap()
    }

    /// R and W that satisfy both equations with any quotient: what tau is good for.
    fn closing(
        &self,
        all: &[G1Affine],
        folds: &[G1Affine],
        quotient: G1Affine,
        challenges: &OpeningChallenges,
    ) -> ClosingPoints {
        let (OpeningChallenges { rho, r, q, z, r_at_z }, tau) = (*challenges, self.tau);
        let u = r.pow([16]);
        let mut remainder = quotient * -((tau.pow([16]) - u) * (tau - u));
        for (k, point) in all.iter().enumerate() {
            remainder += *point * rho.pow([k as u64]);
        }
        for (l, point) in folds.iter().enumerate() {
            remainder += *point * q.pow([l as u64 + 1]);
        }
        let witness = (remainder - G1Affine::generator() * r_at_z) * (tau - z).inverse().unwrap();
        let mut closing =
            ClosingPoints { quotient, remainder: remainder.into_affine(), witness: witness.into_affine() };
        group_side(&self.srs, all, folds, &closing, challenges).unwrap();
        if let Some(forge) = self.forge {
            forge(&mut closing, tau, challenges);
        }
        closing
    }
}

/// `inputs` inputs and `outputs` outputs of three counters each, under arbitrary digests.
pub fn statement(setup: &mut TinySetup, inputs: usize, outputs: usize) -> TinyStatement {
    use trine_program::{Declaration, KeyKind, ValueType};
    let each =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
    let (ins, outs) = (vec![each; inputs], vec![each; outputs]);
    TinyStatement {
        stmt: Fr::from(11u64),
        shape: trine_verifier::program::shape(&CLASS, &ins, &outs),
        layouts: trine_verifier::program::layouts(&ins, &outs),
        prog: Fr::from(12u64),
        inputs: (0..inputs).map(|_| setup.commitment()).collect(),
        outputs: (0..outputs).map(|_| setup.commitment()).collect(),
    }
}
