//! The last line of a demonstration of a circuit: what came out, in figures.

use super::clients::Fulfilled;
use super::jobs::{JobFigures, TransactionFigures};
use super::summary::Stages;
use alloy::primitives::B256;
use anyhow::Context;
use serde::Serialize;
use std::collections::BTreeMap;
use trine::phases::Phases;
use trine::receipt::Receipt;
use trine_program::circuit::Circuit;

/// Figures that every demonstration of a circuit has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CircuitFigures {
    /// Name of the program.
    pub program: &'static str,
    /// Bootstrappings of the circuit.
    pub bootstrappings: usize,
    /// Input handles.
    pub inputs: usize,
    /// Segments: proofs, each with its transaction. Figures below are of all of them.
    pub segments: usize,
    /// Bytes of the proofs that the contract takes.
    pub proof_bytes: usize,
    /// Bytes of the proofs that a native verifier takes.
    pub inner_proof_bytes: usize,
    /// Bytes of the inputs of the transactions that fulfil the request.
    pub calldata_bytes: usize,
    /// Seconds of proving, argument and wrap.
    pub prove_seconds: f64,
    /// Milliseconds of native verification of the receipt.
    pub native_verify_ms: f64,
    /// Gas of the fulfilment.
    pub gas_fulfil: u64,
    /// Gas of each segment's transaction, in order.
    pub gas_segments: Vec<u64>,
    /// Transaction that fulfilled the request: that of the last segment.
    pub fulfil_tx: B256,
    /// Transaction of each segment, in order.
    pub segment_txs: Vec<B256>,
    /// Hash of the verifier of circuits.
    pub verifier_hash: B256,
    /// Digest of the reference string.
    pub srs_digest: B256,
    /// Digest of the commitments of the evaluation key.
    pub key_digest: B256,
}

impl CircuitFigures {
    /// Of a fulfilled request.
    pub fn of(program: &'static str, circuit: &Circuit, fulfilled: &Fulfilled) -> anyhow::Result<Self> {
        let receipt: &Receipt = &fulfilled.receipt;
        let (argument, wrap) = fulfilled.prove_ms;
        let gas_segments = fulfilled.gas_of_segments();
        let proof_bytes = receipt.proofs().map(|(_, wrapped)| wrapped.map(|proof| proof.len()));
        let proof_bytes = proof_bytes.sum::<Option<usize>>().context("no proof for the contract")?;
        Ok(Self {
            program,
            bootstrappings: circuit.bootstrappings().len(),
            inputs: circuit.inputs().len(),
            segments: receipt.segments(),
            proof_bytes,
            inner_proof_bytes: receipt.proofs().map(|(inner, _)| inner.len()).sum(),
            calldata_bytes: fulfilled.calldata_bytes(),
            prove_seconds: (argument + wrap) as f64 / 1e3,
            native_verify_ms: fulfilled.native_verify_ms,
            gas_fulfil: gas_segments.iter().sum(),
            gas_segments,
            fulfil_tx: fulfilled.fulfil_tx,
            segment_txs: fulfilled.transactions(),
            verifier_hash: receipt.domain.verifier_hash,
            srs_digest: receipt.domain.srs_digest,
            key_digest: receipt.domain.key_digest,
        })
    }
}

/// The run around it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunFigures {
    /// Seconds of each phase.
    pub phases: BTreeMap<String, f64>,
    /// Seconds of the whole run.
    pub seconds_after_build: f64,
    /// Keys and setups were there already.
    pub keys_cached: bool,
    /// What is real.
    pub stages: Stages,
    /// What this version does not exclude.
    pub open: &'static [&'static str],
}

impl RunFigures {
    /// Of a run on a cluster that has just ended.
    pub fn of(phases: &Phases, keys_cached: bool) -> Self {
        let rows = phases.rows().iter().map(|phase| (phase.name.clone(), phase.duration.as_secs_f64()));
        Self {
            phases: rows.collect(),
            seconds_after_build: phases.elapsed().as_secs_f64(),
            keys_cached,
            stages: Stages { proof: "wrapped", chain: "anvil", release: "threshold", processes: "many" },
            open: OPEN,
        }
    }
}

/// What stays open without proofs about inputs.
pub const OPEN: &[&str] = &[
    "copied ballots: whoever sees an uploaded ciphertext can register an altered copy of it as a ballot of their own \
     (the contract refuses the identical one)",
    "chosen ballots: a block is not proved to hold 0 or 1, nor a ballot to have one 1, so a voter can vote for several \
     candidates or with a larger number",
    "setups: reference string and Groth16 keys come from public seeds, the committee's keys from one dealer",
];

/// The JSON line of an election.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ElectionSummary {
    /// Voters.
    pub voters: usize,
    /// Candidates.
    pub candidates: usize,
    /// Number of the winner, from the event on chain.
    pub winner: u8,
    /// The winner from the voters' plaintexts.
    pub expected_winner: u8,
    /// Gas of the last ballot.
    pub gas_vote: u64,
    /// Gas of the request.
    pub gas_request: u64,
    /// Gas of the transaction in which the election accepts the release.
    pub gas_release: u64,
    /// Both transactions, fulfilment and acceptance, succeeded.
    pub released: bool,
    /// Transaction that brought the result.
    pub release_tx: B256,
    /// Circuit and proof.
    #[serde(flatten)]
    pub circuit: CircuitFigures,
    /// The run.
    #[serde(flatten)]
    pub run: RunFigures,
}

