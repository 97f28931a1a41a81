//! `kill -9` between two batches of a circuit: the next process evaluates what is missing, and the words are the same.

use crate::process::{Process, Wiring, authorised, connect, ended, free_address, write_files};
use crate::worker::{SRS, VERIFIER_HASH};
use pb::OperationCode;
use pb::watch_job_response::Event;
use std::path::Path;
use tonic::transport::Channel;
use trine_engine::domain::JobId;
use trine_engine::store::{RocksStore, Store};
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::encryption;
use trine_fhe::keys::{decode_public_key, key_digest};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_client::EngineServiceClient;
use trine_verifier::statement::parameter_set_id;

type Client = EngineServiceClient<Channel>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_killed_between_batches_goes_on_from_its_wires() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, prover) = (free_address(), free_address());
    let wiring = Wiring { engine, prover, verifier_hash: VERIFIER_HASH, coprocessor: [7; 20], chain: None };
    write_files(folder.path(), &wiring, &SRS.to_bytes());
    let log = |name: &str| folder.path().join(name);

    // Without interruption.
    let whole = Process::engine_with_log(folder.path(), "", &log("whole.log"));
    let mut client = connect(engine).await;
    let request = store_inputs(&mut client).await;
    let job = submit(&mut client, &request, b"whole").await;
    let expected = ended(&mut client, &job.job_id, pb::JobState::Evaluated).await;
    let total = expected.bootstrappings;
    assert_log(&log("whole.log"), "circuit evaluated", &[("evaluated", total), ("total", total)]);
    whole.kill();

    // Held after its second batch, which is on disk and told.
    let held = Process::engine_with_log(folder.path(), "circuit-batch=1*off->pause", &log("held.log"));
    let mut client = connect(engine).await;
    let job = submit(&mut client, &request, b"killed").await;
    let done = second_batch(&mut client, &job.job_id).await;
    assert!(0 < done && done < total, "{done} of {total}");
    held.kill();

    let next = Process::engine_with_log(folder.path(), "", &log("next.log"));
    let mut client = connect(engine).await;
    let resumed = ended(&mut client, &job.job_id, pb::JobState::Evaluated).await;
    assert_log(&log("next.log"), "circuit evaluation", &[("restored", done), ("total", total)]);
    assert_log(&log("next.log"), "circuit evaluated", &[("evaluated", total - done), ("total", total)]);
    let words = |job: &pb::Job| job.outputs.iter().map(|o| o.words_digest.clone()).collect::<Vec<_>>();
    assert_eq!(words(&resumed), words(&expected));
    assert_eq!(resumed.revision, 3, "accepted, evaluating, evaluated: each state once");
    next.kill();

    // The wires went with the state that stored the outputs.
    let store = RocksStore::open(&folder.path().join("data")).unwrap();
    let id = JobId(job.job_id.as_slice().try_into().unwrap());
    store.wires(id, &mut |index, _| panic!("wires of bootstrapping {index} are left")).unwrap();
}

/// Follows a job until its second batch is told; bootstrappings done by then.
async fn second_batch(client: &mut Client, id: &[u8]) -> u32 {
    let request = authorised(pb::WatchJobRequest { job_id: id.to_vec() });
    let mut stream = client.watch_job(request).await.unwrap().into_inner();
    let mut batches = 0;
    while let Some(message) = stream.message().await.unwrap() {
        if let Some(Event::Progress(p)) = message.event
            && p.bootstrappings_done > 0
        {
            batches += 1;
            if batches == 2 {
                return p.bootstrappings_done;
            }
        }
    }
    panic!("the job ends after {batches} batches");
}

fn assert_log(path: &Path, message: &str, fields: &[(&str, u32)]) {
    let log = std::fs::read_to_string(path).unwrap();
    let said = |line: &&str| line.contains(&format!("\"message\":\"{message}\""));
    let lines: Vec<&str> = log.lines().filter(said).collect();
    let [line] = lines[..] else { panic!("{message:?} is said {} times in\n{log}", lines.len()) };
    for (field, value) in fields {
        assert!(line.contains(&format!("\"{field}\":{value}")), "no {field} {value} in {line}");
    }
}

