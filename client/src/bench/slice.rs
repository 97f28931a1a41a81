//! One job of the class `SLICE` with fifteen inputs: encrypted, evaluated, proved, wrapped, verified and fulfilled, each
//! step timed.

use super::evm_tally::{EvmTally, fulfil_input};
use super::memory;
use anyhow::{Context, ensure};
use rand::rngs::OsRng;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;
use trine::ballot::{self, Ballot, MAX_VOTERS};
use trine::cluster::layout::CHAIN_ID;
use trine::cluster::preparation::Material;
use trine::phases::Phases;
use trine::setup;
use trine::voter::{EncryptedValue, HandleDomain, Voter};
use trine_contract::EvaluationProof;
use trine_contract::bindings::Coprocessor;
use trine_fhe::{ValueWords, linear};
use trine_program::LinearProgram;
use trine_prover::argument::Phase;
use trine_prover::groth::{development_key, prove_wrap};
use trine_prover::wrap::WrapWitness;
use trine_prover::{Mode, argument};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{
    Class, Commitment, Domain, HandleRecord, InnerProof, Job, NamedCommitment, Origin, PublicInputs,
    Statement,
};

/// Most gas of a fulfilment with fifteen inputs.
pub const MAX_GAS_FULFIL: u64 = 900_000;
/// Most bytes of its calldata.
pub const MAX_CALLDATA_BYTES: usize = 8_000;
/// Verifications of which the median is told.
const VERIFICATIONS: usize = 21;

/// The figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// `slice`.
    pub bench: &'static str,
    /// Input handles.
    pub inputs: usize,
    /// Output handles.
    pub outputs: usize,
    /// Threads of the prover.
    pub threads: usize,
    /// Nothing had to be made: else `peak_memory_bytes` is that of the key generation.
    pub keys_cached: bool,
    /// Seconds of reading proving key and reference string.
    pub load_seconds: f64,
    /// Seconds of encrypting all inputs, and committing to them.
    pub encrypt_seconds: f64,
    /// Seconds of the evaluation.
    pub evaluate_seconds: f64,
    /// Seconds of the inner argument: each phase, and `total`.
    pub prove_seconds: BTreeMap<String, f64>,
    /// Seconds of the Groth16 proof around it.
    pub wrap_seconds: f64,
    /// Milliseconds of verifying the inner proof natively, median.
    pub native_verify_ms: f64,
    /// Bytes of the inner proof.
    pub inner_proof_bytes: usize,
    /// Bytes of the proof that the contract takes.
    pub proof_bytes: usize,
    /// Bytes of the fulfilment's calldata.
    pub calldata_bytes: usize,
    /// Gas of one ballot.
    pub gas_vote: u64,
    /// Gas of the request.
    pub gas_request: u64,
    /// Gas of the fulfilment.
    pub gas_fulfil: u64,
    /// Gas of the transaction in which the consumer accepts the release.
    pub gas_release: u64,
    /// Largest resident memory of this process, keys and prover; absent where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// Totals of the event.
    pub totals: Vec<u64>,
    /// Totals from the plaintexts.
    pub expected: Vec<u64>,
}

impl Figures {
    /// Right totals, gas and calldata within their limits.
    pub fn within_limits(&self) -> bool {
        self.totals == self.expected
            && self.gas_fulfil <= MAX_GAS_FULFIL
            && self.calldata_bytes <= MAX_CALLDATA_BYTES
    }
}

