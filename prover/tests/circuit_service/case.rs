//! A worker with a key of zeros and a short reference string, statements about one bootstrapping, and clients.

use std::sync::{Arc, LazyLock};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Request, Status};
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::bootstrapping::keyswitch::{Decomposition, SMALL_WORDS};
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::parameters::{BLOCK_STRIDE, BLOCK_WORDS, GROUPS, POLYNOMIAL_SIZE};
use trine_fhe::{BlockWords, ValueWords};
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;
use trine_prover::bootstrapping::{KeyWords, Witness};
use trine_prover::groth::{ProvingKey, setup};
use trine_prover::service::auth::Token;
use trine_prover::service::circuits::CircuitWorker;
use trine_prover::service::circuits::key::HeldKey;
use trine_prover::service::circuits::statement::key_message;
use trine_prover::service::worker::Worker;
use trine_prover::service::{Service, server};
use trine_prover::srs;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_prover::wrap::structure;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Class as LinearClass, Commitment, Domain, HandleRecord, Origin};

pub const PARAMETERS: Parameters = Parameters::PRODUCTION;
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const REQUEST: [u8; 32] = [4; 32];

/// Powers for values of one block, the first of those that proofs are opened with.
static SRS: LazyLock<CommitmentKey> = LazyLock::new(|| srs::development(12).unwrap());
/// Of a small circuit: nothing is wrapped here.
static PROVING_KEY: LazyLock<ProvingKey> =
    LazyLock::new(|| setup::generate(structure(&LinearClass::REDUCED_TINY)).unwrap());
static KEY: LazyLock<Arc<HeldKey>> = LazyLock::new(|| Arc::new(key_of_zeros()));

pub type Client = ProverServiceClient<Channel>;

/// A key whose commitments are all at infinity: bootstrapping under it gives zeros.
fn key_of_zeros() -> HeldKey {
    let bootstrapping = vec![0; GROUPS * 16 * 4 * POLYNOMIAL_SIZE];
    let compute = vec![0; Decomposition::of(KeyKind::Compute).rows() * SMALL_WORDS];
    let key = EvaluationKey::from_words(Backend::detect(), &bootstrapping, &compute, None).unwrap();
    let words = KeyWords::new(&key);
    HeldKey::new(&PARAMETERS, key, words, commitments())
}

/// Commitments of the key of zeros.
pub fn commitments() -> KeyCommitments {
    KeyCommitments::from_xy(&PARAMETERS, &[[[0; 32]; 2]; 16]).unwrap()
}

pub fn circuit_worker() -> CircuitWorker {
    let class = Class::new(&PARAMETERS).unwrap();
    // Nothing is committed to that would be cached.
    CircuitWorker::new(class, &SRS, PROVING_KEY.clone(), std::env::temp_dir())
}

/// A worker that holds the key of zeros.
pub fn holding() -> CircuitWorker {
    let worker = circuit_worker();
    worker.hold(KEY.clone());
    worker
}

pub fn key() -> &'static HeldKey {
    &KEY
}

/// Serves both kinds of program, or linear programs alone.
pub async fn start(circuits: Option<CircuitWorker>) -> Client {
    let worker = Worker::new(LinearClass::REDUCED_TINY, SRS.clone(), PROVING_KEY.clone());
    let mut service = Service::new(worker, Token::new(TOKEN).unwrap());
    if let Some(circuits) = circuits {
        service = service.with_circuits(circuits);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { server::serve(service, listener, std::future::pending()).await.unwrap() });
    Client::connect(format!("http://{address}")).await.unwrap()
}

pub fn declaration() -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree: 15 }
}

/// So many bootstrappings one after the other; the output is the last one and a constant.
pub fn circuit(bootstrappings: u32) -> Circuit {
    circuit_adding(bootstrappings, 1)
}

/// The same with so many steps of the grid as the constant.
pub fn circuit_adding(bootstrappings: u32, steps: u64) -> Circuit {
    let single = |wire, constant| Linear { terms: vec![Term { wire, coefficient: 1 }], constant };
    let before = |index: u32| match index.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(last) => Wire::Output { bootstrapping: last, function: 0 },
    };
    let table = Table { functions: 1, boxes: std::array::from_fn(|i| (i as u64) << 59) };
    let list = (0..bootstrappings).map(|index| Bootstrapping {
        key_kind: KeyKind::Compute,
        table: 0,
        input: single(before(index), 0),
    });
    let (list, row) = (list.collect(), single(before(bootstrappings), steps << 59));
    Circuit::new(vec![declaration()], vec![declaration()], vec![table], list, vec![row]).unwrap()
}

