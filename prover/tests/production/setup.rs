//! Keys, reference string and circuits of the tests at the production parameters.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::bootstrapping::keyswitch::{Decomposition, SMALL_WORDS};
use trine_fhe::bootstrapping::rotation;
use trine_fhe::parameters::{BLOCK_WORDS, GROUPS, POLYNOMIAL_SIZE};
use trine_fhe::{BlockWords, ValueWords};
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::policy::DELTA;
use trine_program::{Declaration, KeyKind, ValueType};
use trine_prover::Mode;
use trine_prover::bootstrapping::job::JobProver;
use trine_prover::bootstrapping::keys::commit_keys;
use trine_prover::bootstrapping::{KeyWords, Prover};
use trine_prover::srs;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::handle::{HandleRecord, Origin};
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::Domain;
use trine_verifier::{Commitment, NamedCommitment};

/// Inputs of the circuits: two handles of each key, of two blocks.
const KINDS: [KeyKind; 2] = [KeyKind::Compute, KeyKind::Casting];

/// A key of random words, committed to.
pub struct Setup {
    pub backend: Backend,
    pub evaluation_key: EvaluationKey,
    pub words: KeyWords,
    pub srs: CommitmentKey,
    pub bases: Bases,
    pub commitments: KeyCommitments,
}

fn words(name: &str, count: usize) -> Vec<u64> {
    let mut rng = ChaCha20Rng::from_seed(blake3::hash(name.as_bytes()).into());
    (0..count).map(|_| rng.next_u64()).collect()
}

impl Setup {
    pub fn new() -> Self {
        let portable = std::env::var_os("TRINE_PORTABLE").is_some();
        let backend = if portable { Backend::Portable } else { Backend::detect() };
        let keyswitching = |kind| words("keyswitching", Decomposition::of(kind).rows() * SMALL_WORDS);
        let bootstrapping = words("bootstrapping", GROUPS * 16 * 4 * POLYNOMIAL_SIZE);
        let casting = keyswitching(KeyKind::Casting);
        let evaluation_key = EvaluationKey::from_words(
            rotation::Backend::detect(),
            &bootstrapping,
            &keyswitching(KeyKind::Compute),
            Some(&casting),
        )
        .unwrap();
        drop(bootstrapping);
        let words = KeyWords::new(&evaluation_key);
        let folder = trine_fhe::dev_keys::cache_folder().unwrap();
        let log_powers = Parameters::PRODUCTION.log_chunk;
        let srs = srs::load_or_generate(&folder, log_powers, Mode::Development).unwrap();
        let bases = Bases::new(backend, srs.powers());
        let start = std::time::Instant::now();
        let commitments = commit_keys(&bases, &Parameters::PRODUCTION, &words).unwrap();
        eprintln!("key commitments: {:.1} s", start.elapsed().as_secs_f64());
        Self { backend, evaluation_key, words, srs, bases, commitments }
    }

    pub fn domain(&self) -> Domain {
        Domain {
            chain_id: 31_337,
            coprocessor: [7; 20],
            verifier_hash: [1; 32],
            srs_digest: self.srs.verifier().digest(),
            parameter_set_id: [2; 32],
            key_digest: self.commitments.digest(&Parameters::PRODUCTION),
        }
    }

    pub fn prover(&self) -> JobProver<'_> {
        JobProver {
            prover: Prover { backend: self.backend, bases: &self.bases, keys: &self.words },
            evaluation_key: &self.evaluation_key,
            commitments: &self.commitments,
            srs: self.srs.verifier(),
            domain: self.domain(),
        }
    }

    /// A job over inputs of random words.
    pub fn job(&self, circuit: &Circuit) -> (Job, Vec<ValueWords>) {
        let value = |(index, declared): (usize, &Declaration)| {
            let block = |b: u8| BlockWords::new(words(&format!("input {index} {b}"), BLOCK_WORDS)).unwrap();
            ValueWords::new(*declared, (0..declared.blocks).map(block).collect()).unwrap()
        };
        let values: Vec<ValueWords> = circuit.inputs().iter().enumerate().map(value).collect();
        let domain = self.domain();
        let named = |value: &ValueWords| {
            let point = self.bases.commit_u64(&value.commitment_words()).unwrap();
            let commitment = Commitment::new(point).unwrap();
            let declared = value.declaration();
            let record = HandleRecord {
                chain_id: domain.chain_id,
                coprocessor: domain.coprocessor,
                key_digest: domain.key_digest,
                key_kind: declared.key_kind,
                value_type: declared.value_type,
                blocks: declared.blocks,
                origin: Origin::Input { registrant: [3; 20], consumer: [4; 20] },
                commitment_digest: commitment.digest(),
            };
            NamedCommitment::new(&record, commitment).unwrap()
        };
        let job = Job {
            request_id: [5; 32],
            salt: [6; 32],
            segment: 0,
            circuit: circuit.clone(),
            inputs: values.iter().map(named).collect(),
            outputs: vec![],
        };
        (job, values)
    }
}

/// Both keys, two functions a table, chains of any depth: bootstrapping i reads inputs, or wires of i - 1 and i / 2.
pub fn circuit(bootstrappings: usize) -> Circuit {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let mut table = || Table {
        functions: 2,
        boxes: std::array::from_fn::<u64, BOXES, _>(|_| u64::from(rng.next_u32() % 16) * DELTA),
    };
    let tables: Vec<Table> = (0..bootstrappings).map(|_| table()).collect();
    let input =
        |handle: u8, block: u8, coefficient| Term { wire: Wire::Input { handle, block }, coefficient };
    let output = |index: usize, function: u8, coefficient| Term {
        wire: Wire::Output { bootstrapping: index as u32, function },
        coefficient,
    };
    let list = (0..bootstrappings).map(|i| {
        let (key_kind, terms) = match i % 4 {
            0 => (KeyKind::Compute, vec![input(0, 0, 1), input(0, (i % 2) as u8, -3)]),
            1 => (KeyKind::Casting, vec![input(1, (i / 2 % 2) as u8, 1)]),
            _ => (KeyKind::Compute, vec![output(i / 2, 1, 2), output(i - 1, 0, -1)]),
        };
        let mut terms = terms;
        terms.sort_by_key(|term| term.wire);
        terms.dedup_by_key(|term| term.wire);
        Bootstrapping { key_kind, table: i as u32, input: Linear { terms, constant: i as u64 * DELTA } }
    });
    let last = bootstrappings - 1;
    let rows = [
        Linear { terms: vec![output(last, 0, 1)], constant: DELTA },
        Linear { terms: vec![input(0, 1, -1), output(last / 2, 1, 1)], constant: 0 },
        Linear { terms: vec![output(last, 1, 1)], constant: 0 },
    ];
    let declared =
        |key_kind, blocks| Declaration { value_type: ValueType::Nibbles, key_kind, blocks, degree: 15 };
    let inputs = KINDS.map(|kind| declared(kind, 2)).to_vec();
    let outputs = vec![declared(KeyKind::Compute, 2), declared(KeyKind::Compute, 1)];
    Circuit::new(inputs, outputs, tables, list.collect(), rows.to_vec()).unwrap()
}
