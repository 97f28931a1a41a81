//! Clients of a cluster, and what they do whatever the application: hand over keys and ciphertexts, have a request answered,
//! ask the committee.

use alloy::primitives::{Address, B256, Bytes};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use trine::chain::{Account, RegisteredProgram};
use trine::cluster::preparation::{Material, account};
use trine::config::{ClusterFile, read_token};
use trine::engine::EngineClient;
use trine::facts::ChainReader;
use trine::keyholders::{CommitteeClient, Presentation, Release};
use trine::phases::{OpenPhase, Phases};
use trine::receipt::file::ReceiptRelease;
use trine::receipt::{self, Receipt, VerifiedReceipt};
use trine::setup::receipt_setup;
use trine::voter::{EncryptedValue, HandleDomain};
use trine_fhe::words::{BlockWords, ValueWords};
use trine_program::LinearProgram;
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::watch_job_response::Event;
use trine_proto::prover::v1 as prover_pb;

/// Clients of one cluster.
pub struct Clients {
    /// The cluster file.
    pub file: ClusterFile,
    /// Funded accounts of the development chain.
    pub accounts: Vec<PrivateKeySigner>,
    /// The engine, as the client.
    pub engine: EngineClient,
    /// The committee.
    pub committee: CommitteeClient,
}

impl Clients {
    /// Connects to the cluster that a file names.
    pub async fn connect(file: ClusterFile) -> anyhow::Result<Self> {
        let accounts = trine::cluster::anvil::read_accounts(&file.chain.accounts_file)?;
        let token = read_token(&file.engine.token_file)?;
        let engine = EngineClient::connect(&file.engine.endpoint, &token).await?;
        let committee = trine::cluster::processes::committee(&file)?;
        Ok(Self { file, accounts, engine, committee })
    }

    /// A funded account.
    pub fn account(&self, index: usize) -> anyhow::Result<Account> {
        let signer = self.accounts.get(index).with_context(|| format!("no account {index}"))?.clone();
        Ok(Account::new(&self.file.chain.rpc_url, signer)?)
    }
}

/// A request that the engine has answered and the chain has taken.
pub struct Fulfilled {
    /// The request.
    pub request_id: B256,
    /// Receipt, verified natively.
    pub receipt: Receipt,
    /// What the receipt proves.
    pub verified: VerifiedReceipt,
    /// Transactions that proved the segments before the last; none of a program that one proof covers.
    pub earlier: Vec<Included>,
    /// Transaction of the fulfilment.
    pub fulfil_tx: B256,
    /// Its block.
    pub block: u64,
    /// Its gas.
    pub gas: u64,
    /// Its input.
    pub input: Bytes,
    /// Output values.
    pub outputs: Vec<ValueWords>,
    /// Milliseconds of proving: argument, wrap.
    pub prove_ms: (u64, u64),
    /// Milliseconds of native verification.
    pub native_verify_ms: f64,
}

/// A transaction that stands on chain.
#[derive(Clone, Debug)]
pub struct Included {
    /// Its hash.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Its gas.
    pub gas: u64,
    /// Its input.
    pub input: Bytes,
}

impl Included {
    async fn read(reader: &Account, transaction: B256) -> anyhow::Result<Self> {
        let included = reader.receipt(transaction).await?;
        ensure!(included.status(), "transaction {transaction} reverted");
        let input = reader.input_bytes(transaction).await?;
        let block = included.block_number.context("a pending receipt")?;
        Ok(Self { transaction, block, gas: included.gas_used, input })
    }
}

impl Fulfilled {
    /// Gas of each segment's transaction, in order.
    pub fn gas_of_segments(&self) -> Vec<u64> {
        self.earlier.iter().map(|included| included.gas).chain([self.gas]).collect()
    }

    /// Transaction of each segment, in order.
    pub fn transactions(&self) -> Vec<B256> {
        self.earlier.iter().map(|included| included.transaction).chain([self.fulfil_tx]).collect()
    }

    /// Bytes of the inputs of all of them.
    pub fn calldata_bytes(&self) -> usize {
        self.earlier.iter().map(|included| included.input.len()).sum::<usize>() + self.input.len()
    }
}

/// Registers a program on chain and with the engine.
pub async fn register_program(
    clients: &mut Clients,
    account: &Account,
    program: &LinearProgram,
) -> anyhow::Result<RegisteredProgram> {
    let registered = account.register_program(clients.file.chain.coprocessor, program).await?;
    let id = clients.engine.register_program(&program.to_text()).await?;
    ensure!(id == registered.id, "the engine names the program {id}, the contract {}", registered.id);
    Ok(registered)
}

/// Hands the FHE key set to the engine.
pub async fn put_key(engine: &mut EngineClient, material: &Material) -> anyhow::Result<()> {
    let compact = std::fs::read(&material.keys.compact_public_key)?;
    let server = std::fs::read(&material.keys.server_key)?;
    let parameter_set = trine_verifier::statement::parameter_set_id();
    engine.put_key(&material.key_digest.0, &parameter_set, &compact, &server).await?;
    Ok(())
}

