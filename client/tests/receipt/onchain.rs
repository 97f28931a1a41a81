//! A receipt against what a chain says about its request: every altered fact is refused by name.

use crate::fixture::{REQUEST, VERIFIER, fixture};
use alloy::primitives::{Address, B256, U256, keccak256};
use trine::facts::{FULFILLED, FulfilmentFacts, PROVEN, ProgramFacts, REGISTERED, VerifierFacts};
use trine::receipt::comparison::{ChainFacts, OnChainError, compare, compare_release};
use trine::receipt::file::{Receipt, ReceiptOrigin, ReceiptRecord, ReceiptRelease};
use trine::receipt::{VerifiedInputs, VerifiedReceipt, verify};
use trine_contract::bindings::ICoprocessor::{
    CircuitClaim, CircuitRecord, HandleRecord, ProgramRecord, RequestRecord,
};
use trine_contract::calldata::scalar;

const CONSUMER: Address = Address::repeat_byte(4);

fn verified() -> VerifiedReceipt {
    verify(&fixture().receipt, &fixture().trusted).unwrap()
}

/// What an honest chain says, from the receipt's own content.
fn honest() -> ChainFacts {
    let (receipt, verified) = (&fixture().receipt, verified());
    let VerifiedInputs::Linear(public) = &verified.public else { panic!("a linear program") };
    let handles: Vec<B256> = receipt.inputs.iter().map(|r| r.handle).collect();
    let digests: Vec<B256> = verified.inputs.iter().map(|i| i.commitment.digest().into()).collect();
    let outputs: Vec<B256> = verified.outputs.iter().map(|o| o.commitment.digest().into()).collect();
    ChainFacts {
        chain_id: receipt.domain.chain_id,
        verifier: VerifierFacts {
            address: Address::repeat_byte(2),
            hash: VERIFIER.into(),
            srs_digest: receipt.domain.srs_digest,
            parameter_set_id: receipt.domain.parameter_set_id,
        },
        request: RequestRecord {
            consumer: CONSUMER,
            state: FULFILLED,
            fulfilledAt: Default::default(),
            programRef: B256::repeat_byte(3),
            keyDigest: receipt.domain.key_digest,
            salt: receipt.salt,
            inputsHash: keccak256(handles.concat()),
            commitmentsHash: keccak256(digests.concat()),
        },
        program: ProgramFacts::Linear(ProgramRecord {
            programId: keccak256(receipt.program.as_bytes()),
            prog: scalar(&public.prog),
            layout0: scalar(&public.layouts[0]),
            layout1: scalar(&public.layouts[1]),
            inputs: 12,
            outputs: 1,
        }),
        requested: handles,
        segments: vec![],
        fulfilment: FulfilmentFacts {
            outputs: receipt.outputs.iter().map(|r| r.handle).collect(),
            points: receipt.outputs.iter().map(|r| r.commitment.map(|w| U256::from_be_bytes(w.0))).collect(),
            transaction: B256::repeat_byte(9),
            block: 7,
            jobs: None,
        },
        inputs: receipt.inputs.iter().zip(&digests).map(|(r, d)| on_chain(r, *d)).collect(),
        outputs: receipt.outputs.iter().zip(&outputs).map(|(r, d)| on_chain(r, *d)).collect(),
    }
}

fn on_chain(record: &ReceiptRecord, commitment_digest: B256) -> HandleRecord {
    let (state, registrant, request) = match record.origin {
        ReceiptOrigin::Input { registrant, .. } => (REGISTERED, registrant, B256::ZERO),
        ReceiptOrigin::Output { request_id, .. } => (PROVEN, Address::ZERO, request_id),
    };
    HandleRecord {
        state,
        consumer: CONSUMER,
        released: false,
        keyDigest: fixture().receipt.domain.key_digest,
        keyKind: record.key_kind.code(),
        valueType: record.value_type.code(),
        blocks: record.blocks,
        commitmentDigest: commitment_digest,
        registrant,
        requestId: request,
        index: 0,
    }
}

fn refusal(alter: impl FnOnce(&mut ChainFacts)) -> OnChainError {
    let mut facts = honest();
    alter(&mut facts);
    compare(&fixture().receipt, &verified(), &facts).unwrap_err()
}

#[test]
fn an_honest_chain_agrees() {
    compare(&fixture().receipt, &verified(), &honest()).unwrap();
    let named = Receipt { fulfil_tx: Some(B256::repeat_byte(9)), ..fixture().receipt.clone() };
    compare(&named, &verified(), &honest()).unwrap();
}

