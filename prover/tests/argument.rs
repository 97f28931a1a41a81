//! Completeness of the argument, and the attacks its checks stop.

use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_prover::argument::prove::{prove_with_transcript, prove_witness};
use trine_prover::argument::{Witness, prove};
use trine_prover::srs;
use trine_verifier::handle::Commitment;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::NamedCommitment;
use trine_verifier::{Class, Domain, InnerProof, Job, Statement, VerifyError, verify};

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

struct Case {
    class: Class,
    key: CommitmentKey,
    statement: Statement,
    inputs: Vec<Vec<u64>>,
}

/// Random program and inputs in a class, with coefficients at the edges.
fn case(class: Class, inputs: usize, outputs: usize, seed: u64) -> Case {
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
        LinearProgram::new(vec![declaration(blocks); inputs], vec![declaration(blocks); outputs], rows).unwrap();
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

fn named(key: &CommitmentKey, words: &[u64], tag: u8) -> NamedCommitment {
    let commitment = Commitment::new(key.commit_words(words).unwrap()).unwrap();
    NamedCommitment { handle: [tag; 32], commitment }
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
    let mut statement = Statement {
        domain,
        job: Job {
            request_id: [4; 32],
            salt: [5; 32],
            inputs: inputs.iter().enumerate().map(|(i, w)| named(key, w, i as u8)).collect(),
            // Replaced below: the outputs are known after evaluation.
            outputs: program.outputs().iter().map(|_| named(key, &[1], 100)).collect(),
            program,
        },
    };
    let digests = statement.inputs(class).unwrap();
    let count = statement.job.outputs.len();
    let witness = Witness::evaluate(class, &digests, count, inputs.to_vec());
    statement.job.outputs =
        witness.outputs.iter().enumerate().map(|(i, w)| named(key, w, 200 + i as u8)).collect();
    statement
}

impl Case {
    fn prove(&self) -> InnerProof {
        prove(&self.class, &self.key, &self.statement, self.inputs.clone(), &mut |_| true).unwrap()
    }

    fn verify(&self, proof: &InnerProof) -> Result<(), VerifyError> {
        verify(&self.class, self.key.verifier(), &self.statement, proof).map(|_| ())
    }

    fn witness(&self) -> Witness {
        let digests = self.statement.inputs(&self.class).unwrap();
        Witness::evaluate(&self.class, &digests, self.statement.job.outputs.len(), self.inputs.clone())
    }

    /// The honest prover on a faulty witness, its outputs committed as they are.
    fn cheat(&self, witness: &Witness) -> Result<(), VerifyError> {
        let mut statement = self.statement.clone();
        statement.job.outputs =
            witness.outputs.iter().enumerate().map(|(i, w)| named(&self.key, w, 200 + i as u8)).collect();
        let digests = statement.inputs(&self.class).unwrap();
        let proof = prove_witness(&self.class, &self.key, &digests, witness, &mut |_| true).unwrap();
        verify(&self.class, self.key.verifier(), &statement, &proof).map(|_| ())
    }
}

#[test]
fn honest_proofs_verify_in_every_class() {
    for (class, inputs, outputs) in [
        (Class::REDUCED_TINY, 3, 2),
        (Class::REDUCED_TINY, 1, 1),
        (Class::REDUCED_CHUNKS, 3, 4),
        (Class::REDUCED_CHUNKS, 2, 1),
        (Class::SLICE, 15, 1),
        (Class::LIMB_21, 2, 2),
    ] {
        let case = case(class, inputs, outputs, 7);
        let proof = case.prove();
        let bytes = proof.to_bytes(&class);
        assert_eq!(bytes.len(), trine_verifier::proof::proof_bytes(&class));
        assert_eq!(InnerProof::from_bytes(&class, &bytes), Ok(proof));
    }
}

#[test]
fn proofs_are_deterministic() {
    let case = case(Class::REDUCED_TINY, 3, 2, 1);
    assert_eq!(case.prove(), case.prove());
}

#[test]
fn a_changed_output_word_is_rejected() {
    let case = case(Class::REDUCED_TINY, 3, 2, 2);
    let mut witness = case.witness();
    let cell = &mut witness.columns.cells[0][5];
    let (old, new) = (*cell, *cell ^ 1);
    *cell = new;
    witness.columns.multiplicities[old as usize] -= 1;
    witness.columns.multiplicities[new as usize] += 1;
    witness.outputs = (0..2).map(|s| witness.columns.output_words(&case.class, s)).collect();
    assert_eq!(case.cheat(&witness), Err(VerifyError::Reduction));
}

#[test]
fn an_output_handle_that_is_not_its_limbs_is_rejected() {
    let case = case(Class::REDUCED_TINY, 3, 2, 3);
    let mut witness = case.witness();
    witness.outputs[0][3] ^= 1;
    assert_eq!(case.cheat(&witness), Err(VerifyError::Reduction));
}

#[test]
fn words_beyond_the_layout_of_an_output_are_rejected() {
    // Excess words whose sum over the upper halves cancels at no full-size point.
    let case = case(Class::REDUCED_TINY, 3, 2, 4);
    let mut witness = case.witness();
    witness.outputs[0].resize(1 << case.class.log_chunk, 0);
    let length = 1 << (case.class.log_t() + case.class.log_blocks);
    witness.outputs[0][length] = 1;
    assert_eq!(case.cheat(&witness), Err(VerifyError::Reduction));
}

#[test]
fn an_unreduced_output_word_is_rejected_by_the_range_tree() {
    // word + 2^64 with the carry one higher satisfies G and O: only the range of the limbs stops it.
    let case = case(Class::REDUCED_TINY, 3, 2, 5);
    let class = case.class;
    let mut witness = case.witness();
    let top = class.limbs() - 1;
    witness.columns.cells[top][0] += 1 << class.top_bits();
    witness.columns.cells[class.carry_column()][0] += 1;
    witness.columns.multiplicities =
        trine_prover::argument::columns::multiplicities(&class, &witness.columns.cells);
    let error = case.cheat(&witness);
    assert_eq!(error, Err(VerifyError::RootNumerator));
}

#[test]
fn junk_in_unused_rows_is_rejected() {
    let case = case(Class::REDUCED_TINY, 2, 1, 6);
    let mut witness = case.witness();
    let row = (1 << case.class.log_rows()) - 1;
    witness.columns.cells[0][row] = 1;
    witness.columns.multiplicities[0] -= 1;
    witness.columns.multiplicities[1] += 1;
    assert_eq!(case.cheat(&witness), Err(VerifyError::Reduction));
}

#[test]
fn every_bit_of_every_field_is_bound() {
    let case = case(Class::REDUCED_TINY, 3, 2, 8);
    let proof = case.prove();
    let bytes = proof.to_bytes(&case.class);
    for place in (6..bytes.len()).step_by(32).map(|start| start + 31) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        match InnerProof::from_bytes(&case.class, &changed) {
            // A coordinate off the curve.
            Err(_) => {}
            Ok(proof) => assert!(case.verify(&proof).is_err(), "byte {place}"),
        }
    }
}

