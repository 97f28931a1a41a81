//! The receipt file: what convinces a third party of a job's outputs.
//!
//! JSON with `0x` hexadecimal strings. Unknown fields are refused, so that nobody reads a promise into a field that is
//! not checked.

use alloy::primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use trine_program::{KeyKind, ValueType};
use trine_verifier::srs::G2_POWERS;

/// Value of the field `format`.
pub const FORMAT: &str = "trine.receipt.v1";
/// Longest receipt file that is read: both proofs of 255 segments fit.
pub const MAX_RECEIPT_BYTES: u64 = 32 << 20;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`FORMAT`].
    pub format: String,
    /// Verifier's part of the reference string; its digest is what counts.
    pub setup: Setup,
    /// Where the proof counts.
    pub domain: ReceiptDomain,
    /// Request that the job answers.
    pub request_id: B256,
    /// Salt drawn by the chain in the request's transaction.
    pub salt: B256,
    /// Canonical text of the program.
    pub program: String,
    /// Inputs in the order of the program.
    pub inputs: Vec<ReceiptRecord>,
    /// Outputs in the order of the program.
    pub outputs: Vec<ReceiptRecord>,
    /// Of a circuit the commitments of the evaluation key, x and y each, both zero at infinity; of a linear program absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_points: Option<Vec<[B256; 2]>>,
    /// Of a circuit of several segments all but the last, in order; what follows is then of the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_segments: Vec<ReceiptSegment>,
    /// Inner proof, canonical bytes.
    pub inner_proof: Bytes,
    /// What else that proof covers; absent where it is of this job alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<ReceiptBatch>,
    /// Proof for `Coprocessor.fulfil`, `fulfilCircuit` or `fulfilJobs`; absent where no contract was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped_proof: Option<Bytes>,
    /// Transaction that fulfilled the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfil_tx: Option<B256>,
    /// What the committee released, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReceiptRelease>,
}

/// A segment before the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSegment {
    /// Commitments of its links, x and y each: its outputs, which later segments read.
    pub links: Vec<[B256; 2]>,
    /// Inner proof, canonical bytes.
    pub inner_proof: Bytes,
    /// What else that proof covers; absent where it is of this segment alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<ReceiptBatch>,
    /// Proof for `Coprocessor.fulfilJobs`; absent where no contract was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped_proof: Option<Bytes>,
    /// Transaction that proved it on chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfil_tx: Option<B256>,
}

/// The jobs that a proof covers beside the receipt's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBatch {
    /// Where the own job stands among all of them, from 0.
    pub place: u32,
    /// The others, in their order.
    pub others: Vec<ReceiptJob>,
}

/// Another job of a proof: what is proved of it is no matter of the receipt, and nobody asks the chain about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptJob {
    /// Its request.
    pub request_id: B256,
    /// Salt of the request.
    pub salt: B256,
    /// Place of the segment in its job; else 0.
    #[serde(default)]
    pub segment: u32,
    /// Canonical text of its circuit, of a segment the segment's own.
    pub program: String,
    /// Inputs in the order of the circuit.
    pub inputs: Vec<ReceiptRecord>,
    /// Outputs in the order of the circuit.
    pub outputs: Vec<ReceiptRecord>,
}

/// Verifier's part of a reference string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// `tau H`, `tau^s H`, `tau^(s+1) H`, s the arity of the opening: x_c1, x_c0, y_c1, y_c0 each.
    pub powers_h: [[B256; 4]; G2_POWERS],
    /// Powers of tau in G1 that exist.
    pub max_powers: u64,
}

/// The domain of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptDomain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// Hash of verifying key, SRS, parameter set and class.
    pub verifier_hash: B256,
    /// Digest of the SRS.
    pub srs_digest: B256,
    /// Hash of the parameter set's name.
    pub parameter_set_id: B256,
    /// Digest of the FHE key set.
    pub key_digest: B256,
}

