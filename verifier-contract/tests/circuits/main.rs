//! Circuits of bootstrappings on the in-process EVM: statement digests, proofs, attacks, gas and calldata.

mod attacks;
mod batches;
mod chain;
#[path = "../committee/mod.rs"]
mod committee;
mod releases;
mod segments;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "the linear tests use the rest")]
mod tiny;

use alloy::primitives::{B256, U256};
use alloy::sol_types::{SolCall, SolEvent};
use chain::{CONSUMER, Chain, STRANGER, claim, error_name};
use tiny::TinySetup;
use tiny::circuit::{PARAMETERS, casting_circuit, circuit, statement};
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::CalldataError;
use trine_contract::calldata::circuit::{CircuitWrapProof, key_points, proof_bytes};
use trine_contract::calldata::points;
use trine_verifier::bootstrapping::Shape;

/// Ceilings of the gas of `fulfilCircuit` and of its calldata, by bootstrappings, with 12 inputs and 2 outputs.
const CEILINGS: [(usize, u64, usize); 2] = [(8, 1_250_000, 4_600), (16, 1_350_000, 5_500)];

#[test]
fn circuits_from_ciphertexts_to_proven_values() {
    for (bootstrappings, most_gas, most_bytes) in CEILINGS {
        let mut chain = Chain::new(true);
        let circuit = circuit(bootstrappings, 12, 2);
        let asked = chain.ask(&circuit);
        let call = chain.fulfilment(&asked);
        let receipt = chain.fulfil(&call).unwrap();
        let bytes = call.abi_encode().len();
        println!(
            "{bootstrappings} bootstrappings: gas_fulfil_circuit {} calldata_bytes {bytes} proof_bytes {}",
            receipt.gas,
            call.proof.len()
        );
        assert!(receipt.gas <= most_gas, "gas_fulfil_circuit {}", receipt.gas);
        assert!(bytes <= most_bytes, "calldata {bytes}");

        let event = Coprocessor::Fulfilled::decode_log(receipt.logs.last().unwrap()).unwrap();
        let outputs: Vec<_> = asked.job().outputs.iter().map(|o| o.handle).collect();
        assert_eq!(event.outputs, outputs, "the contract computes the handles of the native definition");
        let record = Coprocessor::handleRecordCall { handle: outputs[1].into() };
        let record = chain.evm.send(STRANGER, chain.coprocessor, &record).unwrap().0;
        assert_eq!((record.requestId, record.index, record.consumer), (asked.request_id, 1, CONSUMER));
        assert_eq!(record.state, 2, "proven");
        // A request is fulfilled once.
        assert_eq!(error_name(chain.fulfil(&call)), "AlreadyFulfilled");
    }
}

#[test]
fn every_size_has_its_proof() {
    for (bootstrappings, inputs, outputs) in [(1, 1, 1), (2, 3, 1), (3, 16, 16), (16, 64, 16)] {
        let mut chain = Chain::new(false);
        let asked = chain.ask(&circuit(bootstrappings, inputs, outputs));
        let call = chain.fulfilment(&asked);
        let receipt = chain.fulfil(&call).unwrap();
        println!("{bootstrappings} / {inputs} / {outputs}: gas_fulfil_circuit {}", receipt.gas);
        assert!(receipt.gas <= 3_050_000, "gas_fulfil_circuit {}", receipt.gas);
    }
}

/// Outputs of one request are inputs of the next, in any order.
#[test]
fn proven_values_are_inputs() {
    let mut chain = Chain::new(true);
    let first = chain.ask(&circuit(2, 1, 2));
    let call = chain.fulfilment(&first);
    chain.fulfil(&call).unwrap();
    let [a, b] = first.job().outputs[..] else { panic!("two outputs") };
    let next = circuit(3, 2, 1);
    let reference = chain.register_circuit(&next);
    let asked = chain.ask_over(reference, &next, vec![b, a]);
    let call = chain.fulfilment(&asked);
    chain.fulfil(&call).unwrap();
}

