//! The honest path of the linear tally on a cluster: register, vote, request, evaluate, prove, fulfil, allow, release, accept.

use super::clients::{
    Asked, Clients, Fulfilled, fulfil, put_key, receipt_release, register_program, release, upload,
};
use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use rand::{CryptoRng, RngCore};
use trine::ballot::{self, Ballot, CANDIDATES};
use trine::chain::{RegisteredProgram, TallyPlan};
use trine::cluster::preparation::{Material, account};
use trine::keyholders::Release;
use trine::phases::Phases;
use trine::receipt::Receipt;
use trine::voter::{EncryptedValue, Voter};
use trine_program::LinearProgram;

/// Time that voters have.
pub const VOTING_SECONDS: u64 = 24 * 3600;

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
        upload(clients, material.key_digest, value, tally, tally, handle).await?;
        handles.push(handle);
    }
    let request_id = organiser.close(tally).await?;
    phases.close(phase, format!("request {request_id}"));

    let key_digest = material.key_digest;
    let asked = Asked { program: &registered, key_digest, request_id, handles: &handles };
    let fulfilled = fulfil(clients, material, asked, phases).await?;

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
        let release = receipt_release(&self.release, release_verifier, self.release_tx);
        Receipt { release: Some(release), ..self.fulfilled.receipt.clone() }
    }
}
