//! The gRPC services. Wire messages stop here: they become domain values or are refused by name.

mod batch;

use super::chain::ChainError;
use super::peer::{PeerIdentities, kind_of_wire};
use super::release::{Node, ReleaseError};
use super::storage::{Released, StorageError};
use crate::protocol::authorise::{Presented, PresentedSegment};
use crate::protocol::combine::CombineError;
use crate::protocol::committee::NodeIndex;
use crate::protocol::refusal::Refusal;
use batch::batch;
use std::sync::Arc;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Response, Status};
use trine_fhe::words::ValueWords;
use trine_proto::keyholder::v1::keyholder_service_server::KeyholderService;
use trine_proto::keyholder::v1::peer_service_server::PeerService;
use trine_proto::keyholder::v1::{
    AttestKeyRequest, AttestKeyResponse, Fault, FetchRequest, FetchResponse, GetCommitteeRequest,
    GetCommitteeResponse, Member, ProvenSegment, ReleaseRequest, ReleaseResponse, ReleasedValue,
};
use trine_proto::prover::v1::{Commitment as WireCommitment, EvaluationKeyPoints};
use trine_verifier::Commitment;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::registration::MAX_SEGMENTS;
use trine_verifier::digest::point_words;

/// Metadata key of the name of a refusal.
pub const REFUSAL_METADATA: &str = "trine-refusal";
/// Longest request: proofs of as many segments as a circuit may have, and outputs.
pub const MAX_REQUEST_BYTES: usize = 16 << 20;
/// Longest inner proof; every class's is shorter.
const MAX_PROOF_BYTES: usize = 256 << 10;

/// Serves clients.
pub struct ClientApi {
    node: Arc<Node>,
}

impl ClientApi {
    /// For a node.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node }
    }
}

#[tonic::async_trait]
impl KeyholderService for ClientApi {
    async fn release(&self, request: Request<ReleaseRequest>) -> Result<Response<ReleaseResponse>, Status> {
        let request = request.into_inner();
        let squashed_digest = match request.squashed_digest.as_slice() {
            [] => None,
            bytes => Some(bytes32("squashed_digest", bytes)?),
        };
        // Points and handles of many jobs take a while.
        let read = tokio::task::spawn_blocking(move || presented(request)).await;
        let presented = read.map_err(|e| Status::internal(e.to_string()))??;
        let id = hex::encode(presented.request_id);
        // The work outlives a client that hangs up: the other nodes count on this one.
        let node = Arc::clone(&self.node);
        let work = tokio::spawn(async move { node.release(presented, squashed_digest).await });
        match work.await.unwrap_or_else(|e| Err(e.into())) {
            Ok(released) => {
                tracing::info!(request = id, signers = ?released.signers, "released");
                Ok(Response::new(response(released)))
            }
            Err(error) => {
                tracing::warn!(request = id, refusal = error.name(), %error, "not released");
                Err(status(&error))
            }
        }
    }

    async fn attest_key(
        &self,
        _request: Request<AttestKeyRequest>,
    ) -> Result<Response<AttestKeyResponse>, Status> {
        // Committing outlives a client that hangs up: the next one finds it done.
        let node = Arc::clone(&self.node);
        let work = tokio::spawn(async move { node.attest_key().await });
        let (key, answer) = work.await.unwrap_or_else(|e| Err(e.into())).map_err(|error| {
            tracing::warn!(refusal = error.name(), %error, "key not attested");
            status(&error)
        })?;
        let points = key.commitments().points();
        Ok(Response::new(AttestKeyResponse {
            epoch: answer.attestation.epoch,
            node: answer.node.get().into(),
            key_digest: answer.attestation.key_digest.to_vec(),
            content_digest: answer.attestation.content_digest.to_vec(),
            points: Some(EvaluationKeyPoints {
                points: points.iter().map(|point| point_words(point).concat()).collect(),
            }),
            signature_share: answer.share,
        }))
    }

