//! What a user does alone: encrypt with tfhe-rs's own types, compute the words, the commitment and the handle.

use tfhe::shortint::CompactPublicKey;
use trine_fhe::encryption::{self, ListError};
use trine_fhe::keys::{self, KeyError};
use trine_fhe::words::ValueWords;
use trine_program::Declaration;
use trine_verifier::handle::CommitmentError;
use trine_verifier::srs::{CommitmentKey, SrsError};
use trine_verifier::{Address, Bytes32, Commitment, HandleRecord, Origin};

/// A value encrypted by its owner.
#[derive(Clone, Debug)]
pub struct EncryptedValue {
    /// The compact list as uploaded.
    pub list: Vec<u8>,
    /// Words that the list expands to.
    pub words: ValueWords,
    /// Commitment to the words.
    pub commitment: Commitment,
}

/// Why a value is not encrypted.
#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// The public key is none.
    #[error("compact public key: {0}")]
    Key(#[from] KeyError),
    /// Plaintexts or list are refused.
    #[error(transparent)]
    List(#[from] ListError),
    /// The reference string is too short.
    #[error("commitment: {0}")]
    Srs(#[from] SrsError),
    /// The commitment is the point at infinity.
    #[error(transparent)]
    Commitment(#[from] CommitmentError),
}

/// Where handles of registered values hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleDomain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// Digest of the key set.
    pub key_digest: Bytes32,
}

/// Encrypts for a public key, given by its bytes as the engine serves them.
pub struct Voter<'a> {
    key: CompactPublicKey,
    commitment_key: &'a CommitmentKey,
}

impl<'a> Voter<'a> {
    /// Reads the compact public key.
    pub fn new(compact_public_key: &[u8], commitment_key: &'a CommitmentKey) -> Result<Self, EncryptError> {
        Ok(Self { key: keys::decode_public_key(compact_public_key)?, commitment_key })
    }

    /// Encrypts one plaintext a block under fresh randomness.
    pub fn encrypt(
        &self,
        declaration: &Declaration,
        plaintexts: &[u64],
    ) -> Result<EncryptedValue, EncryptError> {
        let list = encryption::encrypt(&self.key, declaration, plaintexts)?;
        let words = encryption::expand(&list, *declaration)?;
        let commitment = Commitment::new(self.commitment_key.commit_words(&words.commitment_words())?)?;
        Ok(EncryptedValue { list: encryption::list_to_bytes(&list)?, words, commitment })
    }
}

impl EncryptedValue {
    /// The record whose digest is the handle once `registrant` has registered the value for `consumer`.
    pub fn record(&self, domain: &HandleDomain, registrant: Address, consumer: Address) -> HandleRecord {
        let declaration = self.words.declaration();
        HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: domain.key_digest,
            key_kind: declaration.key_kind,
            value_type: declaration.value_type,
            blocks: declaration.blocks,
            origin: Origin::Input { registrant, consumer },
            commitment_digest: self.commitment.digest(),
        }
    }
}