/// Measures.
pub fn run(phases: &mut Phases) -> anyhow::Result<Figures> {
    let class = Class::SLICE;
    let phase = phases.open("keys");
    let material = Material::load_or_generate(&mut |step| phase.step(step))?;
    phases.close(phase, if material.cached { "cached" } else { "made: run again for warm figures" });
    let phase = phases.open("load proving key");
    let key = development_key(&setup::cache_folder(), &class, Mode::Development)?;
    let load_seconds = phases.close(phase, "").as_secs_f64();

    let program = ballot::tally(MAX_VOTERS)?;
    let mut chain = EvmTally::new(&material, &program)?;
    let phase = phases.open("encrypt");
    let public_key = std::fs::read(&material.keys.compact_public_key)?;
    let voter = Voter::new(&public_key, &material.srs)?;
    let ballots: Vec<Ballot> = (0..MAX_VOTERS).map(|_| Ballot::random(&mut OsRng)).collect();
    let declaration = ballot::declaration();
    let values: Vec<EncryptedValue> =
        ballots.iter().map(|b| voter.encrypt(&declaration, &b.counters())).collect::<Result<_, _>>()?;
    let encrypt_seconds = phases.close(phase, format!("{} ballots", values.len())).as_secs_f64();

    let mut gas_vote = 0;
    let domain = HandleDomain {
        chain_id: CHAIN_ID,
        coprocessor: chain.coprocessor.0.0,
        key_digest: material.key_digest.0,
    };
    let mut inputs = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let (handle, gas) = chain.vote(index, &value.commitment)?;
        let record = value.record(&domain, chain.tally.0.0, chain.tally.0.0);
        let own = NamedCommitment::new(&record, value.commitment)?;
        ensure!(own.handle == handle.0, "own handle {}, on chain {handle}", hex::encode(own.handle));
        inputs.push(own);
        gas_vote = gas;
    }
    let (requested, gas_request) = chain.close()?;

    let phase = phases.open("evaluate");
    let words: Vec<ValueWords> = values.iter().map(|v| v.words.clone()).collect();
    let total = linear::evaluate(&program, &words)?.pop().context("the tally has one output")?;
    let evaluate_seconds = phases.close(phase, "exact sum").as_secs_f64();
    let statement = statement(&material, &domain, &program, &requested, inputs, &total)?;

    let (inner, prove_seconds) = prove(&material, &statement, &words, phases)?;
    let public = trine_verifier::verify(&class, material.srs.verifier(), &statement, &inner)?;
    let phase = phases.open("wrap");
    let witness = WrapWitness { matrix: statement.inputs(&class)?.matrix, field: inner.field.clone() };
    let wrapped = prove_wrap(&key, &class, &public, &witness, &mut OsRng)?;
    let wrap_seconds = phases.close(phase, "Groth16").as_secs_f64();
    let peak_memory_bytes = memory::peak_bytes();

    let phase = phases.open("verify");
    let native_verify_ms = verify_ms(&material, &statement, &inner)?;
    phases.close(phase, format!("{VERIFICATIONS} times, median {native_verify_ms:.2} ms"));

    let phase = phases.open("fulfil and release");
    let proof = EvaluationProof::from_words(&wrapped.to_words(), inner.group.clone(), &public)?
        .to_bytes(&class, &material.verifier_hash.0)?;
    let proof_bytes = proof.len();
    let job = &statement.job;
    let input = fulfil_input(
        requested.requestId,
        job.outputs.iter().map(|o| &o.commitment),
        job.inputs.iter().map(|i| &i.commitment),
        proof,
    );
    let calldata_bytes = input.len();
    let (outputs, gas_fulfil) = chain.fulfil(input)?;
    let handle = *outputs.first().context("no output on chain")?;
    let decrypted = decrypt(&material, &total)?;
    let (totals, gas_release) = chain.release(requested.requestId, handle, &decrypted)?;
    phases.close(phase, format!("{gas_fulfil} and {gas_release} gas"));

    Ok(Figures {
        bench: "slice",
        inputs: program.inputs().len(),
        outputs: program.outputs().len(),
        threads: rayon::current_num_threads(),
        keys_cached: material.cached,
        load_seconds,
        encrypt_seconds,
        evaluate_seconds,
        prove_seconds,
        wrap_seconds,
        native_verify_ms,
        inner_proof_bytes: inner.to_bytes(&class).len(),
        proof_bytes,
        calldata_bytes,
        gas_vote,
        gas_request,
        gas_fulfil,
        gas_release,
        peak_memory_bytes,
        totals,
        expected: ballot::expected_totals(&ballots),
    })
}

/// The statement of the request on the EVM.
fn statement(
    material: &Material,
    domain: &HandleDomain,
    program: &LinearProgram,
    requested: &Coprocessor::Requested,
    inputs: Vec<NamedCommitment>,
    total: &ValueWords,
) -> anyhow::Result<Statement> {
    let request_id = requested.requestId.0;
    let commitment = Commitment::new(material.srs.commit_words(&total.commitment_words())?)?;
    let declaration = total.declaration();
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: declaration.key_kind,
        value_type: declaration.value_type,
        blocks: declaration.blocks,
        origin: Origin::Output { request_id, job: 0, segment: 0, index: 0 },
        commitment_digest: commitment.digest(),
    };
    Ok(Statement {
        domain: Domain {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            verifier_hash: material.verifier_hash.0,
            srs_digest: material.srs.verifier().digest(),
            parameter_set_id: parameter_set_id(),
            key_digest: domain.key_digest,
        },
        job: Job {
            request_id,
            salt: requested.salt.0,
            program: program.clone(),
            inputs,
            outputs: vec![NamedCommitment::new(&record, commitment)?],
        },
    })
}

/// The inner proof, and the seconds of its phases.
fn prove(
    material: &Material,
    statement: &Statement,
    inputs: &[ValueWords],
    phases: &mut Phases,
) -> anyhow::Result<(InnerProof, BTreeMap<String, f64>)> {
    let words = inputs.iter().map(ValueWords::commitment_words).collect();
    let phase = phases.open("prove");
    let start = Instant::now();
    let mut begun: Vec<(&'static str, f64)> = Vec::with_capacity(Phase::ALL.len());
    let proof = argument::prove(&Class::SLICE, &material.srs, statement, words, &mut |step| {
        phase.step(step.name());
        begun.push((step.name(), start.elapsed().as_secs_f64()));
        true
    })?;
    let total = phases.close(phase, "inner argument").as_secs_f64();
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([total]);
    let mut seconds: BTreeMap<String, f64> =
        begun.iter().zip(ends).map(|((name, from), to)| (name.replace(' ', "_"), to - from)).collect();
    seconds.insert("total".into(), total);
    Ok((proof, seconds))
}

/// Median of the verification times.
fn verify_ms(material: &Material, statement: &Statement, proof: &InnerProof) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(VERIFICATIONS);
    for _ in 0..VERIFICATIONS {
        let start = Instant::now();
        let public: PublicInputs =
            trine_verifier::verify(&Class::SLICE, material.srs.verifier(), statement, proof)?;
        std::hint::black_box(public);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times.get(VERIFICATIONS / 2).copied().context("no verification was timed")
}

/// What the committee would release, by the client key.
fn decrypt(material: &Material, total: &ValueWords) -> anyhow::Result<Vec<u64>> {
    let dealer = material.keys.read_dealer()?;
    let degree = total.declaration().degree;
    let decrypted = total.blocks().iter();
    Ok(decrypted.map(|b| dealer.client().decrypt_message_and_carry(&b.to_shortint(degree))).collect())
}
