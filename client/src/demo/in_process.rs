//! The demonstration without chain, committee and processes: encrypt, add exactly, prove natively, decrypt with the
//! client key. For machines without anvil, and for a first look.

use super::summary::{OPEN, Stages, Summary};
use anyhow::{Context, ensure};
use rand::{CryptoRng, RngCore};
use std::time::Instant;
use trine::ballot::{self, Ballot};
use trine::phases::Phases;
use trine::setup;
use trine::voter::{EncryptedValue, HandleDomain, Voter};
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::{ValueWords, linear};
use trine_program::LinearProgram;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{
    Bytes32, Class, Commitment, Domain, HandleRecord, Job, NamedCommitment, Origin, Statement,
};

/// Runs the tally in this process.
pub fn run<R: RngCore + CryptoRng>(
    voters: usize,
    rng: &mut R,
    phases: &mut Phases,
) -> anyhow::Result<Summary> {
    let phase = phases.open("keys");
    let keys = DevelopmentKeys::load_or_generate(&setup::cache_folder(), &mut |step| phase.step(step))?;
    let srs = setup::development_srs()?;
    let key_digest = keys.key_digest()?;
    phases.close(phase, if keys.cached { "cached" } else { "made" });

    let phase = phases.open("encrypt");
    let public_key = std::fs::read(&keys.compact_public_key)?;
    let voter = Voter::new(&public_key, &srs)?;
    let ballots: Vec<Ballot> = (0..voters).map(|_| Ballot::random(rng)).collect();
    let values: Vec<EncryptedValue> = ballots
        .iter()
        .map(|b| voter.encrypt(&ballot::declaration(), &b.counters()))
        .collect::<Result<_, _>>()?;
    let bytes: usize = values.iter().map(|v| v.list.len()).sum();
    phases.close(phase, format!("{voters} ballots, {} kB", bytes / 1000));

    let phase = phases.open("evaluate");
    let program = ballot::tally(voters)?;
    let inputs: Vec<ValueWords> = values.iter().map(|v| v.words.clone()).collect();
    let total = linear::evaluate(&program, &inputs)?.pop().context("the tally has one output")?;
    phases.close(phase, "exact sum");

    let statement = statement(&program, key_digest, &srs, &values, &total)?;
    let phase = phases.open("prove");
    let words = inputs.iter().map(ValueWords::commitment_words).collect();
    let proof = trine_prover::argument::prove(&Class::SLICE, &srs, &statement, words, &mut |step| {
        phase.step(step.name());
        true
    })?;
    let proof_bytes = proof.to_bytes(&Class::SLICE).len();
    let prove_time = phases.close(phase, format!("{proof_bytes} bytes, native form"));

    let phase = phases.open("verify");
    let start = Instant::now();
    trine_verifier::verify(&Class::SLICE, srs.verifier(), &statement, &proof)?;
    let native_verify_ms = start.elapsed().as_secs_f64() * 1e3;
    phases.close(phase, "native");

    let phase = phases.open("decrypt");
    let dealer = keys.read_dealer()?;
    let degree = total.declaration().degree;
    let totals: Vec<u64> = total
        .blocks()
        .iter()
        .map(|b| dealer.client().decrypt_message_and_carry(&b.to_shortint(degree)))
        .collect();
    phases.close(phase, format!("{totals:?}"));

    let expected = ballot::expected_totals(&ballots);
    ensure!(totals.len() == expected.len(), "{} totals, expected {}", totals.len(), expected.len());
    Ok(Summary {
        voters,
        totals,
        expected,
        proof_bytes: Some(proof_bytes),
        calldata_bytes: None,
        prove_seconds: Some(prove_time.as_secs_f64()),
        native_verify_ms: Some(native_verify_ms),
        gas_fulfil: None,
        gas_release: None,
        released: false,
        fulfil_tx: None,
        release_tx: None,
        verifier_hash: None,
        srs_digest: Some(srs.verifier().digest().into()),
        seconds_after_build: phases.elapsed().as_secs_f64(),
        keys_cached: keys.cached,
        stages: Stages { proof: "native", chain: "absent", release: "client-key", processes: "one" },
        open: OPEN,
    })
}

/// The statement of a job that no chain knows: chain id, contracts, request and salt are zero.
fn statement(
    program: &LinearProgram,
    key_digest: Bytes32,
    srs: &CommitmentKey,
    values: &[EncryptedValue],
    total: &ValueWords,
) -> anyhow::Result<Statement> {
    let domain = HandleDomain { chain_id: 0, coprocessor: [0; 20], key_digest };
    let inputs = values
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let registrant = [u8::try_from(i).unwrap_or(u8::MAX); 20];
            NamedCommitment::new(&v.record(&domain, registrant, [0; 20]), v.commitment)
        })
        .collect::<Result<_, _>>()?;
    let commitment = Commitment::new(srs.commit_words(&total.commitment_words())?)?;
    let declaration = total.declaration();
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest,
        key_kind: declaration.key_kind,
        value_type: declaration.value_type,
        blocks: declaration.blocks,
        origin: Origin::Output { request_id: [0; 32], job: 0, segment: 0, index: 0 },
        commitment_digest: commitment.digest(),
    };
    Ok(Statement {
        domain: Domain {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            verifier_hash: [0; 32],
            srs_digest: srs.verifier().digest(),
            parameter_set_id: parameter_set_id(),
            key_digest,
        },
        job: Job {
            request_id: [0; 32],
            salt: [0; 32],
            program: program.clone(),
            inputs,
            outputs: vec![NamedCommitment::new(&record, commitment)?],
        },
    })
}
