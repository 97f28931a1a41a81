//! The worker over loopback gRPC, with the keys of a reduced class.

use std::sync::LazyLock;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;
use trine_prover::groth::{PROOF_WORDS, ProvingKey, WrapProof, setup, verifier_hash, verify_wrap};
use trine_prover::service::auth::Token;
use trine_prover::service::worker::Worker;
use trine_prover::service::{Service, server};
use trine_prover::srs;
use trine_prover::wrap::structure;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{
    Bytes32, Class, Commitment, Domain, HandleRecord, InnerProof, Job, NamedCommitment, Origin, Statement,
};

const CLASS: Class = Class::REDUCED_TINY;
/// 8 mask words and the body.
const BLOCK_WORDS: usize = 9;
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

static SRS: LazyLock<CommitmentKey> = LazyLock::new(|| srs::development(CLASS.log_chunk).unwrap());
static KEY: LazyLock<ProvingKey> = LazyLock::new(|| setup::generate(structure(&CLASS)).unwrap());

type Client = ProverServiceClient<Channel>;

async fn start() -> Client {
    let worker = Worker::new(CLASS, SRS.clone(), KEY.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Service::new(worker, Token::new(TOKEN).unwrap());
    tokio::spawn(async move { server::serve(service, listener, std::future::pending()).await.unwrap() });
    Client::connect(format!("http://{address}")).await.unwrap()
}

fn declaration() -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 2, degree: 1 }
}

/// A statement about `a + b`, with its message and the words that travel.
struct Case {
    statement: Statement,
    message: pb::Statement,
    words: Vec<u8>,
}

fn committed(words: &[u64]) -> Vec<u64> {
    words.chunks(BLOCK_WORDS).flat_map(|block| block.iter().copied().chain([0; 7])).collect()
}

fn case() -> Case {
    let program = LinearProgram::sum(2, declaration(), 2).unwrap();
    let words = |seed: u64| -> Vec<u64> {
        (1..=18u64).map(|i| seed.wrapping_mul((i * i).wrapping_mul(0x1234_5678_9abc_def1))).collect()
    };
    let (a, b) = (words(3), words(u64::MAX));
    let sum: Vec<u64> = a.iter().zip(&b).map(|(a, b)| a.wrapping_add(*b)).collect();
    let srs_digest = SRS.verifier().digest();
    let domain = Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: verifier_hash(&KEY.vk, &srs_digest, &parameter_set_id(), CLASS.id),
        srs_digest,
        parameter_set_id: parameter_set_id(),
        key_digest: [3; 32],
    };
    let request_id = [4; 32];
    let record = |words: &[u64], origin| {
        let commitment = Commitment::new(SRS.commit_words(&committed(words)).unwrap()).unwrap();
        let record = HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: domain.key_digest,
            key_kind: KeyKind::Compute,
            value_type: ValueType::Nibbles,
            blocks: 2,
            origin,
            commitment_digest: commitment.digest(),
        };
        (NamedCommitment::new(&record, commitment).unwrap(), message(&record, &commitment))
    };
    let input = Origin::Input { registrant: [5; 20], consumer: [6; 20] };
    let (inputs, input_messages): (Vec<_>, Vec<_>) = [&a, &b].map(|w| record(w, input)).into_iter().unzip();
    let (output, output_message) = record(&sum, Origin::Output { request_id, job: 0, segment: 0, index: 0 });
    let message = pb::Statement {
        domain: Some(pb::Domain {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.to_vec(),
            verifier_hash: domain.verifier_hash.to_vec(),
            srs_digest: srs_digest.to_vec(),
            parameter_set_id: parameter_set_id().to_vec(),
            key_digest: domain.key_digest.to_vec(),
        }),
        request_id: request_id.to_vec(),
        salt: vec![8; 32],
        program_text: program.to_text().into_bytes(),
        inputs: input_messages,
        outputs: vec![output_message],
        key_points: None,
        segment: 0,
        further_jobs: vec![],
    };
    let statement =
        Statement { domain, job: Job { request_id, salt: [8; 32], program, inputs, outputs: vec![output] } };
    let words = [a, b, sum].concat().iter().flat_map(|w| w.to_le_bytes()).collect();
    Case { statement, message, words }
}

