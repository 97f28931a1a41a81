//! Operation lists over gRPC with the real parameter set: evaluated, decrypted, refused by name, cancelled.

use crate::doubles::{Conduct, FakeChain, FakeProver};
use crate::fixture::*;
use pb::JobState::{Cancelled, Evaluated};
use pb::OperationCode::{Add, Cast, Lt, Max, Mul, Not, Select, Sum, Unspecified};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tonic::Code;
use trine_engine::service::limits::Limits;
use trine_engine::setup::{CircuitSetup, Setup};
use trine_engine::store::RocksStore;
use trine_fhe::BlockWords;
use trine_fhe::dev_keys::{DevelopmentKeys, cache_folder};
use trine_fhe::encryption;
use trine_fhe::keys::{DealerKeys, decode_public_key, key_digest};
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::{Circuit, Declaration, KeyKind, LinearProgram, OperationList, ValueType};
use trine_proto::engine::v1 as pb;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Class};

/// One process for all tests of this file: its key set has 392 MB.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static WORLD: OnceCell<World> = OnceCell::const_new();

pub struct World {
    pub engine: Engine,
    /// The same store, over a chain and with proofs of circuits.
    pub chained: Engine,
    pub store: Arc<RocksStore>,
    /// Of [`Self::chained`].
    pub setup: Arc<Setup>,
    dealer: DealerKeys,
    public: Vec<u8>,
    pub key_digest: Bytes32,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let cache = cache_folder().expect("TRINE_CACHE or HOME is set");
        let set = DevelopmentKeys::load_or_generate(&cache, &mut |_| {}).unwrap();
        let public = std::fs::read(&set.compact_public_key).unwrap();
        let server = std::fs::read(&set.server_key).unwrap();
        let header = pb::KeyHeader {
            key_digest: key_digest(&public, &server).to_vec(),
            parameter_set_id: parameter_set_id().to_vec(),
            compact_public_bytes: public.len() as u64,
            compressed_server_bytes: server.len() as u64,
        };
        // The class of the production set, which takes values of 8 bits; nothing is proved here.
        let setup = Arc::new(Setup { class: Class::SLICE, ..(*setup()).clone() });
        let prover = Arc::new(FakeProver::new(setup.clone()));
        prover.behave(&[Conduct::Hangs; 8]);
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let circuits = Some(CircuitSetup { verifier_hash: [8; 32], parameters: Parameters::PRODUCTION });
        let proven = Arc::new(Setup { circuits, ..(*setup).clone() });
        let hanging = Arc::new(FakeProver::new(proven.clone()));
        hanging.behave(&[Conduct::Hangs; 8]);
        let chain = Some(Arc::new(FakeChain::default()));
        let chained =
            Engine::start_on(proven.clone(), store.clone(), chain, hanging, Limits::default()).await;
        let engine = Engine::start_on(setup, store.clone(), None, prover, Limits::default()).await;
        let mut alice = engine.client(ALICE).await;
        let key_digest = put_key_set(&mut alice, header, &[public.clone(), server].concat()).await;
        let dealer = set.read_dealer().unwrap();
        Self { engine, chained, store, setup: proven, dealer, public, key_digest, _folder: folder }
    }

    async fn encrypt(&self, client: &mut Client, value_type: ValueType, value: u64) -> Vec<u8> {
        self.encrypt_under(client, &self.key_digest, value_type, value).await
    }

    /// For handles that name the key set by this digest.
    pub async fn encrypt_under(
        &self,
        client: &mut Client,
        key_digest: &Bytes32,
        value_type: ValueType,
        value: u64,
    ) -> Vec<u8> {
        let blocks = value_type.fixed_blocks().unwrap();
        let declaration = Declaration { value_type, key_kind: KeyKind::Compute, blocks, degree: 3 };
        let plaintexts: Vec<u64> = (0..blocks).map(|b| value >> (2 * b) & 3).collect();
        let key = decode_public_key(&self.public).unwrap();
        let list = encryption::encrypt(&key, &declaration, &plaintexts).unwrap();
        let content = encryption::list_to_bytes(&list).unwrap();
        let header = pb::CiphertextHeader {
            value_type: value_type.code().into(),
            blocks: blocks.into(),
            encoding: pb::CiphertextEncoding::CompactList.into(),
            ..header(key_digest, content.len())
        };
        let key: [u8; 16] = rand::random();
        upload(client, &key, header, &content).await.unwrap().record.unwrap().handle
    }

    pub async fn decrypt(&self, client: &mut Client, output: &pb::JobOutput) -> u64 {
        let words = download(client, &output.record.as_ref().unwrap().handle).await;
        assert_eq!(output.words_digest, blake3::hash(&bytes(&words)).as_bytes());
        let blocks = words.chunks_exact(BLOCK_WORDS).map(|w| BlockWords::new(w.to_vec()).unwrap());
        let blocks = blocks.map(|b| self.dealer.client().decrypt_message_and_carry(&b.to_shortint(15)));
        // Blocks of an output may hold carries: the value is their weighted sum.
        blocks.enumerate().fold(0, |value, (index, block)| value + (block << (2 * index)))
    }

    fn request(&self, list: pb::OperationList) -> pb::SubmitJobRequest {
        let key: [u8; 16] = rand::random();
        pb::SubmitJobRequest {
            idempotency_key: key.to_vec(),
            request_id: vec![],
            key_digest: self.key_digest.to_vec(),
            work: Some(pb::submit_job_request::Work::Operations(list)),
        }
    }

    async fn submit(&self, client: &mut Client, list: pb::OperationList) -> pb::Job {
        client.submit_job(self.request(list)).await.unwrap().into_inner().job.unwrap()
    }

    async fn refusal(&self, client: &mut Client, list: pb::OperationList) -> (String, Code) {
        let error = client.submit_job(self.request(list)).await.unwrap_err();
        (name(&error), error.code())
    }
}

