//! A tally on the in-process EVM: the contracts of a cluster without its node, gas as a node counts it.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent};
use anyhow::{Context, ensure};
use rand::rngs::OsRng;
use trine::ballot::CANDIDATES;
use trine::cluster::layout::{CHAIN_ID, EPOCH};
use trine::cluster::preparation::Material;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier, PrivateTally, ReleaseVerifier};
use trine_contract::calldata::{points, scalar};
use trine_contract::evm::{Evm, Receipt};
use trine_keyholder::protocol::attest::{Release, ReleaseDomain};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::{CommitteeRecord, NodeSecrets, deal};
use trine_program::LinearProgram;
use trine_verifier::program::ProgramMatrix;
use trine_verifier::{Class, Commitment};

const OWNER: Address = Address::repeat_byte(0x11);
const ANYBODY: Address = Address::repeat_byte(0x99);
/// Timestamp of the last block that takes ballots; the EVM starts at 1.
const DEADLINE: u64 = 1_000;
/// Scheme of the key digest.
const KEY_SCHEME: &str = "trine.key.blake3.v1";

/// The contracts, a committee that can sign, and one tally.
pub struct EvmTally {
    evm: Evm,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// The consumer.
    pub tally: Address,
    release_verifier: Address,
    record: CommitteeRecord,
    nodes: Vec<NodeSecrets>,
}

impl EvmTally {
    /// Deploys everything for `program`, whose inputs are the ballots of as many voters.
    pub fn new(material: &Material, program: &LinearProgram) -> anyhow::Result<Self> {
        let dealer = material.keys.read_dealer()?;
        let secret = dealer.squashing_secret();
        let (record, nodes) = deal(CommitteeSize::FOUR, EPOCH, material.key_digest.0, &secret, &mut OsRng)?;

        let mut evm = Evm::new(CHAIN_ID);
        let arguments = EvaluationVerifier::constructorCall { acceptDevelopment: true };
        let (verifier, _) = evm.deploy(OWNER, &EvaluationVerifier::BYTECODE, &arguments)?;
        let (hash, _) = evm.send(OWNER, verifier, &EvaluationVerifier::VERIFIER_HASHCall {})?;
        ensure!(
            hash == material.verifier_hash,
            "the compiled contract verifies for {hash}, the proving key is for {}",
            material.verifier_hash
        );
        let arguments = ReleaseVerifier::constructorCall { firstOwner: OWNER };
        let (release_verifier, _) = evm.deploy(OWNER, &ReleaseVerifier::BYTECODE, &arguments)?;
        let arguments = Coprocessor::constructorCall {
            proofVerifier: verifier,
            verifierGateway: Address::ZERO,
            releaseContract: release_verifier,
        };
        let (coprocessor, _) = evm.deploy(OWNER, &Coprocessor::BYTECODE, &arguments)?;
        let epoch = ReleaseVerifier::registerEpochCall {
            epoch: U256::from(EPOCH),
            publicKey: record.committee_key.public_key_eip2537()?.to_vec().into(),
            threshold: u16::try_from(record.size.quorum())?,
            nodes: record.size.nodes().into(),
        };
        evm.send(OWNER, release_verifier, &epoch)?;

        let scheme = alloy::primitives::keccak256(KEY_SCHEME);
        let key = Coprocessor::registerKeyCall { keyDigest: material.key_digest, scheme };
        evm.send(OWNER, coprocessor, &key)?;
        let (reference, _) = evm.send(OWNER, coprocessor, &register_program(program)?)?;
        let arguments = PrivateTally::constructorCall {
            coprocessorContract: coprocessor,
            releaseContract: release_verifier,
            program: reference,
            key: material.key_digest,
            candidateCount: CANDIDATES,
            roll: (0..program.inputs().len()).map(voter).collect(),
            lastVote: DEADLINE,
        };
        let (tally, _) = evm.deploy(OWNER, &PrivateTally::BYTECODE, &arguments)?;
        Ok(Self { evm, coprocessor, tally, release_verifier, record, nodes })
    }

    /// Casts a ballot; returns its handle and the gas.
    pub fn vote(&mut self, index: usize, commitment: &Commitment) -> anyhow::Result<(B256, u64)> {
        self.evm.advance(1);
        let point = commitment.xy().map(U256::from_be_bytes);
        let (handle, receipt) = self.evm.send(voter(index), self.tally, &PrivateTally::voteCall { point })?;
        Ok((handle, receipt.gas))
    }