#[test]
fn another_chain_or_verifier_is_refused() {
    assert!(matches!(refusal(|f| f.chain_id = 1), OnChainError::ChainId { got: 1, .. }));
    let other = B256::repeat_byte(0xee);
    for (alter, named) in [
        ((|v, o| v.hash = o) as fn(&mut VerifierFacts, B256), "hash"),
        (|v, o| v.srs_digest = o, "SRS digest"),
        (|v, o| v.parameter_set_id = o, "parameter set id"),
    ] {
        let error = refusal(|f| alter(&mut f.verifier, other));
        assert!(matches!(error, OnChainError::Verifier { field, .. } if field == named), "{error}");
    }
}

#[test]
fn another_request_is_refused() {
    assert!(matches!(refusal(|f| f.request.state = 1), OnChainError::NotFulfilled));
    let other = B256::repeat_byte(0xee);
    for (alter, named) in [
        ((|r, o| r.keyDigest = o) as fn(&mut RequestRecord, B256), "key"),
        (|r, o| r.salt = o, "salt"),
        (|r, o| r.inputsHash = o, "hash of the inputs"),
        (|r, o| r.commitmentsHash = o, "hash of the commitments"),
    ] {
        let error = refusal(|f| alter(&mut f.request, other));
        assert!(matches!(error, OnChainError::Request { field, .. } if field == named), "{error}");
    }
    assert!(matches!(refusal(|f| f.requested.swap(0, 1)), OnChainError::RequestedInputs));
}

#[test]
fn another_program_is_refused() {
    for (alter, named) in [
        ((|p| p.programId = B256::ZERO) as fn(&mut ProgramRecord), "id"),
        (|p| p.prog += U256::from(1), "digest"),
        (|p| p.layout0 += U256::from(1), "first layout"),
        (|p| p.layout1 += U256::from(1), "second layout"),
        (|p| p.inputs -= 1, "number of inputs"),
        (|p| p.outputs += 1, "number of outputs"),
    ] {
        let error = refusal(|f| {
            let ProgramFacts::Linear(program) = &mut f.program else { panic!("a linear program") };
            alter(program);
        });
        assert!(matches!(error, OnChainError::Program { field, .. } if field == named), "{error}");
    }
}

/// A circuit under the same reference would be another claim: nothing of the receipt says anything about it.
#[test]
fn a_program_of_the_other_kind_is_refused() {
    let claim = CircuitClaim {
        program: B256::ZERO,
        layouts: [U256::ZERO; 6],
        bootstrappings: 1,
        inputs: 12,
        outputs: 1,
    };
    let circuit = CircuitRecord { programId: keccak256(fixture().receipt.program.as_bytes()), claim };
    let error = refusal(|f| f.program = ProgramFacts::Circuit(circuit));
    assert!(matches!(error, OnChainError::ProgramKind), "{error}");
}

#[test]
fn values_recorded_otherwise_are_refused() {
    for (alter, named) in [
        ((|h| h.state = 3 - h.state) as fn(&mut HandleRecord), "origin"),
        (|h| h.consumer = Address::ZERO, "consumer"),
        (|h| h.keyDigest = B256::ZERO, "key"),
        (|h| h.keyKind += 1, "key kind"),
        (|h| h.valueType += 1, "type"),
        (|h| h.blocks += 1, "blocks"),
        (|h| h.commitmentDigest = B256::ZERO, "commitment"),
    ] {
        // The consumer of an input is part of its origin.
        let of_input = if named == "consumer" { "origin" } else { named };
        let error = refusal(|f| alter(&mut f.inputs[5]));
        assert!(
            matches!(error, OnChainError::Record { what: "input", index: 5, field } if field == of_input),
            "{error}"
        );
        let error = refusal(|f| alter(&mut f.outputs[0]));
        assert!(
            matches!(error, OnChainError::Record { what: "output", index: 0, field } if field == named),
            "{error}"
        );
    }
    let other = |f: &mut ChainFacts| f.inputs[0].registrant = Address::repeat_byte(0xee);
    assert!(matches!(refusal(other), OnChainError::Record { what: "input", index: 0, field: "origin" }));
    for alter in [(|h| h.requestId = B256::ZERO) as fn(&mut HandleRecord), |h| h.index = 1] {
        let error = refusal(|f| alter(&mut f.outputs[0]));
        assert!(matches!(error, OnChainError::Record { what: "output", field: "origin", .. }), "{error}");
    }
}