async fn submit(client: &mut Client, request: &pb::SubmitJobRequest, key: &[u8]) -> pb::Job {
    let request = pb::SubmitJobRequest { idempotency_key: key.to_vec(), ..request.clone() };
    client.submit_job(authorised(request)).await.unwrap().into_inner().job.unwrap()
}

/// Stores the development key set and two numbers; the request for their sum and for which is smaller.
async fn store_inputs(client: &mut Client) -> pb::SubmitJobRequest {
    let set = DevelopmentKeys::load_or_generate(&crate::cache_folder(), &mut |_| {}).unwrap();
    let public = std::fs::read(&set.compact_public_key).unwrap();
    let server = std::fs::read(&set.server_key).unwrap();
    let digest = key_digest(&public, &server).to_vec();
    let header = pb::KeyHeader {
        key_digest: digest.clone(),
        parameter_set_id: parameter_set_id().to_vec(),
        compact_public_bytes: public.len() as u64,
        compressed_server_bytes: server.len() as u64,
    };
    let start = pb::PutKeyStart { idempotency_key: vec![1], header: Some(header) };
    let content = [public.clone(), server].concat();
    let chunks: Vec<_> = content.chunks(1 << 20).zip((0u64..).step_by(1 << 20)).collect();
    let chunks = chunks.into_iter().map(|(data, offset)| pb::Chunk { offset, data: data.to_vec() });
    let parts: Vec<_> = std::iter::once(pb::put_key_request::Part::Start(start))
        .chain(chunks.map(pb::put_key_request::Part::Chunk))
        .map(|part| pb::PutKeyRequest { part: Some(part) })
        .collect();
    client.put_key(authorised(tokio_stream::iter(parts))).await.unwrap();

    let key = decode_public_key(&public).unwrap();
    let mut operands = Vec::new();
    for value in [200u64, 111] {
        let declaration =
            Declaration { value_type: ValueType::Uint8, key_kind: KeyKind::Compute, blocks: 4, degree: 3 };
        let plaintexts: Vec<u64> = (0..4).map(|b| value >> (2 * b) & 3).collect();
        let list = encryption::encrypt(&key, &declaration, &plaintexts).unwrap();
        let data = encryption::list_to_bytes(&list).unwrap();
        let header = pb::CiphertextHeader {
            key_digest: digest.clone(),
            key_kind: 1,
            value_type: ValueType::Uint8.code().into(),
            blocks: 4,
            registrant: vec![1; 20],
            consumer: vec![1; 20],
            encoding: pb::CiphertextEncoding::CompactList.into(),
            content_bytes: data.len() as u64,
        };
        let start = pb::UploadCiphertextStart { idempotency_key: vec![value as u8], header: Some(header) };
        let parts = [
            pb::upload_ciphertext_request::Part::Start(start),
            pb::upload_ciphertext_request::Part::Chunk(pb::Chunk { offset: 0, data }),
        ];
        let messages = parts.map(|part| pb::UploadCiphertextRequest { part: Some(part) });
        let answer = client.upload_ciphertext(authorised(tokio_stream::iter(messages))).await.unwrap();
        let handle = answer.into_inner().ciphertext.unwrap().record.unwrap().handle;
        operands.push(pb::Operand { source: Some(pb::operand::Source::Handle(handle)), constant_type: 0 });
    }
    let operation = |code: OperationCode| pb::Operation {
        code: code.into(),
        operands: operands.clone(),
        ..pb::Operation::default()
    };
    let list = pb::OperationList {
        operations: vec![operation(OperationCode::Add), operation(OperationCode::Lt)],
        outputs: (0..2).map(|operation| pb::OperationOutput { operation, release: true }).collect(),
    };
    pb::SubmitJobRequest {
        idempotency_key: vec![],
        request_id: vec![],
        key_digest: digest,
        work: Some(pb::submit_job_request::Work::Operations(list)),
    }
}
