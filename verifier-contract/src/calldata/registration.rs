//! What `registerCircuit` and `registerSegments` take, from the definition that everybody recomputes.

use crate::bindings::ICoprocessor;
use alloy::primitives::U256;
use trine_verifier::bootstrapping::registration::{CircuitClaim, SegmentClaim};

/// The claim about a circuit that one proof covers.
pub fn circuit_claim(claim: &CircuitClaim) -> ICoprocessor::CircuitClaim {
    ICoprocessor::CircuitClaim {
        program: claim.program.into(),
        layouts: claim.layouts.map(U256::from_be_bytes),
        bootstrappings: claim.bootstrappings,
        inputs: claim.inputs,
        outputs: claim.outputs,
    }
}

/// The claim about a segment, which `fulfilJobs` takes again.
pub fn segment_claim(segment: &SegmentClaim) -> ICoprocessor::SegmentClaim {
    ICoprocessor::SegmentClaim {
        circuitId: segment.circuit_id.into(),
        claim: circuit_claim(&segment.claim),
        sources: segment.sources.clone(),
    }
}
