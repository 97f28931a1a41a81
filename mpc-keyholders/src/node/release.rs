//! One release from request to signature: check, squash, agree, share, combine, attest. What is said is persisted first.

use super::chain::{ChainError, ChainReader};
use super::config::LimitsConfig;
use super::evaluation_key::{KeyCommitmentError, LazyKey};
use super::peer::{Answer, Peer};
use super::storage::{Released, Storage, StorageError};
use crate::adversary::Behaviour;
use crate::protocol::attest::{AttestError, KeyAnswer, KeyAttestation, Release, ReleaseDomain};
use crate::protocol::authorise::{Authorised, Presented, ReleaseRules, authorise};
use crate::protocol::combine::CombineError;
use crate::protocol::committee::NodeIndex;
use crate::protocol::dealer::{CommitteeRecord, NodeSecrets};
use crate::protocol::evaluation::CommittedKey;
use crate::protocol::mask::Flooding;
use crate::protocol::message::{Context, MessageKind, PeerMessage, SignedMessage};
use crate::protocol::refusal::Refusal;
use crate::protocol::session::Session;
use crate::protocol::share::DecryptionShare;
use crate::protocol::squashed::{Squashed, SquashedError};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use trine_fhe::squashing::{SquashedBlock, SquashingError, SquashingKey};
use trine_fhe::words::ValueWords;

/// Squashes noise. A trait, so that tests need no keys of hundreds of megabytes.
pub trait Squasher: Send + Sync {
    /// Squashes all blocks of a value whose noise variance is at most `variance`.
    fn squash(&self, value: &ValueWords, variance: f64) -> Result<Vec<SquashedBlock>, SquashingError>;
}

impl Squasher for SquashingKey {
    fn squash(&self, value: &ValueWords, variance: f64) -> Result<Vec<SquashedBlock>, SquashingError> {
        SquashingKey::squash(self, value, variance)
    }
}

/// What the node answers its peers with: the honest message, or what an adversary makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// As the protocol says.
    Honest,
    /// As an adversary; only `trine-keyholder-adversary` and tests make such a node.
    Adversary(Behaviour),
}

/// Everything a node is made of.
pub struct NodeParts {
    /// Rules of release.
    pub rules: ReleaseRules,
    /// The committee.
    pub record: CommitteeRecord,
    /// This node's secrets, checked against the record.
    pub secrets: NodeSecrets,
    /// Where signatures hold.
    pub release_domain: ReleaseDomain,
    /// Database.
    pub storage: Storage,
    /// Chain.
    pub chain: Box<dyn ChainReader>,
    /// Noise squashing.
    pub squasher: Box<dyn Squasher>,
    /// The commitments of the evaluation key.
    pub evaluation_key: LazyKey,
    /// The other nodes.
    pub peers: Vec<Peer>,
    /// Limits.
    pub limits: LimitsConfig,
    /// Whether keys or setup are marked unsafe.
    pub development: bool,
    /// Honest, or an adversary.
    pub conduct: Conduct,
}

/// A node.
pub struct Node {
    parts: NodeParts,
    context: Context,
    flooding: Flooding,
    permits: Semaphore,
    in_flight: Mutex<HashMap<[u8; 32], Weak<tokio::sync::Mutex<()>>>>,
}

