//! Client of `trine.keyholder.v1`: one call to every node; each decides, squashes and signs by itself.

use crate::chain::circuits::KeyRegistration;
use crate::receipt::{Receipt, VerifiedInputs, VerifiedReceipt};
use crate::rpc::RpcError;
use alloy::primitives::{B256, Bytes};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use trine_keyholder::protocol::attest::{CommitteeKey, KeyAnswer, KeyAttestation, ReleaseDomain};
use trine_keyholder::protocol::batch::{PresentedBatch, PresentedHandle, PresentedJob};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_proto::keyholder::v1 as pb;
use trine_proto::keyholder::v1::keyholder_service_client::KeyholderServiceClient;
use trine_proto::prover::v1::handle_record::Origin as WireOrigin;
use trine_proto::prover::v1::{
    Batch, Commitment as WireCommitment, CoveredJob, HandleRecord, InputOrigin, OutputOrigin,
};
use trine_verifier::{Commitment, Origin};

const SERVICE: &str = "keyholder";
const ATTEST: &str = "AttestKey";
const CONNECT: Duration = Duration::from_secs(5);
/// Longest release: three rounds of a minute, and squashing.
const RELEASE: Duration = Duration::from_secs(300);

/// The nodes of one committee.
#[derive(Clone)]
pub struct CommitteeClient {
    endpoints: Vec<Endpoint>,
}

/// What is presented to every node.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    /// The request on chain.
    pub request_id: B256,
    /// Of a circuit of several segments all but the last, in order.
    pub earlier_segments: Vec<PresentedSegment>,
    /// Inner proof; of a circuit of several segments that of the last.
    pub inner_proof: Bytes,
    /// What else that proof covers.
    pub batch: PresentedBatch,
    /// Commitments that the input handles name.
    pub inputs: Vec<Commitment>,
    /// Canonical ciphertext bytes of each output.
    pub outputs: Vec<Bytes>,
    /// Digest of the squashed ciphertext, empty where the client has computed none.
    pub squashed_digest: Bytes,
}

/// A segment before the last.
#[derive(Clone, Debug, PartialEq)]
pub struct PresentedSegment {
    /// Commitments of its links.
    pub links: Vec<Commitment>,
    /// Inner proof.
    pub inner_proof: Bytes,
    /// What else it covers.
    pub batch: PresentedBatch,
}

impl Presentation {
    /// What a verified receipt shows, with the ciphertext bytes of the outputs.
    pub fn of(receipt: &Receipt, verified: &VerifiedReceipt, outputs: Vec<Bytes>) -> Self {
        let proven = match &verified.public {
            VerifiedInputs::Linear(_) => &[],
            VerifiedInputs::Circuit(circuit) => circuit.segments.as_slice(),
        };
        let earlier = receipt.earlier_segments.iter().zip(proven).map(|(segment, proven)| PresentedSegment {
            links: proven.outputs.iter().map(|link| link.commitment).collect(),
            inner_proof: segment.inner_proof.clone(),
            batch: proven.batch.clone(),
        });
        Self {
            request_id: receipt.request_id,
            earlier_segments: earlier.collect(),
            inner_proof: receipt.inner_proof.clone(),
            batch: proven.last().map(|last| last.batch.clone()).unwrap_or_default(),
            inputs: verified.inputs.iter().map(|input| input.commitment).collect(),
            outputs,
            squashed_digest: Bytes::new(),
        }
    }
}

/// A release as one node answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Epoch of the committee.
    pub epoch: u64,
    /// Released handles.
    pub handles: Vec<B256>,
    /// Plaintext of each block of each handle, in order.
    pub plaintexts: Vec<u64>,
    /// Signature, EIP-2537 encoding.
    pub signature: Bytes,
    /// Faults of other nodes that the node met: index, kind, detail.
    pub faults: Vec<(u32, String, String)>,
}

impl CommitteeClient {
    /// For the nodes at `https://HOST:PORT`, whose certificates are issued by `authority` (PEM).
    pub fn new(nodes: &[String], authority: &[u8]) -> Result<Self, RpcError> {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
        let endpoints = nodes
            .iter()
            .map(|node| {
                let failed = |e: tonic::transport::Error| connection(node, &e.to_string());
                let endpoint = Endpoint::from_shared(node.clone()).map_err(failed)?;
                let endpoint = endpoint.connect_timeout(CONNECT).timeout(RELEASE);
                endpoint.tls_config(tls.clone()).map_err(failed)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { endpoints })
    }

    /// Endpoints of the nodes, in the order of their index.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    async fn node(&self, index: usize) -> Result<KeyholderServiceClient<Channel>, RpcError> {
        let endpoint =
            self.endpoints.get(index).ok_or_else(|| connection(&index.to_string(), "no such node"))?;
        let uri = endpoint.uri().to_string();
        let channel = endpoint.connect().await.map_err(|e| connection(&uri, &e.to_string()))?;
        Ok(KeyholderServiceClient::new(channel))
    }

