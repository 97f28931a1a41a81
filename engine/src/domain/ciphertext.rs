//! Stored ciphertexts.

use super::access::AccessList;
use super::job::JobId;
use super::noise::NoiseRecord;
use serde::{Deserialize, Serialize};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_verifier::handle::CommitmentError;
use trine_verifier::{Address, Bytes32, Commitment, HandleRecord, Origin};

/// Where a stored value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredOrigin {
    /// Uploaded, to be registered on chain by `registrant` for `consumer`.
    Input {
        /// Who registers it.
        registrant: Address,
        /// For whom.
        consumer: Address,
    },
    /// Output `index` of a job of one piece, or of its first segment, that answers `request_id`.
    Output {
        /// The request.
        request_id: Bytes32,
        /// Place among the outputs.
        index: u32,
    },
    /// Output `index` of a later segment.
    LaterOutput {
        /// The request.
        request_id: Bytes32,
        /// The segment, from 1.
        segment: u32,
        /// Place among the outputs.
        index: u32,
    },
}

impl StoredOrigin {
    /// Of an output of a segment; a job of one piece is its segment 0.
    pub const fn output(request_id: Bytes32, segment: u32, index: u32) -> Self {
        match segment {
            0 => Self::Output { request_id, index },
            _ => Self::LaterOutput { request_id, segment, index },
        }
    }

    /// As handles bind it. A proof covers one job here.
    pub const fn origin(&self) -> Origin {
        match *self {
            Self::Input { registrant, consumer } => Origin::Input { registrant, consumer },
            Self::Output { request_id, index } => Origin::Output { request_id, job: 0, segment: 0, index },
            Self::LaterOutput { request_id, segment, index } => {
                Origin::Output { request_id, job: 0, segment, index }
            }
        }
    }
}

/// A stored value without its words, which are kept beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CiphertextRecord {
    /// Digest of everything below and of the engine's domain.
    pub handle: Bytes32,
    /// Key set.
    pub key_digest: Bytes32,
    /// Key of the set that the value is encrypted under.
    pub key_kind: KeyKind,
    /// Type.
    pub value_type: ValueType,
    /// Number of blocks.
    pub blocks: u8,
    /// Origin.
    pub origin: StoredOrigin,
    /// Affine coordinates of the commitment to the words, big-endian.
    pub commitment: [Bytes32; 2],
    /// BLAKE3 of the canonical words.
    pub words_digest: Bytes32,
    /// Bytes of the canonical words.
    pub words_bytes: u64,
    /// A registered input, or an output that a proof covers.
    pub proven: bool,
    /// Noise and range.
    pub noise: NoiseRecord,
    /// Job that made it.
    pub job: Option<JobId>,
    /// Who may read it.
    pub access: AccessList,
}

impl CiphertextRecord {
    /// The commitment as a point.
    pub fn point(&self) -> Result<Commitment, CommitmentError> {
        let [x, y] = &self.commitment;
        Commitment::from_xy(x, y)
    }

    /// The record that the handle is a digest of.
    pub fn handle_record(
        &self,
        chain_id: u64,
        coprocessor: Address,
    ) -> Result<HandleRecord, CommitmentError> {
        Ok(HandleRecord {
            chain_id,
            coprocessor,
            key_digest: self.key_digest,
            key_kind: self.key_kind,
            value_type: self.value_type,
            blocks: self.blocks,
            origin: self.origin.origin(),
            commitment_digest: self.point()?.digest(),
        })
    }

    /// What a circuit declares about the value when it takes it as an input.
    pub fn declaration(&self) -> Declaration {
        Declaration {
            value_type: self.value_type,
            key_kind: self.key_kind,
            blocks: self.blocks,
            degree: self.noise.degree,
        }
    }

    /// Whether the value is of the declared key, type and length.
    pub fn matches(&self, declaration: &Declaration) -> bool {
        self.key_kind == declaration.key_kind
            && self.value_type == declaration.value_type
            && self.blocks == declaration.blocks
    }
}
