//! What `registerCircuit` and `registerSegments` take, from the definition that everybody recomputes.

use crate::bindings::ICoprocessor;
use alloy::primitives::U256;
use trine_verifier::bootstrapping::registration::{CircuitClaim, SegmentClaim};

/// The claim about a circuit that one proof covers.
pub fn circuit_claim(claim: &CircuitClaim) -> ICoprocessor::CircuitClaim {
    ICoprocessor::CircuitClaim {
        prog: U256::from_be_bytes(claim.prog),
        layouts: claim.layouts.map(U256::from_be_bytes),
        logBootstrappings: claim.log_bootstrappings,
        inputs: claim.inputs,
        outputs: claim.outputs,
    }
}

/// The claim about a segment, which `fulfilSegment` takes again.
pub fn segment_claim(segment: &SegmentClaim) -> ICoprocessor::SegmentClaim {
    ICoprocessor::SegmentClaim {
        circuitId: segment.circuit_id.into(),
        claim: circuit_claim(&segment.claim),
        sources: segment.sources.clone(),
    }
}