    /// What one node says about the committee.
    pub async fn committee(&self, index: usize) -> Result<pb::GetCommitteeResponse, RpcError> {
        let answer = self.node(index).await?.get_committee(pb::GetCommitteeRequest {}).await;
        Ok(answer.map_err(|s| RpcError::refused(SERVICE, "GetCommittee", &s))?.into_inner())
    }

    /// Asks one node for a release.
    pub async fn release_by(&self, index: usize, presentation: &Presentation) -> Result<Release, RpcError> {
        let request = pb::ReleaseRequest {
            request_id: presentation.request_id.to_vec(),
            inner_proof: presentation.inner_proof.to_vec(),
            inputs: presentation.inputs.iter().map(wire_commitment).collect(),
            outputs: presentation.outputs.iter().map(|o| o.to_vec()).collect(),
            squashed_digest: presentation.squashed_digest.to_vec(),
            earlier_segments: presentation.earlier_segments.iter().map(wire_segment).collect(),
            batch: wire_batch(&presentation.batch),
        };
        let answer = self.node(index).await?.release(request).await;
        from_wire(answer.map_err(|s| RpcError::refused(SERVICE, "Release", &s))?.into_inner())
    }

    /// Asks every node at once; one answer for each, by index.
    pub async fn release(&self, presentation: &Presentation) -> Vec<Result<Release, RpcError>> {
        let mut calls = JoinSet::new();
        for index in 0..self.endpoints.len() {
            let (client, presentation) = (self.clone(), presentation.clone());
            calls.spawn(async move { (index, client.release_by(index, &presentation).await) });
        }
        let mut answers: Vec<Result<Release, RpcError>> =
            (0..self.endpoints.len()).map(|_| Err(answer("no answer"))).collect();
        while let Some(Ok((index, result))) = calls.join_next().await {
            answers[index] = result;
        }
        answers
    }
}

/// Why the committee's evaluation key is not registered.
#[derive(Debug, thiserror::Error)]
pub enum AttestationError {
    /// No node answers.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The committee's key is none.
    #[error("committee key: {0}")]
    Committee(#[from] trine_keyholder::protocol::attest::AttestError),
    /// Too few nodes attest the same.
    #[error("{error}; of {asked} nodes, {} refuse: {}", refusals.len(), refusals.join("; "))]
    TooFew {
        /// What is missing.
        error: trine_keyholder::protocol::attest::KeyAttestationError,
        /// Nodes asked.
        asked: usize,
        /// What those say that do not attest.
        refusals: Vec<String>,
    },
    /// The committee attests a key of other bytes.
    #[error("the committee attests bytes with the digest {got}, expected {expected}")]
    OtherKey {
        /// Attested.
        got: B256,
        /// Of the key set that is meant.
        expected: B256,
    },
}

impl CommitteeClient {
    /// Has every node attest its evaluation key, and combines what enough of them say. `key` is the committee's public key,
    /// which the caller trusts: as dealt, or as registered on chain. `content_digest` names the key set that is meant.
    ///
    /// The first time a node commits to its key, which takes about a minute.
    pub async fn attest_key(
        &self,
        size: CommitteeSize,
        key: &CommitteeKey,
        domain: ReleaseDomain,
        content_digest: B256,
    ) -> Result<KeyRegistration, AttestationError> {
        let mut calls = JoinSet::new();
        for index in 0..self.endpoints.len() {
            let client = self.clone();
            calls.spawn(async move { client.attest_key_by(size, index).await });
        }
        let (mut answers, mut refusals) = (Vec::new(), Vec::new());
        while let Some(joined) = calls.join_next().await {
            match joined {
                Ok(Ok(answer)) => answers.push(answer),
                Ok(Err(error)) => refusals.push(error.to_string()),
                Err(error) => refusals.push(error.to_string()),
            }
        }
        let asked = self.endpoints.len();
        let combined = key.combine_attestation(domain, &answers);
        let attested = combined.map_err(|error| AttestationError::TooFew { error, asked, refusals })?;
        let got = B256::from(attested.attestation.content_digest);
        if got != content_digest {
            return Err(AttestationError::OtherKey { got, expected: content_digest });
        }
        Ok(KeyRegistration {
            epoch: attested.attestation.epoch,
            key_digest: attested.attestation.key_digest.into(),
            content_digest: got,
            signature: attested.signature.eip2537()?.to_vec().into(),
        })
    }