    /// Ends the tally; returns the request's event and the gas.
    pub fn close(&mut self) -> anyhow::Result<(Coprocessor::Requested, u64)> {
        self.evm.advance(1);
        let (_, receipt) = self.evm.send(ANYBODY, self.tally, &PrivateTally::closeCall {})?;
        Ok((event(&receipt)?, receipt.gas))
    }

    /// Fulfils the request; returns the output handles and the gas.
    pub fn fulfil(&mut self, input: Bytes) -> anyhow::Result<(Vec<B256>, u64)> {
        self.evm.advance(1);
        let receipt = self.evm.send_bytes(ANYBODY, self.coprocessor, input)?;
        let event: Coprocessor::Fulfilled = event(&receipt)?;
        Ok((event.outputs, receipt.gas))
    }

    /// Allows the result, has the committee sign `totals` under it, and hands them to the tally; returns the totals of
    /// the event and the gas of the last transaction.
    pub fn release(
        &mut self,
        request_id: B256,
        handle: B256,
        totals: &[u64],
    ) -> anyhow::Result<(Vec<u64>, u64)> {
        self.evm.advance(1);
        self.evm.send(ANYBODY, self.tally, &PrivateTally::allowResultCall { handle })?;
        let call = PrivateTally::acceptResultCall {
            epoch: U256::from(EPOCH),
            totals: totals.iter().map(|t| U256::from(*t)).collect(),
            signature: self.sign(request_id, handle, totals)?,
        };
        self.evm.advance(1);
        let (_, receipt) = self.evm.send(ANYBODY, self.tally, &call)?;
        let event: PrivateTally::Result = event(&receipt)?;
        Ok((event.totals.iter().map(|t| t.saturating_to()).collect(), receipt.gas))
    }

    /// Signature shares of a quorum, combined.
    fn sign(&self, request_id: B256, handle: B256, totals: &[u64]) -> anyhow::Result<Bytes> {
        let release = Release {
            epoch: EPOCH,
            request_id: request_id.0,
            handles: vec![handle.0],
            plaintexts: totals.iter().map(|t| u8::try_from(*t)).collect::<Result<_, _>>()?,
        };
        let verifying_contract = self.release_verifier.0.0;
        let digest = release.digest(ReleaseDomain { chain_id: CHAIN_ID, verifying_contract });
        let key = &self.record.committee_key;
        let shares = self
            .nodes
            .iter()
            .take(self.record.size.quorum())
            .map(|n| key.verify_share(n.key_share.node(), &digest, &n.signing_share.sign(&digest)?))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(key.combine(&shares)?.eip2537()?.to_vec().into())
    }
}

fn register_program(program: &LinearProgram) -> anyhow::Result<Coprocessor::registerProgramCall> {
    let matrix = ProgramMatrix::new(&Class::SLICE, program)?;
    let [layout_0, layout_1] = matrix.layouts.map(|l| scalar(&l));
    Ok(Coprocessor::registerProgramCall {
        text: program.to_text().into_bytes().into(),
        prog: scalar(&matrix.digest()),
        layout0: layout_0,
        layout1: layout_1,
        inputs: u8::try_from(program.inputs().len())?,
        outputs: u8::try_from(program.outputs().len())?,
    })
}

/// Calldata of the fulfilment.
pub fn fulfil_input<'a>(
    request_id: B256,
    outputs: impl IntoIterator<Item = &'a Commitment>,
    inputs: impl IntoIterator<Item = &'a Commitment>,
    proof: Vec<u8>,
) -> Bytes {
    let (output_points, input_points) = (points(outputs), points(inputs));
    let call = Coprocessor::fulfilCall {
        requestId: request_id,
        outputPoints: output_points,
        inputPoints: input_points,
        proof: proof.into(),
    };
    call.abi_encode().into()
}

fn event<E: SolEvent>(receipt: &Receipt) -> anyhow::Result<E> {
    let found = receipt.logs.iter().find_map(|log| E::decode_log(log).ok());
    Ok(found.with_context(|| format!("no event {}", E::SIGNATURE))?.data)
}

fn voter(index: usize) -> Address {
    Address::with_last_byte(0x20 + u8::try_from(index).unwrap_or(u8::MAX))
}
