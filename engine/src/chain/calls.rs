//! Calldata of the contract, and its records, from and to the engine's types.

use super::{Fulfilment, SegmentPart};
use crate::circuit::{Registered, SegmentedRecord};
use alloy::primitives::{B256, U256};
use alloy::sol_types::SolCall;
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor;
use trine_contract::calldata::registration::segment_claim;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::registration::CircuitClaim;

/// Calldata of `fulfilSegment` for a segment, else of `fulfilCircuit` where there are key points, else of `fulfil`.
pub fn fulfil_call(fulfilment: &Fulfilment) -> Vec<u8> {
    let request_id = B256::from(fulfilment.request_id);
    let (inputs, outputs) = (points(&fulfilment.input_points), points(&fulfilment.output_points));
    let proof = fulfilment.proof.clone().into();
    match (&fulfilment.segment, &fulfilment.key_points) {
        (Some(segment), keys) => {
            let keys = keys.as_deref().map(points).unwrap_or_default();
            segment_call(fulfilment.request_id, segment, [keys, outputs, inputs], proof).abi_encode()
        }
        (None, Some(keys)) => Coprocessor::fulfilCircuitCall {
            requestId: request_id,
            keyPoints: points(keys),
            outputPoints: outputs,
            inputPoints: inputs,
            proof,
        }
        .abi_encode(),
        (None, None) => Coprocessor::fulfilCall {
            requestId: request_id,
            outputPoints: outputs,
            inputPoints: inputs,
            proof,
        }
        .abi_encode(),
    }
}

/// The call of a segment; points of key, outputs, inputs.
fn segment_call(
    request_id: Bytes32,
    segment: &SegmentPart,
    [key_points, output_points, input_points]: [Vec<[U256; 2]>; 3],
    proof: alloy::primitives::Bytes,
) -> Coprocessor::fulfilSegmentCall {
    let words = |list: &[Bytes32]| list.iter().map(|word| B256::from(*word)).collect::<Vec<_>>();
    Coprocessor::fulfilSegmentCall {
        p: ICoprocessor::SegmentProof {
            requestId: request_id.into(),
            segment: U256::from(segment.index),
            claim: segment_claim(&segment.claim),
            requestInputs: words(&segment.request_inputs),
            links: segment.links.iter().map(|digests| words(digests)).collect(),
            keyPoints: key_points,
            outputPoints: output_points,
            inputPoints: input_points,
            proof,
        },
    }
}

/// What the contract holds of a circuit of one proof.
pub fn registered_circuit(claim: ICoprocessor::CircuitClaim) -> Registered {
    Registered::Circuit(CircuitClaim {
        prog: claim.prog.to_be_bytes(),
        layouts: claim.layouts.map(|word| word.to_be_bytes()),
        log_bootstrappings: claim.logBootstrappings,
        inputs: claim.inputs,
        outputs: claim.outputs,
    })
}

/// What the contract holds of a circuit of several segments.
pub fn registered_segments(record: ICoprocessor::SegmentedRecord) -> Registered {
    Registered::Segments(SegmentedRecord {
        layouts: record.layouts.map(|word| word.to_be_bytes()),
        inputs: record.inputs,
        outputs: record.outputs,
        segments: record.segments.iter().map(|digest| digest.0).collect(),
    })
}

fn points(list: &[[Bytes32; 2]]) -> Vec<[U256; 2]> {
    list.iter().map(|[x, y]| [U256::from_be_bytes(*x), U256::from_be_bytes(*y)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;
    use alloy::sol_types::SolValue;
    use trine_verifier::bootstrapping::registration::SegmentClaim;

    fn claim() -> SegmentClaim {
        let claim = CircuitClaim {
            prog: [1; 32],
            layouts: std::array::from_fn(|i| [i as u8; 32]),
            log_bootstrappings: 4,
            inputs: 2,
            outputs: 3,
        };
        SegmentClaim { circuit_id: [7; 32], claim, sources: vec![0, 0x0102] }
    }

    fn fulfilment(segment: Option<SegmentPart>, key_points: Option<Vec<[Bytes32; 2]>>) -> Fulfilment {
        Fulfilment {
            request_id: [9; 32],
            segment,
            key_points,
            input_points: vec![[[2; 32], [3; 32]]],
            output_points: vec![[[4; 32], [5; 32]]],
            proof: vec![6; 5],
        }
    }

    #[test]
    fn the_claim_that_is_sent_is_the_one_that_is_registered() {
        // What the contract digests: `keccak256(abi.encode(claim))`.
        assert_eq!(keccak256(segment_claim(&claim()).abi_encode()).0, claim().digest());
    }

    #[test]
    fn a_segment_says_what_it_reads() {
        let part = SegmentPart {
            index: 2,
            claim: claim(),
            request_inputs: vec![[0xa; 32]],
            links: vec![vec![], vec![[0xb; 32], [0xc; 32]]],
        };
        let data = fulfil_call(&fulfilment(Some(part), Some(vec![[[0; 32]; 2]; 16])));
        let p = Coprocessor::fulfilSegmentCall::abi_decode(&data).unwrap().p;
        assert_eq!((p.requestId.0, p.segment), ([9; 32], U256::from(2)));
        assert_eq!(p.claim, segment_claim(&claim()));
        assert_eq!(p.requestInputs, [B256::repeat_byte(0xa)]);
        assert_eq!(p.links, [vec![], vec![B256::repeat_byte(0xb), B256::repeat_byte(0xc)]]);
        let byte = |byte| U256::from_be_bytes([byte; 32]);
        assert_eq!((p.keyPoints.len(), p.inputPoints[0]), (16, [byte(2), byte(3)]));
        assert_eq!((p.outputPoints[0], p.proof.to_vec()), ([byte(4), byte(5)], vec![6; 5]));
    }

    #[test]
    fn records_are_read_as_they_are() {
        let digest = B256::from(claim().digest());
        let record = ICoprocessor::SegmentedRecord {
            programId: B256::repeat_byte(1),
            layouts: segment_claim(&claim()).claim.layouts,
            inputs: 2,
            outputs: 3,
            segments: vec![digest, B256::repeat_byte(4)],
        };
        let CircuitClaim { layouts, .. } = claim().claim;
        let segments = vec![claim().digest(), [4; 32]];
        let expected = SegmentedRecord { layouts, inputs: 2, outputs: 3, segments };
        assert_eq!(registered_segments(record), Registered::Segments(expected));
        assert_eq!(registered_circuit(segment_claim(&claim()).claim), Registered::Circuit(claim().claim));
    }

    #[test]
    fn whole_programs_keep_their_calls() {
        let linear = fulfil_call(&fulfilment(None, None));
        assert!(Coprocessor::fulfilCall::abi_decode(&linear).is_ok());
        let circuit = fulfil_call(&fulfilment(None, Some(vec![])));
        assert!(Coprocessor::fulfilCircuitCall::abi_decode(&circuit).is_ok());
    }
}
