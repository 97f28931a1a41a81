//! Evaluation keys handed to the worker.

use crate::case::*;
use pb::put_key_request::Part;
use tonic::{Code, Status};
use trine_fhe::keys::MAX_KEY_BYTES;
use trine_proto::prover::v1 as pb;
use trine_prover::service::circuits::statement::key_message;

fn header(bytes: u64) -> Part {
    let key_digest = vec![7; 32];
    Part::Header(pb::PutKeyHeader { key_digest, compressed_server_bytes: bytes })
}

fn chunk(offset: u64, data: &[u8]) -> Part {
    Part::Chunk(pb::WordChunk { offset, data: data.to_vec() })
}

async fn put(client: &mut Client, parts: Vec<Part>) -> Result<pb::PutKeyResponse, Status> {
    let messages = parts.into_iter().map(|part| pb::PutKeyRequest { part: Some(part) });
    let request = authorised(tokio_stream::iter(messages.collect::<Vec<_>>()));
    Ok(client.put_key(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_known_by_its_digest_alone() {
    let mut client = start(Some(holding())).await;
    let digest = commitments().digest(&PARAMETERS);
    let get = |digest: &[u8]| authorised(pb::GetKeyRequest { key_digest: digest.to_vec() });
    let points = client.get_key(get(&digest)).await.unwrap().into_inner().points;
    assert_eq!(points, Some(key_message(&commitments())));
    let other = client.get_key(get(&[1; 32])).await.unwrap_err();
    assert_eq!((name(&other), other.code()), ("KEY_MISSING", Code::FailedPrecondition));
    let short = client.get_key(get(&digest[1..])).await.unwrap_err();
    assert_eq!(name(&short), "FIELD_LENGTH");
    let stranger = client.get_key(pb::GetKeyRequest { key_digest: digest.to_vec() }).await.unwrap_err();
    assert_eq!(stranger.code(), Code::Unauthenticated);
    // What is held already is not sent again.
    let known = pb::PutKeyHeader { key_digest: digest.to_vec(), compressed_server_bytes: 1 << 20 };
    let answer = put(&mut client, vec![Part::Header(known)]).await.unwrap();
    assert_eq!(answer.points, points);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_uploads_end_in_the_check_that_stops_them() {
    let mut client = start(Some(circuit_worker())).await;
    let short_digest = pb::PutKeyHeader { key_digest: vec![7; 31], compressed_server_bytes: 1 };
    for (expected, parts) in [
        ("MESSAGE_ORDER", vec![]),
        ("MESSAGE_ORDER", vec![chunk(0, &[1])]),
        ("MESSAGE_ORDER", vec![header(4), header(4)]),
        ("FIELD_LENGTH", vec![Part::Header(short_digest)]),
        ("FIELD_VALUE", vec![header(0)]),
        ("FIELD_VALUE", vec![header(MAX_KEY_BYTES + 1)]),
        ("FIELD_VALUE", vec![header(u64::MAX)]),
        ("CHUNK", vec![header(4), chunk(1, &[1])]),
        ("CHUNK", vec![header(4), chunk(0, &[])]),
        ("CHUNK", vec![header(4), chunk(0, &[1; 5])]),
        ("CHUNK", vec![header(4), chunk(0, &[1; 4]), chunk(4, &[1])]),
        ("KEY_SHORT", vec![header(4), chunk(0, &[1; 3])]),
        ("KEY", vec![header(4), chunk(0, &[1; 4])]),
    ] {
        let error = put(&mut client, parts).await.unwrap_err();
        assert_eq!((name(&error), error.code()), (expected, Code::InvalidArgument));
        free(&mut client).await;
    }
    let stranger = client.put_key(tokio_stream::iter(Vec::<pb::PutKeyRequest>::new())).await.unwrap_err();
    assert_eq!(stranger.code(), Code::Unauthenticated);
    let mut linear_only = start(None).await;
    let error = put(&mut linear_only, vec![header(4)]).await.unwrap_err();
    assert_eq!((name(&error), error.code()), ("NO_CIRCUITS", Code::Unimplemented));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_says_what_circuits_it_proves() {
    let worker = circuit_worker();
    let verifier_hash = worker.verifier_hash().to_vec();
    let mut client = start(Some(worker)).await;
    let info = client.get_prover_info(pb::GetProverInfoRequest {}).await.unwrap().into_inner();
    let expected = pb::CircuitProverInfo {
        class_id: 1,
        max_bootstrappings: 16,
        max_inputs: 64,
        max_outputs: 16,
        verifier_hash,
    };
    assert_eq!(info.circuits, Some(expected));
    assert_ne!(info.circuits.unwrap().verifier_hash, info.verifier_hash, "another class, another verifier");
}