#[test]
fn another_fulfilment_is_refused() {
    let handles = |f: &mut ChainFacts| f.fulfilment.outputs[0] = B256::ZERO;
    assert!(matches!(refusal(handles), OnChainError::FulfilledOutputs { what: "handles" }));
    let fewer = |f: &mut ChainFacts| f.fulfilment.outputs.clear();
    assert!(matches!(refusal(fewer), OnChainError::FulfilledOutputs { what: "handles" }));
    let point = |f: &mut ChainFacts| f.fulfilment.points[0][1] += U256::from(1);
    assert!(matches!(refusal(point), OnChainError::FulfilledOutputs { what: "commitments" }));
    let named = Receipt { fulfil_tx: Some(B256::ZERO), ..fixture().receipt.clone() };
    let error = compare(&named, &verified(), &honest()).unwrap_err();
    assert!(matches!(error, OnChainError::FulfilTransaction { .. }));
}

#[test]
fn a_release_is_of_this_requests_outputs_and_allowed() {
    let receipt = &fixture().receipt;
    let mut facts = honest();
    let output = receipt.outputs[0].handle;
    let release = |handles: Vec<B256>| ReceiptRelease {
        release_verifier: Address::repeat_byte(3),
        epoch: 1,
        handles,
        plaintexts: vec![1, 2, 3],
        signature: vec![1; 256].into(),
        release_tx: None,
    };
    let refused = compare_release(receipt, &release(vec![output]), &facts).unwrap_err();
    assert!(matches!(refused, OnChainError::NotAllowed { handle } if handle == output));
    facts.outputs[0].released = true;
    compare_release(receipt, &release(vec![output]), &facts).unwrap();
    for handles in [vec![receipt.inputs[0].handle], vec![output, output], vec![REQUEST.into()]] {
        let index = handles.len() - 1;
        let refused = compare_release(receipt, &release(handles), &facts).unwrap_err();
        assert!(matches!(refused, OnChainError::ReleasedHandle { index: i, .. } if i == index), "{refused}");
    }
}

/// Which of its outputs a receipt shows released is the consumer's decision on chain: no more, no fewer, in their order.
#[test]
fn a_release_is_of_the_outputs_that_the_consumer_has_named() {
    let mut receipt = fixture().receipt.clone();
    let mut facts = honest();
    for place in 1..3 {
        let mut record = receipt.outputs[0].clone();
        record.handle = B256::repeat_byte(place);
        receipt.outputs.push(record);
        facts.outputs.push(facts.outputs[0].clone());
    }
    let handles = receipt.output_handles();
    let refusal = |allowed: [bool; 3], released: &[usize]| {
        let mut facts = facts.clone();
        for (output, allowed) in facts.outputs.iter_mut().zip(allowed) {
            output.released = allowed;
        }
        let release = ReceiptRelease {
            release_verifier: Address::repeat_byte(3),
            epoch: 1,
            handles: released.iter().map(|place| handles[*place]).collect(),
            plaintexts: vec![1],
            signature: vec![1; 256].into(),
            release_tx: None,
        };
        compare_release(&receipt, &release, &facts)
    };
    for (allowed, released) in
        [([true, false, false], &[0][..]), ([true, false, true], &[0, 2]), ([true; 3], &[0, 1, 2])]
    {
        refusal(allowed, released).unwrap();
    }
    let none = refusal([false; 3], &[]).unwrap_err();
    assert!(matches!(none, OnChainError::NothingReleased), "{none}");
    let sealed = refusal([true, false, true], &[0, 1, 2]).unwrap_err();
    assert!(matches!(sealed, OnChainError::NotAllowed { handle } if handle == handles[1]), "{sealed}");
    for (released, left_out) in [(&[0][..], 2), (&[2], 0)] {
        let fewer = refusal([true, false, true], released).unwrap_err();
        let expected = handles[left_out];
        assert!(matches!(fewer, OnChainError::ReleaseIncomplete { handle } if handle == expected), "{fewer}");
    }
    for released in [&[2, 0][..], &[0, 0], &[0, 2, 2]] {
        let order = refusal([true, false, true], released).unwrap_err();
        let last = released.len() - 1;
        assert!(matches!(order, OnChainError::ReleasedHandle { index, .. } if index == last), "{order}");
    }
}
