//! A circuit with key, inputs and reference string: everything that a prover and a verifier are given.

use crate::circuits;
use crate::evaluator::{Evaluation, evaluate};
use crate::fault::Fault;
use crate::trace::Trace;
use ark_bn254::{Fr, G1Affine};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::OnceLock;
use trine_program::Declaration;
use trine_program::circuit::Circuit;
use trine_prover::bootstrapping::KeyWords;
use trine_prover::srs;
use trine_verifier::bootstrapping::shape::Column;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Shape, Statement};
use trine_verifier::handle::Commitment;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{Domain, HandleRecord, NamedCommitment, Origin};

const REQUEST: [u8; 32] = [4; 32];
/// log2 of the powers: as many as the longest chunk, and more than the shorter one.
pub const LOG_POWERS: usize = 12;

/// The development reference string of 2^12 powers.
pub fn key() -> &'static CommitmentKey {
    static KEY: OnceLock<CommitmentKey> = OnceLock::new();
    KEY.get_or_init(|| srs::development(LOG_POWERS).unwrap())
}

/// What is proved, and from what.
pub struct Case {
    pub parameters: Parameters,
    pub shape: Shape,
    pub circuit: Circuit,
    pub keys: KeyWords,
    pub commitments: KeyCommitments,
    /// Words of the input handles, 2N to a block.
    pub inputs: Vec<Vec<u64>>,
    pub domain: Domain,
}

/// Random words of both keys, zeros in the padding.
pub fn random_keys(p: &Parameters, random: &mut ChaCha20Rng) -> KeyWords {
    let shape = Shape::of(*p, 1, vec![], vec![]).unwrap();
    let mut bootstrapping = vec![0; 1 << shape.variables(Column::BootstrappingKey)];
    let step = 4 * 16 * p.n();
    bootstrapping[step..step * (p.groups + 1)].iter_mut().for_each(|word| *word = random.r#gen());
    let words = 4 * p.steps();
    let keyswitching = p.keyswitching.map(|gadget| {
        let mut key = vec![0; words << p.log_levels() << p.log_n];
        for row in 0..p.n() << p.log_levels() {
            if row % (1 << p.log_levels()) < gadget.levels {
                let used = row * words + 3..row * words + 4 + p.small_dimension();
                key[used].iter_mut().for_each(|word| *word = random.r#gen());
            }
        }
        key
    });
    KeyWords { bootstrapping, keyswitching }
}

/// Commitments to the chunks of a key.
pub fn commit_keys(p: &Parameters, keys: &KeyWords) -> KeyCommitments {
    let commit = |words: &Vec<u64>| -> Vec<G1Affine> {
        words.chunks(1 << p.log_chunk).map(|chunk| key().commit_words(chunk).unwrap()).collect()
    };
    KeyCommitments {
        bootstrapping: commit(&keys.bootstrapping),
        keyswitching: [commit(&keys.keyswitching[0]), commit(&keys.keyswitching[1])],
    }
}

/// Random words of handles: N mask words and a body to a block, zeros above.
pub fn random_words(p: &Parameters, blocks: usize, random: &mut ChaCha20Rng) -> Vec<u64> {
    (0..blocks << (p.log_n + 1)).map(|t| if t % (2 * p.n()) <= p.n() { random.r#gen() } else { 0 }).collect()
}

impl Case {
    /// A random circuit of so many bootstrappings with random keys and inputs.
    pub fn random(parameters: Parameters, bootstrappings: usize, seed: u64) -> Self {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let circuit = circuits::random(bootstrappings, &mut random);
        Self::new(parameters, circuit, &mut random)
    }

    /// A circuit with random keys and inputs.
    pub fn new(parameters: Parameters, circuit: Circuit, random: &mut ChaCha20Rng) -> Self {
        parameters.check().unwrap();
        let shape = Shape::new(parameters, &circuit).unwrap();
        let keys = random_keys(&parameters, random);
        let commitments = commit_keys(&parameters, &keys);
        let inputs = shape.inputs.iter().map(|blocks| random_words(&parameters, *blocks, random)).collect();
        let domain = Domain {
            chain_id: 31337,
            coprocessor: [1; 20],
            verifier_hash: [2; 32],
            srs_digest: key().verifier().digest(),
            parameter_set_id: trine_verifier::statement::parameter_set_id(),
            key_digest: commitments.digest(&parameters),
        };
        Self { parameters, shape, circuit, keys, commitments, inputs, domain }
    }

    /// The evaluation as it should be.
    pub fn evaluate(&self) -> Trace {
        self.evaluate_with(Fault::None)
    }

    /// The evaluation with one error.
    pub fn evaluate_with(&self, fault: Fault) -> Trace {
        self.evaluate_as(&Evaluation {
            circuit: &self.circuit,
            keys: &self.keys,
            inputs: &self.inputs,
            fault,
        })
    }

    /// The evaluation of something else in place of the case.
    pub fn evaluate_as(&self, evaluation: &Evaluation<'_>) -> Trace {
        evaluate(&self.shape, evaluation)
    }

    /// Statement that the case's inputs give these output words.
    pub fn statement(&self, outputs: &[Vec<Fr>]) -> Statement {
        let commit = |words: &Vec<u64>| key().commit_words(words).unwrap();
        let inputs: Vec<G1Affine> = self.inputs.iter().map(commit).collect();
        self.statement_over(&inputs, outputs)
    }

    /// The same over commitments to inputs.
    pub fn statement_over(&self, inputs: &[G1Affine], outputs: &[Vec<Fr>]) -> Statement {
        let name = |declaration: &Declaration, point: G1Affine, origin| {
            self.name(declaration, Commitment::new(point).unwrap(), origin)
        };
        let inputs = (0..).zip(self.circuit.inputs()).zip(inputs);
        let inputs = inputs.map(|((index, declaration), point)| {
            name(declaration, *point, Origin::Input { registrant: [index; 20], consumer: [6; 20] })
        });
        let outputs = (0..).zip(self.circuit.outputs()).zip(outputs);
        let outputs = outputs.map(|((index, declaration), words)| {
            let origin = Origin::Output { request_id: REQUEST, job: 0, segment: 0, index };
            name(declaration, key().commit_fr(words).unwrap(), origin)
        });
        let job = Job {
            request_id: REQUEST,
            salt: [5; 32],
            segment: 0,
            circuit: self.circuit.clone(),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
        };
        Statement::single(self.domain, self.commitments.clone(), job)
    }

    /// Names a commitment to a value as declared.
    pub fn name(&self, d: &Declaration, commitment: Commitment, origin: Origin) -> NamedCommitment {
        let record = HandleRecord {
            chain_id: self.domain.chain_id,
            coprocessor: self.domain.coprocessor,
            key_digest: self.domain.key_digest,
            key_kind: d.key_kind,
            value_type: d.value_type,
            blocks: d.blocks,
            origin,
            commitment_digest: commitment.digest(),
        };
        NamedCommitment::new(&record, commitment).unwrap()
    }
}
