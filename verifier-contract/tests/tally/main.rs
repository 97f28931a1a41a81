//! A whole tally on the in-process EVM: contracts, statement digests, proof, release; gas and calldata.

mod chain;
#[path = "../committee/mod.rs"]
mod committee;
mod real;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "the generated fixtures use the rest")]
mod tiny;

use alloy::primitives::{Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent};
use chain::{Backend, Chain, STRANGER, error_name};
use committee::EPOCH;
use tiny::TinySetup;
use trine_contract::bindings::{Coprocessor, PrivateTally};
use trine_contract::calldata;

/// The tiny circuit accepts any statement; the contract still checks everything else.
impl Backend for TinySetup {
    fn verifier_hash(&self) -> [u8; 32] {
        self.deployable().verifier_hash()
    }

    fn srs_digest(&self) -> [u8; 32] {
        self.srs.digest()
    }

    fn verifier_artifact(&self) -> &'static str {
        include_str!("../../artifacts/test/TinyVerifier.json")
    }

    fn constructor_arguments(&self) -> Vec<u8> {
        Vec::new()
    }

    fn ballot(&mut self, _voter: usize) -> trine_verifier::Commitment {
        self.commitment()
    }

    fn output(&mut self, _program: &trine_program::LinearProgram) -> trine_verifier::Commitment {
        self.commitment()
    }

    fn prove(&mut self, statement: &trine_verifier::Statement) -> trine_contract::EvaluationProof {
        let digests = statement.inputs(&tiny::CLASS).unwrap();
        let job = &statement.job;
        let statement = tiny::TinyStatement {
            stmt: digests.stmt,
            shape: digests.matrix.shape,
            layouts: digests.matrix.layouts,
            prog: digests.prog,
            inputs: job.inputs.iter().map(|i| i.commitment).collect(),
            outputs: job.outputs.iter().map(|o| o.commitment).collect(),
        };
        TinySetup::prove(self, &statement).0
    }
}

fn cast_and_close(voters: usize) -> Chain<TinySetup> {
    let mut chain = Chain::new(TinySetup::new(), voters);
    chain.cast_all();
    chain.close();
    chain
}

#[test]
fn a_tally_of_fifteen_ballots_from_ballots_to_totals() {
    let mut chain = cast_and_close(15);
    let fulfil = chain.honest_fulfilment();
    let receipt = chain.send(STRANGER, chain.coprocessor, &fulfil).unwrap();
    let bytes = fulfil.abi_encode().len();
    println!("gas_fulfil {} calldata_bytes {bytes}", receipt.gas);
    assert!(receipt.gas <= 900_000, "gas_fulfil {}", receipt.gas);
    assert!(bytes <= 8_192, "calldata {bytes}");

    let event = Coprocessor::Fulfilled::decode_log(receipt.logs.last().unwrap()).unwrap();
    let output = chain.statement().job.outputs[0].handle;
    assert_eq!(event.outputs, [output], "the contract computes the handle of the native definition");

    chain.allow_result(output.into());
    let totals = [3u64, 7, 5];
    let signature = chain.sign(EPOCH, output, &totals);
    let accept = chain.accept_call(&totals, signature);
    let receipt = chain.send(STRANGER, chain.tally, &accept).unwrap();
    println!("gas_release {}", receipt.gas);
    let result = PrivateTally::Result::decode_log(receipt.logs.last().unwrap()).unwrap();
    assert_eq!(result.totals, totals.map(U256::from));
}

#[test]
fn fewer_voters_shift_no_power() {
    for voters in [2, 12, 14] {
        let mut chain = cast_and_close(voters);
        let fulfil = chain.honest_fulfilment();
        let receipt = chain.send(STRANGER, chain.coprocessor, &fulfil).unwrap();
        println!("{voters} inputs: gas_fulfil {}", receipt.gas);
    }
}

#[test]
fn a_fulfilment_counts_once() {
    let mut chain = cast_and_close(12);
    let fulfil = chain.honest_fulfilment();
    chain.send(STRANGER, chain.coprocessor, &fulfil).unwrap();
    assert_eq!(error_name(chain.send(STRANGER, chain.coprocessor, &fulfil)), "AlreadyFulfilled");
    let malleated = chain.malleated(&fulfil);
    assert_ne!(malleated.proof, fulfil.proof);
    assert_eq!(error_name(chain.send(STRANGER, chain.coprocessor, &malleated)), "AlreadyFulfilled");
}

#[test]
fn a_malleated_proof_is_a_proof_before_the_fulfilment() {
    let mut chain = cast_and_close(12);
    let honest = chain.honest_fulfilment();
    let malleated = chain.malleated(&honest);
    chain.send(STRANGER, chain.coprocessor, &malleated).unwrap();
}

#[test]
fn a_proof_of_another_statement_is_rejected() {
    type Change = fn(&mut trine_verifier::Statement);
    let changes: [(&str, Change); 7] = [
        ("chain", |s| s.domain.chain_id += 1),
        ("contract", |s| s.domain.coprocessor[0] ^= 1),
        ("verifier", |s| s.domain.verifier_hash[31] ^= 1),
        ("key", |s| s.domain.key_digest[0] ^= 1),
        ("request", |s| s.job.request_id[0] ^= 1),
        ("salt", |s| s.job.salt[0] ^= 1),
        ("output handle", |s| s.job.outputs[0].handle[0] ^= 1),
    ];
    for (what, change) in changes {
        let mut chain = cast_and_close(3);
        let mut statement = chain.statement();
        change(&mut statement);
        let fulfil = chain.fulfilment(&statement);
        let name = error_name(chain.send(STRANGER, chain.coprocessor, &fulfil));
        assert_eq!(name, "PairingMismatch", "{what}");
    }
}

