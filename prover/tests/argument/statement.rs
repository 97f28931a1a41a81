//! Completeness of the argument, and the attacks its checks stop.

use crate::case::case;
use trine_prover::argument::prove::prove_with_transcript;
use trine_verifier::{Class, InnerProof, Statement, VerifyError, verify};

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
    let proof =
        prove_with_transcript(&case.class, &case.key, &digests, &witness, &mut |_| true, &mut transcript);
    let mut verifier = trine_verifier::Transcript::recording(trine_verifier::transcript::ARGUMENT_TAG);
    let proof = proof.unwrap();
    let rounds = trine_verifier::verify::round_digests(&case.class, &proof.group).unwrap();
    trine_verifier::verify::verify_field(&case.class, &digests, &rounds, &proof.field, &mut verifier)
        .unwrap();
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