    /// One node's answer. That the node is the one asked is seen by its share of the signature.
    async fn attest_key_by(&self, size: CommitteeSize, index: usize) -> Result<KeyAnswer, RpcError> {
        let answered = self.node(index).await?.attest_key(pb::AttestKeyRequest {}).await;
        let message = answered.map_err(|s| RpcError::refused(SERVICE, ATTEST, &s))?.into_inner();
        let wrong = |what: &str| RpcError::Answer { service: SERVICE, call: ATTEST, what: what.into() };
        let node = u8::try_from(message.node).ok().and_then(|node| size.node(node).ok());
        let word = |bytes: &[u8], what| <[u8; 32]>::try_from(bytes).map_err(|_| wrong(what));
        Ok(KeyAnswer {
            node: node.ok_or_else(|| wrong("a node that the committee has not"))?,
            attestation: KeyAttestation {
                epoch: message.epoch,
                key_digest: word(&message.key_digest, "a key digest that is not 32 bytes")?,
                content_digest: word(&message.content_digest, "a content digest that is not 32 bytes")?,
            },
            share: message.signature_share,
        })
    }
}

fn wire_commitment(commitment: &Commitment) -> WireCommitment {
    WireCommitment { point: commitment.xy().concat() }
}

fn wire_segment(segment: &PresentedSegment) -> pb::ProvenSegment {
    pb::ProvenSegment {
        links: segment.links.iter().map(wire_commitment).collect(),
        inner_proof: segment.inner_proof.to_vec(),
        batch: wire_batch(&segment.batch),
    }
}

/// Unset where there is nothing beside.
fn wire_batch(batch: &PresentedBatch) -> Option<Batch> {
    if *batch == PresentedBatch::default() {
        return None;
    }
    let job = |job: &PresentedJob| CoveredJob {
        request_id: job.request_id.to_vec(),
        salt: job.salt.to_vec(),
        program_text: job.program_text.clone(),
        inputs: job.inputs.iter().map(wire_handle).collect(),
        outputs: job.outputs.iter().map(wire_handle).collect(),
        segment: job.segment,
    };
    let place = u32::try_from(batch.place).unwrap_or(u32::MAX);
    Some(Batch { place, others: batch.others.iter().map(job).collect() })
}

fn wire_handle(handle: &PresentedHandle) -> HandleRecord {
    let origin = match handle.origin {
        Origin::Input { registrant, consumer } => {
            let (registrant, consumer) = (registrant.to_vec(), consumer.to_vec());
            WireOrigin::Input(InputOrigin { registrant, consumer })
        }
        Origin::Output { request_id, job, segment, index } => {
            let request_id = request_id.to_vec();
            WireOrigin::Output(OutputOrigin { request_id, job, segment, index })
        }
    };
    HandleRecord {
        handle: handle.handle.to_vec(),
        // The wire's numbers are the chain's plus one.
        key_kind: i32::from(handle.key_kind.code()) + 1,
        value_type: i32::from(handle.value_type.code()),
        blocks: u32::from(handle.blocks),
        commitment: Some(wire_commitment(&handle.commitment)),
        origin: Some(origin),
    }
}

fn from_wire(message: pb::ReleaseResponse) -> Result<Release, RpcError> {
    let mut release = Release {
        epoch: message.epoch,
        handles: Vec::with_capacity(message.values.len()),
        plaintexts: Vec::new(),
        signature: message.signature.into(),
        faults: message.faults.into_iter().map(|f| (f.node, f.kind, f.detail)).collect(),
    };
    for value in message.values {
        let handle = B256::try_from(value.handle.as_slice());
        release.handles.push(handle.map_err(|_| answer("a handle that is not 32 bytes"))?);
        release.plaintexts.extend(value.blocks.iter().map(|b| u64::from(*b)));
    }
    Ok(release)
}

fn connection(endpoint: &str, reason: &str) -> RpcError {
    RpcError::Connection { service: SERVICE, endpoint: endpoint.into(), reason: reason.into() }
}

fn answer(what: &str) -> RpcError {
    RpcError::Answer { service: SERVICE, call: "Release", what: what.into() }
}