#[test]
fn each_part_of_the_calldata_has_its_error() {
    let mut chain = cast_and_close(12);
    let honest = chain.honest_fulfilment();
    let mut expect = |name: &str, change: &dyn Fn(&mut Coprocessor::fulfilCall)| {
        let mut call = honest.clone();
        change(&mut call);
        assert_eq!(error_name(chain.send(STRANGER, chain.coprocessor, &call)), name);
    };
    let order = U256::from_be_slice(
        &hex::decode("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001").unwrap(),
    );
    let word = |index: usize| 4 + 32 * index..36 + 32 * index;
    let add = move |proof: &mut Bytes, index: usize, value: U256| {
        let mut bytes = proof.to_vec();
        let raised = U256::from_be_slice(&bytes[word(index)]).wrapping_add(value);
        bytes[word(index)].copy_from_slice(&raised.to_be_bytes::<32>());
        *proof = bytes.into();
    };
    expect("UnknownRequest", &|c| c.requestId = [1; 32].into());
    expect("OutputCount", &|c| c.outputPoints.clear());
    expect("InvalidCommitment", &|c| c.outputPoints[0] = [U256::ZERO; 2]);
    expect("PairingMismatch", &|c| c.outputPoints[0] = c.inputPoints[0]);
    expect("InputCount", &|c| c.inputPoints.truncate(3));
    expect("InputPointsMismatch", &|c| c.inputPoints.swap(0, 1));
    expect("ProofLength", &|c| c.proof = c.proof.slice(..c.proof.len() - 1));
    expect("WrongVerifier", &|c| {
        let mut bytes = c.proof.to_vec();
        bytes[0] ^= 1;
        c.proof = bytes.into();
    });
    // Commitment, opening, Groth16 point, public input.
    expect("PointNotOnCurve", &|c| add(&mut c.proof, 8, U256::from(1)));
    expect("PointNotOnCurve", &|c| add(&mut c.proof, 28, U256::from(1)));
    expect("PointNotOnCurve", &|c| add(&mut c.proof, 0, U256::from(1)));
    expect("PairingMismatch", &|c| add(&mut c.proof, 32, U256::from(1)));
    expect("ScalarTooLarge", &|c| add(&mut c.proof, 35, order));
    // The honest one is still accepted: nothing above left a trace.
    chain.send(STRANGER, chain.coprocessor, &honest).unwrap();
}

#[test]
fn releases_need_the_committees_signature_of_this_result() {
    let mut chain = cast_and_close(3);
    let fulfil = chain.honest_fulfilment();
    chain.send(STRANGER, chain.coprocessor, &fulfil).unwrap();
    let output = chain.statement().job.outputs[0].handle;
    chain.allow_result(output.into());
    let totals = [1u64, 2, 0];
    let honest = chain.sign(EPOCH, output, &totals);
    let mut expect = |name: &str, totals: &[u64], signature: Vec<u8>| {
        let call = chain.accept_call(totals, signature);
        assert_eq!(error_name(chain.send(STRANGER, chain.tally, &call)), name);
    };
    expect("SignatureMismatch", &[1, 2, 1], honest.clone());
    expect("TotalsCount", &[1, 2], honest.clone());
    expect("SignatureLength", &totals, honest[1..].to_vec());
    expect("SignatureIsInfinity", &totals, vec![0; 256]);
    expect("SignatureNotInGroup", &totals, vec![1; 256]);
    let call = chain.accept_call(&totals, honest);
    chain.send(STRANGER, chain.tally, &call).unwrap();
    assert_eq!(error_name(chain.send(STRANGER, chain.tally, &call)), "WrongPhase");
}

proptest::proptest! {
    #[test]
    fn hostile_proof_bytes_are_an_error_not_a_panic(bytes in proptest::collection::vec(0u8.., 1188)) {
        let read = trine_contract::EvaluationProof::from_bytes(&tiny::CLASS, &[0; 32], &bytes);
        proptest::prop_assert!(read.is_err());
    }
}

#[test]
fn proof_bytes_read_back() {
    let mut chain = cast_and_close(3);
    let statement = chain.statement();
    let proof = Backend::prove(&mut chain.backend, &statement);
    let hash = chain.backend.verifier_hash();
    let bytes = proof.to_bytes(&tiny::CLASS, &hash).unwrap();
    assert_eq!(bytes.len(), 1188);
    let read = trine_contract::EvaluationProof::from_bytes(&tiny::CLASS, &hash, &bytes).unwrap();
    assert_eq!(read, proof);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x80;
        if let Ok(other) = trine_contract::EvaluationProof::from_bytes(&tiny::CLASS, &hash, &changed) {
            assert_ne!(other, proof, "byte {place}");
        }
        let cut = trine_contract::EvaluationProof::from_bytes(&tiny::CLASS, &hash, &bytes[..place]);
        assert!(matches!(cut, Err(calldata::CalldataError::Length { .. })));
    }
}