impl ElectionSummary {
    /// Whether the run did what it should.
    pub fn passed(&self) -> bool {
        self.winner == self.expected_winner && self.released
    }
}

/// The JSON line of a workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkloadSummary {
    /// Parameters of the instance.
    pub parameters: String,
    /// Names of the released outputs.
    pub outputs: Vec<String>,
    /// Their values.
    pub values: Vec<u64>,
    /// What the model says of them.
    pub expected: Vec<u64>,
    /// Names of the outputs that stay encrypted.
    pub sealed: Vec<String>,
    /// The committee's signature was accepted by the release verifier.
    pub released: bool,
    /// Jobs of the run. What stands above, and of the circuit and its proof, is of the first.
    pub jobs: usize,
    /// Proofs of all jobs.
    pub proofs: usize,
    /// Each job.
    pub results: Vec<JobFigures>,
    /// Each transaction that brought a proof.
    pub gas: Vec<TransactionFigures>,
    /// Circuit and proof.
    #[serde(flatten)]
    pub circuit: CircuitFigures,
    /// The run.
    #[serde(flatten)]
    pub run: RunFigures,
}

impl WorkloadSummary {
    /// Whether the run did what it should.
    pub fn passed(&self) -> bool {
        self.values == self.expected && self.released && self.results.iter().all(JobFigures::passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit() -> CircuitFigures {
        CircuitFigures {
            program: "election",
            bootstrappings: 16,
            inputs: 36,
            segments: 1,
            proof_bytes: 2340,
            inner_proof_bytes: 36_000,
            calldata_bytes: 6000,
            prove_seconds: 100.0,
            native_verify_ms: 10.0,
            gas_fulfil: 1_500_000,
            gas_segments: vec![1_500_000],
            fulfil_tx: B256::ZERO,
            segment_txs: vec![B256::ZERO],
            verifier_hash: B256::ZERO,
            srs_digest: B256::ZERO,
            key_digest: B256::ZERO,
        }
    }

    fn job(value: u64) -> JobFigures {
        JobFigures {
            request: B256::ZERO,
            parameters: String::new(),
            values: vec![value],
            expected: vec![value],
            released: true,
            jobs_in_proofs: vec![2],
            transactions: vec![B256::ZERO],
        }
    }

    fn election() -> ElectionSummary {
        ElectionSummary {
            voters: 12,
            candidates: 3,
            winner: 2,
            expected_winner: 2,
            gas_vote: 1,
            gas_request: 1,
            gas_release: 1,
            released: true,
            release_tx: B256::ZERO,
            circuit: circuit(),
            run: RunFigures::of(&Phases::start(true), true),
        }
    }

    #[test]
    fn a_run_passes_only_with_the_right_and_released_winner() {
        assert!(election().passed());
        assert!(!ElectionSummary { winner: 1, ..election() }.passed());
        assert!(!ElectionSummary { released: false, ..election() }.passed());
        let workload = WorkloadSummary {
            parameters: String::new(),
            outputs: vec!["of age".into()],
            values: vec![1],
            expected: vec![1],
            sealed: vec!["age".into()],
            released: true,
            jobs: 2,
            proofs: 1,
            results: vec![job(1), job(0)],
            gas: vec![TransactionFigures { transaction: B256::ZERO, jobs: 2, gas: 1_700_000 }],
            circuit: circuit(),
            run: RunFigures::of(&Phases::start(true), true),
        };
        assert!(workload.passed());
        assert!(!WorkloadSummary { values: vec![0], ..workload.clone() }.passed());
        let wrong = JobFigures { expected: vec![7], ..job(0) };
        assert!(!WorkloadSummary { results: vec![job(1), wrong], ..workload.clone() }.passed());
        let unreleased = JobFigures { released: false, ..job(0) };
        assert!(!WorkloadSummary { results: vec![job(1), unreleased], ..workload.clone() }.passed());
        let value = serde_json::to_value(&workload).unwrap();
        for field in ["jobs", "proofs", "results", "gas", "values", "sealed", "gas_fulfil"] {
            assert!(value.get(field).is_some(), "{field}");
        }
        assert!(!WorkloadSummary { released: false, ..workload }.passed());
    }

    #[test]
    fn the_line_has_every_field_that_readers_parse() {
        let value = serde_json::to_value(election()).unwrap();
        for field in [
            "program",
            "voters",
            "candidates",
            "bootstrappings",
            "segments",
            "gas_segments",
            "segment_txs",
            "winner",
            "expected_winner",
            "proof_bytes",
            "calldata_bytes",
            "prove_seconds",
            "native_verify_ms",
            "gas_fulfil",
            "gas_release",
            "released",
            "phases",
            "seconds_after_build",
            "keys_cached",
            "stages",
        ] {
            assert!(value.get(field).is_some(), "{field}");
        }
    }
}
