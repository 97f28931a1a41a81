//! A random program in a class with its honest statement, for the tests of the argument.

use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_prover::argument::prove::prove_witness;
use trine_prover::argument::{Witness, prove};
use trine_prover::srs;
use trine_verifier::handle::Commitment;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{
    Class, Domain, HandleRecord, InnerProof, Job, NamedCommitment, Origin, Statement, VerifyError, verify,
};

const REQUEST: [u8; 32] = [4; 32];

/// A deterministic stream of words.
struct Words(u64);

impl Iterator for Words {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ z >> 31)
    }
}

fn declaration(blocks: u8) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks, degree: 1 }
}

/// A case: everything a prover and a verifier are given.
pub struct Case {
    pub class: Class,
    pub key: CommitmentKey,
    pub statement: Statement,
    pub inputs: Vec<Vec<u64>>,
}

/// Random program and inputs in a class, with coefficients at the edges.
pub fn case(class: Class, inputs: usize, outputs: usize, seed: u64) -> Case {
    let mut words = Words(seed);
    let blocks = class.blocks() as u8;
    let rows = (0..outputs * class.blocks())
        .map(|_| LinearRow {
            terms: (0..inputs * class.blocks())
                .filter_map(|i| {
                    let w = words.next()?;
                    let coefficient = match w % 4 {
                        0 => 127,
                        1 => -127,
                        2 => 1,
                        _ => (w >> 8) as i8,
                    };
                    let (input, block) = ((i / class.blocks()) as u8, (i % class.blocks()) as u8);
                    (coefficient != 0 && coefficient != i8::MIN).then_some(Term { input, block, coefficient })
                })
                .collect(),
            constant: words.next().unwrap_or(0),
        })
        .collect();
    let program =
        LinearProgram::new(vec![declaration(blocks); inputs], vec![declaration(blocks); outputs], rows)
            .unwrap();
    let stride = 1usize << class.log_t();
    let values: Vec<Vec<u64>> = (0..inputs)
        .map(|i| {
            (0..class.blocks() * stride)
                .map(|j| match (j % stride <= 1 << class.log_n, i % 3) {
                    (false, _) => 0,
                    (true, 0) => u64::MAX,
                    (true, _) => words.next().unwrap_or(0),
                })
                .collect()
        })
        .collect();
    let key = srs::development(class.log_chunk).unwrap();
    let statement = statement(&class, &key, program, &values);
    Case { class, key, statement, inputs: values }
}

/// Names a commitment to a value of `blocks` blocks.
pub fn name(domain: &Domain, blocks: usize, origin: Origin, commitment: Commitment) -> NamedCommitment {
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: KeyKind::Compute,
        value_type: ValueType::Nibbles,
        blocks: blocks as u8,
        origin,
        commitment_digest: commitment.digest(),
    };
    NamedCommitment::new(&record, commitment).unwrap()
}

/// Origin of an output of the case.
pub fn output(index: usize) -> Origin {
    Origin::Output { request_id: REQUEST, job: 0, segment: 0, index: index as u32 }
}

/// Names the commitments to outputs as they are.
fn named_outputs(
    class: &Class,
    key: &CommitmentKey,
    domain: &Domain,
    words: &[Vec<u64>],
) -> Vec<NamedCommitment> {
    let commit = |words: &[u64]| Commitment::new(key.commit_words(words).unwrap()).unwrap();
    (0..).zip(words).map(|(i, w)| name(domain, class.blocks(), output(i), commit(w))).collect()
}

fn statement(class: &Class, key: &CommitmentKey, program: LinearProgram, inputs: &[Vec<u64>]) -> Statement {
    let domain = Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: [2; 32],
        srs_digest: key.verifier().digest(),
        parameter_set_id: trine_verifier::statement::parameter_set_id(),
        key_digest: [3; 32],
    };
    let named_inputs = inputs.iter().enumerate().map(|(i, words)| {
        let commitment = Commitment::new(key.commit_words(words).unwrap()).unwrap();
        let origin = Origin::Input { registrant: [i as u8; 20], consumer: [6; 20] };
        name(&domain, class.blocks(), origin, commitment)
    });
    let mut statement = Statement {
        domain,
        job: Job {
            request_id: REQUEST,
            salt: [5; 32],
            inputs: named_inputs.collect(),
            // Replaced below: the outputs are known after evaluation.
            outputs: named_outputs(class, key, &domain, &vec![vec![1]; program.outputs().len()]),
            program,
        },
    };
    let digests = statement.inputs(class).unwrap();
    let count = statement.job.outputs.len();
    let witness = Witness::evaluate(class, &digests, count, inputs.to_vec());
    statement.job.outputs = named_outputs(class, key, &domain, &witness.outputs);
    statement
}

impl Case {
    pub fn prove(&self) -> InnerProof {
        prove(&self.class, &self.key, &self.statement, self.inputs.clone(), &mut |_| true).unwrap()
    }

    pub fn verify(&self, proof: &InnerProof) -> Result<(), VerifyError> {
        verify(&self.class, self.key.verifier(), &self.statement, proof).map(|_| ())
    }

    pub fn witness(&self) -> Witness {
        let digests = self.statement.inputs(&self.class).unwrap();
        Witness::evaluate(&self.class, &digests, self.statement.job.outputs.len(), self.inputs.clone())
    }

    /// The honest prover on a faulty witness, its outputs committed as they are.
    pub fn cheat(&self, witness: &Witness) -> Result<(), VerifyError> {
        let mut statement = self.statement.clone();
        statement.job.outputs = named_outputs(&self.class, &self.key, &statement.domain, &witness.outputs);
        let digests = statement.inputs(&self.class).unwrap();
        let proof = prove_witness(&self.class, &self.key, &digests, witness, &mut |_| true).unwrap();
        verify(&self.class, self.key.verifier(), &statement, &proof).map(|_| ())
    }
}