    async fn get_committee(
        &self,
        _request: Request<GetCommitteeRequest>,
    ) -> Result<Response<GetCommitteeResponse>, Status> {
        let parts = self.node.parts();
        let record = &parts.record;
        let budget = parts.storage.budget().map_err(|e| status(&e.into()))?;
        let public_key = record.committee_key.public_key_eip2537().map_err(|e| status(&e.into()))?;
        let members = (0u32..).zip(&record.message_keys);
        Ok(Response::new(GetCommitteeResponse {
            epoch: record.epoch,
            nodes: record.size.nodes().into(),
            faults: record.size.faults().into(),
            public_key: public_key.to_vec(),
            key_digest: record.key_id.to_vec(),
            chain_id: parts.release_domain.chain_id,
            coprocessor: parts.rules.domain.coprocessor.to_vec(),
            release_verifier: parts.release_domain.verifying_contract.to_vec(),
            blocks_left: budget.limit() - budget.spent().min(budget.limit()),
            development: parts.development,
            node: self.node.index().get().into(),
            members: members.map(|(index, k)| Member { index, message_key: k.to_bytes().to_vec() }).collect(),
            committee_key: record.committee_key.to_bytes(),
        }))
    }
}

fn named(code: Code, name: &'static str, message: String) -> Status {
    let mut status = Status::new(code, message);
    status.metadata_mut().insert(REFUSAL_METADATA, MetadataValue::from_static(name));
    status
}

fn malformed(message: String) -> Status {
    named(Code::InvalidArgument, "MalformedRequest", message)
}

fn bytes32(field: &str, bytes: &[u8]) -> Result<[u8; 32], Status> {
    <[u8; 32]>::try_from(bytes)
        .map_err(|_| malformed(format!("{field} of {} bytes, expected 32", bytes.len())))
}

fn presented(request: ReleaseRequest) -> Result<Presented, Status> {
    let request_id = bytes32("request_id", &request.request_id)?;
    check_proof_length("inner_proof", &request.inner_proof)?;
    let (linear, circuit) = (trine_program::linear::MAX_INPUTS, Parameters::PRODUCTION.max_inputs);
    check_most("inputs", request.inputs.len(), linear.max(circuit))?;
    let (linear, circuit) = (trine_program::linear::MAX_OUTPUTS, Parameters::PRODUCTION.max_outputs);
    check_most("outputs", request.outputs.len(), linear.max(circuit))?;
    check_most("earlier segments", request.earlier_segments.len(), MAX_SEGMENTS - 1)?;
    let outputs = request.outputs.iter().enumerate().map(|(index, bytes)| {
        ValueWords::from_bytes(bytes).map_err(|e| malformed(format!("output {index}: {e}")))
    });
    let last = request.earlier_segments.len();
    let segments = request.earlier_segments.into_iter().enumerate();
    Ok(Presented {
        request_id,
        inputs: commitments("input", &request.inputs)?,
        outputs: outputs.collect::<Result<_, _>>()?,
        earlier_segments: segments.map(|(index, s)| segment(index, s)).collect::<Result<_, _>>()?,
        proof: request.inner_proof,
        batch: batch(last, request.batch)?,
    })
}

/// A segment before the last. That its proof has the length of its shape is checked with the circuit (TR.A9).
fn segment(index: usize, message: ProvenSegment) -> Result<PresentedSegment, Status> {
    check_proof_length(&format!("inner_proof of segment {index}"), &message.inner_proof)?;
    let what = format!("links of segment {index}");
    check_most(&what, message.links.len(), Parameters::PRODUCTION.max_outputs)?;
    let links = commitments(&format!("segment {index}, link"), &message.links)?;
    Ok(PresentedSegment { links, proof: message.inner_proof, batch: batch(index, message.batch)? })
}

fn check_most(what: &str, got: usize, most: usize) -> Result<(), Status> {
    if got <= most { Ok(()) } else { Err(malformed(format!("{got} {what}, at most {most}"))) }
}

fn check_proof_length(field: &str, proof: &[u8]) -> Result<(), Status> {
    let got = proof.len();
    if got <= MAX_PROOF_BYTES {
        return Ok(());
    }
    Err(malformed(format!("{field} of {got} bytes, at most {MAX_PROOF_BYTES} are read")))
}

fn commitments(what: &str, messages: &[WireCommitment]) -> Result<Vec<Commitment>, Status> {
    let messages = messages.iter().enumerate();
    messages.map(|(index, message)| commitment(&format!("{what} {index}"), message)).collect()
}

fn commitment(what: &str, message: &WireCommitment) -> Result<Commitment, Status> {
    let point = message.point.as_slice();
    let (x, y) = point
        .split_first_chunk::<32>()
        .and_then(|(x, y)| Some((x, <&[u8; 32]>::try_from(y).ok()?)))
        .ok_or_else(|| malformed(format!("{what} of {} bytes, expected 64", point.len())))?;
    Commitment::from_xy(x, y).map_err(|e| malformed(format!("{what}: {e}")))
}

