//! What nodes tell each other, signed, so that a wrong message is evidence against its sender.
//!
//! mTLS authenticates the channel; the signature outlives it. Each node signs with an individual BLS12-381 key of its
//! own (`blst`, public keys in G1), apart from its share of the committee's key, under a domain separation tag of its
//! own.

use super::committee::{CommitteeSize, NodeIndex};
use blst::BLST_ERROR;
use blst::min_pk::{PublicKey, SecretKey, Signature};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

const DST: &[u8] = b"TRINE-V1-KEYHOLDER-MESSAGE-BLS12381G2_XMD:SHA-256_SSWU_RO_";
const TAG: &[u8; 32] = b"trine.keyholder.peer-message.v1\0";
const SIGNATURE_BYTES: usize = 96;
const HEADER_BYTES: usize = TAG.len() + 1 + 8 + 20 + 8 + 32 + 32 + 32 + 1 + 4;

/// Longest payload: the shares of 256 blocks at 715 sets would be 2.9 MB; four nodes send 12 KiB at most.
pub const MAX_PAYLOAD_BYTES: usize = 3 << 20;

/// Chain, contract, epoch and key that everything is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the Coprocessor contract.
    pub coprocessor: [u8; 20],
    /// Epoch of the committee.
    pub epoch: u64,
    /// Digest of the FHE key as registered on chain.
    pub key_id: [u8; 32],
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum MessageKind {
    /// The digest of the squashed ciphertext, in the header; no payload.
    SquashDigest = 1,
    /// A [`super::share::DecryptionShare`].
    Share = 2,
    /// Release digest (32 bytes) and signature share (96 bytes).
    Signature = 3,
}

impl MessageKind {
    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::SquashDigest, Self::Share, Self::Signature].into_iter().find(|k| *k as u8 == code)
    }
}

/// A message of one node about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerMessage {
    /// What the payload is.
    pub kind: MessageKind,
    /// Chain, contract, epoch, key.
    pub context: Context,
    /// The request.
    pub request_id: [u8; 32],
    /// Digest of the squashed ciphertext.
    pub squashed_digest: [u8; 32],
    /// Sender.
    pub node: NodeIndex,
    /// Content by kind.
    pub payload: Vec<u8>,
}

/// A message with its signature: canonical bytes that anybody can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMessage {
    message: PeerMessage,
    bytes: Vec<u8>,
}

/// Why bytes are no message of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not the length that the header calls for.
    #[error("peer message of {got} bytes, expected {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// Another kind of bytes.
    #[error("peer message: the tag differs")]
    Tag,
    /// No known kind.
    #[error("peer message of unknown kind {code}")]
    Kind {
        /// Code given.
        code: u8,
    },
    /// No such node.
    #[error("peer message: {0}")]
    Committee(#[from] super::committee::CommitteeError),
    /// Chain, contract, epoch or key are others.
    #[error("peer message of node {node} for {field} {got}, expected {expected}")]
    Context {
        /// Sender.
        node: u8,
        /// The part that differs.
        field: &'static str,
        /// Value given.
        got: String,
        /// Value expected.
        expected: String,
    },
    /// About another request, of another kind or by another node than asked: a replay.
    #[error("peer message replayed: {field} {got}, expected {expected}")]
    Replay {
        /// The part that differs.
        field: &'static str,
        /// Value given.
        got: String,
        /// Value expected.
        expected: String,
    },
    /// The signature is not the sender's.
    #[error("peer message: no signature of node {node}")]
    Signature {
        /// Claimed sender.
        node: u8,
    },
}

impl PeerMessage {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.payload.len() + SIGNATURE_BYTES);
        bytes.extend_from_slice(TAG);
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&self.context.chain_id.to_be_bytes());
        bytes.extend_from_slice(&self.context.coprocessor);
        bytes.extend_from_slice(&self.context.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.context.key_id);
        bytes.extend_from_slice(&self.request_id);
        bytes.extend_from_slice(&self.squashed_digest);
        bytes.push(self.node.get());
        bytes.extend_from_slice(&(self.payload.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Signs the message (TR.D2).
    pub fn sign(self, key: &MessageKey) -> SignedMessage {
        let mut bytes = self.to_bytes();
        let signature = key.0.sign(&bytes, DST, &[]);
        bytes.extend_from_slice(&signature.compress());
        SignedMessage { message: self, bytes }
    }
}

/// What the asking node expects of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Kind asked for.
    pub kind: MessageKind,
    /// Chain, contract, epoch, key.
    pub context: &'a Context,
    /// Request asked about.
    pub request_id: &'a [u8; 32],
    /// Node asked, by the identity of its certificate.
    pub node: NodeIndex,
}