/// A handle and everything that it is the digest of, beside the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRecord {
    /// The handle.
    pub handle: B256,
    /// Type of the value.
    pub value_type: ValueType,
    /// Key that it is encrypted under.
    pub key_kind: KeyKind,
    /// Number of blocks.
    pub blocks: u8,
    /// Where it comes from.
    pub origin: ReceiptOrigin,
    /// Commitment to its words: x, y.
    pub commitment: [B256; 2],
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiptOrigin {
    /// Registered on chain.
    Input {
        /// Who registered it.
        registrant: Address,
        /// Contract that may use it.
        consumer: Address,
    },
    /// Made by a proof.
    Output {
        /// Request.
        request_id: B256,
        /// Job.
        job: u32,
        /// Segment.
        segment: u32,
        /// Place among the program's outputs.
        index: u32,
    },
}

/// A release signed by the committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRelease {
    /// Contract that verifies releases.
    pub release_verifier: Address,
    /// Epoch of the committee.
    pub epoch: u64,
    /// Released handles, those that the consumer has named, in the order of the outputs.
    pub handles: Vec<B256>,
    /// Plaintext of each block of each handle, in order.
    pub plaintexts: Vec<u64>,
    /// Signature in G2, EIP-2537 encoding.
    pub signature: Bytes,
    /// Transaction in which the consumer accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_tx: Option<B256>,
}

/// Why a file is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptFileError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// Too long.
    #[error("receipt of {got} bytes, at most {MAX_RECEIPT_BYTES} are read")]
    Length {
        /// Bytes.
        got: u64,
    },
    /// Not the JSON of a receipt.
    #[error("not a receipt: {0}")]
    Json(#[from] serde_json::Error),
    /// Another format.
    #[error("format {got:?}, expected {FORMAT:?}")]
    Format {
        /// Format of the file.
        got: String,
    },
}

impl Receipt {
    /// Reads a receipt file. The length is checked before its content is read.
    pub fn read(path: &Path) -> Result<Self, ReceiptFileError> {
        let failed = |source| ReceiptFileError::Io { path: path.into(), source };
        let got = std::fs::metadata(path).map_err(failed)?.len();
        if got > MAX_RECEIPT_BYTES {
            return Err(ReceiptFileError::Length { got });
        }
        Self::from_json(&std::fs::read(path).map_err(failed)?)
    }

    /// Reads the JSON of a receipt.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReceiptFileError> {
        if bytes.len() as u64 > MAX_RECEIPT_BYTES {
            return Err(ReceiptFileError::Length { got: bytes.len() as u64 });
        }
        let receipt: Self = serde_json::from_slice(bytes)?;
        if receipt.format == FORMAT {
            Ok(receipt)
        } else {
            Err(ReceiptFileError::Format { got: receipt.format })
        }
    }

    /// Handles of the outputs, in the order of the program.
    pub fn output_handles(&self) -> Vec<B256> {
        self.outputs.iter().map(|output| output.handle).collect()
    }

    /// How many proofs it has: one for each segment.
    pub fn segments(&self) -> usize {
        self.earlier_segments.len() + 1
    }

    /// Inner proof of each segment, and the proof for the contract where there is one, in order.
    pub fn proofs(&self) -> impl Iterator<Item = (&Bytes, Option<&Bytes>)> {
        let earlier = self.earlier_segments.iter().map(|s| (&s.inner_proof, s.wrapped_proof.as_ref()));
        earlier.chain([(&self.inner_proof, self.wrapped_proof.as_ref())])
    }

    /// How many jobs each proof covers, this one included, in order.
    pub fn jobs(&self) -> Vec<usize> {
        let earlier = self.earlier_segments.iter().map(|segment| segment.batch.as_ref());
        let batches = earlier.chain([self.batch.as_ref()]);
        batches.map(|batch| batch.map_or(1, |batch| batch.others.len().saturating_add(1))).collect()
    }

    /// The JSON, indented.
    pub fn to_json(&self) -> Result<String, ReceiptFileError> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), ReceiptFileError> {
        std::fs::write(path, self.to_json()?)
            .map_err(|source| ReceiptFileError::Io { path: path.into(), source })
    }
}
