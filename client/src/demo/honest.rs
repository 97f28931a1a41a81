//! The honest path on a cluster: register, vote, request, evaluate, prove, fulfil, allow, release, accept.

use alloy::primitives::{Address, B256, Bytes};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, bail, ensure};
use rand::{CryptoRng, RngCore};
use std::time::Instant;
use trine::ballot::{self, Ballot, CANDIDATES};
use trine::chain::{Account, RegisteredProgram, TallyPlan};
use trine::cluster::preparation::{Material, account};
use trine::config::{ClusterFile, read_token};
use trine::engine::EngineClient;
use trine::keyholders::{CommitteeClient, Presentation, Release};
use trine::phases::{OpenPhase, Phases};
use trine::receipt::file::ReceiptRelease;
use trine::receipt::{self, Receipt};
use trine::setup::receipt_setup;
use trine::voter::{EncryptedValue, HandleDomain, Voter};
use trine_fhe::words::{BlockWords, ValueWords};
use trine_program::LinearProgram;
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::watch_job_response::Event;
use trine_proto::prover::v1 as prover_pb;
use trine_verifier::{Commitment, Statement};

/// Time that voters have.
const VOTING_SECONDS: u64 = 24 * 3600;

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
    pub statement: Statement,
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

/// The tally, from ballots to totals.
pub struct Honest {
    /// Ballots as the voters know them.
    pub ballots: Vec<Ballot>,
    /// Ballots as everybody sees them.
    pub values: Vec<EncryptedValue>,
    /// Handles of the ballots.
    pub handles: Vec<B256>,
    /// The program.
    pub program: LinearProgram,
    /// The program on chain.
    pub registered: RegisteredProgram,
    /// The fulfilled request.
    pub fulfilled: Fulfilled,
    /// What the committee released.
    pub release: Release,
    /// Transaction in which the tally accepted it.
    pub release_tx: B256,
    /// Its gas.
    pub gas_release: u64,
    /// Totals of its event.
    pub totals: Vec<u64>,
    /// Fulfilment and acceptance both stand on chain, read again after the last of them.
    pub released: bool,
}

/// Runs the tally on a cluster.
pub async fn run<R: RngCore + CryptoRng>(
    clients: &mut Clients,
    material: &Material,
    voters: usize,
    rng: &mut R,
    phases: &mut Phases,
) -> anyhow::Result<Honest> {
    let chain = clients.file.chain.clone();
    let organiser = clients.account(account::ORGANISER)?;

    let phase = phases.open("programs and keys");
    let program = ballot::tally(voters)?;
    let registered = register_program(clients, &organiser, &program).await?;
    put_key(&mut clients.engine, material).await?;
    let roll: Vec<Address> =
        clients.accounts.iter().skip(account::FIRST_VOTER).take(voters).map(|a| a.address()).collect();
    ensure!(roll.len() == voters, "{} accounts for {voters} voters", roll.len());
    let plan = TallyPlan {
        coprocessor: chain.coprocessor,
        release_verifier: chain.release_verifier,
        program: registered.reference,
        key_digest: material.key_digest,
        candidates: CANDIDATES,
        roll: roll.clone(),
        deadline: organiser.timestamp().await? + VOTING_SECONDS,
    };
    let tally = organiser.deploy_tally(&plan).await?;
    phases.close(phase, format!("tally at {tally}"));

    let phase = phases.open("encrypt");
    let public_key = std::fs::read(&material.keys.compact_public_key)?;
    let voter = Voter::new(&public_key, &material.srs)?;
    let ballots: Vec<Ballot> = (0..voters).map(|_| Ballot::random(rng)).collect();
    let values: Vec<EncryptedValue> = ballots
        .iter()
        .map(|b| voter.encrypt(&ballot::declaration(), &b.counters()))
        .collect::<Result<_, _>>()?;
    let bytes: usize = values.iter().map(|v| v.list.len()).sum();
    phases.close(phase, format!("{voters} ballots, {} kB", bytes / 1000));

    let phase = phases.open("vote");
    let mut handles = Vec::with_capacity(voters);
    for (index, value) in values.iter().enumerate() {
        phase.step(&format!("voter {}", index + 1));
        let account = clients.account(account::FIRST_VOTER + index)?;
        let handle = account.vote(tally, &value.commitment).await?;
        // The tally registers ballots for itself, whoever casts them.
        upload(clients, material, value, tally, tally, handle).await?;
        handles.push(handle);
    }
    let request_id = organiser.close(tally).await?;
    phases.close(phase, format!("request {request_id}"));

    let fulfilled = fulfil(clients, material, &registered, request_id, &handles, phases).await?;

    let phase = phases.open("release");
    let handle = fulfilled.receipt.outputs.first().context("the receipt has no output")?.handle;
    organiser.allow_result(tally, handle).await?;
    let release = release(clients, &fulfilled, &phase).await?;
    let (accepted, totals) =
        organiser.accept_result(tally, release.epoch, &release.plaintexts, release.signature.clone()).await?;
    let mut released = true;
    for transaction in [fulfilled.fulfil_tx, accepted.transaction_hash] {
        released &= organiser.receipt(transaction).await?.status();
    }
    phases.close(phase, format!("{totals:?}"));

    Ok(Honest {
        ballots,
        values,
        handles,
        program,
        registered,
        fulfilled,
        release,
        release_tx: accepted.transaction_hash,
        gas_release: accepted.gas_used,
        totals,
        released,
    })
}