/// Why a release ends without a result.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A check refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The chain does not tell.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The node does not know the commitments of its evaluation key.
    #[error(transparent)]
    Key(#[from] KeyCommitmentError),
    /// Squashing fails.
    #[error("TR.S1: {0}")]
    Squashing(#[from] SquashingError),
    /// What was squashed has no shape that the protocol knows.
    #[error("TR.S1: {0}")]
    Squashed(#[from] SquashedError),
    /// Shares did not decide within the time of a round.
    #[error("TR.C1: {0}")]
    Combine(#[from] CombineError),
    /// Signatures did not suffice within the time of a round.
    #[error("TR.B4: {0}")]
    Attest(#[from] AttestError),
    /// The database fails, contradicts, or the budget is spent.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Too many releases at once.
    #[error("{limit} releases are being squashed, try again")]
    Busy {
        /// Releases at the same time.
        limit: usize,
    },
    /// A computation was torn down, as at shutdown.
    #[error("the node stopped while it computed: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

impl ReleaseError {
    /// Name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::Chain(ChainError::UnknownRequest { .. }) => "UnknownRequest",
            Self::Chain(_) => "ChainUnavailable",
            Self::Key(error) => error.name(),
            Self::Squashing(_) | Self::Squashed(_) => "SquashingFailed",
            Self::Combine(CombineError::NoMajority { .. }) => "NoMajority",
            Self::Combine(CombineError::TooFewResponders { .. }) => "TooFewResponders",
            Self::Combine(CombineError::Padding { .. }) => "PaddingBit",
            Self::Combine(CombineError::Shape { .. }) => "ShareShape",
            Self::Attest(_) => "TooFewSigners",
            Self::Storage(StorageError::Budget(_)) => "BudgetSpent",
            Self::Storage(_) => "StorageFailed",
            Self::Busy { .. } => "Busy",
            Self::Stopped(_) => "Stopped",
        }
    }
}

/// Wakes up after failpoints are hit in tests; nothing in a build without them.
fn failpoint(_name: &'static str) {
    fail::fail_point!(_name);
}

impl Node {
    /// Puts a node together.
    pub fn new(parts: NodeParts, flooding: Flooding) -> Self {
        let context = Context {
            chain_id: parts.rules.domain.chain_id,
            coprocessor: parts.rules.domain.coprocessor,
            epoch: parts.record.epoch,
            key_id: parts.record.key_id,
        };
        let permits = Semaphore::new(parts.limits.concurrent_releases);
        Self { parts, context, flooding, permits, in_flight: Mutex::new(HashMap::new()) }
    }

    /// Its parts.
    pub fn parts(&self) -> &NodeParts {
        &self.parts
    }

    /// Its index.
    pub fn index(&self) -> NodeIndex {
        self.parts.secrets.key_share.node()
    }

    /// What this node answers a peer that asks for a message: what it has persisted, or nothing yet.
    pub fn answer(
        &self,
        asker: NodeIndex,
        request_id: &[u8; 32],
        kind: MessageKind,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(stored) = self.parts.storage.message(request_id, kind)? else { return Ok(None) };
        let Conduct::Adversary(behaviour) = self.parts.conduct else { return Ok(Some(stored)) };
        let keys = &self.parts.record.message_keys;
        let honest = SignedMessage::read(&stored, self.parts.record.size, keys)
            .map_err(|e| StorageError::Corrupt { what: "message", reason: e.to_string() })?;
        let told = behaviour.answer(honest.message().clone(), asker, &self.parts.secrets.message_key);
        Ok(told.map(|message| message.as_bytes().to_vec()))
    }

    /// Releases the outputs of a request that its consumer has named. The same request again returns what is persisted (TR.P3).
    pub async fn release(
        self: &Arc<Self>,
        presented: Presented,
        squashed_digest: Option<[u8; 32]>,
    ) -> Result<Released, ReleaseError> {
        let request_id = presented.request_id;
        if let Some(released) = self.parts.storage.result(&request_id)? {
            return Ok(released);
        }
        // One release of a request at a time; whoever waited finds the result.
        let turn = self.turn(request_id);
        let _turn = turn.lock().await;
        if let Some(released) = self.parts.storage.result(&request_id)? {
            return Ok(released);
        }
        let limit = self.parts.limits.concurrent_releases;
        let _permit = self.permits.try_acquire().map_err(|_| ReleaseError::Busy { limit })?;

        let authorised = self.authorise(presented).await?;
        let squashed = self.squash(&authorised).await?;
        if let Some(got) = squashed_digest.filter(|d| d != squashed.digest()) {
            let (got, own) = (hex::encode(got), hex::encode(squashed.digest()));
            return Err(Refusal::SquashedDigestMismatch { got, own }.into());
        }
        self.agree(&authorised, squashed).await
    }

    fn turn(&self, request_id: [u8; 32]) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        in_flight.retain(|_, turn| turn.strong_count() > 0);
        let turn = in_flight.get(&request_id).and_then(Weak::upgrade).unwrap_or_default();
        in_flight.insert(request_id, Arc::downgrade(&turn));
        turn
    }

    /// The commitments of this node's key with its share of the committee's signature over them (TR.K5).
    pub async fn attest_key(&self) -> Result<(Arc<CommittedKey>, KeyAnswer), ReleaseError> {
        let key = self.parts.evaluation_key.get().await?;
        let record = &self.parts.record;
        let attestation =
            KeyAttestation { epoch: record.epoch, key_digest: *key.digest(), content_digest: record.key_id };
        let digest = attestation.digest(self.parts.release_domain);
        let share = self.parts.secrets.signing_share.sign(&digest)?.to_vec();
        Ok((key, KeyAnswer { node: self.index(), attestation, share }))
    }

    /// TR.A1 to TR.A9, on facts that this node reads itself. A request under another digest than that of the key's bytes
    /// asks for the commitments.
    async fn authorise(self: &Arc<Self>, presented: Presented) -> Result<Authorised, ReleaseError> {
        let facts = self.parts.chain.facts(&presented.request_id).await?;
        let by_content = facts.domain.key_digest == self.parts.rules.domain.key_digest;
        let key = if by_content { None } else { Some(self.parts.evaluation_key.get().await?) };
        let node = Arc::clone(self);
        let checked = tokio::task::spawn_blocking(move || {
            authorise(&node.parts.rules, key.as_deref(), &facts, presented)
        });
        Ok(checked.await??)
    }

    /// TR.S1: this node squashes the proven words itself.
    async fn squash(self: &Arc<Self>, authorised: &Authorised) -> Result<Squashed, ReleaseError> {
        let (node, values, variance) =
            (Arc::clone(self), authorised.values().to_vec(), authorised.variance());
        tokio::task::spawn_blocking(move || {
            let mut blocks = Vec::new();
            for value in &values {
                blocks.extend(node.parts.squasher.squash(value, variance)?);
            }
            Ok(Squashed::new(blocks)?)
        })
        .await?
    }

    /// The three rounds: digests, shares, signatures.
    async fn agree(
        self: &Arc<Self>,
        authorised: &Authorised,
        squashed: Squashed,
    ) -> Result<Released, ReleaseError> {
        let request_id = *authorised.request_id();
        let mut session = Session::new(&self.parts.record, &self.context, request_id, squashed);
        let outcome = self.rounds(&mut session, authorised).await;
        for fault in session.faults() {
            tracing::warn!(
                node = fault.node.get(),
                kind = fault.kind.name(),
                request = hex::encode(request_id),
                detail = fault.detail,
                "fault of another node"
            );
            self.parts.storage.put_evidence(&request_id, fault)?;
        }
        let released = outcome?;
        let faults = session
            .faults()
            .iter()
            .map(|f| (f.node.get(), f.kind.name().to_string(), f.detail.clone()))
            .collect();
        let released = Released { faults, ..released };
        failpoint("keyholder-before-result");
        self.parts.storage.put_result(&released)?;
        failpoint("keyholder-after-result");
        Ok(released)
    }

    async fn rounds(
        self: &Arc<Self>,
        session: &mut Session<'_>,
        authorised: &Authorised,
    ) -> Result<Released, ReleaseError> {
        let request_id = *authorised.request_id();
        let storage = &self.parts.storage;

        // TR.S2, TR.S3: the digest is committed before any share.
        let digest = self.own(session, request_id, MessageKind::SquashDigest, Vec::new());
        storage.put_message(&digest)?;
        failpoint("keyholder-after-digest");
        self.collect(session, &digest, |s| s.check_quorum().is_ok()).await;
        session.check_quorum()?;

        // TR.D1, TR.M3: computed, charged and persisted in one step.
        let blocks = session.squashed().blocks().len() as u64;
        let share = {
            let (node, squashed) = (Arc::clone(self), session.squashed().clone());
            tokio::task::spawn_blocking(move || {
                let key = &node.parts.secrets.key_share;
                DecryptionShare::compute(key, node.flooding, &node.context, &squashed).to_bytes()
            })
            .await?
        };
        let share = self.own(session, request_id, MessageKind::Share, share);
        storage.put_share(&share, blocks)?;
        failpoint("keyholder-after-share");
        self.collect(session, &share, |s| s.combined().is_ok()).await;
        let plaintexts = session.combined()?.plaintexts;

        // TR.B1, TR.B2: the message with the signature is persisted before it can leave.
        let release = Release {
            epoch: self.context.epoch,
            request_id,
            handles: authorised.handles().to_vec(),
            plaintexts,
        };
        let release_digest = release.digest(self.parts.release_domain);
        session.expect_release(release_digest);
        let signature_share = self.parts.secrets.signing_share.sign(&release_digest)?;
        let payload = [&release_digest[..], &signature_share[..]].concat();
        let signature = self.own(session, request_id, MessageKind::Signature, payload);
        storage.put_message(&signature)?;
        failpoint("keyholder-after-signature");
        self.collect(session, &signature, |s| s.signature().is_ok()).await;
        let signature = session.signature()?;

        let mut rest = release.plaintexts.as_slice();
        let values = authorised
            .handles()
            .iter()
            .zip(authorised.values())
            .map(|(handle, value)| {
                let (blocks, others) = rest.split_at(value.blocks().len());
                rest = others;
                (*handle, blocks.to_vec())
            })
            .collect();
        Ok(Released {
            epoch: self.context.epoch,
            request_id,
            values,
            release_digest,
            signature: signature.eip2537()?.to_vec(),
            signers: signature.signers().to_vec(),
            squashed_digest: *session.squashed().digest(),
            faults: Vec::new(),
        })
    }

    fn own(
        &self,
        session: &Session<'_>,
        request_id: [u8; 32],
        kind: MessageKind,
        payload: Vec<u8>,
    ) -> SignedMessage {
        PeerMessage {
            kind,
            context: self.context.clone(),
            request_id,
            squashed_digest: *session.squashed().digest(),
            node: self.index(),
            payload,
        }
        .sign(&self.parts.secrets.message_key)
    }

    /// Takes this node's own message, then asks the others until the round could end and a grace period is over, all
    /// are heard, or the time of the round is up. Who is still silent then is named.
    async fn collect(
        &self,
        session: &mut Session<'_>,
        own: &SignedMessage,
        mut could_end: impl FnMut(&mut Session<'_>) -> bool,
    ) {
        let (kind, request_id) = (own.message().kind, own.message().request_id);
        session.receive(self.index(), kind, own.as_bytes());
        let (sender, mut answers) = mpsc::channel(self.parts.peers.len().max(1));
        let mut asking = JoinSet::new();
        for peer in &self.parts.peers {
            let (peer, sender, epoch) = (peer.clone(), sender.clone(), self.context.epoch);
            let pause = Duration::from_millis(self.parts.limits.poll_milliseconds.max(10));
            asking.spawn(async move {
                loop {
                    let answer = peer.fetch(&request_id, epoch, kind).await;
                    let heard = matches!(answer, Answer::Message(_));
                    if sender.send((peer.node(), answer)).await.is_err() || heard {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
            });
        }
        drop(sender);
        let mut waiting: BTreeSet<NodeIndex> = self.parts.peers.iter().map(Peer::node).collect();
        let mut last_words: HashMap<NodeIndex, String> = HashMap::new();
        let mut deadline = Instant::now() + Duration::from_secs(self.parts.limits.round_seconds);
        let mut ending = could_end(session);
        if ending {
            deadline = Instant::now() + Duration::from_millis(self.parts.limits.grace_milliseconds);
        }
        while !waiting.is_empty() {
            let Ok(Some((node, answer))) = tokio::time::timeout_at(deadline, answers.recv()).await else {
                break;
            };
            match answer {
                Answer::NotYet(reason) => {
                    last_words.insert(node, reason);
                }
                Answer::Message(bytes) => {
                    session.receive(node, kind, &bytes);
                    waiting.remove(&node);
                    if !ending && could_end(session) {
                        ending = true;
                        let grace = Duration::from_millis(self.parts.limits.grace_milliseconds);
                        deadline = deadline.min(Instant::now() + grace);
                    }
                }
            }
        }
        for node in waiting {
            let reason = last_words.remove(&node).unwrap_or_else(|| "no answer".into());
            session.silent(node, kind, reason);
        }
        asking.abort_all();
    }
}