fn response(released: Released) -> ReleaseResponse {
    ReleaseResponse {
        epoch: released.epoch,
        request_id: released.request_id.to_vec(),
        values: released
            .values
            .into_iter()
            .map(|(handle, blocks)| ReleasedValue {
                handle: handle.to_vec(),
                blocks: blocks.into_iter().map(u32::from).collect(),
            })
            .collect(),
        release_digest: released.release_digest.to_vec(),
        signature: released.signature,
        signers: released.signers.into_iter().map(u32::from).collect(),
        squashed_digest: released.squashed_digest.to_vec(),
        faults: released
            .faults
            .into_iter()
            .map(|(node, kind, detail)| Fault { node: node.into(), kind, detail })
            .collect(),
    }
}

/// The status of a check that needs nothing but the request.
fn refused(refusal: Refusal) -> Status {
    status(&refusal.into())
}

/// The status of a failed release: code by who has to act, name of the check in the metadata.
pub fn status(error: &ReleaseError) -> Status {
    let code = match error {
        ReleaseError::Refused(refusal) => match refusal {
            Refusal::NotFulfilled | Refusal::NotFinal { .. } | Refusal::ReleaseNotAllowed => {
                Code::FailedPrecondition
            }
            Refusal::KeyNotCommitted => Code::FailedPrecondition,
            Refusal::Domain { .. } | Refusal::Policy(_) | Refusal::Circuit(_) => Code::PermissionDenied,
            Refusal::DevelopmentRelease | Refusal::CircuitsNotServed => Code::PermissionDenied,
            Refusal::ProgramText { .. } | Refusal::Program(_) | Refusal::Uncut(_) => Code::PermissionDenied,
            Refusal::Record { .. } => Code::PermissionDenied,
            Refusal::SquashedDigestQuorum { .. } => Code::Unavailable,
            _ => Code::InvalidArgument,
        },
        ReleaseError::Key(_) => Code::FailedPrecondition,
        ReleaseError::Chain(ChainError::UnknownRequest { .. }) => Code::FailedPrecondition,
        ReleaseError::Chain(_) => Code::Unavailable,
        ReleaseError::Combine(CombineError::NoMajority { .. } | CombineError::TooFewResponders { .. }) => {
            Code::Unavailable
        }
        ReleaseError::Attest(_) | ReleaseError::Stopped(_) => Code::Unavailable,
        ReleaseError::Busy { .. } => Code::ResourceExhausted,
        ReleaseError::Storage(StorageError::Budget(_)) => Code::PermissionDenied,
        ReleaseError::Combine(_)
        | ReleaseError::Squashing(_)
        | ReleaseError::Squashed(_)
        | ReleaseError::Storage(_) => Code::Internal,
    };
    named(code, error.name(), error.to_string())
}

/// Serves the other nodes.
pub struct PeerApi {
    node: Arc<Node>,
    identities: PeerIdentities,
}

impl PeerApi {
    /// For a node.
    pub fn new(node: Arc<Node>, identities: PeerIdentities) -> Self {
        Self { node, identities }
    }

    /// The node whose certificate the caller has shown (TR.N1).
    fn caller<T>(&self, request: &Request<T>) -> Result<NodeIndex, Status> {
        let refused =
            || named(Code::Unauthenticated, "UnknownPeer", "TR.N1: no certificate of a node".into());
        let certificates = request.peer_certs().ok_or_else(refused)?;
        let leaf = certificates.first().ok_or_else(refused)?;
        self.identities.node(leaf.as_ref()).ok_or_else(refused)
    }
}

#[tonic::async_trait]
impl PeerService for PeerApi {
    async fn fetch(&self, request: Request<FetchRequest>) -> Result<Response<FetchResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let request_id = bytes32("request_id", &request.request_id)?;
        let kind = kind_of_wire(request.kind)
            .ok_or_else(|| malformed(format!("kind {}, expected 1 to 3", request.kind)))?;
        let epoch = self.node.parts().record.epoch;
        if request.epoch != epoch {
            let message = format!("epoch {}, this node serves {epoch}", request.epoch);
            return Err(named(Code::FailedPrecondition, "EpochMismatch", message));
        }
        match self.node.answer(caller, &request_id, kind) {
            Ok(Some(signed_message)) => Ok(Response::new(FetchResponse { signed_message })),
            Ok(None) => Err(named(Code::NotFound, "NotYet", format!("no {kind:?} about this request yet"))),
            Err(error) => Err(status(&error.into())),
        }
    }
}
