//! Tokens, access lists, programs, lists of jobs, health and reflection.

use crate::fixture::*;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use trine_proto::engine::v1 as pb;

#[tokio::test]
async fn every_mutating_call_wants_a_token() {
    let engine = Engine::start(Mode::NoChain).await;
    let wrong = "x".repeat(40);
    for mut client in [engine.stranger().await, engine.client_with_token(&wrong).await] {
        let refusals = [
            client.put_key(tokio_stream::iter(vec![])).await.err(),
            client.upload_ciphertext(tokio_stream::iter(vec![])).await.err(),
            client.set_access(pb::SetAccessRequest::default()).await.err(),
            client.register_program(pb::RegisterProgramRequest::default()).await.err(),
            client.submit_job(pb::SubmitJobRequest::default()).await.err(),
            client.cancel_job(pb::CancelJobRequest::default()).await.err(),
            client.list_jobs(pb::ListJobsRequest::default()).await.err(),
        ];
        for (index, refusal) in refusals.into_iter().enumerate() {
            assert_eq!(refusal.unwrap().code(), Code::Unauthenticated, "call {index}");
        }
    }
    // A wrong token is refused even where none is needed.
    let mut client = engine.client_with_token(&wrong).await;
    let request = pb::GetJobRequest { job_id: vec![1; 16] };
    assert_eq!(client.get_job(request).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn reads_follow_the_access_list() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let handle = stored.inputs[0].to_vec();
    let mut bob = engine.client(BOB).await;
    let mut anybody = engine.stranger().await;
    let request = || pb::DownloadCiphertextRequest { handle: handle.clone() };
    assert_eq!(bob.download_ciphertext(request()).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(anybody.download_ciphertext(request()).await.unwrap_err().code(), Code::Unauthenticated);
    engine.client(ROOT).await.download_ciphertext(request()).await.unwrap();

    let set = |key: &[u8], readers: &[&str], public| pb::SetAccessRequest {
        idempotency_key: key.to_vec(),
        handle: handle.clone(),
        readers: readers.iter().map(|r| r.to_string()).collect(),
        public,
    };
    assert_eq!(bob.set_access(set(b"a", &[BOB], false)).await.unwrap_err().code(), Code::PermissionDenied);
    alice.set_access(set(b"a", &[BOB], false)).await.unwrap();
    bob.download_ciphertext(request()).await.unwrap();
    // A reader does not change the list.
    assert_eq!(bob.set_access(set(b"b", &[], true)).await.unwrap_err().code(), Code::PermissionDenied);
    alice.set_access(set(b"c", &[], true)).await.unwrap();
    anybody.download_ciphertext(request()).await.unwrap();
    let access = anybody.get_access(pb::GetAccessRequest { handle: handle.clone() }).await.unwrap();
    assert_eq!(access.into_inner().access.unwrap().owner, ALICE);
    alice.set_access(set(b"d", &[], false)).await.unwrap();
    assert_eq!(bob.download_ciphertext(request()).await.unwrap_err().code(), Code::PermissionDenied);
    let many = vec!["x"; 65];
    assert_eq!(name(&alice.set_access(set(b"e", &many, false)).await.unwrap_err()), "FIELD_VALUE");
    assert_eq!(name(&alice.set_access(set(b"e", &[""], false)).await.unwrap_err()), "FIELD_LENGTH");
    // A job over ciphertexts that the caller may not read.
    let error = bob.submit_job(stored.request(None)).await.unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn programs_are_kept_in_their_one_spelling_and_only_if_the_class_takes_them() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let register = |text: String| pb::RegisterProgramRequest {
        idempotency_key: blake3::hash(text.as_bytes()).as_bytes().to_vec(),
        text: text.into_bytes(),
    };
    let text = program().to_text();
    let id = alice.register_program(register(text.clone())).await.unwrap().into_inner().program_id;
    assert_eq!(id, program().id().0);
    let mut anybody = engine.stranger().await;
    let answer = anybody.get_program(pb::GetProgramRequest { program_id: id }).await.unwrap().into_inner();
    assert_eq!(answer.text, text.as_bytes());
    let error = alice.register_program(register(text.replace(" + ", " +  "))).await.unwrap_err();
    assert_eq!(name(&error), "PROGRAM_TEXT");
    let four = trine_program::LinearProgram::sum(4, declaration(1), 4).unwrap();
    let error = alice.register_program(register(four.to_text())).await.unwrap_err();
    assert_eq!(name(&error), "PROGRAM_CLASS");
    let request = pb::GetProgramRequest { program_id: vec![1; 32] };
    assert_eq!(anybody.get_program(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn info_health_and_reflection_answer_anybody() {
    let engine = Engine::start(Mode::NoChain).await;
    let info = engine.stranger().await.get_info(pb::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.words_per_block, 2049);
    let evaluated = |code: pb::OperationCode| info.operations.contains(&code.into());
    assert!(evaluated(pb::OperationCode::LinearProgram) && evaluated(pb::OperationCode::Select));
    assert!(!evaluated(pb::OperationCode::Mul) && !evaluated(pb::OperationCode::Unspecified));
    assert!(info.development && !info.chain);
    assert_eq!(info.limits.unwrap().max_blocks, 4);
    let mut health = HealthClient::new(engine.channel().await);
    let request = HealthCheckRequest { service: "trine.engine.v1.EngineService".into() };
    assert_eq!(health.check(request).await.unwrap().into_inner().status, 1);
    use tonic_reflection::pb::v1 as reflection;
    let mut client =
        reflection::server_reflection_client::ServerReflectionClient::new(engine.channel().await);
    let request = reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(reflection::server_reflection_request::MessageRequest::FileContainingSymbol(
            "trine.engine.v1.EngineService".into(),
        )),
    };
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    assert!(matches!(
        answer,
        reflection::server_reflection_response::MessageResponse::FileDescriptorResponse(r)
            if !r.file_descriptor_proto.is_empty()
    ));
}
