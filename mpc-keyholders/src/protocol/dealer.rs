//! The dealer ceremony: the one trusted step. Whoever runs it sees the whole squashing key and the whole signing key,
//! and must erase them.
//!
//! It makes what [`super::sharing`] and [`super::attest`] share, and a message key for each node. What it hands to a
//! node is that node's alone; the [`CommitteeRecord`] is public.

use super::attest::{AttestError, CommitteeKey, SigningShare, deal_signing_key};
use super::committee::CommitteeSize;
use super::message::{MessageKey, MessageKeyError, MessagePublicKey};
use super::sharing::{KeyShare, KeyShareError, SharingError, share_key};
use rand::{CryptoRng, RngCore};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// All secrets of one node. Neither cloned nor printed.
pub struct NodeSecrets {
    /// Its part of the squashing key.
    pub key_share: KeyShare,
    /// Its share of the committee's signing key.
    pub signing_share: SigningShare,
    /// Its own key for messages to the other nodes.
    pub message_key: MessageKey,
}

/// What everybody may know about a committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitteeRecord {
    /// Nodes and tolerated faults.
    pub size: CommitteeSize,
    /// Epoch that these keys belong to.
    pub epoch: u64,
    /// Digest of the FHE key as registered on chain.
    pub key_id: [u8; 32],
    /// The committee's signing key.
    pub committee_key: CommitteeKey,
    /// Message keys by node.
    pub message_keys: Vec<MessagePublicKey>,
    /// For each set, by mask, the digest of what its members hold: each member compares (TR.K3).
    pub set_digests: BTreeMap<u16, [u8; 32]>,
}

/// Why the ceremony ends without keys, or a node refuses what it was dealt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DealerError {
    /// The squashing key does not fit.
    #[error(transparent)]
    Sharing(#[from] SharingError),
    /// The signing key does not fit.
    #[error(transparent)]
    Attest(#[from] AttestError),
    /// A node was dealt another committee than the record says.
    #[error("node {node}: {what} differs from the committee record")]
    Record {
        /// The node.
        node: u8,
        /// What differs.
        what: &'static str,
    },
    /// A node was dealt another summand than its fellow members.
    #[error("node {node}: secret of set {set:#06b} differs from the committee record")]
    SetDigest {
        /// The node.
        node: u8,
        /// Mask of the set.
        set: u16,
    },
}

/// Runs the ceremony on the binary squashing key (TR.K1, TR.K2). The caller erases `squashing_key`.
pub fn deal<R: RngCore + CryptoRng>(
    size: CommitteeSize,
    epoch: u64,
    key_id: [u8; 32],
    squashing_key: &[u64],
    rng: &mut R,
) -> Result<(CommitteeRecord, Vec<NodeSecrets>), DealerError> {
    let key_shares = share_key(size, squashing_key, rng)?;
    let (committee_key, signing_shares) = deal_signing_key(size, rng)?;
    let mut nodes = Vec::with_capacity(key_shares.len());
    for (key_share, signing_share) in key_shares.into_iter().zip(signing_shares) {
        nodes.push(NodeSecrets { key_share, signing_share, message_key: MessageKey::random(rng) });
    }
    let secrets = nodes.iter().flat_map(|n| n.key_share.sets());
    let record = CommitteeRecord {
        size,
        epoch,
        key_id,
        committee_key,
        message_keys: nodes.iter().map(|n| n.message_key.public()).collect(),
        set_digests: secrets.map(|s| (s.set().mask(), s.digest())).collect(),
    };
    Ok((record, nodes))
}

impl NodeSecrets {
    /// What a node checks before it serves (TR.K3): size, message key, signing share, and that it holds what its
    /// fellow members hold.
    pub fn check(&self, record: &CommitteeRecord) -> Result<(), DealerError> {
        let node = self.key_share.node();
        let differs = |what| DealerError::Record { node: node.get(), what };
        if self.key_share.size() != record.size {
            return Err(differs("committee size"));
        }
        let listed = record.message_keys.get(usize::from(node.get()));
        if listed != Some(&self.message_key.public()) {
            return Err(differs("message key"));
        }
        let probe = [0x5a; 32];
        let share = self.signing_share.sign(&probe)?;
        record.committee_key.verify_share(node, &probe, &share).map_err(|_| differs("signing share"))?;
        for secret in self.key_share.sets() {
            let set = secret.set().mask();
            if record.set_digests.get(&set) != Some(&secret.digest()) {
                return Err(DealerError::SetDigest { node: node.get(), set });
            }
        }
        Ok(())
    }
}

const SECRETS_TAG: &[u8; 32] = b"trine.keyholder.node-secrets.v1\0";

/// Why bytes are no node's secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// Another kind of file, or cut short.
    #[error("no node secrets: the tag differs or the file is cut short")]
    Tag,
    /// The signing share does not read.
    #[error(transparent)]
    Signing(#[from] AttestError),
    /// The message key does not read.
    #[error(transparent)]
    Message(#[from] MessageKeyError),
    /// The key share does not read.
    #[error(transparent)]
    KeyShare(#[from] KeyShareError),
}

impl NodeSecrets {
    /// Canonical bytes: tag, signing share (32 bytes), message key (32 bytes), key share.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let key_share = self.key_share.to_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(SECRETS_TAG.len() + 64 + key_share.len()));
        bytes.extend_from_slice(SECRETS_TAG);
        bytes.extend_from_slice(&self.signing_share.to_bytes());
        bytes.extend_from_slice(self.message_key.to_bytes().as_slice());
        bytes.extend_from_slice(&key_share);
        bytes
    }

    /// Reads canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretsError> {
        let (tag, rest) = bytes.split_at_checked(SECRETS_TAG.len()).ok_or(SecretsError::Tag)?;
        if tag != SECRETS_TAG {
            return Err(SecretsError::Tag);
        }
        let (signing, rest) = rest.split_at_checked(32).ok_or(SecretsError::Tag)?;
        let (message, key_share) = rest.split_at_checked(32).ok_or(SecretsError::Tag)?;
        Ok(Self {
            signing_share: SigningShare::from_bytes(signing)?,
            message_key: MessageKey::from_bytes(message)?,
            key_share: KeyShare::from_bytes(key_share)?,
        })
    }
}
