//! Calldata of the contract, and its records, from and to the engine's types.

use super::{FulfilledJob, Fulfilment};
use crate::circuit::{Registered, SegmentedRecord};
use alloy::primitives::{B256, U256};
use alloy::sol_types::SolCall;
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor;
use trine_contract::calldata::registration::segment_claim;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::registration::CircuitClaim;

/// Calldata of `fulfil` for a linear program, of `fulfilCircuit` for one circuit of one piece, else of `fulfilJobs`.
pub fn fulfil_call(fulfilment: &Fulfilment) -> Vec<u8> {
    let proof = fulfilment.proof.clone().into();
    match (&fulfilment.key_points, fulfilment.jobs.as_slice()) {
        (None, [job]) => Coprocessor::fulfilCall {
            requestId: B256::from(job.request_id),
            outputPoints: points(&job.output_points),
            inputPoints: points(&job.input_points),
            proof,
        }
        .abi_encode(),
        (Some(keys), [job]) if job.segment.is_none() => Coprocessor::fulfilCircuitCall {
            requestId: B256::from(job.request_id),
            keyPoints: points(keys),
            outputPoints: points(&job.output_points),
            inputPoints: points(&job.input_points),
            words: numbers(&job.words),
            proof,
        }
        .abi_encode(),
        (keys, jobs) => Coprocessor::fulfilJobsCall {
            jobs: jobs.iter().map(job_proof).collect(),
            keyPoints: keys.as_deref().map(points).unwrap_or_default(),
            proof,
        }
        .abi_encode(),
    }
}

/// A job among those of a proof. Of a circuit of one piece the contract reads no claim, request inputs and links.
fn job_proof(job: &FulfilledJob) -> ICoprocessor::JobProof {
    let words = |list: &[Bytes32]| list.iter().map(|word| B256::from(*word)).collect::<Vec<_>>();
    let segment = job.segment.as_ref();
    ICoprocessor::JobProof {
        requestId: job.request_id.into(),
        segment: segment.map_or(U256::ZERO, |s| U256::from(s.index)),
        claim: segment.map_or_else(no_claim, |s| segment_claim(&s.claim)),
        requestInputs: segment.map(|s| words(&s.request_inputs)).unwrap_or_default(),
        links: segment.map(|s| s.links.iter().map(|l| words(l)).collect()).unwrap_or_default(),
        words: numbers(&job.words),
        outputPoints: points(&job.output_points),
        inputPoints: points(&job.input_points),
    }
}

fn no_claim() -> ICoprocessor::SegmentClaim {
    ICoprocessor::SegmentClaim {
        circuitId: B256::ZERO,
        claim: ICoprocessor::CircuitClaim {
            program: B256::ZERO,
            layouts: [U256::ZERO; 6],
            bootstrappings: 0,
            inputs: 0,
            outputs: 0,
        },
        sources: Vec::new(),
    }
}

/// What the contract holds of a circuit of one proof.
pub fn registered_circuit(claim: ICoprocessor::CircuitClaim) -> Registered {
    Registered::Circuit(CircuitClaim {
        program: claim.program.0,
        layouts: claim.layouts.map(|word| word.to_be_bytes()),
        bootstrappings: claim.bootstrappings,
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

fn numbers(words: &[Bytes32]) -> Vec<U256> {
    words.iter().map(|word| U256::from_be_bytes(*word)).collect()
}

fn points(list: &[[Bytes32; 2]]) -> Vec<[U256; 2]> {
    list.iter().map(|[x, y]| [U256::from_be_bytes(*x), U256::from_be_bytes(*y)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::SegmentPart;
    use alloy::primitives::keccak256;
    use alloy::sol_types::SolValue;
    use trine_verifier::bootstrapping::registration::SegmentClaim;

    fn claim() -> SegmentClaim {
        let claim = CircuitClaim {
            program: [1; 32],
            layouts: std::array::from_fn(|i| [i as u8; 32]),
            bootstrappings: 4,
            inputs: 2,
            outputs: 3,
        };
        SegmentClaim { circuit_id: [7; 32], claim, sources: vec![0, 0x0102] }
    }

    fn job(request: u8, segment: Option<SegmentPart>) -> FulfilledJob {
        FulfilledJob {
            request_id: [request; 32],
            segment,
            words: vec![[request + 1; 32], [7; 32]],
            input_points: vec![[[2; 32], [3; 32]]],
            output_points: vec![[[4; 32], [5; 32]]],
        }
    }

    fn fulfilment(jobs: Vec<FulfilledJob>, key_points: Option<Vec<[Bytes32; 2]>>) -> Fulfilment {
        Fulfilment { request_id: [9; 32], jobs, key_points, proof: vec![6; 5] }
    }

    fn byte(byte: u8) -> U256 {
        U256::from_be_bytes([byte; 32])
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
        let data = fulfil_call(&fulfilment(vec![job(9, Some(part))], Some(vec![[[0; 32]; 2]; 16])));
        let call = Coprocessor::fulfilJobsCall::abi_decode(&data).unwrap();
        let [p] = &call.jobs[..] else { panic!("{} jobs", call.jobs.len()) };
        assert_eq!((p.requestId.0, p.segment), ([9; 32], U256::from(2)));
        assert_eq!(p.claim, segment_claim(&claim()));
        assert_eq!(p.requestInputs, [B256::repeat_byte(0xa)]);
        assert_eq!(p.links, [vec![], vec![B256::repeat_byte(0xb), B256::repeat_byte(0xc)]]);
        assert_eq!(p.words, [byte(10), byte(7)]);
        assert_eq!((p.outputPoints[0], p.inputPoints[0]), ([byte(4), byte(5)], [byte(2), byte(3)]));
        assert_eq!((call.keyPoints.len(), call.proof.to_vec()), (16, vec![6; 5]));
    }

    #[test]
    fn jobs_of_a_batch_stand_in_their_order_each_with_its_own_words() {
        let data = fulfil_call(&fulfilment(vec![job(9, None), job(8, None)], Some(vec![])));
        let call = Coprocessor::fulfilJobsCall::abi_decode(&data).unwrap();
        let requests: Vec<_> = call.jobs.iter().map(|p| (p.requestId.0, p.segment, p.words[0])).collect();
        assert_eq!(requests, [([9; 32], U256::ZERO, byte(10)), ([8; 32], U256::ZERO, byte(9))]);
        assert!(call.jobs.iter().all(|p| p.links.is_empty() && p.claim == no_claim()));
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
    fn whole_programs_have_calls_of_their_own() {
        let linear = fulfil_call(&fulfilment(vec![job(9, None)], None));
        assert!(Coprocessor::fulfilCall::abi_decode(&linear).is_ok());
        let circuit = fulfil_call(&fulfilment(vec![job(9, None)], Some(vec![])));
        let circuit = Coprocessor::fulfilCircuitCall::abi_decode(&circuit).unwrap();
        assert_eq!(circuit.words, [byte(10), byte(7)]);
    }
}
