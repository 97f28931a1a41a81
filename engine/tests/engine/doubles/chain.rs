//! A chain in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use trine_engine::chain::{Chain, ChainError, Fulfilment, Inclusion, RequestFacts};
use trine_engine::circuit::Registered;
use trine_engine::domain::PendingTransaction;
use trine_verifier::digest::packed;
use trine_verifier::{Bytes32, Commitment};

/// A chain in memory: one account, nonces in order, a request is fulfilled once, each segment of one proven once.
#[derive(Default)]
pub struct FakeChain {
    state: Mutex<ChainState>,
    /// Calls that fail before one succeeds.
    pub outages: AtomicUsize,
    /// Somebody else proves the segment that is signed next, with its links, between the look at the chain and the simulation.
    pub faster: AtomicBool,
    /// The same between the signature and the inclusion.
    pub overtaken: AtomicBool,
}

/// Transaction of somebody else.
pub const OTHERS: Bytes32 = [0xee; 32];

#[derive(Default)]
struct ChainState {
    requests: HashMap<Bytes32, RequestFacts>,
    nonce: u64,
    signed: HashMap<Bytes32, Fulfilment>,
    executed: HashSet<Bytes32>,
    /// Pieces that transactions of the engine brought, in their order: the segment, or none of a request of one piece.
    brought: Vec<Option<u32>>,
    fulfilments: HashMap<Bytes32, Bytes32>,
    /// Hash of the links and transaction of proven segments.
    segments: HashMap<(Bytes32, u32), (Bytes32, Bytes32)>,
    reverts: usize,
    contents: HashMap<Bytes32, Bytes32>,
    last_signed: Option<Fulfilment>,
}

impl FakeChain {
    /// A request appears.
    pub fn add(&self, id: Bytes32, facts: RequestFacts) {
        self.state.lock().unwrap().requests.insert(id, facts);
    }

    /// A committee attests which content commitments are of.
    pub fn attest(&self, key_digest: Bytes32, content: Bytes32) {
        self.state.lock().unwrap().contents.insert(key_digest, content);
    }

    /// What was signed last.
    pub fn last_signed(&self) -> Option<Fulfilment> {
        self.state.lock().unwrap().last_signed.clone()
    }

    /// Somebody else fulfils a request.
    pub fn fulfil_by_another(&self, id: Bytes32) {
        let mut state = self.state.lock().unwrap();
        state.requests.get_mut(&id).unwrap().fulfilled = true;
        state.fulfilments.insert(id, OTHERS);
    }

    /// Somebody else proves a segment, with links of this hash.
    pub fn prove_by_another(&self, id: Bytes32, segment: u32, links: Bytes32) {
        self.state.lock().unwrap().segments.insert((id, segment), (links, OTHERS));
    }

    /// What the engine's transactions brought, in their order.
    pub fn brought(&self) -> Vec<Option<u32>> {
        self.state.lock().unwrap().brought.clone()
    }

    /// Another transaction of the engine's account uses the next nonce.
    pub fn use_nonce(&self) {
        self.state.lock().unwrap().nonce += 1;
    }

    /// Transactions that were executed, and how many of them reverted.
    pub fn executed(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.executed.len(), state.reverts)
    }

    /// Somebody else is faster, once: the flag says when.
    fn overtake(&self, flag: &AtomicBool, state: &mut ChainState, fulfilment: &Fulfilment) {
        if let Some(segment) = &fulfilment.segment
            && flag.swap(false, Ordering::SeqCst)
        {
            let place = (fulfilment.request_id, segment.index);
            state.segments.insert(place, (links_hash(&fulfilment.output_points), OTHERS));
        }
    }

    fn outage(&self) -> Result<(), ChainError> {
        let left = self.outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if left.is_ok() { Err(ChainError::Unavailable("outage".into())) } else { Ok(()) }
    }
}

impl ChainState {
    /// What the contract checks of a transaction before its proof.
    fn check(&self, fulfilment: &Fulfilment) -> Result<(), ChainError> {
        let id = fulfilment.request_id;
        let facts = &self.requests[&id];
        if facts.fulfilled {
            return Err(ChainError::AlreadyFulfilled { request: hex::encode(id) });
        }
        let refused = |name: &str| Err(ChainError::Reverted(name.into()));
        let (segment, record) = match (&fulfilment.segment, &facts.program) {
            (None, Registered::Linear | Registered::Circuit(_)) => return Ok(()),
            (Some(segment), Registered::Segments(record)) => (segment, record),
            _ => return refused("ProgramKindMismatch"),
        };
        if record.segments.get(segment.index as usize) != Some(&segment.claim.digest()) {
            return refused("SegmentClaimMismatch");
        }
        if self.segments.contains_key(&(id, segment.index)) {
            return refused("SegmentAlreadyProven");
        }
        if segment.request_inputs != facts.inputs || segment.links.len() != segment.index as usize {
            return refused("RequestInputsMismatch");
        }
        for (earlier, links) in (0u32..).zip(&segment.links) {
            let proven = self.segments.get(&(id, earlier)).map(|(hash, _)| *hash);
            if !links.is_empty() && proven != Some(packed(links)) {
                return refused("LinksMismatch");
            }
        }
        Ok(())
    }