fn message(record: &HandleRecord, commitment: &Commitment) -> pb::HandleRecord {
    let origin = match record.origin {
        Origin::Input { registrant, consumer } => pb::handle_record::Origin::Input(pb::InputOrigin {
            registrant: registrant.to_vec(),
            consumer: consumer.to_vec(),
        }),
        Origin::Output { request_id, job, segment, index } => {
            pb::handle_record::Origin::Output(pb::OutputOrigin {
                request_id: request_id.to_vec(),
                job,
                segment,
                index,
            })
        }
    };
    pb::HandleRecord {
        handle: record.handle().to_vec(),
        key_kind: 1,
        value_type: 6,
        blocks: 2,
        origin: Some(origin),
        commitment: Some(pb::Commitment { point: commitment.xy().concat() }),
    }
}

fn header(statement: pb::Statement) -> pb::prove_request::Part {
    pb::prove_request::Part::Header(pb::ProveHeader { statement: Some(statement) })
}

fn chunk(offset: usize, data: &[u8]) -> pb::prove_request::Part {
    pb::prove_request::Part::Chunk(pb::WordChunk { offset: offset as u64, data: data.to_vec() })
}

fn request(
    parts: Vec<pb::prove_request::Part>,
) -> Request<impl tokio_stream::Stream<Item = pb::ProveRequest> + Send + 'static> {
    let messages = parts.into_iter().map(|part| pb::ProveRequest { part: Some(part) });
    let mut request = Request::new(tokio_stream::iter(messages.collect::<Vec<_>>()));
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    request
}

async fn prove(
    client: &mut Client,
    parts: Vec<pb::prove_request::Part>,
) -> Result<(Vec<pb::ProveProgress>, pb::ProveResult), Status> {
    let mut stream = client.prove(request(parts)).await?.into_inner();
    let (mut progress, mut result) = (Vec::new(), None);
    while let Some(answer) = stream.message().await? {
        match answer.event.unwrap() {
            pb::prove_response::Event::Progress(p) => progress.push(p),
            pb::prove_response::Event::Result(r) => result = Some(r),
        }
    }
    Ok((progress, result.unwrap()))
}

