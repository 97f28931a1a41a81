//! A committee whose messages pass from hand to hand: no network, no clock.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use trine_fhe::squashing::SquashedBlock;
use trine_keyholder::adversary::Behaviour;
use trine_keyholder::protocol::attest::{CommitteeSignature, Release, ReleaseDomain};
use trine_keyholder::protocol::committee::{CommitteeSize, NodeIndex};
use trine_keyholder::protocol::dealer::{CommitteeRecord, DealerError, NodeSecrets, deal};
use trine_keyholder::protocol::mask::Flooding;
use trine_keyholder::protocol::message::{Context, MessageError, MessageKind, PeerMessage, SignedMessage};
use trine_keyholder::protocol::session::{Fault, Session};
use trine_keyholder::protocol::share::DecryptionShare;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;
use trine_keyholder::protocol::squashed::Squashed;

/// Every plaintext that a block may hold.
pub const PLAINTEXTS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const REQUEST: [u8; 32] = [0x77; 32];
const DOMAIN: ReleaseDomain = ReleaseDomain { chain_id: 31337, verifying_contract: [3; 20] };

/// What a node ends with.
pub struct Verdict {
    /// Plaintexts, or what stopped them.
    pub plaintexts: Result<Vec<u8>, String>,
    /// Signature of the committee.
    pub signature: Result<CommitteeSignature, String>,
    /// Faults it names.
    pub faults: Vec<Fault>,
}

/// Nodes, the dealer's record, one ciphertext.
pub struct Cluster {
    record: CommitteeRecord,
    secrets: Vec<NodeSecrets>,
    behaviours: Vec<Option<Behaviour>>,
    context: Context,
    squashed: Squashed,
}

fn encrypt(key: &[u64], plaintext: u8, noise: i128, rng: &mut ChaCha20Rng) -> SquashedBlock {
    let mask: Vec<u128> =
        (0..KEY_DIMENSION).map(|_| u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())).collect();
    let product = mask.iter().zip(key).fold(0u128, |sum, (a, s)| sum.wrapping_add(a * u128::from(*s)));
    let body = product.wrapping_add(u128::from(plaintext) << 123).wrapping_add(noise as u128);
    SquashedBlock { mask, body }
}

impl Cluster {
    pub fn new(size: CommitteeSize, seed: u64) -> Self {
        let noise = ChaCha20Rng::seed_from_u64(seed).gen_range(-(1i128 << 66)..1 << 66);
        Self::with_noise(size, seed, noise)
    }

