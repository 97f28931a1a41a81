//! One release as one node sees it: messages come in, faults are named, results come out when enough nodes agree.

use super::attest::{AttestError, CommitteeSignature, VerifiedShare};
use super::combine::{CombineError, Combined, combine};
use super::committee::NodeIndex;
use super::dealer::CommitteeRecord;
use super::message::{Context, Expected, MessageKind, SignedMessage};
use super::refusal::Refusal;
use super::share::DecryptionShare;
use super::squashed::{Squashed, check_quorum};
use std::collections::BTreeMap;

/// Bytes of the payload of a [`MessageKind::Signature`]: release digest, signature share.
pub const SIGNATURE_PAYLOAD_BYTES: usize = 32 + 96;

/// What a node did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// Did not answer in time.
    Silent,
    /// Sent bytes that are not what was asked for: length, sender, chain, epoch, request, signature.
    BadMessage,
    /// Computed another squashed ciphertext.
    OtherSquashedDigest,
    /// Sent a share that lost its vote.
    WrongShare,
    /// Signed another result, or signed wrongly.
    WrongSignatureShare,
    /// Sent two different messages about the same thing.
    Equivocation,
}

impl FaultKind {
    /// Name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "Silent",
            Self::BadMessage => "BadMessage",
            Self::OtherSquashedDigest => "OtherSquashedDigest",
            Self::WrongShare => "WrongShare",
            Self::WrongSignatureShare => "WrongSignatureShare",
            Self::Equivocation => "Equivocation",
        }
    }
}

/// A fault with the signed messages that prove it; none where silence or unsigned bytes are the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Who.
    pub node: NodeIndex,
    /// What.
    pub kind: FaultKind,
    /// In words, with what was received and expected.
    pub detail: String,
    /// Signed messages.
    pub evidence: Vec<Vec<u8>>,
}

/// The release of one request at one node.
pub struct Session<'a> {
    committee: &'a CommitteeRecord,
    context: &'a Context,
    request_id: [u8; 32],
    squashed: Squashed,
    release_digest: Option<[u8; 32]>,
    received: BTreeMap<(NodeIndex, MessageKind), SignedMessage>,
    shares: BTreeMap<NodeIndex, DecryptionShare>,
    signatures: Vec<VerifiedShare>,
    faults: Vec<Fault>,
}