    fn execute(&mut self, hash: Bytes32, fulfilment: &Fulfilment) {
        let id = fulfilment.request_id;
        let facts = self.requests.get_mut(&id).unwrap();
        let segment = fulfilment.segment.as_ref().map(|segment| segment.index);
        self.brought.push(segment);
        if let (Some(segment), Registered::Segments(record)) = (segment, &facts.program)
            && (segment as usize) + 1 < record.segments.len()
        {
            self.segments.insert((id, segment), (links_hash(&fulfilment.output_points), hash));
            return;
        }
        facts.fulfilled = true;
        self.fulfilments.insert(id, hash);
    }

    /// Whether a transaction brought what it was for.
    fn is_effective(&self, hash: &Bytes32, fulfilment: &Fulfilment) -> bool {
        let id = fulfilment.request_id;
        let of_segment = |index| self.segments.get(&(id, index)).is_some_and(|(_, tx)| tx == hash);
        self.fulfilments.get(&id) == Some(hash)
            || fulfilment.segment.as_ref().is_some_and(|segment| of_segment(segment.index))
    }
}

/// Hash of the commitments' digests of these points.
fn links_hash(points: &[[Bytes32; 2]]) -> Bytes32 {
    let digest = |[x, y]: &[Bytes32; 2]| Commitment::from_xy(x, y).unwrap().digest();
    packed(&points.iter().map(digest).collect::<Vec<_>>())
}

#[tonic::async_trait]
impl Chain for FakeChain {
    async fn request(&self, id: &Bytes32) -> Result<RequestFacts, ChainError> {
        self.outage()?;
        let unknown = || ChainError::UnknownRequest { request: hex::encode(id) };
        self.state.lock().unwrap().requests.get(id).cloned().ok_or_else(unknown)
    }

    async fn content_of(&self, key_digest: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        self.outage()?;
        Ok(self.state.lock().unwrap().contents.get(key_digest).copied())
    }

    async fn fulfilment(&self, id: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        Ok(self.state.lock().unwrap().fulfilments.get(id).copied())
    }

    async fn proven_segment(&self, id: &Bytes32, segment: u32) -> Result<Option<Bytes32>, ChainError> {
        self.outage()?;
        Ok(self.state.lock().unwrap().segments.get(&(*id, segment)).map(|(links, _)| *links))
    }

    async fn segment_fulfilment(&self, id: &Bytes32, segment: u32) -> Result<Option<Bytes32>, ChainError> {
        Ok(self.state.lock().unwrap().segments.get(&(*id, segment)).map(|(_, tx)| *tx))
    }

    async fn sign(&self, fulfilment: &Fulfilment) -> Result<PendingTransaction, ChainError> {
        self.outage()?;
        let mut state = self.state.lock().unwrap();
        self.overtake(&self.faster, &mut state, fulfilment);
        state.check(fulfilment)?;
        let nonce = state.nonce;
        let part = fulfilment.segment.as_ref().map_or(0, |segment| segment.index);
        let raw = [fulfilment.request_id.as_slice(), &part.to_be_bytes(), &nonce.to_be_bytes()].concat();
        let hash: Bytes32 = blake3::hash(&raw).into();
        state.signed.insert(hash, fulfilment.clone());
        state.last_signed = Some(fulfilment.clone());
        Ok(PendingTransaction { hash, nonce, raw })
    }

    async fn send(&self, transaction: &PendingTransaction) -> Result<Inclusion, ChainError> {
        self.outage()?;
        let mut state = self.state.lock().unwrap();
        let fulfilment = state.signed[&transaction.hash].clone();
        if state.executed.contains(&transaction.hash) {
            let own = state.is_effective(&transaction.hash, &fulfilment);
            return Ok(if own { Inclusion::Succeeded } else { Inclusion::Reverted });
        }
        if transaction.nonce < state.nonce {
            return Ok(Inclusion::Superseded);
        }
        self.overtake(&self.overtaken, &mut state, &fulfilment);
        state.nonce += 1;
        state.executed.insert(transaction.hash);
        if state.check(&fulfilment).is_err() {
            state.reverts += 1;
            return Ok(Inclusion::Reverted);
        }
        state.execute(transaction.hash, &fulfilment);
        Ok(Inclusion::Succeeded)
    }
}
