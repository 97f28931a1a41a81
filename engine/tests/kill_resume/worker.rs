//! A prover over loopback: its inner proofs are real, the Groth16 part is a placeholder that only a contract would notice.

use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use trine_contract::EvaluationProof;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_proto::prover::v1 as prover;
use trine_proto::prover::v1::prover_service_server::ProverService;
use trine_verifier::digest::field_word;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{Bytes32, Class};

const CLASS: Class = Class::SLICE;
pub const VERIFIER_HASH: Bytes32 = [9; 32];

pub static SRS: LazyLock<Arc<CommitmentKey>> =
    LazyLock::new(|| Arc::new(trine_prover::srs::development(CLASS.log_chunk).unwrap()));

/// Proves what it is asked, without Groth16.
pub struct FakeWorker;

type Answers = Pin<Box<dyn Stream<Item = Result<prover::ProveResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ProverService for FakeWorker {
    type ProveStream = Answers;

    async fn prove(
        &self,
        request: Request<Streaming<prover::ProveRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let mut messages = request.into_inner();
        let (mut statement, mut words) = (None, Vec::new());
        while let Some(message) = messages.next().await.transpose()? {
            match message.part {
                Some(prover::prove_request::Part::Header(header)) => statement = header.statement,
                Some(prover::prove_request::Part::Chunk(chunk)) => words.extend(chunk.data),
                None => return Err(Status::invalid_argument("empty")),
            }
        }
        let statement = statement.ok_or_else(|| Status::invalid_argument("no header"))?;
        let result = tokio::task::spawn_blocking(move || prove(&statement, &words)).await.unwrap();
        let event = Some(prover::prove_response::Event::Result(result));
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(prover::ProveResponse { event })]))))
    }

    async fn put_key(
        &self,
        _: Request<Streaming<prover::PutKeyRequest>>,
    ) -> Result<Response<prover::PutKeyResponse>, Status> {
        Err(Status::unimplemented("linear programs only"))
    }

    async fn get_key(
        &self,
        _: Request<prover::GetKeyRequest>,
    ) -> Result<Response<prover::GetKeyResponse>, Status> {
        Err(Status::unimplemented("linear programs only"))
    }

    async fn get_prover_info(
        &self,
        _: Request<prover::GetProverInfoRequest>,
    ) -> Result<Response<prover::GetProverInfoResponse>, Status> {
        Ok(Response::new(prover::GetProverInfoResponse {
            verifier_hash: VERIFIER_HASH.to_vec(),
            srs_digest: SRS.verifier().digest().to_vec(),
            ..Default::default()
        }))
    }
}

fn prove(message: &prover::Statement, words: &[u8]) -> prover::ProveResult {
    let statement = trine_prover::service::wire::statement(message, &CLASS).unwrap();
    let inputs = words.chunks(8 * BLOCK_WORDS).take(statement.job.inputs.len()).map(|block| {
        let mut words: Vec<u64> = block.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect();
        words.resize(4096, 0);
        words
    });
    let inner =
        trine_prover::argument::prove(&CLASS, &SRS, &statement, inputs.collect(), &mut |_| true).unwrap();
    let public = trine_verifier::verify(&CLASS, SRS.verifier(), &statement, &inner).unwrap();
    let g1 = <ark_bn254::G1Affine as ark_ec::AffineRepr>::generator();
    let b = <ark_bn254::G2Affine as ark_ec::AffineRepr>::generator();
    let groth16 = ark_groth16::Proof { a: g1, b, c: g1 };
    let wrapped = EvaluationProof::new(groth16, inner.group.clone(), &public);
    prover::ProveResult {
        proof: Some(prover::EvaluationProof {
            inner: inner.to_bytes(&CLASS),
            wrapped: wrapped.to_bytes(&CLASS, &VERIFIER_HASH).unwrap(),
            public_inputs: public.to_array().iter().map(|w| field_word(w).to_vec()).collect(),
            batch: None,
        }),
        argument_ms: 1,
        wrap_ms: 1,
    }
}
