//! All attacks on segments by name.

use super::scene::SegmentScene;
use super::{links, places};
use crate::attacks::registry::{Attack, attack};
use crate::attacks::report::Expectation::{self, Refused};

/// Groth16 and the opening are one batched pairing equation: one error for both.
const PAIRING: Expectation = Refused(&["PairingMismatch"]);

/// All attacks, in the order in which `all` plays them. They need no further proof.
#[rustfmt::skip]
pub const ATTACKS: &[Attack<SegmentScene>] = &[
    attack!("a-segment-left-out", Coprocessor, Refused(&["SegmentNotProven"]), places::a_segment_left_out,
        "the last segment before an earlier one that it reads is proven"),
    attack!("links-not-given", Coprocessor, Refused(&["LinksMissing"]), links::links_not_given,
        "the last segment without the links that it reads"),
    attack!("link-swapped", Coprocessor, Refused(&["LinksMismatch"]), links::link_swapped,
        "another commitment named as the link that the last segment reads"),
    attack!("link-point-swapped", Coprocessor, Refused(&["InputPointMismatch"]), links::link_point_swapped,
        "another point read by the last segment than the commitment of its link"),
    attack!("link-altered", Coprocessor, PAIRING, links::link_altered,
        "another link of the first segment than its proof is about"),
    attack!("link-released", Coprocessor, Refused(&["UnknownHandle"]), links::link_released,
        "the release of an intermediate result"),
    attack!("link-as-input", Coprocessor, Refused(&["UnknownHandle"]), links::link_as_input,
        "an intermediate result as the input of a request"),
    attack!("segment-of-another-request", Coprocessor, PAIRING, places::segment_of_another_request,
        "the proof of a segment for another request of the same circuit over the same ciphertexts"),
    attack!("claim-of-another-segment", Coprocessor, Refused(&["SegmentClaimMismatch"]), places::claim_of_another_segment,
        "the first segment under the claim of the last"),
    attack!("proof-of-another-segment", Coprocessor, Refused(&["PairingMismatch", "ProofLength"]), places::proof_of_another_segment,
        "the first segment with the proof of the last"),
    attack!("segment-proven-twice", Coprocessor, Refused(&["SegmentAlreadyProven"]), places::segment_proven_twice,
        "the first segment once more"),
    attack!("segment-beyond-the-last", Coprocessor, Refused(&["UnknownSegment"]), places::segment_beyond_the_last,
        "a segment that the circuit does not have"),
    attack!("segment-as-circuit", Coprocessor, Refused(&["ProgramKindMismatch"]), places::segment_as_circuit,
        "the last segment handed in as a circuit that one proof covers"),
    attack!("replayed-segment", Coprocessor, Refused(&["AlreadyFulfilled"]), places::replayed_segment,
        "the last segment once more, after the request is fulfilled"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::registry::selected;

    const LIST: [&str; 14] = [
        "a-segment-left-out",
        "links-not-given",
        "link-swapped",
        "link-point-swapped",
        "link-altered",
        "link-released",
        "link-as-input",
        "segment-of-another-request",
        "claim-of-another-segment",
        "proof-of-another-segment",
        "segment-proven-twice",
        "segment-beyond-the-last",
        "segment-as-circuit",
        "replayed-segment",
    ];

    #[test]
    fn every_attack_is_there_once() {
        let names: Vec<&str> = ATTACKS.iter().map(|a| a.name).collect();
        assert_eq!(names, LIST);
        assert_eq!(selected(ATTACKS, "all").unwrap().len(), LIST.len());
    }
}