impl Honest {
    /// The receipt with what the committee released.
    pub fn full_receipt(&self, release_verifier: Address) -> Receipt {
        let release = ReceiptRelease {
            release_verifier,
            epoch: self.release.epoch,
            handles: self.release.handles.clone(),
            plaintexts: self.release.plaintexts.clone(),
            signature: self.release.signature.clone(),
            release_tx: Some(self.release_tx),
        };
        Receipt { release: Some(release), ..self.fulfilled.receipt.clone() }
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
async fn put_key(engine: &mut EngineClient, material: &Material) -> anyhow::Result<()> {
    let compact = std::fs::read(&material.keys.compact_public_key)?;
    let server = std::fs::read(&material.keys.server_key)?;
    let parameter_set = trine_verifier::statement::parameter_set_id();
    engine.put_key(&material.key_digest.0, &parameter_set, &compact, &server).await?;
    Ok(())
}

/// Uploads a ciphertext; the engine must name it as the chain does, and as its owner computed.
pub async fn upload(
    clients: &mut Clients,
    material: &Material,
    value: &EncryptedValue,
    registrant: Address,
    consumer: Address,
    handle: B256,
) -> anyhow::Result<()> {
    let chain = &clients.file.chain;
    let domain = HandleDomain {
        chain_id: chain.chain_id,
        coprocessor: chain.coprocessor.0.0,
        key_digest: material.key_digest.0,
    };
    let own = value.record(&domain, registrant.0.0, consumer.0.0).handle();
    ensure!(own == handle.0, "own handle {}, on chain {handle}", hex::encode(own));
    let declaration = value.words.declaration();
    let header = pb::CiphertextHeader {
        key_digest: material.key_digest.to_vec(),
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

/// Has the engine answer a request, and reads what it did.
pub async fn fulfil(
    clients: &mut Clients,
    material: &Material,
    program: &RegisteredProgram,
    request_id: B256,
    handles: &[B256],
    phases: &mut Phases,
) -> anyhow::Result<Fulfilled> {
    let phase = phases.open("evaluate, prove, fulfil");
    let job = clients.engine.submit(&request_id, &material.key_digest.0, &program.id, handles).await?;
    let job = clients.engine.watch(&job.job_id, |event| show(&phase, event)).await?;
    if let Some(failure) = &job.failure {
        bail!("job failed in {:?}: {}: {}", failure.state(), failure.name, failure.message);
    }
    ensure!(job.state() == pb::JobState::Fulfilled, "the job ends {:?}", job.state());
    let message = clients.engine.receipt(&job.job_id).await?;
    let mut receipt = Receipt::from_wire(&message, receipt_setup(material.srs.verifier()))?;
    // The chain says which transaction it was, not the engine.
    let reader = clients.account(account::ORGANISER)?;
    let fulfil_tx = reader.fulfilment(clients.file.chain.coprocessor, request_id).await?;
    receipt.fulfil_tx = Some(fulfil_tx);
    let included = reader.receipt(fulfil_tx).await?;
    ensure!(included.status(), "transaction {fulfil_tx} reverted");
    let input = reader.input_bytes(fulfil_tx).await?;
    let seconds = (message.argument_ms + message.wrap_ms) as f64 / 1e3;
    phases.close(phase, format!("proof in {seconds:.1} s, {} gas", included.gas_used));

    let phase = phases.open("verify");
    let start = Instant::now();
    let verified = receipt::verify(&receipt, &material.srs.verifier().digest())?;
    let native_verify_ms = start.elapsed().as_secs_f64() * 1e3;
    phases.close(phase, format!("receipt, natively, {native_verify_ms:.1} ms"));

    let mut outputs = Vec::with_capacity(receipt.outputs.len());
    let parsed = LinearProgram::from_text(receipt.program.as_bytes())?;
    for (record, declaration) in receipt.outputs.iter().zip(parsed.outputs()) {
        let words = clients.engine.download(&record.handle).await?.words;
        let blocks = words
            .chunks(trine_fhe::parameters::BLOCK_WORDS)
            .map(|block| BlockWords::new(block.to_vec()))
            .collect::<Result<_, _>>()?;
        outputs.push(ValueWords::new(*declaration, blocks)?);
    }
    Ok(Fulfilled {
        request_id,
        receipt,
        statement: verified.statement,
        fulfil_tx,
        block: included.block_number.context("a pending receipt")?,
        gas: included.gas_used,
        input,
        outputs,
        prove_ms: (message.argument_ms, message.wrap_ms),
        native_verify_ms,
    })
}

fn show(phase: &OpenPhase, event: &Event) {
    match event {
        Event::Job(job) => {
            phase.step(job.state().as_str_name().trim_start_matches("JOB_STATE_").to_lowercase().as_str());
        }
        Event::Progress(progress) => phase.step(&progress.step),
    }
}

/// What is presented to the committee about a fulfilled request.
pub fn presentation(fulfilled: &Fulfilled) -> Presentation {
    Presentation {
        request_id: fulfilled.request_id,
        inner_proof: fulfilled.receipt.inner_proof.clone(),
        inputs: fulfilled.statement.job.inputs.iter().map(|i| i.commitment).collect::<Vec<Commitment>>(),
        outputs: fulfilled.outputs.iter().map(|o| o.to_bytes().into()).collect(),
        squashed_digest: Bytes::new(),
    }
}

/// Asks every node; any answer will do, since the contract checks it. All that answer must agree.
async fn release(clients: &Clients, fulfilled: &Fulfilled, phase: &OpenPhase) -> anyhow::Result<Release> {
    phase.step("squashing, sharing, signing");
    let mut first: Option<Release> = None;
    let mut refusals = Vec::new();
    for answer in clients.committee.release(&presentation(fulfilled)).await {
        match (answer, &first) {
            (Ok(release), None) => first = Some(release),
            (Ok(release), Some(other)) => {
                ensure!(release.plaintexts == other.plaintexts, "two nodes release different plaintexts");
            }
            (Err(error), _) => refusals.push(error.to_string()),
        }
    }
    first.with_context(|| format!("no node releases: {}", refusals.join("; ")))
}
