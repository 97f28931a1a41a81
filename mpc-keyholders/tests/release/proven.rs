//! A proven evaluation with the facts that a chain would hold about it.

use std::sync::OnceLock;
use trine_fhe::circuit::noise_model;
use trine_fhe::parameters::{BLOCK_STRIDE, BLOCK_WORDS, development_policy};
use trine_fhe::words::{BlockWords, ValueWords};
use trine_keyholder::protocol::authorise::{
    Authorised, ChainFacts, ChainHandle, Presented, ReleaseRules, authorise,
};
use trine_keyholder::protocol::batch::PresentedBatch;
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_keyholder::protocol::refusal::Refusal;
use trine_program::policy::DELTA;
use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_prover::argument::{Witness, prove};
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Class, Commitment, Domain, HandleRecord, Job, NamedCommitment, Origin, Statement};

pub const REQUEST: [u8; 32] = [4; 32];
pub const CONSUMER: [u8; 20] = [0xcc; 20];
const CLASS: Class = Class::SLICE;
const VOTERS: usize = 3;
const BLOCKS: u8 = 2;

/// Everything about one release.
#[derive(Clone)]
pub struct Proven {
    pub key: CommitmentKey,
    /// The domain of linear programs.
    pub domain: Domain,
    pub circuit_verifier_hash: Option<[u8; 32]>,
    /// Commitments of the node's evaluation key.
    pub evaluation_key: Option<CommittedKey>,
    pub facts: ChainFacts,
    pub presented: Presented,
}

impl Proven {
    pub fn rules(&self, confirmations: u64) -> ReleaseRules {
        ReleaseRules {
            domain: self.domain,
            class: CLASS,
            circuit_verifier_hash: self.circuit_verifier_hash,
            confirmations,
            development: Some(development_policy()),
            noise: noise_model(),
            commitment_key: self.key.clone(),
        }
    }

    /// What a node says that serves this.
    pub fn authorise(self, rules: &ReleaseRules) -> Result<Authorised, Refusal> {
        authorise(rules, self.evaluation_key.as_ref(), &self.facts, self.presented)
    }
}

/// Proved once for all tests.
pub fn proven() -> Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(make).clone()
}

pub fn declaration(degree: u8) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: BLOCKS, degree }
}

/// A program of two outputs, each the weighted sum of all inputs, block by block; the second one is larger by 1.
pub fn program(weights: [i8; VOTERS], constant: u64) -> LinearProgram {
    let row = |block, constant| LinearRow {
        terms: weights
            .iter()
            .enumerate()
            .filter(|(_, w)| **w != 0)
            .map(|(input, w)| Term { input: input as u8, block, coefficient: *w })
            .collect(),
        constant,
    };
    let constants = [constant, constant + DELTA];
    let rows = constants.iter().flat_map(|constant| (0..BLOCKS).map(|block| row(block, *constant))).collect();
    LinearProgram::new(vec![declaration(1); VOTERS], vec![declaration(15); 2], rows).unwrap()
}

fn record(domain: &Domain, origin: Origin, commitment: &Commitment) -> HandleRecord {
    HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: KeyKind::Compute,
        value_type: ValueType::Nibbles,
        blocks: BLOCKS,
        origin,
        commitment_digest: commitment.digest(),
    }
}

/// Words of a value: the argument is about words, whatever they encrypt.
fn input_words(voter: u64) -> Vec<u64> {
    (0..u64::from(BLOCKS) * BLOCK_STRIDE as u64)
        .map(|i| match i % BLOCK_STRIDE as u64 {
            t if t < BLOCK_WORDS as u64 => {
                (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(voter as u32 * 7 + 3)
            }
            _ => 0,
        })
        .collect()
}

fn make() -> Proven {
    let key = trine_prover::srs::development(CLASS.log_chunk).unwrap();
    let domain = Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: [2; 32],
        srs_digest: key.verifier().digest(),
        parameter_set_id: parameter_set_id(),
        key_digest: [3; 32],
    };
    let commit = |words: &[u64]| Commitment::new(key.commit_words(words).unwrap()).unwrap();
    let program = program([1; VOTERS], 0);
    let chain_handle = |record: HandleRecord, proven| ChainHandle {
        handle: record.handle(),
        record,
        proven,
        released: proven,
        consumer: CONSUMER,
    };
    let words: Vec<Vec<u64>> = (0..VOTERS as u64).map(input_words).collect();
    let commitments: Vec<Commitment> = words.iter().map(|w| commit(w)).collect();
    let inputs: Vec<ChainHandle> = commitments
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let origin = Origin::Input { registrant: [i as u8 + 1; 20], consumer: CONSUMER };
            chain_handle(record(&domain, origin, c), false)
        })
        .collect();
    let named = |handles: &[ChainHandle], commitments: &[Commitment]| -> Vec<NamedCommitment> {
        let pairs = handles.iter().zip(commitments);
        pairs.map(|(h, c)| NamedCommitment::new(&h.record, *c).unwrap()).collect()
    };
    let mut job = Job {
        request_id: REQUEST,
        salt: [5; 32],
        inputs: named(&inputs, &commitments),
        // Replaced below, once the outputs are known.
        outputs: named(&inputs[..2], &commitments),
        program: program.clone(),
    };
    let digests = Statement { domain, job: job.clone() }.inputs(&CLASS).unwrap();
    let witness = Witness::evaluate(&CLASS, &digests, 2, words.clone());
    let output_commitments: Vec<Commitment> = witness.outputs.iter().map(|w| commit(w)).collect();
    let outputs: Vec<ChainHandle> = (0u32..)
        .zip(&output_commitments)
        .map(|(index, c)| {
            let origin = Origin::Output { request_id: REQUEST, job: 0, segment: 0, index };
            chain_handle(record(&domain, origin, c), true)
        })
        .collect();
    job.outputs = named(&outputs, &output_commitments);
    let proof = prove(&CLASS, &key, &Statement { domain, job }, words, &mut |_| true).unwrap();
    let values = witness.outputs.iter().map(|words| {
        let blocks = words.chunks_exact(BLOCK_STRIDE).take(usize::from(BLOCKS));
        let blocks = blocks.map(|b| BlockWords::new(b[..BLOCK_WORDS].to_vec()).unwrap()).collect();
        ValueWords::new(declaration(15), blocks).unwrap()
    });
    Proven {
        facts: ChainFacts {
            domain,
            consumer: CONSUMER,
            head: 100,
            fulfilled_at: Some(98),
            program_id: program.id().0,
            program_text: program.to_text().into_bytes(),
            salt: [5; 32],
            inputs,
            outputs,
        },
        presented: Presented {
            request_id: REQUEST,
            earlier_segments: vec![],
            proof: proof.to_bytes(&CLASS),
            batch: PresentedBatch::default(),
            inputs: commitments,
            outputs: values.collect(),
        },
        key,
        domain,
        circuit_verifier_hash: None,
        evaluation_key: None,
    }
}