fn name(status: &Status) -> &str {
    let name = status.metadata().get("trine-error").unwrap().to_str().unwrap();
    assert!(status.message().starts_with(&format!("{name}: ")), "{}", status.message());
    name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_convinces_in_both_forms() {
    let mut client = start().await;
    let case = case();
    // In chunks that cut words and values anywhere.
    let chunks = case.words.chunks(101).enumerate().map(|(i, data)| chunk(101 * i, data));
    let parts = std::iter::once(header(case.message)).chain(chunks).collect();
    let (progress, result) = prove(&mut client, parts).await.unwrap();
    let permille: Vec<u32> = progress.iter().map(|p| p.permille).collect();
    assert!(permille.is_sorted() && permille.last() <= Some(&1000), "{permille:?}");
    assert_eq!(progress[0].stage(), pb::ProveStage::Checking);

    let proof = result.proof.unwrap();
    let inner = InnerProof::from_bytes(&CLASS, &proof.inner).unwrap();
    let public = trine_verifier::verify(&CLASS, SRS.verifier(), &case.statement, &inner).unwrap();
    let words: Vec<Bytes32> = public.to_array().iter().map(trine_verifier::digest::field_word).collect();
    assert_eq!(proof.public_inputs, words);
    let (selector, rest) = proof.wrapped.split_at(4);
    assert_eq!(selector, &case.statement.domain.verifier_hash[..4]);
    let groth: [Bytes32; PROOF_WORDS] = *rest.as_chunks::<32>().0.first_chunk().unwrap();
    assert!(verify_wrap(&KEY.vk, &public, &WrapProof::from_words(&groth).unwrap()));
    let mut other = case.statement;
    other.job.salt[0] ^= 1;
    assert!(trine_verifier::verify(&CLASS, SRS.verifier(), &other, &inner).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_requests_end_in_the_check_that_stops_them() {
    let mut client = start().await;
    let whole = case();
    let words = &whole.words;
    let with = |change: &dyn Fn(&mut pb::Statement)| {
        let mut message = whole.message.clone();
        change(&mut message);
        vec![header(message), chunk(0, words)]
    };
    let body = |parts: Vec<pb::prove_request::Part>| {
        std::iter::once(header(whole.message.clone())).chain(parts).collect::<Vec<_>>()
    };
    let flipped = |index: usize| {
        let mut words = words.clone();
        words[index] ^= 1;
        body(vec![chunk(0, &words)])
    };
    let cases: Vec<(&str, Vec<pb::prove_request::Part>)> = vec![
        ("MESSAGE_ORDER", vec![]),
        ("MESSAGE_ORDER", vec![chunk(0, words)]),
        ("MESSAGE_ORDER", body(vec![header(whole.message.clone())])),
        ("FIELD_MISSING", vec![pb::prove_request::Part::Header(pb::ProveHeader { statement: None })]),
        ("CHUNK", body(vec![chunk(8, &words[8..]), chunk(0, &words[..8])])),
        ("CHUNK", body(vec![chunk(0, &[])])),
        ("CHUNK", body(vec![chunk(0, &[words.as_slice(), &[0]].concat())])),
        ("CHUNK", body(vec![chunk(0, words), chunk(words.len(), &[0])])),
        ("WORDS_SHORT", body(vec![chunk(0, &words[..words.len() - 8])])),
        ("WORDS", flipped(0)),
        ("OUTPUT_WORDS", flipped(2 * 8 * 18)),
        ("PROGRAM_TEXT", with(&|s| s.program_text.push(b' '))),
        ("STATEMENT", with(&|s| drop(s.inputs.pop()))),
        ("HANDLE", with(&|s| s.inputs[0].handle[0] ^= 1)),
        ("HANDLE", with(&|s| s.domain.as_mut().unwrap().chain_id += 1)),
        ("COMMITMENT", with(&|s| s.inputs[0].commitment.as_mut().unwrap().point = vec![0; 64])),
        ("FIELD_LENGTH", with(&|s| s.inputs[0].commitment.as_mut().unwrap().point = vec![0; 63])),
        ("FIELD_VALUE", with(&|s| s.inputs[0].key_kind = 0)),
        ("FIELD_VALUE", with(&|s| s.inputs[0].blocks = 1 << 20)),
        // A linear program has no segments.
        ("FIELD_VALUE", with(&|s| s.segment = 1)),
        ("DECLARATION", with(&|s| s.inputs[1].key_kind = 2)),
        ("FIELD_MISSING", with(&|s| s.outputs[0].origin = None)),
    ];
    for (index, (expected, parts)) in cases.into_iter().enumerate() {
        let error = prove(&mut client, parts).await.unwrap_err();
        assert_eq!(name(&error), expected, "case {index}: {error:?}");
        // The worker is free again before the next case.
        while client.get_prover_info(pb::GetProverInfoRequest {}).await.unwrap().into_inner().busy {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

/// A handle that is right for another setup or request: everything recomputes, and still no proof is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_another_setup_or_request_are_refused() {
    let mut client = start().await;
    let refused = async |client: &mut Client, change: &dyn Fn(&mut pb::Statement)| {
        let mut case = case();
        change(&mut case.message);
        prove(client, vec![header(case.message), chunk(0, &case.words)]).await.unwrap_err()
    };
    for change in [
        (|s: &mut pb::Statement| s.domain.as_mut().unwrap().verifier_hash[31] ^= 1) as fn(&mut pb::Statement),
        |s| s.domain.as_mut().unwrap().srs_digest[0] ^= 1,
        |s| s.domain.as_mut().unwrap().parameter_set_id[0] ^= 1,
    ] {
        let error = refused(&mut client, &change).await;
        assert_eq!((name(&error), error.code()), ("DOMAIN", Code::FailedPrecondition));
    }
    let error = refused(&mut client, &|s| s.request_id[0] ^= 1).await;
    assert_eq!(name(&error), "ORIGIN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_needed_and_one_proof_is_made_at_a_time() {
    let mut client = start().await;
    let case = case();
    let mut stranger = request(vec![header(case.message.clone())]);
    stranger.metadata_mut().insert("authorization", "Bearer wrong".parse().unwrap());
    assert_eq!(client.prove(stranger).await.unwrap_err().code(), Code::Unauthenticated);

    // A client that has sent its header and nothing more holds the worker.
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let first = pb::ProveRequest { part: Some(header(case.message.clone())) };
    sender.send(first).await.unwrap();
    let mut held = Request::new(tokio_stream::wrappers::ReceiverStream::new(receiver));
    held.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let mut other = client.clone();
    let holding = tokio::spawn(async move { other.prove(held).await });
    while !client.get_prover_info(pb::GetProverInfoRequest {}).await.unwrap().into_inner().busy {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let parts = || vec![header(case.message.clone()), chunk(0, &case.words)];
    let error = prove(&mut client, parts()).await.unwrap_err();
    assert_eq!((name(&error), error.code()), ("BUSY", Code::ResourceExhausted));
    // It ends without its words: the worker is free.
    drop(sender);
    assert_eq!(name(&holding.await.unwrap().unwrap_err()), "WORDS_SHORT");
    prove(&mut client, parts()).await.unwrap();
}