    pub fn with_noise(size: CommitteeSize, seed: u64, noise: i128) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let key: Vec<u64> = (0..KEY_DIMENSION).map(|_| u64::from(rng.gen_bool(0.5))).collect();
        let (record, secrets) = deal(size, 1, [2; 32], &key, &mut rng).unwrap();
        for node in &secrets {
            node.check(&record).unwrap();
        }
        let blocks = PLAINTEXTS.iter().map(|p| encrypt(&key, *p, noise, &mut rng)).collect();
        let context = Context { chain_id: 31337, coprocessor: [1; 20], epoch: 1, key_id: [2; 32] };
        let behaviours = vec![None; secrets.len()];
        Self { record, secrets, behaviours, context, squashed: Squashed::new(blocks).unwrap() }
    }

    pub fn corrupt(&mut self, node: u8, behaviour: Behaviour) {
        self.behaviours[usize::from(node)] = Some(behaviour);
    }

    pub fn reform(&mut self, node: u8) {
        self.behaviours[usize::from(node)] = None;
    }

    fn node(&self, index: u8) -> NodeIndex {
        self.record.size.node(index).unwrap()
    }

    pub fn share_of(&self, node: u8) -> Vec<u8> {
        let flooding = Flooding::of(self.record.size).unwrap();
        let key = &self.secrets[usize::from(node)].key_share;
        DecryptionShare::compute(key, flooding, &self.context, &self.squashed).to_bytes()
    }

    fn answer(&self, node: u8, asker: u8, kind: MessageKind, payload: Vec<u8>) -> Option<Vec<u8>> {
        let message = PeerMessage {
            kind,
            context: self.context.clone(),
            request_id: REQUEST,
            squashed_digest: *self.squashed.digest(),
            node: self.node(node),
            payload,
        };
        let key = &self.secrets[usize::from(node)].message_key;
        let signed = match self.behaviours[usize::from(node)] {
            // A node is honest to itself.
            Some(behaviour) if asker != node => behaviour.answer(message, self.node(asker), key)?,
            _ => message.sign(key),
        };
        Some(signed.as_bytes().to_vec())
    }

    /// The share message that `node` hands to `asker`.
    pub fn share_told(&self, node: u8, asker: u8) -> Vec<u8> {
        self.answer(node, asker, MessageKind::Share, self.share_of(node)).unwrap()
    }

    pub fn read(&self, bytes: &[u8]) -> Result<SignedMessage, MessageError> {
        SignedMessage::read(bytes, self.record.size, &self.record.message_keys)
    }

    /// Runs the release as node `own` sees it.
    pub fn release(&mut self, own: u8) -> Verdict {
        let mut session = Session::new(&self.record, &self.context, REQUEST, self.squashed.clone());
        let ask = |session: &mut Session<'_>, kind, payload: &dyn Fn(u8) -> Vec<u8>| {
            for node in 0..self.record.size.nodes() {
                match self.answer(node, own, kind, payload(node)) {
                    Some(bytes) => session.receive(self.node(node), kind, &bytes),
                    None => session.silent(self.node(node), kind, "no answer".into()),
                }
            }
        };
        let failed = |session: &Session<'_>, reason: String| Verdict {
            plaintexts: Err(reason.clone()),
            signature: Err(reason),
            faults: session.faults().to_vec(),
        };
        ask(&mut session, MessageKind::SquashDigest, &|_| Vec::new());
        if let Err(refusal) = session.check_quorum() {
            return failed(&session, refusal.name().to_string());
        }
        ask(&mut session, MessageKind::Share, &|node| self.share_of(node));
        let combined = match session.combined() {
            Ok(combined) => combined,
            Err(error) => return failed(&session, error.to_string()),
        };
        let plaintexts = combined.plaintexts;
        let release =
            Release { epoch: 1, request_id: REQUEST, handles: vec![[5; 32]], plaintexts: plaintexts.clone() };
        let digest = release.digest(DOMAIN);
        session.expect_release(digest);
        ask(&mut session, MessageKind::Signature, &|node| {
            let share = self.secrets[usize::from(node)].signing_share.sign(&digest).unwrap();
            [&digest[..], &share[..]].concat()
        });
        let signature = session.signature().map_err(|e| e.to_string());
        Verdict { plaintexts: Ok(plaintexts), signature, faults: session.faults().to_vec() }
    }

    fn change_first(&mut self, change: impl FnOnce(&mut SquashedBlock)) {
        let mut blocks = self.squashed.blocks().to_vec();
        change(&mut blocks[0]);
        self.squashed = Squashed::new(blocks).unwrap();
    }

    /// Another ciphertext with the same masks.
    pub fn shift_body(&mut self) {
        self.change_first(|block| block.body = block.body.wrapping_add(1));
    }

    /// A ciphertext of 16.
    pub fn set_padding(&mut self) {
        self.change_first(|block| block.body = block.body.wrapping_add(1 << 127));
    }

    /// A record that differs in each part is refused by name.
    pub fn check_dealing(&self) {
        let node = &self.secrets[0];
        let mut other = self.record.clone();
        other.set_digests.insert(0b0111, [0; 32]);
        assert_eq!(node.check(&other), Err(DealerError::SetDigest { node: 0, set: 0b0111 }), "TR.K3");
        let mut other = self.record.clone();
        other.message_keys.swap(0, 1);
        assert_eq!(node.check(&other), Err(DealerError::Record { node: 0, what: "message key" }));
        let another = Cluster::new(self.record.size, 99);
        let mut other = self.record.clone();
        other.committee_key = another.record.committee_key;
        assert_eq!(node.check(&other), Err(DealerError::Record { node: 0, what: "signing share" }));
        let mut other = self.record.clone();
        other.size = CommitteeSize::new(7, 2).unwrap();
        assert_eq!(node.check(&other), Err(DealerError::Record { node: 0, what: "committee size" }));
    }
}
