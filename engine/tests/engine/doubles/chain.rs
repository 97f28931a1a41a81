//! A chain in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use trine_engine::chain::{
    Chain, ChainError, FulfilledJob, Fulfilment, Inclusion, RequestFacts, SegmentPart,
};
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
    /// Somebody else is faster with the first job that is signed next, a segment with its links, between the look at the chain
    /// and the simulation.
    pub faster: AtomicBool,
    /// The same between the signature and the inclusion.
    pub overtaken: AtomicBool,
    /// This request breaks between the next signature and its inclusion.
    pub breaking: Mutex<Option<Bytes32>>,
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
    /// Requests of which the contract takes nothing.
    broken: HashSet<Bytes32>,
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

    /// The contract takes nothing of a request from now on.
    pub fn break_request(&self, id: Bytes32) {
        self.state.lock().unwrap().broken.insert(id);
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
        let job = &fulfilment.jobs[0];
        if !flag.swap(false, Ordering::SeqCst) {
            return;
        }
        match &job.segment {
            Some(segment) => {
                let place = (job.request_id, segment.index);
                state.segments.insert(place, (links_hash(&job.output_points), OTHERS));
            }
            None => {
                state.requests.get_mut(&job.request_id).unwrap().fulfilled = true;
                state.fulfilments.insert(job.request_id, OTHERS);
            }
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
        let first = &fulfilment.jobs[0];
        if fulfilment.jobs.iter().all(|job| self.is_recorded(job)) {
            let request = hex::encode(first.request_id);
            return Err(match first.segment {
                Some(_) if !self.requests[&first.request_id].fulfilled => refused("SegmentAlreadyProven"),
                _ => ChainError::AlreadyFulfilled { request },
            });
        }
        let places: HashSet<_> = fulfilment.jobs.iter().map(place).collect();
        if places.len() != fulfilment.jobs.len() {
            return Err(refused("DuplicateJob"));
        }
        fulfilment.jobs.iter().try_for_each(|job| self.check_job(job))
    }

    fn is_recorded(&self, job: &FulfilledJob) -> bool {
        self.requests[&job.request_id].fulfilled || self.segments.contains_key(&place(job))
    }

    fn check_job(&self, job: &FulfilledJob) -> Result<(), ChainError> {
        let facts = &self.requests[&job.request_id];
        if self.broken.contains(&job.request_id) {
            return Err(refused("Broken"));
        }
        let claim = match (&job.segment, &facts.program) {
            (None, Registered::Linear) => return Ok(()),
            (None, Registered::Circuit(claim)) => claim,
            (Some(segment), Registered::Segments(record)) => {
                if record.segments.get(segment.index as usize) != Some(&segment.claim.digest()) {
                    return Err(refused("SegmentClaimMismatch"));
                }
                self.check_segment(job.request_id, segment, &facts.inputs)?;
                &segment.claim.claim
            }
            _ => return Err(refused("ProgramKindMismatch")),
        };
        if packed(&job.words) != claim.program {
            return Err(refused("ProgramWordsMismatch"));
        }
        let points = (job.input_points.len(), job.output_points.len());
        if points != (usize::from(claim.inputs), usize::from(claim.outputs)) {
            return Err(refused("PointCount"));
        }
        Ok(())
    }

    fn check_segment(
        &self,
        id: Bytes32,
        segment: &SegmentPart,
        inputs: &[Bytes32],
    ) -> Result<(), ChainError> {
        if segment.request_inputs != inputs || segment.links.len() != segment.index as usize {
            return Err(refused("RequestInputsMismatch"));
        }
        for (earlier, links) in (0u32..).zip(&segment.links) {
            let proven = self.segments.get(&(id, earlier)).map(|(hash, _)| *hash);
            if !links.is_empty() && proven != Some(packed(links)) {
                return Err(refused("LinksMismatch"));
            }
        }
        Ok(())
    }

    /// Records what is not recorded yet.
    fn execute(&mut self, hash: Bytes32, fulfilment: &Fulfilment) {
        for job in &fulfilment.jobs {
            if !self.is_recorded(job) {
                self.record(hash, job);
            }
        }
    }

    fn record(&mut self, hash: Bytes32, job: &FulfilledJob) {
        let id = job.request_id;
        let facts = self.requests.get_mut(&id).unwrap();
        let segment = job.segment.as_ref().map(|segment| segment.index);
        self.brought.push(segment);
        if let (Some(segment), Registered::Segments(record)) = (segment, &facts.program)
            && (segment as usize) + 1 < record.segments.len()
        {
            self.segments.insert((id, segment), (links_hash(&job.output_points), hash));
            return;
        }
        facts.fulfilled = true;
        self.fulfilments.insert(id, hash);
    }

    /// Whether a transaction brought what it was for.
    fn is_effective(&self, hash: &Bytes32, fulfilment: &Fulfilment) -> bool {
        let of_segment =
            |job: &FulfilledJob| self.segments.get(&place(job)).is_some_and(|(_, tx)| tx == hash);
        let brought = |job: &FulfilledJob| {
            self.fulfilments.get(&job.request_id) == Some(hash) || (job.segment.is_some() && of_segment(job))
        };
        fulfilment.jobs.iter().any(brought)
    }
}

fn refused(name: &str) -> ChainError {
    ChainError::Reverted(name.into())
}

/// Request and segment.
fn place(job: &FulfilledJob) -> (Bytes32, u32) {
    (job.request_id, job.segment.as_ref().map_or(0, |segment| segment.index))
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
        let ((_, part), jobs) = (place(&fulfilment.jobs[0]), fulfilment.jobs.len());
        let raw = [
            fulfilment.request_id.as_slice(),
            &part.to_be_bytes(),
            &jobs.to_be_bytes(),
            &nonce.to_be_bytes(),
        ];
        let raw = raw.concat();
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
        state.broken.extend(self.breaking.lock().unwrap().take());
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