impl<'a> Session<'a> {
    /// Begins with what the node squashed itself.
    pub fn new(
        committee: &'a CommitteeRecord,
        context: &'a Context,
        request_id: [u8; 32],
        squashed: Squashed,
    ) -> Self {
        Self {
            committee,
            context,
            request_id,
            squashed,
            release_digest: None,
            received: BTreeMap::new(),
            shares: BTreeMap::new(),
            signatures: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The squashed ciphertext.
    pub fn squashed(&self) -> &Squashed {
        &self.squashed
    }

    /// Faults so far.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether this node was heard on this kind of message.
    pub fn has(&self, node: NodeIndex, kind: MessageKind) -> bool {
        self.received.contains_key(&(node, kind))
    }

    /// Fixes the result that signature shares are checked against.
    pub fn expect_release(&mut self, release_digest: [u8; 32]) {
        self.release_digest = Some(release_digest);
    }

    /// Notes that a node did not answer.
    pub fn silent(&mut self, node: NodeIndex, kind: MessageKind, detail: String) {
        self.fault(node, FaultKind::Silent, format!("{kind:?}: {detail}"), Vec::new());
    }

    /// Takes the answer of a node to the question for a message of this kind. What is wrong becomes a fault of the
    /// node that was asked; nothing of it enters the result.
    pub fn receive(&mut self, from: NodeIndex, kind: MessageKind, bytes: &[u8]) {
        let expected = Expected { kind, context: self.context, request_id: &self.request_id, node: from };
        let answer =
            SignedMessage::read_answer(bytes, self.committee.size, &self.committee.message_keys, expected);
        let signed = match answer {
            Ok(signed) => signed,
            Err(error) => return self.fault(from, FaultKind::BadMessage, error.to_string(), Vec::new()),
        };
        if let Some(first) = self.received.get(&(from, kind)) {
            if first.contradicts(&signed) {
                let evidence = vec![first.as_bytes().to_vec(), signed.as_bytes().to_vec()];
                let detail = format!("two different messages of kind {kind:?}");
                self.fault(from, FaultKind::Equivocation, detail, evidence);
            }
            return;
        }
        let message = signed.message();
        let evidence = vec![signed.as_bytes().to_vec()];
        if message.squashed_digest != *self.squashed.digest() {
            let (got, own) = (hex::encode(message.squashed_digest), hex::encode(self.squashed.digest()));
            let detail = format!("squashed digest {got}, this node computes {own}");
            self.fault(from, FaultKind::OtherSquashedDigest, detail, evidence);
        } else if let Err((kind, detail)) = self.take(from, kind, &message.payload) {
            self.fault(from, kind, detail, evidence);
        }
        self.received.insert((from, kind), signed);
    }

    fn take(
        &mut self,
        from: NodeIndex,
        kind: MessageKind,
        payload: &[u8],
    ) -> Result<(), (FaultKind, String)> {
        match kind {
            MessageKind::SquashDigest if payload.is_empty() => Ok(()),
            MessageKind::SquashDigest => {
                let detail =
                    format!("digest message with a payload of {} bytes, expected none", payload.len());
                Err((FaultKind::BadMessage, detail))
            }
            MessageKind::Share => {
                let sets = self.committee.size.sets_of(from).len();
                let share = DecryptionShare::from_bytes(payload, sets, self.squashed.blocks().len())
                    .map_err(|e| (FaultKind::BadMessage, e.to_string()))?;
                self.shares.insert(from, share);
                Ok(())
            }
            MessageKind::Signature => {
                let share = self
                    .check_signature(from, payload)
                    .map_err(|detail| (FaultKind::WrongSignatureShare, detail))?;
                self.signatures.push(share);
                Ok(())
            }
        }
    }

    fn check_signature(&self, from: NodeIndex, payload: &[u8]) -> Result<VerifiedShare, String> {
        if payload.len() != SIGNATURE_PAYLOAD_BYTES {
            return Err(format!(
                "signature payload of {} bytes, expected {SIGNATURE_PAYLOAD_BYTES}",
                payload.len()
            ));
        }
        let (digest, share) = payload.split_at(32);
        let own = self.release_digest.ok_or("signature before there is a result")?;
        if digest != own {
            return Err(format!("signs result {}, this node has {}", hex::encode(digest), hex::encode(own)));
        }
        self.committee.committee_key.verify_share(from, &own, share).map_err(|e| e.to_string())
    }

    fn fault(&mut self, node: NodeIndex, kind: FaultKind, detail: String, evidence: Vec<Vec<u8>>) {
        if !self.faults.iter().any(|f| (f.node, f.kind) == (node, kind)) {
            self.faults.push(Fault { node, kind, detail, evidence });
        }
    }

    /// TR.S3: 2t + 1 nodes, this one included, computed the same squashed ciphertext.
    pub fn check_quorum(&self) -> Result<(), Refusal> {
        let digests = self
            .received
            .iter()
            .filter(|((_, kind), _)| *kind == MessageKind::SquashDigest)
            .map(|((node, _), signed)| (*node, signed.message().squashed_digest))
            .collect();
        check_quorum(self.committee.size, self.squashed.digest(), &digests)
    }

    /// The plaintexts, once the shares decide them. Names the nodes whose shares lost.
    pub fn combined(&mut self) -> Result<Combined, CombineError> {
        let combined = combine(self.committee.size, &self.squashed.bodies(), &self.shares)?;
        for node in &combined.culprits {
            let evidence = self.received.get(&(*node, MessageKind::Share)).map(|m| m.as_bytes().to_vec());
            let detail = "a share that t + 1 other members of its set contradict".to_string();
            self.fault(*node, FaultKind::WrongShare, detail, evidence.into_iter().collect());
        }
        Ok(combined)
    }

    /// The committee's signature, once 2t + 1 nodes signed the same result.
    pub fn signature(&self) -> Result<CommitteeSignature, AttestError> {
        self.committee.committee_key.combine(&self.signatures)
    }
}