pub async fn download(client: &mut Client, handle: &[u8]) -> Vec<u64> {
    let request = pb::DownloadCiphertextRequest { handle: handle.to_vec() };
    let mut stream = client.download_ciphertext(request).await.unwrap().into_inner();
    let mut content = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        if let Some(pb::download_ciphertext_response::Part::Chunk(c)) = message.part {
            content.extend(c.data);
        }
    }
    content.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect()
}

/// Runs a test on the engine of all tests, as a principal of its own choice.
pub fn with_world<T>(test: impl AsyncFnOnce(&'static World, Client) -> T) -> T {
    RUNTIME.block_on(async {
        let world = WORLD.get_or_init(World::start).await;
        test(world, world.engine.client(ALICE).await).await
    })
}

pub fn handle(handle: &[u8]) -> pb::Operand {
    pb::Operand { source: Some(pb::operand::Source::Handle(handle.to_vec())), constant_type: 0 }
}

pub fn earlier(place: u32) -> pb::Operand {
    pb::Operand { source: Some(pb::operand::Source::Operation(place)), constant_type: 0 }
}

fn constant(value: u64) -> pb::Operand {
    pb::Operand { source: Some(pb::operand::Source::Constant(value)), constant_type: 0 }
}

pub fn operation(code: pb::OperationCode, operands: Vec<pb::Operand>) -> pb::Operation {
    pb::Operation { code: code.into(), operands, ..pb::Operation::default() }
}

/// A list whose outputs are the results of `outputs`.
pub fn list(operations: Vec<pb::Operation>, outputs: &[u32]) -> pb::OperationList {
    let outputs = outputs.iter().map(|o| pb::OperationOutput { operation: *o, release: false }).collect();
    pb::OperationList { operations, outputs }
}

/// Sums of which each waits for the one before: many levels, many batches.
fn chain(operand: &[u8], length: u32) -> pb::OperationList {
    let next = |place: u32| operation(Add, vec![earlier(place), handle(operand)]);
    let first = operation(Add, vec![handle(operand), handle(operand)]);
    list(std::iter::once(first).chain((0..length).map(next)).collect(), &[length])
}

/// Follows a job: states, and the numbers of bootstrappings done that were told.
pub async fn follow(client: &mut Client, job_id: &[u8]) -> (Vec<pb::JobState>, Vec<u32>, pb::Job) {
    let request = pb::WatchJobRequest { job_id: job_id.to_vec() };
    let mut stream = client.watch_job(request).await.unwrap().into_inner();
    let (mut states, mut done, mut last) = (Vec::new(), Vec::new(), None);
    while let Some(message) = stream.message().await.unwrap() {
        match message.event.unwrap() {
            pb::watch_job_response::Event::Job(job) => {
                states.push(job.state());
                last = Some(job);
            }
            pb::watch_job_response::Event::Progress(p) => {
                assert!(p.bootstrappings_done <= p.bootstrappings && p.permille <= 1000);
                done.push(p.bootstrappings_done);
            }
        }
    }
    (states, done, last.unwrap())
}

#[test]
fn eight_bit_operations_are_evaluated_and_their_outputs_feed_the_next_job() {
    with_world(async |world, mut alice| {
        let a = world.encrypt(&mut alice, ValueType::Uint8, 201).await;
        let b = world.encrypt(&mut alice, ValueType::Uint8, 77).await;
        let operations = vec![
            operation(Add, vec![handle(&a), handle(&b)]),
            operation(Lt, vec![handle(&a), handle(&b)]),
            operation(Select, vec![earlier(1), handle(&a), earlier(0)]),
            operation(Max, vec![handle(&b), constant(78)]),
        ];
        let job = world.submit(&mut alice, list(operations, &[0, 1, 2, 3])).await;
        assert!(job.bootstrappings > 0 && job.circuit_id.len() == 32);
        assert_eq!(job.inputs, [a.clone(), b.clone()], "each handle is one input");
        let (states, done, job) = follow(&mut alice, &job.job_id).await;
        assert_eq!(states.last(), Some(&Evaluated), "{:?}", job.failure);
        assert!(done.is_sorted() && done.last().is_none_or(|d| *d == job.bootstrappings), "{done:?}");
        let mut values = Vec::new();
        for output in &job.outputs {
            assert!(!output.proven);
            values.push(world.decrypt(&mut alice, output).await);
        }
        // Sums whose carries are not propagated would show here: the output of an addition is clean.
        assert_eq!(values, [(201 + 77) % 256, 0, (201 + 77) % 256, 78]);

        // Both texts are public, and are those of the identifiers.
        let mut anybody = world.engine.stranger().await;
        let mut text = async |id: &[u8]| {
            let request = pb::GetProgramRequest { program_id: id.to_vec() };
            anybody.get_program(request).await.unwrap().into_inner().text
        };
        let operations = OperationList::from_text(&text(&job.program_id).await).unwrap();
        let circuit = Circuit::from_text(&text(&job.circuit_id).await).unwrap();
        assert_eq!(operations.id().0.as_slice(), job.program_id);
        assert_eq!(trine_program::lower(&operations).unwrap(), circuit);
        assert_eq!(circuit.bootstrappings().len() as u32, job.bootstrappings);

        // A job over outputs of a job, still unproven.
        let sum = job.outputs[0].record.clone().unwrap().handle;
        let flag = job.outputs[1].record.clone().unwrap().handle;
        let operations = vec![
            operation(Not, vec![handle(&flag)]),
            operation(Select, vec![earlier(0), handle(&sum), handle(&a)]),
        ];
        let next = world.submit(&mut alice, list(operations, &[1])).await;
        let (_, _, next) = follow(&mut alice, &next.job_id).await;
        assert_eq!(next.state(), Evaluated, "{:?}", next.failure);
        assert_eq!(world.decrypt(&mut alice, &next.outputs[0]).await, (201 + 77) % 256);

        // Without a proof there is no receipt; at its end the job is not cancelled.
        let request = pb::GetReceiptRequest { job_id: next.job_id.clone() };
        assert_eq!(alice.get_receipt(request).await.unwrap_err().code(), Code::NotFound);
        let cancel = pb::CancelJobRequest { idempotency_key: b"late".to_vec(), job_id: next.job_id };
        assert_eq!(name(&alice.cancel_job(cancel).await.unwrap_err()), "NOT_CANCELLABLE");
    });
}

#[test]
fn lists_that_cannot_run_are_refused_by_name() {
    with_world(async |world, mut alice| {
        let a = world.encrypt(&mut alice, ValueType::Uint8, 1).await;
        let flag = world.encrypt(&mut alice, ValueType::Bool, 1).await;
        let mut bob = world.engine.client(BOB).await;
        let his = world.encrypt(&mut bob, ValueType::Uint8, 2).await;
        let content = bytes(&words(8));
        let nibbles = upload(&mut alice, b"nibbles", header(&world.key_digest, content.len()), &content);
        let nibbles = nibbles.await.unwrap().record.unwrap().handle;
        let add = |x: pb::Operand, y: pb::Operand| operation(Add, vec![x, y]);
        let plain = || add(handle(&a), handle(&a));
        let typed = pb::Operand { constant_type: 3, ..constant(300) };
        let program = pb::Operation { program_id: vec![1; 32], ..plain() };
        let without_source = pb::Operand { source: None, constant_type: 0 };
        for (expected, code, list) in [
            ("NOT_FOUND", Code::NotFound, list(vec![add(handle(&a), handle(&[9; 32]))], &[0])),
            ("FORBIDDEN", Code::PermissionDenied, list(vec![add(handle(&a), handle(&his))], &[0])),
            ("FIELD_LENGTH", Code::InvalidArgument, list(vec![add(handle(&a), handle(&[9; 31]))], &[0])),
            ("OPERATION_TYPES", Code::InvalidArgument, list(vec![add(handle(&a), handle(&flag))], &[0])),
            ("OPERATION_TYPES", Code::InvalidArgument, list(vec![add(handle(&a), typed)], &[0])),
            ("OPERATION_TYPES", Code::InvalidArgument, list(vec![operation(Add, vec![handle(&a)])], &[0])),
            ("OPERATION_INPUT", Code::InvalidArgument, list(vec![add(handle(&nibbles), constant(1))], &[0])),
            ("CONSTANT_RANGE", Code::InvalidArgument, list(vec![add(handle(&a), constant(256))], &[0])),
            ("FIELD_MISSING", Code::InvalidArgument, list(vec![add(constant(1), constant(2))], &[0])),
            ("FIELD_MISSING", Code::InvalidArgument, list(vec![operation(Cast, vec![handle(&a)])], &[0])),
            ("FIELD_MISSING", Code::InvalidArgument, list(vec![add(handle(&a), without_source)], &[0])),
            ("FIELD_VALUE", Code::InvalidArgument, list(vec![program], &[0])),
            (
                "FIELD_VALUE",
                Code::InvalidArgument,
                list(vec![operation(Unspecified, vec![handle(&a)])], &[0]),
            ),
            ("OPERAND_ORDER", Code::InvalidArgument, list(vec![add(handle(&a), earlier(0))], &[0])),
            ("OPERAND_ORDER", Code::InvalidArgument, list(vec![add(handle(&a), earlier(1)), plain()], &[0])),
            ("OPERAND_ORDER", Code::InvalidArgument, list(vec![add(handle(&a), earlier(u32::MAX))], &[0])),
            ("UNKNOWN_OUTPUT", Code::InvalidArgument, list(vec![plain()], &[1])),
            ("OPERATION_COUNT", Code::InvalidArgument, list(vec![plain()], &[])),
            ("OPERATION_COUNT", Code::InvalidArgument, list(vec![], &[])),
            ("OPERATION_COUNT", Code::InvalidArgument, list(vec![plain()], &[0; 17])),
            ("OPERATION_COUNT", Code::InvalidArgument, list(vec![plain(); 4097], &[0])),
            (
                "OPERATION_COUNT",
                Code::InvalidArgument,
                list(vec![operation(Sum, vec![handle(&a); 65])], &[0]),
            ),
            (
                "OPERATION_UNIMPLEMENTED",
                Code::Unimplemented,
                list(vec![operation(Mul, vec![handle(&a)])], &[0]),
            ),
        ] {
            assert_eq!(world.refusal(&mut alice, list).await, (expected.to_string(), code));
        }
        let answering =
            pb::SubmitJobRequest { request_id: vec![1; 32], ..world.request(list(vec![plain()], &[0])) };
        assert_eq!(name(&alice.submit_job(answering).await.unwrap_err()), "REQUEST_ID");
        let unknown =
            pb::SubmitJobRequest { key_digest: vec![1; 32], ..world.request(list(vec![plain()], &[0])) };
        assert_eq!(name(&alice.submit_job(unknown).await.unwrap_err()), "NOT_FOUND");
        // Nothing of all this was stored.
        let jobs = alice.list_jobs(pb::ListJobsRequest::default()).await.unwrap().into_inner().jobs;
        assert!(jobs.iter().all(|j| !j.inputs.contains(&nibbles)));
    });
}

/// Sums of five and of six values without a bootstrapping: the noise of a handle is enforced in the jobs after it.
#[test]
fn noise_is_enforced_across_jobs() {
    with_world(async |world, mut alice| {
        let numbers = [250, 3, 77, 131, 99, 18];
        let mut inputs = Vec::new();
        for number in numbers {
            inputs.push(world.encrypt(&mut alice, ValueType::Uint8, number).await);
        }
        let mut sums = Vec::new();
        for count in [5, 6] {
            let value = Declaration {
                value_type: ValueType::Uint8,
                key_kind: KeyKind::Compute,
                blocks: 4,
                degree: 3,
            };
            let text = LinearProgram::sum(count, value, 15).unwrap().to_text().into_bytes();
            let request = pb::RegisterProgramRequest { idempotency_key: vec![7, count as u8], text };
            let program_id = alice.register_program(request).await.unwrap().into_inner().program_id;
            let call = pb::ProgramCall { program_id, inputs: inputs[..count].to_vec() };
            let request = pb::SubmitJobRequest {
                work: Some(pb::submit_job_request::Work::Program(call)),
                ..world.request(pb::OperationList::default())
            };
            let job = alice.submit_job(request).await.unwrap().into_inner().job.unwrap();
            let job = loop {
                let request = pb::GetJobRequest { job_id: job.job_id.clone() };
                let job = alice.get_job(request).await.unwrap().into_inner().job.unwrap();
                assert!(job.failure.is_none(), "{:?}", job.failure);
                if !job.outputs.is_empty() {
                    break job;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            };
            sums.push(job.outputs[0].record.clone().unwrap().handle);
        }
        let plus_one = |sum: &[u8]| list(vec![operation(Add, vec![handle(sum), constant(1)])], &[0]);
        let job = world.submit(&mut alice, plus_one(&sums[0])).await;
        let (_, _, job) = follow(&mut alice, &job.job_id).await;
        let expected = (numbers[..5].iter().sum::<u64>() + 1) % 256;
        assert_eq!(world.decrypt(&mut alice, &job.outputs[0]).await, expected);
        let refusal = world.refusal(&mut alice, plus_one(&sums[1])).await;
        assert_eq!(refusal, ("NOISE_LEVEL".to_string(), Code::FailedPrecondition));
    });
}

#[test]
fn a_cancelled_circuit_stops_between_batches_and_leaves_the_next_job_alone() {
    with_world(async |world, mut alice| {
        let a = world.encrypt(&mut alice, ValueType::Uint8, 9).await;
        let job = world.submit(&mut alice, chain(&a, 200)).await;
        let request = pb::WatchJobRequest { job_id: job.job_id.clone() };
        let mut stream = alice.watch_job(request).await.unwrap().into_inner();
        let cancel = pb::CancelJobRequest { idempotency_key: b"cancel".to_vec(), job_id: job.job_id.clone() };
        let mut canceller = alice.clone();
        let (mut most, mut last) = (0, None);
        while let Some(message) = stream.message().await.unwrap() {
            match message.event.unwrap() {
                pb::watch_job_response::Event::Progress(p) if p.bootstrappings_done > 0 => {
                    assert!(p.bootstrappings_done >= most);
                    most = p.bootstrappings_done;
                    canceller.cancel_job(cancel.clone()).await.unwrap();
                }
                pb::watch_job_response::Event::Progress(_) => {}
                pb::watch_job_response::Event::Job(job) => last = Some(job),
            }
        }
        let last = last.unwrap();
        assert_eq!(last.state(), Cancelled);
        assert!(most > 0 && most < last.bootstrappings && last.outputs.is_empty());
        let next = world.submit(&mut alice, chain(&a, 2)).await;
        let (_, _, next) = follow(&mut alice, &next.job_id).await;
        assert_eq!(world.decrypt(&mut alice, &next.outputs[0]).await, 4 * 9);
    });
}
