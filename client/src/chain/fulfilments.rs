//! Transactions that fulfil requests for circuits, from their input: which jobs they bring a proof of.

use alloy::primitives::{B256, Bytes, U256};
use alloy::sol_types::SolCall;
use trine_contract::bindings::Coprocessor::{fulfilCircuitCall, fulfilJobsCall};
use trine_contract::bindings::coprocessor::ICoprocessor::JobProof;

/// A job of a fulfilment, as its transaction names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfilledJob {
    /// The request.
    pub request_id: B256,
    /// Place of the segment in the job; else 0.
    pub segment: U256,
    /// Words of its program.
    pub words: Vec<U256>,
    /// Commitments of its inputs.
    pub inputs: Vec<[U256; 2]>,
    /// Commitments of its outputs.
    pub outputs: Vec<[U256; 2]>,
}

/// A call of `fulfilJobs`, to be taken apart and put together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobsMessage {
    /// The jobs in the order of the proof.
    pub jobs: Vec<JobProof>,
    /// Commitments of the evaluation key.
    pub key_points: Vec<[U256; 2]>,
    /// The proof.
    pub proof: Bytes,
}

impl JobsMessage {
    /// From calldata of that call, of exactly its length.
    pub fn decode(input: &[u8]) -> Option<Self> {
        let fulfilJobsCall { jobs, keyPoints: key_points, proof } = fulfilJobsCall::abi_decode(input).ok()?;
        Some(Self { jobs, key_points, proof })
    }

    /// The calldata.
    pub fn encode(&self) -> Bytes {
        let Self { jobs, key_points, proof } = self.clone();
        fulfilJobsCall { jobs, keyPoints: key_points, proof }.abi_encode().into()
    }
}

/// The jobs of a call of `fulfilCircuit` or `fulfilJobs`; of any other call nothing.
pub fn jobs_of_call(input: &[u8]) -> Option<Vec<FulfilledJob>> {
    if let Ok(call) = fulfilCircuitCall::abi_decode(input) {
        return Some(vec![FulfilledJob {
            request_id: call.requestId,
            segment: U256::ZERO,
            words: call.words,
            inputs: call.inputPoints,
            outputs: call.outputPoints,
        }]);
    }
    let job = |job: JobProof| FulfilledJob {
        request_id: job.requestId,
        segment: job.segment,
        words: job.words,
        inputs: job.inputPoints,
        outputs: job.outputPoints,
    };
    Some(JobsMessage::decode(input)?.jobs.into_iter().map(job).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_contract::bindings::coprocessor::ICoprocessor::{CircuitClaim, SegmentClaim};

    fn point(word: u64) -> [U256; 2] {
        [U256::from(word), U256::from(word + 1)]
    }

    fn job(request: u8, segment: u64) -> JobProof {
        let claim = CircuitClaim {
            program: B256::ZERO,
            layouts: [U256::ZERO; 6],
            bootstrappings: 0,
            inputs: 0,
            outputs: 0,
        };
        JobProof {
            requestId: B256::repeat_byte(request),
            segment: U256::from(segment),
            claim: SegmentClaim { circuitId: B256::ZERO, claim, sources: vec![] },
            requestInputs: vec![],
            links: vec![],
            words: vec![U256::from(request)],
            outputPoints: vec![point(1)],
            inputPoints: vec![point(3), point(5)],
        }
    }

    #[test]
    fn both_calls_name_their_jobs_and_others_none() {
        let of_one = fulfilCircuitCall {
            requestId: B256::repeat_byte(7),
            keyPoints: vec![point(9)],
            outputPoints: vec![point(1)],
            inputPoints: vec![point(3), point(5)],
            words: vec![U256::from(7)],
            proof: Bytes::new(),
        };
        let expected = FulfilledJob {
            request_id: B256::repeat_byte(7),
            segment: U256::ZERO,
            words: vec![U256::from(7)],
            inputs: vec![point(3), point(5)],
            outputs: vec![point(1)],
        };
        let input = of_one.abi_encode();
        assert_eq!(jobs_of_call(&input), Some(vec![expected.clone()]));
        assert_eq!(jobs_of_call(&input[..input.len() - 1]), None);

        let jobs = vec![job(7, 0), job(8, 2)];
        let of_two = JobsMessage { jobs, key_points: vec![], proof: Bytes::new() };
        let second = FulfilledJob {
            request_id: B256::repeat_byte(8),
            segment: U256::from(2),
            words: vec![U256::from(8)],
            ..expected.clone()
        };
        assert_eq!(jobs_of_call(&of_two.encode()), Some(vec![expected, second]));
        assert_eq!(JobsMessage::decode(&of_two.encode()), Some(of_two));
        assert_eq!(jobs_of_call(&[]), None);
        assert_eq!(jobs_of_call(&[1, 2, 3, 4, 5]), None);
    }
}