/// Words of a value that nobody encrypted.
pub fn input_words() -> Vec<u64> {
    (1..=BLOCK_WORDS as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect()
}

/// Words of the circuit's output under the key of zeros.
pub fn evaluated(circuit: &Circuit) -> Vec<u64> {
    evaluated_under(KEY.evaluation_key(), circuit, &BlockWords::new(input_words()).unwrap())
}

/// The same under any key, from any input.
pub fn evaluated_under(key: &EvaluationKey, circuit: &Circuit, input: &BlockWords) -> Vec<u64> {
    let value = ValueWords::new(declaration(), vec![input.clone()]).unwrap();
    let witness = Witness::new(circuit, &[value], key).unwrap();
    witness.outputs[0][..BLOCK_WORDS].to_vec()
}

/// A statement as it travels, and the words of input and output.
#[derive(Clone)]
pub struct Case {
    pub message: pb::Statement,
    pub words: Vec<u8>,
}

/// That a circuit gives `output` under the key of zeros, whether it does or not.
pub fn case(circuit: &Circuit, output: &[u64]) -> Case {
    let worker = circuit_worker();
    let (verifier_hash, srs_digest) = (*worker.verifier_hash(), *worker.srs_digest());
    case_under(&commitments(), verifier_hash, srs_digest, circuit, [&input_words(), output])
}

/// The same under any key and for any verifier; words of input and output.
pub fn case_under(
    keys: &KeyCommitments,
    verifier_hash: Bytes32,
    srs_digest: Bytes32,
    circuit: &Circuit,
    words: [&[u64]; 2],
) -> Case {
    let domain = Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash,
        srs_digest,
        parameter_set_id: parameter_set_id(),
        key_digest: keys.digest(&PARAMETERS),
    };
    let input = Origin::Input { registrant: [5; 20], consumer: [6; 20] };
    let origin = Origin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
    let message = pb::Statement {
        domain: Some(pb::Domain {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.to_vec(),
            verifier_hash: domain.verifier_hash.to_vec(),
            srs_digest: domain.srs_digest.to_vec(),
            parameter_set_id: domain.parameter_set_id.to_vec(),
            key_digest: domain.key_digest.to_vec(),
        }),
        request_id: REQUEST.to_vec(),
        salt: vec![8; 32],
        program_text: circuit.to_text().into_bytes(),
        inputs: vec![named(&domain, words[0], input)],
        outputs: vec![named(&domain, words[1], origin)],
        key_points: Some(key_message(keys)),
        segment: 0,
        further_jobs: vec![],
    };
    let words = words.concat().into_iter().flat_map(u64::to_le_bytes);
    Case { message, words: words.collect() }
}

/// The domain of a statement.
pub fn domain(message: &pb::Statement) -> Domain {
    let d = message.domain.as_ref().unwrap();
    let word = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
    Domain {
        chain_id: d.chain_id,
        coprocessor: d.coprocessor.as_slice().try_into().unwrap(),
        verifier_hash: word(&d.verifier_hash),
        srs_digest: word(&d.srs_digest),
        parameter_set_id: word(&d.parameter_set_id),
        key_digest: word(&d.key_digest),
    }
}

/// The record of a value of one block, as it travels.
pub fn named(domain: &Domain, words: &[u64], origin: Origin) -> pb::HandleRecord {
    let mut laid_out = words.to_vec();
    laid_out.resize(BLOCK_STRIDE, 0);
    let commitment = Commitment::new(SRS.commit_words(&laid_out).unwrap()).unwrap();
    record(domain, &declaration(), origin, &commitment)
}

/// A record as it travels.
pub fn record(domain: &Domain, d: &Declaration, origin: Origin, commitment: &Commitment) -> pb::HandleRecord {
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: d.key_kind,
        value_type: d.value_type,
        blocks: d.blocks,
        origin,
        commitment_digest: commitment.digest(),
    };
    let origin = match origin {
        Origin::Input { registrant, consumer } => pb::handle_record::Origin::Input(pb::InputOrigin {
            registrant: registrant.to_vec(),
            consumer: consumer.to_vec(),
        }),
        Origin::Output { request_id, job, segment, index } => {
            let request_id = request_id.to_vec();
            pb::handle_record::Origin::Output(pb::OutputOrigin { request_id, job, segment, index })
        }
    };
    pb::HandleRecord {
        handle: record.handle().to_vec(),
        key_kind: i32::from(d.key_kind.code()) + 1,
        value_type: i32::from(d.value_type.code()),
        blocks: u32::from(d.blocks),
        origin: Some(origin),
        commitment: Some(pb::Commitment { point: commitment.xy().concat() }),
    }
}

pub fn authorised<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    request
}

pub fn header(statement: pb::Statement) -> pb::prove_request::Part {
    pb::prove_request::Part::Header(pb::ProveHeader { statement: Some(statement) })
}

/// Words in chunks.
pub fn chunks(words: &[u8]) -> Vec<pb::prove_request::Part> {
    let size = 1 << 20;
    let chunks = words.chunks(size).enumerate().map(|(index, data)| {
        let offset = (index * size) as u64;
        pb::prove_request::Part::Chunk(pb::WordChunk { offset, data: data.to_vec() })
    });
    chunks.collect()
}

/// Sends a statement with its words; stages that were told, and the result.
pub async fn prove(
    client: &mut Client,
    parts: Vec<pb::prove_request::Part>,
) -> Result<(Vec<pb::ProveProgress>, pb::ProveResult), Status> {
    let messages = parts.into_iter().map(|part| pb::ProveRequest { part: Some(part) });
    let request = authorised(tokio_stream::iter(messages.collect::<Vec<_>>()));
    let mut stream = client.prove(request).await?.into_inner();
    let (mut progress, mut result) = (Vec::new(), None);
    while let Some(answer) = stream.message().await? {
        match answer.event.unwrap() {
            pb::prove_response::Event::Progress(p) => progress.push(p),
            pb::prove_response::Event::Result(r) => result = Some(r),
        }
    }
    Ok((progress, result.unwrap()))
}

/// Name of a refusal, in message and metadata alike.
pub fn name(status: &Status) -> &str {
    let name = status.metadata().get("trine-error").unwrap().to_str().unwrap();
    assert!(status.message().starts_with(&format!("{name}: ")), "{}", status.message());
    name
}

/// Waits until the worker is free: a refused proof holds it for a moment.
pub async fn free(client: &mut Client) {
    while client.get_prover_info(pb::GetProverInfoRequest {}).await.unwrap().into_inner().busy {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
