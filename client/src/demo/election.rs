//! An election on a cluster: register, vote, request, evaluate, prove, fulfil, allow, release, accept. Of all ballots only the
//! winner is decrypted.

use super::clients::{Asked, Clients, Fulfilled, fulfil, put_key, receipt_release, release, upload};
use super::figures::{CircuitFigures, ElectionSummary, RunFigures};
use super::honest::VOTING_SECONDS;
use super::workload::{circuit_key, register_circuit};
use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use rand::{CryptoRng, RngCore};
use trine::chain::Account;
use trine::chain::election::ElectionPlan;
use trine::cluster::preparation::{Material, account};
use trine::keyholders::Release;
use trine::phases::Phases;
use trine::receipt::Receipt;
use trine::voter::{EncryptedValue, Voter};
use trine_program::circuit::Circuit;
use trine_programs::Workload;
use trine_programs::election::Election;
use trine_verifier::Commitment;

/// The election, from ballots to the winner.
pub struct Held {
    election: Election,
    circuit: Circuit,
    expected_winner: u8,
    fulfilled: Fulfilled,
    release: Release,
    release_tx: B256,
    winner: u8,
    gas: Gas,
    released: bool,
}

/// Gas of the consumer's own transactions.
struct Gas {
    vote: u64,
    request: u64,
    release: u64,
}

/// Runs the election on a cluster.
pub async fn run<R: RngCore + CryptoRng>(
    clients: &mut Clients,
    material: &Material,
    election: Election,
    rng: &mut R,
    phases: &mut Phases,
) -> anyhow::Result<Held> {
    let organiser = clients.account(account::ORGANISER)?;

    let phase = phases.open("programs and keys");
    let circuit = election.circuit()?;
    let key_digest = circuit_key(clients, &organiser, material).await?;
    let registered = register_circuit(clients, &organiser, &circuit).await?;
    put_key(&mut clients.engine, material).await?;
    let roll = roll(clients, election.voters)?;
    let plan = ElectionPlan {
        coprocessor: clients.file.chain.coprocessor,
        release_verifier: clients.file.chain.release_verifier,
        circuit: registered.reference,
        key_digest,
        candidates: u8::try_from(election.candidates)?,
        roll,
        deadline: organiser.timestamp().await? + VOTING_SECONDS,
    };
    let address = organiser.deploy_election(&plan).await?;
    phases.close(phase, format!("election at {address}, {} bootstrappings", circuit.bootstrappings().len()));

    let phase = phases.open("encrypt");
    let plaintexts = election.draw(rng);
    let values = encrypt(material, &circuit, &plaintexts)?;
    let bytes: usize = values.iter().map(|v| v.list.len()).sum();
    phases.close(phase, format!("{} ballots, {} kB", election.voters, bytes / 1000));

    let phase = phases.open("vote");
    let mut gas = Gas { vote: 0, request: 0, release: 0 };
    for seat in 0..election.voters {
        phase.step(&format!("voter {}", seat + 1));
        // Ballots stand candidate by candidate, as the circuit takes them.
        let ballot: Vec<&EncryptedValue> = values.iter().skip(seat).step_by(election.voters).collect();
        let voter = clients.account(account::FIRST_VOTER + seat)?;
        let commitments: Vec<Commitment> = ballot.iter().map(|value| value.commitment).collect();
        let (handles, spent) = voter.cast(address, &commitments).await?;
        gas.vote = spent;
        for (value, handle) in ballot.into_iter().zip(handles) {
            // The election registers ballots for itself, whoever casts them.
            upload(clients, key_digest, value, address, address, handle).await?;
        }
    }
    let (request_id, spent) = organiser.close_election(address).await?;
    gas.request = spent;
    let handles = organiser.ballots(address).await?;
    phases.close(phase, format!("request {request_id}"));

    let asked = Asked { program: &registered, key_digest, request_id, handles: &handles };
    let fulfilled = fulfil(clients, material, asked, phases).await?;

    let phase = phases.open("release");
    let handle = fulfilled.receipt.outputs.first().context("the receipt has no output")?.handle;
    organiser.allow_winner(address, handle).await?;
    let release = release(clients, &fulfilled, &phase).await?;
    let (accepted, winner) = organiser
        .accept_winner(address, release.epoch, &release.plaintexts, release.signature.clone())
        .await?;
    gas.release = accepted.gas_used;
    let released = stand(&organiser, [fulfilled.fulfil_tx, accepted.transaction_hash]).await?;
    phases.close(phase, format!("candidate {winner}"));

    let expected_winner = election.model(&plaintexts).first().copied().context("a model without a winner")?;
    Ok(Held {
        election,
        circuit,
        expected_winner: u8::try_from(expected_winner)?,
        fulfilled,
        release,
        release_tx: accepted.transaction_hash,
        winner,
        gas,
        released,
    })
}

impl Held {
    /// The receipt with what the committee released.
    pub fn full_receipt(&self, release_verifier: Address) -> Receipt {
        let release = receipt_release(&self.release, release_verifier, self.release_tx);
        Receipt { release: Some(release), ..self.fulfilled.receipt.clone() }
    }

    /// The figures of the run.
    pub fn summary(&self, phases: &Phases, keys_cached: bool) -> anyhow::Result<ElectionSummary> {
        Ok(ElectionSummary {
            voters: self.election.voters,
            candidates: self.election.candidates,
            winner: self.winner,
            expected_winner: self.expected_winner,
            gas_vote: self.gas.vote,
            gas_request: self.gas.request,
            gas_release: self.gas.release,
            released: self.released,
            release_tx: self.release_tx,
            circuit: CircuitFigures::of("election", &self.circuit, &self.fulfilled)?,
            run: RunFigures::of(phases, keys_cached),
        })
    }
}

/// Accounts of the voters.
fn roll(clients: &Clients, voters: usize) -> anyhow::Result<Vec<Address>> {
    let accounts = clients.accounts.iter().skip(account::FIRST_VOTER).take(voters);
    let roll: Vec<Address> = accounts.map(|a| a.address()).collect();
    ensure!(roll.len() == voters, "{} accounts for {voters} voters", roll.len());
    Ok(roll)
}

/// Each plaintext encrypted as the circuit declares it, two bits a block.
pub fn encrypt(
    material: &Material,
    circuit: &Circuit,
    plaintexts: &[u64],
) -> anyhow::Result<Vec<EncryptedValue>> {
    let public_key = std::fs::read(&material.keys.compact_public_key)?;
    let voter = Voter::new(&public_key, &material.srs)?;
    let value = |(declared, plaintext): (&trine_program::Declaration, &u64)| {
        let blocks: Vec<u64> = (0..declared.blocks).map(|block| plaintext >> (2 * block) & 3).collect();
        voter.encrypt(declared, &blocks)
    };
    Ok(circuit.inputs().iter().zip(plaintexts).map(value).collect::<Result<_, _>>()?)
}

/// Whether transactions stand on chain, read again after the last of them.
async fn stand(reader: &Account, transactions: [B256; 2]) -> anyhow::Result<bool> {
    let mut succeeded = true;
    for transaction in transactions {
        succeeded &= reader.receipt(transaction).await?.status();
    }
    Ok(succeeded)
}