/// Uploads a ciphertext; the engine must name it as the chain does, and as its owner computed.
pub async fn upload(
    clients: &mut Clients,
    key_digest: B256,
    value: &EncryptedValue,
    registrant: Address,
    consumer: Address,
    handle: B256,
) -> anyhow::Result<()> {
    let chain = &clients.file.chain;
    let domain = HandleDomain {
        chain_id: chain.chain_id,
        coprocessor: chain.coprocessor.0.0,
        key_digest: key_digest.0,
    };
    let own = value.record(&domain, registrant.0.0, consumer.0.0).handle();
    ensure!(own == handle.0, "own handle {}, on chain {handle}", hex::encode(own));
    let declaration = value.words.declaration();
    let header = pb::CiphertextHeader {
        key_digest: key_digest.to_vec(),
        key_kind: i32::from(declaration.key_kind.code()) + 1,
        value_type: i32::from(declaration.value_type.code()),
        blocks: u32::from(declaration.blocks),
        registrant: registrant.to_vec(),
        consumer: consumer.to_vec(),
        encoding: pb::CiphertextEncoding::CompactList.into(),
        content_bytes: 0,
    };
    let info = clients.engine.upload(header, value.list.clone()).await?;
    let record: Option<&prover_pb::HandleRecord> = info.record.as_ref();
    let named = record.map(|r| r.handle.as_slice()).unwrap_or_default();
    ensure!(named == handle.as_slice(), "the engine names it {}, the chain {handle}", hex::encode(named));
    Ok(())
}

/// A request on chain.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its program.
    pub program: &'a RegisteredProgram,
    /// Digest of its key.
    pub key_digest: B256,
    /// The request.
    pub request_id: B256,
    /// Its inputs.
    pub handles: &'a [B256],
}

/// Has the engine answer a request, and reads what it did.
pub async fn fulfil(
    clients: &mut Clients,
    material: &Material,
    asked: Asked<'_>,
    phases: &mut Phases,
) -> anyhow::Result<Fulfilled> {
    let mut fulfilled = fulfil_all(clients, material, &[asked], phases).await?;
    fulfilled.pop().context("nothing is fulfilled")
}