impl SignedMessage {
    /// The message.
    pub fn message(&self) -> &PeerMessage {
        &self.message
    }

    /// Canonical bytes: header, payload, signature.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads bytes and checks the signature against the sender's key, whatever they are about.
    pub fn read(bytes: &[u8], size: CommitteeSize, keys: &[MessagePublicKey]) -> Result<Self, MessageError> {
        let least = HEADER_BYTES + SIGNATURE_BYTES;
        if bytes.len() < least {
            return Err(MessageError::Length { got: bytes.len(), expected: least });
        }
        let mut reader = Reader(bytes);
        if reader.take::<32>() != *TAG {
            return Err(MessageError::Tag);
        }
        let [code] = reader.take();
        let kind = MessageKind::from_code(code).ok_or(MessageError::Kind { code })?;
        let context = Context {
            chain_id: u64::from_be_bytes(reader.take()),
            coprocessor: reader.take(),
            epoch: u64::from_be_bytes(reader.take()),
            key_id: reader.take(),
        };
        let request_id = reader.take();
        let squashed_digest = reader.take();
        let [index] = reader.take();
        let node = size.node(index)?;
        let payload_bytes = u32::from_be_bytes(reader.take()) as usize;
        let expected = least + payload_bytes.min(MAX_PAYLOAD_BYTES);
        if bytes.len() != expected {
            return Err(MessageError::Length { got: bytes.len(), expected });
        }
        let (signed, signature) = bytes.split_at(bytes.len() - SIGNATURE_BYTES);
        let key = keys.get(usize::from(index)).ok_or(MessageError::Signature { node: index })?;
        if !key.verifies(signed, signature) {
            return Err(MessageError::Signature { node: index });
        }
        let payload = signed[HEADER_BYTES..].to_vec();
        let message = PeerMessage { kind, context, request_id, squashed_digest, node, payload };
        Ok(Self { message, bytes: bytes.to_vec() })
    }

    /// Reads an answer and checks that it is what was asked for (TR.D3): sender, kind, chain, contract, epoch, key,
    /// request.
    pub fn read_answer(
        bytes: &[u8],
        size: CommitteeSize,
        keys: &[MessagePublicKey],
        expected: Expected<'_>,
    ) -> Result<Self, MessageError> {
        let signed = Self::read(bytes, size, keys)?;
        let m = &signed.message;
        replayed("sender", m.node, expected.node)?;
        replayed("kind", m.kind as u8, expected.kind as u8)?;
        let (got, want) = (&m.context, expected.context);
        let fields = [
            ("chain", got.chain_id.to_string(), want.chain_id.to_string()),
            ("contract", hex::encode(got.coprocessor), hex::encode(want.coprocessor)),
            ("epoch", got.epoch.to_string(), want.epoch.to_string()),
            ("key", hex::encode(got.key_id), hex::encode(want.key_id)),
        ];
        for (field, got, expected) in fields {
            if got != expected {
                return Err(MessageError::Context { node: m.node.get(), field, got, expected });
            }
        }
        replayed("request", hex::encode(m.request_id), hex::encode(expected.request_id))?;
        Ok(signed)
    }

    /// Two messages of one node about the same thing with different content: proof of a fault (TR.D4). A second
    /// squashed digest for one request is a different content, too.
    pub fn contradicts(&self, other: &Self) -> bool {
        let (a, b) = (&self.message, &other.message);
        (a.kind, &a.context, a.request_id, a.node) == (b.kind, &b.context, b.request_id, b.node)
            && (a.squashed_digest != b.squashed_digest || a.payload != b.payload)
    }
}

fn replayed<T: PartialEq + ToString>(field: &'static str, got: T, expected: T) -> Result<(), MessageError> {
    if got == expected {
        return Ok(());
    }
    Err(MessageError::Replay { field, got: got.to_string(), expected: expected.to_string() })
}

/// Takes fixed numbers of bytes off a slice whose length was checked.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N);
        self.0 = rest;
        let mut out = [0; N];
        out.copy_from_slice(head);
        out
    }
}

/// Key that a node signs its messages with. Neither cloned nor printed; `blst` erases it when dropped.
pub struct MessageKey(SecretKey);

/// Bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no BLS12-381 key: {0:?}")]
pub struct MessageKeyError(pub BLST_ERROR);