#[test]
fn another_statement_is_rejected() {
    let case = case(Class::REDUCED_TINY, 3, 2, 9);
    let proof = case.prove();
    let check = |change: &dyn Fn(&mut Statement)| {
        let mut statement = case.statement.clone();
        change(&mut statement);
        verify(&case.class, case.key.verifier(), &statement, &proof).map(|_| ())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    let changes: [&dyn Fn(&mut Statement); 11] = [
        &|s| s.domain.chain_id += 1,
        &|s| s.domain.coprocessor[0] ^= 1,
        &|s| s.domain.verifier_hash[0] ^= 1,
        &|s| s.domain.srs_digest[0] ^= 1,
        &|s| s.domain.parameter_set_id[0] ^= 1,
        &|s| s.domain.key_digest[0] ^= 1,
        &|s| s.job.request_id[0] ^= 1,
        &|s| s.job.salt[0] ^= 1,
        &|s| s.job.inputs.swap(0, 1),
        &|s| s.job.outputs.swap(0, 1),
        &|s| s.job.outputs[0].handle[0] ^= 1,
    ];
    for (index, change) in changes.iter().enumerate() {
        assert!(check(change).is_err(), "change {index}");
    }
}

#[test]
fn the_transcript_inventory_is_committed() {
    let case = case(Class::REDUCED_TINY, 3, 2, 10);
    let digests = case.statement.inputs(&case.class).unwrap();
    let mut transcript = trine_verifier::Transcript::recording(trine_verifier::transcript::ARGUMENT_TAG);
    let witness = case.witness();
    let proof = prove_with_transcript(&case.class, &case.key, &digests, &witness, &mut |_| true, &mut transcript);
    let mut verifier = trine_verifier::Transcript::recording(trine_verifier::transcript::ARGUMENT_TAG);
    let proof = proof.unwrap();
    let rounds = trine_verifier::verify::round_digests(&case.class, &proof.group).unwrap();
    trine_verifier::verify::verify_field(&case.class, &digests, &rounds, &proof.field, &mut verifier).unwrap();
    assert_eq!(transcript.events(), verifier.events(), "prover and verifier run the same transcript");
    let mut lines = vec![];
    for event in verifier.events() {
        let line = format!("{} {}", if event.challenge { "challenge" } else { "absorb" }, event.label);
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
    let inventory: String = lines.iter().map(|(line, count)| format!("{count} {line}\n")).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/transcript-labels.txt");
    if std::env::var_os("TRINE_BLESS").is_some() {
        std::fs::write(path, &inventory).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), inventory, "run with TRINE_BLESS=1 to accept");
}
