//! Commitments to values, and handles: names of values that say where they come from.

use crate::digest::{AbiHasher, point_from_words, point_words};
use crate::{Address, Bytes32};
use ark_bn254::G1Affine;
use ark_ec::AffineRepr;
use trine_program::{Declaration, KeyKind, ValueType};

/// KZG commitment to the words of a value (spec section 2). Never the point at infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(G1Affine);

/// Why there is no commitment, or none under this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// A coordinate not below the modulus, or a point off the curve.
    #[error("commitment is not a canonical point of BN254 G1")]
    NotAPoint,
    /// The point at infinity: the commitment of the all-zero value, which is no ciphertext.
    #[error("commitment is the point at infinity")]
    Infinity,
    /// The record is of another commitment.
    #[error("commitment has the digest {}, its record names {}", hex::encode(got), hex::encode(expected))]
    OtherRecord {
        /// Digest of the commitment.
        got: Bytes32,
        /// Digest in the record.
        expected: Bytes32,
    },
}

impl Commitment {
    /// From a point.
    pub fn new(point: G1Affine) -> Result<Self, CommitmentError> {
        if point.is_zero() {
            Err(CommitmentError::Infinity)
        } else if !point.is_on_curve() {
            Err(CommitmentError::NotAPoint)
        } else {
            Ok(Self(point))
        }
    }

    /// From big-endian affine coordinates, as on chain.
    pub fn from_xy(x: &Bytes32, y: &Bytes32) -> Result<Self, CommitmentError> {
        Self::new(point_from_words(x, y).ok_or(CommitmentError::NotAPoint)?)
    }

    /// Big-endian affine coordinates.
    pub fn xy(&self) -> [Bytes32; 2] {
        point_words(&self.0)
    }

    /// The point.
    pub fn point(&self) -> &G1Affine {
        &self.0
    }

    /// Commitment digest of `docs/spec/onchain.md`.
    pub fn digest(&self) -> Bytes32 {
        let [x, y] = self.xy();
        AbiHasher::tagged("commitment").word(&x).word(&y).finish()
    }
}

/// A handle with the commitment it names.
///
/// The verifier does not tie the two: `stmt` binds the handle alone, the group side folds the commitment alone. A
/// commitment that its handle does not name is bound by no challenge, and a proof of one output passes for another.
/// Hence the only way to make one is [`NamedCommitment::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedCommitment {
    /// The handle.
    pub handle: Bytes32,
    /// Commitment to the value's words.
    pub commitment: Commitment,
}

impl NamedCommitment {
    /// The handle of `record` with `commitment`, which must be the one that the record names by its digest.
    ///
    /// Errors: [`CommitmentError::OtherRecord`].
    pub fn new(record: &HandleRecord, commitment: Commitment) -> Result<Self, CommitmentError> {
        let (got, expected) = (commitment.digest(), record.commitment_digest);
        if got == expected {
            Ok(Self { handle: record.handle(), commitment })
        } else {
            Err(CommitmentError::OtherRecord { got, expected })
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Registered by `registrant` for `consumer`.
    Input {
        /// Who registered it.
        registrant: Address,
        /// Contract (or account) it was registered for.
        consumer: Address,
    },
    /// Computed.
    Output {
        /// Request that asked for it.
        request_id: Bytes32,
        /// Job in the batch.
        job: u32,
        /// Segment of the job.
        segment: u32,
        /// Output of the program.
        index: u32,
    },
}

impl Origin {
    /// Digest of the origin.
    pub fn digest(&self) -> Bytes32 {
        match self {
            Self::Input { registrant, consumer } => {
                AbiHasher::tagged("origin_input").address(registrant).address(consumer).finish()
            }
            Self::Output { request_id, job, segment, index } => AbiHasher::tagged("origin_output")
                .word(request_id)
                .uint(u64::from(*job))
                .uint(u64::from(*segment))
                .uint(u64::from(*index))
                .finish(),
        }
    }
}

/// Everything that a handle binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleRecord {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the `Coprocessor`.
    pub coprocessor: Address,
    /// Digest of the evaluation key.
    pub key_digest: Bytes32,
    /// Secret key the value is encrypted under.
    pub key_kind: KeyKind,
    /// Type of the value.
    pub value_type: ValueType,
    /// Number of blocks.
    pub blocks: u8,
    /// Where it comes from.
    pub origin: Origin,
    /// Digest of the commitment to its words.
    pub commitment_digest: Bytes32,
}

impl HandleRecord {
    /// The handle: digest of the record.
    pub fn handle(&self) -> Bytes32 {
        AbiHasher::tagged("handle")
            .uint(self.chain_id)
            .address(&self.coprocessor)
            .word(&self.key_digest)
            .uint(u64::from(self.key_kind.code()))
            .uint(u64::from(self.value_type.code()))
            .uint(u64::from(self.blocks))
            .word(&self.origin.digest())
            .word(&self.commitment_digest)
            .finish()
    }

    /// Whether the record is of a value as declared.
    pub fn matches(&self, declaration: &Declaration) -> bool {
        self.key_kind == declaration.key_kind
            && self.value_type == declaration.value_type
            && self.blocks == declaration.blocks
    }
}
