//! Stored proofs.

use super::job::JobId;
use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

/// The proof of a job, or of a segment of it, in both forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// Canonical bytes of the inner proof.
    pub inner: Vec<u8>,
    /// Bytes for `Coprocessor.fulfil`, `fulfilCircuit` or `fulfilJobs`.
    pub wrapped: Vec<u8>,
    /// The public inputs of the wrap: 14 of a linear program, 18 of a circuit.
    pub public_inputs: Vec<Bytes32>,
    /// Time of the inner argument, milliseconds.
    pub argument_ms: u64,
    /// Time of the wrap, milliseconds.
    pub wrap_ms: u64,
    /// The jobs that it covers, in the order of its statement; empty where it is of one job, or segment, alone.
    pub batch: Vec<JobId>,
}

impl ProofRecord {
    /// Whether it covers several jobs.
    pub const fn is_of_batch(&self) -> bool {
        !self.batch.is_empty()
    }
}

/// A segment before the last: proven here, and on chain once its transaction is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentProof {
    /// Its proof.
    pub proof: ProofRecord,
    /// Transaction that proved it on chain, whoever sent it.
    pub fulfil_tx: Option<Bytes32>,
}