impl MessageKey {
    /// Draws a key.
    pub fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        // The only failure of key generation is a seed below 32 bytes.
        Self(SecretKey::key_gen(seed.as_slice(), b"trine keyholder message key").unwrap_or_default())
    }

    /// The scalar, 32 bytes big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Reads a scalar: not zero, below the group order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageKeyError> {
        SecretKey::from_bytes(bytes).map(Self).map_err(MessageKeyError)
    }

    /// The public key.
    pub fn public(&self) -> MessagePublicKey {
        MessagePublicKey(self.0.sk_to_pk())
    }
}

/// Public key of a node's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagePublicKey(PublicKey);

impl MessagePublicKey {
    /// 48 bytes compressed.
    pub fn to_bytes(&self) -> [u8; 48] {
        self.0.compress()
    }

    /// Reads a compressed point; on the curve, in the subgroup, not the identity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageKeyError> {
        PublicKey::key_validate(bytes).map(Self).map_err(MessageKeyError)
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::sig_validate(signature, true)
            .is_ok_and(|s| s.verify(false, message, DST, &[], &self.0, false) == BLST_ERROR::BLST_SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const SIZE: CommitteeSize = CommitteeSize::FOUR;

    fn keys() -> Vec<MessageKey> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        (0..4).map(|_| MessageKey::random(&mut rng)).collect()
    }

    fn public() -> Vec<MessagePublicKey> {
        keys().iter().map(MessageKey::public).collect()
    }

    fn context() -> Context {
        Context { chain_id: 31337, coprocessor: [1; 20], epoch: 2, key_id: [3; 32] }
    }

    fn message(node: u8) -> PeerMessage {
        PeerMessage {
            kind: MessageKind::Share,
            context: context(),
            request_id: [4; 32],
            squashed_digest: [5; 32],
            node: SIZE.node(node).unwrap(),
            payload: vec![6; 48],
        }
    }

    fn read(bytes: &[u8]) -> Result<SignedMessage, MessageError> {
        let context = context();
        let expected = Expected {
            kind: MessageKind::Share,
            context: &context,
            request_id: &[4; 32],
            node: SIZE.node(1).unwrap(),
        };
        SignedMessage::read_answer(bytes, SIZE, &public(), expected)
    }

    #[test]
    fn an_answer_to_another_question_is_refused_tr_d3() {
        let keys = keys();
        let sent = |message: PeerMessage| read(message.sign(&keys[1]).as_bytes());
        assert_eq!(sent(message(1)).unwrap().message(), &message(1));
        let field = |message: PeerMessage| match sent(message).unwrap_err() {
            MessageError::Context { field, .. } | MessageError::Replay { field, .. } => field,
            other => panic!("TR.D3, not {other}"),
        };
        assert_eq!(field(PeerMessage { kind: MessageKind::Signature, ..message(1) }), "kind");
        assert_eq!(field(PeerMessage { request_id: [9; 32], ..message(1) }), "request");
        assert_eq!(
            field(PeerMessage { context: Context { chain_id: 1, ..context() }, ..message(1) }),
            "chain"
        );
        let elsewhere = Context { coprocessor: [9; 20], ..context() };
        assert_eq!(field(PeerMessage { context: elsewhere, ..message(1) }), "contract");
        assert_eq!(field(PeerMessage { context: Context { epoch: 1, ..context() }, ..message(1) }), "epoch");
        let other_key = Context { key_id: [9; 32], ..context() };
        assert_eq!(field(PeerMessage { context: other_key, ..message(1) }), "key");
        // Another node's honest message, and one that claims to be its.
        let replayed = read(message(2).sign(&keys[2]).as_bytes()).unwrap_err();
        assert!(matches!(replayed, MessageError::Replay { field: "sender", .. }));
        let forged = read(message(1).sign(&keys[2]).as_bytes()).unwrap_err();
        assert_eq!(forged, MessageError::Signature { node: 1 });
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert!(MessageKey::from_bytes(&[0; 32]).is_err());
        assert!(MessageKey::from_bytes(&[0xff; 32]).is_err());
        assert!(MessageKey::from_bytes(&[1; 31]).is_err());
        let mut identity = [0; 48];
        identity[0] = 0xc0;
        assert!(MessagePublicKey::from_bytes(&identity).is_err());
        assert!(MessagePublicKey::from_bytes(&[0xff; 48]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hostile_bytes_are_an_error_not_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(read(&bytes).is_err());
            let mut tagged = TAG.to_vec();
            tagged.extend_from_slice(&bytes);
            prop_assert!(read(&tagged).is_err());
        }

        #[test]
        fn a_changed_message_is_refused(place in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut bytes = message(1).sign(&keys()[1]).as_bytes().to_vec();
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            prop_assert!(read(&bytes).is_err());
        }
    }
}