/// Has the engine answer requests, which are all handed over before the first is waited for, and reads what it did.
pub async fn fulfil_all(
    clients: &mut Clients,
    material: &Material,
    asked: &[Asked<'_>],
    phases: &mut Phases,
) -> anyhow::Result<Vec<Fulfilled>> {
    let phase = phases.open("evaluate, prove, fulfil");
    let mut jobs = Vec::with_capacity(asked.len());
    for Asked { program, key_digest, request_id, handles } in asked {
        let job = clients.engine.submit(request_id, &key_digest.0, &program.id, handles).await?;
        jobs.push(job.job_id);
    }
    let mut answers = Vec::with_capacity(asked.len());
    for (asked, job) in asked.iter().zip(&jobs) {
        answers.push(Answer::read(clients, material, asked.request_id, job, &phase).await?);
    }
    phases.close(phase, note(&answers));

    let phase = phases.open("verify");
    let (mut fulfilled, mut milliseconds) = (Vec::with_capacity(asked.len()), 0.0);
    for answer in answers {
        let verified = answer.verified(clients, material).await?;
        milliseconds += verified.native_verify_ms;
        fulfilled.push(verified);
    }
    phases.close(phase, format!("receipt, natively, {milliseconds:.1} ms"));
    Ok(fulfilled)
}

/// What an engine has done for a request, and the chain has taken.
struct Answer {
    receipt: Receipt,
    prove_ms: (u64, u64),
    earlier: Vec<Included>,
    last: Included,
}

impl Answer {
    /// Waits for a job and reads its receipt and its transactions.
    async fn read(
        clients: &mut Clients,
        material: &Material,
        request_id: B256,
        job_id: &[u8],
        phase: &OpenPhase,
    ) -> anyhow::Result<Self> {
        let job = clients.engine.watch(job_id, |event| show(phase, event)).await?;
        if let Some(failure) = &job.failure {
            bail!("job failed in {:?}: {}: {}", failure.state(), failure.name, failure.message);
        }
        ensure!(job.state() == pb::JobState::Fulfilled, "the job ends {:?}", job.state());
        let message = clients.engine.receipt(job_id).await?;
        let mut receipt = Receipt::from_wire(&message, receipt_setup(material.srs.verifier()))?;
        // The chain says which transaction it was, not the engine.
        let reader = clients.account(account::ORGANISER)?;
        let fulfil_tx = reader.fulfilment(clients.file.chain.coprocessor, request_id).await?;
        receipt.fulfil_tx = Some(fulfil_tx);
        let last = Included::read(&reader, fulfil_tx).await?;
        let earlier = earlier_segments(clients, &reader, &mut receipt).await?;
        Ok(Self { receipt, prove_ms: (message.argument_ms, message.wrap_ms), earlier, last })
    }

    /// Verifies the receipt natively and reads the outputs.
    async fn verified(self, clients: &mut Clients, material: &Material) -> anyhow::Result<Fulfilled> {
        let Self { receipt, prove_ms, earlier, last } = self;
        let start = Instant::now();
        let verified = receipt::verify(&receipt, &material.srs.verifier().digest())?;
        let native_verify_ms = start.elapsed().as_secs_f64() * 1e3;
        let mut outputs = Vec::with_capacity(receipt.outputs.len());
        for (record, declaration) in receipt.outputs.iter().zip(&verified.declared) {
            let words = clients.engine.download(&record.handle).await?.words;
            let blocks = words
                .chunks(trine_fhe::parameters::BLOCK_WORDS)
                .map(|block| BlockWords::new(block.to_vec()))
                .collect::<Result<_, _>>()?;
            outputs.push(ValueWords::new(*declaration, blocks)?);
        }
        Ok(Fulfilled {
            request_id: receipt.request_id,
            receipt,
            verified,
            earlier,
            fulfil_tx: last.transaction,
            block: last.block,
            gas: last.gas,
            input: last.input,
            outputs,
            prove_ms,
            native_verify_ms,
        })
    }
}

/// How many proofs and how much gas it took. Jobs of one proof name the same one, and the same transaction.
fn note(answers: &[Answer]) -> String {
    let mut seconds: BTreeMap<&[u8], f64> = BTreeMap::new();
    let (mut proofs, mut gas) = (BTreeSet::new(), BTreeMap::new());
    for Answer { receipt, prove_ms: (argument, wrap), earlier, last } in answers {
        proofs.extend(receipt.proofs().map(|(inner, _)| inner));
        seconds.insert(&receipt.inner_proof, (argument + wrap) as f64 / 1e3);
        gas.extend(earlier.iter().chain([last]).map(|included| (included.transaction, included.gas)));
    }
    let proofs = match proofs.len() {
        1 => "proof".into(),
        proofs => format!("{proofs} proofs"),
    };
    let (seconds, gas) = (seconds.values().sum::<f64>(), gas.values().sum::<u64>());
    format!("{proofs} in {seconds:.1} s, {gas} gas")
}

/// The transactions that proved the segments before the last, as the chain names them.
async fn earlier_segments(
    clients: &Clients,
    reader: &Account,
    receipt: &mut Receipt,
) -> anyhow::Result<Vec<Included>> {
    let chain = ChainReader::new(&clients.file.chain.rpc_url, clients.file.chain.coprocessor)?;
    let proven = chain.proven_segments(receipt.request_id).await?;
    let (got, expected) = (proven.len(), receipt.earlier_segments.len());
    ensure!(got == expected, "{got} segments are proven on chain, the engine's receipt has {expected}");
    let mut earlier = Vec::with_capacity(got);
    for (segment, facts) in receipt.earlier_segments.iter_mut().zip(proven) {
        segment.fulfil_tx = Some(facts.transaction);
        earlier.push(Included::read(reader, facts.transaction).await?);
    }
    Ok(earlier)
}

fn show(phase: &OpenPhase, event: &Event) {
    match event {
        Event::Job(job) => {
            phase.step(job.state().as_str_name().trim_start_matches("JOB_STATE_").to_lowercase().as_str());
        }
        Event::Progress(p) if p.bootstrappings > 0 => {
            phase.step(&format!("{} {} of {}", p.step, p.bootstrappings_done, p.bootstrappings));
        }
        Event::Progress(progress) => phase.step(&progress.step),
    }
}

/// A release as a receipt carries it.
pub fn receipt_release(release: &Release, release_verifier: Address, release_tx: B256) -> ReceiptRelease {
    ReceiptRelease {
        release_verifier,
        epoch: release.epoch,
        handles: release.handles.clone(),
        plaintexts: release.plaintexts.clone(),
        signature: release.signature.clone(),
        release_tx: Some(release_tx),
    }
}

/// What is presented to the committee about a fulfilled request.
pub fn presentation(fulfilled: &Fulfilled) -> Presentation {
    let outputs = fulfilled.outputs.iter().map(|output| output.to_bytes().into());
    Presentation::of(&fulfilled.receipt, &fulfilled.verified, outputs.collect())
}

/// Asks every node; any answer will do, since the contract checks it. All that answer must agree.
pub async fn release(clients: &Clients, fulfilled: &Fulfilled, phase: &OpenPhase) -> anyhow::Result<Release> {
    phase.step("squashing, sharing, signing");
    let mut first: Option<Release> = None;
    let mut refusals = Vec::new();
    for answer in clients.committee.release(&presentation(fulfilled)).await {
        match (answer, &first) {
            (Ok(release), None) => first = Some(release),
            (Ok(release), Some(other)) => {
                let same = (&release.handles, &release.plaintexts) == (&other.handles, &other.plaintexts);
                ensure!(same, "two nodes release different outputs or plaintexts");
            }
            (Err(error), _) => refusals.push(error.to_string()),
        }
    }
    first.with_context(|| format!("no node releases: {}", refusals.join("; ")))
}