#[test]
fn a_key_without_a_casting_key() {
    let circuit = casting_circuit();
    let mut chain = Chain::new(true);
    let asked = chain.ask(&circuit);
    let call = chain.fulfilment(&asked);
    chain.fulfil(&call).unwrap();

    let mut chain = Chain::new(false);
    let asked = chain.ask(&circuit);
    let proven = statement(&mut chain.setup, &circuit, false);
    let mut call = chain.fulfilment_of(&asked, &proven);
    call.keyPoints = key_points(&asked.statement.keys);
    call.inputPoints = points(asked.job().inputs.iter().map(|input| &input.commitment));
    assert_eq!(error_name(chain.fulfil(&call)), "NoCastingKey");
}

/// Each part of a claim is part of the reference.
#[test]
fn a_reference_binds_the_claim() {
    let mut chain = Chain::new(true);
    let small = circuit(3, 2, 2);
    let honest = claim(&small);
    let text = small.to_text().into_bytes();
    let mut references = vec![chain.register_circuit(&small)];
    let mut changes = vec![honest.clone(); 4];
    changes[0].program = !changes[0].program;
    changes[1].bootstrappings -= 1;
    changes[2].layouts[0] ^= U256::from(1u64 << 8);
    (changes[3].inputs, changes[3].outputs) = (1, 3);
    for claim in changes {
        let call = Coprocessor::registerCircuitCall { text: text.clone().into(), claim };
        references.push(chain.evm.send(STRANGER, chain.coprocessor, &call).unwrap().0);
    }
    references.sort();
    references.dedup();
    assert_eq!(references.len(), 5);
    let call = Coprocessor::registerCircuitCall { text: text.into(), claim: honest };
    let again = chain.evm.send(STRANGER, chain.coprocessor, &call).map(|(_, receipt)| receipt);
    assert_eq!(error_name(again), "ProgramAlreadyRegistered");
    let kind = Coprocessor::circuitRecordCall { programRef: references[0] };
    assert!(chain.evm.send(STRANGER, chain.coprocessor, &kind).is_ok());
    let linear = Coprocessor::programRecordCall { programRef: references[0] };
    let refused = chain.evm.send(STRANGER, chain.coprocessor, &linear).map(|(_, receipt)| receipt);
    assert_eq!(error_name(refused), "ProgramKindMismatch");
    let unknown = Coprocessor::circuitRecordCall { programRef: B256::ZERO };
    let refused = chain.evm.send(STRANGER, chain.coprocessor, &unknown).map(|(_, receipt)| receipt);
    assert_eq!(error_name(refused), "UnknownProgram");
}

#[test]
fn proof_bytes_read_back() {
    let mut setup = TinySetup::for_circuits();
    let tiny = statement(&mut setup, &circuit(8, 2, 1), true);
    let (proof, _) = setup.prove_circuit(&tiny);
    let hash = setup.deployable_for_circuits().verifier_hash();
    let bytes = proof.to_bytes(&tiny.shape, &hash).unwrap();
    assert_eq!(bytes.len(), proof_bytes(&tiny.shape));
    assert_eq!(CircuitWrapProof::from_bytes(&tiny.shape, &hash, &bytes).unwrap(), proof);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x80;
        if let Ok(other) = CircuitWrapProof::from_bytes(&tiny.shape, &hash, &changed) {
            assert_ne!(other, proof, "byte {place}");
        }
        let cut = CircuitWrapProof::from_bytes(&tiny.shape, &hash, &bytes[..place]);
        assert!(matches!(cut, Err(CalldataError::Length { .. })));
    }
    // A proof of another shape has another length, or another number of points.
    let other = Shape::of(PARAMETERS, 16, vec![3; 2], vec![3]).unwrap();
    let read = CircuitWrapProof::from_bytes(&other, &hash, &bytes);
    assert!(matches!(read, Err(CalldataError::Length { .. })));
    assert!(matches!(proof.to_bytes(&other, &hash), Err(CalldataError::Count { field: "columns", .. })));
}

proptest::proptest! {
    #[test]
    fn hostile_proof_bytes_are_an_error_not_a_panic(bytes in proptest::collection::vec(0u8.., 1700)) {
        let shape = Shape::of(PARAMETERS, 8, vec![3; 2], vec![3]).unwrap();
        let length = proof_bytes(&shape);
        let mut bytes = bytes;
        bytes.resize(length, 0);
        bytes[..4].fill(0);
        let read = CircuitWrapProof::from_bytes(&shape, &[0; 32], &bytes);
        proptest::prop_assert!(read.is_err());
    }
}
