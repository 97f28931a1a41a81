//! Client of `trine.keyholder.v1`: one call to every node; each decides, squashes and signs by itself.

use crate::rpc::RpcError;
use alloy::primitives::{B256, Bytes};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use trine_proto::keyholder::v1 as pb;
use trine_proto::keyholder::v1::keyholder_service_client::KeyholderServiceClient;
use trine_proto::prover::v1::Commitment as WireCommitment;
use trine_verifier::Commitment;

const SERVICE: &str = "keyholder";
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
    /// Inner proof.
    pub inner_proof: Bytes,
    /// Commitments that the input handles name.
    pub inputs: Vec<Commitment>,
    /// Canonical ciphertext bytes of each output.
    pub outputs: Vec<Bytes>,
    /// Digest of the squashed ciphertext, empty where the client has computed none.
    pub squashed_digest: Bytes,
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

fn wire_commitment(commitment: &Commitment) -> WireCommitment {
    WireCommitment { point: commitment.xy().concat() }
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
